//! The rules of material lots (ATMP-28).

use super::command::Command;
use super::event::Event;
use super::refusal::Refusal;
use super::state::{MaterialLot, Origin, Receipt};
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::LotId;
use crate::domain::time::Instant;
use crate::domain::{Change, Context};

/// Receives a lot into quarantine. `known` is the lot of that identity, if there is one.
pub fn receive(
    lot: &LotId,
    receipt: &Receipt,
    known: Option<&MaterialLot>,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    if known.is_some() {
        return Err(Refusal::AlreadyReceived { lot: lot.to_string() });
    }
    if lot.as_str().split_once('/').map(|(material, _)| material) != Some(receipt.material.as_str())
    {
        let (lot, material) = (lot.to_string(), receipt.material.to_string());
        return Err(Refusal::OtherMaterial { lot, material });
    }
    for (what, text) in [
        ("the name of the material", &receipt.title),
        ("the supplier", &receipt.supplier),
        ("how the material is kept", &receipt.storage),
    ] {
        if text.trim().is_empty() {
            return Err(Refusal::Missing { what });
        }
    }
    let size = receipt.package_size;
    if receipt.packages == 0 || size.is_zero() || size.is_negative() {
        return Err(Refusal::Missing { what: "the number or size of packages" });
    }
    if receipt.in_use_limit.is_some_and(|limit| limit.seconds() <= 0) {
        return Err(Refusal::Missing { what: "an in-use limit above zero" });
    }
    if receipt.expires_at <= context.now {
        return Err(Refusal::Expired { lot: lot.to_string(), at: receipt.expires_at });
    }
    let event = Event::Received { receipt: receipt.clone() };
    Ok(vec![Change::of::<MaterialLot>(lot.as_str(), event)])
}

/// What `command` changes, or why it is refused.
pub fn decide(
    lot: &MaterialLot,
    command: &Command,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let event = match command {
        Command::FileCertificate { reference } => {
            Event::DocumentFiled { certificate: Some(filed(reference)?), safety_evidence: None }
        }
        Command::FileSafetyEvidence { reference } => {
            Event::DocumentFiled { certificate: None, safety_evidence: Some(filed(reference)?) }
        }
        Command::Release { because, signature } => lot.release(because, signature, context)?,
        Command::Reject { because, signature } => lot.reject(because, signature)?,
        Command::Open => {
            lot.usable_unopened(context.now)?;
            lot.open_next()?
        }
        Command::UseUp => {
            lot.not_used_up()?;
            Event::UsedUp {}
        }
    };
    Ok(vec![Change::of::<MaterialLot>(lot.id.as_str(), event)])
}

/// Whether a lot may be used now, and what its use changes: the first use of a lot with an in-use
/// limit opens a package.
pub fn take(lot: &MaterialLot, context: &Context) -> Result<Vec<Change>, Refusal> {
    lot.usable(context.now)?;
    if lot.open.is_some() || lot.receipt.in_use_limit.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Change::of::<MaterialLot>(lot.id.as_str(), lot.open_next()?)])
}

impl MaterialLot {
    /// Whether it may be used at that time.
    pub fn usable(&self, now: Instant) -> Result<(), Refusal> {
        self.usable_unopened(now)?;
        match (&self.open, self.receipt.in_use_limit, self.open_until()) {
            (Some(open), Some(limit), Some(until)) if until <= now => {
                Err(Refusal::InUseLimitPassed {
                    lot: self.id.to_string(),
                    package: open.package,
                    opened_at: open.at,
                    limit,
                    until,
                })
            }
            _ => Ok(()),
        }
    }

    fn usable_unopened(&self, now: Instant) -> Result<(), Refusal> {
        let lot = self.id.to_string();
        self.not_used_up()?;
        if self.disposition != Disposition::Released {
            return Err(Refusal::NotReleased { lot, standing: self.disposition });
        }
        if self.receipt.expires_at <= now {
            return Err(Refusal::Expired { lot, at: self.receipt.expires_at });
        }
        Ok(())
    }

    fn not_used_up(&self) -> Result<(), Refusal> {
        match self.used_up_at {
            Some(at) => Err(Refusal::UsedUp { lot: self.id.to_string(), at }),
            None => Ok(()),
        }
    }

    fn open_next(&self) -> Result<Event, Refusal> {
        let (lot, packages) = (self.id.to_string(), self.receipt.packages);
        if self.packages_left() == 0 {
            return Err(Refusal::NoPackageLeft { lot, packages });
        }
        let opened = self.open.as_ref().map_or(0, |open| open.package);
        Ok(Event::Opened { package: opened.saturating_add(1) })
    }

    fn release(
        &self,
        because: &str,
        signature: &Signature,
        context: &Context,
    ) -> Result<Event, Refusal> {
        let lot = self.id.to_string();
        if self.disposition != Disposition::Quarantine {
            return Err(Refusal::AlreadyDecided { lot, standing: self.disposition });
        }
        self.decided_by_another(signature)?;
        if self.receipt.expires_at <= context.now {
            return Err(Refusal::Expired { lot, at: self.receipt.expires_at });
        }
        if self.receipt.certificate.is_none() {
            return Err(Refusal::CertificateMissing { lot });
        }
        if self.receipt.origin != Origin::Synthetic && self.receipt.safety_evidence.is_none() {
            let origin = self.receipt.origin.words();
            return Err(Refusal::SafetyEvidenceMissing { lot, origin });
        }
        Ok(Event::Released { because: reason(because)?, signature: signature.clone() })
    }

    fn reject(&self, because: &str, signature: &Signature) -> Result<Event, Refusal> {
        if self.disposition == Disposition::Rejected {
            let (lot, standing) = (self.id.to_string(), self.disposition);
            return Err(Refusal::AlreadyDecided { lot, standing });
        }
        self.decided_by_another(signature)?;
        Ok(Event::Rejected { because: reason(because)?, signature: signature.clone() })
    }

    fn decided_by_another(&self, signature: &Signature) -> Result<(), Refusal> {
        if signature.login == self.received_by {
            let (lot, login) = (self.id.to_string(), signature.login.to_string());
            return Err(Refusal::DeciderIsReceiver { lot, login });
        }
        Ok(())
    }
}

fn filed(reference: &str) -> Result<String, Refusal> {
    let reference = reference.trim();
    if reference.is_empty() {
        return Err(Refusal::Missing { what: "the reference of the document" });
    }
    Ok(reference.to_owned())
}

fn reason(because: &str) -> Result<String, Refusal> {
    let because = because.trim();
    if because.is_empty() {
        return Err(Refusal::Missing { what: "what the decision rests on" });
    }
    Ok(because.to_owned())
}
