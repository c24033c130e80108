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
    /// What was done, in one word: `performed`, `verified`.
    pub act: String,
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
    /// The program and version that made it: the same one draws the same pages.
    pub program: String,
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
    /// The installation's signature over all of the above; `None` only while it is being made.
    pub seal: Option<Seal>,
}

/// The installation's signature over a record: it binds what people read to the events that stand
/// beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Name of the key, one of the event keys listed.
    pub key: String,
    /// Ed25519 over `chorda-record-sig/v1`, a line feed, and the SHA-256 of the canonical JSON of
    /// this record with `seal` null; base64.
    pub signature: String,
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
    /// Sponsor, and whom to ask.
    pub sponsor: String,
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
    /// Cells, as printed; none where the product holds no cells.
    pub cells: Option<String>,
    /// Volume, as printed.
    pub volume: String,
    /// How the volume follows: `50×10⁶ ÷ 50×10⁶/ml = 1.0 ml`.
    pub arithmetic: String,
    /// Container code of the dose unit that carries it, once filled.
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
    /// Timers of the master record, in its order.
    pub timers: Vec<Timer>,
    /// All material used.
    pub materials: Vec<MaterialUse>,
    /// All equipment used.
    pub equipment: Vec<EquipmentUse>,
    /// Containers consumed and produced.
    pub containers: Vec<ContainerLine>,
    /// Product identities of its containers that were corrected.
    pub identities: Vec<IdentityCorrection>,
    /// Books in double entry.
    pub accounts: Vec<Account>,
    /// What accounts may hold by the master record, and held.
    pub reconciliations: Vec<Reconciliation>,
    /// How often the cells doubled, from the donor to this batch; nothing without cells.
    pub doublings: Vec<Doubling>,
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
    /// Numbers of deviations opened here.
    pub deviations: Vec<String>,
    /// Signatures of this step that do not cover all of it any more, each with the values that were
    /// corrected after it.
    pub not_covered: Vec<String>,
}

/// A time between two steps, as the master record limits it and as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// What it is, in words.
    pub title: String,
    /// Title of the step it runs from, the last time that was performed.
    pub from: String,
    /// When it began to run; `None` while that step was not performed.
    pub started: Option<Moment>,
    /// Title of the step that stops it, the first time that is performed.
    pub to: String,
    /// When it stopped.
    pub stopped: Option<Moment>,
    /// Limits as printed: `3 d to 5 d`.
    pub limits: String,
    /// How long it lasted, as printed.
    pub actual: Option<String>,
    /// In words: `kept`, `BROKEN: too late`, `running`, `not started`.
    pub state: String,
    /// How it compares.
    pub verdict: Verdict,
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
    /// Its number among the corrections of the batch.
    pub number: u32,
    /// The earlier value as printed.
    pub from: String,
    /// The value after it as printed.
    pub to: String,
    /// Whether the value was not corrected itself, but calculated anew from one that was.
    pub calculated: bool,
    /// Who corrected it.
    pub by: Person,
    /// When.
    pub at: Moment,
    /// Why.
    pub reason: String,
    /// Who verified the correction.
    pub verified: Option<Mark>,
    /// True while it waits for a second person.
    pub waits: bool,
}

/// A correction of the product identity of a container, by two signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityCorrection {
    /// Container code.
    pub container: String,
    /// The identity it had, with check character.
    pub from: String,
    /// The identity it got, with check character.
    pub to: String,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub proposed: Mark,
    /// Who confirmed it.
    pub confirmed: Mark,
}

/// A material lot used in a batch, as it stood when it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterialUse {
    /// Material name.
    pub material: String,
    /// Material code and supplier's lot.
    pub lot: String,
    /// Supplier.
    pub supplier: String,
    /// Certificate of analysis, where one is filed.
    pub certificate: Option<String>,
    /// QA's decision on the lot.
    pub released: Option<Mark>,
    /// When the lot expires.
    pub expiry: Moment,
    /// Every use, oldest first.
    pub uses: Vec<MaterialStep>,
}

/// One use of a material lot at a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterialStep {
    /// Number and title of the step.
    pub step: String,
    /// When it was used.
    pub at: Moment,
    /// Quantity used with its unit; `None` where the master record asks for none.
    pub quantity: Option<String>,
    /// Number of the opened package in use and until when it might be used, where that is limited.
    pub in_use: Option<String>,
    /// In words: `released, in date`, or what was wrong with it.
    pub state: String,
    /// How it compares.
    pub verdict: Verdict,
}

/// A piece of equipment used in a batch, in one state of calibration and cleaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquipmentUse {
    /// Asset number.
    pub asset: String,
    /// What it is.
    pub name: String,
    /// Certificate of the calibration in force at use, and until when it held.
    pub calibration: String,
    /// Cleaning in force at use, and until when it held.
    pub cleaning: String,
    /// Steps that used it in this state, each with its time.
    pub uses: Vec<String>,
    /// In words: `fit for use`, or what was wrong with it.
    pub state: String,
    /// How it compares.
    pub verdict: Verdict,
}

/// A container consumed or produced by a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerLine {
    /// Container code.
    pub code: String,
    /// Kind in words.
    pub kind: String,
    /// `consumed`, `produced`, or `made and used up` here.
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
    /// How much altogether, as printed.
    pub amount: String,
    /// How many equal postings it stands for.
    pub count: u32,
    /// How much each of them moved, as printed.
    pub each: String,
    /// Login of who signed it.
    pub by: String,
}

/// What an account may hold by the master record, and held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// What it is.
    pub title: String,
    /// What was found and what is allowed.
    pub found: String,
    /// Whether it is within its limit.
    pub verdict: Verdict,
}

/// The population doublings of one passage, or of a batch that has none of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubling {
    /// The batch that counted.
    pub batch: String,
    /// The passage.
    pub passage: String,
    /// The arithmetic, with the signed counts.
    pub arithmetic: String,
    /// How long the cells grew.
    pub grown: String,
    /// How long one doubling took.
    pub each: String,
    /// The cumulative level of that batch.
    pub level: String,
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

/// Labels of one kind: issued = applied + destroyed + retained + in the record + lost.
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
    /// Lost, each with a deviation.
    pub lost: u32,
    /// Every print.
    pub prints: Vec<LabelPrint>,
}

impl LabelReconciliation {
    /// Labels that nobody accounts for; 0 when reconciled.
    #[must_use]
    pub fn difference(&self) -> i64 {
        let found = [self.applied, self.destroyed, self.retained, self.in_record, self.lost];
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
    /// What became of it: `applied`, `void`, `reported lost`.
    pub state: String,
    /// Why, for a reprint.
    pub reason: Option<String>,
    /// What was reported of copies that could not be found, and what turned up since.
    pub lost: Option<String>,
}

/// One hand-over: what one person gave and another took, each with a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyEvent {
    /// Container codes.
    pub containers: Vec<String>,
    /// Where to, in words.
    pub destination: String,
    /// Signature of who gave it.
    pub given: Mark,
    /// Condition as handed over.
    pub condition_given: String,
    /// Login of who is to take it.
    pub to: String,
    /// Signature of who took it; `None` while it is under way.
    pub received: Option<Mark>,
    /// Condition as received.
    pub condition_received: Option<String>,
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
    /// Login of who took it away.
    pub taken_by: String,
    /// Signature of who gave it out.
    pub out: Mark,
    /// Until when it had to be back.
    pub deadline: Moment,
    /// How much came back, with its activity where that was measured.
    pub quantity_back: Option<String>,
    /// Signature of who took it back or wrote it off.
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
    /// Patient code of the order it was given for.
    pub patient_code: String,
    /// How much was given.
    pub quantity: String,
    /// The thaw at the bedside, where there was one.
    pub thawed: Option<Thawed>,
    /// When it was given.
    pub at: Moment,
    /// Signature of who gave it.
    pub given: Mark,
}

/// A thaw at the bedside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thawed {
    /// When it began.
    pub at: Moment,
    /// By when the unit had to be given.
    pub give_by: Moment,
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

/// One event, with every value it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When the server recorded it.
    pub at: Moment,
    /// Who: login.
    pub by: String,
    /// In which role.
    pub role: String,
    /// From which station.
    pub station: String,
    /// Which object: `batch B-2026-0007`.
    pub object: String,
    /// What was done, in words.
    pub action: String,
    /// Every value that changed, folded from the events of the object.
    pub changes: Vec<Change>,
    /// Where the rest of what changed is printed, for events that a chapter prints in full.
    pub elsewhere: Option<String>,
    /// Why, where a reason was asked for or given.
    pub reason: Option<String>,
    /// Manifestations of the signatures inside.
    pub signatures: Vec<String>,
    /// Place of the event in the ledger, from 0.
    pub index: u64,
}

/// One value that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which value.
    pub field: String,
    /// Before; `None` when it did not exist.
    pub old: Option<String>,
    /// After; `None` when it was removed.
    pub new: Option<String>,
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

/// What lets a stranger check the record against the ledger, without the program or the database.
///
/// Every event: its `hash` is SHA-256 of `chorda-event/v1`, a line feed and `canonical`; its
/// `signature` is Ed25519 over `chorda-event-sig/v1`, a line feed and that hash. Inside
/// `canonical`, `prev` is the hash of the event before it in its stream.
///
/// All events together are in the log of `size` leaves under `root`: leaf hash = SHA-256(0x00 ‖
/// event hash), by `index`. Then level by level, beginning with the leaves at level 0 and `size` as
/// width, until the width is 1: the sibling of node `i` is node `i xor 1`; if it lies within the
/// width, it is either known already or one of `nodes`, and node `i / 2` of the next level is
/// SHA-256(0x01 ‖ left ‖ right); if it does not, the node moves up unchanged. The width halves,
/// rounded up. What is left is the root (RFC 6962), which the `checkpoint` signs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerProof {
    /// Origin of the ledger.
    pub origin: String,
    /// Number of events the checkpoint covers.
    pub size: u64,
    /// Root hash of the checkpoint, base64.
    pub root: String,
    /// The signed checkpoint, as it was written (C2SP signed note).
    pub checkpoint: String,
    /// Public keys of the installation.
    pub keys: Vec<LedgerKey>,
    /// The streams that the events belong to.
    pub streams: Vec<LedgerStream>,
    /// Events of this record, by stream and version.
    pub events: Vec<LedgerEvent>,
    /// Nodes of the tree that lead from the events to the root, each once.
    pub nodes: Vec<LedgerNode>,
}

/// A stream: the events of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerStream {
    /// Its name, such as `batch/B-2026-0007`.
    pub name: String,
    /// True when every event of it at the time of export is here, from the first to the last; else
    /// only those that the record needs.
    pub complete: bool,
    /// How many of its events are here.
    pub events: u32,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEvent {
    /// Place in the ledger, from 0.
    pub index: u64,
    /// The exact canonical text that was hashed.
    pub canonical: String,
    /// SHA-256 as above, hexadecimal.
    pub hash: String,
    /// Identity of the signing key.
    pub key: String,
    /// Signature, base64.
    pub signature: String,
}

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerNode {
    /// Level, from 0 for the leaves.
    pub level: u32,
    /// Number in the level, from 0.
    pub index: u64,
    /// Hash, base64.
    pub hash: String,
}

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerKey {
    /// Identity.
    pub id: String,
    /// Algorithm.
    pub algorithm: String,
    /// What it signs: `event` or `checkpoint`.
    pub purpose: String,
    /// Public key, base64.
    pub public: String,
}
