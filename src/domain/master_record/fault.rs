//! What is wrong with a master record or a protocol, and where.
//!
//! Architecture invariant: the kinds of fault are a closed set, each with one sentence for people;
//! the reference page lists them and the tests hold one file for each.

use super::model::At;
use crate::domain::language::Language;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The file is not TOML.
    NotToml,
    /// A key is not known at its place.
    UnknownField,
    /// A key that must be there is not.
    MissingField,
    /// A value has the wrong shape: a text where a number belongs, or the like.
    WrongType,
    /// A text is empty.
    EmptyText,
    /// A number is too large or too small for its place.
    OutOfRange,
    /// A name is not made of lower-case letters, digits and underscores.
    BadName,
    /// An identity is not made of capital letters, digits and hyphens.
    BadId,
    /// A length of time is not written as a number and a unit.
    BadSpan,
    /// A reference has none of the known forms.
    BadReference,
    /// A word is not of the closed set of its key.
    UnknownWord,
    /// A step has an operation that does not exist.
    UnknownOperation,
    /// A field has a type that does not exist.
    UnknownType,
    /// A unit is not known.
    UnknownUnit,
    /// A kind of container does not exist.
    UnknownContainer,
    /// A kind of equipment does not exist.
    UnknownEquipment,
    /// A calculation names a method that does not exist.
    UnknownCalculation,
    /// A criterion states no limit, or several.
    CriterionLimit,
    /// Two things of one kind have the same name.
    DuplicateName,
    /// A step has a name that references need for themselves.
    ReservedName,
    /// The record has no step.
    NoSteps,
    /// A step belongs to a unit procedure that is not there.
    UnknownUnitProcedure,
    /// A step is named that is not there.
    UnknownStep,
    /// Steps wait for one another in a circle.
    AfterCycle,
    /// A step can never be reached.
    UnreachableStep,
    /// A repetition can never be met.
    BadRepeat,
    /// A condition asks something that is no choice of an earlier step.
    BadCondition,
    /// An output is named that is not there or not made before.
    UnknownOutput,
    /// Something is needed that no earlier step makes and that is no input.
    NeverMade,
    /// Something is needed that is made only by a step that may be left out.
    MadeOnlySometimes,
    /// An input is used by no step.
    UnusedInput,
    /// A step uses up more containers than there are.
    CountMismatch,
    /// The number of donors cannot be met by what enters.
    DonorRule,
    /// A pool without a donation number of its own, or such a number without a pool.
    PoolIdentity,
    /// An order is referred to, but the batch is made for none.
    NoOrder,
    /// No output is the product of the record.
    ProductNotMade,
    /// The product is made only by steps that may be left out.
    ProductSkipped,
    /// A dose unit is to be one of the containers of an input, unopened, and cannot be.
    BadFrom,
    /// Cells are asked of something that holds none.
    CellsAsked,
    /// An output is neither the product, nor used up, stored or tested.
    OutputLeftOver,
    /// A sample is drawn that no test uses.
    SampleUntested,
    /// A step uses a material that the bill of materials lacks.
    MaterialNotListed,
    /// The bill of materials lists what no step uses.
    MaterialUnused,
    /// A step lacks what its operation needs.
    OperationIncomplete,
    /// A field is asked for each of something that was not used yet.
    UnknownEach,
    /// An accepted word is not among the choices.
    BadChoice,
    /// A value stands where another unit is needed.
    UnitMismatch,
    /// A value for each container stands where one value is needed.
    EachMismatch,
    /// A value is used before it is always known.
    ValueTooLate,
    /// A value is used that may be left out.
    ValueOptional,
    /// A value is named that is not there.
    UnknownValue,
    /// A value is used as a number that is none.
    NotANumber,
    /// A parameter is named that is not there.
    UnknownParameter,
    /// Contents are asked of something that is no input or output.
    UnknownInput,
    /// A calculation is given something it does not take.
    UnknownInputName,
    /// A calculation lacks something it needs.
    CalculationInputs,
    /// Something that is no number has limits.
    LimitWithoutNumber,
    /// Limits are reversed, or alert limits lie outside action limits.
    LimitReversed,
    /// An assumption of the simulation is about nothing, or out of order.
    BadAssumption,
    /// Nobody verifies a critical step.
    VerifierMissing,
    /// A step that must be verified may be left out.
    SignatureSkipped,
    /// Something enters before the line is cleared.
    LineClearanceMissing,
    /// The line clearance may be left out.
    ClearanceSkipped,
    /// The sample of a test is drawn by a step that may be left out.
    TestSkipped,
    /// Labels are checked or reconciled by a step that may be left out.
    LabellingSkipped,
    /// A timer runs between steps that may be done in either order.
    TimerOrder,
    /// A timer states no time.
    TimerEmpty,
    /// A timer warns of an end that it does not have, or before it begins.
    TimerWarning,
    /// A hold point waits for a test that is not there, or not begun before it.
    HoldPointTest,
    /// A step says something that its operation does not use.
    NotForOperation,
    /// A timer's shortest time is above its longest.
    TimerImpossible,
    /// A timer cannot be met together with the others.
    TimerUnmeetable,
    /// A timer ends at a step that may be left out.
    TimerSkipped,
    /// Something expires before the step that uses it may be done.
    ExpiresBeforeUse,
    /// Something keeps longer than what it is made of.
    ExpiryBeyondParent,
    /// The product is not tested at all.
    NoTests,
    /// A test has no sample.
    TestWithoutSample,
    /// A test has no criterion.
    TestWithoutCriterion,
    /// A result may be pending, but nothing says until when.
    PendingWithoutFollowUp,
    /// A result is needed before it can exist.
    TestTooSlow,
    /// Something is beyond the highest passage.
    PassageTooHigh,
    /// Something has a lower passage than what it is made of.
    PassageBackwards,
    /// Passages are stated, but no highest one.
    PassageWithoutMaximum,
    /// Nothing makes sure that an output is labelled.
    NeverLabelled,
    /// A step checks what it makes itself.
    CheckedTooEarly,
    /// Labels are printed but never reconciled.
    ReconciliationMissing,
    /// Labels may still be printed after they are reconciled.
    ReconciliationTooEarly,
    /// The account of cells and volume cannot be closed.
    BookUnbalanced,
    /// A reconciliation states no limit, several, or one that nothing can break or meet.
    ReconciliationLimit,
    /// A reconciliation is about an account that nothing is posted to by then.
    ReconciliationEmpty,
    /// A reconciliation is made at a step that may be left out.
    ReconciliationSkipped,
    /// A container is filled with more than it holds.
    OverCapacity,
    /// The dose of an order cannot be filled or given.
    DoseUndeliverable,
    /// A label kind does not exist, or is not of that container.
    LabelUnknown,
    /// A label shows what the record cannot give it.
    LabelLacks,
    /// A label prints words that are not given in its language.
    LabelLanguage,
    /// A label has no room for the words it prints.
    LabelTooLong,
    /// A master record of an input does not exist in that version.
    AcceptedRecordUnknown,
    /// A master record of an input makes something else.
    AcceptedRecordMismatch,
    /// A protocol asks for something else than the record takes in.
    ProtocolMismatch,
}

impl Kind {
    /// Every kind with its short stable name and what it means.
    pub const ALL: [(Self, &'static str, &'static str); 100] = [
        (Self::NotToml, "not_toml", "The file is not TOML."),
        (Self::UnknownField, "unknown_field", "A key is not known at its place."),
        (Self::MissingField, "missing_field", "A key that must be there is not."),
        (
            Self::WrongType,
            "wrong_type",
            "A value has the wrong shape: a text where a number belongs, or the like.",
        ),
        (Self::EmptyText, "empty_text", "A text is empty."),
        (Self::OutOfRange, "out_of_range", "A number is too large or too small for its place."),
        (
            Self::BadName,
            "bad_name",
            "A name is not made of lower-case letters, digits and underscores.",
        ),
        (Self::BadId, "bad_id", "An identity is not made of capital letters, digits and hyphens."),
        (Self::BadSpan, "bad_span", "A length of time is not written as a number and a unit."),
        (Self::BadReference, "bad_reference", "A reference has none of the known forms."),
        (Self::UnknownWord, "unknown_word", "A word is not of the closed set of its key."),
        (
            Self::UnknownOperation,
            "unknown_operation",
            "A step has an operation that does not exist.",
        ),
        (Self::UnknownType, "unknown_type", "A field has a type that does not exist."),
        (Self::UnknownUnit, "unknown_unit", "A unit is not known."),
        (Self::UnknownContainer, "unknown_container", "A kind of container does not exist."),
        (Self::UnknownEquipment, "unknown_equipment", "A kind of equipment does not exist."),
        (
            Self::UnknownCalculation,
            "unknown_calculation",
            "A calculation names a method that does not exist.",
        ),
        (Self::CriterionLimit, "criterion_limit", "A criterion states no limit, or several."),
        (Self::DuplicateName, "duplicate_name", "Two things of one kind have the same name."),
        (
            Self::ReservedName,
            "reserved_name",
            "A step has a name that references need for themselves.",
        ),
        (Self::NoSteps, "no_steps", "The record has no step."),
        (
            Self::UnknownUnitProcedure,
            "unknown_unit_procedure",
            "A step belongs to a unit procedure that is not there.",
        ),
        (Self::UnknownStep, "unknown_step", "A step is named that is not there."),
        (Self::AfterCycle, "after_cycle", "Steps wait for one another in a circle."),
        (Self::UnreachableStep, "unreachable_step", "A step can never be reached."),
        (Self::BadRepeat, "bad_repeat", "A repetition can never be met."),
        (
            Self::BadCondition,
            "bad_condition",
            "A condition asks something that is no choice of an earlier step.",
        ),
        (
            Self::UnknownOutput,
            "unknown_output",
            "An output is named that is not there or not made before.",
        ),
        (
            Self::NeverMade,
            "never_made",
            "Something is needed that no earlier step makes and that is no input.",
        ),
        (
            Self::MadeOnlySometimes,
            "made_only_sometimes",
            "Something is needed that is made only by a step that may be left out.",
        ),
        (Self::UnusedInput, "unused_input", "An input is used by no step."),
        (Self::CountMismatch, "count_mismatch", "A step uses up more containers than there are."),
        (Self::DonorRule, "donor_rule", "The number of donors cannot be met by what enters."),
        (
            Self::PoolIdentity,
            "pool_identity",
            "A pool without a donation number of its own, or such a number without a pool.",
        ),
        (Self::NoOrder, "no_order", "An order is referred to, but the batch is made for none."),
        (Self::ProductNotMade, "product_not_made", "No output is the product of the record."),
        (
            Self::ProductSkipped,
            "product_skipped",
            "The product is made only by steps that may be left out.",
        ),
        (
            Self::BadFrom,
            "bad_from",
            "A dose unit is to be one of the containers of an input, unopened, and cannot be.",
        ),
        (Self::CellsAsked, "cells_asked", "Cells are asked of something that holds none."),
        (
            Self::OutputLeftOver,
            "output_left_over",
            "An output is neither the product, nor used up, stored or tested.",
        ),
        (Self::SampleUntested, "sample_untested", "A sample is drawn that no test uses."),
        (
            Self::MaterialNotListed,
            "material_not_listed",
            "A step uses a material that the bill of materials lacks.",
        ),
        (Self::MaterialUnused, "material_unused", "The bill of materials lists what no step uses."),
        (
            Self::OperationIncomplete,
            "operation_incomplete",
            "A step lacks what its operation needs.",
        ),
        (
            Self::UnknownEach,
            "unknown_each",
            "A field is asked for each of something that was not used yet.",
        ),
        (Self::BadChoice, "bad_choice", "An accepted word is not among the choices."),
        (Self::UnitMismatch, "unit_mismatch", "A value stands where another unit is needed."),
        (
            Self::EachMismatch,
            "each_mismatch",
            "A value for each container stands where one value is needed.",
        ),
        (Self::ValueTooLate, "value_too_late", "A value is used before it is always known."),
        (Self::ValueOptional, "value_optional", "A value is used that may be left out."),
        (Self::UnknownValue, "unknown_value", "A value is named that is not there."),
        (Self::NotANumber, "not_a_number", "A value is used as a number that is none."),
        (Self::UnknownParameter, "unknown_parameter", "A parameter is named that is not there."),
        (
            Self::UnknownInput,
            "unknown_input",
            "Contents are asked of something that is no input or output.",
        ),
        (
            Self::UnknownInputName,
            "unknown_input_name",
            "A calculation is given something it does not take.",
        ),
        (Self::CalculationInputs, "calculation_inputs", "A calculation lacks something it needs."),
        (
            Self::LimitWithoutNumber,
            "limit_without_number",
            "Something that is no number has limits.",
        ),
        (
            Self::LimitReversed,
            "limit_reversed",
            "Limits are reversed, or alert limits lie outside action limits.",
        ),
        (
            Self::BadAssumption,
            "bad_assumption",
            "An assumption of the simulation is about nothing, or out of order.",
        ),
        (Self::VerifierMissing, "verifier_missing", "Nobody verifies a critical step."),
        (
            Self::SignatureSkipped,
            "signature_skipped",
            "A step that must be verified may be left out.",
        ),
        (
            Self::LineClearanceMissing,
            "line_clearance_missing",
            "Something enters before the line is cleared.",
        ),
        (Self::ClearanceSkipped, "clearance_skipped", "The line clearance may be left out."),
        (
            Self::TestSkipped,
            "test_skipped",
            "The sample of a test is drawn by a step that may be left out.",
        ),
        (
            Self::LabellingSkipped,
            "labelling_skipped",
            "Labels are checked or reconciled by a step that may be left out.",
        ),
        (
            Self::TimerOrder,
            "timer_order",
            "A timer runs between steps that may be done in either order.",
        ),
        (Self::TimerEmpty, "timer_empty", "A timer states no time."),
        (
            Self::TimerWarning,
            "timer_warning",
            "A timer warns of an end that it does not have, or before it begins.",
        ),
        (
            Self::HoldPointTest,
            "hold_point_test",
            "A hold point waits for a test that is not there, or not begun before it.",
        ),
        (
            Self::NotForOperation,
            "not_for_operation",
            "A step says something that its operation does not use.",
        ),
        (
            Self::TimerImpossible,
            "timer_impossible",
            "A timer's shortest time is above its longest.",
        ),
        (
            Self::TimerUnmeetable,
            "timer_unmeetable",
            "A timer cannot be met together with the others.",
        ),
        (Self::TimerSkipped, "timer_skipped", "A timer ends at a step that may be left out."),
        (
            Self::ExpiresBeforeUse,
            "expires_before_use",
            "Something expires before the step that uses it may be done.",
        ),
        (
            Self::ExpiryBeyondParent,
            "expiry_beyond_parent",
            "Something keeps longer than what it is made of.",
        ),
        (Self::NoTests, "no_tests", "The product is not tested at all."),
        (Self::TestWithoutSample, "test_without_sample", "A test has no sample."),
        (Self::TestWithoutCriterion, "test_without_criterion", "A test has no criterion."),
        (
            Self::PendingWithoutFollowUp,
            "pending_without_follow_up",
            "A result may be pending, but nothing says until when.",
        ),
        (Self::TestTooSlow, "test_too_slow", "A result is needed before it can exist."),
        (Self::PassageTooHigh, "passage_too_high", "Something is beyond the highest passage."),
        (
            Self::PassageBackwards,
            "passage_backwards",
            "Something has a lower passage than what it is made of.",
        ),
        (
            Self::PassageWithoutMaximum,
            "passage_without_maximum",
            "Passages are stated, but no highest one.",
        ),
        (Self::NeverLabelled, "never_labelled", "Nothing makes sure that an output is labelled."),
        (Self::CheckedTooEarly, "too_early", "A step checks what it makes itself."),
        (
            Self::ReconciliationMissing,
            "reconciliation_missing",
            "Labels are printed but never reconciled.",
        ),
        (
            Self::ReconciliationTooEarly,
            "reconciliation_too_early",
            "Labels may still be printed after they are reconciled.",
        ),
        (
            Self::BookUnbalanced,
            "book_unbalanced",
            "The account of cells and volume cannot be closed.",
        ),
        (
            Self::ReconciliationLimit,
            "reconciliation_limit",
            "A reconciliation states no limit, several, or one that nothing can break or meet.",
        ),
        (
            Self::ReconciliationEmpty,
            "reconciliation_empty",
            "A reconciliation is about an account that nothing is posted to by then.",
        ),
        (
            Self::ReconciliationSkipped,
            "reconciliation_skipped",
            "A reconciliation is made at a step that may be left out.",
        ),
        (Self::OverCapacity, "over_capacity", "A container is filled with more than it holds."),
        (
            Self::DoseUndeliverable,
            "dose_undeliverable",
            "The dose of an order cannot be filled or given.",
        ),
        (
            Self::LabelUnknown,
            "label_unknown",
            "A label kind does not exist, or is not of that container.",
        ),
        (Self::LabelLacks, "label_lacks", "A label shows what the record cannot give it."),
        (
            Self::LabelLanguage,
            "label_language",
            "A label prints words that are not given in the language of the site's labels.",
        ),
        (Self::LabelTooLong, "label_too_long", "A label has no room for the words it prints."),
        (
            Self::AcceptedRecordUnknown,
            "accepted_record_unknown",
            "A master record of an input does not exist in that version.",
        ),
        (
            Self::AcceptedRecordMismatch,
            "accepted_record_mismatch",
            "A master record of an input makes something else.",
        ),
        (
            Self::ProtocolMismatch,
            "protocol_mismatch",
            "A protocol asks for something else than the record takes in.",
        ),
    ];

    /// The short stable name, such as `unknown_field`.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, code, _)| code)
    }

    /// What it means, in one sentence.
    pub fn meaning(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., meaning)| meaning)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// One fault of a file: where it stands, what is wrong, what would be right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The kind of fault.
    #[serde(rename = "code")]
    pub kind: Kind,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, kind, message, remedy } = self;
        write!(f, "{line}:{column}: {message}; {remedy} [{}]", kind.code())
    }
}

/// The faults of a file, never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file has {} fault(s); the first: {}", .0.len(), first(.0))]
pub struct Faults(pub Vec<Fault>);

fn first(faults: &[Fault]) -> String {
    faults.first().map(ToString::to_string).unwrap_or_default()
}

/// A key of a table of a file, where what is found outside of a reader is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The header of the table as it is written, such as `[trial]` or `[[output]]`.
    pub header: &'static str,
    /// Which of the tables of that header, from 0.
    pub nth: usize,
    /// The key.
    pub key: &'static str,
}

impl Spot {
    /// A fault at the value of the key in a text.
    #[must_use]
    pub fn fault(self, text: &str, kind: Kind, message: String, remedy: &str) -> Fault {
        let sink = Sink::new(text);
        let (line, column) =
            place(text, sink.value_at(sink.table_at(self.header, self.nth), self.key));
        Fault { line, column, kind, message, remedy: remedy.to_owned() }
    }
}

/// Collects faults while a file is read or checked.
pub(in crate::domain) struct Sink<'a> {
    text: &'a str,
    faults: std::cell::RefCell<Vec<Fault>>,
    asked: std::cell::RefCell<Keys>,
    language: std::cell::Cell<Language>,
}

/// The keys that the reader asks for, by kind of table.
pub(in crate::domain) type Keys = BTreeMap<String, BTreeSet<&'static str>>;

impl<'a> Sink<'a> {
    pub(in crate::domain) fn new(text: &'a str) -> Self {
        let (faults, asked, language) = Default::default();
        Self { text, faults, asked, language }
    }

    pub(in crate::domain) fn report(
        &self,
        at: At,
        kind: Kind,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (line, column) = place(self.text, at);
        self.faults.borrow_mut().push(Fault {
            line,
            column,
            kind,
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// Where the value of `key` stands in the table at `at`; the table itself if it has no such
    /// key. Parts of a record keep only the place of their table, so the line is looked up here.
    pub(in crate::domain) fn value_at(&self, at: At, key: &str) -> At {
        let start = if at.0 == 0 { 0 } else { self.text.get(..at.0).map_or(0, line_start) };
        let mut offset = start;
        for line in self.text.get(start..).unwrap_or("").split_inclusive('\n') {
            let trimmed = line.trim_start();
            if trimmed.starts_with('[') && offset > at.0 {
                break;
            }
            if let Some(value) = value_of(trimmed, key) {
                return At(offset.saturating_add(line.len().saturating_sub(value.len())));
            }
            offset = offset.saturating_add(line.len());
        }
        at
    }

    /// Where `word` stands in the value of `key`; the value itself if it does not stand there.
    pub(in crate::domain) fn word_at(&self, at: At, key: &str, word: &str) -> At {
        let value = self.value_at(at, key);
        let rest = self.text.get(value.0..).unwrap_or("");
        let end = rest.find("\n\n").unwrap_or(rest.len());
        let quoted = format!("\"{word}\"");
        match rest.get(..end).and_then(|rest| rest.find(&quoted)) {
            Some(found) => At(value.0.saturating_add(found)),
            None => value,
        }
    }

    /// Notes which keys the reader knows in a kind of table.
    pub(in crate::domain) fn learn(&self, what: &str, keys: &BTreeSet<&'static str>) {
        self.asked.borrow_mut().entry(what.to_owned()).or_default().extend(keys);
    }

    /// Notes the language of the texts of the file; English until it is told.
    pub(in crate::domain) fn speaks(&self, language: Language) {
        self.language.set(language);
    }

    /// The language of the texts of the file.
    pub(in crate::domain) fn spoken(&self) -> Language {
        self.language.get()
    }

    /// Where the table that is the `nth` of its header stands, counted from 0; the top of the file
    /// if there is none.
    pub(in crate::domain) fn table_at(&self, header: &str, nth: usize) -> At {
        let begins_line =
            |at: &usize| *at == 0 || self.text.get(..*at).is_some_and(|text| text.ends_with('\n'));
        let mut tables = self.text.match_indices(header).map(|(at, _)| at).filter(begins_line);
        At(tables.nth(nth).unwrap_or(0))
    }

    /// What the reader asked for, in every kind of table that it met.
    pub(in crate::domain) fn into_keys(self) -> Keys {
        self.asked.into_inner()
    }

    /// The faults in the order of the file.
    pub(in crate::domain) fn into_faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        faults.sort();
        faults.dedup();
        faults
    }
}

/// What stands behind `key =`, if the line begins so.
fn value_of<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    line.strip_prefix(key)?.trim_start().strip_prefix('=').map(str::trim_start)
}

fn line_start(before: &str) -> usize {
    before.rfind('\n').map_or(0, |at| at.saturating_add(1))
}

/// Line and column, from 1, of a byte offset.
fn place(text: &str, at: At) -> (usize, usize) {
    let mut end = at.0.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let before = text.get(..end).unwrap_or("");
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or("").chars().count().saturating_add(1);
    (line, column)
}
