//! Why something is refused to a container's keeper.

use crate::domain::disposition::Disposition;
use crate::domain::quantity::QuantityError;
use crate::domain::time::{Instant, Span, Zone};
use crate::domain::{Refusal as Refuses, RefusalKind};

/// A time as a refusal says it: with the offset, so that it cannot be misread at any site.
fn when(at: &Instant) -> String {
    at.full_text(Zone::LJUBLJANA)
}

/// Why a command to a container was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not exist any more.
    #[error(
        "{code} was {fate} by {by} on {}; nothing more can be done with it. Scan another container",
        when(at)
    )]
    Spent {
        /// The container.
        code: String,
        /// What became of it, in words.
        fate: String,
        /// Who did it.
        by: String,
        /// When.
        at: Instant,
    },
    /// It was thawed before.
    #[error(
        "{code} was already thawed for {purpose} by {by} on {}. It cannot be thawed twice; \
         take another vial",
        when(at)
    )]
    AlreadyThawed {
        /// The container.
        code: String,
        /// For which batch or order.
        purpose: String,
        /// Who thawed it.
        by: String,
        /// When.
        at: Instant,
    },
    /// A thawed container would be frozen again.
    #[error(
        "{code} was thawed by {by} on {} and may not go back into frozen storage: this master \
         record does not allow refreezing (ATMP-39). Use it or destroy it",
        when(at)
    )]
    Refreeze {
        /// The container.
        code: String,
        /// Who thawed it.
        by: String,
        /// When.
        at: Instant,
    },
    /// The position is not defined.
    #[error("there is no storage position {location}. Scan the label of a position")]
    NoSuchPosition {
        /// What was asked for.
        location: String,
    },
    /// The position, or a place that it is in, is out of service.
    #[error("{location} is out of service: {because}. Choose another position")]
    PositionOutOfService {
        /// The place out of service.
        location: String,
        /// Why it is.
        because: String,
    },
    /// Another container is there.
    #[error(
        "{location} holds {occupant} already; one position holds one container. Choose a free one"
    )]
    PositionOccupied {
        /// The position.
        location: String,
        /// Who is there.
        occupant: String,
    },
    /// It is in this or another position already.
    #[error("{code} is in {location}. Take it out there before it is put anywhere")]
    InStorage {
        /// The container.
        code: String,
        /// Where it is.
        location: String,
    },
    /// It is not in storage, so it cannot be taken.
    #[error("{code} is not in storage: {held} since {}. Look for it there", when(since))]
    NotInStorage {
        /// The container.
        code: String,
        /// Who holds it, in words.
        held: String,
        /// Since when.
        since: Instant,
    },
    /// It is somewhere else.
    #[error("{code} is in {actual}, not in {asked}. Put what you hold back and go to {actual}")]
    NotThere {
        /// The container.
        code: String,
        /// Where it was looked for.
        asked: String,
        /// Where it is.
        actual: String,
    },
    /// It is between two persons.
    #[error(
        "{code} was handed over by {from} to {to} on {}. {to} has to receive it first",
        when(since)
    )]
    InTransfer {
        /// The container.
        code: String,
        /// Who gave it.
        from: String,
        /// Who is to take it.
        to: String,
        /// Since when.
        since: Instant,
    },
    /// Another person holds it.
    #[error("{code} is held by {holder}, not by {asked}. {holder} has to hand it over")]
    HeldByAnother {
        /// The container.
        code: String,
        /// Who holds it.
        holder: String,
        /// Who wanted to act.
        asked: String,
    },
    /// Its effective disposition is stricter than what is accepted.
    #[error(
        "{code} is {}{}; for this use it must be {}. Put it back and ask QA",
        standing.word(),
        cause.as_ref().map(|cause| format!(" because {cause} is")).unwrap_or_default(),
        accepts.word()
    )]
    NotReleased {
        /// The container.
        code: String,
        /// Its effective disposition.
        standing: Disposition,
        /// The ancestor the disposition comes from, if not itself.
        cause: Option<String>,
        /// The strictest that would be accepted.
        accepts: Disposition,
    },
    /// Its contents are expired.
    #[error("{code} expired on {}; it may not be used. Put it aside for destruction", when(at))]
    Expired {
        /// The container.
        code: String,
        /// When it expired.
        at: Instant,
    },
    /// It is reserved for, or was made for, another order.
    #[error(
        "{code} is reserved for order {reserved}, not for {asked}. Put it back \
         and take the one on your pick list"
    )]
    ReservedForAnother {
        /// The container.
        code: String,
        /// The order it is for.
        reserved: String,
        /// Who asked, in words.
        asked: String,
    },
    /// It is not reserved for the order.
    #[error("{code} is not reserved for order {order}; there is nothing to give up")]
    NotReserved {
        /// The container.
        code: String,
        /// The order.
        order: String,
    },
    /// It was outside storage for too long.
    #[error(
        "{code} was outside storage for {} in total; the limit is {}. Ask QA for a decision",
        outside.text(), limit.text()
    )]
    OutsideTooLong {
        /// The container.
        code: String,
        /// How long.
        outside: Span,
        /// How long would be accepted.
        limit: Span,
    },
    /// The scanned label is void.
    #[error(
        "label serial {serial} of {code} was voided on {} because {because}; scan \
         the label printed on {}",
        when(voided_at),
        when(valid_printed_at)
    )]
    LabelVoid {
        /// The container.
        code: String,
        /// The void serial.
        serial: u32,
        /// When it was voided.
        voided_at: Instant,
        /// Why.
        because: String,
        /// When the valid label was printed.
        valid_printed_at: Instant,
    },
    /// The scanned label is void and none is valid.
    #[error(
        "label serial {serial} of {code} was voided on {} because {because}; \
         no label of {code} is valid now: reprint it",
        when(voided_at)
    )]
    LabelVoidWithoutSuccessor {
        /// The container.
        code: String,
        /// The void serial.
        serial: u32,
        /// When it was voided.
        voided_at: Instant,
        /// Why.
        because: String,
    },
    /// Such a label was never printed.
    #[error(
        "no label with serial {serial} was ever printed for {code} (ATMP-17). \
         Set the container aside and open a deviation"
    )]
    LabelNeverPrinted {
        /// The container.
        code: String,
        /// The serial.
        serial: u32,
    },
    /// The label on the container is that of another.
    #[error(
        "this is the label of {scanned}; {expected} was expected here (ATMP-19). Take \
         the label off and scan the right one"
    )]
    WrongLabel {
        /// Whose label it should be.
        expected: String,
        /// Whose label it is.
        scanned: String,
    },
    /// A label was printed before.
    #[error(
        "{code} has label serial {serial} since {}. Reprint it with a reason; the earlier \
         label is void then (ATMP-18)",
        when(at)
    )]
    LabelAlreadyPrinted {
        /// The container.
        code: String,
        /// The serial.
        serial: u32,
        /// When it was printed.
        at: Instant,
    },
    /// There is nothing to replace.
    #[error("{code} has no label yet; print its first one")]
    NothingToReprint {
        /// The container.
        code: String,
    },
    /// The payload was made for another serial.
    #[error("the next label of {code} has serial {next}, not {given}. Load the page again")]
    LabelSerialNotNext {
        /// The container.
        code: String,
        /// The serial that is next.
        next: u32,
        /// The serial that was given.
        given: u32,
    },
    /// More copies are accounted for than were issued.
    #[error(
        "of label serial {serial} of {code} {issued} were issued and {accounted} are accounted \
         for; {copies} more cannot be"
    )]
    LabelsOverAccounted {
        /// The container.
        code: String,
        /// The serial.
        serial: u32,
        /// Copies issued.
        issued: u32,
        /// Copies accounted for.
        accounted: u32,
        /// Copies asked for.
        copies: u32,
    },
    /// The scanned label was reported lost.
    #[error(
        "label serial {serial} of {code} was reported lost on {} ({deviation}) and is void. Hand \
         it to QA, and use nothing that it was on before QA has looked at it",
        when(at)
    )]
    LabelLost {
        /// The container.
        code: String,
        /// The serial.
        serial: u32,
        /// The deviation about it.
        deviation: String,
        /// When it was reported.
        at: Instant,
    },
    /// Who printed a label reports it lost.
    #[error(
        "{login} printed label serial {serial} of {code} and cannot report it lost (ATMP-18). \
         Another person of QA looks for it and signs"
    )]
    LoserIsPrinter {
        /// The container.
        code: String,
        /// The serial.
        serial: u32,
        /// Who.
        login: String,
    },
    /// More copies turned up than are lost.
    #[error(
        "of label serial {serial} of {code} {lost} are reported lost; {copies} cannot have turned \
         up. Count again"
    )]
    LabelsOverFound {
        /// The container.
        code: String,
        /// The serial.
        serial: u32,
        /// Copies that are lost.
        lost: u32,
        /// Copies said to have turned up.
        copies: u32,
    },
    /// It has no product identity.
    #[error("{code} has no product identity; there is nothing to correct")]
    NoIdentity {
        /// The container.
        code: String,
    },
    /// It is out of reach: a number that went out is not changed any more.
    #[error(
        "{code} was {fate}; the number it went out with is not changed any more. Open a deviation \
         that names the right number, and call it back or tell who received it"
    )]
    IdentityOut {
        /// The container.
        code: String,
        /// What became of it, in words.
        fate: String,
    },
    /// It has that identity.
    #[error("{code} is {identity} already. Enter what it should be")]
    IdentityUnchanged {
        /// The container.
        code: String,
        /// The identity.
        identity: String,
    },
    /// The identity names a container, or named one.
    #[error(
        "{identity} is or was the identity of {used_by}; it names one container for ever (ISBT 128 \
         ST-001). Enter another division, or check the number"
    )]
    IdentityUsed {
        /// The identity.
        identity: String,
        /// The container.
        used_by: String,
    },
    /// The donation number is that of something else.
    #[error(
        "the number {din} was given to {foreign}, and {code} does not come from that. Enter a \
         number of what it came from"
    )]
    IdentityForeign {
        /// The container.
        code: String,
        /// The donation number.
        din: String,
        /// What it was given to.
        foreign: String,
    },
    /// A correction of its identity waits.
    #[error(
        "{code} may be something else: a correction of its identity to {to} was proposed. QA or the \
         Qualified Person confirms or declines it first"
    )]
    IdentityInDoubt {
        /// The container.
        code: String,
        /// What it may be.
        to: String,
    },
    /// No correction waits.
    #[error("no correction of the identity of {code} waits. Propose one first")]
    NoIdentityProposed {
        /// The container.
        code: String,
    },
    /// The proposer confirms.
    #[error(
        "{login} proposed this correction of {code} and cannot confirm it. Another person of QA, \
         or the Qualified Person, checks it and signs"
    )]
    ConfirmerIsProposer {
        /// The container.
        code: String,
        /// Who.
        login: String,
    },
    /// The role of the signer does not include it.
    #[error(
        "a correction of an identity is proposed by QA, and confirmed by QA or the Qualified \
         Person; {login} signed as {role}"
    )]
    IdentityRole {
        /// Who.
        login: String,
        /// In which role.
        role: &'static str,
    },
    /// A decision, a reprint or a destruction has no reason.
    #[error("{what} needs a reason. Say why in a few words")]
    ReasonMissing {
        /// What was asked.
        what: &'static str,
    },
    /// Copies are out of range.
    #[error("{copies} copies were asked for; from 1 to 9 can be")]
    CopiesOutOfRange {
        /// How many.
        copies: u32,
    },
    /// A milder disposition without a signature.
    #[error(
        "{code} is {}; making it {} is a decision that QA signs. Sign it",
        from.word(), to.word()
    )]
    LooseningUnsigned {
        /// The container.
        code: String,
        /// The present disposition.
        from: Disposition,
        /// The one asked for.
        to: Disposition,
    },
    /// Rejected is for ever.
    #[error("{code} is rejected for good and is never used again (ATMP-39). Destroy it")]
    RejectedForGood {
        /// The container.
        code: String,
    },
    /// It has that disposition already.
    #[error("{code} is {} already. Leave it so, or decide otherwise", to.word())]
    DispositionUnchanged {
        /// The container.
        code: String,
        /// The disposition.
        to: Disposition,
    },
    /// The hand-over names the giver as receiver.
    #[error("{login} cannot hand {code} over to {login}. Name the person who takes it")]
    ReceiverIsGiver {
        /// The container.
        code: String,
        /// Who.
        login: String,
    },
    /// There is no such open transfer.
    #[error("{code} is not in transfer {transfer}. Scan the container that was handed over")]
    NotInTransfer {
        /// The container.
        code: String,
        /// The transfer.
        transfer: String,
    },
    /// The transfer is for another person.
    #[error(
        "{code} was handed over to {expected}, not to {asked} (ATMP-48). {expected} has \
         to receive it"
    )]
    WrongReceiver {
        /// The container.
        code: String,
        /// Who was named.
        expected: String,
        /// Who came.
        asked: String,
    },
    /// Part of it is away.
    #[error(
        "{} of {code} left for {purpose} with {taken_by} and is not back (ATMP-46). Take it back \
         first",
        volume.text()
    )]
    ExcursionOpen {
        /// The container.
        code: String,
        /// What for.
        purpose: String,
        /// Who has it.
        taken_by: String,
        /// How much.
        volume: crate::domain::quantity::Quantity,
    },
    /// There is no such open excursion.
    #[error("{code} has no open excursion {excursion}. Scan the container it left from")]
    NoSuchExcursion {
        /// The container.
        code: String,
        /// The excursion.
        excursion: String,
    },
    /// The return is late.
    #[error(
        "what left {code} was due back on {}; it is too late to return it. Write it off",
        when(due_at)
    )]
    ReturnTooLate {
        /// The container.
        code: String,
        /// When it was due.
        due_at: Instant,
    },
    /// The deadline lies in the past.
    #[error("an excursion of {code} cannot be due before it begins. Give a later time")]
    DueInPast {
        /// The container.
        code: String,
    },
    /// More than there is.
    #[error("{} of {code} were asked for and {} are there. Ask for what is there", asked.text(), there.text())]
    VolumeExceeded {
        /// The container.
        code: String,
        /// How much was asked for.
        asked: crate::domain::quantity::Quantity,
        /// How much there is.
        there: crate::domain::quantity::Quantity,
    },
    /// No volume is known, or the amount is not above zero.
    #[error(
        "the volume given for {code} must be above zero, in ml, and {code} must have one. Enter it again"
    )]
    VolumeInvalid {
        /// The container.
        code: String,
    },
    /// Another order than the one it was made for.
    #[error("{code} was made for {made_for}, not for order {asked} (ATMP-21). Do not give it")]
    WrongOrder {
        /// The container.
        code: String,
        /// What it was made for, in words.
        made_for: String,
        /// The order.
        asked: String,
    },
    /// Another site than the one it is meant for.
    #[error("{code} is meant for {meant_for}, not for {asked}. Take the syringe of that site")]
    WrongTarget {
        /// The container.
        code: String,
        /// The site it is meant for, in words.
        meant_for: String,
        /// The site asked for.
        asked: String,
    },
    /// The witness is the one who acts.
    #[error("{login} cannot witness their own destruction of {code}. Ask another person")]
    WitnessIsPerformer {
        /// The container.
        code: String,
        /// Who.
        login: String,
    },
    /// A calculation has no exact result.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
}

impl Refuses for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::Spent { .. } => "container_spent",
            Self::AlreadyThawed { .. } => "already_thawed ATMP-39",
            Self::Refreeze { .. } => "refreeze ATMP-39",
            Self::NoSuchPosition { .. } => "no_such_position",
            Self::PositionOutOfService { .. } => "position_out_of_service",
            Self::PositionOccupied { .. } => "position_occupied",
            Self::InStorage { .. } => "in_storage",
            Self::NotInStorage { .. } => "not_in_storage",
            Self::NotThere { .. } => "not_there",
            Self::InTransfer { .. } => "in_transfer ATMP-48",
            Self::HeldByAnother { .. } => "held_by_another ATMP-48",
            Self::NotReleased { .. } => "not_released ATMP-23",
            Self::Expired { .. } => "expired",
            Self::ReservedForAnother { .. } => "reserved_for_another",
            Self::NotReserved { .. } => "not_reserved",
            Self::OutsideTooLong { .. } => "outside_too_long",
            Self::LabelVoid { .. } | Self::LabelVoidWithoutSuccessor { .. } => "label_void ATMP-18",
            Self::LabelNeverPrinted { .. } => "label_never_printed ATMP-17",
            Self::WrongLabel { .. } => "wrong_label ATMP-19",
            Self::LabelAlreadyPrinted { .. } => "label_already_printed ATMP-18",
            Self::NothingToReprint { .. } => "nothing_to_reprint",
            Self::LabelSerialNotNext { .. } => "label_serial_not_next",
            Self::LabelsOverAccounted { .. } => "labels_over_accounted ATMP-18",
            Self::LabelLost { .. } => "label_lost ATMP-18",
            Self::LoserIsPrinter { .. } => "loser_is_not_printer ATMP-18",
            Self::LabelsOverFound { .. } => "labels_over_found ATMP-18",
            Self::NoIdentity { .. } | Self::NoIdentityProposed { .. } => "no_identity",
            Self::IdentityInDoubt { .. } => "identity_in_doubt ATMP-12",
            Self::IdentityOut { .. } => "identity_out ATMP-39",
            Self::IdentityUnchanged { .. } => "identity_unchanged",
            Self::IdentityUsed { .. } => "identity_used ST-001",
            Self::IdentityForeign { .. } => "identity_foreign ATMP-12",
            Self::ConfirmerIsProposer { .. } => "confirmer_is_not_proposer",
            Self::IdentityRole { .. } => "identity_role",
            Self::ReasonMissing { .. } => "reason_missing",
            Self::CopiesOutOfRange { .. } => "copies_out_of_range",
            Self::LooseningUnsigned { .. } => "loosening_unsigned",
            Self::RejectedForGood { .. } => "rejected_for_good ATMP-39",
            Self::DispositionUnchanged { .. } => "disposition_unchanged",
            Self::ReceiverIsGiver { .. } => "receiver_is_giver ATMP-48",
            Self::NotInTransfer { .. } => "not_in_transfer ATMP-48",
            Self::WrongReceiver { .. } => "wrong_receiver ATMP-48",
            Self::ExcursionOpen { .. } => "excursion_open ATMP-46",
            Self::NoSuchExcursion { .. } => "no_such_excursion",
            Self::ReturnTooLate { .. } => "return_too_late ATMP-46",
            Self::DueInPast { .. } => "due_in_past",
            Self::VolumeExceeded { .. } => "volume_exceeded",
            Self::VolumeInvalid { .. } => "volume_invalid",
            Self::WrongOrder { .. } => "wrong_order ATMP-21",
            Self::WrongTarget { .. } => "wrong_target ATMP-21",
            Self::WitnessIsPerformer { .. } => "witness_is_performer",
            Self::Quantity(_) => "quantity",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::IdentityRole { .. } => RefusalKind::Forbidden,
            Self::ReasonMissing { .. }
            | Self::CopiesOutOfRange { .. }
            | Self::VolumeInvalid { .. }
            | Self::DueInPast { .. }
            | Self::Quantity(_) => RefusalKind::Invalid,
            Self::NoSuchPosition { .. } => RefusalKind::NotFound,
            _ => RefusalKind::Conflict,
        }
    }
}
