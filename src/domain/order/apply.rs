//! How each event changes what is known of an order.

use super::event::Event;
use super::outcome::Outcomes;
use super::state::{Cancellation, Closing, Order};
use crate::domain::id::OrderNumber;
use crate::domain::{Aggregate, Recorded};

impl Aggregate for Order {
    type Event = Event;

    const KIND: &'static str = "order";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut order) = state else {
            return Self::placed(recorded, event);
        };
        order.version = recorded.version;
        order.go_on(event);
        Some(order)
    }
}

impl Order {
    fn placed(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Placed {
            patient,
            coi,
            protocol,
            indication,
            answers,
            enrolled,
            asked,
            units,
            sizes,
            dose_cells,
            dose_volume,
            make_cells,
            make_volume,
            arithmetic,
            wished,
            signature,
        } = event
        else {
            return None;
        };
        Some(Self {
            number: OrderNumber::parse(recorded.stream.id()).ok()?,
            version: recorded.version,
            patient: patient.clone(),
            coi: coi.clone(),
            protocol: protocol.clone(),
            indication: indication.clone(),
            answers: answers.clone(),
            enrolled: enrolled.as_deref().cloned(),
            asked: asked.clone(),
            units: units.clone(),
            sizes: sizes.clone(),
            dose_cells: *dose_cells,
            dose_volume: *dose_volume,
            make_cells: *make_cells,
            make_volume: *make_volume,
            arithmetic: arithmetic.clone(),
            wished: wished.clone(),
            placed: signature.clone(),
            confirmed: None,
            scheduled: None,
            allocated: Vec::new(),
            covered: Vec::new(),
            batch: None,
            given_up: Vec::new(),
            cancelled: None,
            closed: None,
            outcomes: Outcomes::default(),
        })
    }

    fn go_on(&mut self, event: &Event) {
        match event {
            Event::Placed { .. } => {}
            Event::Confirmed { signature } => self.confirmed = Some(signature.clone()),
            Event::Scheduled { slot, signature } => {
                self.scheduled = Some((slot.clone(), signature.clone()));
            }
            Event::VialAllocated { container, target, .. } => {
                self.allocated.push(container.clone());
                self.covered.extend(target.clone().map(|target| (container.clone(), target)));
            }
            Event::VialDeallocated { container } => {
                self.allocated.retain(|code| code != container);
                self.covered.retain(|(code, _)| code != container);
            }
            Event::BatchLinked { batch } => self.batch = Some(batch.clone()),
            Event::BatchGivenUp { batch, because } => {
                self.batch = None;
                self.given_up.push((batch.clone(), because.clone()));
            }
            Event::Cancelled { after_thaw, because, signature } => {
                self.cancelled = Some(Cancellation {
                    after_thaw: *after_thaw,
                    because: because.clone(),
                    signature: signature.clone(),
                });
            }
            Event::Closed { administered, destroyed, signature } => {
                self.closed = Some(Closing {
                    administered: *administered,
                    destroyed: *destroyed,
                    signature: signature.clone(),
                });
            }
            outcome => self.outcomes.apply(outcome),
        }
    }
}
