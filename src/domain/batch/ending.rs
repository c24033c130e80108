//! The end of a batch that is given up or rejected: what of it is open, what may become of each
//! thing, and what follows from the decisions (ATMP-39).
//!
//! Nothing is decided by default. [`open`] lists everything, [`settle`] refuses until each thing
//! has one decision that is possible for it, [`end`] turns the decisions into changes.
//!
//! Neighbours: `container`, `quality` and `order` receive what follows; `release` signs a rejection
//! in the same transaction.
//!
//! Architecture invariant: an item leaves this list only by a decision that is signed.

use super::balance::{LabelSums, Ledger};
use super::decide::must_be_by;
use super::event::Event;
use super::refusal::Refusal;
use super::state::{Batch, BatchState};
use crate::domain::account::{Account, Posting};
use crate::domain::actor::{Meaning, Signature};
use crate::domain::container::{self, Command, Container, Custodian, Fate, LabelCount};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::Standing;
use crate::domain::order::{self, Order, VialEnd};
use crate::domain::quality::{self, TestRequest};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::{Change, Context, Refused};
use serde::{Deserialize, Serialize};

/// How a batch ends without being certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndAct {
    /// It is given up while it is being made.
    GiveUp,
    /// It is complete and is not certified.
    Reject,
}

impl EndAct {
    /// What is done, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::GiveUp => "The batch is given up",
            Self::Reject => "The batch is rejected",
        }
    }
}

/// What becomes of something that is open when a batch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// A container or label copies: destroyed, with a witness.
    Destroyed,
    /// A container: kept as a retained sample, blocked for any use.
    Retained,
    /// A sample: it stays with the laboratory, whose test goes on.
    Tested,
    /// A container out of reach: called back, to be destroyed by who holds it.
    CalledBack,
    /// The suspension in process: discarded, posted to loss.
    Discarded,
    /// Label copies: kept in the record.
    Filed,
    /// A reserved unit: free again for other orders.
    Freed,
    /// A reserved unit: stays reserved for the order.
    Promised,
    /// A test: cancelled. An order: cancelled.
    Cancelled,
    /// A test: goes on, its result is still to be reported. An order of which something was given.
    Continued,
    /// An order: made again by another batch.
    Again,
}

impl Settlement {
    /// Every settlement with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 11] = [
        (Self::Destroyed, "destroyed", "destroyed, with a witness"),
        (Self::Retained, "retained", "kept as a retained sample, blocked"),
        (Self::Tested, "tested", "stays with the laboratory for its test"),
        (Self::CalledBack, "called_back", "called back from who holds it"),
        (Self::Discarded, "discarded", "discarded, posted to loss"),
        (Self::Filed, "filed", "kept in the record"),
        (Self::Freed, "freed", "free again for other orders"),
        (Self::Promised, "promised", "stays reserved for this order"),
        (Self::Cancelled, "cancelled", "cancelled"),
        (Self::Continued, "continued", "goes on"),
        (Self::Again, "again", "made again by another batch"),
    ];

    /// The code in forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(.., words)| words)
    }

    /// The settlement of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(one, ..)| *one)
    }
}

/// What is known of everything around a batch that may be open.
#[derive(Debug, Clone, Default)]
pub struct EndFacts {
    /// Every container the batch made, spent ones too.
    pub containers: Vec<Container>,
    /// The units allocated to its order.
    pub allocated: Vec<Container>,
    /// The tests requested of it.
    pub tests: Vec<TestRequest>,
    /// The order it is made for, while that is not over.
    pub order: Option<Order>,
}

impl EndFacts {
    /// Whether something the batch made was given to a patient.
    fn given(&self) -> bool {
        self.containers.iter().any(|made| matches!(made.fate, Fate::Administered { .. }))
    }
}

/// Something of a batch that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenItem {
    /// Its name in forms: `container/CV0000001`, `label/CV0000001.1`, `suspension`, `test/…`.
    pub key: String,
    /// Things of one group are of one kind, and mostly take one decision: the output, `labels`, …
    pub group: String,
    /// What it is, in words.
    pub what: String,
    /// What may become of it.
    pub choices: Vec<Settlement>,
}

/// Something that was open, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Its name, as [`OpenItem::key`].
    pub key: String,
    /// What it is, in words.
    pub what: String,
    /// What becomes of it.
    pub settlement: Settlement,
}

/// The decisions about everything open, complete and possible.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ending {
    /// How the batch ends.
    pub act: EndAct,
    /// Why.
    pub because: String,
    /// Everything that was open, with its decision.
    pub settled: Vec<Settled>,
    /// What it moves in the book.
    pub postings: Vec<Posting>,
}

impl Ending {
    /// Whether something is destroyed, which another person has to see.
    pub fn needs_witness(&self) -> bool {
        self.settled.iter().any(|one| one.settlement == Settlement::Destroyed)
    }
}

/// Who signs the end of a batch.
#[derive(Debug, Clone)]
pub struct EndSigned {
    /// Who decides.
    pub signature: Signature,
    /// Who saw what was destroyed.
    pub witness: Option<Signature>,
}

/// A thing that is open.
enum Thing<'a> {
    Container(&'a Container),
    Label { container: &'a Container, serial: u32, copies: u32 },
    Suspension(Vec<Quantity>),
    Reserved(&'a Container),
    Test(&'a TestRequest),
    Order(&'a Order),
}

impl Thing<'_> {
    fn key(&self) -> String {
        match self {
            Self::Container(container) => format!("container/{}", container.code),
            Self::Label { container, serial, .. } => format!("label/{}.{serial}", container.code),
            Self::Suspension(_) => "suspension".to_owned(),
            Self::Reserved(container) => format!("reserved/{}", container.code),
            Self::Test(request) => format!("test/{}", request.test),
            Self::Order(order) => format!("order/{}", order.number),
        }
    }

    fn group(&self) -> String {
        match self {
            Self::Container(container) => container.contents.title.to_string(),
            Self::Label { .. } => "Labels printed and not accounted for".to_owned(),
            Self::Suspension(_) => "Suspension in process".to_owned(),
            Self::Reserved(_) => "Units reserved and not used".to_owned(),
            Self::Test(_) => "Tests without a final result".to_owned(),
            Self::Order(_) => "Order".to_owned(),
        }
    }

    fn what(&self) -> String {
        match self {
            Self::Container(container) => {
                let (number, of) = container.number_of;
                let kind = container.kind.word();
                format!("{} · {kind} {number} of {of}, {}", container.code, place(container))
            }
            Self::Label { container, serial, copies } => {
                format!("{copies} × label serial {serial} of {}", container.code)
            }
            Self::Suspension(amounts) => {
                let amounts: Vec<String> = amounts.iter().map(|amount| amount.text()).collect();
                amounts.join(" in ")
            }
            Self::Reserved(container) => {
                format!("{} · {}, {}", container.code, container.contents.title, place(container))
            }
            Self::Test(request) => format!("{}, {}", request.title, request.status.word()),
            Self::Order(order) => format!("{} for patient {}", order.number, order.patient),
        }
    }

    fn choices(&self, facts: &EndFacts) -> Vec<Settlement> {
        use Settlement as S;
        match self {
            Self::Container(container) => container_choices(container, facts),
            Self::Label { .. } => vec![S::Destroyed, S::Filed],
            Self::Suspension(_) => vec![S::Discarded],
            Self::Reserved(_) => vec![S::Freed, S::Promised],
            Self::Test(_) => vec![S::Cancelled, S::Continued],
            // A patient who was given something is followed to the end.
            Self::Order(_) if facts.given() => vec![S::Continued],
            Self::Order(_) => vec![S::Again, S::Cancelled],
        }
    }
}

/// Where a container is, in words.
fn place(container: &Container) -> String {
    match &container.custodian {
        Custodian::Place { location } => format!("in {location}"),
        Custodian::Person { login } => format!("with {login}"),
        Custodian::Transfer { .. } => "in transfer".to_owned(),
        Custodian::Spent => "spent".to_owned(),
    }
}

fn container_choices(container: &Container, facts: &EndFacts) -> Vec<Settlement> {
    use Settlement as S;
    let away = container.transfer.is_some() || container.excursion.is_some();
    if away {
        return vec![S::CalledBack];
    }
    let mut choices = vec![S::Destroyed];
    if open_test_of(container, facts).is_some() {
        choices.push(S::Tested);
    }
    // What was made for one site of one patient is no retained sample.
    if container.target.is_none() {
        choices.push(S::Retained);
    }
    if container.received_at.is_some() {
        choices.push(S::CalledBack);
    }
    choices
}

fn open_test_of<'f>(container: &Container, facts: &'f EndFacts) -> Option<&'f TestRequest> {
    let sample = |request: &&TestRequest| {
        request.sample.as_ref().is_some_and(|sample| sample.as_str() == container.code)
    };
    facts.tests.iter().filter(|request| !request.status.is_final()).find(sample)
}

fn things<'a>(batch: &Batch, facts: &'a EndFacts) -> Vec<Thing<'a>> {
    let mut things = Vec::new();
    let units = [Unit::MillionCells, Unit::Millilitre];
    let held = units.map(|unit| batch.book.balance(Account::Process, unit));
    let held: Vec<Quantity> = held.into_iter().filter(|amount| !amount.is_zero()).collect();
    if !held.is_empty() {
        things.push(Thing::Suspension(held));
    }
    let live = |container: &&Container| container.fate == Fate::Live;
    things.extend(facts.containers.iter().filter(live).map(Thing::Container));
    for container in &facts.containers {
        for missing in container.labels_missing() {
            let LabelCount { serial, copies, .. } = missing;
            things.push(Thing::Label { container, serial, copies });
        }
    }
    let unused = |container: &&Container| container.fate == Fate::Live && container.thaw_count == 0;
    things.extend(facts.allocated.iter().filter(unused).map(Thing::Reserved));
    let open = facts.tests.iter().filter(|request| !request.status.is_final());
    things.extend(open.map(Thing::Test));
    things.extend(facts.order.iter().filter(|order| !order.is_over()).map(Thing::Order));
    things
}

/// Everything of a batch that is open.
pub fn open(batch: &Batch, facts: &EndFacts) -> Vec<OpenItem> {
    let item = |thing: Thing<'_>| OpenItem {
        key: thing.key(),
        group: thing.group(),
        what: thing.what(),
        choices: thing.choices(facts),
    };
    things(batch, facts).into_iter().map(item).collect()
}

/// Holds the decisions against everything that is open.
///
/// # Errors
/// That the batch is not in the state for it, that the reason is missing, that something is not
/// decided, or that a decision is not possible or contradicts another.
pub fn settle(
    batch: &Batch,
    facts: &EndFacts,
    (act, because): (EndAct, &str),
    decisions: &[(String, Settlement)],
) -> Result<Ending, Refusal> {
    must_be_open_to(batch, act)?;
    let because = because.trim().to_owned();
    if because.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let items = open(batch, facts);
    let known = |key: &str| items.iter().any(|item| item.key == key);
    if let Some((key, _)) = decisions.iter().find(|(key, _)| !known(key)) {
        return Err(Refusal::NothingOpen { key: key.clone() });
    }
    let decided = |key: &str| {
        decisions.iter().find(|(known, _)| known == key).map(|(_, settlement)| *settlement)
    };
    let mut settled = Vec::new();
    let mut undecided = Vec::new();
    for item in items {
        match decided(&item.key) {
            Some(settlement) if item.choices.contains(&settlement) => {
                settled.push(Settled { key: item.key, what: item.what, settlement });
            }
            Some(settlement) => {
                let words = settlement.words();
                return Err(Refusal::NotSettledSo { what: item.what, words });
            }
            None => undecided.push(item.what),
        }
    }
    if !undecided.is_empty() {
        return Err(Refusal::Undecided { items: undecided.join("; ") });
    }
    agree(facts, &settled)?;
    let postings = postings(batch, facts, &settled)?;
    Ok(Ending { act, because, settled, postings })
}

fn must_be_open_to(batch: &Batch, act: EndAct) -> Result<(), Refusal> {
    let number = batch.number.to_string();
    let state = if batch.settled.is_some() { "ended" } else { batch.state.words() };
    match (act, batch.state) {
        _ if batch.settled.is_some() => Err(Refusal::NotInProcess { batch: number, state }),
        (EndAct::GiveUp, BatchState::InProcess) | (EndAct::Reject, BatchState::PendingReview) => {
            Ok(())
        }
        (EndAct::Reject, BatchState::InProcess) => Err(Refusal::RejectedTooEarly { batch: number }),
        _ => Err(Refusal::NotInProcess { batch: number, state }),
    }
}

fn find(settled: &[Settled], key: &str) -> Option<Settlement> {
    settled.iter().find(|one| one.key == key).map(|one| one.settlement)
}

/// Decisions that depend on each other fit together.
fn agree(facts: &EndFacts, settled: &[Settled]) -> Result<(), Refusal> {
    let contradicts =
        |what: String, because: &'static str| Err(Refusal::SettlementsContradict { what, because });
    for container in &facts.containers {
        let Some(request) = open_test_of(container, facts) else { continue };
        let sample = find(settled, &Thing::Container(container).key());
        let test = find(settled, &Thing::Test(request).key());
        let goes_on = test == Some(Settlement::Continued);
        if sample == Some(Settlement::Tested) && !goes_on {
            return contradicts(container.code.clone(), "its test is cancelled");
        }
        if sample == Some(Settlement::Destroyed) && goes_on && request.received.is_none() {
            return contradicts(container.code.clone(), "its test is to go on without a sample");
        }
    }
    let Some(order) = &facts.order else { return Ok(()) };
    let again = find(settled, &Thing::Order(order).key()) == Some(Settlement::Again);
    for vial in &facts.allocated {
        if find(settled, &Thing::Reserved(vial).key()) == Some(Settlement::Promised) && !again {
            return contradicts(vial.code.clone(), "the order it is reserved for is cancelled");
        }
    }
    Ok(())
}

/// What the decisions move in the book: the suspension is lost, labels balance. A container that is
/// destroyed posts itself.
fn postings(batch: &Batch, facts: &EndFacts, settled: &[Settled]) -> Result<Vec<Posting>, Refusal> {
    let mut ledger = Ledger::over(batch.book.clone());
    for unit in [Unit::MillionCells, Unit::Millilitre] {
        let left = ledger.book.balance(Account::Process, unit);
        ledger.post(Account::Process, Account::Loss, left)?;
    }
    post_labels(&mut ledger, facts, settled)?;
    Ok(ledger.postings)
}

/// Labels as they are once the decisions are carried out, less what is booked already.
fn post_labels(ledger: &mut Ledger, facts: &EndFacts, settled: &[Settled]) -> Result<(), Refusal> {
    let mut sums = LabelSums::default();
    for container in &facts.containers {
        let labels = &container.labels;
        sums.add(labels);
        for print in &labels.prints {
            let copies = labels.missing(print.serial);
            let thing = Thing::Label { container, serial: print.serial, copies };
            match find(settled, &thing.key()) {
                Some(Settlement::Destroyed) => {
                    sums.destroyed = sums.destroyed.saturating_add(copies);
                }
                Some(Settlement::Filed) => sums.kept = sums.kept.saturating_add(copies),
                _ => {}
            }
        }
    }
    for (account, count) in sums.accounts() {
        let now = Quantity::whole(count.into(), Unit::Label);
        let booked = booked_labels(ledger, facts, account);
        let more = now.minus(booked).map_err(|e| Refusal::Balance { because: e.to_string() })?;
        if !more.is_negative() {
            ledger.post(Account::Supply, account, more)?;
        }
    }
    Ok(())
}

/// What is booked of labels: by the batch, and by labels that were lost and turned up.
fn booked_labels(ledger: &Ledger, facts: &EndFacts, account: Account) -> Quantity {
    let own = ledger.book.balance(account, Unit::Label);
    let later = facts.containers.iter().map(|made| made.booked(account, Unit::Label));
    later.fold(own, |sum, one| sum.plus(one).unwrap_or(sum))
}

/// Ends a batch as it was settled and signed: everything of it, in all streams it touches. A
/// rejection itself is an event of the release, which the caller adds.
///
/// # Errors
/// That the signature is another's, that a witness is missing or is the signer, or what a container
/// refuses.
pub fn end(
    batch: &Batch,
    ending: &Ending,
    facts: &EndFacts,
    signed: &EndSigned,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let EndSigned { signature, witness } = signed;
    must_be_by(signature, Meaning::Rejected, context, "your own, rejecting the batch")?;
    witnessed(ending, signed)?;
    let settled = Event::Settled {
        act: ending.act,
        because: ending.because.clone(),
        items: ending.settled.clone(),
        postings: ending.postings.clone(),
        signature: signature.clone(),
        witness: witness.clone(),
    };
    let mut changes = vec![Change::of::<Batch>(batch.number.as_str(), settled)];
    if ending.act == EndAct::GiveUp {
        let (because, signature) = (ending.because.clone(), signature.clone());
        let aborted = Event::Aborted { because, signature };
        changes.push(Change::of::<Batch>(batch.number.as_str(), aborted));
    }
    for thing in things(batch, facts) {
        let Some(settlement) = find(&ending.settled, &thing.key()) else { continue };
        changes.extend(follows(batch, &thing, (settlement, ending), signed, context)?);
    }
    if let Some(order) = facts.order.as_ref().filter(|order| !order.is_over()) {
        changes.extend(order_follows(batch, order, facts, ending, signature)?);
    }
    Ok(changes)
}

fn witnessed(ending: &Ending, signed: &EndSigned) -> Result<(), Refusal> {
    match &signed.witness {
        None if ending.needs_witness() => Err(Refusal::WitnessMissing),
        Some(witness) if witness.login == signed.signature.login => {
            Err(Refusal::WitnessIsSigner { login: witness.login.to_string() })
        }
        Some(witness) if witness.meaning != Meaning::Verified => {
            Err(Refusal::WrongSignature { expected: "a witness's, as the verifier" })
        }
        _ => Ok(()),
    }
}

/// What a decision changes elsewhere; of an order and its units see [`order_follows`].
fn follows(
    batch: &Batch,
    thing: &Thing<'_>,
    (settlement, ending): (Settlement, &Ending),
    signed: &EndSigned,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let because = format!("{} {}: {}", batch.number, settlement.words(), ending.because);
    match (thing, settlement) {
        (Thing::Container(container), Settlement::Destroyed) => {
            destroyed(container, because, signed, context)
        }
        (Thing::Container(container), Settlement::Retained | Settlement::CalledBack) => {
            if container.disposition == Disposition::Rejected {
                return Ok(Vec::new());
            }
            let signature = Some(signed.signature.clone());
            let block =
                Command::DecideDisposition { to: Disposition::Rejected, because, signature };
            ask(container, &block, context)
        }
        (Thing::Label { container, serial, copies }, Settlement::Destroyed) => {
            let command = Command::DestroyLabel { serial: *serial, copies: *copies };
            ask(container, &command, context)
        }
        (Thing::Label { container, serial, copies }, Settlement::Filed) => {
            ask(container, &Command::KeepLabel { serial: *serial, copies: *copies }, context)
        }
        (Thing::Test(request), Settlement::Cancelled) => {
            let signature = signed.signature.clone();
            quality::cancel(request, &because, signature)
                .map_err(|refusal| Refusal::Unusable(Refused::from(refusal)))
        }
        _ => Ok(Vec::new()),
    }
}

fn ask(
    container: &Container,
    command: &Command,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    container::decide(container, command, &Standing::RELEASED, context)
        .map_err(|refusal| Refusal::Unusable(Refused::from(refusal)))
}

/// What is in a storage position is taken out to be destroyed, in the same act.
fn destroyed(
    container: &Container,
    because: String,
    signed: &EndSigned,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    let mut held = container.clone();
    if let Custodian::Place { .. } = container.custodian {
        let purpose = container::Purpose::Destroy;
        changes.extend(ask(container, &Command::Retrieve { from: None, purpose }, context)?);
        held.custodian = Custodian::Person { login: context.actor.login.clone() };
    }
    let (signature, witness) = (signed.signature.clone(), signed.witness.clone());
    let destroy = Command::Destroy { because, signature, witness };
    changes.extend(ask(&held, &destroy, context)?);
    Ok(changes)
}

/// The order is told, and what was reserved for it is free again or stays.
fn order_follows(
    batch: &Batch,
    order: &Order,
    facts: &EndFacts,
    ending: &Ending,
    signature: &Signature,
) -> Result<Vec<Change>, Refusal> {
    let vial = |container: &Container| VialEnd {
        code: container.code.clone(),
        unused: container.fate == Fate::Live && container.thaw_count == 0,
        stays: find(&ending.settled, &Thing::Reserved(container).key())
            == Some(Settlement::Promised),
    };
    let decided = find(&ending.settled, &Thing::Order(order).key());
    if decided == Some(Settlement::Continued) {
        return Ok(Vec::new());
    }
    let cancel = decided == Some(Settlement::Cancelled);
    let vials: Vec<VialEnd> = facts.allocated.iter().map(vial).collect();
    let told = (&batch.number, ending.because.as_str());
    order::batch_given_up(order, told, &vials, cancel.then(|| signature.clone()))
        .map_err(|refusal| Refusal::Unusable(Refused::from(refusal)))
}
