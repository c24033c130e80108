//! The life of one version of a master record: proposed, approved on its hash, retired.
//!
//! ATMP-1: batches start only from an approved version that is in effect.

use super::model::{RecordRef, version_key};
use crate::domain::actor::{Meaning, Signature};
use crate::domain::id::{ContentHash, Login, MaterialCode};
use crate::domain::time::{Instant, Span, Zone};
use crate::domain::{Aggregate, Change, Context, Recorded, RefusalKind};
use serde::{Deserialize, Serialize};

/// An event of a version of a master record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// Its author put it forward.
    Proposed {
        /// Identity, version and hash of the text.
        record: RecordRef,
        /// Its title.
        title: String,
        /// The material it makes.
        product: MaterialCode,
        /// The text.
        text: String,
        /// Why it is put forward.
        reason: String,
        /// The change request it answers; empty for a first version.
        change_request: String,
        /// The author's signature on the hash.
        signature: Signature,
    },
    /// Another person approved it.
    Approved {
        /// From when batches may start with it.
        effective_at: Instant,
        /// The approver's signature on the hash.
        signature: Signature,
    },
    /// Somebody who works by it read it.
    Acknowledged {
        /// The reader's signature on the hash.
        signature: Signature,
    },
    /// No batch may start with it any more.
    Retired {
        /// Why, in words.
        because: String,
        /// Who retired it.
        signature: Signature,
    },
}

/// How a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Waits for approval.
    Proposed,
    /// Approved; in effect from its date.
    Approved,
    /// Not to be used for new batches.
    Retired,
}

impl VersionState {
    /// The word in tables and on screens.
    pub fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Retired => "retired",
        }
    }
}

/// A version of a master record, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordVersion {
    /// Identity, version and hash.
    pub record: RecordRef,
    /// Number of events so far.
    pub version: u64,
    /// Its title.
    pub title: String,
    /// The material it makes.
    pub product: MaterialCode,
    /// The text.
    #[serde(skip)]
    pub text: String,
    /// Why it was put forward.
    pub reason: String,
    /// The change request it answers; empty for a first version.
    pub change_request: String,
    /// How it stands.
    pub state: VersionState,
    /// The author's signature.
    pub authored: Signature,
    /// The approver's signature.
    pub approved: Option<Signature>,
    /// From when it is in effect.
    pub effective_at: Option<Instant>,
    /// Who read it, in the order of reading.
    pub acknowledged: Vec<Signature>,
    /// The signature and the reason of its retirement.
    pub retired: Option<(Signature, String)>,
}

impl RecordVersion {
    /// Whether a person stated to have read it.
    pub fn is_acknowledged_by(&self, login: &Login) -> bool {
        self.acknowledged.iter().any(|signature| signature.login == *login)
    }

    /// Whether it may still be acknowledged: batches go on with a version that was retired since.
    pub fn may_be_acknowledged(&self) -> bool {
        self.approved.is_some()
    }

    /// Refuses to start a batch unless the version is approved and in effect (ATMP-1).
    pub fn must_be_in_effect(&self, now: Instant) -> Result<(), Refusal> {
        match (self.state, self.effective_at) {
            (VersionState::Approved, Some(from)) if from <= now => Ok(()),
            (VersionState::Approved, from) => Err(Refusal::NotYetEffective {
                key: self.record.key(),
                from: from.map_or(String::new(), |from| from.full_text(Zone::LJUBLJANA)),
            }),
            (state, _) => Err(Refusal::NotApproved { key: self.record.key(), state: state.code() }),
        }
    }
}

impl Aggregate for RecordVersion {
    type Event = Event;

    const KIND: &'static str = "master_record";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut version) = state else {
            let Event::Proposed {
                record,
                title,
                product,
                text,
                reason,
                change_request,
                signature: authored,
            } = event
            else {
                return None;
            };
            return Some(Self {
                record: record.clone(),
                version: recorded.version,
                title: title.clone(),
                product: product.clone(),
                text: text.clone(),
                reason: reason.clone(),
                change_request: change_request.clone(),
                state: VersionState::Proposed,
                authored: authored.clone(),
                approved: None,
                effective_at: None,
                acknowledged: Vec::new(),
                retired: None,
            });
        };
        version.version = recorded.version;
        match event {
            Event::Proposed { .. } => {}
            Event::Approved { effective_at, signature } => {
                version.state = VersionState::Approved;
                version.effective_at = Some(*effective_at);
                version.approved = Some(signature.clone());
            }
            Event::Acknowledged { signature } => version.acknowledged.push(signature.clone()),
            Event::Retired { because, signature } => {
                version.state = VersionState::Retired;
                version.retired = Some((signature.clone(), because.clone()));
            }
        }
        Some(version)
    }
}

/// What can be asked of a version of a master record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Put a text forward.
    Propose {
        /// The text of the file.
        text: String,
        /// Why.
        reason: String,
        /// The change request it answers; empty for a first version.
        change_request: String,
        /// The author's signature.
        signature: Signature,
    },
    /// Approve it.
    Approve {
        /// From when it is in effect.
        effective_at: Instant,
        /// The approver's signature.
        signature: Signature,
    },
    /// State that one has read it.
    Acknowledge {
        /// The reader's signature.
        signature: Signature,
    },
    /// Retire it.
    Retire {
        /// Why.
        because: String,
        /// Who retires it.
        signature: Signature,
    },
}

/// Why a command to a version of a master record was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text has faults.
    #[error(
        "this text cannot be approved: {first} ({count} fault(s)). Correct it and propose again"
    )]
    Faulty {
        /// The first fault.
        first: String,
        /// How many there are.
        count: usize,
    },
    /// The version exists.
    #[error("version {key} exists already; a version is never changed. Raise the version number")]
    Exists {
        /// The version.
        key: String,
    },
    /// The version is unknown.
    #[error("there is no such version; propose it first")]
    Unknown,
    /// It is not in the state for this.
    #[error("{key} is {state}; only {needed} can be {asked}")]
    WrongState {
        /// The version.
        key: String,
        /// Its state.
        state: &'static str,
        /// What it must be.
        needed: &'static str,
        /// What was asked.
        asked: &'static str,
    },
    /// Author and approver are one person.
    #[error(
        "{login} wrote this version and cannot approve it: author and approver are two people. \
         Ask another person of QA"
    )]
    ApproverIsAuthor {
        /// The person.
        login: String,
    },
    /// Why it is put forward is not said.
    #[error("say why {key} is put forward; from version 2 on, also by which change request")]
    NoReason {
        /// The version.
        key: String,
    },
    /// The person read it already.
    #[error("{login} acknowledged {key} already; nothing more is needed")]
    Acknowledged {
        /// The person.
        login: String,
        /// The version.
        key: String,
    },
    /// It would be in effect before it was approved.
    #[error("a version cannot be in effect before it is approved. Choose today or a later day")]
    BackDated,
    /// The signature says something else.
    #[error("the signature does not cover this text with this meaning. Open it again and sign")]
    WrongSignature,
    /// It is not approved.
    #[error("{key} is {state}; a batch starts only from an approved version (ATMP-1). Ask QA")]
    NotApproved {
        /// The version.
        key: String,
        /// Its state.
        state: &'static str,
    },
    /// It is approved for later.
    #[error("{key} is in effect only from {from} (ATMP-1). Use the version in force, or wait")]
    NotYetEffective {
        /// The version.
        key: String,
        /// From when.
        from: String,
    },
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::Faulty { .. } => "record_faulty",
            Self::Exists { .. } => "version_exists",
            Self::Unknown => "version_unknown",
            Self::WrongState { .. } => "version_state",
            Self::ApproverIsAuthor { .. } => "approver_is_author ATMP-4",
            Self::BackDated => "effective_before_approval ATMP-1",
            Self::NoReason { .. } => "reason_missing ATMP-1",
            Self::Acknowledged { .. } => "already_acknowledged",
            Self::WrongSignature => "signature_content 21 CFR 11.70",
            Self::NotApproved { .. } => "record_not_approved ATMP-1",
            Self::NotYetEffective { .. } => "record_not_effective ATMP-1",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Faulty { .. } | Self::NoReason { .. } | Self::BackDated => RefusalKind::Invalid,
            Self::Unknown => RefusalKind::NotFound,
            Self::ApproverIsAuthor { .. } => RefusalKind::Forbidden,
            _ => RefusalKind::Conflict,
        }
    }
}

/// What `command` changes in the version, or why it is refused.
pub fn decide(
    version: Option<&RecordVersion>,
    command: &Command,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let (key, event) = match (command, version) {
        (Command::Propose { text, reason, change_request, signature }, None) => {
            propose(text, (reason, change_request), signature)?
        }
        (Command::Propose { .. }, Some(version)) => {
            return Err(Refusal::Exists { key: version.record.key() });
        }
        (_, None) => return Err(Refusal::Unknown),
        (Command::Approve { effective_at, signature }, Some(version)) => {
            version.must_be(VersionState::Proposed, "approved")?;
            must_cover(signature, Meaning::Approved, &version.record.hash)?;
            if signature.login == version.authored.login
                || context.actor.login == version.authored.login
            {
                let login = signature.login.to_string();
                return Err(Refusal::ApproverIsAuthor { login });
            }
            // A moment passes between choosing "now" and signing; a day does not.
            if context.now.since(*effective_at) > Span::of_hours(1) {
                return Err(Refusal::BackDated);
            }
            let (effective_at, signature) = (*effective_at, signature.clone());
            (version.record.key(), Event::Approved { effective_at, signature })
        }
        (Command::Acknowledge { signature }, Some(version)) => {
            if !version.may_be_acknowledged() {
                version.must_be(VersionState::Approved, "acknowledged")?;
            }
            must_cover(signature, Meaning::Acknowledged, &version.record.hash)?;
            if version.is_acknowledged_by(&signature.login) {
                let (login, key) = (signature.login.to_string(), version.record.key());
                return Err(Refusal::Acknowledged { login, key });
            }
            (version.record.key(), Event::Acknowledged { signature: signature.clone() })
        }
        (Command::Retire { because, signature }, Some(version)) => {
            version.must_not_be_retired()?;
            must_cover(signature, Meaning::Approved, &version.record.hash)?;
            let (because, signature) = (because.clone(), signature.clone());
            (version.record.key(), Event::Retired { because, signature })
        }
    };
    Ok(vec![Change::of::<RecordVersion>(&key, event)])
}

fn propose(
    text: &str,
    (reason, change_request): (&str, &str),
    signature: &Signature,
) -> Result<(String, Event), Refusal> {
    let record = super::parse(text).map_err(|faults| Refusal::Faulty {
        first: faults.0.first().map(ToString::to_string).unwrap_or_default(),
        count: faults.0.len(),
    })?;
    must_cover(signature, Meaning::Authored, &record.record.hash)?;
    let key = version_key(&record.record.id, record.record.version);
    let first = record.record.version == 1;
    if reason.trim().is_empty() || (!first && change_request.trim().is_empty()) {
        return Err(Refusal::NoReason { key });
    }
    let event = Event::Proposed {
        record: record.record,
        title: record.title,
        product: record.product,
        text: text.to_owned(),
        reason: reason.trim().to_owned(),
        change_request: change_request.trim().to_owned(),
        signature: signature.clone(),
    };
    Ok((key, event))
}

fn must_cover(signature: &Signature, meaning: Meaning, hash: &ContentHash) -> Result<(), Refusal> {
    let covers = signature.meaning == meaning && signature.content_hash == *hash;
    if covers { Ok(()) } else { Err(Refusal::WrongSignature) }
}

impl RecordVersion {
    /// What was only proposed can be withdrawn as well.
    fn must_not_be_retired(&self) -> Result<(), Refusal> {
        match self.state {
            VersionState::Retired => self.must_be(VersionState::Approved, "retired"),
            VersionState::Proposed | VersionState::Approved => Ok(()),
        }
    }

    fn must_be(&self, needed: VersionState, asked: &'static str) -> Result<(), Refusal> {
        if self.state == needed {
            return Ok(());
        }
        Err(Refusal::WrongState {
            key: self.record.key(),
            state: self.state.code(),
            needed: needed.code(),
            asked,
        })
    }
}
