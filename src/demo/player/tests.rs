//! The tests of a batch: begun when their sample is there, ended within their specification.

use rust_decimal::Decimal;

use super::Player;
use crate::demo::laboratory;
use crate::demo::release;
use crate::demo::stage::Trouble;
use crate::domain::id::{BatchNumber, Name};
use crate::domain::master_record::MasterRecord;
use crate::domain::quality::{Criterion, Limit, Observation, Status, TestRequest};
use crate::domain::quantity::{Quantity, Rounding};
use crate::domain::time::Instant;
use crate::store::{batch as batches, container, ledger, quality};

impl Player<'_> {
    /// Begins every test whose sample is there and wears its label.
    pub(super) fn samples(
        &mut self,
        batch: &BatchNumber,
        record: &MasterRecord,
    ) -> Result<(), Trouble> {
        for request in self.requests(batch)? {
            let Some(sample) = request.sample.as_ref() else { continue };
            if request.status != Status::Sampled {
                continue;
            }
            let held = self.stage.read(|db| container::require(db, sample))?;
            let output = held.output.as_ref().and_then(|output| record.output(output));
            if held.labels.applied() || output.is_some_and(|output| output.label.is_none()) {
                laboratory::begin(self.stage, batch, request.test.as_str(), sample)?;
            }
        }
        Ok(())
    }

    /// Ends every test that may end, and reads those that may not yet.
    pub(super) fn results(&mut self, batch: &BatchNumber) -> Result<(), Trouble> {
        for request in self.requests(batch)? {
            if !matches!(request.status, Status::InTest | Status::InterimNegative) {
                continue;
            }
            if request.final_from().is_some_and(|from| from > self.stage.app.clock.now()) {
                laboratory::interim(self.stage, batch, request.test.as_str())?;
                continue;
            }
            let found = request.specification.criteria.iter().map(observation);
            let found: Vec<(Name, Observation)> = found.collect();
            laboratory::observed(self.stage, &request.id, found)?;
        }
        Ok(())
    }

    /// Waits for every result of a batch, has it reviewed and certified finally.
    pub(super) fn release(&mut self, batch: &BatchNumber) -> Result<(), Trouble> {
        if let Some(at) = self.final_from(batch)? {
            self.stage.until(at);
        }
        self.results(batch)?;
        release::review(self.stage, batch)?;
        release::certify_final(self.stage, batch)?;
        let state = self.stage.read(|db| batches::require(db, batch))?;
        let tests = self.requests(batch)?.len();
        self.stage.voice.fact(format!(
            "{batch} ({}): {} steps, {} containers, {tests} tests passed, certified",
            state.record.key(),
            state.performances.len(),
            state.produced().count()
        ));
        Ok(())
    }

    /// When the last test of a batch that is under way may end.
    pub(super) fn final_from(&self, batch: &BatchNumber) -> Result<Option<Instant>, Trouble> {
        let open = self.requests(batch)?;
        let open = open.iter().filter(|request| !request.status.is_final());
        Ok(open.filter_map(TestRequest::final_from).max())
    }

    /// Whether a test of a batch has no result yet.
    pub(super) fn pending(&self, batch: &BatchNumber) -> Result<bool, Trouble> {
        Ok(self.requests(batch)?.iter().any(|request| !request.status.is_final()))
    }

    fn requests(&self, batch: &BatchNumber) -> Result<Vec<TestRequest>, Trouble> {
        let rows = self.stage.read(|db| quality::of_batch(db, batch))?;
        let mut requests = Vec::new();
        for row in rows {
            let found = self.stage.read(|db| ledger::load::<TestRequest>(db, &row.id))?;
            requests.extend(found);
        }
        Ok(requests)
    }
}

/// An observation well within the limit of a criterion.
fn observation(criterion: &Criterion) -> (Name, Observation) {
    let percent = criterion.unit == crate::domain::quantity::Unit::Percent;
    let number = |value: Decimal| Observation::Number {
        value: Quantity::new(value, criterion.unit).rounded(criterion.decimals, Rounding::HalfUp),
    };
    let middle = |low: Decimal, high: Decimal| {
        let sum = low.checked_add(high).unwrap_or(low);
        number(sum.checked_div(Decimal::TWO).unwrap_or(low))
    };
    let above = |bound: Decimal| match percent {
        true => middle(bound, Decimal::ONE_HUNDRED),
        false => middle(bound, bound.saturating_mul(Decimal::TWO).max(Decimal::TWO)),
    };
    let observation = match &criterion.limit {
        Limit::AtLeast { value } | Limit::Above { value } => above(*value),
        Limit::AtMost { value } | Limit::Below { value } => middle(Decimal::ZERO, *value),
        Limit::Range { low, high } => middle(*low, *high),
        Limit::Equals { text } => Observation::Text { text: text.clone() },
        Limit::Negative => Observation::NotDetected,
        Limit::ReportOnly => Observation::Text { text: "reported, nothing unusual".to_owned() },
    };
    (criterion.name.clone(), observation)
}
