//! Six cords: four for the pool, one to spare, and one whose laboratory report says otherwise.

use super::stage::{Stage, Trouble};
use crate::app::donation_receive::{DinChoice, DonationReceive, Received, donation_receive};
use crate::app::donor_decide::{DonorAct, donor_decide, donor_shown};
use crate::app::donor_record::{AnswerGiven, DonorEntry, LookBack, donor_record, donor_register};
use crate::app::site::rules_at;
use crate::domain::donation::Tissue;
use crate::domain::donor::{Matrix, Purpose, Reaction, Relation, Required, Scope};
use crate::domain::id::{ContainerCode, Din, DonorCode, Name, PatientCode};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::{Instant, Span};

/// A donor of the story with the cord.
#[derive(Debug, Clone)]
pub(super) struct Cord {
    /// The donor.
    pub(super) donor: DonorCode,
    /// What was given.
    pub(super) tissue: Tissue,
    /// The donation's number.
    pub(super) din: Din,
    /// The transport pot.
    pub(super) pot: ContainerCode,
}

/// What somebody gives, and for whom.
#[derive(Debug, Clone)]
pub(super) struct Giving {
    /// The tissue.
    pub(super) tissue: Tissue,
    /// The only patient it is for, where the donor is that patient.
    pub(super) recipient: Option<PatientCode>,
}

impl Giving {
    /// A cord, for anybody.
    const CORD: Self = Self { tissue: Tissue::UmbilicalCord, recipient: None };

    /// Who is tested: of a newborn the mother.
    fn relation(&self) -> Relation {
        match self.tissue {
            Tissue::UmbilicalCord => Relation::Mother,
            _ => Relation::Donor,
        }
    }
}

/// When each cord was given: four and a spare at first, and one more when one is lost.
const BIRTHS: [&str; 5] = [
    "2026-07-06 05:40",
    "2026-07-06 07:15",
    "2026-07-06 08:05",
    "2026-07-06 09:30",
    "2026-07-06 10:10",
];
const REPLACEMENT: &str = "2026-07-07 13:20";

/// Receives the cords and decides who may donate; gives those that go on, and the one that does
/// not.
///
/// # Errors
/// When a use case refuses what the story needs, or accepts a mistake.
pub(super) fn receive(stage: &mut Stage) -> Result<(Vec<Cord>, Cord), Trouble> {
    let at = stage.at("2026-07-06 12:00")?;
    stage.voice.chapter("Six cords, one of them unfit", at);
    let mut cords = Vec::new();
    for birth in BIRTHS {
        cords.push(born(stage, birth)?);
    }
    again(stage, cords.first())?;
    stage.at("2026-07-07 12:00")?;
    let unfit = cords.remove(2);
    for cord in &cords {
        report(stage, cord, None)?;
        decide(stage, cord)?;
    }
    report(stage, &unfit, Some("nat_hbv"))?;
    refuse(stage, &unfit)?;
    stage.at("2026-07-07 16:00")?;
    let cord = born(stage, REPLACEMENT)?;
    stage.at("2026-07-08 08:00")?;
    report(stage, &cord, None)?;
    decide(stage, &cord)?;
    cords.push(cord);
    let names: Vec<&str> = cords.iter().map(|cord| cord.donor.as_str()).collect();
    stage.voice.fact(format!("eligible: {}; not eligible: {}", names.join(", "), unfit.donor));
    Ok((cords, unfit))
}

/// A cord of a birth at this wall-clock time.
fn born(stage: &mut Stage, birth: &str) -> Result<Cord, Trouble> {
    arrive(stage, Instant::parse_local(birth, stage.app.config.zone)?, &Giving::CORD)
}

/// Somebody else receives the same donation once more.
fn again(stage: &mut Stage, cord: Option<&Cord>) -> Result<(), Trouble> {
    let Some(cord) = cord else { return Ok(()) };
    let donated_at = stage.app.clock.now();
    let scanned = DinChoice::Scanned { din: cord.din.clone() };
    let again = receipt(stage, &cord.donor, scanned, (donated_at, cord.tissue))?;
    let caller = stage.by(&stage.people.bor);
    let outcome = donation_receive(&stage.app, &caller, again);
    stage.refused("receive the same donation a second time", outcome)
}

/// A donation arrives with its papers: consent, interview, blood sample.
///
/// # Errors
/// When a use case refuses.
pub(super) fn arrive(
    stage: &mut Stage,
    donated_at: Instant,
    giving: &Giving,
) -> Result<Cord, Trouble> {
    let ana = stage.people.ana.clone();
    let caller = stage.by(&ana);
    let person = format!("M-{}", donated_at.naive().format("%m%d%H%M"));
    let (relation, recipient) = (giving.relation(), giving.recipient.clone());
    let outcome = donor_register(&stage.app, &caller, person, relation, recipient);
    let donor = stage.done("register donors", outcome)?;
    let consent = DonorEntry::Consent {
        scopes: vec![Scope::Donation, Scope::Storage, Scope::Manufacture, Scope::ClinicalUse],
        form_version: "IC-UC-03".to_owned(),
        document: format!("consent file {donor}"),
        given_at: donated_at.minus(Span::of_days(14)),
    };
    enter(stage, &donor, consent)?;
    let received = pot(stage, &donor, donated_at, giving.tissue)?;
    let questionnaire = interview(stage, donated_at, giving)?;
    enter(stage, &donor, questionnaire)?;
    let drawn_at = donated_at.plus(Span::of_minutes(20));
    let sample = DonorEntry::Sample { purpose: Purpose::Donation, drawn_at, matrix: Matrix::Serum };
    enter(stage, &donor, sample)?;
    let tissue = giving.tissue;
    let rules = rules_at(&stage.app.config.site, donated_at)?;
    if rules.typing.required_for.contains(&tissue) {
        let loci = rules.typing.loci.clone();
        let typing = DonorEntry::Typing {
            alleles: loci.into_iter().map(|locus| (locus, "01:01, 02:01".to_owned())).collect(),
            laboratory: "Invented HLA Laboratory".to_owned(),
            report: format!("{donor}-HLA"),
            reported_at: stage.app.clock.now(),
        };
        enter(stage, &donor, typing)?;
    }
    Ok(Cord { donor, tissue, din: received.din, pot: received.container })
}

fn pot(
    stage: &mut Stage,
    donor: &DonorCode,
    donated_at: Instant,
    tissue: Tissue,
) -> Result<Received, Trouble> {
    let caller = stage.by(&stage.people.ana);
    let command = receipt(stage, donor, DinChoice::Next, (donated_at, tissue))?;
    let outcome = donation_receive(&stage.app, &caller, command);
    stage.done("receive donations", outcome)
}

fn receipt(
    stage: &Stage,
    donor: &DonorCode,
    din: DinChoice,
    (donated_at, tissue): (Instant, Tissue),
) -> Result<DonationReceive, Trouble> {
    let (_, unit) = tissue.measure();
    Ok(DonationReceive {
        din,
        donor: donor.clone(),
        tissue,
        donated_at,
        received_at: stage.app.clock.now(),
        amount: Some(Quantity::whole(32, unit)),
        temperature: Quantity::parse("5.2", Unit::Celsius)?,
        condition: "pot intact, tissue in transport medium".to_owned(),
    })
}

/// An interview in which every question is answered with no.
fn interview(stage: &Stage, donated_at: Instant, giving: &Giving) -> Result<DonorEntry, Trouble> {
    let rules = rules_at(&stage.app.config.site, donated_at)?;
    let day = donated_at.date(stage.app.config.zone);
    let answers = rules
        .questions_on(day, giving.relation())
        .map(|question| AnswerGiven {
            question: question.name.clone(),
            yes: Some(false),
            detail: String::new(),
        })
        .collect();
    Ok(DonorEntry::Questionnaire {
        form_version: "Q-UC-05".to_owned(),
        interviewed_at: donated_at.minus(Span::of_days(14)),
        answers,
        blood_or_colloids: Some(false),
        crystalloids: Some(false),
        dilution: None,
        earlier_sample: false,
    })
}

fn enter(stage: &mut Stage, donor: &DonorCode, entry: DonorEntry) -> Result<LookBack, Trouble> {
    let caller = stage.by(&stage.people.ana);
    let outcome = donor_record(&stage.app, &caller, donor, entry);
    stage.done("enter donor papers", outcome)
}

/// The laboratory reports every marker that is asked for: what is always tested, and the NAT that
/// makes a repeat sample after 180 days unnecessary (DON-2). `reactive` is the one that is, if
/// one is.
pub(super) fn report(
    stage: &mut Stage,
    cord: &Cord,
    reactive: Option<&str>,
) -> Result<(), Trouble> {
    let rules = rules_at(&stage.app.config.site, stage.app.clock.now())?;
    let asked = rules.markers.iter().filter(|marker| {
        let tissue =
            marker.required == Required::Always || marker.always_for.contains(&cord.tissue);
        tissue || rules.repeat.nat.contains(&marker.name)
    });
    let asked: Vec<Name> = asked.map(|marker| marker.name.clone()).collect();
    for marker in asked {
        let fits = reactive == Some(marker.as_str());
        let reaction = if fits { Reaction::Reactive } else { Reaction::NonReactive };
        marker_report(stage, &cord.donor, marker.as_str(), reaction)?;
    }
    Ok(())
}

/// One report of the testing laboratory.
pub(super) fn marker_report(
    stage: &mut Stage,
    donor: &DonorCode,
    marker: &str,
    reaction: Reaction,
) -> Result<LookBack, Trouble> {
    let nat = marker.starts_with("nat_");
    let entry = DonorEntry::Marker {
        sample: 1,
        marker: Name::parse(marker)?,
        reaction,
        laboratory: "Invented Virology Laboratory".to_owned(),
        method: if nat { "NAT, individual donation" } else { "chemiluminescence" }.to_owned(),
        report: format!("{donor}-{marker}"),
        reported_at: stage.app.clock.now(),
    };
    enter(stage, donor, entry)
}

/// QA evaluates and finds the donor eligible.
pub(super) fn decide(stage: &mut Stage, cord: &Cord) -> Result<(), Trouble> {
    let evaluate = DonorAct::Evaluate {
        acceptable: true,
        remark: "interview, delivery record and examination without findings".to_owned(),
    };
    let outcome = act(stage, &cord.donor, evaluate)?;
    stage.done("evaluate donors", outcome)?;
    let eligible = DonorAct::Eligibility { eligible: true, remark: String::new() };
    let outcome = act(stage, &cord.donor, eligible)?;
    stage.done("decide on eligibility", outcome).map(drop)
}

/// QA tries to find the unfit donor eligible, and then decides as the rules say.
fn refuse(stage: &mut Stage, cord: &Cord) -> Result<(), Trouble> {
    let eligible = DonorAct::Eligibility { eligible: true, remark: String::new() };
    let outcome = act(stage, &cord.donor, eligible)?;
    stage.refused("find a donor eligible whose HBV NAT is reactive", outcome)?;
    let not = DonorAct::Eligibility {
        eligible: false,
        remark: "HBV DNA detected; the cord is not used".to_owned(),
    };
    let outcome = act(stage, &cord.donor, not)?;
    stage.done("decide on eligibility", outcome).map(drop)
}

/// QA signs an act about a donor over what is shown of the donor now.
pub(super) fn act(
    stage: &mut Stage,
    donor: &DonorCode,
    act: DonorAct,
) -> Result<Result<LookBack, crate::store::Failure>, Trouble> {
    let eva = stage.people.eva.clone();
    let now = stage.app.clock.now();
    let site = &stage.app.config.site;
    let (_, shown) = stage.read(|db| donor_shown(db, donor, now, site))?;
    let signature = stage.sign(&eva, act.meaning(), &shown.hash()?)?;
    let caller = stage.by(&eva);
    Ok(donor_decide(&stage.app, &caller, donor, act, signature))
}
