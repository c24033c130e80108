//! How each event changes what is known of a material lot.

use super::event::Event;
use super::state::{MaterialLot, OpenPackage};
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::LotId;
use crate::domain::{Aggregate, Recorded};

impl Aggregate for MaterialLot {
    type Event = Event;

    const KIND: &'static str = "material";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut lot) = state else {
            return Self::received(recorded, event);
        };
        lot.version = recorded.version;
        match event {
            Event::Received { .. } => {}
            Event::DocumentFiled { certificate, safety_evidence } => {
                let receipt = &mut lot.receipt;
                receipt.certificate = certificate.clone().or(receipt.certificate.take());
                receipt.safety_evidence =
                    safety_evidence.clone().or(receipt.safety_evidence.take());
            }
            Event::Released { because, signature } => {
                lot.decided(Disposition::Released, because, signature);
            }
            Event::Rejected { because, signature } => {
                lot.decided(Disposition::Rejected, because, signature);
            }
            Event::Opened { package } => {
                let (at, by) = (recorded.at, recorded.actor.clone());
                lot.open = Some(OpenPackage { package: *package, at, by });
            }
            Event::UsedUp {} => lot.used_up_at = Some(recorded.at),
        }
        Some(lot)
    }
}

impl MaterialLot {
    fn received(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Received { receipt } = event else { return None };
        Some(Self {
            id: LotId::parse(recorded.stream.id()).ok()?,
            version: recorded.version,
            receipt: receipt.clone(),
            received_at: recorded.at,
            received_by: recorded.actor.clone(),
            disposition: Disposition::Quarantine,
            decision: None,
            because: None,
            open: None,
            used_up_at: None,
        })
    }

    fn decided(&mut self, to: Disposition, because: &str, signature: &Signature) {
        self.disposition = to;
        self.because = Some(because.to_owned());
        self.decision = Some(signature.clone());
    }
}
