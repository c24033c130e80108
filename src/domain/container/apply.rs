//! How each event changes what is known of a container.

use super::event::Event;
use super::state::{Container, Custodian, Excursion, Fate, LabelState, Transfer};
use crate::domain::{Aggregate, Recorded};
use std::collections::BTreeMap;

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
        container.apply_label(event);
        container.apply_place(recorded, event);
        container.apply_custody(recorded, event);
        container.apply_use(recorded, event);
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
            produced_at: recorded.at,
            expires_at: *expires_at,
            order: order.clone(),
            target: target.clone(),
            disposition: *disposition,
            custodian: custodian.clone(),
            fate: Fate::Live,
            labels: LabelState::default(),
            reserved_for: None,
            thaw_count: 0,
            out_since: None,
            out_seconds_before: 0,
            transfer: None,
            excursion: None,
            written_off: BTreeMap::new(),
        })
    }

    fn apply_label(&mut self, event: &Event) {
        match event {
            Event::LabelPrinted { serial, .. } => {
                let earlier = self.labels.latest;
                if earlier > 0 && !self.labels.voided.contains(&earlier) {
                    self.labels.voided.push(earlier);
                }
                self.labels.latest = *serial;
            }
            Event::LabelVoided { serial } => self.labels.voided.push(*serial),
            Event::LabelScannedBack { serial } => self.labels.scanned_back = Some(*serial),
            Event::LabelDestroyed { serial } => self.labels.destroyed.push(*serial),
            _ => {}
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
            Event::Thawed { .. } => self.thaw_count = self.thaw_count.saturating_add(1),
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
            Event::ExcursionReturned { .. } => self.excursion = None,
            Event::ExcursionWrittenOff { excursion, .. } => {
                if let Some(open) = self.excursion.take() {
                    self.written_off.insert(excursion.clone(), open.volume);
                }
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
            Event::Consumed { batch, step } => {
                self.spend(Fate::Consumed { batch: batch.clone(), step: step.clone(), at, by });
            }
            Event::Administered { order, .. } => {
                self.spend(Fate::Administered { order: order.clone(), at, by });
            }
            Event::Destroyed { .. } => self.spend(Fate::Destroyed { at, by }),
            _ => {}
        }
    }

    fn spend(&mut self, fate: Fate) {
        self.fate = fate;
        self.custodian = Custodian::Spent;
    }
}
