//! The rules of a batch: what each command changes, in this and in other streams, or why not.

use super::assess::{Assessment, Break, Planned, must_be_in_process};
use super::clearance::must_be_clear;
use super::command::Start;
use super::correction_refusal::CorrectionRefusal;
use super::event::{Event, Produced};
use super::facts::{AwaitedTest, Divided, Facts, Fresh};
use super::inputs::uses;
use super::progress::{Procedure, completeness};
use super::refusal::Refusal;
use super::state::{Batch, BatchState, Performance};
use crate::domain::actor::{Meaning, Signature};
use crate::domain::container::{self, Container, Custodian, ProductIdentity, division};
use crate::domain::deviation::{self, Deviation, Subject};
use crate::domain::disposition::Disposition;
use crate::domain::id::{BatchNumber, ContainerCode, DeviationNumber, Din, Name, StationId};
use crate::domain::master_record::{DonationRule, HoldPoint, MasterRecord, Step};
use crate::domain::quality::{self, TestRequest};
use crate::domain::{Aggregate, Change, Context, Recorded, Refused};
use std::collections::BTreeMap;

/// Starts a batch with the text of its master record.
pub fn start(
    number: &BatchNumber,
    record: &MasterRecord,
    start: &Start,
) -> Result<Vec<Change>, Refusal> {
    let refuse = |because: &str| {
        Err(Refusal::StartIncomplete { record: record.record.key(), because: because.to_owned() })
    };
    match (record.for_order, &start.order) {
        (true, None) => return refuse("it is made for one order; start it from the order"),
        (false, Some(_)) => return refuse("it is not made for an order"),
        _ => {}
    }
    if record.for_order && start.dose_units.is_empty() {
        return refuse("the order has no dose units");
    }
    if let Some(output) = record
        .dose_outputs()
        .find(|output| start.dose_units.iter().any(|unit| unit.cells.is_some() == output.acellular))
    {
        return refuse(match output.acellular {
            true => "the order states cells, but what is made holds none",
            false => "the order states no cells, but what is made holds some",
        });
    }
    match (record.donation, &start.din) {
        (DonationRule::Pool, None) => return refuse("a pool needs a donation number of its own"),
        (DonationRule::Inherited, Some(_)) => {
            return refuse("it takes the donation number of what it is made of");
        }
        _ => {}
    }
    let started = Event::Started {
        record: record.record.clone(),
        text: record.text.clone(),
        title: record.title.clone(),
        product: record.product.clone(),
        order: start.order.clone(),
        patient: start.patient.clone(),
        dose_units: start.dose_units.clone(),
        din: start.din.clone(),
    };
    Ok(vec![Change::of::<Batch>(number.as_str(), started)])
}

/// Records a step that was assessed and signed, with all that it does elsewhere: containers used
/// and made, tests requested, deviations opened.
pub fn perform(
    batch: &Batch,
    record: &MasterRecord,
    assessment: Assessment,
    facts: &Facts,
    fresh: Fresh,
    signature: Signature,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    must_be_by(&signature, Meaning::Performed, context, "your own, as the performer")?;
    let step = record.step(&assessment.step).ok_or_else(|| Refusal::UnknownStep {
        step: assessment.step.to_string(),
        record: record.record.key(),
    })?;
    let codes = assign(&assessment.planned, fresh.containers)?;
    let identities = identify(&assessment.planned, din_of(batch, &assessment), &fresh.divided)?;
    if fresh.deviations.len() < assessment.breaks.len() {
        return Err(Refusal::NothingAllocated("deviation number"));
    }
    let numbers: Vec<DeviationNumber> =
        fresh.deviations.into_iter().take(assessment.breaks.len()).collect();
    let used = consume(batch, record, step, &assessment, facts, context)?;
    let made = make(batch, step, &codes, identities, context);
    let tests = request_tests(batch, record, step, &codes);
    let opened = open(batch, &assessment, &numbers, context);
    let event = performed(assessment, &codes, numbers, signature);
    let mut changes = vec![Change::of::<Batch>(batch.number.as_str(), event.clone())];
    changes.extend(used.into_iter().chain(made).chain(tests).chain(opened));
    changes.extend(completed(batch, record, &event, context));
    Ok(changes)
}

/// A second person verifies a performed step (ATMP-4).
pub fn verify(
    batch: &Batch,
    record: &MasterRecord,
    step: &Name,
    occurrence: u32,
    signature: Signature,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    must_be_in_process(batch)?;
    let found = record.step(step).ok_or_else(|| Refusal::UnknownStep {
        step: step.to_string(),
        record: record.record.key(),
    })?;
    let nothing = || Refusal::NothingToVerify { step: found.title.clone() };
    if Procedure::new(batch, record).unverified(found) != Some(occurrence) {
        return Err(nothing());
    }
    let performance =
        batch.of_step(step).find(|p| p.occurrence == occurrence).ok_or_else(nothing)?;
    let performer = &performance.signature.login;
    if signature.login == *performer || context.actor.login == *performer {
        return Err(Refusal::VerifierIsPerformer { login: performer.to_string() });
    }
    not_by_corrector(batch, performance, &signature)?;
    must_be_clear(batch, found)?;
    must_be_by(&signature, Meaning::Verified, context, "your own, as the verifier")?;
    let event = Event::StepVerified { step: step.clone(), occurrence, signature };
    let mut changes = vec![Change::of::<Batch>(batch.number.as_str(), event.clone())];
    changes.extend(completed(batch, record, &event, context));
    Ok(changes)
}

/// Who verifies a step verifies the corrections made to it before, and made none of them.
fn not_by_corrector(
    batch: &Batch,
    performance: &Performance,
    signature: &Signature,
) -> Result<(), Refusal> {
    let login = &signature.login;
    if batch.corrections_of(performance).any(|one| one.signature.login == *login) {
        let (login, what) = (login.to_string(), "corrected a value of this step");
        return Err(CorrectionRefusal::VerifierIsInvolved { login, what }.into());
    }
    Ok(())
}

/// QA signs a hold point; the steps behind it may go on.
pub fn sign_hold_point(
    batch: &Batch,
    record: &MasterRecord,
    hold_point: &Name,
    awaited: &[AwaitedTest],
    signature: Signature,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    must_be_in_process(batch)?;
    let hold = record.hold_points.iter().find(|hold| hold.name == *hold_point);
    let refuse = |state| Refusal::HoldPoint { hold_point: hold_point.to_string(), state };
    let hold = hold.ok_or_else(|| refuse("not in the master record"))?;
    if batch.hold_points.contains_key(hold_point) {
        return Err(refuse("signed already"));
    }
    // QA assesses what was done, so everything before the hold point has to be done.
    let procedure = Procedure::new(batch, record);
    procedure.corrections_verified(&hold.before, &hold.title)?;
    if let Some(first) = procedure.waits_for(&hold.before) {
        let (step, waiting_for) = (hold.title.clone(), first.title.clone());
        return Err(Refusal::StepOutOfOrder { step, waiting_for });
    }
    results_are_in(hold, awaited)?;
    must_be_by(&signature, Meaning::Reviewed, context, "your own, as the reviewer")?;
    let event = Event::HoldPointSigned { hold_point: hold_point.clone(), signature };
    Ok(vec![Change::of::<Batch>(batch.number.as_str(), event)])
}

/// Every test the hold point names has its result, reviewed and within its specification, or a
/// decided deviation.
fn results_are_in(hold: &HoldPoint, awaited: &[AwaitedTest]) -> Result<(), Refusal> {
    let missing = |name: &Name| match awaited.iter().find(|test| test.test == *name) {
        Some(test) if test.in_order() => None,
        Some(test) => Some(test.words()),
        None => Some(format!("{name}: not requested")),
    };
    let missing: Vec<String> = hold.tests.iter().filter_map(missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (hold_point, tests) = (hold.title.clone(), missing.join("; "));
    Err(Refusal::HoldPointWaits { hold_point, tests })
}

/// The signature is given by who asks, with this meaning.
pub(super) fn must_be_by(
    signature: &Signature,
    meaning: Meaning,
    context: &Context,
    expected: &'static str,
) -> Result<(), Refusal> {
    let right = signature.login == context.actor.login && signature.meaning == meaning;
    if right { Ok(()) } else { Err(Refusal::WrongSignature { expected }) }
}

/// Gives each planned container a fresh code of its kind.
fn assign(
    planned: &[Planned],
    fresh: Vec<(container::ContainerKind, Vec<ContainerCode>)>,
) -> Result<Vec<(Planned, ContainerCode)>, Refusal> {
    let mut codes: BTreeMap<_, _> =
        fresh.into_iter().map(|(kind, codes)| (kind, codes.into_iter())).collect();
    planned
        .iter()
        .map(|planned| {
            let code = codes.get_mut(&planned.kind).and_then(Iterator::next);
            code.map(|code| (planned.clone(), code))
                .ok_or(Refusal::NothingAllocated("container code"))
        })
        .collect()
}

fn consume(
    batch: &Batch,
    record: &MasterRecord,
    step: &Step,
    assessment: &Assessment,
    facts: &Facts,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for consumed in &assessment.consumed {
        let code = &consumed.container;
        let fact =
            facts.container(code).ok_or_else(|| Refusal::Unknown { code: code.to_string() })?;
        for command in uses(batch, record, step, &consumed.what) {
            let used = container::decide(&fact.container, &command, &fact.standing, context)
                .map_err(|refusal| Refusal::Unusable(Refused::from(refusal)))?;
            changes.extend(used);
        }
    }
    Ok(changes)
}

fn make(
    batch: &Batch,
    step: &Step,
    codes: &[(Planned, ContainerCode)],
    identities: Vec<Option<ProductIdentity>>,
    context: &Context,
) -> Vec<Change> {
    let make = |((planned, code), identity): (&(Planned, ContainerCode), _)| {
        let produced = container::Event::Produced {
            kind: planned.kind,
            contents: planned.contents.clone(),
            donation: None,
            batch: Some(batch.number.clone()),
            step: Some(step.name.clone()),
            output: Some(planned.output.clone()),
            number: planned.number,
            of: planned.of,
            identity,
            expires_at: planned.expires_at,
            order: batch.order.clone(),
            target: planned.target.clone(),
            // Its own disposition; that of the batch, which is in quarantine, is stricter.
            disposition: Disposition::Released,
            custodian: Custodian::Person { login: context.actor.login.clone() },
        };
        Change::of::<Container>(code.as_str(), produced)
    };
    codes.iter().zip(identities).map(make).collect()
}

/// The donation number that units made by this step carry: the batch's own, or that of what it is
/// made of.
pub fn din_of<'a>(batch: &'a Batch, assessment: &'a Assessment) -> Option<&'a Din> {
    let used = || assessment.consumed.iter().find_map(|consumed| consumed.din.as_ref());
    batch.din().or_else(used)
}

/// Product identities of what is made, in the order planned; none without a donation number or a
/// product code. Units of one product description code share its divisions, whatever output they
/// are of (ST-001: a division is unique within donation number and product).
fn identify(
    planned: &[Planned],
    din: Option<&Din>,
    divided: &Divided,
) -> Result<Vec<Option<ProductIdentity>>, Refusal> {
    let parent = |planned: &Planned| match &planned.from {
        // What is one container labelled anew is a division of just that container.
        Some(from) => divided.used.get(from).cloned(),
        None => divided.parent.clone(),
    };
    let mut counts: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    for planned in planned {
        if let Some(product_code) = &planned.product_code {
            *counts.entry((description(product_code), parent(planned))).or_default() += 1;
        }
    }
    let mut taken = divided.taken.clone();
    let mut given = BTreeMap::new();
    for ((product, parent), count) in counts {
        let taken = taken.entry(product.clone()).or_default();
        let divisions = division::allocate(parent.as_deref(), count, taken)
            .ok_or(Refusal::NothingAllocated("division"))?;
        taken.extend(divisions.iter().cloned());
        given.insert((product, parent), divisions.into_iter());
    }
    let mut identity = |planned: &Planned| {
        let (product_code, din) = planned.product_code.clone().zip(din.cloned())?;
        let key = (description(&product_code), parent(planned));
        let division = given.get_mut(&key).and_then(Iterator::next)?;
        Some(ProductIdentity { din, product_code, division })
    };
    Ok(planned.iter().map(&mut identity).collect())
}

/// The product description code: a product code without its collection type.
fn description(product_code: &str) -> String {
    product_code.chars().take(ProductIdentity::DESCRIPTION).collect()
}

fn request_tests(
    batch: &Batch,
    record: &MasterRecord,
    step: &Step,
    codes: &[(Planned, ContainerCode)],
) -> Vec<Change> {
    let request = |plan: &crate::domain::master_record::TestPlan| {
        let (_, code) = codes.iter().find(|(planned, _)| planned.output == plan.sample)?;
        let requested = quality::Event::Requested {
            batch: batch.number.clone(),
            test: plan.name.clone(),
            title: plan.title.clone(),
            stage: plan.stage.clone(),
            step: Some(step.name.clone()),
            sample: Some(code.clone()),
            specification: plan.specification.clone(),
        };
        Some(Change::of::<TestRequest>(&format!("{}.{}", batch.number, plan.name), requested))
    };
    record.tests.iter().filter_map(request).collect()
}

fn open(
    batch: &Batch,
    assessment: &Assessment,
    numbers: &[DeviationNumber],
    context: &Context,
) -> Vec<Change> {
    let open = |(found, number): (&Break, &DeviationNumber)| {
        let opened = deviation::Event::Opened {
            class: found.class,
            title: found.title.clone(),
            description: found.description.clone(),
            origin: found.origin,
            subject: Subject {
                batch: Some(batch.number.clone()),
                step: Some(assessment.step.clone()),
                occurrence: Some(assessment.occurrence),
                order: batch.order.clone(),
                reconciliation: found.reconciliation.clone(),
                ..Subject::default()
            },
            performer: Some(context.actor.login.clone()),
        };
        Change::of::<Deviation>(number.as_str(), opened)
    };
    assessment.breaks.iter().zip(numbers).map(open).collect()
}

fn performed(
    assessment: Assessment,
    codes: &[(Planned, ContainerCode)],
    deviations: Vec<DeviationNumber>,
    signature: Signature,
) -> Event {
    let produced = |(planned, code): &(Planned, ContainerCode)| Produced {
        output: planned.output.clone(),
        container: code.clone(),
        number: planned.number,
        cells: planned.contents.viable_cells,
        volume: planned.contents.volume,
        target: planned.target.clone(),
        from: planned.from.clone(),
    };
    Event::StepPerformed {
        step: assessment.step,
        occurrence: assessment.occurrence,
        values: assessment.values,
        calculated: assessment.calculated,
        materials: assessment.materials,
        equipment: assessment.equipment,
        consumed: assessment.consumed,
        produced: codes.iter().map(produced).collect(),
        postings: assessment.postings,
        deviations,
        performed_at: assessment.performed_at,
        late_because: assessment.late_because,
        signature,
    }
}

/// The completion of the batch, if `event` was the last thing missing.
pub(super) fn completed(
    batch: &Batch,
    record: &MasterRecord,
    event: &Event,
    context: &Context,
) -> Option<Change> {
    let recorded = Recorded {
        stream: Batch::stream(batch.number.as_str()),
        version: batch.version.saturating_add(1),
        at: context.now,
        actor: context.actor.login.clone(),
        role: context.actor.role,
        station: StationId::parse("none").ok()?,
        command_id: String::new(),
        reason: None,
        event: event.clone().into(),
    };
    let next = Batch::apply(Some(batch.clone()), &recorded, event)?;
    if next.state != BatchState::InProcess || !completeness(&next, record).is_empty() {
        return None;
    }
    let performances = u32::try_from(next.performances.len()).unwrap_or(u32::MAX);
    Some(Change::of::<Batch>(batch.number.as_str(), Event::Completed { performances }))
}
