//! How each event changes what is known of a donor.

use super::event::{Cause, Event};
use super::state::{
    Assessment, Consent, Donor, Eligibility, MarkerResult, Questionnaire, Sample, Typed,
};
use crate::domain::disposition::Disposition;
use crate::domain::{Aggregate, Recorded};

impl Aggregate for Donor {
    type Event = Event;

    const KIND: &'static str = "donor";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut donor) = state else {
            let Event::Registered { tested_person, relation, recipient } = event else {
                return None;
            };
            return Some(Self {
                code: recorded.stream.id().to_owned(),
                version: recorded.version,
                tested_person: tested_person.clone(),
                relation: *relation,
                recipient: recipient.clone(),
                registered_at: recorded.at,
                consents: Vec::new(),
                questionnaires: Vec::new(),
                samples: Vec::new(),
                results: Vec::new(),
                typings: Vec::new(),
                assessments: Vec::new(),
                evaluation: None,
                inactivation: None,
                decisions: Vec::new(),
                standing: Disposition::Quarantine,
                because: "eligibility is not decided".to_owned(),
            });
        };
        donor.version = recorded.version;
        donor.apply_history(recorded, event);
        donor.apply_testing(recorded, event);
        donor.apply_decision(event);
        Some(donor)
    }
}

impl Donor {
    fn apply_history(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::ConsentGiven { number, scopes, form_version, document, given_at } => {
                self.consents.push(Consent {
                    number: *number,
                    scopes: scopes.clone(),
                    form_version: form_version.clone(),
                    document: document.clone(),
                    given_at: *given_at,
                    withdrawn: None,
                });
            }
            Event::ConsentWithdrawn { number, withdrawn_at, because } => {
                if let Some(consent) =
                    self.consents.iter_mut().find(|consent| consent.number == *number)
                {
                    consent.withdrawn = Some((*withdrawn_at, because.clone()));
                }
            }
            Event::QuestionnaireAnswered {
                form_version,
                interviewed_at,
                answers,
                haemodilution,
            } => {
                self.questionnaires.push(Questionnaire {
                    form_version: form_version.clone(),
                    interviewed_at: *interviewed_at,
                    interviewed_by: recorded.actor.clone(),
                    answers: answers.clone(),
                    haemodilution: haemodilution.clone(),
                });
                self.evaluation = None;
            }
            Event::MedicallyEvaluated { acceptable, remark, signature } => {
                self.evaluation = Some((*acceptable, remark.clone(), signature.clone()));
            }
            _ => {}
        }
    }

    fn apply_testing(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::SampleDrawn { number, purpose, drawn_at, matrix } => self.samples.push(Sample {
                number: *number,
                purpose: *purpose,
                drawn_at: *drawn_at,
                matrix: *matrix,
            }),
            Event::MarkerReported {
                sample,
                marker,
                reaction,
                laboratory,
                method,
                report,
                reported_at,
            } => self.results.push(MarkerResult {
                sample: *sample,
                marker: marker.clone(),
                reaction: *reaction,
                laboratory: laboratory.clone(),
                method: method.clone(),
                report: report.clone(),
                reported_at: *reported_at,
                recorded: (recorded.at, recorded.actor.clone()),
            }),
            Event::Typed { alleles, laboratory, report, reported_at } => {
                self.typings.push(Typed {
                    alleles: alleles.clone(),
                    laboratory: laboratory.clone(),
                    report: report.clone(),
                    reported_at: *reported_at,
                });
            }
            Event::RiskAssessed { about, acceptable, reasoning, signature } => {
                self.assessments.push(Assessment {
                    about: about.clone(),
                    acceptable: *acceptable,
                    reasoning: reasoning.clone(),
                    signature: signature.clone(),
                });
            }
            Event::InactivationRecorded { reference, signature } => {
                self.inactivation = Some((reference.clone(), signature.clone()));
            }
            _ => {}
        }
    }

    fn apply_decision(&mut self, event: &Event) {
        match event {
            Event::EligibilityDecided { donation, eligible, verdict, remark, signature } => {
                self.decisions.push(Eligibility {
                    donation: donation.clone(),
                    eligible: *eligible,
                    verdict: verdict.clone(),
                    remark: remark.clone(),
                    signature: signature.clone(),
                });
                (self.standing, self.because) = if *eligible {
                    (Disposition::Released, format!("eligible by {}", verdict.rule_set.id))
                } else {
                    (Disposition::Rejected, format!("not eligible: {remark}"))
                };
            }
            Event::Suspended { cause } => {
                self.standing = self.standing.max(Disposition::OnHold);
                self.because = cause.text();
            }
            Event::Disqualified { cause, to, because, .. } => {
                self.standing = *to;
                self.because = format!("{}: {because}", cause.text());
            }
            _ => {}
        }
    }
}

impl Cause {
    /// The cause in words.
    pub fn text(&self) -> String {
        match self {
            Self::ReactiveResult { marker, sample } => {
                format!("reactive result of {marker} in sample {sample}")
            }
            Self::ConsentWithdrawn { consent } => format!("consent {consent} was withdrawn"),
            Self::Report { what } => what.clone(),
        }
    }
}
