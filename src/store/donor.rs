//! Donors and donations as tables.
//!
//! Neighbours: `domain::donor` and `domain::donation` decide; [`super::genealogy`] carries the
//! standing of a donor to everything that descends from it.
//!
//! Architecture invariant: a donor's standing in the graph follows from its events and from
//! nothing else.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::container::Container;
use crate::domain::disposition::Disposition;
use crate::domain::donation::{self, Tissue};
use crate::domain::donor::{Cause, DonationFact, Event, Reaction, Relation};
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{ContainerCode, Din, DonationSequenceId, DonorCode, PatientCode};
use crate::domain::lineage::Origin;
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;

use super::schema::{donation as donations, donor, donor_consent, donor_result, donor_sample};
use super::{Failure, Table, genealogy};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[
    Table { name: "donor", key: &["code"] },
    Table { name: "donor_consent", key: &["donor", "number"] },
    Table { name: "donor_sample", key: &["donor", "number"] },
    Table { name: "donor_result", key: &["donor", "version"] },
    Table { name: "donation", key: &["din"] },
];

/// Projects one event of a donor.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let code = recorded.stream.id();
    match event {
        Event::Registered { tested_person, relation, recipient } => {
            diesel::insert_into(donor::table)
                .values((
                    donor::code.eq(code),
                    donor::tested_person.eq(tested_person),
                    donor::relation.eq(relation.code()),
                    donor::recipient.eq(recipient.as_ref().map(PatientCode::as_str)),
                    donor::standing.eq(Disposition::Quarantine.strictness()),
                    donor::because.eq("eligibility is not decided"),
                    donor::registered_at.eq(recorded.at.naive()),
                    donor::registered_by.eq(recorded.actor.as_str()),
                    donor::reactive.eq(0),
                ))
                .execute(db)?;
            let node = Node::new(NodeKind::Donor, code);
            genealogy::set_standing(db, &node, Disposition::Quarantine)
        }
        Event::EligibilityDecided { eligible, verdict, remark, signature, .. } => {
            diesel::update(donor::table.find(code))
                .set((
                    donor::decided_at.eq(Some(signature.at.naive())),
                    donor::decided_by.eq(Some(signature.login.as_str())),
                    donor::rule_set
                        .eq(Some(format!("{} v{}", verdict.rule_set.id, verdict.rule_set.version))),
                ))
                .execute(db)?;
            if *eligible {
                let because = format!("eligible by {}", verdict.rule_set.id);
                stand(db, code, Disposition::Released, &because)
            } else {
                stand(db, code, Disposition::Rejected, &format!("not eligible: {remark}"))
            }
        }
        Event::Suspended { cause } => suspend(db, code, cause),
        Event::Disqualified { cause, to, because, .. } => {
            stand(db, code, *to, &format!("{}: {because}", cause.text()))
        }
        _ => project_particulars(db, recorded, event),
    }
}

fn project_particulars(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let code = recorded.stream.id();
    match event {
        Event::ConsentGiven { number, scopes, form_version, document, given_at } => {
            let scopes: Vec<&str> = scopes.iter().map(|scope| scope.code()).collect();
            diesel::insert_into(donor_consent::table)
                .values((
                    donor_consent::donor.eq(code),
                    donor_consent::number.eq(column(*number)?),
                    donor_consent::scopes.eq(scopes.join(",")),
                    donor_consent::form_version.eq(form_version),
                    donor_consent::document.eq(document),
                    donor_consent::given_at.eq(given_at.naive()),
                ))
                .execute(db)?;
        }
        Event::ConsentWithdrawn { number, withdrawn_at, .. } => {
            diesel::update(donor_consent::table.find((code, column(*number)?)))
                .set(donor_consent::withdrawn_at.eq(Some(withdrawn_at.naive())))
                .execute(db)?;
        }
        Event::SampleDrawn { number, purpose, drawn_at, matrix } => {
            diesel::insert_into(donor_sample::table)
                .values((
                    donor_sample::donor.eq(code),
                    donor_sample::number.eq(column(*number)?),
                    donor_sample::purpose.eq(purpose.code()),
                    donor_sample::drawn_at.eq(drawn_at.naive()),
                    donor_sample::matrix.eq(matrix.code()),
                ))
                .execute(db)?;
        }
        Event::MarkerReported {
            sample, marker, reaction, laboratory, report, reported_at, ..
        } => {
            diesel::insert_into(donor_result::table)
                .values((
                    donor_result::donor.eq(code),
                    donor_result::version.eq(super::snapshot::version(recorded.version)?),
                    donor_result::sample.eq(column(*sample)?),
                    donor_result::marker.eq(marker.as_str()),
                    donor_result::reaction.eq(reaction.code()),
                    donor_result::laboratory.eq(laboratory),
                    donor_result::report.eq(report),
                    donor_result::reported_at.eq(reported_at.naive()),
                    donor_result::recorded_by.eq(recorded.actor.as_str()),
                ))
                .execute(db)?;
            if *reaction == Reaction::Reactive {
                diesel::update(donor::table.find(code))
                    .set(donor::reactive.eq(donor::reactive + 1))
                    .execute(db)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn suspend(db: &mut Db, code: &str, cause: &Cause) -> Result<(), Failure> {
    let stored: i32 = donor::table.find(code).select(donor::standing).first(db)?;
    let held = Disposition::OnHold.max(disposition(stored)?);
    stand(db, code, held, &cause.text())
}

fn stand(db: &mut Db, code: &str, to: Disposition, because: &str) -> Result<(), Failure> {
    diesel::update(donor::table.find(code))
        .set((donor::standing.eq(to.strictness()), donor::because.eq(because)))
        .execute(db)?;
    genealogy::set_standing(db, &Node::new(NodeKind::Donor, code), to)
}

/// Projects one event of a donation.
pub(super) fn project_donation(
    db: &mut Db,
    recorded: &Recorded,
    event: &donation::Event,
) -> Result<(), Failure> {
    let donation::Event::Received {
        donor,
        tissue,
        donated_at,
        received_at,
        amount,
        temperature,
        container,
        sequence,
        ..
    } = event;
    let din = recorded.stream.id();
    diesel::insert_into(donations::table)
        .values((
            donations::din.eq(din),
            donations::donor.eq(donor.as_str()),
            donations::tissue.eq(tissue.code()),
            donations::donated_at.eq(donated_at.naive()),
            donations::received_at.eq(received_at.naive()),
            donations::received_by.eq(recorded.actor.as_str()),
            donations::temperature.eq(temperature.to_string()),
            donations::amount.eq(amount.to_string()),
            donations::container.eq(container.as_str()),
            donations::sequence.eq(sequence.as_ref().map(DonationSequenceId::as_str)),
        ))
        .execute(db)?;
    let node = Node::new(NodeKind::Donation, din);
    genealogy::link(db, &Node::donor(donor), &node)?;
    genealogy::link(db, &node, &Node::container(container))
}

/// A donor, as lists need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DonorRow {
    /// The pseudonymous code.
    pub code: String,
    /// Pseudonymous reference of the tested person.
    pub tested_person: String,
    /// Relation of the tested person to the donor.
    pub relation: Relation,
    /// Whether the donor's material may be used.
    pub standing: Disposition,
    /// Why.
    pub because: String,
    /// When it was registered.
    pub registered_at: Instant,
    /// How many reactive results there are.
    pub reactive: i32,
    /// The newest donation, if there is one.
    pub donation: Option<DonationRow>,
}

/// A donation, as lists need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DonationRow {
    /// Its number.
    pub din: Din,
    /// Who gave it.
    pub donor: DonorCode,
    /// What was given.
    pub tissue: Tissue,
    /// When it was given.
    pub donated_at: Instant,
    /// When it was received.
    pub received_at: Instant,
    /// How much: the length of a cord, the volume of a liquid.
    pub amount: Quantity,
    /// The collection pot.
    pub container: ContainerCode,
    /// Its donation identification sequence, where the site was a tissue establishment.
    pub sequence: Option<String>,
}

impl DonationRow {
    /// What the eligibility rules need of it.
    pub fn fact(&self) -> DonationFact {
        DonationFact { din: self.din.clone(), donated_at: self.donated_at, tissue: self.tissue }
    }
}

type RawDonor = (String, String, String, i32, String, NaiveDateTime, i32);
type RawDonation =
    (String, String, String, NaiveDateTime, NaiveDateTime, String, String, Option<String>);

/// Donors, newest first; `after` pages on from a code.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(db: &mut Db, search: &str, offset: i64, limit: i64) -> Result<Vec<DonorRow>, Failure> {
    let like = format!("%{}%", search.replace(['%', '_'], ""));
    let rows: Vec<RawDonor> = donor::table
        .filter(donor::code.like(&like).or(donor::tested_person.like(&like)))
        .order(donor::code.desc())
        .offset(offset)
        .limit(limit)
        .select((
            donor::code,
            donor::tested_person,
            donor::relation,
            donor::standing,
            donor::because,
            donor::registered_at,
            donor::reactive,
        ))
        .load(db)?;
    let codes: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    let given = donations_where(db, &codes)?;
    rows.into_iter()
        .map(|(code, tested_person, relation, standing, because, registered_at, reactive)| {
            Ok(DonorRow {
                donation: given.iter().rev().find(|row| row.donor.as_str() == code).cloned(),
                relation: Relation::parse(&relation).ok_or_else(|| corrupt("relation"))?,
                standing: disposition(standing)?,
                registered_at: Instant::from_naive(registered_at),
                code,
                tested_person,
                because,
                reactive,
            })
        })
        .collect()
}

/// How many donors there are, all together and by standing from released to rejected.
///
/// # Errors
/// When the database fails.
pub fn counts(db: &mut Db) -> Result<Vec<(Disposition, i64)>, Failure> {
    Disposition::ALL
        .into_iter()
        .map(|of| {
            let count =
                donor::table.filter(donor::standing.eq(of.strictness())).count().get_result(db)?;
            Ok((of, count))
        })
        .collect()
}

fn donations_where(db: &mut Db, donors: &[&str]) -> Result<Vec<DonationRow>, Failure> {
    let rows: Vec<RawDonation> = donations::table
        .filter(donations::donor.eq_any(donors))
        .order((donations::donated_at, donations::din))
        .select((
            donations::din,
            donations::donor,
            donations::tissue,
            donations::donated_at,
            donations::received_at,
            donations::amount,
            donations::container,
            donations::sequence,
        ))
        .load(db)?;
    rows.into_iter()
        .map(|(din, donor, tissue, donated_at, received_at, amount, container, sequence)| {
            Ok(DonationRow {
                din: Din::parse(&din).map_err(|_| corrupt("din"))?,
                donor: DonorCode::parse(&donor).map_err(|_| corrupt("donor"))?,
                tissue: Tissue::parse(&tissue).ok_or_else(|| corrupt("tissue"))?,
                donated_at: Instant::from_naive(donated_at),
                received_at: Instant::from_naive(received_at),
                amount: amount.parse().map_err(|_| corrupt("amount"))?,
                container: ContainerCode::parse(&container).map_err(|_| corrupt("container"))?,
                sequence,
            })
        })
        .collect()
}

/// What a donor gave, oldest first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn donations_of(db: &mut Db, code: &DonorCode) -> Result<Vec<DonationRow>, Failure> {
    donations_where(db, &[code.as_str()])
}

/// The donor who is a patient in person, where one is registered.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn of_recipient(db: &mut Db, patient: &PatientCode) -> Result<Option<DonorCode>, Failure> {
    let code: Option<String> = donor::table
        .filter(donor::recipient.eq(patient.as_str()))
        .select(donor::code)
        .first(db)
        .optional()?;
    code.map(|code| DonorCode::parse(&code).map_err(|_| corrupt("code"))).transpose()
}

/// What the infectious-marker tests of a donor found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Testing {
    /// A marker was reactive.
    Reactive,
    /// Nothing is decided on it yet.
    Open,
    /// Nothing was reactive.
    Clear,
}

/// What the infectious-marker tests of a donor found.
///
/// # Errors
/// When the database fails.
pub fn testing_of(db: &mut Db, code: &DonorCode) -> Result<Testing, Failure> {
    let row: Option<(i32, Option<NaiveDateTime>)> = donor::table
        .find(code.as_str())
        .select((donor::reactive, donor::decided_at))
        .first(db)
        .optional()?;
    Ok(match row {
        Some((reactive, _)) if reactive > 0 => Testing::Reactive,
        Some((_, Some(_))) => Testing::Clear,
        _ => Testing::Open,
    })
}

/// Donors as origins of a thing, each with the only patient who may get their cells.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn origins(db: &mut Db, donors: &[DonorCode]) -> Result<Vec<Origin>, Failure> {
    let codes: Vec<&str> = donors.iter().map(DonorCode::as_str).collect();
    let rows: Vec<(String, Option<String>)> = donor::table
        .filter(donor::code.eq_any(codes))
        .order(donor::code)
        .select((donor::code, donor::recipient))
        .load(db)?;
    rows.into_iter()
        .map(|(code, recipient)| {
            let recipient = recipient.map(|only| PatientCode::parse(&only));
            Ok(Origin {
                donor: DonorCode::parse(&code).map_err(|_| corrupt("code"))?,
                recipient: recipient.transpose().map_err(|_| corrupt("recipient"))?,
            })
        })
        .collect()
}

/// The donors that a container comes from, by the genealogy.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn origins_of(db: &mut Db, container: &Container) -> Result<Vec<Origin>, Failure> {
    let node = Node::new(NodeKind::Container, &container.code);
    let donors = super::batch::donors_of(db, &node)?;
    origins(db, &donors)
}

/// The next free donor code.
///
/// # Errors
/// When the database fails.
pub fn next_code(db: &mut Db) -> Result<DonorCode, Failure> {
    let count: i64 = donor::table.count().get_result(db)?;
    DonorCode::parse(&format!("DNR-{:04}", count.saturating_add(1)))
        .map_err(|error| Failure::Broken(error.to_string()))
}

fn disposition(strictness: i32) -> Result<Disposition, Failure> {
    Disposition::from_strictness(strictness).ok_or_else(|| corrupt("standing"))
}

fn column(number: u32) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::Broken(format!("{number} is too large")))
}

fn corrupt(column: &str) -> Failure {
    DbError::Corrupt(format!("a donor row has an unreadable {column}")).into()
}
