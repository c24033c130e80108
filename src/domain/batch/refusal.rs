//! Why something is refused to who works on a batch.

use super::correction_refusal::CorrectionRefusal;
use crate::domain::container::LabelCount;
use crate::domain::{Refusal as Refuses, RefusalKind, Refused};

/// Labels in words, at most ten of them.
fn listed(labels: &[LabelCount]) -> String {
    let words: Vec<String> = labels.iter().take(10).map(LabelCount::words).collect();
    match labels.len().saturating_sub(words.len()) {
        0 => words.join("; "),
        more => format!("{}; and {more} more", words.join("; ")),
    }
}

/// Why a command to a batch was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is completed or given up.
    #[error("batch {batch} is {state}; no step can be performed any more")]
    NotInProcess {
        /// The batch.
        batch: String,
        /// Its state.
        state: &'static str,
    },
    /// It, or something it came from, is held or rejected.
    #[error(
        "batch {batch} is {standing}{cause}; work stops until QA has decided. Leave everything as \
         it is and call QA"
    )]
    OnHold {
        /// The batch.
        batch: String,
        /// Its effective disposition.
        standing: &'static str,
        /// What it comes from, in words.
        cause: String,
    },
    /// The master record does not know the step.
    #[error("there is no step '{step}' in {record}; choose a step of the procedure")]
    UnknownStep {
        /// The step.
        step: String,
        /// The master record.
        record: String,
    },
    /// Another step comes first.
    #[error(
        "'{step}' cannot be done yet: '{waiting_for}' comes first (ATMP-5). Do that step, or \
         have it verified"
    )]
    StepOutOfOrder {
        /// The step.
        step: String,
        /// What it waits for.
        waiting_for: String,
    },
    /// It was done as often as it may be, or the procedure went on.
    #[error(
        "'{step}' is done and signed; a signed step is never done again. Go on to the next step"
    )]
    StepAlreadyDone {
        /// The step.
        step: String,
    },
    /// A step that follows it is done, so that it cannot be done or entered any more.
    #[error(
        "'{later}' follows '{step}' and is done and signed; nothing is entered before it any more \
         (ATMP-3). If '{step}' was done in time and not recorded, open a deviation that says when, \
         by whom and with what; QA decides"
    )]
    StepPassed {
        /// The step.
        step: String,
        /// The step that follows it.
        later: String,
    },
    /// The choice made at an earlier step leaves it out.
    #[error(
        "'{step}' is left out in this batch, because of a choice made before it. Go on to the next \
         step; if the choice was wrong, open a deviation"
    )]
    StepLeftOut {
        /// The step.
        step: String,
    },
    /// QA has to sign first.
    #[error("'{step}' waits for QA: {hold_point}. Call QA to sign the hold point")]
    HoldPointOpen {
        /// The step.
        step: String,
        /// What QA assesses.
        hold_point: String,
    },
    /// A critical deviation is undecided.
    #[error(
        "deviation {deviation} is critical and undecided; no step goes on before QA has decided it"
    )]
    DeviationOpen {
        /// The deviation.
        deviation: String,
    },
    /// Who asks has not acknowledged the version of the master record.
    #[error(
        "{login} has not acknowledged {record}, by which this batch is made (ATMP-6). Read it under \
         Master records and sign that you did; then come back"
    )]
    NotAcknowledged {
        /// The person.
        login: String,
        /// The version of the master record.
        record: String,
    },
    /// The station does not stand in the room of the step.
    #[error(
        "'{step}' is done in {room}; this station is {here} (ATMP-6). Go to a station of that room, \
         or have QA name this one in the site file"
    )]
    WrongRoom {
        /// The step.
        step: String,
        /// Its room.
        room: String,
        /// Where the station stands.
        here: String,
    },
    /// Something foreign is on the line.
    #[error(
        "'{step}' cannot be signed: {items} does not belong here (ATMP-7). Take it away, and record \
         on this page where it went"
    )]
    LineNotClear {
        /// The step.
        step: String,
        /// What is there.
        items: String,
    },
    /// No line clearance is open at this step.
    #[error("'{step}' is no open line clearance. Look a code up with the scan field of the head")]
    NotClearing {
        /// The step.
        step: String,
    },
    /// Where something was taken is missing.
    #[error("where {item} was taken is missing. Write it down, so that it can be found there")]
    WhereTo {
        /// The code.
        item: String,
    },
    /// A value is missing.
    #[error("'{field}' is missing{of}; enter it")]
    ValueMissing {
        /// The field's title.
        field: String,
        /// The container it is asked for.
        of: String,
    },
    /// A value has the wrong shape.
    #[error("'{field}': '{given}' is not right; {expected}")]
    ValueMalformed {
        /// The field's title.
        field: String,
        /// What was given.
        given: String,
        /// What is expected.
        expected: String,
    },
    /// A value was given that nobody asked for.
    #[error("'{step}' has no field '{field}'; remove it")]
    UnknownField {
        /// The step.
        step: String,
        /// The field.
        field: String,
    },
    /// A statement was not confirmed.
    #[error("'{statement}' was not confirmed. Put it right first, then confirm and sign")]
    NotConfirmed {
        /// The statement.
        statement: String,
    },
    /// A value is outside a limit that must hold.
    #[error("'{field}' is {given}; the limit is {limit}. Check the entry")]
    OutsideLimit {
        /// The field's title.
        field: String,
        /// The value.
        given: String,
        /// The limit.
        limit: String,
    },
    /// A calculation has no result.
    #[error("'{title}' cannot be calculated: {because}")]
    NotCalculable {
        /// The calculation's title.
        title: String,
        /// Why.
        because: String,
    },
    /// Not enough time has passed.
    #[error(
        "too early: {timer} must last at least {min}; it has lasted {lasted}. \
         Not before {earliest}"
    )]
    TooEarly {
        /// The timer's title.
        timer: String,
        /// The minimum.
        min: String,
        /// How long it has lasted.
        lasted: String,
        /// The earliest time.
        earliest: String,
    },
    /// Too much time has passed, and the master record lets nothing follow.
    #[error("too late: {timer} may last at most {max}; it has lasted {lasted}. Call QA")]
    TooLate {
        /// The timer's title.
        timer: String,
        /// The maximum.
        max: String,
        /// How long it has lasted.
        lasted: String,
    },
    /// A material of the step was not scanned.
    #[error("no lot of {material} was scanned; scan the label of the lot you use")]
    MaterialMissing {
        /// The material's title.
        material: String,
    },
    /// A lot that the step does not use was scanned.
    #[error("{lot} is not used at '{step}' (ATMP-7). Put it away")]
    MaterialForeign {
        /// The lot.
        lot: String,
        /// The step.
        step: String,
    },
    /// A kind of equipment was not scanned.
    #[error("no {equipment} was scanned; scan the asset label of the one you use")]
    EquipmentMissing {
        /// The equipment's title.
        equipment: String,
    },
    /// Equipment of another kind was scanned.
    #[error("{asset} is a {kind}, which '{step}' does not use. Scan the right one")]
    EquipmentForeign {
        /// The asset.
        asset: String,
        /// Its kind.
        kind: String,
        /// The step.
        step: String,
    },
    /// A container, a lot or equipment may not be used; the rule of the thing itself says why.
    #[error("{0}")]
    Unusable(Refused),
    /// Nothing is known of a code.
    #[error("nothing is known of {code}. Check the label and scan again")]
    Unknown {
        /// The code.
        code: String,
    },
    /// A container that the step does not use was scanned.
    #[error("{container} ({what}) is not used at '{step}' (ATMP-7). Put it back")]
    ContainerForeign {
        /// The container.
        container: String,
        /// What it is.
        what: String,
        /// The step.
        step: String,
    },
    /// The same container was scanned twice.
    #[error("{container} was scanned already; each container counts once")]
    ContainerTwice {
        /// The container.
        container: String,
    },
    /// Too few or too many containers were scanned.
    #[error("{what}: {needed} needed, {given} scanned. {advice}")]
    ContainerCount {
        /// What they are.
        what: String,
        /// How many are needed.
        needed: u32,
        /// How many were scanned.
        given: u32,
        /// What to do.
        advice: String,
    },
    /// One donor is in the pool twice.
    #[error(
        "{container} comes from donor {donor}, who is in this pool already with {other} \
         (ATMP-25). A pool takes different donors; put it back and take another donor's lot"
    )]
    DonorRepeated {
        /// The container.
        container: String,
        /// The donor.
        donor: String,
        /// The other container.
        other: String,
    },
    /// One donor too many.
    #[error(
        "{container} of donor {donor} would be donor number {number}; no more than {allowed} may \
         enter this batch (ATMP-25). Put it back"
    )]
    DonorTooMany {
        /// The container.
        container: String,
        /// The donor.
        donor: String,
        /// Its number.
        number: u32,
        /// How many donors may enter.
        allowed: u32,
    },
    /// What was thawed before does not leave unopened.
    #[error(
        "{container} was thawed before and may not leave as it is. Put it aside for QA, reserve \
         another one for the order and scan that"
    )]
    ThawedBefore {
        /// The container.
        container: String,
    },
    /// No unopened container holds what a dose unit needs.
    #[error(
        "No container that was scanned holds {volume}, which {unit} needs. Put one of them back, \
         reserve one of {volume} for the order and scan it"
    )]
    NoUnopened {
        /// The site of the dose unit.
        unit: String,
        /// The volume it needs.
        volume: String,
    },
    /// The passage is not the one asked for, or beyond the maximum.
    #[error("{container} is at passage {passage}; {wanted}. It may not be used here")]
    WrongPassage {
        /// The container.
        container: String,
        /// Its passage, in words.
        passage: String,
        /// What is wanted.
        wanted: String,
    },
    /// It is too old.
    #[error("{container} is {age} old; {max} is the limit. Call QA")]
    TooOld {
        /// The container.
        container: String,
        /// Its age.
        age: String,
        /// The limit.
        max: String,
    },
    /// It is not reserved for the order of the batch.
    #[error("{container} is not reserved for order {order}. Take the vial of the pick list")]
    NotReserved {
        /// The container.
        container: String,
        /// The order.
        order: String,
    },
    /// It was made under a version that is not accepted.
    #[error("{container} was made under {made_under}; {record} accepts {accepted}. Call QA")]
    RecordNotAccepted {
        /// The container.
        container: String,
        /// What it was made under.
        made_under: String,
        /// The master record of the batch.
        record: String,
        /// What is accepted.
        accepted: String,
    },
    /// More would be taken out than there is.
    #[error("the balance does not close: {because}. Check counts and volumes")]
    Balance {
        /// What is wrong.
        because: String,
    },
    /// The book is beyond a limit that refuses.
    #[error(
        "{title}: {words}. The master record lets nobody go on with that difference (ATMP-10). \
         Count again and correct the entry"
    )]
    Unreconciled {
        /// The reconciliation's title.
        title: String,
        /// What was found and what is allowed.
        words: String,
    },
    /// A number of containers is not possible.
    #[error("'{output}': {given} containers cannot be made. {advice}")]
    Containers {
        /// The output's title.
        output: String,
        /// How many were asked for.
        given: String,
        /// What to do.
        advice: String,
    },
    /// A container carries no label, or the label was not read back.
    #[error(
        "{container} ({what}): its label is not {missing} (ATMP-19). Print it, apply it, and scan \
         it back on the container"
    )]
    LabelMissing {
        /// The container.
        container: String,
        /// What it is.
        what: String,
        /// What is missing.
        missing: &'static str,
    },
    /// Labels are unaccounted for.
    #[error(
        "labels do not reconcile (ATMP-18); not accounted for: {}. Look for them, and say of each \
         whether it is on its container, destroyed or kept; what cannot be found QA reports lost",
        listed(missing)
    )]
    LabelsUnreconciled {
        /// The labels nobody accounts for.
        missing: Vec<LabelCount>,
    },
    /// A container is not in its storage position.
    #[error("{container} is not in a storage position yet. Scan it and its position")]
    NotStored {
        /// The container.
        container: String,
    },
    /// The time of performance lies in the future or before what it follows.
    #[error("'performed at' {given} cannot be: {because}. Check date and time")]
    ImpossibleTime {
        /// What was given.
        given: String,
        /// Why not.
        because: String,
    },
    /// A late entry has no reason.
    #[error("this step was performed at {performed}; say why it is entered only now (ATMP-3)")]
    LateWithoutReason {
        /// When it was performed.
        performed: String,
    },
    /// The verifier performed the step.
    #[error(
        "{login} performed this step and cannot verify it: performer and verifier are two people \
         (ATMP-4). Ask another trained person"
    )]
    VerifierIsPerformer {
        /// The person.
        login: String,
    },
    /// There is nothing to verify.
    #[error("'{step}' waits for no verification; it was not performed, needs none, or has it")]
    NothingToVerify {
        /// The step.
        step: String,
    },
    /// The hold point is unknown or signed.
    #[error("hold point '{hold_point}' is {state}. Open the batch to see what waits")]
    HoldPoint {
        /// The hold point.
        hold_point: String,
        /// How it stands.
        state: &'static str,
    },
    /// A result that the hold point waits for is not in, or out of specification and not judged.
    #[error(
        "'{hold_point}' waits for results: {tests}. Each must be reviewed and within its \
         specification, or its deviation decided; then sign"
    )]
    HoldPointWaits {
        /// What QA assesses.
        hold_point: String,
        /// What is missing.
        tests: String,
    },
    /// The signature is by another person, with another meaning, or over something else.
    #[error("the signature is not {expected}. Open the step again and sign it yourself")]
    WrongSignature {
        /// What it should be.
        expected: &'static str,
    },
    /// The batch is started without what its master record needs.
    #[error("{record} cannot be started so: {because}")]
    StartIncomplete {
        /// The master record.
        record: String,
        /// What is missing or too much.
        because: String,
    },
    /// Of a correction of a signed value.
    #[error("{0}")]
    Correction(#[from] CorrectionRefusal),
    /// Something that is open has no decision.
    #[error(
        "this is still open: {items}. Nothing of a batch stays open silently (ATMP-39): decide \
         what becomes of each"
    )]
    Undecided {
        /// What is not decided.
        items: String,
    },
    /// A decision was given for something that is not open.
    #[error("{key} is not open any more. Open the page again: something has happened meanwhile")]
    NothingOpen {
        /// Its name.
        key: String,
    },
    /// A decision is not possible for its thing.
    #[error("{what} cannot be '{words}'. Choose one of the decisions that are offered")]
    NotSettledSo {
        /// What it is.
        what: String,
        /// The decision.
        words: &'static str,
    },
    /// Two decisions do not fit together.
    #[error("the decision about {what} cannot be: {because}. Change one of the two")]
    SettlementsContradict {
        /// What it is.
        what: String,
        /// Why not.
        because: &'static str,
    },
    /// Rejected while in process.
    #[error(
        "batch {batch} is still in process and is not up for certification. Give it up instead"
    )]
    RejectedTooEarly {
        /// The batch.
        batch: String,
    },
    /// Something is destroyed without a witness.
    #[error("what is destroyed is seen by a second person, who signs too. Ask one to sign below")]
    WitnessMissing,
    /// The witness decided.
    #[error("{login} decides and cannot be the witness as well. Ask another person")]
    WitnessIsSigner {
        /// The person.
        login: String,
    },
    /// A reason is missing.
    #[error("say why; the reason becomes part of the record")]
    ReasonMissing,
    /// Identities were not allocated.
    #[error("no free {0} could be allocated; try again")]
    NothingAllocated(&'static str),
}

impl Refuses for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotInProcess { .. } => "batch_not_in_process",
            Self::OnHold { .. } => "batch_on_hold ATMP-26",
            Self::UnknownStep { .. } => "unknown_step",
            Self::StepOutOfOrder { .. } => "step_out_of_order ATMP-5",
            Self::StepAlreadyDone { .. } => "step_already_done",
            Self::StepPassed { .. } => "step_passed ATMP-3",
            Self::StepLeftOut { .. } => "step_left_out",
            Self::HoldPointOpen { .. } => "hold_point_open",
            Self::DeviationOpen { .. } => "critical_deviation_open ATMP-6",
            Self::NotAcknowledged { .. } => "record_not_acknowledged ATMP-6",
            Self::WrongRoom { .. } => "wrong_room ATMP-6",
            Self::LineNotClear { .. } => "line_not_clear ATMP-7",
            Self::NotClearing { .. } => "no_line_clearance_open ATMP-7",
            Self::WhereTo { .. } => "place_missing ATMP-7",
            Self::ValueMissing { .. } => "value_missing ATMP-2",
            Self::ValueMalformed { .. } => "value_malformed",
            Self::UnknownField { .. } => "unknown_field",
            Self::NotConfirmed { .. } => "statement_not_confirmed ATMP-7",
            Self::OutsideLimit { .. } => "outside_limit",
            Self::NotCalculable { .. } => "not_calculable",
            Self::TooEarly { .. } => "too_early",
            Self::TooLate { .. } => "too_late",
            Self::MaterialMissing { .. } => "material_missing ATMP-13",
            Self::MaterialForeign { .. } => "material_foreign ATMP-7",
            Self::EquipmentMissing { .. } => "equipment_missing ATMP-2",
            Self::EquipmentForeign { .. } => "equipment_foreign ATMP-6",
            Self::Unusable(_) => "unusable ATMP-6",
            Self::Unknown { .. } => "unknown_code",
            Self::ContainerForeign { .. } => "container_foreign ATMP-7",
            Self::ContainerTwice { .. } => "container_twice",
            Self::ContainerCount { .. } => "container_count",
            Self::DonorRepeated { .. } => "donor_repeated ATMP-25",
            Self::DonorTooMany { .. } => "donor_too_many ATMP-25",
            Self::ThawedBefore { .. } => "thawed_before ATMP-39",
            Self::NoUnopened { .. } => "no_unopened",
            Self::WrongPassage { .. } => "wrong_passage ATMP-25",
            Self::TooOld { .. } => "too_old",
            Self::NotReserved { .. } => "not_reserved ATMP-21",
            Self::RecordNotAccepted { .. } => "record_not_accepted",
            Self::Balance { .. } => "balance ATMP-10",
            Self::Unreconciled { .. } => "unreconciled ATMP-10",
            Self::Containers { .. } => "containers",
            Self::LabelMissing { .. } => "label_missing ATMP-19",
            Self::LabelsUnreconciled { .. } => "labels_unreconciled ATMP-18",
            Self::NotStored { .. } => "not_stored",
            Self::ImpossibleTime { .. } => "impossible_time ATMP-3",
            Self::LateWithoutReason { .. } => "late_without_reason ATMP-3",
            Self::VerifierIsPerformer { .. } => "verifier_is_performer ATMP-4",
            Self::NothingToVerify { .. } => "nothing_to_verify",
            Self::HoldPoint { .. } => "hold_point",
            Self::HoldPointWaits { .. } => "hold_point_waits_for_results ATMP-38",
            Self::WrongSignature { .. } => "wrong_signature 21 CFR 11.70",
            Self::StartIncomplete { .. } => "start_incomplete ATMP-1",
            Self::Correction(refusal) => refusal.rule(),
            Self::Undecided { .. } => "everything_open_is_decided ATMP-39",
            Self::NothingOpen { .. } | Self::NotSettledSo { .. } => "decision_not_possible ATMP-39",
            Self::SettlementsContradict { .. } => "decisions_contradict ATMP-39",
            Self::RejectedTooEarly { .. } => "batch_in_process",
            Self::WitnessMissing => "witness_missing ATMP-39",
            Self::WitnessIsSigner { .. } => "witness_is_signer ATMP-4",
            Self::ReasonMissing => "reason_missing",
            Self::NothingAllocated(_) => "nothing_allocated",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::UnknownStep { .. } | Self::Unknown { .. } => RefusalKind::NotFound,
            Self::Unusable(refused) => refused.kind,
            Self::Correction(refusal) => refusal.kind(),
            Self::VerifierIsPerformer { .. }
            | Self::WitnessIsSigner { .. }
            | Self::NotAcknowledged { .. } => RefusalKind::Forbidden,
            Self::ValueMissing { .. }
            | Self::ValueMalformed { .. }
            | Self::UnknownField { .. }
            | Self::OutsideLimit { .. }
            | Self::NotCalculable { .. }
            | Self::ImpossibleTime { .. }
            | Self::LateWithoutReason { .. }
            | Self::StartIncomplete { .. }
            | Self::Undecided { .. }
            | Self::WhereTo { .. }
            | Self::NotSettledSo { .. }
            | Self::SettlementsContradict { .. }
            | Self::WitnessMissing
            | Self::ReasonMissing => RefusalKind::Invalid,
            _ => RefusalKind::Conflict,
        }
    }
}
