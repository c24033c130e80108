//! Material lots: media, reagents and consumables, from receipt to the last drop.
//!
//! Neighbours: `batch` asks [`take`] before a lot touches cells; `store::material` lists them.
//!
//! Architecture invariant: only [`take`] says that a lot may be used, and it says so for one
//! moment: released, in date, within the in-use limit of the opened package, not used up.

mod apply;
mod command;
mod decide;
mod event;
mod refusal;
mod state;

pub use command::Command;
pub use decide::{decide, receive, take};
pub use event::Event;
pub use refusal::Refusal;
pub use state::{MaterialLot, OpenPackage, Origin, Receipt};
