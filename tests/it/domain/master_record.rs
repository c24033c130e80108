//! Reading master records: the shipped files are clean, and every kind of fault is found in place.

mod faults;
mod language;

use chorda::domain::Context;
use chorda::domain::actor::{Actor, Meaning, Role, Signature};
use chorda::domain::id::{ContentHash, Login};
use chorda::domain::master_record::calculation::{
    DonorLot, Method, Operand, equal_ratio_shares, log2,
};
use chorda::domain::master_record::{
    Command, Fault, MasterRecord, RecordVersion, Refusal, decide, hash_text, parse,
};
use chorda::domain::quantity::{Quantity, Rounding, Unit};
use chorda::domain::time::Instant;
use chorda::domain::{Aggregate, Recorded};
use rust_decimal::Decimal;

const P1: &str = include_str!("../../../templates/mbr/eq-msc-p1.toml");
const BANK: &str = include_str!("../../../templates/mbr/eq-msc-bank.toml");
const DOSE: &str = include_str!("../../../templates/mbr/eq-msc-dose.toml");

fn read(text: &str) -> MasterRecord {
    parse(text).unwrap_or_else(|faults| panic!("{:#?}", faults.0))
}

fn faults(text: &str) -> Vec<Fault> {
    parse(text).map_or_else(|faults| faults.0, |_| Vec::new())
}

/// The shipped text with `from` replaced by `to` once; the fault of `code` must be reported, and
/// if `line_of` is given, on the line where that text stands in the changed file.
fn expect(text: &str, from: &str, to: &str, code: &str) -> Fault {
    assert!(text.contains(from), "the file no longer holds {from:?}");
    let changed = text.replacen(from, to, 1);
    let found = faults(&changed);
    found
        .iter()
        .find(|fault| fault.kind.code() == code)
        .cloned()
        .unwrap_or_else(|| panic!("no {code} in {found:#?}"))
}

fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(0, |at| at + 1)
}

#[test]
fn the_shipped_files_have_no_fault() {
    for (text, steps, tests) in [(P1, 16, 1), (BANK, 10, 5), (DOSE, 14, 7)] {
        let record = read(text);
        assert_eq!(record.steps.len(), steps, "{}", record.title);
        assert_eq!(record.tests.len(), tests, "{}", record.title);
        assert_eq!(record.record.hash, hash_text(text).unwrap());
    }
}

#[test]
fn a_misspelt_key_is_found_in_its_place_with_the_right_word() {
    let fault = expect(DOSE, "instruction = \"Check", "instructoin = \"Check", "unknown_field");
    let changed = DOSE.replacen("instruction = \"Check", "instructoin = \"Check", 1);
    assert_eq!((fault.line, fault.column), (line_of(&changed, "instructoin"), 1));
    assert!(fault.remedy.contains("'instruction'"), "{fault}");
    let missing = expect(DOSE, "instruction = \"Check", "instructoin = \"Check", "missing_field");
    assert!(missing.message.contains("instruction"), "{missing}");
}

#[test]
fn faults_of_single_values_are_found() {
    let cases = [
        ("operation = \"thaw\"", "operation = \"thaww\"", "unknown_operation"),
        ("unit = \"10*6/mL\"\ndecimals = 3", "unit = \"cells\"\ndecimals = 3", "unknown_unit"),
        ("max = \"5 d\"", "max = \"5 days\"", "bad_span"),
        ("version = 1", "version = \"1\"", "wrong_type"),
        ("version = 1", "version = 0", "out_of_range"),
        ("id = \"EQ-MSC-DOSE\"", "id = \"eq msc\"", "bad_id"),
        ("title = \"EQ-MSC patient dose", "title = \" \"\n#", "empty_text"),
        ("method = \"recovery\"", "method = \"recovry\"", "unknown_calculation"),
        ("container = \"cryovial\"", "container = \"sack\"", "unknown_container"),
        ("type = \"confirm\"", "type = \"tick\"", "unknown_type"),
        ("signature = \"performed_verified\"", "signature = \"both\"", "unknown_word"),
        ("name = \"thaw\"", "name = \"Thaw\"", "bad_name"),
        ("cells = \"viable\"", "cells = \"a.b.c.d\"", "bad_reference"),
        ("above = 80", "above = 80\nat_least = 80", "criterion_limit"),
        ("[[unit]]", "[[unit]", "not_toml"),
    ];
    for (from, to, code) in cases {
        expect(DOSE, from, to, code);
    }
}

#[test]
fn faults_of_the_order_of_steps_are_found() {
    let after = |step: &str, others: &str| {
        (format!("name = \"{step}\"\nunit"), format!("name = \"{step}\"\nafter = {others}\nunit"))
    };
    let (from, to) = after("thaw", "[\"nowhere\"]");
    expect(DOSE, &from, &to, "unknown_step");
    let (from, to) = after("thaw", "[\"fill\"]");
    expect(DOSE, &from, &to, "after_cycle");
    let (from, to) = after("count_thaw", "[\"clear_line\"]");
    expect(DOSE, &from, &to, "timer_order");
    let (from, to) = after("harvest_p2", "[\"thaw\"]");
    expect(DOSE, &from, &to, "never_made");
    expect(DOSE, &from, &to, "value_too_late");
}

#[test]
fn faults_between_parts_are_found() {
    let cases = [
        (DOSE, "name = \"count_thaw\"", "name = \"thaw\"", "duplicate_name"),
        (DOSE, "unit = \"p2\"", "unit = \"p9\"", "unknown_unit_procedure"),
        (DOSE, "{ min = 0, max = 3 }", "{ min = 4, max = 3 }", "bad_repeat"),
        (DOSE, "what = \"p2_flask\"", "what = \"p3_flask\"", "never_made"),
        (DOSE, "[[step.consumes]]\nwhat = \"vial\"\ncount = 1\n", "", "unused_input"),
        (DOSE, "[[step.consumes]]\nwhat = \"vial\"\ncount = 1\n", "", "operation_incomplete"),
        (DOSE, "cells = \"viable\"\nvolume = \"volume\"", "cells = \"volume\"", "unit_mismatch"),
        (DOSE, "volume = \"volume\" }", "volume = \"viability\" }", "unit_mismatch"),
        (DOSE, "before = \"frozen\"", "before = \"nothing\"", "unknown_value"),
        (DOSE, "before = \"frozen\"", "base = \"frozen\"", "unknown_input_name"),
        (DOSE, "before = \"frozen\"", "base = \"frozen\"", "calculation_inputs"),
        (DOSE, "\"parameter.overage\"", "\"parameter.excess\"", "unknown_parameter"),
        (DOSE, "contents.vial.cells", "contents.flask.cells", "unknown_input"),
        (DOSE, "after = \"viable\", before", "after = \"recovery\", before", "value_too_late"),
        (DOSE, "min = 35.0, max = 39.0", "min = 39.0, max = 35.0", "limit_reversed"),
        (DOSE, "action = { min = 35.0, max = 39.0 }", "action = { min = 36.5 }", "limit_reversed"),
        (DOSE, "for_order = true", "for_order = false", "no_order"),
        (DOSE, "quantity = \"medium_volume\"", "quantity = \"medium\"", "unknown_value"),
        (DOSE, "quantity = \"medium_volume\"", "quantity = \"viability\"", "unit_mismatch"),
        (DOSE, "\npassage = 2", "\npassage = 3", "passage_too_high"),
        (DOSE, "operation = \"clear_line\"", "operation = \"inspect\"", "line_clearance_missing"),
        (DOSE, "to = \"seed_p2\"", "to = \"clear_line\"", "timer_order"),
        (DOSE, "min = \"3 d\"", "min = \"6 d\"", "timer_impossible"),
        (DOSE, "max = \"60 min\"", "", "timer_empty"),
        (DOSE, "sample = \"release_sample\"", "sample = \"syringes\"", "test_without_sample"),
        (DOSE, "incubation = {", "# {", "pending_without_follow_up"),
        (DOSE, "labels = [\"syringes\", ", "labels = [", "never_labelled"),
        (DOSE, "reconcile_labels = true", "", "reconciliation_missing"),
        (DOSE, "accept = [\"none seen\"]", "accept = [\"clean\"]", "bad_choice"),
        (BANK, "before = \"pool\"", "before = \"swim\"", "unknown_step"),
        (BANK, "distinct_donors = 4", "distinct_donors = 5", "donor_rule"),
        (BANK, "donation = \"pool\"", "donation = \"inherited\"", "pool_identity"),
        (BANK, "each = \"p1_lots\"", "each = \"aliquots\"", "unknown_each"),
        (BANK, "stored = [\"aliquots\"]", "stored = [\"vials\"]", "unknown_output"),
        (P1, "min = \"10 d\"", "min = \"15 d\"", "timer_impossible"),
    ];
    for (text, from, to, code) in cases {
        expect(text, from, to, code);
    }
}

#[test]
fn a_critical_step_that_nobody_verifies_is_found() {
    let from = "operation = \"thaw\"\nsignature = \"performed_verified\"";
    expect(DOSE, from, "operation = \"thaw\"\nsignature = \"performed\"", "verifier_missing");
}

#[test]
fn a_fault_never_crashes_the_reader() {
    // Every single line left out, and every file cut at every 37th byte: an answer, no panic.
    for text in [P1, BANK, DOSE] {
        let lines: Vec<&str> = text.lines().collect();
        for skip in (0..lines.len()).step_by(3) {
            let kept: Vec<&str> =
                lines.iter().enumerate().filter(|(at, _)| *at != skip).map(|(_, l)| *l).collect();
            let _ = parse(&kept.join("\n"));
        }
        for end in (0..text.len()).step_by(371) {
            let _ = parse(text.get(..end).unwrap_or(""));
        }
    }
}

fn q(text: &str, unit: Unit) -> Quantity {
    Quantity::parse(text, unit).unwrap()
}

#[test]
fn the_worked_example_of_atmp_25_comes_out_exactly() {
    let lots: Vec<DonorLot> =
        [("1.20", "94", "52"), ("0.95", "91", "70"), ("1.60", "96", "41"), ("1.05", "93", "60")]
            .into_iter()
            .map(|(concentration, viability, volume)| DonorLot {
                concentration: q(concentration, Unit::MillionCellsPerMillilitre),
                viability: q(viability, Unit::Percent),
                volume: q(volume, Unit::Millilitre),
            })
            .collect();
    let shares = equal_ratio_shares(&lots, q("1000", Unit::MillionCells)).unwrap();
    let available: Vec<String> = shares
        .iter()
        .map(|share| share.available.rounded(2, Rounding::HalfUp).value().to_string())
        .collect();
    // 60.515 and 58.59: the published table rounds 62.976 to 62.98 and 58.656 to 58.66.
    assert_eq!(available, ["58.66", "60.52", "62.98", "58.59"]);
    let cells: Vec<String> =
        shares.iter().map(|s| s.cells.value().normalize().to_string()).collect();
    assert_eq!(cells, ["58.59"; 4]);
    let volumes: Vec<String> = shares
        .iter()
        .map(|share| share.volume.rounded(2, Rounding::HalfUp).value().to_string())
        .collect();
    assert_eq!(volumes, ["51.94", "67.77", "38.14", "60.00"]);
    let total = shares.iter().fold(Quantity::zero(Unit::Millilitre), |sum, share| {
        sum.plus(share.volume.rounded(2, Rounding::HalfUp)).unwrap()
    });
    assert_eq!(total.value().to_string(), "217.85");
    let pool = shares
        .iter()
        .fold(Quantity::zero(Unit::MillionCells), |sum, share| sum.plus(share.cells).unwrap());
    assert_eq!(pool.rounded(2, Rounding::HalfUp).value().to_string(), "234.36");
    for share in &shares {
        let percent = share.cells.percent_of(pool).unwrap().rounded(2, Rounding::HalfUp);
        assert_eq!(percent.value().to_string(), "25.00");
    }
}

#[test]
fn a_target_below_the_smallest_lot_limits_every_share() {
    let lot = DonorLot {
        concentration: q("10", Unit::MillionCellsPerMillilitre),
        viability: q("90", Unit::Percent),
        volume: q("100", Unit::Millilitre),
    };
    let shares = equal_ratio_shares(&[lot; 4], q("3200", Unit::MillionCells)).unwrap();
    assert!(shares.iter().all(|share| share.cells.value() == Decimal::from(800)));
}

#[test]
fn equal_shares_of_nothing_or_of_dead_cells_are_refused() {
    assert!(equal_ratio_shares(&[], q("1", Unit::MillionCells)).is_err());
    let dead = DonorLot {
        concentration: q("1", Unit::MillionCellsPerMillilitre),
        viability: q("0", Unit::Percent),
        volume: q("1", Unit::Millilitre),
    };
    assert!(equal_ratio_shares(&[dead], q("1", Unit::MillionCells)).is_err());
}

#[test]
fn the_logarithm_to_base_two_is_exact_at_powers_and_right_between() {
    let log = |text: &str| log2(text.parse().unwrap()).unwrap().normalize().to_string();
    assert_eq!(log("1"), "0");
    assert_eq!(log("8"), "3");
    assert_eq!(log("0.25"), "-2");
    assert_eq!(log("10"), "3.32192809");
    assert_eq!(log("3"), "1.5849625");
    assert!(log2(Decimal::ZERO).is_none());
    assert!(log2(Decimal::from(-1)).is_none());
}

#[test]
fn named_calculations_give_what_a_person_would() {
    use Unit::{Container, Millilitre, MillionCells, MillionCellsPerMillilitre, Percent};
    let one = |text: &str, unit: Unit| vec![Operand::One(q(text, unit))];
    let run = |method: Method, inputs: &[Vec<Operand>], decimals: u32| match method
        .evaluate(inputs)
        .unwrap()
        .rounded(decimals, Rounding::HalfUp)
    {
        Operand::One(quantity) => quantity.to_string(),
        Operand::Each(items) => format!("{items:?}"),
    };
    let (conc, viab) = (one("1.20", MillionCellsPerMillilitre), one("94", Percent));
    let volume = one("52", Millilitre);
    let inputs = [conc.clone(), viab.clone(), volume.clone()];
    assert_eq!(run(Method::ViableCells, &inputs, 3), "58.656 10*6");
    assert_eq!(run(Method::ViableConcentration, &[conc, viab], 3), "1.128 10*6/mL");
    let cells = one("150", MillionCells);
    let fifty = one("50", MillionCellsPerMillilitre);
    assert_eq!(run(Method::DoseVolume, &[cells.clone(), fifty.clone()], 1), "3.0 mL");
    assert_eq!(run(Method::SuspensionVolume, &[one("222", MillionCells), fifty], 2), "4.44 mL");
    let seeded = one("44", MillionCells);
    let harvested = one("222", MillionCells);
    assert_eq!(
        run(Method::PopulationDoublings, &[seeded.clone(), harvested], 2),
        "2.33 {doubling}"
    );
    assert_eq!(run(Method::Recovery, &[seeded, one("50", MillionCells)], 1), "88.0 %");
    let fill = [one("3.0", Millilitre), one("5", Percent), one("0.5", Millilitre)];
    assert_eq!(run(Method::FillRequirement, &fill, 2), "3.65 mL");
    let aliquots = [one("62.9", Millilitre), one("1", Millilitre)];
    assert_eq!(run(Method::AliquotCount, &aliquots, 0), "62 {container}");
    assert_eq!(run(Method::EqualParts, &[cells, one("4", Container)], 2), "37.50 10*6");
    let nine = [one("0.5", Millilitre), one("9", Container)];
    assert_eq!(run(Method::Together, &nine, 1), "4.5 mL");
    let area = one("25440", Unit::SquareCentimetre);
    assert_eq!(run(Method::SeedingDensity, &[one("60", MillionCells), area], 2), "2.36 10*3/cm2");
}

#[test]
fn a_calculation_without_an_input_or_with_a_zero_divisor_is_refused() {
    assert!(Method::ViableCells.evaluate(&[]).is_err());
    let cells = vec![Operand::One(q("1", Unit::MillionCells))];
    let none = vec![Operand::One(q("0", Unit::MillionCellsPerMillilitre))];
    assert!(Method::DoseVolume.evaluate(&[cells.clone(), none]).is_err());
    let zero = vec![Operand::One(q("0", Unit::MillionCells))];
    assert!(Method::PopulationDoublings.evaluate(&[zero.clone(), cells.clone()]).is_err());
    assert!(Method::Recovery.evaluate(&[cells, zero]).is_err());
}

fn instant() -> Instant {
    Instant::parse("2026-03-02T08:00:00Z").unwrap()
}

fn signed(login: &str, meaning: Meaning, hash: &ContentHash) -> Signature {
    Signature {
        login: Login::parse(login).unwrap(),
        printed_name: login.to_owned(),
        role: Role::Qa,
        meaning,
        at: instant(),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: hash.clone(),
    }
}

fn context(login: &str) -> Context {
    let login = Login::parse(login).unwrap();
    let actor = Actor { printed_name: login.to_string(), login, role: Role::Qa };
    Context { now: instant(), actor }
}

fn version_of(commands: &[(&str, Command)]) -> Result<Option<RecordVersion>, Refusal> {
    let mut events: Vec<Recorded> = Vec::new();
    for (login, command) in commands {
        let state = RecordVersion::fold(&events);
        for change in decide(state.as_ref(), command, &context(login))? {
            events.push(Recorded {
                stream: change.stream,
                version: u64::try_from(events.len() + 1).unwrap(),
                at: instant(),
                actor: Login::parse(login).unwrap(),
                role: Role::Qa,
                station: chorda::domain::id::StationId::parse("QA-1").unwrap(),
                command_id: "test".to_owned(),
                reason: None,
                event: change.event,
            });
        }
    }
    Ok(RecordVersion::fold(&events))
}

fn proposal(text: &str, signature: Signature) -> Command {
    let (reason, change_request) = ("First version".to_owned(), String::new());
    Command::Propose { text: text.to_owned(), reason, change_request, signature }
}

fn propose(login: &str) -> (&str, Command) {
    let hash = hash_text(DOSE).unwrap();
    let signature = signed(login, Meaning::Authored, &hash);
    (login, proposal(DOSE, signature))
}

fn approve(login: &str) -> (&str, Command) {
    let hash = hash_text(DOSE).unwrap();
    let signature = signed(login, Meaning::Approved, &hash);
    (login, Command::Approve { effective_at: instant(), signature })
}

#[test]
fn a_version_needs_two_people_before_a_batch_may_start_with_it() {
    let proposed = version_of(&[propose("ana")]).unwrap().unwrap();
    assert!(matches!(proposed.must_be_in_effect(instant()), Err(Refusal::NotApproved { .. })));
    let refused = version_of(&[propose("ana"), approve("ana")]).unwrap_err();
    assert!(matches!(refused, Refusal::ApproverIsAuthor { .. }));
    let approved = version_of(&[propose("ana"), approve("bor")]).unwrap().unwrap();
    assert_eq!(approved.must_be_in_effect(instant()), Ok(()));
    let early = Instant::parse("2026-03-01T08:00:00Z").unwrap();
    assert!(matches!(approved.must_be_in_effect(early), Err(Refusal::NotYetEffective { .. })));
}

#[test]
fn a_version_is_never_proposed_approved_or_retired_twice() {
    let again = version_of(&[propose("ana"), propose("ana")]).unwrap_err();
    assert!(matches!(again, Refusal::Exists { .. }));
    let again = version_of(&[propose("ana"), approve("bor"), approve("cene")]).unwrap_err();
    assert!(matches!(again, Refusal::WrongState { .. }));
    let unknown = version_of(&[approve("bor")]).unwrap_err();
    assert!(matches!(unknown, Refusal::Unknown));
}

#[test]
fn a_signature_over_another_text_approves_nothing() {
    let other = hash_text(BANK).unwrap();
    let signature = signed("bor", Meaning::Approved, &other);
    let approve = ("bor", Command::Approve { effective_at: instant(), signature });
    let refused = version_of(&[propose("ana"), approve]).unwrap_err();
    assert!(matches!(refused, Refusal::WrongSignature));
}

#[test]
fn a_faulty_text_cannot_be_proposed() {
    let text = DOSE.replacen("min = \"3 d\"", "min = \"6 d\"", 1);
    let signature = signed("ana", Meaning::Authored, &hash_text(&text).unwrap());
    let refused = version_of(&[("ana", proposal(&text, signature))]).unwrap_err();
    assert!(matches!(refused, Refusal::Faulty { .. }));
}

#[test]
fn a_proposal_says_why_and_a_new_version_names_its_change_request() {
    let second = DOSE.replacen("version = 1\n", "version = 2\n", 1);
    for (text, reason, request, allowed) in [
        (DOSE, "", "", false),
        (DOSE, "First version", "", true),
        (second.as_str(), "Longer culture", " ", false),
        (second.as_str(), "Longer culture", "CR-2026-0007", true),
    ] {
        let signature = signed("ana", Meaning::Authored, &hash_text(text).unwrap());
        let (text, reason) = (text.to_owned(), reason.to_owned());
        let change_request = request.to_owned();
        let command = Command::Propose { text, reason, change_request, signature };
        assert_eq!(version_of(&[("ana", command)]).is_ok(), allowed, "{request}");
    }
}

#[test]
fn each_reader_acknowledges_an_approved_version_once() {
    let hash = hash_text(DOSE).unwrap();
    let read = |login| {
        let signature = signed(login, Meaning::Acknowledged, &hash);
        (login, Command::Acknowledge { signature })
    };
    let early = version_of(&[propose("ana"), read("cene")]).unwrap_err();
    assert!(matches!(early, Refusal::WrongState { .. }));
    let version = version_of(&[propose("ana"), approve("bor"), read("cene"), read("dora")]);
    assert_eq!(version.unwrap().unwrap().acknowledged.len(), 2);
    let twice = version_of(&[propose("ana"), approve("bor"), read("cene"), read("cene")]);
    assert!(matches!(twice.unwrap_err(), Refusal::Acknowledged { .. }));
}

#[test]
fn a_proposal_can_be_withdrawn_and_nothing_is_retired_twice() {
    let retire = |login| {
        let signature = signed(login, Meaning::Approved, &hash_text(DOSE).unwrap());
        (login, Command::Retire { because: "Replaced".to_owned(), signature })
    };
    let withdrawn = version_of(&[propose("ana"), retire("ana")]).unwrap().unwrap();
    assert!(withdrawn.must_be_in_effect(instant()).is_err());
    assert_eq!(withdrawn.retired.unwrap().1, "Replaced");
    let twice = version_of(&[propose("ana"), approve("bor"), retire("ana"), retire("bor")]);
    assert!(matches!(twice.unwrap_err(), Refusal::WrongState { .. }));
}

#[test]
fn a_version_is_never_in_effect_before_it_was_approved() {
    let signature = signed("bor", Meaning::Approved, &hash_text(DOSE).unwrap());
    let effective_at = Instant::parse("2026-03-01T08:00:00Z").unwrap();
    let refused =
        version_of(&[propose("ana"), ("bor", Command::Approve { effective_at, signature })]);
    assert!(matches!(refused.unwrap_err(), Refusal::BackDated));
}
