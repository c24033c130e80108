//! The chapters that belong to the order as a whole: genealogy, donors, signatures.
//!
//! Architecture invariant: a chapter without content says so in words; it is never left out.

use std::collections::BTreeMap;

use crate::pdf::Len;

use super::flow::{Cell, Column, Flow};
use super::theme::{MUTED, SMALL};
use super::words::{code_ranges, mark_text, or_dash, verdict_cell};
use super::{BatchRecord, Donor, Node, Signature, Verdict, genealogy};

/// Columns of signatures, on the cover and in their own chapter.
pub(super) const SIGNATURE_COLUMNS: [Column; 4] = [
    Column { title: "Meaning", share: 60 },
    Column { title: "Signed by", share: 36 },
    Column { title: "Date, time, zone", share: 36 },
    Column { title: "SHA-256 of the content signed", share: 50 },
];

pub(super) fn signature_row(signature: &Signature) -> Vec<Cell> {
    vec![
        Cell::strong(&signature.meaning).and_muted(&signature.subject),
        Cell::strong(&signature.by.name)
            .and_muted(format!("{} · {}", signature.by.login, signature.by.role)),
        Cell::plain(&signature.at.text),
        Cell::mono(&signature.content_hash),
    ]
}

pub(super) fn genealogy(flow: &mut Flow, record: &BatchRecord) {
    const COLUMNS: [Column; 4] = [
        Column { title: "What", share: 26 },
        Column { title: "Identity", share: 54 },
        Column { title: "Detail", share: 70 },
        Column { title: "Disposition", share: 30 },
    ];
    flow.chapter("Genealogy");
    flow.paragraph(
        "From the donors (top) to the patient (bottom). Containers of one origin, one use and one \
         disposition are drawn as one box that counts them; all of them are listed after the drawing.",
        SMALL,
        MUTED,
    );
    flow.y += Len::mm(3);
    genealogy::draw(flow, &record.genealogy);
    flow.break_page();
    flow.section("Everything connected with this order");
    let groups = alike(&record.genealogy.nodes);
    flow.list(&COLUMNS, &groups, "The genealogy is empty.", |group| {
        let labels: Vec<&str> = group.iter().map(|node| node.label.as_str()).collect();
        let first = group.first();
        let count = if group.len() > 1 { format!("{} × ", group.len()) } else { String::new() };
        vec![
            Cell::plain(format!("{count}{}", first.map_or("", |node| node.word.as_str()))),
            Cell::plain(code_ranges(&labels)),
            Cell::plain(first.map_or("", |node| node.detail.as_str())),
            match first.and_then(|node| node.disposition) {
                Some(disposition) => Cell::state(disposition.word(), disposition.into()),
                None => Cell::plain(""),
            },
        ]
    });
}

/// Nodes of one kind, with one detail and one disposition, from donor to patient.
fn alike(nodes: &[Node]) -> Vec<Vec<&Node>> {
    let mut groups: BTreeMap<_, Vec<&Node>> = BTreeMap::new();
    for node in nodes {
        let strictness = node.disposition.map(crate::domain::disposition::Disposition::strictness);
        groups.entry((node.kind, &node.word, &node.detail, strictness)).or_default().push(node);
    }
    groups.into_values().collect()
}

pub(super) fn donors(flow: &mut Flow, record: &BatchRecord) {
    flow.chapter("Donors");
    if record.donors.is_empty() {
        flow.paragraph("No donor stands behind this product yet.", SMALL, MUTED);
    }
    for donor in &record.donors {
        flow.space(Len::mm(4));
        flow.keep(|flow| draw_donor(flow, donor));
    }
}

fn draw_donor(flow: &mut Flow, donor: &Donor) {
    const COLUMNS: [Column; 4] = [
        Column { title: "Marker", share: 60 },
        Column { title: "Sampled", share: 40 },
        Column { title: "Result", share: 46 },
        Column { title: "Assessment", share: 30 },
    ];
    flow.section(&format!("Donor {}", donor.code));
    flow.grid(&[
        ("Donation", donor.donation.clone()),
        ("Collected", or_dash(donor.collected.as_ref())),
        ("Eligibility", donor.eligibility.clone()),
        ("Rule set", donor.rule_set.clone()),
    ]);
    flow.notes(&[
        ("Consent", donor.consent.clone()),
        ("Decided by", donor.decided.as_ref().map_or("–".to_owned(), mark_text)),
    ]);
    flow.list(&COLUMNS, &donor.results, "No marker result is recorded.", |result| {
        let word = match result.verdict {
            Verdict::In => "acceptable",
            Verdict::Out => "NOT ACCEPTABLE",
            other => other.word(),
        };
        vec![
            Cell::strong(&result.marker),
            Cell::plain(&result.sampled),
            Cell::plain(&result.result),
            verdict_cell(result.verdict, word),
        ]
    });
}

pub(super) fn signatures(flow: &mut Flow, record: &BatchRecord) {
    flow.chapter("Signatures");
    flow.paragraph(
        "Signatures of the order and its batches. The signatures of steps, tests, deviations and \
         custody stand with them.",
        SMALL,
        MUTED,
    );
    flow.y += Len::mm(2);
    let empty = "Nobody has signed yet.";
    flow.list(&SIGNATURE_COLUMNS, &record.signatures, empty, signature_row);
    flow.caption("Where one word stands for what a signature means");
    let meanings: Vec<(String, String)> = crate::domain::actor::Meaning::ALL
        .iter()
        .map(|meaning| (meaning.code().replace('_', " "), meaning.words().to_owned()))
        .collect();
    let meanings: Vec<(&str, String)> =
        meanings.iter().map(|(word, words)| (word.as_str(), words.clone())).collect();
    flow.notes(&meanings);
}
