//! What analysts and QA sign about a test: interim reading, result, review, return, invalidation.
//! A final result out of specification opens a deviation and, where the product is certified
//! already, names everybody who must be told: all in one transaction.
//!
//! Neighbours: `domain::quality` and `domain::release` decide.
//!
//! Architecture invariant: what is signed is [`TestShown`] with the values as they will be kept.

use serde::Serialize;

use super::content;
use super::signature::covers;
use super::test_record::facts;
use super::{App, Caller};
use crate::db::Db;
use crate::domain::actor::{Capability, Meaning, Signature};
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{BatchNumber, ContentHash, DeviationNumber, Name, OrderNumber};
use crate::domain::quality::{
    self, Command, Observation, ResultValue, Specification, TestRequest, Verdict,
};
use crate::domain::release::{self, Failing, Recipient, Release};
use crate::domain::time::Instant;
use crate::store::{Failure, Tx, genealogy, ledger, release as table};

/// Something signed about a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum TestAct {
    /// Read before the end, negative to date.
    Interim {
        /// When.
        read_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
    },
    /// A result.
    Result {
        /// An observation for every criterion.
        observations: Vec<(Name, Observation)>,
        /// When the test ended.
        tested_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
    },
    /// Review of the newest result.
    Review {
        /// The result.
        number: u32,
    },
    /// Send the newest result back.
    Return {
        /// The result.
        number: u32,
        /// What is wrong.
        because: String,
    },
    /// Declare the newest result invalid for an assignable laboratory cause.
    Invalidate {
        /// The result.
        number: u32,
        /// The cause.
        because: String,
        /// The deviation that holds the investigation.
        deviation: DeviationNumber,
    },
}

impl TestAct {
    /// What the signature must mean.
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Interim { .. } | Self::Result { .. } => Meaning::Performed,
            Self::Review { .. } | Self::Return { .. } => Meaning::Reviewed,
            Self::Invalidate { .. } => Meaning::Approved,
        }
    }

    /// Who may.
    pub fn capability(&self) -> Capability {
        match self {
            Self::Interim { .. } | Self::Result { .. } => Capability::RecordResults,
            Self::Review { .. } | Self::Return { .. } => Capability::ReviewResults,
            Self::Invalidate { .. } => Capability::DecideDeviation,
        }
    }
}

/// What is shown of a test to the person who signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestShown {
    /// `<batch>.<test>`.
    pub test: String,
    /// Number of events so far.
    pub version: u64,
    /// The sample.
    pub sample: Option<String>,
    /// The specification, as the request keeps it.
    pub specification: Specification,
    /// The values that are signed: of a new result as they will be kept, of a review as they are.
    pub values: Vec<ResultValue>,
    /// The worst verdict of the values.
    pub verdict: Option<Verdict>,
    /// When the test ended, of a new result.
    pub tested_at: Option<Instant>,
}

impl TestShown {
    /// The hash a signature covers.
    ///
    /// # Errors
    /// Never in practice; see [`content::hash`].
    pub fn hash(&self) -> Result<ContentHash, Failure> {
        content::hash(self)
    }
}

/// The test request of an identity.
///
/// # Errors
/// When it does not exist or the database fails.
pub fn test_find(db: &mut Db, id: &str) -> Result<TestRequest, Failure> {
    ledger::load(db, id)?.ok_or_else(|| Failure::not_found(format!("There is no test {id}.")))
}

/// What is shown before signing this act: the newest result for a review, the new values for a
/// result, the state alone for an interim reading.
///
/// # Errors
/// When the values do not fit the specification.
pub fn test_shown(request: &TestRequest, act: &TestAct) -> Result<TestShown, Failure> {
    let mut shown = TestShown {
        test: request.id.clone(),
        version: request.version,
        sample: request.sample.as_ref().map(ToString::to_string),
        specification: request.specification.clone(),
        values: Vec::new(),
        verdict: None,
        tested_at: None,
    };
    match act {
        TestAct::Interim { .. } => {}
        TestAct::Result { observations, tested_at, .. } => {
            let (values, verdict) = quality::evaluate(&request.specification, observations)?;
            shown.values = values;
            shown.verdict = Some(verdict);
            shown.tested_at = Some(*tested_at);
        }
        TestAct::Review { .. } | TestAct::Return { .. } | TestAct::Invalidate { .. } => {
            if let Some(result) = request.latest() {
                shown.values.clone_from(&result.values);
                shown.verdict = Some(result.verdict);
                shown.tested_at = Some(result.tested_at);
            }
        }
    }
    Ok(shown)
}

/// Records what was signed about a test; gives the number of the deviation that it opened, if it
/// did.
///
/// # Errors
/// What `domain::quality` refuses; that the content changed since it was shown; or that the
/// database failed.
pub fn test_sign(
    app: &App,
    caller: &Caller,
    id: &str,
    act: TestAct,
    signature: Signature,
) -> Result<Option<String>, Failure> {
    caller.needs(act.capability())?;
    let id = id.to_owned();
    let request = ("test_sign", id.clone(), act.clone());
    app.write(caller, &request, move |tx| {
        let request: TestRequest = tx.require(&id)?;
        covers(&signature, &test_shown(&request, &act)?.hash()?)?;
        let command = command(&act, &signature);
        let facts = facts(tx, &command)?;
        let context = tx.context();
        let changes = quality::decide(&request, &command, &facts, &context)?;
        let opened = changes
            .iter()
            .find(|change| change.stream.kind() == "deviation")
            .map(|change| change.stream.id().to_owned());
        tx.record(changes)?;
        if opened.is_some() {
            late_failure(tx, &request, facts.next_deviation)?;
        }
        Ok(opened)
    })
}

fn command(act: &TestAct, signature: &Signature) -> Command {
    let signature = signature.clone();
    match act.clone() {
        TestAct::Interim { read_at, late_because } => {
            Command::ReadInterim { read_at, late_because, signature }
        }
        TestAct::Result { observations, tested_at, late_because } => {
            Command::Record { observations, tested_at, late_because, signature }
        }
        TestAct::Review { number } => Command::Review { number, signature },
        TestAct::Return { number, because } => Command::Return { number, because, signature },
        TestAct::Invalidate { number, because, deviation } => {
            Command::Invalidate { number, because, deviation, signature }
        }
    }
}

/// Where the batch is certified already, records that it is out of specification now and who must
/// be told.
fn late_failure(
    tx: &mut Tx<'_>,
    request: &TestRequest,
    deviation: DeviationNumber,
) -> Result<(), Failure> {
    let batch = &request.batch;
    let release: Option<Release> = tx.load(batch.as_str())?;
    let result = request.latest().map_or_else(String::new, |result| {
        let values: Vec<String> = result
            .values
            .iter()
            .filter(|value| value.verdict == Verdict::Fail)
            .map(|value| request.value_text(value))
            .collect();
        values.join("; ")
    });
    let failing = Failing {
        test: request.test.clone(),
        result,
        deviation,
        recipients: recipients(tx, batch, release.as_ref())?,
    };
    tx.record(release::late_failure(release.as_ref(), batch, &failing))
}

/// Who must be told of a late failure: the QP who certified, the sponsor's contact, and the
/// treating physician of every order the product went to (ATMP-34 (d)).
fn recipients(
    tx: &mut Tx<'_>,
    batch: &BatchNumber,
    release: Option<&Release>,
) -> Result<Vec<Recipient>, Failure> {
    let mut told: Vec<Recipient> = Vec::new();
    if let Some(certified) = release.and_then(Release::certified) {
        told.push(Recipient {
            who: certified.signature.login.to_string(),
            capacity: "Qualified Person who certified".to_owned(),
            order: None,
        });
    }
    told.push(Recipient {
        who: "sponsor".to_owned(),
        capacity: "sponsor's contact".to_owned(),
        order: None,
    });
    let reached = genealogy::descendants(tx.db(), &Node::batch(batch))?;
    for node in reached.iter().filter(|node| node.kind() == NodeKind::Order) {
        let Ok(order) = OrderNumber::parse(node.id()) else {
            continue;
        };
        let physician = table::ordered(tx.db(), &order)?.map(|(_, login)| login);
        let mut who = physician.unwrap_or_else(|| format!("physician of {order}"));
        if told.iter().any(|recipient| recipient.who == who) {
            who = format!("{who} for {order}");
        }
        told.push(Recipient { who, capacity: "treating physician".to_owned(), order: Some(order) });
    }
    Ok(told)
}
