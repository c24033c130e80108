//! What a master batch record says, as types. One value of these types is one approved file.

use super::calculation::Method;
use crate::domain::account::Account;
use crate::domain::container::ContainerKind;
use crate::domain::deviation::Class;
use crate::domain::disposition::Disposition;
use crate::domain::id::{ContentHash, MasterRecordId, MaterialCode, Name};
use crate::domain::language::{Language, Wording};
use crate::domain::quality::Specification;
use crate::domain::quantity::{Quantity, Rounding, Unit};
use crate::domain::time::Span;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where in the file something stands: byte offset of its first character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct At(pub usize);

/// Which version of which master record, with the hash of its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordRef {
    /// Identity of the record.
    pub id: MasterRecordId,
    /// Its version, from 1.
    pub version: u32,
    /// SHA-256 of its text.
    pub hash: ContentHash,
}

impl RecordRef {
    /// The identity of the version as streams and lists name it: `EQ-MSC-DOSE.1`.
    pub fn key(&self) -> String {
        version_key(&self.id, self.version)
    }
}

/// The identity of a version of a record: `EQ-MSC-DOSE.1`.
pub fn version_key(id: &MasterRecordId, version: u32) -> String {
    format!("{id}.{version}")
}

/// A master batch record: what may enter, what is done, measured, tested, printed, what leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct MasterRecord {
    /// Identity and version, with the hash of the text.
    pub record: RecordRef,
    /// Its name for people.
    pub title: String,
    /// The material it makes.
    pub product: MaterialCode,
    /// Legal basis, in words.
    pub legal_basis: String,
    /// Where its facts come from, in words.
    pub source: String,
    /// Language of its texts.
    pub language: Language,
    /// Whether a batch is made for one order, whose dose units it fills.
    pub for_order: bool,
    /// How the batch gets its donation identification number.
    pub donation: DonationRule,
    /// The highest passage number anything in it may reach.
    pub max_passage: Option<u8>,
    /// The bill of materials: what its steps may use.
    pub materials: Vec<Material>,
    /// Stated numbers that calculations and limits use.
    pub parameters: Vec<Parameter>,
    /// Unit procedures, in order: the chapters of the record.
    pub units: Vec<UnitProcedure>,
    /// What may enter.
    pub inputs: Vec<Input>,
    /// What leaves, or is made on the way.
    pub outputs: Vec<Output>,
    /// What is done.
    pub steps: Vec<Step>,
    /// Times between steps.
    pub timers: Vec<Timer>,
    /// Where QA must sign before work goes on.
    pub hold_points: Vec<HoldPoint>,
    /// What accounts of the book may hold at the most.
    pub reconciliations: Vec<Reconcile>,
    /// What is tested.
    pub tests: Vec<TestPlan>,
    /// What the simulation assumes; nothing of it binds a batch.
    pub assumptions: Vec<Assumption>,
    /// The text itself.
    pub text: String,
}

impl MasterRecord {
    /// The step of a name.
    pub fn step(&self, name: &Name) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == *name)
    }

    /// The place of a step in the procedure, from 1.
    pub fn step_number(&self, name: &Name) -> usize {
        self.steps.iter().position(|step| step.name == *name).map_or(0, |at| at.saturating_add(1))
    }

    /// The input of a name.
    pub fn input(&self, name: &Name) -> Option<&Input> {
        self.inputs.iter().find(|input| input.name == *name)
    }

    /// The output of a name.
    pub fn output(&self, name: &Name) -> Option<&Output> {
        self.outputs.iter().find(|output| output.name == *name)
    }

    /// The parameter of a name.
    pub fn parameter(&self, name: &Name) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == *name)
    }

    /// The outputs that are made for the dose units of an order.
    pub fn dose_outputs(&self) -> impl Iterator<Item = &Output> {
        let made = self.steps.iter().flat_map(|step| &step.produces);
        let made = made.filter(|production| production.count == Count::DoseUnits);
        made.filter_map(|production| self.output(&production.output))
    }

    /// Whether what it makes holds no cells: volume is all there is to account for.
    pub fn makes_no_cells(&self) -> bool {
        self.outputs.iter().any(|output| output.material == self.product && output.acellular)
    }

    /// Whether something that enters or is made holds no cells.
    pub fn is_acellular(&self, what: &Name) -> bool {
        let input = self.input(what).is_some_and(|input| input.acellular);
        input || self.output(what).is_some_and(|output| output.acellular)
    }

    /// Whether a batch may be complete without a step: it is optional, or has a condition.
    pub fn may_be_left_out(&self, step: &Step) -> bool {
        step.repeat.min == 0 || step.when.is_some()
    }

    /// The title of the unit procedure a step belongs to; empty if it has none.
    pub fn unit_title(&self, step: &Step) -> &str {
        step.unit
            .as_ref()
            .and_then(|name| self.units.iter().find(|unit| unit.name == *name))
            .map_or("", |unit| unit.title.as_str())
    }
}

/// Where the donation identification number of a batch comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DonationRule {
    /// From the one input it is made of.
    Inherited,
    /// A pool of several donors: it gets a number of its own (Directive 2006/86 Art. 10b).
    Pool,
}

/// A material the process uses: one line of the bill of materials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// The material.
    pub material: MaterialCode,
    /// What it is, in words.
    pub title: String,
    /// Where it stands.
    pub at: At,
}

/// A stated number.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name; referred to as `parameter.<name>`.
    pub name: Name,
    /// What it is, in words.
    pub title: String,
    /// The number with its unit.
    pub value: Quantity,
    /// Whether it is an example a site must replace by its own.
    pub site_value: bool,
    /// Where it stands.
    pub at: At,
}

/// A chapter of the record (ISA-88 unit procedure).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitProcedure {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub at: At,
}

/// Something that may enter the batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: Name,
    /// What it is, in words.
    pub title: String,
    /// The material it must be.
    pub material: MaterialCode,
    /// The container it comes in.
    pub container: ContainerKind,
    /// How many containers, unless there is one for each dose unit.
    pub count: u32,
    /// Whether there is one for each dose unit of the order.
    pub per_dose_unit: bool,
    /// How many different donors they come from.
    pub distinct_donors: Option<u32>,
    /// The strictest disposition that is still accepted.
    pub disposition: Disposition,
    /// The passage it must have.
    pub passage: Option<u8>,
    /// How old it may be when it enters.
    pub max_age: Option<Span>,
    /// Whether it must be reserved for the order of the batch.
    pub reserved: bool,
    /// Whether it holds no cells.
    pub acellular: bool,
    /// Versions of the record that made it which are accepted; empty: any.
    pub accepts: Vec<AcceptedRecord>,
    /// Where it stands.
    pub at: At,
}

impl Input {
    /// How many containers enter a batch whose order has so many dose units.
    pub fn how_many(&self, dose_units: usize) -> u32 {
        if self.per_dose_unit { u32::try_from(dose_units).unwrap_or(u32::MAX) } else { self.count }
    }
}

/// Versions of a master record whose products are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedRecord {
    /// The record.
    pub id: MasterRecordId,
    /// Its accepted versions.
    pub versions: Vec<u32>,
}

/// Something the batch makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: Name,
    /// What it is, in words; printed on labels.
    pub title: Wording,
    /// The material it is.
    pub material: MaterialCode,
    /// The container it is in.
    pub container: ContainerKind,
    /// Passage number of its cells.
    pub passage: Option<u8>,
    /// Product description code and collection type, where it carries a product identity.
    pub product_code: Option<String>,
    /// How long it keeps from the moment it is made; never beyond what it was made from.
    pub keeps: Option<Span>,
    /// Whether the shortest expiry of what it was made from limits it too.
    pub expiry_limited_by_inputs: bool,
    /// How much fits into one container, `mL`; none: not stated.
    pub capacity: Option<Decimal>,
    /// Whether it holds no cells. What it holds is drawn from the volume in process.
    pub acellular: bool,
    /// Label definition it carries; none for what never leaves the vessel.
    pub label: Option<String>,
    /// Where it stands.
    pub at: At,
}

/// What a step does. The set is closed; what each one enforces is code in `domain::batch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Takes inputs in by scanning them.
    Receive,
    /// Looks at something and states what is seen.
    Inspect,
    /// States that nothing of another batch is present (ATMP-7).
    ClearLine,
    /// Puts cells or tissue into culture vessels.
    Seed,
    /// Exchanges medium.
    Feed,
    /// Counts cells.
    Count,
    /// Takes cells out of their vessels.
    Harvest,
    /// Brings several donors into one suspension (ATMP-25).
    Pool,
    /// Divides a suspension into containers.
    Divide,
    /// Freezes containers.
    Freeze,
    /// Containers are in their storage positions.
    Store,
    /// Takes containers out of storage.
    Retrieve,
    /// Thaws containers; they may not be frozen again.
    Thaw,
    /// Brings a suspension to its final medium and concentration.
    Formulate,
    /// Fills the dose units of the order.
    Fill,
    /// Takes samples and requests their tests.
    Sample,
    /// Labels are on the containers and were read back (ATMP-19).
    Label,
    /// Gives the batch to another person.
    HandOver,
    /// Takes the batch from another person.
    TakeBack,
    /// Records values only.
    Record,
    /// Disposes of what is left.
    Dispose,
}

impl Operation {
    /// Every operation with its word in files.
    pub const ALL: [(&'static str, Self); 21] = [
        ("receive", Self::Receive),
        ("inspect", Self::Inspect),
        ("clear_line", Self::ClearLine),
        ("seed", Self::Seed),
        ("feed", Self::Feed),
        ("count", Self::Count),
        ("harvest", Self::Harvest),
        ("pool", Self::Pool),
        ("divide", Self::Divide),
        ("freeze", Self::Freeze),
        ("store", Self::Store),
        ("retrieve", Self::Retrieve),
        ("thaw", Self::Thaw),
        ("formulate", Self::Formulate),
        ("fill", Self::Fill),
        ("sample", Self::Sample),
        ("label", Self::Label),
        ("hand_over", Self::HandOver),
        ("take_back", Self::TakeBack),
        ("record", Self::Record),
        ("dispose", Self::Dispose),
    ];

    /// The word in files.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(_, operation)| *operation == self).map_or("", |(code, _)| code)
    }

    /// The word on screens.
    pub fn word(self) -> String {
        self.code().replace('_', " ")
    }
}

/// Who signs a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureRule {
    /// Who did it.
    Performed,
    /// Who did it, and another person who checked it (ATMP-4).
    PerformedVerified,
}

/// What happens when a limit or a timer is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaking {
    /// A deviation of this class is opened with the step.
    Deviation(Class),
    /// The step is refused.
    Refuse,
}

/// One step of the procedure (ISA-88 phase).
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: Name,
    /// The chapter it belongs to.
    pub unit: Option<Name>,
    /// Its title.
    pub title: String,
    /// What to do, in words.
    pub instruction: String,
    /// What it does.
    pub operation: Operation,
    /// The steps that must be complete before it.
    pub after: Vec<Name>,
    /// What was chosen at an earlier step for this one to be done; none: always.
    pub when: Option<Condition>,
    /// How often it is done.
    pub repeat: Repeat,
    /// Who signs.
    pub signature: SignatureRule,
    /// Whether quality depends on it.
    pub critical: bool,
    /// What is entered.
    pub fields: Vec<Field>,
    /// What is calculated.
    pub calculations: Vec<Calculation>,
    /// Materials whose lots are scanned.
    pub materials: Vec<MaterialNeed>,
    /// Equipment that is scanned.
    pub equipment: Vec<EquipmentNeed>,
    /// Inputs, or earlier outputs, that are used up.
    pub consumes: Vec<Consumption>,
    /// Outputs that are made.
    pub produces: Vec<Production>,
    /// What the step says about the suspension in process.
    pub account: Option<AccountRule>,
    /// Outputs whose labels must be on and read back before the step can be signed.
    pub labels: Vec<Name>,
    /// Outputs that must be in a storage position before the step can be signed.
    pub stored: Vec<Name>,
    /// Whether the labels of the whole batch are reconciled here (ATMP-18).
    pub reconcile_labels: bool,
    /// The room in which it is done, by the site's name of it; none: anywhere (ATMP-6).
    pub room: Option<Name>,
    /// Of a line clearance: how serious it is to find something foreign (ATMP-7).
    pub foreign: Option<Class>,
    /// Where it stands.
    pub at: At,
}

impl Step {
    /// The field of a name.
    pub fn field(&self, name: &Name) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == *name)
    }

    /// The calculation of a name.
    pub fn calculation(&self, name: &Name) -> Option<&Calculation> {
        self.calculations.iter().find(|calculation| calculation.name == *name)
    }
}

/// What must have been chosen at an earlier step for a step to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The earlier step.
    pub step: Name,
    /// Its field of choices.
    pub field: Name,
    /// The choices for which the step is done.
    pub is: Vec<String>,
    /// Where it stands.
    pub at: At,
}

impl Condition {
    /// Whether both ask for the same choice.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        self.step == other.step && self.field == other.field
    }

    /// Whether both can never hold in one batch.
    pub fn excludes(&self, other: &Self) -> bool {
        self.asks_the_same(other) && !self.is.iter().any(|word| other.is.contains(word))
    }
}

/// How often a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// At least so often; 0 makes it optional.
    pub min: u32,
    /// At most so often.
    pub max: u32,
}

impl Repeat {
    /// Exactly once.
    pub const ONCE: Self = Self { min: 1, max: 1 };
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// A number.
    Number {
        /// Its unit.
        unit: Unit,
        /// Decimals it is written with; more are refused, fewer are filled up.
        decimals: u32,
    },
    /// One of stated words.
    Choice {
        /// What can be chosen.
        choices: Vec<String>,
        /// Which choices are within limits; all if empty.
        accept: Vec<String>,
    },
    /// Free text.
    Text,
    /// A time.
    Time,
    /// A scanned code.
    Scan,
    /// A statement that must be confirmed.
    Confirm,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Typed by a person.
    Typed,
    /// Scanned.
    Scanned,
    /// Read off an instrument.
    Instrument,
}

/// Something that is entered at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// What is asked, in words.
    pub title: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Where it comes from.
    pub source: Source,
    /// Whether it must be filled.
    pub required: bool,
    /// Asked once for each container of this input or output that the step uses.
    pub each: Option<Name>,
    /// Limits, and what breaking them means.
    pub limits: Limits,
    /// Where it stands.
    pub at: At,
}

/// Limits of a value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    /// Outside it, the value is marked.
    pub alert: Band,
    /// Outside it, the limit is broken.
    pub action: Band,
    /// What breaking the action limit means.
    pub breaking: Option<Breaking>,
}

/// A lowest and a highest value, both included.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Band {
    /// Lowest.
    pub min: Option<Bound>,
    /// Highest.
    pub max: Option<Bound>,
}

impl Band {
    /// Whether nothing is stated.
    pub fn is_open(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }
}

/// One end of a band.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A stated number, in the unit of the value.
    Number(Decimal),
    /// Another value.
    Value(Reference),
}

/// Points at a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A field or calculation of this step (`viability`) or of an earlier one (`count.viability`).
    Value {
        /// The step; none for this one.
        step: Option<Name>,
        /// The field or calculation.
        name: Name,
    },
    /// A parameter of the record: `parameter.target`.
    Parameter(Name),
    /// A sum over the dose units of the order: `order.cells`, `order.volume`, `order.units`.
    Order(OrderSum),
    /// Contents of the consumed containers of an input or output: `contents.vial.cells`.
    Contents {
        /// The input or output.
        what: Name,
        /// What of them.
        part: ContentsPart,
    },
}

impl fmt::Display for Reference {
    /// As the file writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { step: None, name } => write!(f, "{name}"),
            Self::Value { step: Some(step), name } => write!(f, "{step}.{name}"),
            Self::Parameter(name) => write!(f, "parameter.{name}"),
            Self::Order(OrderSum::Cells) => write!(f, "order.cells"),
            Self::Order(OrderSum::Volume) => write!(f, "order.volume"),
            Self::Order(OrderSum::Units) => write!(f, "order.units"),
            Self::Contents { what, part: ContentsPart::Cells } => {
                write!(f, "contents.{what}.cells")
            }
            Self::Contents { what, part: ContentsPart::Volume } => {
                write!(f, "contents.{what}.volume")
            }
        }
    }
}

/// A sum over the dose units of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderSum {
    /// Cells of all dose units, `10*6`.
    Cells,
    /// Volume of all dose units, `mL`.
    Volume,
    /// How many dose units.
    Units,
}

/// A part of what containers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentsPart {
    /// Viable cells, `10*6`.
    Cells,
    /// Volume, `mL`.
    Volume,
}

/// Something that is calculated at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Calculation {
    /// Its name; shares the names of fields.
    pub name: Name,
    /// What it is, in words.
    pub title: String,
    /// How it is calculated.
    pub method: Method,
    /// Its inputs by the method's parameter names.
    pub inputs: Vec<(String, Vec<Reference>)>,
    /// Decimals of the result.
    pub decimals: u32,
    /// How the result is brought to its decimals.
    pub rounding: Rounding,
    /// Limits, and what breaking them means.
    pub limits: Limits,
    /// Where it stands.
    pub at: At,
}

/// A material whose lot is scanned at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaterialNeed {
    /// The material.
    pub material: MaterialCode,
    /// What it is, in words.
    pub title: String,
    /// Whether it must be there.
    pub required: bool,
    /// The value that says how much of it the step uses, of all its lots together.
    pub quantity: Option<Reference>,
    /// Where it stands.
    pub at: At,
}

/// A kind of equipment that is scanned at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EquipmentNeed {
    /// The kind, such as `incubator`.
    pub kind: String,
    /// What it is, in words.
    pub title: String,
    /// Where it stands.
    pub at: At,
}

/// What a step uses up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumption {
    /// The input, or the output of an earlier step.
    pub what: Name,
    /// How many containers; none: all there are.
    pub count: Option<u32>,
    /// Where it stands.
    pub at: At,
}

/// What a step makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Production {
    /// The output.
    pub output: Name,
    /// How many containers.
    pub count: Count,
    /// Volume in each, `mL`.
    pub volume: Option<Reference>,
    /// Viable cells in each, `10*6`.
    pub cells: Option<Reference>,
    /// Each is one of the containers of this input, unopened: it keeps what that holds.
    pub from: Option<Name>,
    /// Where it stands.
    pub at: At,
}

/// How many containers a step makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Fixed(u32),
    /// As many as a value says.
    Value(Reference),
    /// One for each dose unit of the order, with its cells and volume.
    DoseUnits,
}

/// What a step says about the suspension in process: its cells and volume are now so.
///
/// The difference to the book is posted to the accounts of gain and loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRule {
    /// Viable cells in process now.
    pub cells: Option<Reference>,
    /// Volume in process now.
    pub volume: Option<Reference>,
    /// Whether fewer cells than booked are left over on purpose rather than lost.
    pub remainder: bool,
    /// Where it stands.
    pub at: At,
}

/// A time between two steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Its name.
    pub name: Name,
    /// What it is, in words.
    pub title: String,
    /// It runs from when this step was performed last.
    pub from: Name,
    /// It stops when this step is performed first.
    pub to: Name,
    /// Not earlier than.
    pub min: Option<Span>,
    /// Not later than.
    pub max: Option<Span>,
    /// How long before its end it warns; none: by [`Timer::warns_before`].
    pub warn_before: Option<Span>,
    /// What being too early means.
    pub too_early: Breaking,
    /// What being too late means.
    pub too_late: Breaking,
    /// Where it stands.
    pub at: At,
}

impl Timer {
    /// The longest warning where none is stated.
    pub const WARNING_MAX: Span = Span::of_hours(24);

    /// How long before the latest time it warns: as stated, else a tenth of the longest time, at
    /// most [`Timer::WARNING_MAX`]. None without a longest time.
    pub fn warns_before(&self) -> Option<Span> {
        let tenth = Span::of_seconds(self.max?.seconds().checked_div(10)?);
        Some(self.warn_before.unwrap_or_else(|| tenth.min(Self::WARNING_MAX)))
    }
}

/// Where QA must sign before work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldPoint {
    /// Its name.
    pub name: Name,
    /// What QA assesses, in words.
    pub title: String,
    /// The step that waits for it.
    pub before: Name,
    /// Tests whose results must be in, reviewed and within their specification before QA signs.
    pub tests: Vec<Name>,
    /// Where it stands.
    pub at: At,
}

/// What an account of the book may hold at the most (ATMP-10). Beyond it a deviation is opened, and
/// the batch is not certified until that is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconcile {
    /// Its name.
    pub name: Name,
    /// What it is, in words.
    pub title: String,
    /// The account.
    pub account: Account,
    /// What is counted: cells, volume, containers or labels.
    pub unit: Unit,
    /// The step after which the book is looked at; none: after the last.
    pub step: Option<Name>,
    /// How much the account may hold.
    pub tolerance: Tolerance,
    /// What more than that means.
    pub breaking: Breaking,
    /// Where it stands.
    pub at: At,
}

/// How much an account may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// So much, in the unit of the rule.
    Most(Decimal),
    /// So many per cent of all that came in: from outside, grown, added, from stock.
    Percent(Decimal),
}

/// A test that the product must undergo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestPlan {
    /// Its name.
    pub name: Name,
    /// What it is, in words.
    pub title: String,
    /// Its stage, in words, such as `final product`.
    pub stage: String,
    /// The output (a sample) that is tested.
    pub sample: Name,
    /// What it must show. Says also whether its result may be pending at initial certification.
    pub specification: Specification,
    /// Where it stands.
    pub at: At,
}

/// What the simulation assumes about something. It binds no batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// What it is about.
    pub about: Subject,
    /// How long it takes: shortest, likely, longest.
    pub lasts: Option<[Span; 3]>,
    /// What a value is: lowest, likely, highest, in its unit.
    pub is: Option<[Decimal; 3]>,
    /// Another value it is like; with `is`, so many per cent of it.
    pub like: Option<Reference>,
    /// In how many of a hundred runs it ends badly: the batch is lost, or a choice is not accepted.
    pub fails: Option<Decimal>,
    /// Where it stands.
    pub at: At,
}

/// What an assumption is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// How long a step takes.
    Step(Name),
    /// How long the time between two steps is.
    Timer(Name),
    /// How long a test takes.
    Test(Name),
    /// What is entered or what comes from outside.
    Value(Reference),
}
