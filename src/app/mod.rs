//! Use cases, one file each: check who asks, load, let the domain decide, record. One command is
//! one transaction.
//!
//! How to add one: a file `app/<noun_verb>.rs` with a command struct (serialisable, without any
//! secret) and a function `fn noun_verb(app: &App, caller: &Caller, command: Command) -> …` that
//! asks [`Caller::needs`] for the capability and goes through [`App::write`]. Signatures come from
//! `signature` before the transaction begins.
//!
//! Neighbours: `web`, the command line and the demo call these and nothing below them to change
//! anything.
//!
//! Architecture invariant: nothing here decides a rule of the process; nothing waits for a person,
//! the clock or the network inside a transaction.

pub mod batch_accounts;
pub mod batch_clearance;
pub mod batch_end;
pub mod batch_facts;
pub mod batch_show;
pub mod batch_hold_point_sign;
pub mod batch_start;
pub mod batch_step_perform;
pub mod batch_step_verify;
pub mod batch_value_correct;
pub mod master_record_approve;
pub mod master_record_check;
pub mod audit;
pub mod certificate;
pub mod code_explain;
pub mod container_decide;
pub mod container_identity;
pub mod container_move;
pub mod content;
pub mod deviation_decide;
pub mod donation_receive;
pub mod donor_decide;
pub mod donor_record;
pub mod equipment_change;
pub mod label_data;
pub mod label_definition;
mod label_dose;
mod label_fit;
pub mod label_lost;
pub mod label_print;
pub mod label_scan_back;
pub mod label_thing;
pub mod material_change;
pub mod material_receive;
pub mod custody_administer;
pub mod custody_excursion;
pub mod custody_hand_over;
pub mod custody_pack;
pub mod order_allocate;
pub mod order_change;
pub mod order_outcome;
pub mod order_place;
pub mod release_facts;
pub mod release_sign;
pub mod order_scan;
pub mod person_scan;
pub mod print_job;
pub mod print_send;
pub mod printer_change;
pub mod protocol_check;
pub mod order_status;
pub mod record_export;
pub mod scan;
pub mod scanner_test;
pub mod shown;
pub mod sign_in;
pub mod signature;
pub mod stock_scan;
pub mod storage_change;
pub mod test_record;
pub mod test_sign;
pub mod site;
pub mod trace;
pub mod user_change;
pub mod user_password;
pub mod user_register;
pub mod words;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use print_send::Bell;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::domain::actor::{Actor, Capability};
use crate::domain::id::StationId;
use crate::domain::time::Instant;
use crate::domain::{Context, RefusalKind};
use crate::store::{Envelope, Failure, Store, StoreConfig, Tx, request_hash};

/// The application: the records, the site's settings and the clock. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The records.
    pub store: Store,
    /// The site's settings.
    pub config: Arc<Config>,
    /// The clock.
    pub clock: Clock,
    /// Rung where a print job was queued.
    pub bell: Bell,
}

/// Who gives a command, from where, under which number.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who, in which role.
    pub actor: Actor,
    /// The workstation.
    pub station: StationId,
    /// The command's own number: sent twice, it is carried out once.
    pub command_id: Uuid,
    /// Why, where a reason was asked for or given.
    pub reason: Option<String>,
}

impl Caller {
    /// Refuses unless the role in use has the capability.
    ///
    /// # Errors
    /// A `Forbidden` refusal that names the role.
    pub fn needs(&self, capability: Capability) -> Result<(), Failure> {
        if self.actor.role.may(capability) {
            return Ok(());
        }
        Err(Failure::refused(
            "role_lacks_capability (11.10(g))",
            RefusalKind::Forbidden,
            format!(
                "The role {} does not include this. Ask a person whose role does, or sign in in \
                 another of your roles.",
                self.actor.role.title()
            ),
        ))
    }

    /// Who and when, as decisions take it.
    #[must_use]
    pub fn context(&self, now: Instant) -> Context {
        Context { now, actor: self.actor.clone() }
    }

    /// The reason given, trimmed; a refusal where there is none but must be.
    ///
    /// # Errors
    /// An `Invalid` refusal that asks for it.
    pub fn needs_reason(&self) -> Result<String, Failure> {
        match self.reason.as_deref().map(str::trim) {
            Some(reason) if !reason.is_empty() => Ok(reason.to_owned()),
            _ => Err(Failure::refused(
                "reason_missing (A11-7)",
                RefusalKind::Invalid,
                "This change needs a reason. Say in a few words why it is made.",
            )),
        }
    }
}

impl App {
    /// Opens the records that the settings name, and founds them where there are none.
    ///
    /// # Errors
    /// See [`Store::open`].
    pub fn open(config: Config, clock: Clock) -> Result<Self, Failure> {
        let store = Store::open(StoreConfig {
            key_folder: Some(config.secrets.clone()),
            checkpoint_file: Some(config.checkpoints()),
            zone: config.zone,
            clock: clock.clone(),
            ..StoreConfig::new(&config.database)
        })?;
        Ok(Self { store, config: Arc::new(config), clock, bell: Bell::default() })
    }

    /// Carries out one command: see [`Store::write`]. The same command number with the same
    /// command gets the stored answer.
    ///
    /// # Errors
    /// What `work` refuses, or that the database failed. Nothing was changed then.
    pub fn write<C, T>(
        &self,
        caller: &Caller,
        command: &C,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T, Failure>
    where
        C: Serialize + ?Sized,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let envelope = Envelope {
            command_id: caller.command_id,
            request_hash: request_hash(command)?,
            actor: caller.actor.clone(),
            station: caller.station.clone(),
            at: self.clock.now(),
            reason: caller.reason.clone(),
        };
        self.store.write(envelope, work)
    }

    /// Reads one instant of the records.
    ///
    /// # Errors
    /// What `work` answers, or that the database failed.
    pub fn read<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Failure>) -> Result<T, Failure> {
        self.store.read(work)
    }
}
