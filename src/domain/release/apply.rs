//! How each event changes what is known of a release.

use super::event::Event;
use super::state::{Certification, Decision, LateFailure, Release, Review, Stage};
use crate::domain::{Aggregate, Recorded};

impl Aggregate for Release {
    type Event = Event;

    const KIND: &'static str = "release";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let mut release = state.unwrap_or_else(|| Self {
            batch: recorded.stream.id().to_owned(),
            version: 0,
            stage: Stage::PendingReview,
            hold: None,
            reviews: Vec::new(),
            certifications: Vec::new(),
            decisions: Vec::new(),
            late_failures: Vec::new(),
        });
        release.version = recorded.version;
        release.apply_certification(event);
        release.apply_decision(event);
        release.apply_late_failure(recorded, event);
        Some(release)
    }
}

impl Release {
    fn apply_certification(&mut self, event: &Event) {
        match event {
            Event::ReviewSigned { exceptions, passed, conclusion, signature, .. } => {
                self.reviews.push(Review {
                    exceptions: exceptions.clone(),
                    passed: passed.len(),
                    conclusion: conclusion.clone(),
                    signature: signature.clone(),
                });
            }
            Event::CertifiedInitial { certificate, signature } => {
                self.stage = Stage::CertifiedInitial;
                self.certifications.push(Certification {
                    initial: true,
                    certificate: certificate.clone(),
                    signature: signature.clone(),
                });
            }
            Event::CertifiedFinal { certificate, signature } => {
                self.stage = Stage::CertifiedFinal;
                self.certifications.push(Certification {
                    initial: false,
                    certificate: certificate.clone(),
                    signature: signature.clone(),
                });
            }
            _ => {}
        }
    }

    fn apply_decision(&mut self, event: &Event) {
        let (what, because, signature) = match event {
            Event::Rejected { because, signature } => {
                self.stage = Stage::Rejected;
                ("reject", because, signature)
            }
            Event::PutOnHold { because, signature } => {
                self.hold = Some(because.clone());
                ("hold", because, signature)
            }
            Event::HoldLifted { because, signature } => {
                self.hold = None;
                ("lift", because, signature)
            }
            _ => return,
        };
        self.decisions.push(Decision {
            what,
            because: because.clone(),
            signature: signature.clone(),
        });
    }

    fn apply_late_failure(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::OutOfSpecificationAfterRelease { test, result, deviation, recipients } => {
                self.stage = Stage::OutOfSpecificationAfterRelease;
                self.late_failures.push(LateFailure {
                    test: test.clone(),
                    result: result.clone(),
                    deviation: deviation.clone(),
                    at: recorded.at,
                    recipients: recipients.iter().map(|told| (told.clone(), None)).collect(),
                });
            }
            Event::NotificationAcknowledged { who, how, .. } => {
                for (_, acknowledged) in self
                    .late_failures
                    .iter_mut()
                    .flat_map(|failure| failure.recipients.iter_mut())
                    .filter(|(told, acknowledged)| told.who == *who && acknowledged.is_none())
                {
                    *acknowledged = Some((recorded.at, how.clone()));
                }
            }
            _ => {}
        }
    }
}
