//! Hand-overs, excursions and administrations of the product, by the signatures in its events.
//!
//! Architecture invariant: every row is made of signed events; nothing is taken from a login alone.

use std::collections::BTreeMap;

use super::{Gathered, mark};
use crate::db::Db;
use crate::domain::container::{Container, Event};
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use crate::domain::{Aggregate, Event as Any};
use crate::record::{Administration, CustodyEvent, Excursion, Mark, Thawed, Verdict};
use crate::store::Failure;

/// What happened to the product outside its batch.
#[derive(Default)]
pub(super) struct Custody {
    pub(super) handed_over: Vec<CustodyEvent>,
    pub(super) excursions: Vec<Excursion>,
    pub(super) administered: Vec<Administration>,
}

/// Reads it from the streams of the containers that were made for the order.
pub(super) fn custody(db: &mut Db, gathered: &mut Gathered) -> Result<Custody, Failure> {
    let number = gathered.order.number.clone();
    let own = gathered.containers.values().filter(|state| state.order.as_ref() == Some(&number));
    let codes: Vec<String> = own.map(|state| state.code.clone()).collect();
    let mut told = Telling { gathered, transfers: BTreeMap::new(), custody: Custody::default() };
    for code in codes {
        let stream = Container::stream(&code);
        let events: Vec<Event> = told
            .gathered
            .streams
            .whole(db, &stream)?
            .iter()
            .filter_map(|entry| match &entry.recorded.event {
                Any::Container(event) => Some(event.clone()),
                _ => None,
            })
            .collect();
        for event in &events {
            told.event(&code, event);
        }
    }
    let mut custody = told.custody;
    custody.handed_over = told.transfers.into_values().collect();
    custody.handed_over.sort_by_key(|event| event.given.at.at);
    custody.excursions.sort_by_key(|excursion| excursion.out.at.at);
    custody.administered.sort_by_key(|given| given.at.at);
    Ok(custody)
}

struct Telling<'a> {
    gathered: &'a mut Gathered,
    /// By the identity that all containers of one hand-over share.
    transfers: BTreeMap<String, CustodyEvent>,
    custody: Custody,
}

impl Telling<'_> {
    fn event(&mut self, code: &str, event: &Event) {
        match event {
            Event::HandedOver { .. } | Event::Received { .. } => self.hand_over(code, event),
            Event::ExcursionOpened { purpose, volume, taken_by, due_at, signature, .. } => {
                self.custody.excursions.push(Excursion {
                    container: code.to_owned(),
                    purpose: purpose.clone(),
                    quantity_out: volume.text(),
                    taken_by: taken_by.to_string(),
                    out: mark(signature),
                    deadline: self.gathered.moment(*due_at),
                    quantity_back: None,
                    back: None,
                    state: "open".to_owned(),
                    verdict: Verdict::Pending,
                });
            }
            Event::ExcursionReturned { volume, activity, signature, .. } => {
                self.excursion_ends(code, mark(signature), Some((*volume, *activity)));
            }
            Event::ExcursionWrittenOff { signature, .. } => {
                self.excursion_ends(code, mark(signature), None);
            }
            Event::Administered { target, volume, given_at, signature, .. } => {
                let order = &self.gathered.order;
                let unit = order.units.iter().find(|unit| unit.target == *target);
                self.custody.administered.push(Administration {
                    target: unit.map_or_else(|| target.to_string(), |unit| unit.title.clone()),
                    container: code.to_owned(),
                    patient_code: order.patient.to_string(),
                    quantity: volume.text(),
                    thawed: self.thaw_at_bedside(code),
                    at: self.gathered.moment(*given_at),
                    given: mark(signature),
                });
            }
            _ => {}
        }
    }

    /// When a unit was put to thaw at the bedside and by when it had to be given.
    fn thaw_at_bedside(&self, code: &str) -> Option<Thawed> {
        let thaw = self.gathered.containers.get(code)?.thawed.as_ref()?;
        Some(Thawed {
            at: self.gathered.moment(thaw.at),
            give_by: self.gathered.moment(thaw.give_by?),
        })
    }

    fn hand_over(&mut self, code: &str, event: &Event) {
        match event {
            Event::HandedOver { transfer, to, destination, condition, signature, .. } => {
                let hop = self.transfers.entry(transfer.clone()).or_insert_with(|| CustodyEvent {
                    containers: Vec::new(),
                    destination: destination.clone(),
                    given: mark(signature),
                    condition_given: condition.clone(),
                    to: to.to_string(),
                    received: None,
                    condition_received: None,
                });
                hop.containers.push(code.to_owned());
            }
            Event::Received { transfer, condition, signature, .. } => {
                if let Some(hop) = self.transfers.get_mut(transfer) {
                    hop.received = Some(mark(signature));
                    hop.condition_received = Some(condition.clone());
                }
            }
            _ => {}
        }
    }

    fn excursion_ends(
        &mut self,
        code: &str,
        by: Mark,
        returned: Option<(Quantity, Option<Quantity>)>,
    ) {
        let open = self.custody.excursions.iter_mut().rfind(|one| one.container == code);
        let Some(excursion) = open else { return };
        let (word, verdict) = match &returned {
            None => ("written off", Verdict::Out),
            Some(_) => back_in_time(by.at.at, excursion.deadline.at),
        };
        excursion.quantity_back = returned.map(|(volume, activity)| match activity {
            Some(activity) => format!("{} with {}", volume.text(), activity.text()),
            None => volume.text(),
        });
        excursion.back = Some(by);
        excursion.state = word.to_owned();
        excursion.verdict = verdict;
    }
}

fn back_in_time(back: Instant, due: Instant) -> (&'static str, Verdict) {
    if back <= due { ("returned in time", Verdict::In) } else { ("returned late", Verdict::Out) }
}
