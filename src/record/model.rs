//! The batch record of one patient order as plain data: everything the document shows, as texts
//! ready for print beside the machine's values.
//!
//! Filled by `app::record_export` from the database, read by the writers next door. The same data
//! are the canonical JSON, whose SHA-256 is printed on every page.
//!
//! Architecture invariant: whole numbers, texts, lists; no floating point, no optional meaning in
//! an empty text. What is unknown is `None` and is printed as such.

use serde::{Deserialize, Serialize};

use crate::domain::disposition::Disposition;
use crate::domain::time::{Instant, Zone};

/// The format name in the JSON form; changes when the meaning of a field does.
pub const FORMAT: &str = "chorda-record/v1";

/// A point in time with its print form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The instant, UTC.
    pub at: Instant,
    /// As printed: date, time to the second, zone.
    pub text: String,
}

impl Moment {
    /// The instant as printed in the site's zone.
    #[must_use]
    pub fn new(at: Instant, zone: Zone) -> Self {
        Self { at, text: at.full_text(zone) }
    }
}

/// Somebody, as a signature names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Printed name.
    pub name: String,
    /// Sign-in name, never reused.
    pub login: String,
    /// Role in which they acted, in words.
    pub role: String,
}

/// Something done and signed by somebody at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Who.
    pub by: Person,
    /// When it was done.
    pub at: Moment,
    /// What the signature means, in words.
    pub meaning: String,
    /// When it was recorded, if that differs from when it was done.
    pub recorded_at: Option<Moment>,
    /// Why it was recorded later, or otherwise out of the ordinary.
    pub reason: Option<String>,
}

/// The batch record of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// [`FORMAT`].
    pub format: String,
    /// Who made it and for whom.
    pub site: Site,
    /// Whose it is.
    pub identity: Identity,
    /// Where it stands.
    pub status: Status,
    /// Who exported it, and when.
    pub exported: Mark,
    /// Donors behind the product.
    pub donors: Vec<Donor>,
    /// The patient's dose batch first, then the pool, then the donor cultures: each in full.
    pub batches: Vec<Batch>,
    /// Who held the product when.
    pub custody: Vec<CustodyEvent>,
    /// What left custody for a while and came back.
    pub excursions: Vec<Excursion>,
    /// What was given to the patient.
    pub administrations: Vec<Administration>,
    /// Every signature of the order and its batches that is not a step's own.
    pub signatures: Vec<Signature>,
    /// Every change, oldest first.
    pub audit_trail: Vec<AuditEntry>,
    /// From donor to patient.
    pub genealogy: Genealogy,
    /// What proves that all of this is what the ledger holds.
    pub ledger: LedgerProof,
}

/// The manufacturing site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Name.
    pub name: String,
    /// Address on one line.
    pub address: String,
    /// Manufacturing authorisation or the like.
    pub authorisation: Option<String>,
    /// IANA name of the zone in which times are printed.
    pub zone: String,
}

/// Whose product this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Order number.
    pub order: String,
    /// Chain-of-identity identifier with its check character.
    pub coi: String,
    /// Patient code of the trial; never a name.
    pub patient_code: String,
    /// Product name.
    pub product: String,
    /// Strength in words.
    pub strength: String,
    /// Protocol identity and version.
    pub protocol: String,
    /// Protocol title.
    pub protocol_title: String,
    /// Trial reference, or the legal basis of use.
    pub legal_basis: String,
    /// Who ordered.
    pub ordered: Mark,
    /// Treatment date asked for.
    pub treatment: Moment,
    /// Last use of the product, once known.
    pub expiry: Option<Moment>,
    /// The dose, one line for each place.
    pub dose_plan: Vec<DoseLine>,
    /// Total of the dose in words, with its arithmetic.
    pub dose_total: String,
}

/// One line of the dose plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoseLine {
    /// Gland or other place.
    pub target: String,
    /// Cells, as printed.
    pub cells: String,
    /// Volume, as printed.
    pub volume: String,
    /// How the volume follows: `50×10⁶ ÷ 50×10⁶/ml = 1.0 ml`.
    pub arithmetic: String,
    /// Container code of the syringe that carries it, once filled.
    pub container: Option<String>,
}

/// Where the order's product stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Made, not yet reviewed.
    InProcess,
    /// Waiting for review.
    PendingReview,
    /// Initially certified; some results are pending.
    ConditionallyReleased,
    /// Certified, all results in.
    Certified,
    /// Supplied out of specification at the request of the treating physician.
    SuppliedOutOfSpecification,
    /// Rejected.
    Rejected,
    /// Recalled after release.
    Recalled,
    /// On hold.
    OnHold,
}

/// The status on the cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Machine value.
    pub stage: Stage,
    /// In large letters: `CERTIFIED (FINAL)`.
    pub headline: String,
    /// One sentence that explains it.
    pub summary: String,
    /// Names of results that are pending.
    pub pending: Vec<String>,
}

impl Status {
    /// The headline of a stage, with what is pending.
    #[must_use]
    pub fn new(stage: Stage, pending: Vec<String>, summary: &str) -> Self {
        let word = match stage {
            Stage::InProcess => "IN PROCESS",
            Stage::PendingReview => "PENDING REVIEW",
            Stage::ConditionallyReleased => "CONDITIONALLY RELEASED",
            Stage::Certified => "CERTIFIED (FINAL)",
            Stage::SuppliedOutOfSpecification => "SUPPLIED OUT OF SPECIFICATION",
            Stage::Rejected => "REJECTED",
            Stage::Recalled => "RECALLED",
            Stage::OnHold => "ON HOLD",
        };
        let headline = if pending.is_empty() {
            word.to_owned()
        } else {
            format!("{word} – {} pending", pending.join(", "))
        };
        Self { stage, headline, summary: summary.to_owned(), pending }
    }
}

/// A donor, by code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Donor {
    /// Donor code.
    pub code: String,
    /// Donation number with its check character.
    pub donation: String,
    /// When the donation was taken.
    pub collected: Option<Moment>,
    /// Consent: version and scope.
    pub consent: String,
    /// Eligibility in words, for example `eligible`.
    pub eligibility: String,
    /// True when eligible.
    pub eligible: bool,
    /// Rule set the decision was made by, with its version.
    pub rule_set: String,
    /// Who decided, when.
    pub decided: Option<Mark>,
    /// Marker results.
    pub results: Vec<DonorResult>,
}

/// One marker result of a donor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DonorResult {
    /// Marker, for example `anti-HIV-1,2`.
    pub marker: String,
    /// Result in words.
    pub result: String,
    /// When the sample was taken.
    pub sampled: String,
    /// In, out or pending.
    pub verdict: Verdict,
}

/// How a value compares with its limits or specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within limits; conforms.
    In,
    /// Outside limits; does not conform.
    Out,
    /// Within specification, beyond an alert limit.
    Alert,
    /// No result yet.
    Pending,
    /// There is no limit.
    None,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in limits",
            Self::Out => "OUT OF LIMITS",
            Self::Alert => "alert",
            Self::Pending => "pending",
            Self::None => "",
        }
    }
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Batch number.
    pub number: String,
    /// What it is: `Patient dose`, `Pooled bank`, `Donor culture DNR-0001`.
    pub title: String,
    /// What it made.
    pub product: String,
    /// Master record: identity, version.
    pub master_record: String,
    /// SHA-256 of the master record's text that the batch ran by.
    pub master_record_hash: String,
    /// Donation number of its product, with check character.
    pub donation: Option<String>,
    /// State in words.
    pub state: String,
    /// Disposition.
    pub disposition: Disposition,
    /// When it began.
    pub started: Option<Moment>,
    /// When its last step was done.
    pub finished: Option<Moment>,
    /// Steps in the order of the master record.
    pub steps: Vec<Step>,
    /// All material used.
    pub materials: Vec<MaterialUse>,
    /// All equipment used.
    pub equipment: Vec<EquipmentUse>,
    /// Containers consumed and produced.
    pub containers: Vec<ContainerLine>,
    /// Books in double entry.
    pub accounts: Vec<Account>,
    /// Tests.
    pub tests: Vec<Test>,
    /// Deviations.
    pub deviations: Vec<Deviation>,
    /// Label reconciliation and prints.
    pub labels: Vec<LabelReconciliation>,
}

/// One step of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Name in the master record.
    pub id: String,
    /// Number as printed, for example `3.2`; repeated steps have their repetition in it.
    pub number: String,
    /// Title.
    pub title: String,
    /// Operation of the closed set, for example `count`.
    pub operation: String,
    /// Instruction as approved, if the master record has one.
    pub instruction: Option<String>,
    /// Values entered or calculated.
    pub fields: Vec<Field>,
    /// Who performed it.
    pub performed: Option<Mark>,
    /// Who verified it.
    pub verified: Option<Mark>,
    /// True when the master record asks for verification by a second person.
    pub needs_verification: bool,
    /// Material used in this step, in words: `Medium MED-AMEM lot L-17, 250 ml`.
    pub materials: Vec<String>,
    /// Equipment used in this step, in words.
    pub equipment: Vec<String>,
    /// Containers: codes in and out, in words.
    pub containers: Vec<String>,
    /// Timers that ended here, in words with their limits.
    pub timers: Vec<Field>,
    /// Numbers of deviations opened here.
    pub deviations: Vec<String>,
    /// Comments.
    pub comments: Vec<String>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What it is.
    pub label: String,
    /// As printed, with its unit.
    pub value: String,
    /// UCUM unit, for numbers.
    pub unit: Option<String>,
    /// Exact decimal, for numbers.
    pub number: Option<String>,
    /// Limits as printed.
    pub limits: Option<String>,
    /// How it compares.
    pub verdict: Verdict,
    /// Where it came from: `typed`, `scanned`, `calculated`, `instrument`.
    pub source: String,
    /// Earlier values, oldest first.
    pub corrections: Vec<Correction>,
}

/// A value that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The earlier value as printed.
    pub from: String,
    /// Who corrected it.
    pub by: Person,
    /// When.
    pub at: Moment,
    /// Why.
    pub reason: String,
}

/// A material lot used in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterialUse {
    /// Material name.
    pub material: String,
    /// Supplier's lot.
    pub lot: String,
    /// Expiry, with in-use limit where it is nearer.
    pub expiry: String,
    /// Quantity used, as printed.
    pub quantity: String,
    /// Steps that used it.
    pub steps: String,
}

/// A piece of equipment used in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquipmentUse {
    /// Asset number.
    pub asset: String,
    /// What it is.
    pub name: String,
    /// Calibration valid until, or `not applicable`.
    pub calibration: String,
    /// Cleaning or sterilisation state.
    pub cleaning: String,
    /// Steps that used it.
    pub steps: String,
}

/// A container consumed or produced by a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerLine {
    /// Container code.
    pub code: String,
    /// Kind in words.
    pub kind: String,
    /// `consumed` or `produced`.
    pub direction: String,
    /// Content as printed: cells, volume.
    pub content: String,
    /// Where it is, or what became of it.
    pub whereabouts: String,
    /// Disposition.
    pub disposition: Disposition,
}

/// One book in double entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What is counted: `viable cells`, `volume`, `containers`.
    pub name: String,
    /// Unit as printed.
    pub unit: String,
    /// Postings, oldest first.
    pub postings: Vec<Posting>,
    /// Balances at the end.
    pub balances: Vec<Balance>,
    /// True when debits and credits agree.
    pub balanced: bool,
}

/// One posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// When.
    pub at: Moment,
    /// Step that caused it.
    pub step: String,
    /// Account it left.
    pub from: String,
    /// Account it entered.
    pub to: String,
    /// How much, as printed.
    pub amount: String,
    /// Login of who signed it.
    pub by: String,
}

/// Balance of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Account.
    pub account: String,
    /// How much, as printed.
    pub amount: String,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// Test.
    pub name: String,
    /// Method.
    pub method: String,
    /// Sample code.
    pub sample: String,
    /// Specification with its version.
    pub specification: String,
    /// Result as printed; `None` while pending.
    pub result: Option<String>,
    /// How it compares.
    pub verdict: Verdict,
    /// At which release it is needed: `initial` or `final`.
    pub stage: String,
    /// Who reported and reviewed.
    pub signed: Vec<Mark>,
    /// Interim readings and earlier attempts.
    pub readings: Vec<Reading>,
}

/// An interim reading of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When.
    pub at: Moment,
    /// What was read.
    pub value: String,
    /// Login of who read it.
    pub by: String,
}

/// One deviation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Class in words: `minor`, `major`, `critical`.
    pub class: String,
    /// Step it came from.
    pub step: String,
    /// What happened.
    pub description: String,
    /// Cause and impact, once decided.
    pub assessment: Option<String>,
    /// Actions.
    pub actions: Vec<String>,
    /// State in words.
    pub state: String,
    /// True once closed.
    pub closed: bool,
    /// Who opened, decided, closed it.
    pub signed: Vec<Mark>,
}

/// Labels of one kind: issued = applied + destroyed + retained + in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelReconciliation {
    /// Kind of label.
    pub kind: String,
    /// Printed.
    pub issued: u32,
    /// On a container.
    pub applied: u32,
    /// Destroyed.
    pub destroyed: u32,
    /// Retained.
    pub retained: u32,
    /// A specimen in the record.
    pub in_record: u32,
    /// Every print.
    pub prints: Vec<LabelPrint>,
}

impl LabelReconciliation {
    /// Labels that nobody accounts for; 0 when reconciled.
    #[must_use]
    pub fn difference(&self) -> i64 {
        let found = [self.applied, self.destroyed, self.retained, self.in_record];
        i64::from(self.issued) - found.iter().map(|n| i64::from(*n)).sum::<i64>()
    }
}

/// One printed label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelPrint {
    /// Label code, as printed.
    pub code: String,
    /// Definition and version.
    pub template: String,
    /// When.
    pub at: Moment,
    /// Login of who printed it.
    pub by: String,
    /// What became of it: `applied`, `voided by reprint`, `destroyed`.
    pub state: String,
    /// Why, for a reprint.
    pub reason: Option<String>,
}

/// One hand-over or move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyEvent {
    /// When.
    pub at: Moment,
    /// Container codes, as printed.
    pub containers: String,
    /// Who or what held it before.
    pub from: String,
    /// Who or what holds it now.
    pub to: String,
    /// Condition and temperature found, if noted.
    pub condition: Option<String>,
    /// Logins of giver and receiver, as they scanned.
    pub by: String,
}

/// Something that left and came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excursion {
    /// Container code.
    pub container: String,
    /// Why it left.
    pub purpose: String,
    /// How much left.
    pub quantity_out: String,
    /// Who let it go, when.
    pub out: Mark,
    /// Until when it had to be back.
    pub deadline: Moment,
    /// How much came back.
    pub quantity_back: Option<String>,
    /// Who took it back, when.
    pub back: Option<Mark>,
    /// In words: `returned in time`, `open`, `written off`.
    pub state: String,
    /// How it compares with what was allowed.
    pub verdict: Verdict,
}

/// One administration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Administration {
    /// Gland or other place.
    pub target: String,
    /// Container code of the syringe.
    pub container: String,
    /// Patient code as read at the bedside.
    pub patient_code: String,
    /// How much was given.
    pub quantity: String,
    /// When.
    pub at: Moment,
    /// Who gave it.
    pub by: Person,
    /// Who checked identity with them.
    pub witness: Option<Person>,
    /// Anything noted, adverse events included.
    pub note: Option<String>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// What was signed: `Batch B-2026-0007`.
    pub subject: String,
    /// What the signature means, in words.
    pub meaning: String,
    /// Who.
    pub by: Person,
    /// When.
    pub at: Moment,
    /// SHA-256 of the content signed.
    pub content_hash: String,
    /// True for a certification or another decision that stands on the cover.
    pub on_cover: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Moment,
    /// Who: login and role.
    pub by: String,
    /// Which object: `batch B-2026-0007, step count_p2`.
    pub object: String,
    /// What was done, in words.
    pub action: String,
    /// Before; `None` when it did not exist.
    pub old: Option<String>,
    /// After; `None` when it was removed.
    pub new: Option<String>,
    /// Why, where a reason was asked for.
    pub reason: Option<String>,
}

/// What a node of the genealogy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A donor.
    Donor,
    /// A donation.
    Donation,
    /// A batch.
    Batch,
    /// A container.
    Container,
    /// The patient, by code.
    Patient,
}

/// One thing in the genealogy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Identity that edges refer to.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// What it is, in one word on the drawing: `donor`, `cryovial`.
    pub word: String,
    /// Its code or number.
    pub label: String,
    /// One more line, for example cells or passage.
    pub detail: String,
    /// Disposition, where it has one.
    pub disposition: Option<Disposition>,
}

/// One goes into the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Node it comes from.
    pub from: String,
    /// Node it goes into.
    pub to: String,
}

/// From donors to patient.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Genealogy {
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Edges.
    pub edges: Vec<Edge>,
}

/// What lets a stranger check the record against the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerProof {
    /// Origin of the ledger.
    pub origin: String,
    /// Number of events the checkpoint covers.
    pub size: u64,
    /// Root hash of the checkpoint, base64.
    pub root: String,
    /// The signed checkpoint, as it was written.
    pub checkpoint: String,
    /// Events of this record, in the order of the ledger.
    pub events: Vec<LedgerEvent>,
    /// Public keys that signed them.
    pub keys: Vec<LedgerKey>,
}

/// One event with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEvent {
    /// Place in the ledger, from 0, where the event carries its own inclusion proof; the others are
    /// linked to it by the hashes inside the events of their stream.
    pub index: Option<u64>,
    /// The exact canonical text that was hashed.
    pub canonical: String,
    /// SHA-256 of it, hexadecimal.
    pub hash: String,
    /// Identity of the signing key.
    pub key: String,
    /// Signature, base64.
    pub signature: String,
    /// Inclusion proof towards the checkpoint's root, base64 hashes from the leaf up.
    pub inclusion: Vec<String>,
}

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerKey {
    /// Identity.
    pub id: String,
    /// Algorithm.
    pub algorithm: String,
    /// Public key, base64.
    pub public: String,
}
