//! Review by exception: what stands out, what was checked and passed, what blocks certification.
//!
//! Neighbours: the review page, the certification page and `decide` all read one [`Assessment`],
//! so that what is shown is what is decided on.
//!
//! Architecture invariant: an exception is never dropped; it blocks, or it is shown and reviewed.

use super::facts::{DeviationFact, Facts, TestFact, TrailKind};
use crate::domain::deviation::{Class, Outcome, Status as DeviationStatus};
use crate::domain::disposition::Disposition;
use crate::domain::id::Name;
use crate::domain::quality::Status as TestStatus;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// What an exception stands in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocks {
    /// Nothing; it is to be reviewed.
    Nothing,
    /// Final certification only.
    Final,
    /// Any certification.
    Everything,
}

/// Something that stands out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// A key that stays the same as long as the thing does, such as `deviation/DEV-2026-0001`.
    pub key: String,
    /// How serious it is.
    pub class: Class,
    /// What stands out.
    pub title: String,
    /// The rule that makes it an exception.
    pub rule: String,
    /// What to do about it.
    pub remedy: String,
    /// The stream that shows the evidence, such as `test/B-2026-0001.sterility`.
    pub evidence: String,
    /// What it stands in the way of.
    pub blocks: Blocks,
}

/// Something that was checked and is in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked.
    pub title: String,
    /// The rule that asks for it.
    pub rule: String,
    /// What shows it.
    pub evidence: String,
}

/// A test that is not final and may be pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The test.
    pub test: Name,
    /// Its title.
    pub title: String,
    /// The newest reading, negative to date.
    pub negative_to_date: Option<Instant>,
    /// When the final result may be there.
    pub due_at: Option<Instant>,
}

/// The batch seen for its release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// What stands out, most serious first.
    pub exceptions: Vec<Exception>,
    /// What was checked and is in order.
    pub passed: Vec<Check>,
    /// Tests that would be pending at an initial certification.
    pub pending: Vec<Pending>,
}

impl Assessment {
    /// What stands in the way of an initial certification.
    pub fn blocking_initial(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter().filter(|exception| exception.blocks == Blocks::Everything)
    }

    /// What stands in the way of a final certification.
    pub fn blocking_final(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter().filter(|exception| exception.blocks != Blocks::Nothing)
    }

    /// How many exceptions there are of a class.
    pub fn count(&self, class: Class) -> usize {
        self.exceptions.iter().filter(|exception| exception.class == class).count()
    }
}

/// Looks at everything the release of a batch rests on.
pub fn assess(facts: &Facts, now: Instant) -> Assessment {
    let mut found = Assessment { exceptions: Vec::new(), passed: Vec::new(), pending: Vec::new() };
    completeness(facts, &mut found);
    for test in &facts.tests {
        judge_test(facts, test, now, &mut found);
    }
    for deviation in &facts.deviations {
        judge_deviation(deviation, &mut found);
    }
    if facts.deviations.is_empty() {
        found.pass("No deviation was opened", "ATMP-35", facts.batch.as_str());
    }
    inputs(facts, &mut found);
    labels(facts, &mut found);
    reconciled(facts, &mut found);
    trail(facts, &mut found);
    expiry(facts, now, &mut found);
    found.exceptions.sort_by(|a, b| {
        (b.class, b.blocks).cmp(&(a.class, a.blocks)).then_with(|| a.key.cmp(&b.key))
    });
    found
}

impl Assessment {
    fn pass(&mut self, title: impl Into<String>, rule: &str, evidence: &str) {
        self.passed.push(Check {
            title: title.into(),
            rule: rule.to_owned(),
            evidence: evidence.to_owned(),
        });
    }

    fn add(
        &mut self,
        key: String,
        (class, blocks): (Class, Blocks),
        title: String,
        (rule, remedy): (&str, &str),
        evidence: String,
    ) {
        self.exceptions.push(Exception {
            key,
            class,
            title,
            rule: rule.to_owned(),
            remedy: remedy.to_owned(),
            evidence,
            blocks,
        });
    }
}

fn completeness(facts: &Facts, found: &mut Assessment) {
    let batch = || format!("batch/{}", facts.batch);
    if !facts.completed {
        found.add(
            "batch/not-completed".to_owned(),
            (Class::Critical, Blocks::Everything),
            "The batch is not completed".to_owned(),
            ("ATMP-2", "Perform the remaining steps."),
            batch(),
        );
    }
    for missing in &facts.missing {
        found.add(
            format!("missing/{}", missing.what),
            (Class::Critical, Blocks::Everything),
            format!("Missing: {}", missing.what),
            (&missing.rule, "Enter what is missing, or open a deviation and decide it."),
            match &missing.step {
                Some(step) => format!("batch/{}#{step}", facts.batch),
                None => batch(),
            },
        );
    }
    for complete in &facts.complete {
        found.pass(&complete.what, &complete.rule, &batch());
    }
}

fn judge_test(facts: &Facts, test: &TestFact, now: Instant, found: &mut Assessment) {
    let evidence = format!("test/{}.{}", facts.batch, test.test);
    let key = format!("test/{}", test.test);
    if test.invalidated > 0 {
        found.add(
            format!("{key}/invalidated"),
            (Class::Major, Blocks::Nothing),
            format!("{}: {} earlier result(s) declared invalid", test.title, test.invalidated),
            ("ATMP-42", "Judge the investigation; the earlier values stay on the record."),
            evidence.clone(),
        );
    }
    match test.status {
        TestStatus::FinalPass => found.pass(
            format!("{}: {}", test.title, test.result.join("; ")),
            "specification",
            &evidence,
        ),
        TestStatus::FinalFail => found.add(
            format!("{key}/out-of-specification"),
            (Class::Critical, Blocks::Everything),
            format!("{} is out of specification: {}", test.title, test.result.join("; ")),
            ("ATMP-38", "Reject the batch, or follow the investigation of its deviation."),
            evidence,
        ),
        _ => pending(test, now, (key, evidence), found),
    }
}

fn pending(
    test: &TestFact,
    now: Instant,
    (key, evidence): (String, String),
    found: &mut Assessment,
) {
    let state = if test.awaits_review { "result not reviewed" } else { test.status.word() };
    if !test.pending_allowed {
        found.add(
            format!("{key}/missing"),
            (Class::Critical, Blocks::Everything),
            format!("{} has no final result ({state})", test.title),
            ("ATMP-34", "Have the test finished and reviewed; it may not be pending."),
            evidence,
        );
        return;
    }
    let fresh = test.latest_interim.filter(|read_at| {
        test.interim_max_age.is_none_or(|age| read_at.plus(age) >= now) && *read_at <= now
    });
    if test.growth_based && (fresh.is_none() || test.awaits_review) {
        let title = match test.latest_interim {
            None => format!("{} has no reading that is negative to date ({state})", test.title),
            Some(_) => format!("The last reading of {} is too old ({state})", test.title),
        };
        found.add(
            format!("{key}/no-interim"),
            (Class::Critical, Blocks::Everything),
            title,
            ("ATMP-34", "Read the culture and record whether it is negative to date."),
            evidence,
        );
        return;
    }
    found.pending.push(Pending {
        test: test.test.clone(),
        title: test.title.clone(),
        negative_to_date: fresh,
        due_at: test.due_at,
    });
    found.add(
        format!("{key}/pending"),
        (Class::Minor, Blocks::Final),
        format!("{} is pending ({state})", test.title),
        ("ATMP-34", "Initial certification is possible; final certification waits for it."),
        evidence,
    );
}

fn judge_deviation(deviation: &DeviationFact, found: &mut Assessment) {
    let evidence = format!("deviation/{}", deviation.number);
    let title = format!("{} {}: {}", deviation.number, deviation.status.code(), deviation.title);
    let (blocks, remedy) = match (deviation.status, deviation.outcome, deviation.class) {
        (_, Some(Outcome::Reject), _) => {
            (Blocks::Everything, "QA decided to reject the product. Reject the batch.")
        }
        (DeviationStatus::Open, ..) => {
            (Blocks::Everything, "QA must assess its impact and decide.")
        }
        (DeviationStatus::Decided, _, Class::Critical) => {
            (Blocks::Everything, "A critical deviation must be closed first.")
        }
        (DeviationStatus::Decided, ..) => (Blocks::Final, "Close it before final certification."),
        (DeviationStatus::Closed, ..) => (Blocks::Nothing, "Judge the assessment of its impact."),
    };
    found.add(evidence.clone(), (deviation.class, blocks), title, ("ATMP-35", remedy), evidence);
}

fn inputs(facts: &Facts, found: &mut Assessment) {
    let mut clean = 0_usize;
    for input in &facts.inputs {
        if input.disposition == Disposition::Released {
            clean = clean.saturating_add(1);
            continue;
        }
        found.add(
            format!("input/{}", input.node),
            (Class::Critical, Blocks::Everything),
            format!("{} is {}: {}", input.title, input.disposition.word(), input.because),
            ("ATMP-23", "Have it decided on; nothing made from it may be certified before."),
            input.node.clone(),
        );
    }
    if clean > 0 {
        found.pass(
            format!("{clean} starting materials and their donors are released"),
            "ATMP-23",
            facts.batch.as_str(),
        );
    }
}

fn labels(facts: &Facts, found: &mut Assessment) {
    let labels = facts.labels;
    let batch = format!("batch/{}", facts.batch);
    let counted = format!(
        "{} issued = {} applied + {} destroyed + {} kept + {} lost",
        labels.issued, labels.applied, labels.destroyed, labels.kept, labels.lost
    );
    lost_labels(facts, found);
    if labels.containers_without > 0 {
        found.add(
            "labels/containers-without".to_owned(),
            (Class::Major, Blocks::Nothing),
            format!("{} containers wear no valid label", labels.containers_without),
            ("ATMP-8", "Judge whether these containers had to be labelled."),
            batch.clone(),
        );
    }
    if labels.open == 0 {
        found.pass(format!("Labels are reconciled: {counted}"), "ATMP-18", facts.batch.as_str());
        return;
    }
    found.add(
        "labels/open".to_owned(),
        (Class::Critical, Blocks::Everything),
        format!("Labels are not reconciled ({} open): {counted}", labels.open),
        (
            "ATMP-18",
            "Read back the applied labels; destroy and record the void ones; report lost what \
             cannot be found.",
        ),
        batch,
    );
}

/// ATMP-18: what is lost is explained by a closed deviation, or nothing is certified.
fn lost_labels(facts: &Facts, found: &mut Assessment) {
    for lost in &facts.lost_labels {
        let deviation = facts.deviations.iter().find(|d| d.number == lost.deviation);
        let closed = deviation.is_some_and(|d| d.status == DeviationStatus::Closed);
        let (blocks, remedy) = match closed {
            true => (Blocks::Nothing, format!("{} explains it; judge that.", lost.deviation)),
            false => (Blocks::Everything, format!("Decide and close {}.", lost.deviation)),
        };
        let class = deviation.map_or(Class::Major, |deviation| deviation.class);
        found.add(
            format!("labels/lost/{}/{}", lost.deviation, lost.what),
            (class, blocks),
            format!("A label is lost: {}", lost.what),
            ("ATMP-18", &remedy),
            format!("deviation/{}", lost.deviation),
        );
    }
}

/// ATMP-10: a difference beyond its limit is explained by a closed deviation, or nothing is
/// certified.
fn reconciled(facts: &Facts, found: &mut Assessment) {
    for fact in &facts.reconciled {
        let evidence = format!("batch/{}", facts.batch);
        let title = match &fact.found {
            Some(words) => format!("{}: {words}", fact.title),
            None => format!("{} was never reconciled", fact.title),
        };
        if fact.found.is_some() && !fact.broken {
            found.pass(title, "ATMP-10", &evidence);
            continue;
        }
        let about = || {
            let same = |d: &&DeviationFact| d.reconciliation.as_ref() == Some(&fact.name);
            facts.deviations.iter().filter(same)
        };
        let explains = |deviation: &&DeviationFact| {
            deviation.status == DeviationStatus::Closed
                && deviation.outcome.is_some_and(|outcome| outcome != Outcome::Reject)
        };
        let (blocks, remedy) = match (about().find(explains), about().next()) {
            (Some(closed), _) => {
                (Blocks::Nothing, format!("{} explains it; judge that.", closed.number))
            }
            (None, Some(open)) => {
                (Blocks::Everything, format!("Decide and close {}.", open.number))
            }
            (None, None) => {
                let remedy = "Open a deviation about it from the accounts of the batch.";
                (Blocks::Everything, remedy.to_owned())
            }
        };
        let class = about().map(|deviation| deviation.class).max().unwrap_or(Class::Major);
        let key = format!("reconciliation/{}", fact.name);
        found.add(key, (class, blocks), title, ("ATMP-10", &remedy), evidence);
    }
}

fn trail(facts: &Facts, found: &mut Assessment) {
    for fact in &facts.trail {
        let class = match fact.kind {
            TrailKind::Override
            | TrailKind::RepeatedTest
            | TrailKind::Correction
            | TrailKind::LostLabel => Class::Major,
            TrailKind::LateEntry | TrailKind::Reprint => Class::Minor,
        };
        found.add(
            format!("trail/{}", fact.event),
            (class, Blocks::Nothing),
            format!("{} by {}: {}", fact.kind.word(), fact.by, fact.what),
            ("§4.4 rule 7", "Judge whether the reason explains it."),
            fact.event.clone(),
        );
    }
    found.pass(
        format!(
            "{} entries of the audit trail were looked through, {} stand out",
            facts.trail_entries,
            facts.trail.len()
        ),
        "§4.4 rule 7",
        facts.batch.as_str(),
    );
}

fn expiry(facts: &Facts, now: Instant, found: &mut Assessment) {
    if let Some(expires_at) = facts.expires_at
        && expires_at <= now
    {
        found.add(
            "batch/expired".to_owned(),
            (Class::Critical, Blocks::Everything),
            "The product has expired".to_owned(),
            ("ATMP-43", "Reject the batch."),
            format!("batch/{}", facts.batch),
        );
    }
}
