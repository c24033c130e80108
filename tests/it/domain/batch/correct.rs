//! Corrections of signed values: what follows from them, who verifies them, and what is refused.

use super::*;
use chorda::domain::account::Account;
use chorda::domain::batch::{
    Aftermath, BatchState, Changed, CorrectValue, CorrectionRefusal as Why, Mark, Missing,
    Procedure, Progress, Recheck, assess_correction, completeness, correction_assessment_shown,
    correction_shown, performance_shown,
};
use proptest::prelude::*;

const DONORS: [&[&str]; 4] = [&["DNR-0001"], &["DNR-0002"], &["DNR-0003"], &["DNR-0004"]];
const COUNTED: [[&str; 3]; 4] = [
    ["10.300", "95.0", "98.50"],
    ["9.100", "93.5", "99.20"],
    ["11.050", "96.0", "97.80"],
    ["9.600", "94.0", "98.00"],
];
const TAKEN: [&str; 4] = ["81.75", "94.02", "75.41", "88.65"];

fn given(field: &str, item: &ContainerCode, text: &str) -> Given {
    Given { field: name(field), item: Some(item.clone()), text: text.to_owned() }
}

/// A bank batch whose four lots were counted so; and the lots.
fn counted(text: &str, counts: &[[String; 3]; 4]) -> Result<(Plant, Vec<ContainerCode>), Refusal> {
    let mut plant = Plant::started(text, for_pool());
    let lots: Vec<ContainerCode> = DONORS.iter().map(|donor| plant.outside(lot(donor))).collect();
    plant.done("clear_line", CLEAR);
    let mut receive = plant.ask("receive_lots", &[]);
    receive.consumed = lots.iter().cloned().map(Scan::from).collect();
    for (code, count) in lots.iter().zip(counts) {
        for (field, text) in ["concentration", "viability", "volume"].into_iter().zip(count) {
            receive.values.push(given(field, code, text));
        }
    }
    plant.when(receive)?;
    plant.verify("receive_lots", "bor")?;
    Ok((plant, lots))
}

/// … and pooled.
fn pooled(text: &str, counts: &[[String; 3]; 4]) -> Result<(Plant, Vec<ContainerCode>), Refusal> {
    let (mut plant, lots) = counted(text, counts)?;
    plant.sign_hold_point("pool_agreed")?;
    let mut pool = plant.ask("pool", &[]);
    for (code, volume) in lots.iter().zip(TAKEN) {
        pool.values.push(given("taken", code, volume));
    }
    plant.when(pool)?;
    plant.verify("pool", "bor")?;
    Ok((plant, lots))
}

fn right() -> [[String; 3]; 4] {
    COUNTED.map(|count| count.map(str::to_owned))
}

fn bank() -> (Plant, Vec<ContainerCode>) {
    pooled(BANK, &right()).unwrap()
}

fn value(step: &str, field: &str, item: Option<&ContainerCode>, text: &str) -> CorrectValue {
    CorrectValue {
        step: name(step),
        occurrence: 1,
        field: name(field),
        item: item.cloned(),
        text: text.to_owned(),
        because: "read from the wrong line of the print-out".to_owned(),
    }
}

impl Plant {
    /// What became of what the batch made, as the records of it say.
    fn aftermath(&self) -> Aftermath {
        let words = |made: &batch::Produced| match self.container(made.container.as_str()).fate {
            Fate::Consumed { batch, .. } => format!("used up by {batch}"),
            _ => "live".to_owned(),
        };
        let batch = self.batch();
        let whereabouts =
            batch.produced().map(|made| (made.container.clone(), words(made))).collect();
        Aftermath { whereabouts, ..Aftermath::default() }
    }

    fn correct(&mut self, login: &str, command: &CorrectValue) -> Result<u32, Refusal> {
        let aftermath = self.aftermath();
        self.correct_after(login, command, &aftermath)
    }

    fn correct_after(
        &mut self,
        login: &str,
        command: &CorrectValue,
        aftermath: &Aftermath,
    ) -> Result<u32, Refusal> {
        let (batch, context) = (self.batch(), self.context(login));
        let found = assess_correction(&batch, &self.record, command, aftermath, &context)?;
        let number = found.corrected.number;
        let mut numbers = Vec::new();
        for _ in &found.broken {
            self.deviations += 1;
            let text = format!("DEV-2026-{:04}", self.deviations);
            numbers.push(DeviationNumber::parse(&text).unwrap());
        }
        let signature = self.signature(login, Meaning::Corrected);
        let changes = batch::correct(&batch, &self.record, found, numbers, signature, &context)?;
        self.record_changes(login, changes);
        Ok(number)
    }

    fn verify_correction(&mut self, number: u32, login: &str) -> Result<(), Refusal> {
        let (batch, context) = (self.batch(), self.context(login));
        let signature = self.signature(login, Meaning::Verified);
        let none = Aftermath::default();
        let changes =
            batch::verify_correction(&batch, &self.record, number, &none, signature, &context)?;
        self.record_changes(login, changes);
        Ok(())
    }

    fn refused(&mut self, command: &CorrectValue) -> Why {
        match self.correct("ana", command) {
            Err(Refusal::Correction(why)) => why,
            other => panic!("{command:?} gave {other:?}"),
        }
    }

    fn texts(&self, step: &str, field: &str) -> Vec<String> {
        let (batch, field) = (self.batch(), name(field));
        let performance = batch.last_of(&name(step)).unwrap();
        performance.entries(&field).map(|entry| entry.value.text()).collect()
    }
}

/// The book of a batch, account by account.
fn book(batch: &Batch) -> Vec<(Account, Quantity)> {
    let units = [Unit::MillionCells, Unit::Millilitre, Unit::Container, Unit::Label];
    let of = |unit| Account::ALL.map(|(account, ..)| (account, batch.book.balance(account, unit)));
    units.into_iter().flat_map(of).collect()
}

#[test]
fn a_correction_keeps_the_old_value_and_everything_calculated_from_it_follows() {
    let (mut plant, lots) = bank();
    let before = plant.batch();
    let number =
        plant.correct("ana", &value("receive_lots", "concentration", Some(&lots[0]), "9.000"));
    assert_eq!(number, Ok(1));
    let batch = plant.batch();
    let correction = batch.correction(1).unwrap();
    let text = |changed: &Changed| (changed.old_text(), changed.new.value.text());
    assert_eq!(
        text(&correction.corrected.value),
        ("10.300 ×10⁶/ml".to_owned(), "9.000 ×10⁶/ml".to_owned())
    );
    let follows: Vec<String> = correction
        .corrected
        .follows
        .iter()
        .map(|changed| format!("{}.{}", changed.step, changed.new.name))
        .collect();
    for expected in ["receive_lots.available", "receive_lots.available_total", "pool.share"] {
        assert!(follows.iter().any(|one| one == expected), "{expected}: {follows:?}");
    }
    assert_eq!(plant.texts("pool", "share")[0], "22.56 %");
    // The performance says what is true; the events still say what was signed.
    let first = |batch: &Batch| {
        let mut entries = batch.last_of(&name("receive_lots")).unwrap().values.clone();
        entries.remove(0).value.text()
    };
    assert_eq!(first(&before), "10.300 ×10⁶/ml");
    assert_eq!(first(&batch), "9.000 ×10⁶/ml");
    let found = plant.deviations();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, Class::Critical);
    assert!(found[0].1.contains("22.56 %"), "{found:?}");
    assert_eq!(correction.deviations.len(), 1);
}

#[test]
fn signatures_from_before_do_not_cover_what_was_corrected_after_them() {
    let (mut plant, lots) = bank();
    plant.correct("ana", &value("receive_lots", "viability", Some(&lots[1]), "91.5")).unwrap();
    let batch = plant.batch();
    let shown =
        |step: &str| performance_shown(&batch, &plant.record, batch.last_of(&name(step)).unwrap());
    let receive = shown("receive_lots");
    assert_eq!(receive.not_covered.len(), 2, "performer and verifier: {:?}", receive.not_covered);
    assert!(receive.not_covered[0].contains("Viability"), "{:?}", receive.not_covered);
    assert_eq!(shown("pool").not_covered.len(), 2, "its shares were calculated anew");
    assert!(shown("clear_line").not_covered.is_empty());
    let was: Vec<_> = receive.values.iter().flat_map(|value| &value.was).collect();
    assert_eq!(was.len(), 1);
    assert_eq!((was[0].value.as_str(), was[0].to.as_str()), ("93.5 %", "91.5 %"));
    assert!(was[0].waits && !was[0].calculated && was[0].by.contains("ana"));
    let anew: Vec<_> = receive.calculated.iter().flat_map(|value| &value.was).collect();
    assert!(anew.iter().all(|was| was.calculated) && !anew.is_empty());
}

#[test]
fn the_book_follows_by_postings_and_never_by_edits() {
    let (mut plant, lots) = bank();
    let before = plant.batch();
    plant.correct("ana", &value("receive_lots", "volume", Some(&lots[2]), "90.00")).unwrap();
    let batch = plant.batch();
    let postings = |batch: &Batch| -> Vec<_> {
        batch.performances.iter().map(|performance| performance.postings.clone()).collect()
    };
    assert_eq!(postings(&before), postings(&batch), "what was booked stays booked");
    let booked = &batch.correction(1).unwrap().corrected.booked;
    let steps: Vec<&str> = booked.iter().map(|one| one.step.as_str()).collect();
    assert_eq!(steps, ["receive_lots", "pool"]);
    let volume = |batch: &Batch, account| batch.book.balance(account, Unit::Millilitre);
    let process = Account::Process;
    assert_eq!(volume(&batch, process), volume(&before, process), "the pool is as it was");
    for unit in batch.book.units() {
        assert!(batch.book.sum(unit).is_zero(), "{unit:?}");
    }
}

#[test]
fn another_person_verifies_a_correction_and_nothing_goes_on_before() {
    let (mut plant, lots) = bank();
    let number =
        plant.correct("cene", &value("receive_lots", "viability", Some(&lots[0]), "94.5")).unwrap();
    assert_eq!(plant.batch().correction(1).unwrap().corrected.recheck, Recheck::ByItself);
    let formulate = &[("volume", "64.0"), ("concentration", "52.60"), ("viability", "95.0")];
    let refused = plant.when(plant.ask("formulate", formulate)).unwrap_err();
    assert!(matches!(&refused, Refusal::Correction(Why::Unverified { number: 1, .. })));
    let (batch, record) = (plant.batch(), plant.record.clone());
    let missing = completeness(&batch, &record);
    let waits = |one: &&Missing| matches!(one, Missing::CorrectionVerification { number: 1, .. });
    assert_eq!(missing.iter().filter(waits).count(), 1, "{missing:?}");
    let procedure = Procedure::new(&batch, &record);
    let step = record.step(&name("receive_lots")).unwrap();
    assert_eq!(procedure.progress(step), Progress::CorrectionToVerify { number: 1 });
    assert!(!procedure.complete(step));
    for (login, what) in [("cene", "made this correction"), ("ana", "performed this step")] {
        let refused = plant.verify_correction(number, login).unwrap_err();
        assert!(refused.to_string().contains(what), "{refused}");
        assert!(refused.to_string().contains("ATMP-4"), "{refused}");
    }
    plant.verify_correction(number, "bor").unwrap();
    assert_eq!(
        plant.batch().correction(1).unwrap().verified.as_ref().unwrap().login.as_str(),
        "bor"
    );
    let twice = plant.verify_correction(number, "dana").unwrap_err();
    assert!(matches!(twice, Refusal::Correction(Why::NothingToVerify { .. })));
    plant.done("formulate", formulate);
}

#[test]
fn a_hold_point_is_not_signed_over_an_unverified_correction() {
    let (mut plant, lots) = counted(BANK, &right()).unwrap();
    plant.correct("ana", &value("receive_lots", "volume", Some(&lots[0]), "97.00")).unwrap();
    let refused = plant.sign_hold_point("pool_agreed").unwrap_err();
    assert!(matches!(refused, Refusal::Correction(Why::Unverified { .. })), "{refused}");
    plant.verify_correction(1, "bor").unwrap();
    plant.sign_hold_point("pool_agreed").unwrap();
    // A hold point signed on the old value is named to who corrects later.
    let command = value("receive_lots", "volume", Some(&lots[0]), "96.00");
    let (batch, context) = (plant.batch(), plant.context("ana"));
    let found = assess_correction(&batch, &plant.record, &command, &Aftermath::default(), &context)
        .unwrap();
    let shown = correction_assessment_shown(&plant.record, &found);
    assert_eq!(shown.hold_points.len(), 1, "{:?}", shown.hold_points);
    assert_eq!(shown.earlier.len(), 1, "{:?}", shown.earlier);
    assert_eq!(shown.not_covered.len(), 2, "{:?}", shown.not_covered);
}

#[test]
fn a_value_corrected_before_its_step_is_verified_is_verified_with_the_step() {
    let (mut plant, code) = dose_plant();
    plant.done("clear_line", CLEAR);
    let mut thaw = plant.ask("thaw", &[("bath_temperature", "37.0")]);
    thaw.consumed.push(code.into());
    plant.when(thaw).unwrap();
    plant.correct("cene", &value("thaw", "bath_temperature", None, "37.5")).unwrap();
    let correction = plant.batch().correction(1).unwrap().clone();
    assert_eq!(correction.corrected.recheck, Recheck::WithStep);
    let alone = plant.verify_correction(1, "bor").unwrap_err();
    assert!(alone.to_string().contains("Verify the step"), "{alone}");
    let own = plant.verify("thaw", "cene").unwrap_err();
    assert!(matches!(own, Refusal::Correction(Why::VerifierIsInvolved { .. })), "{own}");
    assert!(plant.verify("thaw", "ana").is_err(), "the performer never verifies");
    plant.verify("thaw", "bor").unwrap();
    let batch = plant.batch();
    let verified = batch.correction(1).unwrap().verified.as_ref().unwrap();
    assert_eq!(verified.login.as_str(), "bor");
    let shown = performance_shown(&batch, &plant.record, batch.last_of(&name("thaw")).unwrap());
    assert_eq!(shown.not_covered.len(), 1, "the verifier saw the right value");
}

#[test]
fn a_correction_may_be_corrected_and_only_the_last_one_waits() {
    let (mut plant, lots) = bank();
    let place = Some(&lots[0]);
    plant.correct("ana", &value("receive_lots", "viability", place, "9.5")).unwrap();
    plant.correct("ana", &value("receive_lots", "viability", place, "94.5")).unwrap();
    let batch = plant.batch();
    let waiting: Vec<u32> = batch.waiting_corrections().map(|one| one.corrected.number).collect();
    assert_eq!(waiting, [2]);
    let old = plant.verify_correction(1, "bor").unwrap_err();
    assert!(old.to_string().contains("later correction"), "{old}");
    plant.verify_correction(2, "bor").unwrap();
    let batch = plant.batch();
    let performance = batch.last_of(&name("receive_lots")).unwrap();
    let history: Vec<String> = batch
        .history_of(performance, &name("viability"), place)
        .map(|(_, changed)| changed.old_text())
        .collect();
    assert_eq!(history, ["95.0 %", "9.5 %"]);
    let shown = correction_shown(&batch, &plant.record, batch.correction(2).unwrap());
    assert!(shown.earlier[0].contains("95.0 % → 9.5 %"), "{:?}", shown.earlier);
}

#[test]
fn what_is_blank_the_same_or_no_entry_is_refused() {
    let (mut plant, lots) = bank();
    let at = Some(&lots[0]);
    let viability = |text| value("receive_lots", "viability", at, text);
    for blank in ["", "   "] {
        assert!(
            matches!(plant.refused(&viability(blank)), Why::Blank { known, .. } if known == "95.0 %")
        );
    }
    for same in ["95.0", "95", " 95.00 "] {
        let refused = plant.correct("ana", &viability(same)).unwrap_err();
        let told = refused.to_string();
        assert!(told.contains("already") || told.contains("decimals"), "{told}");
    }
    for malformed in ["95 %", "0.95 ml", "ninety", "95.55", "1e2"] {
        let refused = plant.correct("ana", &viability(malformed)).unwrap_err();
        assert!(matches!(refused, Refusal::ValueMalformed { .. }), "{malformed}: {refused}");
    }
    let calculated = value("pool", "share", at, "25.00");
    assert!(matches!(plant.refused(&calculated), Why::Calculated { .. }));
    let statement = value("clear_line", "cleaned", None, "no");
    assert!(matches!(plant.refused(&statement), Why::Statement { .. }));
    let nobodys = value("receive_lots", "viability", None, "94.0");
    assert!(matches!(plant.refused(&nobodys), Why::NotAsked { .. }));
    let other = ContainerCode::parse("CP0000001").unwrap();
    let foreign = value("receive_lots", "viability", Some(&other), "94.0");
    assert!(matches!(plant.refused(&foreign), Why::NotAsked { .. }));
    let unknown = plant.correct("ana", &value("pool", "colour", None, "red")).unwrap_err();
    assert!(matches!(unknown, Refusal::UnknownField { .. }), "{unknown}");
    let never = value("formulate", "volume", None, "60.0");
    assert!(matches!(plant.refused(&never), Why::NotPerformed { .. }));
    let silent = CorrectValue { because: " ".to_owned(), ..viability("94.0") };
    assert_eq!(plant.correct("ana", &silent), Err(Refusal::ReasonMissing));
    assert!(plant.batch().corrections.is_empty());
}

#[test]
fn a_scan_is_not_corrected_and_the_refusal_says_what_to_do() {
    let text = P1.replacen(
        "name = \"cord_mass\"\n",
        "name = \"box\"\ntitle = \"Transport box\"\ntype = \"scan\"\n\n[[step.field]]\nname = \"cord_mass\"\n",
        1,
    );
    let mut plant = received_cord(&text, "intact", &[("box", "BOX-1")]);
    let refused = plant.refused(&value("receive_cord", "box", None, "BOX-2"));
    assert!(matches!(refused, Why::Scanned { .. }));
    assert!(refused.to_string().contains("open a deviation"), "{refused}");
}

fn received_cord(text: &str, condition: &str, more: &[(&str, &str)]) -> Plant {
    let mut plant = Plant::started(text, Start::default());
    let cord = plant.outside(cord(&["DNR-0001"]));
    plant.done("clear_line", CLEAR);
    let mut values =
        vec![("transport_temperature", "5.5"), ("cord_mass", "38.2"), ("condition", condition)];
    values.extend(more);
    let mut receive = plant.ask("receive_cord", &values);
    receive.consumed.push(cord.into());
    plant.when(receive).unwrap();
    plant.verify("receive_cord", "bor").unwrap();
    plant
}

#[test]
fn a_choice_is_corrected_only_as_long_as_nobody_acted_on_it() {
    let when = "when = { value = \"receive_cord.condition\", is = [\"damaged\"] }\n";
    let text = P1.replacen(
        "name = \"prepare_explants\"\n",
        &format!("name = \"prepare_explants\"\n{when}"),
        1,
    );
    let text = text.replacen("accept = [\"intact\"]", "accept = [\"intact\", \"damaged\"]", 1);
    let mut plant = received_cord(&text, "damaged", &[]);
    plant.correct("ana", &value("receive_cord", "condition", None, "intact")).unwrap();
    plant.verify_correction(1, "bor").unwrap();
    let explants = plant.ask("prepare_explants", &[("vessels_removed", "yes")]);
    assert!(matches!(plant.when(explants), Err(Refusal::StepLeftOut { .. })));
    plant.correct("ana", &value("receive_cord", "condition", None, "damaged")).unwrap();
    plant.verify_correction(2, "bor").unwrap();
    plant.done("prepare_explants", &[("vessels_removed", "yes")]);
    let late = plant.refused(&value("receive_cord", "condition", None, "intact"));
    assert!(matches!(late, Why::ChoiceActedOn { done: "done", .. }), "{late}");

    let mut plant = received_cord(&text, "damaged", &[]);
    plant.correct("ana", &value("receive_cord", "condition", None, "intact")).unwrap();
    plant.verify_correction(1, "bor").unwrap();
    plant.done("seed_p0", &[]);
    let late = plant.refused(&value("receive_cord", "condition", None, "damaged"));
    assert!(matches!(late, Why::ChoiceActedOn { done: "left out", .. }), "{late}");
}

#[test]
fn a_value_by_which_containers_were_made_is_not_corrected_on_paper() {
    let (mut plant, _) = bank();
    let formulate = &[("volume", "64.0"), ("concentration", "52.60"), ("viability", "95.0")];
    plant.done("formulate", formulate);
    plant.correct("ana", &value("formulate", "viability", None, "94.5")).unwrap();
    plant.verify_correction(1, "bor").unwrap();
    plant.done("sample_bank", &[]);
    let refused = plant.refused(&value("formulate", "viability", None, "93.0"));
    let Why::Made { what, output, .. } = &refused else { panic!("{refused}") };
    assert!(what.contains(": live"), "{what}");
    assert!(output.contains("sample"), "{output}");
    assert!(refused.to_string().contains("Open a deviation"), "{refused}");
    // The volume is in no container yet, and may still be right.
    plant.correct("ana", &value("formulate", "volume", None, "63.5")).unwrap();
}

#[test]
fn a_correction_that_a_later_step_cannot_follow_is_refused_with_the_step() {
    let (mut plant, lots) = bank();
    let less = value("receive_lots", "volume", Some(&lots[1]), "90.00");
    let refused = plant.refused(&less);
    let Why::CannotFollow { step, because } = &refused else { panic!("{refused}") };
    assert_eq!(step, "Pool in equal ratios");
    assert!(because.contains("Volume taken"), "94.02 ml were taken: {because}");
    assert!(plant.batch().corrections.is_empty());
}

#[test]
fn a_broken_limit_opens_a_deviation_and_one_that_was_broken_before_no_second() {
    let (mut plant, lots) = bank();
    let low = value("receive_lots", "viability", Some(&lots[0]), "79.0");
    plant.correct("ana", &low).unwrap();
    let mark = |plant: &Plant| {
        let batch = plant.batch();
        let entry = batch.last_of(&name("receive_lots")).unwrap();
        entry.entries(&name("viability")).next().unwrap().mark
    };
    assert_eq!(mark(&plant), Mark::Action);
    let first = plant.deviations();
    assert!(
        first
            .iter()
            .any(|(class, title)| { *class == Class::Critical && title.contains("79.0 %") }),
        "{first:?}"
    );
    // Another value elsewhere leaves it as it is.
    plant.correct("ana", &value("receive_lots", "volume", Some(&lots[3]), "97.50")).unwrap();
    assert_eq!(plant.deviations(), first);
    plant.correct("ana", &value("receive_lots", "viability", Some(&lots[0]), "95.0")).unwrap();
    assert_eq!(mark(&plant), Mark::Within);
    assert_eq!(plant.deviations(), first, "QA decides on those that were opened");
}

#[test]
fn a_book_that_reconciles_no_longer_opens_a_deviation() {
    let (mut plant, code) = dose_plant();
    plant.done("clear_line", CLEAR);
    let mut thaw = plant.ask("thaw", &[("bath_temperature", "37.0")]);
    thaw.consumed.push(code.into());
    plant.when(thaw).unwrap();
    plant.verify("thaw", "bor").unwrap();
    plant.later("10 min");
    let counted = &[("concentration", "4.800"), ("viability", "92.0"), ("volume", "10.0")];
    plant.done("count_thaw", counted);
    assert_eq!(plant.deviations(), Vec::new());
    plant.correct("ana", &value("count_thaw", "concentration", None, "2.000")).unwrap();
    let found = plant.deviations();
    let lost = |title: &str| title.contains("Cells lost at thaw and wash: 31.6");
    assert!(found.iter().any(|(_, title)| lost(title)), "18.4 of 50: {found:?}");
    let reconciled = batch::reconciliations(&plant.batch(), &plant.record);
    let own = reconciled.iter().find(|one| one.rule.name.as_str() == "thaw_loss").unwrap();
    assert!(own.found.unwrap().is_broken(), "release sees the book as it is now");
}

#[test]
fn a_completed_batch_waits_for_the_verification_and_a_decided_one_is_closed() {
    let mut plant = completed();
    assert_eq!(plant.batch().state, BatchState::PendingReview);
    plant.correct("ana", &value("receive_cord", "cord_mass", None, "39.2")).unwrap();
    let missing = completeness(&plant.batch(), &plant.record);
    assert_eq!(missing.len(), 1, "{missing:?}");
    plant.verify_correction(1, "bor").unwrap();
    assert!(completeness(&plant.batch(), &plant.record).is_empty());
    let completed = plant.events.iter().filter(|recorded| {
        matches!(recorded.event, chorda::domain::Event::Batch(batch::Event::Completed { .. }))
    });
    assert_eq!(completed.count(), 1, "it is completed once");
    let again = value("receive_cord", "cord_mass", None, "38.9");
    let decided = Aftermath { decided: Some("certified".to_owned()), ..Aftermath::default() };
    let refused = plant.correct_after("ana", &again, &decided).unwrap_err();
    assert!(refused.to_string().contains("certified"), "{refused}");
    assert!(refused.to_string().contains("deviation"), "{refused}");
    let reviewers = vec![Login::parse("ana").unwrap()];
    let reviewed = Aftermath { reviewers, ..Aftermath::default() };
    let refused = plant.correct_after("ana", &again, &reviewed).unwrap_err();
    assert!(matches!(refused, Refusal::Correction(Why::Reviewer { .. })), "{refused}");
}

#[test]
fn a_batch_that_was_given_up_is_not_corrected() {
    let (mut plant, lots) = bank();
    let all = plant.decisions();
    plant.give_up("incubator failed", &all, Some("bor")).unwrap();
    let refused = plant.refused(&value("receive_lots", "volume", Some(&lots[0]), "98.00"));
    assert!(matches!(refused, Why::Closed { .. }), "{refused}");
}

/// A donor culture that is done.
fn completed() -> Plant {
    let mut plant = received_cord(P1, "intact", &[]);
    plant.done("prepare_explants", &[("vessels_removed", "yes")]);
    plant.done("seed_p0", &[]);
    plant.done("label_p0", &[]);
    plant.later("5 d");
    plant.done("feed_p0", &[("contamination", "none seen")]);
    plant.later("6 d");
    plant.done("growth_p0", &[("confluence", "30")]);
    plant.later("6 d");
    plant.done(
        "harvest_p0",
        &[("concentration", "3.250"), ("viability", "94.0"), ("volume", "20.0")],
    );
    plant.done("seed_p1", &[]);
    plant.done("label_p1", &[]);
    plant.later("6 d");
    plant.done(
        "harvest_p1",
        &[("concentration", "10.300"), ("viability", "95.0"), ("volume", "100.0")],
    );
    plant.done("sample_p1", &[]);
    plant.done("fill_hold", &[("hold_bottles", "1"), ("hold_volume", "99.0")]);
    plant.done("label_harvest", &[]);
    plant.done("close", &[("line_left_clear", "yes")]);
    plant
}

/// The same number, in tenths, hundredths or thousandths.
fn decimal(scaled: u32, digits: u32) -> String {
    let one = 10_u32.pow(digits);
    format!("{}.{:0width$}", scaled / one, scaled % one, width = usize::try_from(digits).unwrap())
}

fn field_text(which: usize, chance: u32) -> String {
    match which {
        0 => decimal(7_000 + chance % 6_000, 3),
        1 => decimal(760 + chance % 240, 1),
        _ => decimal(8_800 + chance % 1_400, 2),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// The oracle: a batch corrected afterwards is, value by value and account by account, the batch
    /// in which the right value was entered at once; and what could not have been entered then
    /// cannot be corrected to now.
    #[test]
    fn a_corrected_batch_is_the_batch_that_was_right_at_once(
        edits in prop::collection::vec((0_usize..4, 0_usize..3, 0_u32..10_000), 1..4)
    ) {
        // No deviation stops the work, so that the other batch comes as far.
        let record = BANK.replace("breaking = \"critical\"", "breaking = \"major\"");
        let mut counts = right();
        let (mut plant, lots) = pooled(&record, &counts).unwrap();
        for (donor, which, chance) in edits {
            let text = field_text(which, chance);
            let field = ["concentration", "viability", "volume"][which];
            let command = value("receive_lots", field, Some(&lots[donor]), &text);
            let mut wanted = counts.clone();
            wanted[donor][which] = text;
            let at_once = pooled(&record, &wanted);
            match plant.correct("ana", &command) {
                Ok(_) => {
                    let (other, _) = at_once.unwrap();
                    let (batch, other) = (plant.batch(), other.batch());
                    for (mine, its) in batch.performances.iter().zip(&other.performances) {
                        prop_assert_eq!(&mine.values, &its.values);
                        prop_assert_eq!(&mine.calculated, &its.calculated);
                    }
                    prop_assert_eq!(book(&batch), book(&other));
                    counts = wanted;
                }
                Err(Refusal::Correction(Why::Same { .. })) => {}
                Err(Refusal::Correction(Why::CannotFollow { .. })) => {
                    prop_assert!(at_once.is_err(), "it could have been entered at once");
                }
                Err(refusal) => prop_assert!(at_once.is_err(), "{refusal}"),
            }
        }
    }
}
