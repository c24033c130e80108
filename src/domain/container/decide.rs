//! The rules of containers.

use super::command::{Command, NewLabel, Purpose, Use};
use super::event::Event;
use super::refusal::Refusal;
use super::state::{Container, Custodian, Fate};
use crate::domain::account::Account;
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::Standing;
use crate::domain::id::{ContainerCode, LocationPath, Login, OrderNumber};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::storage::Slot;
use crate::domain::time::Instant;
use crate::domain::{Change, Context};
use std::cmp::Ordering;

/// What `command` changes, or why it is refused. `standing` is the effective disposition of the
/// container: the strictest of everything it came from.
pub fn decide(
    container: &Container,
    command: &Command,
    standing: &Standing,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    container.must_be_live_unless_label(command)?;
    let events = match command {
        Command::Store { slot, refreeze_allowed } => {
            container.store(slot, *refreeze_allowed)?;
            vec![Event::Stored { location: slot.path.clone() }]
        }
        Command::Retrieve { from, purpose } => {
            container.retrieve(from.as_ref(), purpose, standing, context)?
        }
        Command::Reserve { order, accepts } => {
            container.reserve(order, *accepts, standing, context)?
        }
        Command::ReleaseReservation { order } => container.release_reservation(order)?,
        Command::Thaw { wanted } => container.thaw(wanted, standing, context)?,
        Command::Consume { wanted, step } => {
            container.usable(wanted, standing, context.now)?;
            container.must_be_in_hand()?;
            // What the batch that made it uses itself is posted by its own step.
            let own = container.batch.as_ref() == Some(&wanted.batch);
            let postings =
                if own { Vec::new() } else { container.all(Account::Output, Account::Passed) };
            let (batch, step) = (wanted.batch.clone(), step.clone());
            vec![Event::Consumed { batch, step, postings }]
        }
        Command::PrintLabel(_)
        | Command::ReprintLabel { .. }
        | Command::ScanBack { .. }
        | Command::DestroyLabel { .. }
        | Command::KeepLabel { .. } => container.label(command)?,
        Command::LoseLabel { .. } | Command::FindLabel { .. } => container.lost_label(command)?,
        Command::ProposeIdentity { .. }
        | Command::ConfirmIdentity { .. }
        | Command::DeclineIdentity { .. } => container.correct_identity(command)?,
        Command::DecideDisposition { to, because, signature } => {
            container.dispose(*to, because, signature.as_ref())?
        }
        Command::Destroy { because, signature, witness } => {
            container.destroy(because, signature, witness.as_ref())?
        }
        custody => container.custody(custody, standing, context)?,
    };
    Ok(events.into_iter().map(|event| Change::of::<Container>(&container.code, event)).collect())
}

/// Whether the label with this serial may be relied on: printed, and not void. Every scan of a
/// container's label passes here, wherever it happens.
pub fn check_label(container: &Container, serial: u32) -> Result<(), Refusal> {
    container.check_label(serial)
}

impl Container {
    /// Refuses a container that was consumed, administered or destroyed, saying by whom and when.
    pub fn must_be_live(&self) -> Result<(), Refusal> {
        let (fate, by, at) = match &self.fate {
            Fate::Live => return Ok(()),
            Fate::Consumed { batch, step, at, by } => {
                (format!("used in step {step} of batch {batch}"), by, at)
            }
            Fate::Administered { order, at, by } => {
                (format!("administered for order {order}"), by, at)
            }
            Fate::Destroyed { at, by } => ("destroyed".to_owned(), by, at),
            Fate::Unpacked { at, by } => ("unpacked".to_owned(), by, at),
        };
        Err(Refusal::Spent { code: self.code.clone(), fate, by: by.to_string(), at: *at })
    }

    /// Labels of a spent container are still accounted for; nothing else may happen to it.
    fn must_be_live_unless_label(&self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::DestroyLabel { .. }
            | Command::KeepLabel { .. }
            | Command::LoseLabel { .. }
            | Command::FindLabel { .. }
            // These say themselves what to do instead.
            | Command::ProposeIdentity { .. }
            | Command::ConfirmIdentity { .. }
            | Command::DeclineIdentity { .. } => Ok(()),
            _ => self.must_be_live(),
        }
    }

    /// Whether it may be used as wanted now: live, identity not in doubt, effective disposition,
    /// expiry, reservation, time outside storage. Says nothing of where it is.
    pub fn usable(&self, wanted: &Use, standing: &Standing, now: Instant) -> Result<(), Refusal> {
        self.must_be_live()?;
        self.accepted(wanted.accepts, standing)?;
        self.not_expired(now)?;
        self.not_promised_to_another(wanted)?;
        if let Some(limit) = wanted.outside_max {
            let outside = self.outside(now);
            if outside > limit {
                return Err(Refusal::OutsideTooLong { code: self.code.clone(), outside, limit });
            }
        }
        Ok(())
    }

    fn accepted(&self, accepts: Disposition, standing: &Standing) -> Result<(), Refusal> {
        self.identity_certain()?;
        let effective = standing.disposition.max(self.disposition);
        if effective <= accepts {
            return Ok(());
        }
        let cause = standing.because.as_ref().filter(|_| standing.disposition >= self.disposition);
        Err(Refusal::NotReleased {
            code: self.code.clone(),
            standing: effective,
            cause: cause.filter(|node| node.id() != self.code).map(|node| node.words()),
            accepts,
        })
    }

    fn identity_certain(&self) -> Result<(), Refusal> {
        match &self.identity_proposal {
            None => Ok(()),
            Some(open) => {
                let (code, to) = (self.code.clone(), open.to.words());
                Err(Refusal::IdentityInDoubt { code, to })
            }
        }
    }

    fn not_expired(&self, now: Instant) -> Result<(), Refusal> {
        match self.expires_at {
            Some(at) if at <= now => Err(Refusal::Expired { code: self.code.clone(), at }),
            _ => Ok(()),
        }
    }

    fn not_promised_to_another(&self, wanted: &Use) -> Result<(), Refusal> {
        let promised = self.reserved_for.as_ref().or(self.order.as_ref());
        match promised {
            Some(order) if wanted.order.as_ref() != Some(order) => {
                let asked = match &wanted.order {
                    Some(asked) => format!("order {asked}"),
                    None => format!("batch {}", wanted.batch),
                };
                let (code, reserved) = (self.code.clone(), order.to_string());
                Err(Refusal::ReservedForAnother { code, reserved, asked })
            }
            _ => Ok(()),
        }
    }

    fn must_be_in_hand(&self) -> Result<&Login, Refusal> {
        match &self.custodian {
            Custodian::Person { login } => Ok(login),
            Custodian::Place { location } => {
                Err(Refusal::InStorage { code: self.code.clone(), location: location.to_string() })
            }
            Custodian::Transfer { transfer } => Err(self.in_transfer(transfer)),
            Custodian::Spent => {
                self.must_be_live()?;
                Err(self.not_in_storage("with nobody"))
            }
        }
    }

    fn must_be_held_by(&self, person: &Login) -> Result<(), Refusal> {
        let holder = self.must_be_in_hand()?;
        if holder == person {
            return Ok(());
        }
        Err(Refusal::HeldByAnother {
            code: self.code.clone(),
            holder: holder.to_string(),
            asked: person.to_string(),
        })
    }

    fn in_transfer(&self, transfer: &str) -> Refusal {
        match &self.transfer {
            Some(open) => Refusal::InTransfer {
                code: self.code.clone(),
                from: open.from.to_string(),
                to: open.to.to_string(),
                since: open.at,
            },
            None => self.not_in_storage(&format!("in transfer {transfer}")),
        }
    }

    fn not_in_storage(&self, held: &str) -> Refusal {
        Refusal::NotInStorage {
            code: self.code.clone(),
            held: held.to_owned(),
            since: self.held_since,
        }
    }

    fn store(&self, slot: &Slot, refreeze_allowed: bool) -> Result<(), Refusal> {
        self.must_be_in_hand()?;
        self.no_excursion()?;
        let location = slot.path.to_string();
        if !slot.exists {
            return Err(Refusal::NoSuchPosition { location });
        }
        if let Some((location, because)) = slot.out_of_service.clone() {
            return Err(Refusal::PositionOutOfService { location, because });
        }
        if let Some(occupant) = slot.occupant.clone() {
            return Err(Refusal::PositionOccupied { location, occupant });
        }
        match &self.thawed {
            Some(thaw) if slot.frozen && (!refreeze_allowed || thaw.give_by.is_some()) => {
                Err(Refusal::Refreeze {
                    code: self.code.clone(),
                    by: thaw.by.to_string(),
                    at: thaw.at,
                })
            }
            _ => Ok(()),
        }
    }

    fn retrieve(
        &self,
        asked: Option<&LocationPath>,
        purpose: &Purpose,
        standing: &Standing,
        context: &Context,
    ) -> Result<Vec<Event>, Refusal> {
        let from = match &self.custodian {
            Custodian::Place { location } => location.clone(),
            Custodian::Person { login } => {
                return Err(self.not_in_storage(&format!("with {login}")));
            }
            Custodian::Transfer { transfer } => return Err(self.in_transfer(transfer)),
            Custodian::Spent => return Err(self.not_in_storage("with nobody")),
        };
        if let Some(asked) = asked.filter(|asked| **asked != from) {
            return Err(Refusal::NotThere {
                code: self.code.clone(),
                asked: asked.to_string(),
                actual: from.to_string(),
            });
        }
        if let Purpose::Use(wanted) = purpose {
            self.usable(wanted, standing, context.now)?;
        }
        let by = context.actor.login.clone();
        Ok(vec![Event::Retrieved { from, by, purpose: purpose.words() }])
    }

    fn reserve(
        &self,
        order: &OrderNumber,
        accepts: Disposition,
        standing: &Standing,
        context: &Context,
    ) -> Result<Vec<Event>, Refusal> {
        self.accepted(accepts, standing)?;
        self.not_expired(context.now)?;
        if let Some(other) = self.reserved_for.as_ref().or(self.order.as_ref()) {
            return Err(Refusal::ReservedForAnother {
                code: self.code.clone(),
                reserved: other.to_string(),
                asked: format!("order {order}"),
            });
        }
        if let Some(thaw) = &self.thawed {
            return Err(self.already_thawed(thaw));
        }
        Ok(vec![Event::Reserved { order: order.clone() }])
    }

    fn release_reservation(&self, order: &OrderNumber) -> Result<Vec<Event>, Refusal> {
        if self.reserved_for.as_ref() == Some(order) {
            return Ok(vec![Event::ReservationReleased { order: order.clone() }]);
        }
        Err(Refusal::NotReserved { code: self.code.clone(), order: order.to_string() })
    }

    fn already_thawed(&self, thaw: &super::state::Thaw) -> Refusal {
        Refusal::AlreadyThawed {
            code: self.code.clone(),
            purpose: thaw.purpose.clone(),
            by: thaw.by.to_string(),
            at: thaw.at,
        }
    }

    fn thaw(
        &self,
        wanted: &Use,
        standing: &Standing,
        context: &Context,
    ) -> Result<Vec<Event>, Refusal> {
        if let Some(thaw) = &self.thawed {
            return Err(self.already_thawed(thaw));
        }
        self.usable(wanted, standing, context.now)?;
        self.must_be_in_hand()?;
        Ok(vec![Event::Thawed { batch: wanted.batch.clone() }])
    }

    fn check_label(&self, serial: u32) -> Result<(), Refusal> {
        let Some(voided) = self.labels.void(serial) else {
            return match self.labels.printed(serial) {
                Some(_) => Ok(()),
                None => Err(Refusal::LabelNeverPrinted { code: self.code.clone(), serial }),
            };
        };
        if let Some(lost) = self.lost_of(serial) {
            return Err(lost);
        }
        let (code, voided_at, because) = (self.code.clone(), voided.at, voided.because.clone());
        Err(match self.labels.valid() {
            Some(valid) => {
                Refusal::LabelVoid { code, serial, voided_at, because, valid_printed_at: valid.at }
            }
            None => Refusal::LabelVoidWithoutSuccessor { code, serial, voided_at, because },
        })
    }

    fn label(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::PrintLabel(label) => match self.labels.prints.last() {
                Some(last) => Err(Refusal::LabelAlreadyPrinted {
                    code: self.code.clone(),
                    serial: last.serial,
                    at: last.at,
                }),
                None => Ok(vec![self.print(label)?]),
            },
            Command::ReprintLabel { label, because } => self.reprint(label, because),
            Command::ScanBack { scanned, serial } => self.scan_back(scanned, *serial),
            Command::DestroyLabel { serial, copies } => {
                self.account_for(*serial, *copies)?;
                Ok(vec![Event::LabelDestroyed { serial: *serial, copies: *copies }])
            }
            Command::KeepLabel { serial, copies } => {
                self.account_for(*serial, *copies)?;
                Ok(vec![Event::LabelKept { serial: *serial, copies: *copies }])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn print(&self, label: &NewLabel) -> Result<Event, Refusal> {
        let next = self.labels.latest.saturating_add(1);
        if label.serial != next {
            let (code, given) = (self.code.clone(), label.serial);
            return Err(Refusal::LabelSerialNotNext { code, next, given });
        }
        if !(1..=9).contains(&label.copies) {
            return Err(Refusal::CopiesOutOfRange { copies: label.copies });
        }
        Ok(Event::LabelPrinted {
            serial: label.serial,
            definition: label.definition.clone(),
            definition_version: label.definition_version,
            payload: label.payload.clone(),
            copies: label.copies,
        })
    }

    fn reprint(&self, label: &NewLabel, because: &str) -> Result<Vec<Event>, Refusal> {
        if self.labels.latest == 0 {
            return Err(Refusal::NothingToReprint { code: self.code.clone() });
        }
        reason("a reprint", because)?;
        let printed = self.print(label)?;
        let because = because.trim().to_owned();
        let voided = self
            .labels
            .valid()
            .map(|valid| Event::LabelVoided { serial: valid.serial, because: because.clone() });
        Ok(voided.into_iter().chain([printed]).collect())
    }

    fn scan_back(&self, scanned: &ContainerCode, serial: u32) -> Result<Vec<Event>, Refusal> {
        if scanned.as_str() != self.code {
            let (expected, scanned) = (self.code.clone(), scanned.to_string());
            return Err(Refusal::WrongLabel { expected, scanned });
        }
        self.check_label(serial)?;
        if self.labels.scanned_back == Some(serial) {
            return Ok(Vec::new());
        }
        self.account_for(serial, 1)?;
        Ok(vec![Event::LabelScannedBack { serial }])
    }

    pub(super) fn account_for(&self, serial: u32, copies: u32) -> Result<(), Refusal> {
        if copies == 0 {
            return Err(Refusal::CopiesOutOfRange { copies });
        }
        let Some(print) = self.labels.printed(serial) else {
            return Err(Refusal::LabelNeverPrinted { code: self.code.clone(), serial });
        };
        let accounted = self.labels.accounted(serial);
        if accounted.saturating_add(copies) <= print.copies {
            return Ok(());
        }
        Err(Refusal::LabelsOverAccounted {
            code: self.code.clone(),
            serial,
            issued: print.copies,
            accounted,
            copies,
        })
    }

    fn dispose(
        &self,
        to: Disposition,
        because: &str,
        signature: Option<&Signature>,
    ) -> Result<Vec<Event>, Refusal> {
        reason("a decision", because)?;
        let code = self.code.clone();
        match to.cmp(&self.disposition) {
            Ordering::Equal => return Err(Refusal::DispositionUnchanged { code, to }),
            Ordering::Less if self.disposition == Disposition::Rejected => {
                return Err(Refusal::RejectedForGood { code });
            }
            Ordering::Less if signature.is_none() => {
                return Err(Refusal::LooseningUnsigned { code, from: self.disposition, to });
            }
            Ordering::Less | Ordering::Greater => {}
        }
        let (because, signature) = (because.trim().to_owned(), signature.cloned());
        Ok(vec![Event::DispositionDecided { to, because, signature }])
    }

    fn destroy(
        &self,
        because: &str,
        signature: &Signature,
        witness: Option<&Signature>,
    ) -> Result<Vec<Event>, Refusal> {
        reason("a destruction", because)?;
        self.must_be_in_hand()?;
        if witness.is_some_and(|witness| witness.login == signature.login) {
            let (code, login) = (self.code.clone(), signature.login.to_string());
            return Err(Refusal::WitnessIsPerformer { code, login });
        }
        Ok(vec![Event::Destroyed {
            because: because.trim().to_owned(),
            signature: signature.clone(),
            witness: witness.cloned(),
            postings: self.all(Account::Output, Account::Waste),
        }])
    }
}

/// Custody: hand-over, receipt, excursion, administration.
impl Container {
    fn custody(
        &self,
        command: &Command,
        standing: &Standing,
        context: &Context,
    ) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::HandOver { .. } => self.hand_over(command, standing),
            Command::Receive { transfer, condition, signature } => {
                self.receive(transfer, condition, signature)
            }
            Command::ThawAtBedside { order, bath, give_by } => {
                if let Some(thaw) = &self.thawed {
                    return Err(self.already_thawed(thaw));
                }
                self.must_be_held_by(&context.actor.login)?;
                self.no_excursion()?;
                let (order, bath, give_by) = (order.clone(), *bath, *give_by);
                Ok(vec![Event::BedsideThawed { order, bath, give_by }])
            }
            Command::OpenExcursion { .. } => self.open_excursion(command, context),
            Command::ReturnExcursion { excursion, volume, activity, signature } => {
                let open = self.open(excursion)?;
                if context.now > open.due_at {
                    let (code, due_at) = (self.code.clone(), open.due_at);
                    return Err(Refusal::ReturnTooLate { code, due_at });
                }
                self.at_most(*volume, open.volume)?;
                Ok(vec![Event::ExcursionReturned {
                    excursion: excursion.clone(),
                    volume: *volume,
                    activity: *activity,
                    signature: signature.clone(),
                    postings: self.returned(*volume),
                }])
            }
            Command::WriteOffExcursion { excursion, signature } => {
                self.open(excursion)?;
                Ok(vec![Event::ExcursionWrittenOff {
                    excursion: excursion.clone(),
                    signature: signature.clone(),
                    postings: self.all(Account::Excursion, Account::Loss),
                }])
            }
            Command::Administer { .. } => self.administer(command, standing),
            _ => Ok(Vec::new()),
        }
    }

    pub(super) fn no_excursion(&self) -> Result<(), Refusal> {
        match &self.excursion {
            None => Ok(()),
            Some(open) => Err(Refusal::ExcursionOpen {
                code: self.code.clone(),
                purpose: open.purpose.clone(),
                taken_by: open.taken_by.to_string(),
                volume: open.volume,
            }),
        }
    }

    fn open(&self, excursion: &str) -> Result<&super::state::Excursion, Refusal> {
        self.excursion.as_ref().filter(|open| open.excursion == excursion).ok_or_else(|| {
            Refusal::NoSuchExcursion { code: self.code.clone(), excursion: excursion.to_owned() }
        })
    }

    fn hand_over(&self, command: &Command, standing: &Standing) -> Result<Vec<Event>, Refusal> {
        let Command::HandOver { transfer, to, destination, condition, accepts, signature } =
            command
        else {
            return Ok(Vec::new());
        };
        self.must_be_held_by(&signature.login)?;
        self.no_excursion()?;
        self.accepted(*accepts, standing)?;
        if *to == signature.login {
            let (code, login) = (self.code.clone(), to.to_string());
            return Err(Refusal::ReceiverIsGiver { code, login });
        }
        Ok(vec![Event::HandedOver {
            transfer: transfer.clone(),
            from: signature.login.clone(),
            to: to.clone(),
            destination: destination.clone(),
            condition: condition.clone(),
            signature: signature.clone(),
        }])
    }

    fn receive(
        &self,
        transfer: &str,
        condition: &str,
        signature: &Signature,
    ) -> Result<Vec<Event>, Refusal> {
        let (code, transfer) = (self.code.clone(), transfer.to_owned());
        let Some(open) = self.transfer.as_ref().filter(|open| open.transfer == transfer) else {
            return Err(Refusal::NotInTransfer { code, transfer });
        };
        if open.to != signature.login {
            let (expected, asked) = (open.to.to_string(), signature.login.to_string());
            return Err(Refusal::WrongReceiver { code, expected, asked });
        }
        Ok(vec![Event::Received {
            transfer,
            by: signature.login.clone(),
            condition: condition.to_owned(),
            signature: signature.clone(),
        }])
    }

    fn open_excursion(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
        let Command::OpenExcursion { excursion, purpose, volume, taken_by, due_at, signature } =
            command
        else {
            return Ok(Vec::new());
        };
        self.must_be_held_by(&signature.login)?;
        self.no_excursion()?;
        self.identity_certain()?;
        self.not_expired(context.now)?;
        if *due_at <= context.now {
            return Err(Refusal::DueInPast { code: self.code.clone() });
        }
        let there = self.volume_now().ok_or_else(|| self.no_volume())?;
        self.at_most(*volume, there)?;
        Ok(vec![Event::ExcursionOpened {
            excursion: excursion.clone(),
            purpose: purpose.clone(),
            volume: *volume,
            taken_by: taken_by.clone(),
            due_at: *due_at,
            signature: signature.clone(),
            postings: self.part(Account::Output, Account::Excursion, *volume),
        }])
    }

    fn administer(&self, command: &Command, standing: &Standing) -> Result<Vec<Event>, Refusal> {
        let Command::Administer { order, target, volume, given_at, signature } = command else {
            return Ok(Vec::new());
        };
        self.for_this_patient(order)?;
        if self.target.as_ref() != Some(target) {
            let meant_for = self.target.as_ref().map_or("no site".to_owned(), ToString::to_string);
            let (code, asked) = (self.code.clone(), target.to_string());
            return Err(Refusal::WrongTarget { code, meant_for, asked });
        }
        self.must_be_held_by(&signature.login)?;
        self.no_excursion()?;
        self.accepted(Disposition::ConditionallyReleased, standing)?;
        self.not_expired(*given_at)?;
        if let Some(there) = self.volume_now() {
            self.at_most(*volume, there)?;
        }
        Ok(vec![Event::Administered {
            order: order.clone(),
            target: target.clone(),
            volume: *volume,
            given_at: *given_at,
            signature: signature.clone(),
            postings: self.given(*volume),
        }])
    }

    fn for_this_patient(&self, order: &OrderNumber) -> Result<(), Refusal> {
        if self.order.as_ref() == Some(order) {
            return Ok(());
        }
        let made_for = match &self.order {
            Some(own) => format!("order {own}"),
            None => "no patient".to_owned(),
        };
        let (code, asked) = (self.code.clone(), order.to_string());
        Err(Refusal::WrongOrder { code, made_for, asked })
    }

    fn no_volume(&self) -> Refusal {
        Refusal::VolumeInvalid { code: self.code.clone() }
    }

    fn at_most(&self, asked: Quantity, there: Quantity) -> Result<(), Refusal> {
        if asked.unit() != Unit::Millilitre || asked.is_negative() || asked.is_zero() {
            return Err(self.no_volume());
        }
        match asked.compare(there)? {
            Ordering::Greater => {
                Err(Refusal::VolumeExceeded { code: self.code.clone(), asked, there })
            }
            Ordering::Less | Ordering::Equal => Ok(()),
        }
    }
}

pub(super) fn reason(what: &'static str, because: &str) -> Result<(), Refusal> {
    if because.trim().is_empty() { Err(Refusal::ReasonMissing { what }) } else { Ok(()) }
}
