//! Storage: room → freezer or tank → rack → box → position.
//!
//! Neighbours: `container` moves between positions; `store::storage` looks up the way to one.
//!
//! Architecture invariant: a position is addressed by its path and is not a row anywhere; a box
//! knows its rows and columns, and nothing walks all locations to move a vial.

mod apply;
mod command;
mod decide;
mod event;
mod refusal;
mod state;

pub use command::Command;
pub use decide::decide;
pub use event::Event;
pub use refusal::Refusal;
pub use state::{Condition, Grid, Location, LocationKind, OutOfService, Slot, grid_positions};
