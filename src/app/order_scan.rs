//! What a scanned code is, for orders, batches, donors and deviations; and for those who see
//! orders only, the syringe of an order.
//!
//! Neighbours: `scan` asks each resolver in turn.
//!
//! Architecture invariant: looking a code up changes nothing.

use super::App;
use super::container_identity::corrected_words;
use super::scan::{Answer, Verdict};
use crate::codes::Scanned;
use crate::codes::isbt::{Element, ProductKey};
use crate::db::Db;
use crate::domain::Aggregate;
use crate::domain::actor::{Actor, Capability};
use crate::domain::batch::Batch;
use crate::domain::container::check_label;
use crate::domain::deviation::Deviation;
use crate::domain::donation::Donation;
use crate::domain::donor::Donor;
use crate::domain::genealogy::{Node, Standing};
use crate::domain::id::{ContainerCode, Din};
use crate::store::{Failure, batch, container, genealogy, identity, ledger, order};

/// Answers for orders, their patients, batches, donors, donations and deviations.
///
/// # Errors
/// When the database fails.
pub fn resolve(app: &App, actor: &Actor, code: &str) -> Result<Option<Answer>, Failure> {
    match app.config.site.read_code(code) {
        Ok(Scanned::Container { code, serial }) if !actor.role.may(Capability::ReadGmp) => {
            syringe(app, &code, serial.map(|serial| u32::from(serial.number())))
        }
        Ok(Scanned::Order(number)) => order_answer(app, number.as_str()),
        Ok(Scanned::Coi(coi)) => order_answer(app, coi.as_str()),
        Ok(Scanned::Batch(number)) if is_known::<Batch>(app, number.as_str())? => {
            node(app, &Node::batch(&number), format!("/batches/{number}"))
        }
        Ok(Scanned::Donor(donor)) if is_known::<Donor>(app, donor.as_str())? => {
            node(app, &Node::donor(&donor), format!("/donors/{donor}"))
        }
        Ok(Scanned::Din(din)) => donation(app, &din),
        Ok(Scanned::Isbt(elements)) => match ProductKey::of(&elements) {
            Ok(key) => unit(app, actor, &key),
            Err(_) => elements
                .iter()
                .find_map(|element| match element {
                    Element::Din { din, .. } => Some(donation(app, din)),
                    _ => None,
                })
                .unwrap_or(Ok(None)),
        },
        Ok(Scanned::Deviation(number)) if is_known::<Deviation>(app, number.as_str())? => {
            Ok(Some(Answer {
                verdict: Verdict::Ok,
                title: format!("Deviation {number}"),
                text: "Its description, decision and actions.".to_owned(),
                go: Some(format!("/deviations/{number}")),
            }))
        }
        // A patient's code has no form of its own: it is one if there is an order for it.
        Err(_) => order_answer(app, &code.trim().to_uppercase()),
        Ok(_) => Ok(None),
    }
}

/// Whether there is such a thing: a number that nothing has is never answered with a standing.
fn is_known<A: Aggregate>(app: &App, id: &str) -> Result<bool, Failure> {
    app.read(|db| Ok(ledger::load::<A>(db, id)?.is_some()))
}

fn order_answer(app: &App, text: &str) -> Result<Option<Answer>, Failure> {
    let found = app.read(|db| match crate::domain::id::OrderNumber::parse(text) {
        Ok(number) => order::find(db, &number),
        Err(_) => order::find_by_text(db, text),
    })?;
    Ok(found.map(|line| Answer {
        verdict: Verdict::Ok,
        title: format!("Order {} for {}", line.number, line.patient),
        text: format!("{}, administration on {}", line.stage.word(), line.infusion_on),
        go: Some(format!("/orders/{}", line.number)),
    }))
}

fn node(app: &App, node: &Node, go: String) -> Result<Option<Answer>, Failure> {
    let standing = app.read(|db| genealogy::effective_with_cause(db, node))?;
    Ok(Some(standing_answer(node, &standing, go)))
}

/// What a donation number is given to: a donation, or the batch that made the pool of this number.
/// `None` when nothing here has it.
///
/// # Errors
/// When the database fails.
pub(super) fn origin(db: &mut Db, din: &Din) -> Result<Option<Node>, Failure> {
    if ledger::load::<Donation>(db, din.as_str())?.is_some() {
        return Ok(Some(Node::donation(din)));
    }
    Ok(batch::of_din(db, din)?.map(|number| Node::batch(&number)))
}

fn donation(app: &App, din: &Din) -> Result<Option<Answer>, Failure> {
    match app.read(|db| origin(db, din))? {
        Some(of) => node(app, &of, format!("/trace?code={din}")),
        None => Ok(None),
    }
}

/// The container that a product identity names; a unit of one of our numbers that no container
/// here has is told as such.
fn unit(app: &App, actor: &Actor, key: &ProductKey) -> Result<Option<Answer>, Failure> {
    let (found, known) = app.read(|db| {
        let ours = key.facility().is_none();
        let found = if ours { identity::of_key(db, key)? } else { None };
        let scanned = (key.din().as_str(), key.description(), key.division());
        let corrected = match &found {
            Some(named) => corrected_words(db, named, scanned, app.config.zone)?,
            None => None,
        };
        let found = found.map(|named| (named.container, corrected));
        Ok((found, origin(db, key.din())?))
    })?;
    let (found, known) = match found {
        Some((code, Some(text))) => {
            let reads = actor.role.may(Capability::ReadGmp);
            return Ok(Some(Answer {
                verdict: Verdict::Stop,
                title: format!("{key} is no identity any more"),
                text,
                go: reads.then(|| format!("/containers/{code}")),
            }));
        }
        Some((code, None)) => (Some(code), known),
        None => (None, known),
    };
    match (found, known) {
        (Some(code), _) if actor.role.may(Capability::ReadGmp) => {
            super::stock_scan::container_answer(app, &code, None).map(Some)
        }
        (Some(code), _) => syringe(app, &code, None),
        (None, Some(_)) => Ok(Some(Answer {
            verdict: Verdict::Stop,
            title: format!("No container is {key}"),
            text: "The donation number is ours; no container here has this product code and \
                   division. Scan the label again, and have QA look at it if it says the same."
                .to_owned(),
            go: None,
        })),
        (None, None) => Ok(None),
    }
}

fn standing_answer(node: &Node, standing: &Standing, go: String) -> Answer {
    use crate::domain::disposition::Disposition;
    let stops = standing.disposition >= Disposition::OnHold;
    Answer {
        verdict: if stops { Verdict::Stop } else { Verdict::Ok },
        title: node.words(),
        text: standing.words(node),
        go: Some(go),
    }
}

/// A syringe in the hands of the clinic: its label, its patient, its disposition.
fn syringe(
    app: &App,
    code: &ContainerCode,
    serial: Option<u32>,
) -> Result<Option<Answer>, Failure> {
    let found = app.read(|db| match container::load(db, code)? {
        Some(state) => {
            let standing = container::standing_of(db, &state)?;
            let line = match &state.order {
                Some(number) => order::find(db, number)?,
                None => None,
            };
            Ok(line.map(|line| (state, standing, line)))
        }
        None => Ok(None),
    })?;
    let Some((state, standing, line)) = found else { return Ok(None) };
    let title = format!("{} {code} for {}", state.kind.word(), line.patient);
    let go = Some(format!("/orders/{}/give", line.number));
    if let Some(Err(refusal)) = serial.map(|serial| check_label(&state, serial)) {
        return Ok(Some(Answer { verdict: Verdict::Stop, title, text: refusal.to_string(), go }));
    }
    let usable =
        standing.disposition <= crate::domain::disposition::Disposition::ConditionallyReleased;
    let node = Node::container(code);
    let site = state.target.as_ref().map(|target| target.as_str().replace('_', " "));
    let text = format!("{} · {}", site.unwrap_or_default(), standing.words(&node));
    let verdict = if usable { Verdict::Ok } else { Verdict::Stop };
    Ok(Some(Answer { verdict, title, text, go }))
}
