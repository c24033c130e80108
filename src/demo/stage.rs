//! The stage: the application, its clock and its people, with the few moves every chapter makes.

use zeroize::Zeroizing;

use super::cast::{PASSWORD, People, Person};
use super::voice::Voice;
use crate::app::signature::{self, SignAs, SignatureRequest};
use crate::app::{App, Caller};
use crate::domain::actor::{Meaning, Signature};
use crate::domain::id::{ContentHash, IdError, StationId};
use crate::domain::quantity::QuantityError;
use crate::domain::time::{Instant, Span, TimeError};
use crate::store::Failure;

/// Why the story broke off. It never should.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A use case failed, or refused what the story needs.
    #[error("{doing}: {failure}")]
    Failed {
        /// What was being done.
        doing: String,
        /// What it answered.
        failure: Failure,
    },
    /// A mistake was not refused.
    #[error("this should have been refused and was not: {0}")]
    NotRefused(String),
    /// A name, number or time of the story has the wrong shape.
    #[error("the story is written wrongly: {0}")]
    Script(String),
    /// Something the story relies on is not there.
    #[error("the story expected {0}")]
    Missing(String),
    /// The place where it should play is taken.
    #[error("{0}")]
    Occupied(String),
    /// A file cannot be written.
    #[error("{0}")]
    File(#[from] std::io::Error),
}

impl From<IdError> for Trouble {
    fn from(error: IdError) -> Self {
        Self::Script(error.to_string())
    }
}

impl From<TimeError> for Trouble {
    fn from(error: TimeError) -> Self {
        Self::Script(error.to_string())
    }
}

impl From<QuantityError> for Trouble {
    fn from(error: QuantityError) -> Self {
        Self::Script(error.to_string())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed { doing: "reading the records".to_owned(), failure }
    }
}

/// What the story did, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commands carried out.
    pub commands: u64,
    /// Mistakes tried and refused.
    pub refusals: u64,
    /// Signatures given, each with a password checked.
    pub signatures: u64,
}

/// The application in the middle of the story.
#[derive(Debug)]
pub struct Stage {
    /// The application; its clock is the story's.
    pub app: App,
    /// Who plays.
    pub people: People,
    /// Who tells.
    pub voice: Voice,
    /// What was done so far.
    pub counts: Counts,
    /// Every mistake tried, with the rule that refused it.
    pub refused: Vec<(String, String)>,
    /// How long a command takes in the story.
    pub pace: Span,
    station: StationId,
}

impl Stage {
    /// A stage for an opened application whose clock can be moved.
    ///
    /// # Errors
    /// Never in practice: the names have the right shape.
    pub fn new(app: App, voice: Voice) -> Result<Self, Trouble> {
        Ok(Self {
            app,
            people: People::new()?,
            voice,
            counts: Counts::default(),
            refused: Vec::new(),
            pace: Span::of_seconds(30),
            station: StationId::parse("ROOM-A")?,
        })
    }

    /// Moves the clock to a wall-clock time of the site.
    ///
    /// # Errors
    /// When the text is no time, or lies before the present of the story.
    pub fn at(&self, local: &str) -> Result<Instant, Trouble> {
        let to = Instant::parse_local(local, self.app.config.zone)?;
        if to < self.app.clock.now() {
            return Err(Trouble::Script(format!("{local} lies in the past of the story")));
        }
        self.app.clock.set(to);
        Ok(to)
    }

    /// Waits until a time; one that is past needs no waiting.
    pub fn until(&self, at: Instant) {
        if at > self.app.clock.now() {
            self.app.clock.set(at);
        }
    }

    /// Lets some minutes pass.
    pub fn minutes(&self, minutes: i64) {
        self.app.clock.advance(Span::of_minutes(minutes));
    }

    /// A fresh command of this person.
    #[must_use]
    pub fn by(&self, person: &Person) -> Caller {
        Caller {
            actor: person.actor.clone(),
            station: self.station.clone(),
            command_id: self.app.clock.new_id(),
            reason: None,
        }
    }

    /// A fresh command of this person, with a reason.
    #[must_use]
    pub fn because(&self, person: &Person, reason: &str) -> Caller {
        Caller { reason: Some(reason.to_owned()), ..self.by(person) }
    }

    /// This person's request to sign content with this hash.
    #[must_use]
    pub fn request(
        &self,
        person: &Person,
        meaning: Meaning,
        hash: &ContentHash,
    ) -> SignatureRequest {
        SignatureRequest {
            login: person.actor.login.to_string(),
            password: Zeroizing::new(PASSWORD.to_owned()),
            meaning,
            displayed_hash: hash.clone(),
        }
    }

    /// This person's signature over content with this hash, by a full re-authentication.
    ///
    /// # Errors
    /// When the person may not sign.
    pub fn sign(
        &mut self,
        person: &Person,
        meaning: Meaning,
        hash: &ContentHash,
    ) -> Result<Signature, Trouble> {
        self.counts.signatures = self.counts.signatures.saturating_add(1);
        let request = self.request(person, meaning, hash);
        let role = SignAs::Role(person.actor.role);
        signature::sign(&self.app, &self.station, &request, role).map_err(|failure| {
            Trouble::Failed { doing: format!("{} signs", person.actor.printed_name), failure }
        })
    }

    /// Takes the outcome of a command that must succeed; a moment passes.
    ///
    /// # Errors
    /// When it did not.
    pub fn done<T>(&mut self, doing: &str, outcome: Result<T, Failure>) -> Result<T, Trouble> {
        self.counts.commands = self.counts.commands.saturating_add(1);
        self.voice.step(doing);
        self.app.clock.advance(self.pace);
        outcome.map_err(|failure| Trouble::Failed { doing: doing.to_owned(), failure })
    }

    /// Takes the outcome of a mistake, which must be a refusal, and tells it.
    ///
    /// # Errors
    /// When it was not refused, or failed otherwise.
    pub fn refused<T>(&mut self, tried: &str, outcome: Result<T, Failure>) -> Result<(), Trouble> {
        self.voice.step(tried);
        self.app.clock.advance(self.pace);
        match outcome {
            Ok(_) => Err(Trouble::NotRefused(tried.to_owned())),
            Err(Failure::Refused(refused)) => {
                self.counts.refusals = self.counts.refusals.saturating_add(1);
                self.voice.refusal(tried, &refused);
                self.refused.push((tried.to_owned(), refused.rule.to_owned()));
                Ok(())
            }
            Err(failure) => Err(Trouble::Failed { doing: tried.to_owned(), failure }),
        }
    }

    /// Reads the records.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&mut crate::db::Db) -> Result<T, Failure>,
    ) -> Result<T, Trouble> {
        Ok(self.app.read(work)?)
    }
}
