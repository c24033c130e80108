//! What can happen to a batch.

use super::correction::Corrected;
use super::ending::{EndAct, Settled};
use crate::domain::account::Posting;
use crate::domain::actor::Signature;
use crate::domain::id::{
    AssetId, BatchNumber, ContainerCode, DeviationNumber, Din, DonorCode, LotId, MaterialCode,
    Name, OrderNumber, PatientCode,
};
use crate::domain::master_record::RecordRef;
use crate::domain::protocol::DoseUnit;
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// A value of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Value {
    /// A number with its unit.
    Number {
        /// The number.
        quantity: Quantity,
    },
    /// A stated word.
    Choice {
        /// The word.
        word: String,
    },
    /// Free text.
    Text {
        /// The text.
        text: String,
    },
    /// A time.
    Time {
        /// The time.
        at: Instant,
    },
    /// A scanned code.
    Scan {
        /// The code as read.
        code: String,
    },
    /// A statement.
    Confirm {
        /// Whether it was confirmed.
        yes: bool,
    },
}

impl Value {
    /// The number, if it is one.
    pub fn number(&self) -> Option<Quantity> {
        match self {
            Self::Number { quantity } => Some(*quantity),
            _ => None,
        }
    }

    /// The form on screens; times in UTC.
    pub fn text(&self) -> String {
        match self {
            Self::Number { quantity } => quantity.text(),
            Self::Choice { word } => word.clone(),
            Self::Text { text } => text.clone(),
            Self::Time { at } => at.to_string(),
            Self::Scan { code } => code.clone(),
            Self::Confirm { yes: true } => "yes".to_owned(),
            Self::Confirm { yes: false } => "no".to_owned(),
        }
    }
}

/// How a value stands to its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Within all limits, or without any.
    Within,
    /// Outside the alert limit.
    Alert,
    /// Outside the action limit.
    Action,
}

/// A field or calculation of a step with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The field or calculation.
    pub name: Name,
    /// The container it belongs to, where it is asked for each.
    pub item: Option<ContainerCode>,
    /// The value.
    pub value: Value,
    /// How it stands to its limits.
    pub mark: Mark,
}

/// A container that a step used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumed {
    /// The input, or the earlier output, of the master record.
    pub what: Name,
    /// The container.
    pub container: ContainerCode,
    /// The donors its cells come from.
    pub donors: Vec<DonorCode>,
    /// Donation identification number it carried.
    pub din: Option<Din>,
    /// Viable cells it held, `10*6`.
    pub cells: Option<Quantity>,
    /// Volume it held, `mL`.
    pub volume: Option<Quantity>,
    /// When it would have expired.
    pub expires_at: Option<Instant>,
}

/// A container that a step made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    /// The output of the master record.
    pub output: Name,
    /// The container.
    pub container: ContainerCode,
    /// Its number among the containers of that output, from 1.
    pub number: u32,
    /// Viable cells in it, `10*6`.
    pub cells: Option<Quantity>,
    /// Volume in it, `mL`.
    pub volume: Option<Quantity>,
    /// The site it is meant for.
    pub target: Option<Name>,
    /// The container that it is, unopened and labelled anew.
    pub from: Option<ContainerCode>,
}

/// An event of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// It began, with the text of its master record, which it keeps (ATMP-1).
    Started {
        /// Identity, version and hash of the master record.
        record: RecordRef,
        /// The text of that version: the control recipe.
        text: String,
        /// Title of the master record.
        title: String,
        /// The material it makes.
        product: MaterialCode,
        /// The order it is made for.
        order: Option<OrderNumber>,
        /// The patient code of that order.
        patient: Option<PatientCode>,
        /// The dose units of that order.
        dose_units: Vec<DoseUnit>,
        /// Its own donation identification number, where it is a pool.
        din: Option<Din>,
    },
    /// A step was performed.
    StepPerformed {
        /// The step.
        step: Name,
        /// Which repetition of it, from 1.
        occurrence: u32,
        /// What was entered.
        values: Vec<Entry>,
        /// What was calculated from it.
        calculated: Vec<Entry>,
        /// Lots of materials used.
        materials: Vec<LotId>,
        /// Equipment used.
        equipment: Vec<AssetId>,
        /// Containers used up.
        consumed: Vec<Consumed>,
        /// Containers made.
        produced: Vec<Produced>,
        /// What it moved in the book.
        postings: Vec<Posting>,
        /// Deviations it opened.
        deviations: Vec<DeviationNumber>,
        /// When it was performed.
        performed_at: Instant,
        /// Why it was recorded later than performed (ATMP-3).
        late_because: Option<String>,
        /// Signature of who performed it.
        signature: Signature,
    },
    /// Another person verified a performed step.
    StepVerified {
        /// The step.
        step: Name,
        /// Which repetition of it.
        occurrence: u32,
        /// Signature of who verified it.
        signature: Signature,
    },
    /// A signed value was corrected; the old one stays (ATMP-3, 21 CFR 11.10(e)).
    ValueCorrected {
        /// The value before and after, why, and what followed from it.
        corrected: Corrected,
        /// Deviations it opened.
        deviations: Vec<DeviationNumber>,
        /// Signature of who corrected.
        signature: Signature,
    },
    /// Another person verified a correction (ATMP-4).
    CorrectionVerified {
        /// Its number among the corrections of the batch.
        number: u32,
        /// Signature of who verified it.
        signature: Signature,
    },
    /// Something foreign was found while a line clearance was open (ATMP-7).
    ForeignItemFound {
        /// The line clearance.
        step: Name,
        /// The code as read.
        item: String,
        /// What it is, in words.
        what: String,
        /// Why it may not be there.
        because: String,
        /// The deviation it opened.
        deviation: DeviationNumber,
    },
    /// It was taken away.
    ForeignItemRemoved {
        /// The line clearance.
        step: Name,
        /// The code as read.
        item: String,
        /// Where it was taken.
        to: String,
    },
    /// QA signed a hold point; work may go on.
    HoldPointSigned {
        /// The hold point.
        hold_point: Name,
        /// Signature of QA.
        signature: Signature,
    },
    /// Everything mandatory is done; it waits for review.
    Completed {
        /// Steps performed, with repetitions.
        performances: u32,
    },
    /// Everything of it that was open has its decision: it is given up or rejected (ATMP-39).
    Settled {
        /// How it ends.
        act: EndAct,
        /// Why, in words.
        because: String,
        /// What was open, and what becomes of each.
        items: Vec<Settled>,
        /// What that moves in the book.
        postings: Vec<Posting>,
        /// Who decided.
        signature: Signature,
        /// Who saw what was destroyed.
        witness: Option<Signature>,
    },
    /// It was given up.
    Aborted {
        /// Why, in words.
        because: String,
        /// Who decided.
        signature: Signature,
    },
}

/// The number of a batch inside a stream name.
pub(super) fn number_of(id: &str) -> Option<BatchNumber> {
    BatchNumber::parse(id).ok()
}
