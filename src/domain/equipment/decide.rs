//! The rules of equipment (ATMP-6).

use super::command::Command;
use super::event::Event;
use super::refusal::Refusal;
use super::state::{Equipment, Registration};
use crate::domain::id::AssetId;
use crate::domain::time::Instant;
use crate::domain::{Change, Context};

/// Puts a device on the list. `known` is the device of that number, if there is one.
pub fn register(
    asset: &AssetId,
    registration: &Registration,
    known: Option<&Equipment>,
) -> Result<Vec<Change>, Refusal> {
    if known.is_some() {
        return Err(Refusal::AlreadyRegistered { asset: asset.to_string() });
    }
    said("its name", &registration.title)?;
    said("its room", &registration.room)?;
    if registration.cleaning_holds.is_some_and(|span| span.seconds() <= 0) {
        return Err(Refusal::Missing { what: "a time above zero that a cleaning holds" });
    }
    let event = Event::Registered { registration: registration.clone() };
    Ok(vec![Change::of::<Equipment>(asset.as_str(), event)])
}

/// What `command` changes, or why it is refused.
pub fn decide(
    equipment: &Equipment,
    command: &Command,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let asset = equipment.asset.to_string();
    let event = match command {
        Command::Calibrate { reference, due_at } => {
            if *due_at <= context.now {
                return Err(Refusal::DueInPast { asset });
            }
            let reference = said("the reference of the certificate", reference)?;
            Event::Calibrated { reference, due_at: *due_at }
        }
        Command::Clean { with } => Event::Cleaned { with: said("what it was cleaned with", with)? },
        Command::TakeOutOfService { because } => {
            if equipment.out_of_service.is_some() {
                return Err(Refusal::StatusUnchanged { asset, status: "out of service" });
            }
            Event::TakenOutOfService { because: said("the reason", because)? }
        }
        Command::PutInService { because, signature } => {
            if equipment.out_of_service.is_none() {
                return Err(Refusal::StatusUnchanged { asset, status: "in service" });
            }
            let because = said("what was done", because)?;
            Event::PutInService { because, signature: signature.clone() }
        }
    };
    Ok(vec![Change::of::<Equipment>(equipment.asset.as_str(), event)])
}

impl Equipment {
    /// Whether it may be used at that time: in service, calibrated, clean.
    pub fn usable(&self, now: Instant) -> Result<(), Refusal> {
        let asset = self.asset.to_string();
        if let Some(because) = self.out_of_service.clone() {
            return Err(Refusal::OutOfService { asset, because });
        }
        if let Some(due_at) = self.registration.calibration_due.filter(|due| *due <= now) {
            return Err(Refusal::CalibrationDue { asset, due_at });
        }
        let clean_until = self.clean_until();
        let clean = clean_until.is_some_and(|until| now < until);
        if self.registration.cleaning_holds.is_some() && !clean {
            return Err(Refusal::NotClean { asset, clean_until });
        }
        Ok(())
    }
}

fn said(what: &'static str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() { Err(Refusal::Missing { what }) } else { Ok(text.to_owned()) }
}
