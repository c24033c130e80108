//! What waits for whom on the home page, for the kinds of work whose slice does not say it itself.
//!
//! Neighbours: [`super::home`] groups and shows them; every item leads to the page of its slice.
//!
//! Architecture invariant: the tables are read, never decided upon: an item says that something
//! waits, the page it leads to says what may be done.

use std::collections::BTreeMap;

use super::component::{Chip, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::home::Waiting;
use super::icon::Icon;
use crate::app::words::capital;
use crate::domain::actor::{Capability, Role};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::Node;
use crate::domain::id::OrderNumber;
use crate::domain::user::Standing;
use crate::store::{batch, correction, donor, genealogy, material, order, user};

/// Standings of a donor that somebody has to decide about.
const UNDECIDED: [Disposition; 2] = [Disposition::Quarantine, Disposition::OnHold];
/// The most items of one kind; the page of the slice lists the rest.
const LIMIT: i64 = 12;
const LIMIT_ITEMS: usize = 12;

fn item(group: &'static str, icon: Icon, title: String, detail: String, href: String) -> Waiting {
    Waiting { group, icon, title, detail, chip: None, href, urgent: false }
}

/// Batches in process, for those who perform steps.
pub(super) fn batches(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if !cx.may(Capability::PerformSteps) {
        return Ok(Vec::new());
    }
    let rows = cx.app().read(|db| batch::list(db, batch::Which::InProcess, 0, LIMIT))?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let last = row.last_step.unwrap_or_else(|| "nothing performed yet".to_owned());
            Waiting {
                chip: Some(Chip::new(Tone::Part, "in process")),
                ..item(
                    "Batches in process",
                    Icon::Batch,
                    format!("{} · {}", row.number, row.title),
                    format!("last step: {last} · {}", cx.when(row.last_at)),
                    format!("/batches/{}", row.number),
                )
            }
        })
        .collect())
}

/// Corrections of signed values that wait for a second person, for those who may be that person.
pub(super) fn corrections(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if !cx.may(Capability::VerifySteps) {
        return Ok(Vec::new());
    }
    let login = cx.actor()?.login.clone();
    let rows = cx.app().read(|db| correction::waiting_for(db, login.as_str(), LIMIT))?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let old = row.old.unwrap_or_else(|| "nothing entered".to_owned());
            Waiting {
                chip: Some(Chip::new(Tone::Wait, "to verify")),
                urgent: true,
                ..item(
                    "Corrections to verify",
                    Icon::Sign,
                    format!(
                        "{} · correction {} at {}",
                        row.batch,
                        row.number,
                        row.step.replace('_', " ")
                    ),
                    format!(
                        "{old} → {}, by {}, {}",
                        row.new,
                        row.corrected_by,
                        cx.when(row.corrected_at)
                    ),
                    format!("/batches/{}/corrections/{}", row.batch, row.number),
                )
            }
        })
        .collect())
}

/// Donors without a decision on their eligibility.
pub(super) fn donors(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if !cx.may(Capability::DecideDonor) {
        return Ok(Vec::new());
    }
    let rows = cx.app().read(|db| donor::list(db, "", 0, 200))?;
    Ok(rows
        .into_iter()
        .filter(|row| UNDECIDED.contains(&row.standing))
        .take(LIMIT_ITEMS)
        .map(|row| Waiting {
            chip: Some(row.standing.into()),
            urgent: row.standing == Disposition::OnHold,
            ..item(
                "Donors to decide",
                Icon::Donor,
                row.code.clone(),
                match row.standing {
                    Disposition::OnHold => capital(&row.because),
                    _ => format!("registered {}", cx.when(row.registered_at)),
                },
                format!("/donors/{}", row.code),
            )
        })
        .collect())
}

/// Orders whose product is on hold because of a donor: patients to look after, or not to treat.
pub(super) fn patients(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if !cx.may(Capability::PlaceOrders) && !cx.may(Capability::DecideDonor) {
        return Ok(Vec::new());
    }
    Ok(cx.app().read(|db| {
        let mut found: BTreeMap<String, Waiting> = BTreeMap::new();
        for donor in donor::list(db, "", 0, 200)? {
            if donor.standing != Disposition::OnHold {
                continue;
            }
            let Some(node) = Node::parse(&format!("donor/{}", donor.code)) else { continue };
            for reached in genealogy::descendants(db, &node)? {
                let Ok(number) = OrderNumber::parse(reached.id()) else { continue };
                let Some(line) = order::find(db, &number)? else { continue };
                let waiting = Waiting {
                    chip: Some(Chip::new(Tone::Hold, "product on hold").shape(Icon::Hold)),
                    urgent: true,
                    ..item(
                        "Patients concerned",
                        Icon::Person,
                        format!("{} · {}", line.patient, line.number),
                        format!("{}: {}", node.words(), donor.because),
                        format!("/orders/{number}"),
                    )
                };
                found.insert(number.to_string(), waiting);
            }
        }
        Ok(found.into_values().collect())
    })?)
}

/// Material lots in quarantine.
pub(super) fn materials(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if !cx.may(Capability::ReleaseMaterials) {
        return Ok(Vec::new());
    }
    let quarantine = Some(Disposition::Quarantine);
    let rows = cx.app().read(|db| material::list(db, quarantine, 0, LIMIT))?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            chip: Some(row.disposition.into()),
            ..item(
                "Materials to release",
                Icon::Material,
                row.id.to_string(),
                format!("received {} by {}", cx.when(row.received_at), row.received_by),
                format!("/materials/{}", row.id),
            )
        })
        .collect())
}

/// Names that were locked after wrong passwords.
pub(super) fn people(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if cx.actor()?.role != Role::Administrator {
        return Ok(Vec::new());
    }
    let rows = cx.app().read(user::list)?;
    Ok(rows
        .into_iter()
        .filter(|person| person.standing == Standing::Locked)
        .map(|person| Waiting {
            chip: Some(Chip::new(Tone::Wait, "locked").shape(Icon::Lock)),
            urgent: true,
            ..item(
                "People",
                Icon::People,
                person.printed_name,
                "locked after too many wrong passwords".to_owned(),
                format!("/administration/people/{}", person.login),
            )
        })
        .collect())
}
