//! What can happen to a storage location.

use super::state::{Condition, Grid, LocationKind};
use serde::{Deserialize, Serialize};

/// An event of a storage location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// It was set up.
    Defined {
        /// What kind of place it is.
        kind: LocationKind,
        /// What people call it.
        title: String,
        /// How cold it is there.
        condition: Condition,
        /// Rows and columns of positions, for a box.
        grid: Option<Grid>,
    },
    /// People call it something else from now on.
    Renamed {
        /// The new title.
        title: String,
    },
    /// Nothing may be put there, nor anywhere inside it.
    TakenOutOfService {
        /// Why.
        because: String,
    },
    /// It may be used again.
    PutInService {
        /// What was done.
        because: String,
    },
}
