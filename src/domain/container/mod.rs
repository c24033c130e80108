//! Container: jar, flask, vial, syringe, tube. What it holds, where it is, who holds it.
//!
//! Neighbours: `batch` consumes and produces containers; `storage` defines the places they go to;
//! `order` reserves them.
//!
//! Architecture invariant: a container has exactly one custodian at any time of its life, and
//! nothing brings a spent container back.

mod apply;
mod book;
mod command;
mod decide;
pub mod division;
mod event;
mod identity;
mod lost;
mod refusal;
mod state;

pub use command::{Command, IdentityFact, NewLabel, Purpose, Use};
pub use decide::{check_label, decide};
pub use event::{Contents, Event, ProductIdentity};
pub use refusal::Refusal;
pub use state::{
    Container, ContainerKind, CorrectedIdentity, Custodian, Excursion, Fate, IdentityProposal,
    LabelCount, LabelFate, LabelState, LostLabel, PrintedLabel, Scan, Thaw, Transfer, VoidedLabel,
};
