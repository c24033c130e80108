//! What a scanned code of the stock is: a container, a sample, a position, a lot, a device.
//!
//! Neighbours: `app::scan` asks; `store::container::scan` answers for a container in one read.
//!
//! Architecture invariant: a void label is refused here as everywhere, with when, why and which one
//! to scan.

use super::App;
use super::scan::{Answer, Verdict};
use super::words::{capital, sentence};
use crate::codes::{self, Scanned};
use crate::domain::actor::{Actor, Capability};
use crate::domain::container::check_label;
use crate::domain::disposition::Disposition;
use crate::domain::id::{AssetId, ContainerCode, LocationPath, LotId};
use crate::store::container::Scan;
use crate::store::{Failure, container, equipment, material, storage};

/// Answers for the codes of the stock; `None` for all others.
///
/// # Errors
/// When the database fails.
pub fn resolve(app: &App, actor: &Actor, code: &str) -> Result<Option<Answer>, Failure> {
    if !actor.role.may(Capability::ReadGmp) {
        return Ok(None);
    }
    match codes::parse(code) {
        Ok(Scanned::Container { code, serial } | Scanned::Sample { code, serial }) => {
            container_answer(app, &code, serial.map(|serial| u32::from(serial.number()))).map(Some)
        }
        Ok(Scanned::Location(path)) => place_answer(app, &path).map(Some),
        Ok(Scanned::Lot(lot)) => lot_answer(app, &lot).map(Some),
        Ok(Scanned::Equipment(asset)) => device_answer(app, &asset).map(Some),
        _ => Ok(None),
    }
}

fn stop(title: String, text: impl Into<String>, go: Option<String>) -> Answer {
    Answer { verdict: Verdict::Stop, title, text: text.into(), go }
}

/// What a container is, for those who read production: its label, its standing, where it is.
///
/// # Errors
/// When the database fails.
pub(super) fn container_answer(
    app: &App,
    code: &ContainerCode,
    serial: Option<u32>,
) -> Result<Answer, Failure> {
    let Some(scan) = app.read(|db| container::scan(db, code, serial))? else {
        let text = "No container has this code. Check that the label is one of ours.";
        return Ok(stop(format!("{code} is not known"), text, None));
    };
    let go = Some(format!("/containers/{code}"));
    let printed = serial.is_none_or(|serial| serial <= scan.label_serial);
    if let Some(serial) = serial.filter(|_| scan.label_void.is_some() || !printed) {
        // The long answer, with who and when, is worth a second look at the container.
        let state = app.read(|db| container::require(db, code))?;
        if let Err(refusal) = check_label(&state, serial) {
            return Ok(stop(format!("Void label of {code}"), format!("{refusal}."), go));
        }
    }
    let title = format!("{} {code}, {}", capital(scan.kind.word()), scan.title);
    if let Some((at, by)) = &scan.ended {
        let when = at.full_text(app.config.zone);
        return Ok(stop(title, format!("It was {} by {by} on {when}.", scan.fate), go));
    }
    let verdict = match scan.standing.disposition {
        Disposition::Released | Disposition::ConditionallyReleased => Verdict::Ok,
        Disposition::Quarantine => Verdict::Ok,
        Disposition::OnHold => Verdict::Check,
        Disposition::Rejected => Verdict::Stop,
    };
    Ok(Answer { verdict, title, text: live_words(&scan), go })
}

fn live_words(scan: &Scan) -> String {
    let node = crate::domain::genealogy::Node::new(
        crate::domain::genealogy::NodeKind::Container,
        &scan.code,
    );
    let standing = capital(&scan.standing.words(&node));
    let held = match (&scan.location, &scan.holder) {
        (Some(location), _) => format!("in {location}"),
        (None, Some(holder)) if scan.custody == "person" => format!("with {holder}"),
        _ => "in transfer".to_owned(),
    };
    match scan.reserved_for.as_ref().or(scan.order.as_ref()) {
        Some(order) => format!("{standing}; {held}; for order {order}."),
        None => format!("{standing}; {held}."),
    }
}

fn place_answer(app: &App, path: &LocationPath) -> Result<Answer, Failure> {
    app.read(|db| {
        if let Some(place) = storage::load(db, path.as_str())? {
            let (verdict, text) = match &place.out_of_service {
                Some(out) => (Verdict::Stop, format!("Out of service: {}.", out.because)),
                None => (Verdict::Ok, place.title.clone()),
            };
            let title = format!("{} {path}", capital(place.kind.word()));
            return Ok(Answer { verdict, title, text, go: Some(format!("/storage/{path}")) });
        }
        let slot = storage::slot(db, path)?;
        if !slot.exists {
            let text = "No storage location has this path. Check the label.";
            return Ok(stop(format!("{path} is not known"), text, None));
        }
        let (boxed, spot) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        let text = match &slot.occupant {
            Some(occupant) => format!("{occupant} is there."),
            None => "It is free.".to_owned(),
        };
        Ok(Answer {
            verdict: Verdict::Ok,
            title: format!("Position {path}"),
            text,
            go: Some(format!("/storage/{boxed}?target={spot}")),
        })
    })
}

fn lot_answer(app: &App, lot: &LotId) -> Result<Answer, Failure> {
    let Some(state) = app.read(|db| material::load(db, lot))? else {
        let text = "This lot was not received here. Receive it first.";
        return Ok(stop(format!("Lot {lot} is not known"), text, None));
    };
    let go = Some(format!("/materials/{lot}"));
    let title = format!("{}, lot {lot}", state.receipt.title);
    Ok(match state.usable(app.clock.now()) {
        Ok(()) => Answer { verdict: Verdict::Ok, title, text: "It may be used.".to_owned(), go },
        Err(refusal) => stop(title, sentence(&refusal.to_string()), go),
    })
}

fn device_answer(app: &App, asset: &AssetId) -> Result<Answer, Failure> {
    let Some(state) = app.read(|db| equipment::load(db, asset))? else {
        let text = "This asset number is not on the list. Check the label.";
        return Ok(stop(format!("{asset} is not known"), text, None));
    };
    let go = Some(format!("/equipment/{asset}"));
    let title = format!("{}, {asset}", state.registration.title);
    Ok(match state.usable(app.clock.now()) {
        Ok(()) => Answer { verdict: Verdict::Ok, title, text: "It may be used.".to_owned(), go },
        Err(refusal) => stop(title, sentence(&refusal.to_string()), go),
    })
}
