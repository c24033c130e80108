//! Corrects the product identity of a container with two signatures: QA proposes, another person
//! of QA or the Qualified Person confirms or declines.
//!
//! Neighbours: `domain::container` decides; `store::identity` knows every identity there ever was;
//! [`super::order_scan`] and [`super::batch_clearance`] tell whoever scans a corrected one.
//!
//! Architecture invariant: what is shown, hashed and signed is built by one function here for page
//! and use case; a number is entered with its check character.

use serde::Serialize;

use super::order_scan::origin;
use super::shown::Shown;
use super::signature::covers;
use super::{App, Caller};
use crate::codes::isbt::{Division, Divisions, ProductCode, read_din_checked};
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::actor::{Capability, Signature};
use crate::domain::container::{
    Command, Container, IdentityFact, IdentityProposal, ProductIdentity, decide,
};
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{BatchNumber, ContainerCode};
use crate::domain::time::Zone;
use crate::site::Site;
use crate::store::identity::Named;
use crate::store::{Failure, container, genealogy, identity};

/// An identity as it is printed: donation number with its check character, product code, division.
#[must_use]
pub fn printed(identity: &ProductIdentity) -> String {
    format!("{} {} {}", identity.din.printed(), identity.product_code, identity.division)
}

/// Reads what a person typed: the donation number with its check character, the product code of
/// six characters without its division, and the division of two or six.
///
/// # Errors
/// An `Invalid` refusal that says what is wrong.
pub fn read_identity(
    site: &Site,
    (din, product_code, division): (&str, &str, &str),
) -> Result<ProductIdentity, Failure> {
    let wrong = |message: String| {
        Failure::refused("identity_invalid ST-001", RefusalKind::Invalid, message)
    };
    let din = read_din_checked(din).map_err(|error| {
        wrong(format!("{error}. Enter it as printed, with the boxed character."))
    })?;
    // Six characters of structure 032 stand beside a product code that says 99 for them.
    let short = match Division::parse(division) {
        Some(short) if !short.needs_divisions() => division,
        _ => {
            Divisions::parse(division).map_err(|error| wrong(format!("{error}.")))?;
            "99"
        }
    };
    let code = ProductCode::parse(&format!("{product_code}{short}"))
        .map_err(|error| wrong(format!("{error}. Enter its first six characters.")))?;
    let known = site.products.description(code.description()).is_some();
    if !known && site.products.iter().next().is_some() {
        let code = code.description();
        return Err(wrong(format!(
            "The product codes of this site have no {code}. Check the code; a new one is entered \
             in the site's table first."
        )));
    }
    let (product_code, division) = (product_code.to_owned(), division.to_owned());
    Ok(ProductIdentity { din, product_code, division })
}

/// What is known of an identity that a container should get.
fn fact(db: &mut Db, state: &Container, to: &ProductIdentity) -> Result<IdentityFact, Failure> {
    let used_by = identity::of_identity(db, to)?.map(|named| named.container.to_string());
    let node = Node::new(NodeKind::Container, &state.code);
    let foreign = match origin(db, &to.din)? {
        Some(given_to) => {
            let own = genealogy::ancestors(db, &node)?.contains(&given_to);
            (!own).then(|| given_to.words())
        }
        None => Some("nothing here".to_owned()),
    };
    Ok(IdentityFact { used_by, foreign })
}

/// What whoever scans a corrected identity is told; `None` where it is not corrected.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn corrected_words(
    db: &mut Db,
    named: &Named,
    scanned: (&str, &str, &str),
    zone: Zone,
) -> Result<Option<String>, Failure> {
    let Some(at) = named.retired_at else { return Ok(None) };
    let state = container::require(db, &named.container)?;
    let (din, description, division) = scanned;
    let same = |one: &ProductIdentity| {
        (one.din.as_str(), one.description(), one.division.as_str()) == (din, description, division)
    };
    let to = state.corrected.iter().find(|one| same(&one.from)).map(|one| printed(&one.to));
    let to = to.unwrap_or_else(|| "another identity".to_owned());
    Ok(Some(format!(
        "The identity of {} was corrected to {to} on {}; this label is void. Take it off, scan the \
         new label, and hand this one to QA.",
        named.container,
        at.full_text(zone)
    )))
}

/// A correction to be proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdentityPropose {
    /// The container.
    pub container: ContainerCode,
    /// The identity it should have.
    pub to: ProductIdentity,
    /// Why.
    pub because: String,
}

/// What is shown before a correction is proposed.
///
/// # Errors
/// What `domain::container` refuses, or that the database failed.
pub fn identity_propose_shown(db: &mut Db, command: &IdentityPropose) -> Result<Shown, Failure> {
    let state = container::require(db, &command.container)?;
    let fact = fact(db, &state, &command.to)?;
    state.may_become(&command.to, &fact)?;
    Ok(about("Propose to correct a product identity", &state, &command.to)
        .line("Because", command.because.trim()))
}

/// What is shown before a proposed correction is confirmed or declined.
///
/// # Errors
/// That none waits, what `domain::container` refuses, or that the database failed.
pub fn identity_decide_shown(
    db: &mut Db,
    code: &ContainerCode,
    declined: Option<&str>,
) -> Result<Shown, Failure> {
    let state = container::require(db, code)?;
    let Some(open) = &state.identity_proposal else {
        let refusal = crate::domain::container::Refusal::NoIdentityProposed { code: state.code };
        return Err(refusal.into());
    };
    let act = match declined {
        Some(_) => "Decline the correction of a product identity",
        None => "Confirm the correction of a product identity",
    };
    let shown = proposed(about(act, &state, &open.to), open);
    if let Some(because) = declined {
        return Ok(shown.line("Declined because", because.trim()));
    }
    let fact = fact(db, &state, &open.to)?;
    state.may_become(&open.to, &fact)?;
    let labels = match state.labels.latest {
        0 => "none printed yet".to_owned(),
        serial => format!("serial {serial} and all before are void; print and read back a new one"),
    };
    Ok(shown.line("Labels", labels))
}

fn about(act: &str, state: &Container, to: &ProductIdentity) -> Shown {
    let now = state.identity.as_ref().map_or_else(|| "none".to_owned(), printed);
    Shown::new(act)
        .line("Container", state.code.clone())
        .line("Contents", state.contents.title.to_string())
        .line("Batch", state.batch.as_ref().map_or("none", BatchNumber::as_str))
        .line("Identity now", now)
        .line("Corrected to", printed(to))
}

fn proposed(shown: Shown, open: &IdentityProposal) -> Shown {
    shown
        .line("Because", open.because.clone())
        .line("Proposed by", open.signature.printed_name.clone())
}

/// Proposes to correct the product identity of a container.
///
/// # Errors
/// What `domain::container` refuses; that the content changed since it was shown; or that the
/// database failed.
pub fn identity_propose(
    app: &App,
    caller: &Caller,
    command: IdentityPropose,
    signature: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::DecideDeviation)?;
    let request = ("identity_propose", command.clone());
    app.write(caller, &request, move |tx| {
        let shown = identity_propose_shown(tx.db(), &command)?;
        covers(&signature, &shown.hash()?)?;
        let (state, standing) = container::require_with_standing(tx.db(), &command.container)?;
        let propose = Command::ProposeIdentity {
            to: command.to.clone(),
            fact: fact(tx.db(), &state, &command.to)?,
            because: command.because.clone(),
            signature: signature.clone(),
        };
        let context = tx.context();
        tx.record(decide(&state, &propose, &standing, &context)?)
    })
}

/// Confirms the correction that waits, or declines it with a reason.
///
/// # Errors
/// As [`identity_propose`].
pub fn identity_decide(
    app: &App,
    caller: &Caller,
    code: &ContainerCode,
    declined: Option<String>,
    signature: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::DecideDisposition)?;
    let code = code.clone();
    let request = ("identity_decide", code.clone(), declined.clone());
    app.write(caller, &request, move |tx| {
        let shown = identity_decide_shown(tx.db(), &code, declined.as_deref())?;
        covers(&signature, &shown.hash()?)?;
        let (state, standing) = container::require_with_standing(tx.db(), &code)?;
        let signature = signature.clone();
        let decision = match (&declined, &state.identity_proposal) {
            (Some(because), _) => Command::DeclineIdentity { because: because.clone(), signature },
            (None, Some(open)) => {
                let fact = fact(tx.db(), &state, &open.to)?;
                Command::ConfirmIdentity { fact, signature }
            }
            (None, None) => Command::ConfirmIdentity { fact: IdentityFact::default(), signature },
        };
        let context = tx.context();
        tx.record(decide(&state, &decision, &standing, &context)?)
    })
}
