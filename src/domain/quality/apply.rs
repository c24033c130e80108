//! How each event changes what is known of a test request.

use super::event::Event;
use super::specification::Verdict;
use super::state::{InterimReading, ResultStanding, Status, TestRequest, TestResult};
use crate::domain::{Aggregate, Recorded};

impl Aggregate for TestRequest {
    type Event = Event;

    const KIND: &'static str = "test";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut request) = state else {
            return Self::requested(recorded, event);
        };
        request.version = recorded.version;
        request.progress(recorded, event);
        request.conclude(recorded, event);
        Some(request)
    }
}

impl TestRequest {
    fn requested(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Requested { batch, test, title, stage, step, sample, specification } = event
        else {
            return None;
        };
        Some(Self {
            id: recorded.stream.id().to_owned(),
            version: recorded.version,
            batch: batch.clone(),
            test: test.clone(),
            title: title.clone(),
            stage: stage.clone(),
            step: step.clone(),
            sample: sample.clone(),
            specification: specification.clone(),
            status: if sample.is_some() { Status::Sampled } else { Status::Planned },
            requested_at: recorded.at,
            sampled_at: sample.as_ref().map(|_| recorded.at),
            received: None,
            started_at: None,
            interim: Vec::new(),
            results: Vec::new(),
            cancelled: None,
        })
    }

    fn progress(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::Sampled { sample, step } => {
                self.sample = Some(sample.clone());
                self.step = step.clone().or(self.step.take());
                self.sampled_at = Some(recorded.at);
                self.status = Status::Sampled;
            }
            Event::Received { condition, received_at, .. } => {
                self.received = Some((*received_at, recorded.actor.clone(), condition.clone()));
                self.status = Status::Received;
            }
            Event::Started { started_at, .. } => {
                self.started_at = Some(*started_at);
                self.status = Status::InTest;
            }
            Event::InterimRead { read_at, signature, .. } => {
                self.interim
                    .push(InterimReading { read_at: *read_at, signature: signature.clone() });
                self.status = Status::InterimNegative;
            }
            _ => {}
        }
    }

    fn conclude(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::ResultRecorded {
                number,
                values,
                verdict,
                tested_at,
                late_because,
                signature,
            } => self.results.push(TestResult {
                number: *number,
                values: values.clone(),
                verdict: *verdict,
                tested_at: *tested_at,
                recorded_at: recorded.at,
                late_because: late_because.clone(),
                signature: signature.clone(),
                standing: ResultStanding::Unreviewed,
            }),
            Event::ResultReviewed { number, signature } => {
                self.stand(*number, ResultStanding::Reviewed { signature: signature.clone() });
                self.status = match self.latest().map(|result| result.verdict) {
                    Some(Verdict::Pass) => Status::FinalPass,
                    _ => Status::FinalFail,
                };
            }
            Event::ResultReturned { number, because, signature } => self.stand(
                *number,
                ResultStanding::Returned { because: because.clone(), signature: signature.clone() },
            ),
            Event::ResultInvalidated { number, because, deviation, signature } => {
                self.stand(
                    *number,
                    ResultStanding::Invalidated {
                        because: because.clone(),
                        deviation: deviation.clone(),
                        signature: signature.clone(),
                    },
                );
                self.status = Status::Invalid;
            }
            Event::Cancelled { because, signature } => {
                self.cancelled = Some((because.clone(), signature.clone()));
                self.status = Status::Cancelled;
            }
            _ => {}
        }
    }

    fn stand(&mut self, number: u32, standing: ResultStanding) {
        if let Some(result) = self.results.iter_mut().find(|result| result.number == number) {
            result.standing = standing;
        }
    }
}
