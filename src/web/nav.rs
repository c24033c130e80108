//! Where one can go: the entries of the side bar. An entry is shown to those who may open its page,
//! and only if the page exists.
//!
//! Architecture invariant: the capability is asked of the route table, never written twice.

use super::icon::Icon;
use super::routes;
use crate::domain::actor::Role;

/// One entry, as the frame shows it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where to.
    pub href: &'static str,
    /// The word.
    pub text: &'static str,
    /// Its pictogram.
    pub icon: Icon,
    /// Whether the page shown belongs to it.
    pub current: bool,
}

/// All entries in their order.
const ENTRIES: &[(&str, &str, Icon)] = &[
    ("/", "Home", Icon::Home),
    ("/donors", "Donors", Icon::Donor),
    ("/batches", "Batches", Icon::Batch),
    ("/containers", "Containers", Icon::Vial),
    ("/storage", "Storage", Icon::Storage),
    ("/materials", "Materials", Icon::Material),
    ("/equipment", "Equipment", Icon::Device),
    ("/orders", "Orders", Icon::Order),
    ("/custody", "Custody", Icon::Truck),
    ("/samples", "QC", Icon::Lab),
    ("/release", "Release", Icon::Release),
    ("/deviations", "Deviations", Icon::Deviation),
    ("/labels", "Labels", Icon::Label),
    ("/printers", "Printers", Icon::Print),
    ("/master-records", "Master records", Icon::Record),
    ("/trace", "Trace", Icon::Trace),
    ("/codes", "What is this?", Icon::Scan),
    ("/audit", "Audit trail", Icon::History),
    ("/administration", "People", Icon::People),
];

/// The entries for a person in this role who looks at `path`.
pub fn entries(role: Role, path: &str) -> Vec<Entry> {
    // Print jobs are listed with their printers.
    let path = if path.starts_with("/print-jobs/") { "/printers" } else { path };
    ENTRIES
        .iter()
        .filter(|(href, ..)| routes::may_open(role, href))
        .map(|&(href, text, icon)| Entry { href, text, icon, current: belongs(href, path) })
        .collect()
}

fn belongs(href: &str, path: &str) -> bool {
    if href == "/" {
        return path == "/";
    }
    path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
