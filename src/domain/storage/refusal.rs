//! Why something is refused to the keeper of the storage.

use crate::domain::{Refusal as Refuses, RefusalKind};

/// Why a command to a storage location was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The path is taken.
    #[error("{path} exists already. Choose another name")]
    AlreadyDefined {
        /// The path.
        path: String,
    },
    /// The place was never set up.
    #[error("there is no storage location {path}. Set it up first")]
    NotDefined {
        /// The path.
        path: String,
    },
    /// The place around it does not exist.
    #[error("{parent} does not exist, so nothing can be set up inside it. Set up {parent} first")]
    ParentMissing {
        /// The path of the missing place.
        parent: String,
    },
    /// Such a place does not belong there.
    #[error("a {kind} cannot stand in {place}. The order is room, freezer or tank, rack, box")]
    WrongNesting {
        /// What kind it is.
        kind: &'static str,
        /// Where it would stand, in words.
        place: String,
    },
    /// A box without positions, or positions outside a box.
    #[error("a box has from 1 to 26 rows and from 1 to 24 columns; nothing else has any")]
    GridWrong,
    /// There is no room for the position in the path.
    #[error("{path} is too deep: a path has at most six parts, the last of them the position")]
    TooDeep {
        /// The path.
        path: String,
    },
    /// No title.
    #[error(
        "a storage location needs a title people know it by, of at most 80 characters. Enter one"
    )]
    TitleMissing,
    /// No reason.
    #[error("{what} needs a reason. Say why in a few words")]
    ReasonMissing {
        /// What was asked.
        what: &'static str,
    },
    /// Nothing would change.
    #[error("{path} is {status} already. Leave it as it is")]
    StatusUnchanged {
        /// The path.
        path: String,
        /// The status, in words.
        status: &'static str,
    },
}

impl Refuses for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::AlreadyDefined { .. } => "location_exists",
            Self::NotDefined { .. } => "no_such_location",
            Self::ParentMissing { .. } => "location_parent_missing",
            Self::WrongNesting { .. } => "location_nesting",
            Self::GridWrong => "location_grid",
            Self::TooDeep { .. } => "location_depth",
            Self::TitleMissing => "title_missing",
            Self::ReasonMissing { .. } => "reason_missing",
            Self::StatusUnchanged { .. } => "status_unchanged",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotDefined { .. } | Self::ParentMissing { .. } => RefusalKind::NotFound,
            Self::AlreadyDefined { .. } | Self::StatusUnchanged { .. } => RefusalKind::Conflict,
            _ => RefusalKind::Invalid,
        }
    }
}
