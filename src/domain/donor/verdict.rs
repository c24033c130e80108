//! What a rule set says about a donor for one donation, with the evidence for every rule.
//!
//! Neighbours: `rules` holds the rule set; `decide` lets QA sign a verdict.
//!
//! Architecture invariant: a verdict decides nothing; eligibility is QA's signature (DON-2).

use super::event::Answer;
use super::rules::{MarkerRule, Reactive, Required, RuleSet, RuleSetRef, Yes};
use super::state::{Donor, MarkerResult, Purpose, Reaction, Sample};
use crate::domain::donation::Tissue;
use crate::domain::id::{Din, Name};
use crate::domain::time::{Instant, Span, Zone};
use serde::{Deserialize, Serialize};

/// The donation a verdict is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DonationFact {
    /// Its number.
    pub din: Din,
    /// When the tissue was donated.
    pub donated_at: Instant,
    /// What was donated.
    pub tissue: Tissue,
}

/// One rule of the set, whether it is met, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule, such as `DON-3`.
    pub rule: String,
    /// What it asks, such as `donation sample within its window`.
    pub title: String,
    /// Whether it is met.
    pub met: bool,
    /// What satisfied it, or what is missing; one line each.
    pub evidence: Vec<String>,
}

/// All findings for one donation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule set that was applied.
    pub rule_set: RuleSetRef,
    /// The donation.
    pub donation: Din,
    /// One finding for every rule, in the order of the set.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether every rule is met.
    pub fn is_met(&self) -> bool {
        self.findings.iter().all(|finding| finding.met)
    }

    /// The rules that are not met.
    pub fn unmet(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.met)
    }
}

/// Applies `rules` to what is known of `donor` for `donation`; times are written in `zone`.
pub fn judge(donor: &Donor, donation: &DonationFact, rules: &RuleSet, zone: Zone) -> Verdict {
    let judge = Judge { donor, donation, rules, zone };
    let repeat = judge.repeat_sample();
    let sample = judge.donation_sample(repeat.is_some());
    let mut findings = vec![judge.tested_person(), judge.consent()];
    findings.extend(judge.questions());
    findings.push(judge.haemodilution());
    findings.push(judge.window(sample, repeat.is_some()));
    findings.extend(judge.panel(sample));
    findings.push(judge.storage(sample, repeat));
    findings.extend(judge.typing());
    findings.push(judge.evaluation());
    Verdict { rule_set: rules.reference(), donation: donation.din.clone(), findings }
}

struct Judge<'a> {
    donor: &'a Donor,
    donation: &'a DonationFact,
    rules: &'a RuleSet,
    zone: Zone,
}

impl Judge<'_> {
    fn at(&self, instant: Instant) -> String {
        instant.minute_text(self.zone)
    }

    /// Whether the donor is the patient who gets the cells.
    fn is_autologous(&self) -> bool {
        self.donor.recipient.is_some()
    }

    fn tested_person(&self) -> Finding {
        let relation = self.donor.relation;
        finding(
            "DON-1",
            "The tested person may stand for the donor",
            self.rules.tested_persons.contains(&relation),
            vec![format!("{} is the {}", self.donor.tested_person, relation.word())],
        )
    }

    fn consent(&self) -> Finding {
        let given = self.donor.consented();
        let lacking: Vec<&str> = self
            .rules
            .consent_scopes
            .iter()
            .filter(|scope| !given.contains(scope))
            .map(|scope| scope.word())
            .collect();
        let mut evidence: Vec<String> = self
            .donor
            .consents
            .iter()
            .map(|consent| match &consent.withdrawn {
                None => format!(
                    "consent {} of {}, form {}, document {}",
                    consent.number,
                    self.at(consent.given_at),
                    consent.form_version,
                    consent.document
                ),
                Some((at, _)) => {
                    format!("consent {} was withdrawn on {}", consent.number, self.at(*at))
                }
            })
            .collect();
        if !lacking.is_empty() {
            evidence.push(format!("no consent to {}", lacking.join(", ")));
        }
        finding("DON-1", "Consent covers the use", lacking.is_empty(), evidence)
    }

    fn questions(&self) -> Vec<Finding> {
        let day = self.donation.donated_at.date(self.zone);
        let answers = self.donor.questionnaires.last().map(|form| form.answers.as_slice());
        let mut unanswered = Vec::new();
        let mut findings = Vec::new();
        let mut clear = 0_usize;
        for question in self.rules.questions_on(day, self.donor.relation) {
            match find_answer(answers.unwrap_or_default(), &question.name) {
                None => unanswered.push(format!("not answered: {}", question.text)),
                Some(answer) if !answer.yes || question.yes == Yes::Indicates => {
                    clear = clear.saturating_add(1);
                }
                Some(answer) => findings.push(self.positive(question.yes, &question.text, answer)),
            }
        }
        let met = unanswered.is_empty();
        let evidence = match self.donor.questionnaires.last() {
            Some(form) if met => vec![format!(
                "form {}, interview of {} by {}: all answered, {clear} without any effect",
                form.form_version,
                self.at(form.interviewed_at),
                form.interviewed_by
            )],
            _ => unanswered,
        };
        findings
            .insert(0, finding("DON-7", "Every exclusion criterion is answered", met, evidence));
        findings
    }

    fn positive(&self, yes: Yes, text: &str, answer: &Answer) -> Finding {
        let said = format!("answered yes: {text} {}", answer.detail);
        if self.is_autologous() && !self.rules.autologous.history_excludes {
            let own =
                "the patient's own cells: it does not exclude, the medical evaluation decides";
            let title = "A positive answer is evaluated";
            return finding("DON-7", title, true, vec![said, own.to_owned()]);
        }
        if yes == Yes::Excludes {
            return finding("DON-7", "No exclusion criterion applies", false, vec![said]);
        }
        let (met, assessed) = self.assessed(&answer.question);
        finding("DON-7", "Risk of a positive answer is acceptable", met, vec![said, assessed])
    }

    fn assessed(&self, about: &Name) -> (bool, String) {
        match self.donor.assessment(about) {
            None => (false, "a signed risk assessment is missing".to_owned()),
            Some(assessment) => (
                assessment.acceptable,
                format!(
                    "risk assessed as {} by {}: {}",
                    if assessment.acceptable { "acceptable" } else { "not acceptable" },
                    assessment.signature.printed_name,
                    assessment.reasoning
                ),
            ),
        }
    }

    fn haemodilution(&self) -> Finding {
        const TITLE: &str = "The sample is not diluted";
        let Some(form) = self.donor.questionnaires.last() else {
            return finding("DON-4", TITLE, false, vec!["the question is not answered".to_owned()]);
        };
        let answers = &form.haemodilution;
        let rule = &self.rules.haemodilution;
        if !answers.blood_or_colloids && !answers.crystalloids {
            let evidence = format!(
                "no blood or colloids within {}, no crystalloids within {} before sampling",
                rule.blood_or_colloids_within, rule.crystalloids_within
            );
            return finding("DON-4", TITLE, true, vec![evidence]);
        }
        if answers.earlier_sample {
            let evidence = "the tested sample was drawn before the infusion".to_owned();
            return finding("DON-4", TITLE, true, vec![evidence]);
        }
        let maximum = rule.dilution_maximum_percent;
        match answers.dilution {
            None => finding(
                "DON-4",
                TITLE,
                false,
                vec!["an infusion was given and the dilution was not computed".to_owned()],
            ),
            Some(dilution) => finding(
                "DON-4",
                TITLE,
                dilution.value() <= maximum,
                vec![format!("dilution {}, at most {maximum} % is acceptable", dilution.text())],
            ),
        }
    }

    /// Earliest time of the donation sample before the donation.
    fn earliest(&self, with_repeat: bool) -> Span {
        let window = &self.rules.window;
        let of_tissue = self.rules.receipt(self.donation.tissue).and_then(|r| r.sample_before);
        let before = of_tissue.unwrap_or(window.before);
        if with_repeat { before.max(window.before_with_repeat) } else { before }
    }

    fn in_window(&self, sample: &Sample, with_repeat: bool) -> bool {
        let window = &self.rules.window;
        let before = self.earliest(with_repeat);
        let donated = self.donation.donated_at;
        sample.drawn_at >= donated.minus(before) && sample.drawn_at <= donated.plus(window.after)
    }

    /// The donation sample the verdict rests on: in its window if one is, the newest of those.
    fn donation_sample(&self, with_repeat: bool) -> Option<&Sample> {
        let of_donation =
            || self.donor.samples.iter().rev().filter(|sample| sample.purpose == Purpose::Donation);
        of_donation()
            .find(|sample| self.in_window(sample, with_repeat))
            .or_else(|| of_donation().next())
    }

    /// A repeat sample drawn late enough whose whole mandatory panel is clear.
    fn repeat_sample(&self) -> Option<&Sample> {
        let from = self.donation.donated_at.plus(self.rules.repeat.after);
        self.donor.samples.iter().rev().find(|sample| {
            sample.purpose == Purpose::Repeat
                && sample.drawn_at >= from
                && self.required().all(|marker| self.clear(marker, sample.number, true).0)
        })
    }

    fn window(&self, sample: Option<&Sample>, with_repeat: bool) -> Finding {
        const TITLE: &str = "The donation sample was drawn within its window";
        let window = &self.rules.window;
        let before = self.earliest(with_repeat);
        let allowed =
            format!("allowed: from {before} before to {} after the donation", window.after);
        match sample {
            None => finding("DON-3", TITLE, false, vec!["no donation sample".to_owned(), allowed]),
            Some(sample) => finding(
                "DON-3",
                TITLE,
                self.in_window(sample, with_repeat),
                vec![
                    format!(
                        "sample {} drawn {}, donation {}",
                        sample.number,
                        self.at(sample.drawn_at),
                        self.at(self.donation.donated_at)
                    ),
                    allowed,
                ],
            ),
        }
    }

    fn required(&self) -> impl Iterator<Item = &MarkerRule> {
        let day = self.donation.donated_at.date(self.zone);
        let of_tissue = |marker: &MarkerRule| marker.always_for.contains(&self.donation.tissue);
        self.rules.markers_on(day).filter(move |marker| match marker.required {
            _ if of_tissue(marker) => true,
            Required::Always => true,
            Required::IfAsked => false,
            Required::IfIndicated => marker.indicated_by.as_ref().is_some_and(|question| {
                self.donor
                    .questionnaires
                    .last()
                    .and_then(|form| find_answer(&form.answers, question))
                    .is_some_and(|answer| answer.yes)
            }),
        })
    }

    fn panel(&self, sample: Option<&Sample>) -> Vec<Finding> {
        let title = |marker: &MarkerRule| format!("{} allows the donation", marker.title);
        let mut findings: Vec<Finding> = self
            .required()
            .map(|marker| match sample {
                None => finding(
                    "DON-2",
                    &title(marker),
                    false,
                    vec!["no donation sample to test".to_owned()],
                ),
                Some(sample) => {
                    let (met, evidence) = self.clear(marker, sample.number, true);
                    finding("DON-2", &title(marker), met, evidence)
                }
            })
            .collect();
        let judged = sample.map(|sample| sample.number);
        for reactive in self.reactive_elsewhere(judged) {
            let Some(marker) = self.rules.marker(&reactive.marker) else {
                findings.push(finding(
                    "DON-5",
                    "No reactive result is left open",
                    false,
                    vec![describe(reactive, reactive.marker.as_str(), self.zone)],
                ));
                continue;
            };
            let (met, evidence) = self.clear(marker, reactive.sample, true);
            findings.push(finding("DON-5", "No reactive result is left open", met, evidence));
        }
        findings
    }

    /// Reactive results that the panel of the judged sample does not cover.
    fn reactive_elsewhere(&self, judged: Option<u32>) -> Vec<&MarkerResult> {
        self.donor
            .results
            .iter()
            .filter(|result| result.reaction == Reaction::Reactive)
            .filter(|result| {
                let in_panel = self.required().any(|marker| marker.name == result.marker);
                let confirms = self.rules.markers.iter().any(|marker| {
                    marker.confirmed_by.as_ref() == Some(&result.marker)
                        && self
                            .donor
                            .results_of(result.sample, &marker.name)
                            .any(|first| first.reaction == Reaction::Reactive)
                });
                !(confirms || in_panel && Some(result.sample) == judged)
            })
            .collect()
    }

    /// Whether the marker in that sample lets the donation pass, and what shows it. A reactive
    /// result is never outvoted by a later non-reactive one.
    fn clear(&self, marker: &MarkerRule, sample: u32, may_confirm: bool) -> (bool, Vec<String>) {
        let results: Vec<&MarkerResult> = self.donor.results_of(sample, &marker.name).collect();
        let mut evidence: Vec<String> =
            results.iter().map(|result| describe(result, &marker.title, self.zone)).collect();
        let Some(last) = results.last() else {
            return (false, vec![format!("{}: no result for sample {sample}", marker.title)]);
        };
        if self.is_autologous() && !self.rules.autologous.reactive_excludes {
            if results.iter().any(|result| result.reaction != Reaction::NonReactive) {
                let own = "the patient's own cells: it does not exclude, the label warns of it";
                evidence.push(own.to_owned());
            }
            return (true, evidence);
        }
        if !results.iter().any(|result| result.reaction == Reaction::Reactive) {
            return (last.reaction == Reaction::NonReactive, evidence);
        }
        let met = match (marker.reactive, &marker.confirmed_by) {
            (Reactive::Excludes, _) | (Reactive::Confirm, None) => false,
            (Reactive::Assess, _) => {
                let companion = self.companion(marker, sample, &mut evidence);
                let (met, assessed) = self.assessed(&marker.name);
                evidence.push(assessed);
                met && companion
            }
            (Reactive::Confirm, Some(name)) => match self.rules.marker(name) {
                Some(confirmatory) if may_confirm => {
                    let (met, more) = self.clear(confirmatory, sample, false);
                    evidence.extend(more);
                    met
                }
                _ => false,
            },
        };
        (met, evidence)
    }

    /// Whether the marker that an assessment presupposes is non-reactive in the sample.
    fn companion(&self, marker: &MarkerRule, sample: u32, evidence: &mut Vec<String>) -> bool {
        let Some(name) = &marker.with_negative else {
            return true;
        };
        let title = self.rules.marker(name).map_or(name.as_str(), |rule| rule.title.as_str());
        let results: Vec<&MarkerResult> = self.donor.results_of(sample, name).collect();
        let negative = !results.is_empty()
            && results.iter().all(|result| result.reaction == Reaction::NonReactive);
        if !negative {
            evidence.push(format!("{title} is not non-reactive in sample {sample}"));
        }
        negative
    }

    fn storage(&self, sample: Option<&Sample>, repeat: Option<&Sample>) -> Finding {
        const TITLE: &str = "Long-term storage: NAT, repeat sample or validated inactivation";
        let rule = &self.rules.repeat;
        if self.is_autologous() && !self.rules.autologous.repeat {
            let own = "the patient's own cells: no repeat sample is asked for".to_owned();
            return finding("DON-2", TITLE, true, vec![own]);
        }
        let nat: Vec<&MarkerRule> =
            rule.nat.iter().filter_map(|name| self.rules.marker(name)).collect();
        if let Some(sample) = sample {
            let judged: Vec<(bool, Vec<String>)> =
                nat.iter().map(|marker| self.clear(marker, sample.number, false)).collect();
            if !judged.is_empty() && judged.iter().all(|(met, _)| *met) {
                let evidence = judged.into_iter().flat_map(|(_, evidence)| evidence).collect();
                return finding("DON-2", TITLE, true, evidence);
            }
        }
        if let Some(repeat) = repeat {
            let evidence = format!(
                "repeat sample {} drawn {}, at least {} after the donation, whole panel clear",
                repeat.number,
                self.at(repeat.drawn_at),
                rule.after
            );
            return finding("DON-2", TITLE, true, vec![evidence]);
        }
        if let (true, Some((reference, signature))) =
            (rule.inactivation_exempts, &self.donor.inactivation)
        {
            let evidence =
                format!("validated inactivation {reference}, signed by {}", signature.printed_name);
            return finding("DON-2", TITLE, true, vec![evidence]);
        }
        let lacking: Vec<&str> = nat.iter().map(|marker| marker.title.as_str()).collect();
        let evidence = format!(
            "neither {} non-reactive in the donation sample, nor a repeat sample from {} on",
            lacking.join(", "),
            self.at(self.donation.donated_at.plus(rule.after))
        );
        finding("DON-2", TITLE, false, vec![evidence])
    }

    /// Whether the HLA typing is there, for donors of a tissue that asks for it.
    fn typing(&self) -> Option<Finding> {
        let rule = &self.rules.typing;
        if !rule.required_for.contains(&self.donation.tissue) {
            return None;
        }
        let found = self.donor.typings.last();
        let evidence = match found {
            None => format!("not reported; needed are {}", rule.loci.join(", ")),
            Some(typed) => format!("{} of {}", typed.report, typed.laboratory),
        };
        Some(finding("DON-2", "HLA typing is recorded", found.is_some(), vec![evidence]))
    }

    fn evaluation(&self) -> Finding {
        const TITLE: &str = "The medical evaluation is signed";
        match &self.donor.evaluation {
            None => finding("DON-2", TITLE, false, vec!["not signed".to_owned()]),
            Some((acceptable, remark, signature)) => finding(
                "DON-2",
                TITLE,
                *acceptable,
                vec![format!(
                    "{} by {}. {remark}",
                    if *acceptable { "acceptable" } else { "not acceptable" },
                    signature.manifestation()
                )],
            ),
        }
    }
}

fn find_answer<'a>(answers: &'a [Answer], question: &Name) -> Option<&'a Answer> {
    answers.iter().find(|answer| answer.question == *question)
}

fn describe(result: &MarkerResult, title: &str, zone: Zone) -> String {
    format!(
        "{title}: {} in sample {}, {} of {}, {}",
        result.reaction.word(),
        result.sample,
        result.report,
        result.laboratory,
        result.reported_at.minute_text(zone)
    )
}

fn finding(rule: &str, title: &str, met: bool, evidence: Vec<String>) -> Finding {
    Finding { rule: rule.to_owned(), title: title.to_owned(), met, evidence }
}
