//! The particulars of a certificate as the records say them: trial, strength, form, package,
//! authorisation (ATMP-32).
//!
//! Neighbours: the form of a certification is filled with them, and a person corrects or completes
//! them; [`super::release_sign`] records what was stated.
//!
//! Architecture invariant: every particular comes from the protocol of the order, the master record
//! of the batch, what the batch made, or the site; none is written here.

use super::batch_facts::record_of;
use super::release_sign::Particulars;
use super::site::protocol_of;
use crate::db::Db;
use crate::domain::batch::{Batch, Produced};
use crate::domain::id::BatchNumber;
use crate::domain::master_record::{MasterRecord, Output};
use crate::domain::order::Order;
use crate::domain::protocol::Protocol;
use crate::site::Site;
use crate::store::{Failure, batch as table, ledger};

/// The particulars of a batch's certificate, as far as the records say them.
///
/// # Errors
/// When there is no such batch, its order's protocol is not among the site's, or the database
/// fails.
pub fn particulars(db: &mut Db, site: &Site, number: &BatchNumber) -> Result<Particulars, Failure> {
    let batch = table::require(db, number)?;
    let record = record_of(&batch)?;
    let order = match &batch.order {
        Some(order) => ledger::load::<Order>(db, order.as_str())?,
        None => None,
    };
    let protocol = match &order {
        Some(order) => Some(&protocol_of(site, order)?.protocol),
        None => None,
    };
    let made = product(&batch, &record);
    let output = made.first().map(|(output, _)| *output);
    Ok(Particulars {
        trial: protocol.map(|p| format!("{}, {}", p.trial.code, p.reference())),
        strength: strength(protocol, &made),
        form: match protocol {
            Some(protocol) => protocol.trial.form.to_string(),
            None => output.map_or_else(String::new, |output| output.title.to_string()),
        },
        package: package(&made),
        authorisation: site.authorisation.clone().unwrap_or_default(),
        comments: String::new(),
    })
}

/// What the batch made of its own product.
fn product<'a>(batch: &'a Batch, record: &'a MasterRecord) -> Vec<(&'a Output, &'a Produced)> {
    let of = |made: &'a Produced| {
        let output = record.output(&made.output)?;
        (output.material == batch.product).then_some((output, made))
    };
    batch.produced().filter_map(of).collect()
}

/// The concentration that the protocol asks for, else the cells in each container.
fn strength(protocol: Option<&Protocol>, made: &[(&Output, &Produced)]) -> String {
    if let Some(concentration) = protocol.and_then(|protocol| protocol.dose.concentration()) {
        return format!("{}, viable cells", concentration.text());
    }
    let each = |made: &Produced| {
        let parts: Vec<String> = made.cells.iter().chain(&made.volume).map(|q| q.text()).collect();
        parts.join(" in ")
    };
    let mut all: Vec<String> = made.iter().map(|(_, made)| each(made)).collect();
    all.dedup();
    all.join(", ")
}

/// How many containers of which kind, with what volume.
fn package(made: &[(&Output, &Produced)]) -> String {
    let volume = |made: &Produced| made.volume.map_or_else(String::new, |volume| volume.text());
    counted(made.iter().map(|(output, made)| {
        let kind = output.container.word();
        match volume(made) {
            volume if volume.is_empty() => kind.to_owned(),
            volume => format!("{kind} of {volume}"),
        }
    }))
}

/// Equal texts once, each with how often it came: `2 × syringe of 1.00 ml`.
fn counted(texts: impl Iterator<Item = String>) -> String {
    let mut counts: Vec<(String, u32)> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        match counts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => counts.push((text, 1)),
        }
    }
    let parts: Vec<String> =
        counts.into_iter().map(|(text, count)| format!("{count} × {text}")).collect();
    parts.join(", ")
}
