//! What can be asked of a storage location.

use super::state::{Condition, Grid, LocationKind};
use crate::domain::id::LocationPath;
use serde::{Deserialize, Serialize};

/// What a person asks of a storage location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Set it up.
    Define {
        /// Its path; the part before the last `/` must exist.
        path: LocationPath,
        /// What kind of place it is.
        kind: LocationKind,
        /// What people call it.
        title: String,
        /// How cold it is there; as the place around it when not said.
        condition: Option<Condition>,
        /// Rows and columns, for a box.
        grid: Option<Grid>,
    },
    /// Call it something else.
    Rename {
        /// The new title.
        title: String,
    },
    /// Let nothing more be put there.
    TakeOutOfService {
        /// Why.
        because: String,
    },
    /// Use it again.
    PutInService {
        /// What was done.
        because: String,
    },
}
