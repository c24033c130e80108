//! One command at work: what it loads, what it records, all in one transaction.
//!
//! Neighbours: [`super::Store::write`] makes a [`Tx`] for each run of a command's work; `app`
//! loads aggregates with it, asks the domain to decide, and records the changes.
//!
//! Architecture invariant: an event is signed, appended and projected by one function, and a
//! stream, a station or the queue of the sealer never moves without it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::clock;
use crate::db::{Db, DbError};
use crate::domain::actor::Actor;
use crate::domain::id::StreamId;
use crate::domain::time::{Instant, Zone};
use crate::domain::{Aggregate, Change, Context};
use crate::ledger::event::DOCUMENT_VERSION;
use crate::ledger::hash::hex;
use crate::ledger::{ActorDocument, EventDocument, Hash, SecretKey, StationDocument};

use super::cache::Cache;
use super::ledger::{self, Head};
use super::schema::{ledger_event, ledger_pending, ledger_stream, station_seq};
use super::{Envelope, Failure, project};

/// The transaction of one command.
pub struct Tx<'a> {
    db: &'a mut Db,
    envelope: &'a Envelope,
    key: &'a SecretKey,
    zone: Zone,
    cache: &'a Cache,
    /// Heads as they were when the command met each stream.
    found: BTreeMap<String, Option<Head>>,
    /// Heads after what this command recorded.
    grown: BTreeMap<String, Head>,
    /// The station's counter before this command and now.
    station: Option<(u64, u64)>,
    recorded: Vec<String>,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Tx({})", self.envelope.command_id)
    }
}

impl<'a> Tx<'a> {
    pub(super) fn new(
        db: &'a mut Db,
        envelope: &'a Envelope,
        key: &'a SecretKey,
        zone: Zone,
        cache: &'a Cache,
    ) -> Self {
        Self {
            db,
            envelope,
            key,
            zone,
            cache,
            found: BTreeMap::new(),
            grown: BTreeMap::new(),
            station: None,
            recorded: Vec::new(),
        }
    }

    /// The database inside this transaction, for the queries of `store`.
    pub fn db(&mut self) -> &mut Db {
        self.db
    }

    /// The server's time of the command.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.envelope.at
    }

    /// Who gives the command.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.envelope.actor
    }

    /// Who and when, as decisions take it.
    #[must_use]
    pub fn context(&self) -> Context {
        Context { now: self.envelope.at, actor: self.envelope.actor.clone() }
    }

    /// The ids of the events recorded so far.
    #[must_use]
    pub fn recorded(&self) -> &[String] {
        &self.recorded
    }

    /// The state of an aggregate, folded from its events; `None` when it has none.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub fn load<A: Aggregate>(&mut self, id: &str) -> Result<Option<A>, Failure> {
        let stream = A::stream(id);
        let (state, head) = ledger::load_with_head(self.db, &stream, Some(self.cache))?;
        self.found.entry(stream.as_str().to_owned()).or_insert(head);
        Ok(state)
    }

    /// The state of an aggregate that must exist.
    ///
    /// # Errors
    /// A `NotFound` refusal when it does not, or as [`Tx::load`].
    pub fn require<A: Aggregate>(&mut self, id: &str) -> Result<A, Failure> {
        self.load(id)?.ok_or_else(|| {
            let kind = A::KIND.replace('_', " ");
            Failure::not_found(format!("There is no {kind} {id}. Check the code and scan again."))
        })
    }

    /// Appends events and projects them, in the order given.
    ///
    /// # Errors
    /// When an event cannot be written, or the database fails.
    pub fn record(&mut self, changes: impl IntoIterator<Item = Change>) -> Result<(), Failure> {
        changes.into_iter().try_for_each(|change| self.record_one(&change))
    }

    fn record_one(&mut self, change: &Change) -> Result<(), Failure> {
        let name = change.stream.as_str();
        let head = self.head(&change.stream)?;
        let version = head.map_or(0, |head| head.version).saturating_add(1);
        let (kind, data) = change.event.encode()?;
        let envelope = self.envelope;
        let document = EventDocument {
            v: DOCUMENT_VERSION,
            kind,
            event_id: clock::new_id().to_string(),
            stream: name.to_owned(),
            ver: version,
            prev: head.map(|head| head.hash.to_string()),
            at: envelope.at.to_string(),
            tz: self.zone.name().to_owned(),
            actor: ActorDocument {
                login: envelope.actor.login.as_str().to_owned(),
                role: envelope.actor.role.code().to_owned(),
            },
            station: StationDocument {
                id: envelope.station.as_str().to_owned(),
                seq: self.next_station_number()?,
            },
            command_id: envelope.command_id.to_string(),
            reason: envelope.reason.clone(),
            data,
            refs: self.references(name),
            salt: hex(&clock::random::<16>()?),
        };
        let (canonical, hash) = document.seal()?;
        self.insert(&document, &canonical, &hash)?;
        self.grown.insert(name.to_owned(), Head { version, hash });
        self.recorded.push(document.event_id.clone());
        // Projected is what was stored, read back: replay then sees the same.
        project::event(self.db, &ledger::recorded(document)?)
    }

    fn insert(
        &mut self,
        document: &EventDocument,
        canonical: &str,
        hash: &Hash,
    ) -> Result<(), Failure> {
        diesel::insert_into(ledger_event::table)
            .values((
                ledger_event::event_id.eq(&document.event_id),
                ledger_event::stream.eq(&document.stream),
                ledger_event::stream_ver.eq(column(document.ver)?),
                ledger_event::canonical.eq(canonical),
                ledger_event::event_hash.eq(hash.to_vec()),
                ledger_event::kid.eq(self.key.id().as_str()),
                ledger_event::sig.eq(self.key.sign_event(hash).to_vec()),
                ledger_event::command_id.eq(&document.command_id),
            ))
            .execute(self.db)?;
        diesel::insert_into(ledger_pending::table)
            .values(ledger_pending::event_id.eq(&document.event_id))
            .execute(self.db)?;
        Ok(())
    }

    fn head(&mut self, stream: &StreamId) -> Result<Option<Head>, Failure> {
        let name = stream.as_str();
        if let Some(head) = self.grown.get(name) {
            return Ok(Some(*head));
        }
        if let Some(head) = self.found.get(name) {
            return Ok(*head);
        }
        let stored: Option<(i64, Vec<u8>)> = ledger_stream::table
            .find(name)
            .select((ledger_stream::ver, ledger_stream::head))
            .first(self.db)
            .optional()?;
        let head = match stored {
            Some((version, hash)) => {
                Some(Head { version: number(version)?, hash: ledger::stored_hash(&hash)? })
            }
            None => None,
        };
        self.found.insert(name.to_owned(), head);
        Ok(head)
    }

    /// The heads of the other streams this command looked at before deciding, on its first
    /// event: so the event says what it rests on.
    fn references(&self, own: &str) -> Vec<String> {
        if !self.recorded.is_empty() {
            return Vec::new();
        }
        let others = self.found.iter().filter(|(name, _)| name.as_str() != own);
        let hashes: BTreeSet<_> =
            others.filter_map(|(_, head)| head.map(|head| head.hash.to_string())).collect();
        hashes.into_iter().collect()
    }

    fn next_station_number(&mut self) -> Result<u64, Failure> {
        let (before, last) = match self.station {
            Some(counters) => counters,
            None => {
                let stored: Option<i64> = station_seq::table
                    .find(self.envelope.station.as_str())
                    .select(station_seq::seq)
                    .first(self.db)
                    .optional()?;
                let before = stored.map_or(Ok(0), number)?;
                (before, before)
            }
        };
        let next = last.saturating_add(1);
        self.station = Some((before, next));
        Ok(next)
    }

    /// Writes the heads and the counter that the recorded events moved. Gives whether anything
    /// was recorded.
    pub(super) fn finish(&mut self) -> Result<bool, Failure> {
        for (name, head) in &self.grown {
            let found = self.found.get(name).copied().flatten();
            let written = match found {
                None => diesel::insert_into(ledger_stream::table)
                    .values((
                        ledger_stream::stream.eq(name),
                        ledger_stream::ver.eq(column(head.version)?),
                        ledger_stream::head.eq(head.hash.to_vec()),
                    ))
                    .execute(self.db)?,
                Some(found) => diesel::update(
                    ledger_stream::table
                        .filter(ledger_stream::stream.eq(name))
                        .filter(ledger_stream::ver.eq(column(found.version)?)),
                )
                .set((
                    ledger_stream::ver.eq(column(head.version)?),
                    ledger_stream::head.eq(head.hash.to_vec()),
                ))
                .execute(self.db)?,
            };
            exactly_one(written, "ledger_stream")?;
        }
        self.write_station_number()?;
        Ok(!self.recorded.is_empty())
    }

    fn write_station_number(&mut self) -> Result<(), Failure> {
        let Some((before, last)) = self.station else {
            return Ok(());
        };
        let station = self.envelope.station.as_str();
        let written = if before == 0 {
            diesel::insert_into(station_seq::table)
                .values((station_seq::station.eq(station), station_seq::seq.eq(column(last)?)))
                .execute(self.db)?
        } else {
            diesel::update(
                station_seq::table
                    .filter(station_seq::station.eq(station))
                    .filter(station_seq::seq.eq(column(before)?)),
            )
            .set(station_seq::seq.eq(column(last)?))
            .execute(self.db)?
        };
        exactly_one(written, "station_seq")
    }
}

fn exactly_one(written: usize, table: &str) -> Result<(), Failure> {
    match written {
        1 => Ok(()),
        _ => Err(DbError::Contention(format!("{table} moved meanwhile")).into()),
    }
}

fn column(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::Broken(format!("{number} is too large")))
}

fn number(column: i64) -> Result<u64, Failure> {
    u64::try_from(column).map_err(|_| DbError::Corrupt(format!("{column} is negative")).into())
}
