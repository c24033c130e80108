//! How each event changes what is known of a container.

use super::event::Event;
use super::state::{
    Container, CorrectedIdentity, Custodian, Excursion, Fate, IdentityProposal, LabelFate,
    LabelState, LostLabel, PrintedLabel, Thaw, Transfer, VoidedLabel,
};
use crate::domain::id::Login;
use crate::domain::time::Instant;
use crate::domain::{Aggregate, Recorded};

impl Aggregate for Container {
    type Event = Event;

    const KIND: &'static str = "container";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut container) = state else {
            return Self::produced(recorded, event);
        };
        container.version = recorded.version;
        let before = container.custodian.clone();
        container.apply_label(recorded, event);
        container.apply_identity(recorded, event);
        container.apply_place(recorded, event);
        container.apply_custody(recorded, event);
        container.apply_use(recorded, event);
        container.moved.extend_from_slice(event.postings());
        if container.custodian != before {
            container.held_since = recorded.at;
        }
        Some(container)
    }
}

impl Container {
    fn produced(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Produced {
            kind,
            contents,
            donation,
            batch,
            step,
            output,
            number,
            of,
            identity,
            expires_at,
            order,
            target,
            disposition,
            custodian,
        } = event
        else {
            return None;
        };
        Some(Self {
            code: recorded.stream.id().to_owned(),
            version: recorded.version,
            kind: *kind,
            contents: contents.clone(),
            donation: donation.clone(),
            batch: batch.clone(),
            step: step.clone(),
            output: output.clone(),
            number_of: (*number, *of),
            identity: identity.clone(),
            identity_proposal: None,
            corrected: Vec::new(),
            produced_at: recorded.at,
            expires_at: *expires_at,
            order: order.clone(),
            target: target.clone(),
            disposition: *disposition,
            custodian: custodian.clone(),
            held_since: recorded.at,
            fate: Fate::Live,
            labels: LabelState::default(),
            reserved_for: None,
            thaw_count: 0,
            thawed: None,
            out_since: None,
            out_seconds_before: 0,
            received_at: None,
            transfer: None,
            excursion: None,
            moved: Vec::new(),
            packed: Vec::new(),
        })
    }

    fn apply_label(&mut self, recorded: &Recorded, event: &Event) {
        let (at, by) = (recorded.at, recorded.actor.clone());
        match event {
            Event::LabelPrinted { serial, definition, definition_version, payload, copies } => {
                if let Some(earlier) = self.labels.valid().map(|valid| valid.serial) {
                    let because = format!("label serial {serial} was printed");
                    let by = by.clone();
                    self.void_label(VoidedLabel {
                        serial: earlier,
                        at,
                        by,
                        because,
                        by_loss: false,
                    });
                }
                self.labels.latest = *serial;
                self.labels.prints.push(PrintedLabel {
                    serial: *serial,
                    at,
                    by,
                    definition: definition.clone(),
                    definition_version: *definition_version,
                    payload: payload.clone(),
                    copies: *copies,
                    destroyed: 0,
                    kept: 0,
                    losses: Vec::new(),
                    found: 0,
                });
            }
            Event::LabelVoided { serial, because } => {
                let (serial, because) = (*serial, because.clone());
                self.void_label(VoidedLabel { serial, at, by, because, by_loss: false });
            }
            Event::LabelScannedBack { serial } => self.labels.scanned_back = Some(*serial),
            Event::LabelDestroyed { serial, copies } => {
                self.account_label(*serial, |print| &mut print.destroyed, *copies);
            }
            Event::LabelKept { serial, copies } => {
                self.account_label(*serial, |print| &mut print.kept, *copies);
            }
            Event::LabelLost { .. } => self.label_lost(event, at, by),
            Event::LabelFound { serial, copies, fate, .. } => {
                let count: fn(&mut PrintedLabel) -> &mut u32 = match fate {
                    LabelFate::Destroyed => |print| &mut print.destroyed,
                    LabelFate::Kept => |print| &mut print.kept,
                };
                self.account_label(*serial, |print| &mut print.found, *copies);
                self.account_label(*serial, count, *copies);
            }
            _ => {}
        }
    }

    fn apply_identity(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::IdentityCorrectionProposed { to, because, signature, .. } => {
                let (to, because) = (to.clone(), because.clone());
                let signature = signature.clone();
                self.identity_proposal = Some(IdentityProposal { to, because, signature });
            }
            Event::IdentityCorrectionDeclined { .. } => self.identity_proposal = None,
            Event::IdentityCorrected { from, to, because, proposed, signature } => {
                self.identity_proposal = None;
                self.identity = Some(to.clone());
                self.corrected.push(CorrectedIdentity {
                    from: from.clone(),
                    to: to.clone(),
                    because: because.clone(),
                    proposed: proposed.clone(),
                    confirmed: signature.clone(),
                    at: recorded.at,
                });
            }
            _ => {}
        }
    }

    fn label_lost(&mut self, event: &Event, at: Instant, by: Login) {
        let Event::LabelLost { serial, copies, deviation, because, signature } = event else {
            return;
        };
        if let Some(print) = self.labels.prints.iter_mut().find(|print| print.serial == *serial) {
            print.losses.push(LostLabel {
                copies: *copies,
                deviation: deviation.clone(),
                because: because.clone(),
                by: signature.login.clone(),
                at,
            });
        }
        let because = format!("it was reported lost ({deviation})");
        self.void_label(VoidedLabel { serial: *serial, at, by, because, by_loss: true });
    }

    /// The first reason stays. What is void for another reason than a loss is no longer to be on
    /// the container.
    fn void_label(&mut self, voided: VoidedLabel) {
        let known = self.labels.voided.iter_mut().find(|known| known.serial == voided.serial);
        match known {
            Some(known) => known.by_loss = known.by_loss && voided.by_loss,
            None => self.labels.voided.push(voided),
        }
    }

    fn account_label(
        &mut self,
        serial: u32,
        count: fn(&mut PrintedLabel) -> &mut u32,
        copies: u32,
    ) {
        let print = self.labels.prints.iter_mut().find(|print| print.serial == serial);
        if let Some(count) = print.map(count) {
            *count = count.saturating_add(copies);
        }
    }

    fn apply_place(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::Stored { location } => {
                if let Some(since) = self.out_since.take() {
                    let absence = recorded.at.since(since).seconds();
                    self.out_seconds_before = self.out_seconds_before.saturating_add(absence);
                }
                self.custodian = Custodian::Place { location: location.clone() };
            }
            Event::Retrieved { by, .. } => {
                self.out_since = Some(recorded.at);
                self.custodian = Custodian::Person { login: by.clone() };
            }
            Event::Thawed { batch } => {
                self.thaw_count = self.thaw_count.saturating_add(1);
                let (at, by) = (recorded.at, recorded.actor.clone());
                let purpose = format!("batch {batch}");
                self.thawed = Some(Thaw { purpose, give_by: None, at, by });
            }
            Event::BedsideThawed { order, give_by, .. } => {
                self.thaw_count = self.thaw_count.saturating_add(1);
                let (at, by) = (recorded.at, recorded.actor.clone());
                let purpose = format!("order {order} at the bedside");
                self.thawed = Some(Thaw { purpose, give_by: Some(*give_by), at, by });
            }
            _ => {}
        }
    }

    fn apply_custody(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::HandedOver { transfer, from, to, destination, .. } => {
                self.custodian = Custodian::Transfer { transfer: transfer.clone() };
                self.transfer = Some(Transfer {
                    transfer: transfer.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    at: recorded.at,
                    destination: destination.clone(),
                });
            }
            Event::Received { by, .. } => {
                self.received_at = Some(recorded.at);
                self.transfer = None;
                self.custodian = Custodian::Person { login: by.clone() };
            }
            Event::ExcursionOpened { excursion, purpose, volume, taken_by, due_at, .. } => {
                self.excursion = Some(Excursion {
                    excursion: excursion.clone(),
                    purpose: purpose.clone(),
                    volume: *volume,
                    taken_by: taken_by.clone(),
                    opened_at: recorded.at,
                    due_at: *due_at,
                });
            }
            Event::ExcursionReturned { .. } | Event::ExcursionWrittenOff { .. } => {
                self.excursion = None;
            }
            _ => {}
        }
    }

    fn apply_use(&mut self, recorded: &Recorded, event: &Event) {
        let (at, by) = (recorded.at, recorded.actor.clone());
        match event {
            Event::Reserved { order } => self.reserved_for = Some(order.clone()),
            Event::ReservationReleased { .. } => self.reserved_for = None,
            Event::DispositionDecided { to, .. } => self.disposition = *to,
            Event::Consumed { batch, step, .. } => {
                self.spend(Fate::Consumed { batch: batch.clone(), step: step.clone(), at, by });
            }
            Event::Administered { order, .. } => {
                self.spend(Fate::Administered { order: order.clone(), at, by });
            }
            Event::Destroyed { .. } => self.spend(Fate::Destroyed { at, by }),
            Event::Packed { units } => self.packed.clone_from(units),
            Event::Unpacked {} => self.spend(Fate::Unpacked { at, by }),
            _ => {}
        }
    }

    fn spend(&mut self, fate: Fate) {
        self.fate = fate;
        self.custodian = Custodian::Spent;
    }
}
