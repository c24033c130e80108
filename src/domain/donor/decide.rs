//! The rules of what may be recorded about a donor, and of who is eligible.

use super::command::{Command, Facts, GivenAnswer, haemodilution};
use super::event::{Answer, Cause, Event};
use super::refusal::Refusal;
use super::rules::{Reactive, Yes};
use super::state::{Donor, Purpose, Reaction, Relation, Scope};
use super::verdict::judge;
use crate::domain::actor::{Meaning, Signature};
use crate::domain::disposition::Disposition;
use crate::domain::id::{DonorCode, Name, PatientCode};
use crate::domain::quantity::Unit;
use crate::domain::time::Instant;
use crate::domain::{Change, Context};
use rust_decimal::Decimal;

/// Decides a command about the donor with this code.
///
/// # Errors
/// A [`Refusal`] that names the rule; nothing is recorded then.
pub fn decide(
    donor: Option<&Donor>,
    code: &DonorCode,
    command: &Command,
    facts: &Facts<'_>,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let events = match (donor, command) {
        (None, Command::Register { .. }) => vec![register(command, facts)?],
        (Some(_), Command::Register { .. }) => return Err(Refusal::AlreadyRegistered),
        (None, _) => return Err(Refusal::NotRegistered),
        (Some(donor), command) => decide_registered(donor, command, facts, context.now)?,
    };
    Ok(events.into_iter().map(|event| Change::of::<Donor>(code.as_str(), event)).collect())
}

fn register(command: &Command, facts: &Facts<'_>) -> Result<Event, Refusal> {
    let Command::Register { tested_person, relation, recipient, taken } = command else {
        return Err(Refusal::NotRegistered);
    };
    PatientCode::parse(tested_person)
        .map_err(|_| Refusal::NotPseudonymous(tested_person.chars().take(40).collect()))?;
    if !facts.rules.tested_persons.contains(relation) {
        return Err(Refusal::RelationNotAccepted(relation.word()));
    }
    if let Some(patient) = recipient {
        if *relation != Relation::Donor {
            return Err(Refusal::RecipientIsNotDonor(patient.clone()));
        }
        if let Some(donor) = taken {
            let (patient, donor) = (patient.clone(), donor.clone());
            return Err(Refusal::RecipientHasDonor { patient, donor });
        }
    }
    Ok(Event::Registered {
        tested_person: tested_person.clone(),
        relation: *relation,
        recipient: recipient.clone(),
    })
}

fn decide_registered(
    donor: &Donor,
    command: &Command,
    facts: &Facts<'_>,
    now: Instant,
) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Register { .. } => Err(Refusal::AlreadyRegistered),
        Command::GiveConsent { scopes, form_version, document, given_at } => {
            give_consent(donor, scopes, form_version, document, *given_at, now)
        }
        Command::WithdrawConsent { number, withdrawn_at, because } => {
            withdraw_consent(donor, *number, *withdrawn_at, because, now)
        }
        Command::AnswerQuestionnaire { .. } => answer(donor, command, facts, now),
        Command::DrawSample { purpose, drawn_at, matrix } => {
            require_consent(donor)?;
            not_future(*drawn_at, now, "the time of sampling")?;
            if let (Purpose::Repeat, Some(donation)) = (purpose, facts.donation)
                && *drawn_at < donation.donated_at
            {
                return Err(Refusal::Before { what: "the repeat sample", before: "the donation" });
            }
            let number = next_number(donor.samples.len());
            Ok(vec![Event::SampleDrawn {
                number,
                purpose: *purpose,
                drawn_at: *drawn_at,
                matrix: *matrix,
            }])
        }
        Command::ReportMarker { .. } => report_marker(donor, command, facts, now),
        Command::ReportTyping { .. } => report_typing(donor, command, facts, now),
        Command::AssessRisk { about, acceptable, reasoning, signature } => {
            assess_risk(donor, facts, about, *acceptable, reasoning, signature)
        }
        Command::Evaluate { acceptable, remark, signature } => {
            means(signature, Meaning::Reviewed)?;
            if donor.questionnaires.is_empty() {
                return Err(Refusal::Missing("the questionnaire"));
            }
            filled(remark, "the remark of the medical evaluation")?;
            Ok(vec![Event::MedicallyEvaluated {
                acceptable: *acceptable,
                remark: remark.clone(),
                signature: signature.clone(),
            }])
        }
        Command::RecordInactivation { reference, signature } => {
            means(signature, Meaning::Approved)?;
            filled(reference, "the validation document")?;
            Ok(vec![Event::InactivationRecorded {
                reference: reference.clone(),
                signature: signature.clone(),
            }])
        }
        Command::DecideEligibility { eligible, remark, signature } => {
            decide_eligibility(donor, facts, *eligible, remark, signature)
        }
        Command::Disqualify { cause, to, because, signature } => {
            disqualify(donor, cause, *to, because, signature)
        }
    }
}

fn give_consent(
    donor: &Donor,
    scopes: &[Scope],
    form_version: &str,
    document: &str,
    given_at: Instant,
    now: Instant,
) -> Result<Vec<Event>, Refusal> {
    if scopes.is_empty() {
        return Err(Refusal::ConsentWithoutScope);
    }
    filled(form_version, "the version of the consent form")?;
    filled(document, "where the signed form is kept")?;
    not_future(given_at, now, "the time of consent")?;
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    Ok(vec![Event::ConsentGiven {
        number: next_number(donor.consents.len()),
        scopes,
        form_version: form_version.to_owned(),
        document: document.to_owned(),
        given_at,
    }])
}

fn withdraw_consent(
    donor: &Donor,
    number: u32,
    withdrawn_at: Instant,
    because: &str,
    now: Instant,
) -> Result<Vec<Event>, Refusal> {
    let consent = donor
        .consents
        .iter()
        .find(|consent| consent.number == number && consent.withdrawn.is_none())
        .ok_or(Refusal::NoSuchConsent(number))?;
    filled(because, "what was said")?;
    not_future(withdrawn_at, now, "the time of withdrawal")?;
    if withdrawn_at < consent.given_at {
        return Err(Refusal::Before { what: "the withdrawal", before: "the consent" });
    }
    let mut events =
        vec![Event::ConsentWithdrawn { number, withdrawn_at, because: because.to_owned() }];
    if donor.standing < Disposition::Rejected {
        events.push(Event::Suspended { cause: Cause::ConsentWithdrawn { consent: number } });
    }
    Ok(events)
}

fn answer(
    donor: &Donor,
    command: &Command,
    facts: &Facts<'_>,
    now: Instant,
) -> Result<Vec<Event>, Refusal> {
    let Command::AnswerQuestionnaire {
        form_version,
        interviewed_at,
        answers,
        blood_or_colloids,
        crystalloids,
        dilution,
        earlier_sample,
    } = command
    else {
        return Ok(Vec::new());
    };
    require_consent(donor)?;
    filled(form_version, "the version of the questionnaire")?;
    not_future(*interviewed_at, now, "the interview")?;
    let answers = every_answer(donor, answers, facts, *interviewed_at)?;
    let blood = blood_or_colloids.ok_or(Refusal::HaemodilutionUnanswered(
        "blood, blood components or colloids in the 48 h before sampling",
    ))?;
    let crystalloids = crystalloids
        .ok_or(Refusal::HaemodilutionUnanswered("crystalloids in the 1 h before sampling"))?;
    if (blood || crystalloids) && dilution.is_none() && !earlier_sample {
        return Err(Refusal::DilutionNotComputed);
    }
    if let Some(dilution) = dilution
        && (dilution.unit() != Unit::Percent
            || dilution.is_negative()
            || dilution.value() > Decimal::ONE_HUNDRED)
    {
        return Err(Refusal::DilutionOutOfRange);
    }
    Ok(vec![Event::QuestionnaireAnswered {
        form_version: form_version.clone(),
        interviewed_at: *interviewed_at,
        answers,
        haemodilution: haemodilution(blood, crystalloids, *dilution, *earlier_sample),
    }])
}

fn every_answer(
    donor: &Donor,
    given: &[GivenAnswer],
    facts: &Facts<'_>,
    interviewed_at: Instant,
) -> Result<Vec<Answer>, Refusal> {
    let at = facts.donation.map_or(interviewed_at, |donation| donation.donated_at);
    let day = at.date(facts.zone);
    for (place, answer) in given.iter().enumerate() {
        let known =
            facts.rules.questions_on(day, donor.relation).any(|row| row.name == answer.question);
        let twice = given.iter().take(place).any(|earlier| earlier.question == answer.question);
        if !known || twice {
            return Err(Refusal::UnknownQuestion(answer.question.to_string()));
        }
    }
    let mut open = Vec::new();
    let mut answers = Vec::new();
    for question in facts.rules.questions_on(day, donor.relation) {
        let found = given.iter().find(|answer| answer.question == question.name);
        match found.and_then(|answer| answer.yes.map(|yes| (answer, yes))) {
            None => open.push(question.text.clone()),
            Some((answer, true)) if answer.detail.trim().is_empty() => {
                return Err(Refusal::YesWithoutDetail(question.text.clone()));
            }
            Some((answer, yes)) => answers.push(Answer {
                question: question.name.clone(),
                yes,
                detail: answer.detail.trim().to_owned(),
            }),
        }
    }
    if open.is_empty() { Ok(answers) } else { Err(Refusal::Unanswered(open)) }
}

fn report_marker(
    donor: &Donor,
    command: &Command,
    facts: &Facts<'_>,
    now: Instant,
) -> Result<Vec<Event>, Refusal> {
    use Command as C;
    let C::ReportMarker { sample, marker, reaction, laboratory, method, report, reported_at } =
        command
    else {
        return Ok(Vec::new());
    };
    let drawn = donor.sample(*sample).ok_or(Refusal::NoSuchSample(*sample))?.drawn_at;
    facts.rules.marker(marker).ok_or_else(|| Refusal::UnknownMarker(marker.to_string()))?;
    filled(laboratory, "the testing laboratory")?;
    filled(method, "the method and kit")?;
    filled(report, "the number of the report")?;
    not_future(*reported_at, now, "the time of the report")?;
    if *reported_at < drawn {
        return Err(Refusal::Before { what: "the report", before: "the sampling" });
    }
    let mut events = vec![Event::MarkerReported {
        sample: *sample,
        marker: marker.clone(),
        reaction: *reaction,
        laboratory: laboratory.clone(),
        method: method.clone(),
        report: report.clone(),
        reported_at: *reported_at,
    }];
    if *reaction == Reaction::Reactive && donor.standing < Disposition::Rejected {
        let cause = Cause::ReactiveResult { marker: marker.clone(), sample: *sample };
        events.push(Event::Suspended { cause });
    }
    Ok(events)
}

/// The typing names every locus of the rules once, and no other.
fn report_typing(
    donor: &Donor,
    command: &Command,
    facts: &Facts<'_>,
    now: Instant,
) -> Result<Vec<Event>, Refusal> {
    let Command::ReportTyping { alleles, laboratory, report, reported_at } = command else {
        return Ok(Vec::new());
    };
    require_consent(donor)?;
    filled(laboratory, "the testing laboratory")?;
    filled(report, "the number of the report")?;
    not_future(*reported_at, now, "the time of the report")?;
    let loci = &facts.rules.typing.loci;
    let given = |locus: &String| {
        alleles.iter().any(|(own, found)| own == locus && !found.trim().is_empty())
    };
    let open: Vec<&str> = loci.iter().filter(|l| !given(l)).map(String::as_str).collect();
    if !open.is_empty() {
        return Err(Refusal::LociMissing(open.join(", ")));
    }
    let trimmed = |locus: &String| {
        let found = alleles.iter().find(|(own, _)| own == locus);
        found.map(|(own, alleles)| (own.clone(), alleles.trim().to_owned()))
    };
    Ok(vec![Event::Typed {
        alleles: loci.iter().filter_map(trimmed).collect(),
        laboratory: laboratory.clone(),
        report: report.clone(),
        reported_at: *reported_at,
    }])
}

fn assess_risk(
    donor: &Donor,
    facts: &Facts<'_>,
    about: &Name,
    acceptable: bool,
    reasoning: &str,
    signature: &Signature,
) -> Result<Vec<Event>, Refusal> {
    means(signature, Meaning::Reviewed)?;
    filled(reasoning, "the reasoning of the risk assessment")?;
    let reactive = donor.reactive_markers().contains(about)
        && facts.rules.marker(about).is_some_and(|row| row.reactive == Reactive::Assess);
    let answered_yes = donor
        .questionnaires
        .last()
        .is_some_and(|form| form.answers.iter().any(|a| a.question == *about && a.yes))
        && facts.rules.question(about).is_some_and(|row| row.yes == Yes::Assess);
    if !reactive && !answered_yes {
        return Err(Refusal::NothingToAssess(about.to_string()));
    }
    Ok(vec![Event::RiskAssessed {
        about: about.clone(),
        acceptable,
        reasoning: reasoning.to_owned(),
        signature: signature.clone(),
    }])
}

fn decide_eligibility(
    donor: &Donor,
    facts: &Facts<'_>,
    eligible: bool,
    remark: &str,
    signature: &Signature,
) -> Result<Vec<Event>, Refusal> {
    if donor.standing == Disposition::Rejected {
        return Err(Refusal::Rejected);
    }
    let donation = facts.donation.ok_or(Refusal::NoDonation)?;
    let stands = donor
        .decisions
        .last()
        .is_some_and(|decision| decision.donation == donation.din && decision.eligible);
    if stands && donor.standing == Disposition::Released && eligible {
        return Err(Refusal::AlreadyDecided);
    }
    let verdict = judge(donor, donation, facts.rules, facts.zone);
    if eligible {
        means(signature, Meaning::Approved)?;
        if !verdict.is_met() {
            return Err(Refusal::RulesNotMet(
                verdict
                    .unmet()
                    .map(|finding| {
                        format!(
                            "{} {} ({})",
                            finding.rule,
                            finding.title,
                            finding.evidence.join(", ")
                        )
                    })
                    .collect(),
            ));
        }
    } else {
        means(signature, Meaning::Rejected)?;
        filled(remark, "why the donor is not eligible")?;
    }
    Ok(vec![Event::EligibilityDecided {
        donation: donation.din.clone(),
        eligible,
        verdict,
        remark: remark.to_owned(),
        signature: signature.clone(),
    }])
}

fn disqualify(
    donor: &Donor,
    cause: &Cause,
    to: Disposition,
    because: &str,
    signature: &Signature,
) -> Result<Vec<Event>, Refusal> {
    means(signature, Meaning::Rejected)?;
    if donor.standing == Disposition::Rejected {
        return Err(Refusal::Rejected);
    }
    if !matches!(to, Disposition::OnHold | Disposition::Rejected) {
        return Err(Refusal::NotADisqualification(to));
    }
    filled(because, "the reason of the disqualification")?;
    Ok(vec![Event::Disqualified {
        cause: cause.clone(),
        to,
        because: because.to_owned(),
        signature: signature.clone(),
    }])
}

fn require_consent(donor: &Donor) -> Result<(), Refusal> {
    if donor.consented().contains(&Scope::Donation) { Ok(()) } else { Err(Refusal::NoConsent) }
}

fn not_future(at: Instant, now: Instant, what: &'static str) -> Result<(), Refusal> {
    if at > now { Err(Refusal::InFuture(what)) } else { Ok(()) }
}

fn filled(text: &str, what: &'static str) -> Result<(), Refusal> {
    if text.trim().is_empty() { Err(Refusal::Missing(what)) } else { Ok(()) }
}

fn means(signature: &Signature, needed: Meaning) -> Result<(), Refusal> {
    if signature.meaning == needed {
        Ok(())
    } else {
        Err(Refusal::WrongMeaning { needed: needed.words() })
    }
}

fn next_number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
}
