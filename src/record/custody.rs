//! Who held the product when, by their signatures; what left and came back; what was given.
//!
//! Architecture invariant: every row carries the signatures it rests on, or says that one is
//! missing.

use super::flow::{Cell, Column, Flow};
use super::words::{brief, code_ranges, verdict_cell};
use super::{Administration, BatchRecord, CustodyEvent, Excursion, Mark};

pub(super) fn chapter(flow: &mut Flow, record: &BatchRecord) {
    const HOPS: [Column; 4] = [
        Column { title: "Containers", share: 30 },
        Column { title: "Handed over by", share: 54 },
        Column { title: "To", share: 30 },
        Column { title: "Received by", share: 62 },
    ];
    const EXCURSIONS: [Column; 5] = [
        Column { title: "Container and purpose", share: 36 },
        Column { title: "Out", share: 48 },
        Column { title: "Due", share: 22 },
        Column { title: "Back", share: 48 },
        Column { title: "State", share: 36 },
    ];
    const GIVEN: [Column; 6] = [
        Column { title: "Given to", share: 34 },
        Column { title: "Syringe", share: 22 },
        Column { title: "Patient code", share: 20 },
        Column { title: "Quantity", share: 16 },
        Column { title: "When", share: 26 },
        Column { title: "Signed by", share: 58 },
    ];
    flow.chapter("Custody, excursions and administration");
    flow.section("Custody");
    flow.list(&HOPS, &record.custody, "The product has not changed hands.", hop);
    flow.section("Excursions");
    flow.list(&EXCURSIONS, &record.excursions, "Nothing left and came back.", excursion);
    flow.section("Administration");
    flow.list(&GIVEN, &record.administrations, "Nothing has been administered.", administration);
}

/// A signature in a cell: name first, then who, when and what it means.
fn signed(mark: &Mark) -> Cell {
    Cell::strong(&mark.by.name)
        .and_muted(format!("{} · {}", mark.by.login, mark.by.role))
        .and_muted(&mark.at.text)
        .and_muted(&mark.meaning)
}

fn hop(event: &CustodyEvent) -> Vec<Cell> {
    let received = match (&event.received, &event.condition_received) {
        (Some(mark), condition) => {
            signed(mark).and(format!("Condition: {}", condition.as_deref().unwrap_or("–")))
        }
        (None, _) => Cell::plain("on the way, not received yet"),
    };
    vec![
        Cell::plain(code_ranges(&event.containers)),
        signed(&event.given).and(format!("Condition: {}", event.condition_given)),
        Cell::plain(&event.destination).and_muted(&event.to),
        received,
    ]
}

fn excursion(one: &Excursion) -> Vec<Cell> {
    let back = match (&one.back, &one.quantity_back) {
        (Some(mark), quantity) => {
            Cell::strong(quantity.as_deref().unwrap_or("nothing")).and_cell(signed(mark))
        }
        (None, _) => Cell::plain("not back"),
    };
    vec![
        Cell::mono(&one.container).and_muted(&one.purpose),
        Cell::strong(&one.quantity_out)
            .and_muted(format!("taken by {}", one.taken_by))
            .and_cell(signed(&one.out)),
        Cell::plain(brief(&one.deadline)),
        back,
        verdict_cell(one.verdict, &one.state),
    ]
}

fn administration(given: &Administration) -> Vec<Cell> {
    vec![
        Cell::strong(&given.target),
        Cell::mono(&given.container),
        Cell::plain(&given.patient_code),
        Cell::plain(&given.quantity),
        given.thawed.iter().fold(Cell::plain(brief(&given.at)), |cell, thaw| {
            cell.and_muted(format!("thaw began {}", brief(&thaw.at)))
                .and_muted(format!("to be given by {}", brief(&thaw.give_by)))
        }),
        signed(&given.given),
    ]
}
