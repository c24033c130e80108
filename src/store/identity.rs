//! Every product identity there ever was, with the container it names.
//!
//! Neighbours: `domain::container` decides; [`super::container`] has the identity each container
//! has now and calls `project`.
//!
//! Architecture invariant: a row is never removed and never changes its container; a corrected
//! identity is retired, and names nothing else ever after.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::codes::isbt::ProductKey;
use crate::db::Db;
use crate::domain::Recorded;
use crate::domain::container::{Event, ProductIdentity};
use crate::domain::id::{ContainerCode, Din, Login};
use crate::domain::time::Instant;

use super::schema::{container, product_identity};
use super::{Failure, Table};

/// The tables of this module.
pub(super) const TABLES: &[Table] =
    &[Table { name: "product_identity", key: &["din", "product", "division"] }];

/// Projects an event of a container that gives it an identity.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let code = recorded.stream.id();
    match event {
        Event::Produced { identity: Some(identity), .. } => named(db, recorded, identity, None),
        Event::IdentityCorrected { from, to, proposed, signature, .. } => {
            let signed = (&proposed.login, &signature.login);
            // With another collection type alone the key is the same, and stays.
            if key(from) == key(to) {
                diesel::update(product_identity::table.find(key(to)))
                    .set((
                        product_identity::proposed_by.eq(Some(signed.0.as_str())),
                        product_identity::confirmed_by.eq(Some(signed.1.as_str())),
                    ))
                    .execute(db)?;
                return Ok(());
            }
            diesel::update(product_identity::table.find(key(from)))
                .filter(product_identity::container.eq(code))
                .set(product_identity::retired_at.eq(Some(recorded.at.naive())))
                .execute(db)?;
            named(db, recorded, to, Some(signed))
        }
        _ => Ok(()),
    }
}

fn key(identity: &ProductIdentity) -> (&str, &str, &str) {
    (identity.din.as_str(), identity.description(), identity.division.as_str())
}

fn named(
    db: &mut Db,
    recorded: &Recorded,
    identity: &ProductIdentity,
    signed: Option<(&Login, &Login)>,
) -> Result<(), Failure> {
    let (din, product, division) = key(identity);
    diesel::insert_into(product_identity::table)
        .values((
            product_identity::din.eq(din),
            product_identity::product.eq(product),
            product_identity::division.eq(division),
            product_identity::container.eq(recorded.stream.id()),
            product_identity::since.eq(recorded.at.naive()),
            product_identity::proposed_by.eq(signed.map(|(by, _)| by.as_str())),
            product_identity::confirmed_by.eq(signed.map(|(_, by)| by.as_str())),
        ))
        .execute(db)?;
    Ok(())
}

/// What an identity names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The container.
    pub container: ContainerCode,
    /// When it was corrected, if it was: it names nothing any more.
    pub retired_at: Option<Instant>,
}

type Row = (String, Option<NaiveDateTime>);

fn find(db: &mut Db, key: (&str, &str, &str)) -> Result<Option<Named>, Failure> {
    let found: Option<Row> = product_identity::table
        .find(key)
        .select((product_identity::container, product_identity::retired_at))
        .first(db)
        .optional()?;
    let read = |(code, retired_at): Row| {
        let container = ContainerCode::parse(&code);
        let container = container.map_err(|error| Failure::Broken(error.to_string()))?;
        Ok(Named { container, retired_at: retired_at.map(Instant::from_naive) })
    };
    found.map(read).transpose()
}

/// What the identity that a scan gives names, or named; `None` when nothing here ever had it.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn of_key(db: &mut Db, key: &ProductKey) -> Result<Option<Named>, Failure> {
    find(db, (key.din().as_str(), key.description(), key.division()))
}

/// What an identity names, or named; `None` when nothing here ever had it.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn of_identity(db: &mut Db, identity: &ProductIdentity) -> Result<Option<Named>, Failure> {
    find(db, key(identity))
}

/// An identity of a donation number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfDin {
    /// Product description code.
    pub(super) product: String,
    /// Division.
    pub(super) division: String,
    /// The container.
    pub(super) container: String,
    /// When it was corrected, if it was.
    pub(super) retired_at: Option<Instant>,
}

/// Every identity that was ever given with a donation number.
pub(super) fn of_din(db: &mut Db, din: &Din) -> Result<Vec<OfDin>, Failure> {
    let rows: Vec<(String, String, String, Option<NaiveDateTime>)> = product_identity::table
        .filter(product_identity::din.eq(din.as_str()))
        .select((
            product_identity::product,
            product_identity::division,
            product_identity::container,
            product_identity::retired_at,
        ))
        .load(db)?;
    let read = |(product, division, container, retired_at): (_, _, _, Option<NaiveDateTime>)| {
        OfDin { product, division, container, retired_at: retired_at.map(Instant::from_naive) }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The containers whose identity somebody else proposed to correct, with who did.
///
/// # Errors
/// When the database fails.
pub fn waiting_for(db: &mut Db, login: &str, limit: i64) -> Result<Vec<(String, String)>, Failure> {
    let rows: Vec<(String, Option<String>)> = container::table
        .filter(container::identity_by.is_not_null())
        .filter(container::identity_by.ne(login))
        .order(container::code)
        .select((container::code, container::identity_by))
        .limit(limit)
        .load(db)?;
    Ok(rows.into_iter().filter_map(|(code, by)| Some((code, by?))).collect())
}
