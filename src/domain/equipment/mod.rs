//! Equipment: what is in service, calibrated and clean, and until when.
//!
//! Neighbours: `batch` asks [`Equipment::usable`] at every step that needs a device.
//!
//! Architecture invariant: due dates are compared with the time of the command; nothing here turns
//! a device "overdue" by itself.

mod apply;
mod command;
mod decide;
mod event;
mod refusal;
mod state;

pub use command::Command;
pub use decide::{decide, register};
pub use event::Event;
pub use refusal::Refusal;
pub use state::{Equipment, EquipmentKind, Registration};
