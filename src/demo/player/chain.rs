//! Makes what a record needs: by the record that makes it, and so on down to the donors.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Player;
use super::patient::{OTHER_PATIENT, PATIENT};
use super::process::maker;
use crate::app::site::rules_at;
use crate::demo::donors::{self, Giving};
use crate::demo::stage::Trouble;
use crate::domain::id::{ContainerCode, MaterialCode, Name, PatientCode};
use crate::domain::master_record::{Input, MasterRecord};
use crate::domain::time::Span;
use crate::store::batch as batches;

/// How long before its arrival something was donated.
const DONATED_BEFORE: Span = Span::of_hours(3);
/// How long the laboratory takes for the markers of a donor.
const MARKERS_TAKE: Span = Span::of_hours(18);

/// The containers for each input of a batch.
pub(super) type Inputs = BTreeMap<Name, Vec<ContainerCode>>;

/// So many containers of some sources: one of each first, then the second of each.
fn chosen(
    input: &Input,
    sources: &[Vec<ContainerCode>],
    count: u32,
) -> Result<Vec<ContainerCode>, Trouble> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let deepest = sources.iter().map(Vec::len).max().unwrap_or(0);
    let turns = (0..deepest).flat_map(|at| sources.iter().filter_map(move |one| one.get(at)));
    let chosen: Vec<ContainerCode> = turns.take(count).cloned().collect();
    if chosen.len() == count {
        return Ok(chosen);
    }
    Err(Trouble::Missing(format!("{count} × {}, there are {}", input.title, chosen.len())))
}

impl Player<'_> {
    /// Containers for the inputs of so many batches of a record, each as many as `count` says. All
    /// sources of an input are asked at once, so that nothing waits for the next and grows old.
    pub(super) fn inputs(
        &mut self,
        record: &MasterRecord,
        times: u32,
        count: impl Fn(&Input) -> Option<u32>,
    ) -> Result<Vec<Inputs>, Trouble> {
        let mut inputs = vec![Inputs::new(); usize::try_from(times).unwrap_or(0)];
        for input in &record.inputs {
            let Some(count) = count(input) else { continue };
            let donors = input.distinct_donors.unwrap_or(1).clamp(1, count.max(1));
            let made = self.sources(input, donors.saturating_mul(times))?;
            let each = usize::try_from(donors).unwrap_or(1);
            for (own, sources) in inputs.iter_mut().zip(made.chunks(each)) {
                own.insert(input.name.clone(), chosen(input, sources, count)?);
            }
        }
        Ok(inputs)
    }

    /// Everything of an input's material from so many sources: batches of the record that makes it,
    /// or donors.
    pub(super) fn sources(
        &mut self,
        input: &Input,
        times: u32,
    ) -> Result<Vec<Vec<ContainerCode>>, Trouble> {
        match maker(&self.records, input) {
            Some(record) => self.make(&record, times, &input.material),
            None => self.donated(times, &input.material),
        }
    }

    /// So many batches of a record side by side, released; the containers of a material of each.
    fn make(
        &mut self,
        record: &Arc<MasterRecord>,
        times: u32,
        material: &MaterialCode,
    ) -> Result<Vec<Vec<ContainerCode>>, Trouble> {
        let inputs = self.inputs(record, times, |input| Some(input.count))?;
        let now = self.stage.app.clock.now();
        self.stage.voice.chapter(&record.title, now);
        let mut runs = Vec::new();
        for inputs in inputs {
            runs.push(self.start(record, None, inputs)?);
        }
        self.perform(&runs)?;
        let mut made = Vec::new();
        for run in &runs {
            self.release(&run.batch)?;
            let batch = self.stage.read(|db| batches::require(db, &run.batch))?;
            let of = |name: &Name| record.output(name).is_some_and(|o| o.material == *material);
            let own = batch.produced().filter(|made| of(&made.output));
            made.push(own.map(|made| made.container.clone()).collect());
        }
        Ok(made)
    }

    /// The patient that the next donor is, where the cells are the patient's own.
    fn next_recipient(&mut self) -> Result<Option<PatientCode>, Trouble> {
        let Some(patients) = &mut self.patients else { return Ok(None) };
        *patients = patients.saturating_add(1);
        let code = if *patients == 1 { PATIENT } else { OTHER_PATIENT };
        Ok(Some(PatientCode::parse(code)?))
    }

    /// One donation each of so many donors, all of them eligible.
    fn donated(
        &mut self,
        donors: u32,
        material: &MaterialCode,
    ) -> Result<Vec<Vec<ContainerCode>>, Trouble> {
        let site = self.stage.app.config.site.clone();
        let mut given = Vec::new();
        for _ in 0..donors {
            let now = self.stage.app.clock.now();
            let rules = rules_at(&site, now)?;
            let receipt = rules.receipts.iter().find(|receipt| receipt.material == *material);
            let tissue = receipt.map(|receipt| receipt.tissue);
            let tissue =
                tissue.ok_or_else(|| Trouble::Missing(format!("a maker of {material}")))?;
            let giving = Giving { tissue, recipient: self.next_recipient()? };
            given.push(donors::arrive(self.stage, now.minus(DONATED_BEFORE), &giving)?);
        }
        self.try_ineligible(given.first())?;
        let now = self.stage.app.clock.now();
        self.stage.until(now.plus(MARKERS_TAKE));
        for gift in &given {
            donors::report(self.stage, gift, None)?;
            donors::decide(self.stage, gift)?;
            self.stage.voice.fact(format!("{} eligible, {} received", gift.donor, gift.pot));
        }
        Ok(given.into_iter().map(|gift| vec![gift.pot]).collect())
    }
}
