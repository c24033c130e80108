//! A version of a label definition of the site's own: proposed, approved by a second person,
//! retired (ATMP-17).
//!
//! Neighbours: `labels` reads the text and checks it; until a version is approved it draws with a
//! TEST watermark only.
//!
//! Architecture invariant: a version is never changed, and its author never approves it.

use crate::domain::actor::{Meaning, Signature};
use crate::domain::id::ContentHash;
use crate::domain::{Aggregate, Change, Context, Recorded, RefusalKind};
use serde::{Deserialize, Serialize};

/// Which version, and the hash of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionRef {
    /// Kind of label, such as `cryovial`.
    pub kind: String,
    /// Its version, from 2: 1 comes with the program.
    pub number: u32,
    /// SHA-256 of the text.
    pub hash: ContentHash,
}

impl DefinitionRef {
    /// Its key, such as `cryovial.2`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.kind, self.number)
    }
}

/// An event of a version of a label definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// Its author put it forward.
    Proposed {
        /// Which version.
        definition: DefinitionRef,
        /// The text.
        text: String,
        /// Why.
        reason: String,
        /// The change request it answers.
        change_request: String,
        /// The author's signature on the hash.
        signature: Signature,
    },
    /// Another person approved it; labels are drawn by it from now on.
    Approved {
        /// The approver's signature on the hash.
        signature: Signature,
    },
    /// It is not used any more.
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
pub enum Standing {
    /// Waits for approval.
    Proposed,
    /// Approved.
    Approved,
    /// Not to be used.
    Retired,
}

impl Standing {
    /// The word in tables and on screens.
    pub fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Retired => "retired",
        }
    }
}

/// A version of a label definition, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelDefinition {
    /// Which version.
    pub definition: DefinitionRef,
    /// Number of events so far.
    pub version: u64,
    /// The text.
    pub text: String,
    /// Why it was put forward.
    pub reason: String,
    /// The change request it answers.
    pub change_request: String,
    /// How it stands.
    pub standing: Standing,
    /// The author's signature.
    pub authored: Signature,
    /// The approver's signature.
    pub approved: Option<Signature>,
    /// The signature and the reason of its retirement.
    pub retired: Option<(Signature, String)>,
}

/// What can be asked of a version of a label definition.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Put a text forward, whose kind, number and hash were read from it.
    Propose {
        /// Which version.
        definition: DefinitionRef,
        /// The newest version of the kind there is; 1 where the site has none of its own.
        newest: u32,
        /// The text.
        text: String,
        /// Why.
        reason: String,
        /// The change request it answers.
        change_request: String,
        /// The author's signature.
        signature: Signature,
    },
    /// Approve it.
    Approve {
        /// The approver's signature.
        signature: Signature,
    },
    /// Retire it, or withdraw a proposal.
    Retire {
        /// Why.
        because: String,
        /// Who retires it.
        signature: Signature,
    },
}

/// Why a command to a version of a label definition was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The number is not the next one.
    #[error(
        "the newest version of the {kind} label is {newest}; a version is never changed. Write \
         version = {} and propose again",
        newest.saturating_add(1)
    )]
    NotNext {
        /// Kind of label.
        kind: String,
        /// The newest version.
        newest: u32,
    },
    /// The version is unknown.
    #[error("there is no such version of a label definition; propose it first")]
    Unknown,
    /// It is not in the state for this.
    #[error("{key} is {standing} and cannot be {asked}. Open the list of versions")]
    WrongStanding {
        /// The version.
        key: String,
        /// How it stands.
        standing: &'static str,
        /// What was asked.
        asked: &'static str,
    },
    /// Author and approver are one person.
    #[error(
        "{login} wrote {key} and cannot approve it: author and approver are two people (ATMP-17). \
         Ask another person of QA"
    )]
    ApproverIsAuthor {
        /// The person.
        login: String,
        /// The version.
        key: String,
    },
    /// Something is not said.
    #[error("{key} lacks a reason or a change request: say why it is put forward or retired")]
    NoReason {
        /// The version.
        key: String,
    },
    /// The signature says something else.
    #[error("the signature does not cover this text with this meaning. Open it again and sign")]
    WrongSignature,
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotNext { .. } => "label_version_not_next ATMP-17",
            Self::Unknown => "label_version_unknown",
            Self::WrongStanding { .. } => "label_version_standing ATMP-17",
            Self::ApproverIsAuthor { .. } => "label_approver_is_author ATMP-17",
            Self::NoReason { .. } => "reason_missing ATMP-17",
            Self::WrongSignature => "signature_content 21 CFR 11.70",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NoReason { .. } => RefusalKind::Invalid,
            Self::Unknown => RefusalKind::NotFound,
            Self::ApproverIsAuthor { .. } => RefusalKind::Forbidden,
            _ => RefusalKind::Conflict,
        }
    }
}

/// What `command` changes in the version, or why it is refused.
pub fn decide(
    version: Option<&LabelDefinition>,
    command: &Command,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let (key, event) = match (command, version) {
        (Command::Propose { .. }, _) => propose(command)?,
        (_, None) => return Err(Refusal::Unknown),
        (Command::Approve { signature }, Some(version)) => {
            version.approve(signature, context)?;
            (version.definition.key(), Event::Approved { signature: signature.clone() })
        }
        (Command::Retire { because, signature }, Some(version)) => {
            let key = version.definition.key();
            if version.standing == Standing::Retired {
                let standing = version.standing.code();
                return Err(Refusal::WrongStanding { key, standing, asked: "retired" });
            }
            must_cover(signature, Meaning::Approved, &version.definition.hash)?;
            let because = because.trim().to_owned();
            if because.is_empty() {
                return Err(Refusal::NoReason { key });
            }
            (key, Event::Retired { because, signature: signature.clone() })
        }
    };
    Ok(vec![Change::of::<LabelDefinition>(&key, event)])
}

fn propose(command: &Command) -> Result<(String, Event), Refusal> {
    let Command::Propose { definition, newest, text, reason, change_request, signature } = command
    else {
        return Err(Refusal::Unknown);
    };
    if definition.number != newest.saturating_add(1) {
        return Err(Refusal::NotNext { kind: definition.kind.clone(), newest: *newest });
    }
    must_cover(signature, Meaning::Authored, &definition.hash)?;
    let (reason, change_request) = (reason.trim().to_owned(), change_request.trim().to_owned());
    if reason.is_empty() || change_request.is_empty() {
        return Err(Refusal::NoReason { key: definition.key() });
    }
    let (text, signature) = (text.clone(), signature.clone());
    let definition = definition.clone();
    let key = definition.key();
    Ok((key, Event::Proposed { definition, text, reason, change_request, signature }))
}

fn must_cover(signature: &Signature, meaning: Meaning, hash: &ContentHash) -> Result<(), Refusal> {
    if signature.meaning == meaning && signature.content_hash == *hash {
        return Ok(());
    }
    Err(Refusal::WrongSignature)
}

impl LabelDefinition {
    fn approve(&self, signature: &Signature, context: &Context) -> Result<(), Refusal> {
        let key = self.definition.key();
        if self.standing != Standing::Proposed {
            let standing = self.standing.code();
            return Err(Refusal::WrongStanding { key, standing, asked: "approved" });
        }
        must_cover(signature, Meaning::Approved, &self.definition.hash)?;
        if [&signature.login, &context.actor.login].contains(&&self.authored.login) {
            return Err(Refusal::ApproverIsAuthor { login: self.authored.login.to_string(), key });
        }
        Ok(())
    }
}

impl Aggregate for LabelDefinition {
    type Event = Event;

    const KIND: &'static str = "label_definition";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        match (state, event) {
            (None, Event::Proposed { definition, text, reason, change_request, signature }) => {
                Some(Self {
                    definition: definition.clone(),
                    version: recorded.version,
                    text: text.clone(),
                    reason: reason.clone(),
                    change_request: change_request.clone(),
                    standing: Standing::Proposed,
                    authored: signature.clone(),
                    approved: None,
                    retired: None,
                })
            }
            (None, _) => None,
            (Some(mut version), event) => {
                version.version = recorded.version;
                match event {
                    Event::Proposed { .. } => {}
                    Event::Approved { signature } => {
                        version.standing = Standing::Approved;
                        version.approved = Some(signature.clone());
                    }
                    Event::Retired { because, signature } => {
                        version.standing = Standing::Retired;
                        version.retired = Some((signature.clone(), because.clone()));
                    }
                }
                Some(version)
            }
        }
    }
}
