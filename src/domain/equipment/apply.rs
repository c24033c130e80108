//! How each event changes what is known of a piece of equipment.

use super::event::Event;
use super::state::Equipment;
use crate::domain::id::AssetId;
use crate::domain::{Aggregate, Recorded};

impl Aggregate for Equipment {
    type Event = Event;

    const KIND: &'static str = "equipment";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut equipment) = state else {
            return Self::registered(recorded, event);
        };
        equipment.version = recorded.version;
        match event {
            Event::Registered { .. } => {}
            Event::Calibrated { reference, due_at } => {
                equipment.calibration_reference = Some(reference.clone());
                equipment.registration.calibration_due = Some(*due_at);
            }
            Event::Cleaned { .. } => equipment.cleaned_at = Some(recorded.at),
            Event::TakenOutOfService { because } => {
                equipment.out_of_service = Some(because.clone());
            }
            Event::PutInService { .. } => equipment.out_of_service = None,
        }
        Some(equipment)
    }
}

impl Equipment {
    fn registered(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Registered { registration } = event else { return None };
        Some(Self {
            asset: AssetId::parse(recorded.stream.id()).ok()?,
            version: recorded.version,
            registration: registration.clone(),
            calibration_reference: None,
            cleaned_at: None,
            out_of_service: None,
        })
    }
}
