//! A protocol beside the master record it names: each disagreement is told at both files.

use chorda::domain::master_record::{self, MasterRecord};
use chorda::domain::protocol::{self, check_beside, mismatches};

const PROTOCOL: &str = include_str!("../../../templates/protocols/eq-msc-xerostomia.toml");
const RECORD: &str = include_str!("../../../templates/mbr/eq-msc-dose.toml");

fn record(text: &str) -> MasterRecord {
    master_record::parse(text).unwrap()
}

#[test]
fn every_disagreement_with_the_record_is_told_at_the_protocols_line() {
    let cases = [
        ("material = \"EQ-MSC-DOSE\"", "material = \"EQ-MSC-P2\"", "makes EQ-MSC-DOSE"),
        ("bank_material = \"EQ-MSC\"", "bank_material = \"EQ-MSC-P1\"", "which no input is"),
        ("aliquots = 1", "aliquots = 2", "reserves 2 for an order, but 1 enter"),
        ("master_record = \"EQ-MSC-DOSE\"", "master_record = \"EQ-MSC-DOZE\"", "no master record"),
        ("master_record = \"EQ-MSC-DOSE\"", "master_record = \"EQ-MSC-BANK\"", "made for no order"),
        ("unit = \"syringe\"", "unit = \"bag\"", "'syringes' is a syringe"),
        ("qc_draw = \"0.50 mL\"", "qc_draw = \"0.60 mL\"", "but 0.50 ml in EQ-MSC-DOSE"),
        ("overage = \"5 %\"", "overage = \"10 %\"", "but 5 % in EQ-MSC-DOSE"),
        ("concentration = \"50 10*6/mL\"", "concentration = \"25 10*6/mL\"", "but 50 ×10⁶/ml in"),
    ];
    let bank = include_str!("../../../templates/mbr/eq-msc-bank.toml");
    let records = [record(RECORD), record(bank)];
    for (from, to, message) in cases {
        let text = PROTOCOL.replacen(from, to, 1).replace("[\"0.5 mL\", \"1.0 mL\"]", "[\"2 mL\"]");
        assert!(text.contains(to), "{from}");
        let protocol = protocol::parse(&text).unwrap();
        let faults = check_beside(&protocol, &records);
        let fits = |fault: &&master_record::Fault| {
            let line = text.lines().nth(fault.line - 1).unwrap_or_default();
            fault.message.contains(message) && line.starts_with(to)
        };
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(faults.iter().any(|fault| fits(&fault)), "{to}: {told:#?}");
    }
}

#[test]
fn a_dose_that_the_records_container_cannot_hold_is_told_at_the_sizes() {
    let text = RECORD.replacen("capacity = 1.0", "capacity = 0.5", 1);
    let faults = check_beside(&protocol::parse(PROTOCOL).unwrap(), &[record(&text)]);
    let [fault] = faults.as_slice() else { panic!("{faults:#?}") };
    assert_eq!(fault.kind.code(), "dose_undeliverable");
    assert!(PROTOCOL.lines().nth(fault.line - 1).unwrap().starts_with("sizes"));
}

#[test]
fn an_order_without_cells_finds_a_record_that_asks_for_some() {
    let text = include_str!("../../../templates/protocols/msc-supernatant.toml");
    let text = text.replace("master_record = \"MSC-SUP-DOSE\"", "master_record = \"EQ-MSC-DOSE\"");
    let protocol = protocol::parse(&text).unwrap();
    let asking = RECORD.replacen("of = [\"contents.vial.cells\"]", "of = [\"order.cells\"]", 1);
    let found = |record: &MasterRecord| -> Vec<String> {
        mismatches(&protocol, record).into_iter().map(|one| one.message).collect()
    };
    assert!(found(&record(RECORD)).iter().all(|message| !message.contains("asks for the cells")));
    let told = found(&record(&asking));
    assert!(told.iter().any(|message| message.contains("asks for the cells")), "{told:#?}");
}

#[test]
fn the_shipped_protocols_agree_with_the_records_that_ship() {
    use chorda::app::master_record_approve::SHIPPED;
    let records: Vec<MasterRecord> = SHIPPED.iter().map(|(_, text)| record(text)).collect();
    let site = chorda::site::Site::example().unwrap();
    for published in &site.protocols {
        let protocol = &published.protocol;
        if records.iter().any(|known| known.record.id == protocol.product.master_record) {
            let faults = check_beside(protocol, &records);
            assert!(faults.is_empty(), "{}: {faults:#?}", protocol.id);
        }
    }
}
