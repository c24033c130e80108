//! The rules of the product, as pure functions over types that cannot hold nonsense.
//!
//! One folder per aggregate, each with `state.rs` (what is known), `command.rs` (what is asked),
//! `event.rs` (what happened), `refusal.rs` (why not), `decide.rs` (the rules) and `apply.rs` (how
//! an event changes the state). Everything else here is shared vocabulary: exact [`quantity`]s,
//! [`time`], [`id`]s, [`actor`]s and their signatures, and [`disposition`].
//!
//! Architecture invariant: nothing here knows a clock, a source of chance, a database, a file, a
//! socket or floating point; whatever varies arrives as an argument.

use serde::{Deserialize, Serialize};

pub mod account;
pub mod actor;
pub mod batch;
pub mod container;
pub mod custody;
pub mod deviation;
pub mod disposition;
pub mod donation;
pub mod donor;
pub mod equipment;
pub mod genealogy;
pub mod id;
pub mod installation;
pub mod language;
pub mod lineage;
pub mod label_definition;
pub mod order;
pub mod print_job;
pub mod printer;
pub mod protocol;
pub mod master_record;
pub mod material;
pub mod quality;
pub mod quantity;
pub mod release;
pub mod scanner;
pub mod storage;
pub mod schedule;
pub mod time;
pub mod toml_lines;
pub mod user;

use actor::Role;
use id::{Login, StationId, StreamId};
use time::Instant;

/// An aggregate: a thing with an identity whose life is one stream of events.
pub trait Aggregate: Clone + Send + Sync + 'static {
    /// The events of this aggregate.
    type Event: Clone;

    /// The first part of the stream name and of the event type, such as `donor`.
    const KIND: &'static str;

    /// The stream of the aggregate with this identity.
    fn stream(id: &str) -> StreamId {
        StreamId::new(Self::KIND, id)
    }

    /// The event of this aggregate inside `event`, if it is one of its own.
    fn own(event: &Event) -> Option<&Self::Event>;

    /// The state after one more event. Total: an event that does not fit leaves the state alone.
    fn apply(state: Option<Self>, recorded: &Recorded, event: &Self::Event) -> Option<Self>;

    /// The state after all `events` of the stream, oldest first.
    fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Option<Self> {
        events.into_iter().fold(None, |state, recorded| match Self::own(&recorded.event) {
            Some(event) => Self::apply(state, recorded, event),
            None => state,
        })
    }
}

/// One event to be appended to one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The stream that receives it.
    pub stream: StreamId,
    /// What happened.
    pub event: Event,
}

impl Change {
    /// A change of the aggregate `A` with the identity `id`.
    pub fn of<A: Aggregate>(id: &str, event: impl Into<Event>) -> Self {
        Self { stream: A::stream(id), event: event.into() }
    }
}

/// One event as the ledger holds it: what happened, with who, when, where and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The stream that holds it.
    pub stream: StreamId,
    /// Its place in the stream, from 1.
    pub version: u64,
    /// When the server recorded it.
    pub at: Instant,
    /// Whose command it came from.
    pub actor: Login,
    /// The role in which that person acted.
    pub role: Role,
    /// The workstation the command came from.
    pub station: StationId,
    /// The command that caused it; the events of one command share it.
    pub command_id: String,
    /// Why, where a reason was asked for or given.
    pub reason: Option<String>,
    /// What happened.
    pub event: Event,
}

/// Who asks, and when: what every decision may need besides the state and the command.
#[derive(Debug, Clone)]
pub struct Context {
    /// The server's time of the command.
    pub now: Instant,
    /// Who gives the command, in which role.
    pub actor: actor::Actor,
}

/// How a refusal is answered, in general terms that a web page or an exit code can be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The command cannot be meant so: a value is missing, malformed or outside its range.
    Invalid,
    /// The state of things does not allow it, now.
    Conflict,
    /// This person may not do it.
    Forbidden,
    /// The thing it speaks of does not exist.
    NotFound,
}

/// Why a command was refused. `Display` says what is wrong and what to do now.
pub trait Refusal: std::error::Error {
    /// The rule that refuses, as a stable short name such as `verifier_is_performer`, followed by
    /// its source where there is one, such as `ATMP-4`.
    fn rule(&self) -> &'static str;

    /// How it is to be answered.
    fn kind(&self) -> RefusalKind {
        RefusalKind::Conflict
    }
}

/// A refusal of any aggregate, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The rule that refused; see [`Refusal::rule`].
    pub rule: String,
    /// How it is to be answered.
    pub kind: RefusalKind,
    /// What is wrong, and what to do now.
    pub message: String,
}

impl<R: Refusal> From<R> for Refused {
    fn from(refusal: R) -> Self {
        Self { rule: refusal.rule().to_owned(), kind: refusal.kind(), message: refusal.to_string() }
    }
}

/// Why stored event text could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum EventDecodeError {
    /// No aggregate of this version has such an event type.
    #[error("the event type {0} is unknown to this version")]
    UnknownType(String),
    /// The data do not have the shape of the type.
    #[error("the data of a {type_name} event do not have its shape: {source}")]
    Shape {
        /// The event type.
        type_name: String,
        /// What the parser found.
        source: serde_json::Error,
    },
}

/// Declares the event of the whole system over the aggregates, one line each, and its wire form:
/// `type` is `<kind>.<event>`, `data` the event's own fields.
macro_rules! aggregates {
    ($($(#[$doc:meta])* $variant:ident => $module:ident :: $state:ident,)*) => {
        /// Anything that can happen, of any aggregate.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event {
            $($(#[$doc])* $variant($module::Event),)*
        }

        $(impl From<$module::Event> for Event {
            fn from(event: $module::Event) -> Self {
                Self::$variant(event)
            }
        })*

        impl Event {
            /// The event type, such as `container.stored`, and its data.
            pub fn encode(&self) -> Result<(String, serde_json::Value), serde_json::Error> {
                let (kind, value) = match self {
                    $(Self::$variant(event) => (
                        <$module::$state as Aggregate>::KIND,
                        serde_json::to_value(event)?,
                    ),)*
                };
                let name = value.get("type").and_then(serde_json::Value::as_str).unwrap_or("");
                let data = value.get("data").cloned().unwrap_or(serde_json::Value::Null);
                Ok((format!("{kind}.{name}"), data))
            }

            /// The event of a type and data that [`Event::encode`] made.
            pub fn decode(
                type_name: &str,
                data: serde_json::Value,
            ) -> Result<Self, EventDecodeError> {
                let unknown = || EventDecodeError::UnknownType(type_name.to_owned());
                let (kind, name) = type_name.split_once('.').ok_or_else(unknown)?;
                let value = serde_json::json!({ "type": name, "data": data });
                $(if kind == <$module::$state as Aggregate>::KIND {
                    return serde_json::from_value::<$module::Event>(value)
                        .map(Self::$variant)
                        .map_err(|source| EventDecodeError::Shape {
                            type_name: type_name.to_owned(),
                            source,
                        });
                })*
                Err(unknown())
            }
        }

        $(impl $module::$state {
            /// The event of this aggregate inside `event`; see [`Aggregate::own`].
            fn own_event(event: &Event) -> Option<&$module::Event> {
                match event {
                    Event::$variant(event) => Some(event),
                    _ => None,
                }
            }
        })*
    };
}

aggregates! {
    /// Of a container: jar, flask, vial, syringe, tube.
    Container => container::Container,
    /// Of a donor.
    Donor => donor::Donor,
    /// Of a donation.
    Donation => donation::Donation,
    /// Of a test request.
    Test => quality::TestRequest,
    /// Of a deviation.
    Deviation => deviation::Deviation,
    /// Of the release of a batch.
    Release => release::Release,
    /// Of a storage location: room, freezer, rack, box.
    Location => storage::Location,
    /// Of the installation: the ledger's name and keys.
    Installation => installation::Installation,
    /// Of a person's sign-in name.
    User => user::User,
    /// Of an order.
    Order => order::Order,
    /// Of a version of a master record: proposed, approved, retired.
    MasterRecord => master_record::RecordVersion,
    /// Of a material lot.
    Material => material::MaterialLot,
    /// Of a piece of equipment.
    Equipment => equipment::Equipment,
    /// Of a batch: started, step performed, verified, completed, aborted.
    Batch => batch::Batch,
    /// Of a label printer: set up, tested, retired.
    Printer => printer::Printer,
    /// Of a print job: queued, sent, printed or not.
    PrintJob => print_job::PrintJob,
    /// Of a version of a label definition: proposed, approved, retired.
    LabelDefinition => label_definition::LabelDefinition,
    /// Of the scanner of a station: tested.
    Scanner => scanner::Scanner,
}
