//! Containers that enter a step, and containers that must be labelled or stored before it.

use super::assess::Draft;
use super::event::Consumed;
use super::facts::ContainerFact;
use super::refusal::Refusal;
use super::state::Batch;
use crate::domain::Refused;
use crate::domain::account::Account;
use crate::domain::container::{self, Command, Custodian, Fate, LabelCount, Use};
use crate::domain::disposition::Disposition;
use crate::domain::id::{ContainerCode, DonorCode, Name};
use crate::domain::lineage::{self, Crossing, Origin};
use crate::domain::master_record::{Consumption, Input, MasterRecord, Operation, Step};
use crate::domain::quantity::Unit;
use std::collections::BTreeMap;

impl Draft<'_> {
    /// Takes in every scanned container, each by the rules of what it is to the master record.
    pub(super) fn take_in(&mut self) -> Result<(), Refusal> {
        let mut consumed: Vec<Consumed> = Vec::new();
        let mut inside = self.facts.inside.clone();
        for scan in &self.command.consumed {
            let code = &scan.code;
            if consumed.iter().any(|other| other.container == *code) {
                return Err(Refusal::ContainerTwice { container: code.to_string() });
            }
            let fact = self.facts.container(code);
            let fact = fact.ok_or_else(|| Refusal::Unknown { code: code.to_string() })?;
            if let Some(serial) = scan.serial {
                container::check_label(&fact.container, serial)
                    .map_err(|refusal| Refusal::Unusable(Refused::from(refusal)))?;
            }
            let what = self.role_of(fact).ok_or_else(|| Refusal::ContainerForeign {
                container: code.to_string(),
                what: fact.container.contents.title.to_string(),
                step: self.step.title.clone(),
            })?;
            if let Some(input) = self.record.input(&what) {
                self.donors_differ(input, code, fact, &consumed)?;
                self.input_rules(input, code, fact)?;
            }
            self.usable(&what, fact)?;
            self.same_line(&what, code, fact, &mut inside)?;
            consumed.push(consumed_of(what, code, fact));
        }
        for consumption in &self.step.consumes {
            self.count(consumption, &consumed)?;
        }
        self.consumed = consumed;
        Ok(())
    }

    /// What a container is to this step: one of its inputs, or an output of this very batch.
    fn role_of(&self, fact: &ContainerFact) -> Option<Name> {
        let container = &fact.container;
        let own = container.batch.as_ref() == Some(&self.batch.number);
        self.step
            .consumes
            .iter()
            .find(|consumption| match self.record.input(&consumption.what) {
                Some(input) => {
                    !own && input.material == container.contents.material
                        && input.container == container.kind
                }
                None => own && container.output.as_ref() == Some(&consumption.what),
            })
            .map(|consumption| consumption.what.clone())
    }

    fn input_rules(
        &self,
        input: &Input,
        code: &ContainerCode,
        fact: &ContainerFact,
    ) -> Result<(), Refusal> {
        let (held, container) = (&fact.container, code.to_string());
        let passage = held.contents.passage;
        let words = || passage.map_or("no passage".to_owned(), |passage| format!("P{passage}"));
        if input.passage.is_some() && input.passage != passage {
            let wanted = format!("P{} is asked for", input.passage.unwrap_or_default());
            return Err(Refusal::WrongPassage { container, passage: words(), wanted });
        }
        if let Some((max, own)) = self.record.max_passage.zip(passage)
            && own > max
        {
            let wanted = format!("P{max} is the highest allowed");
            return Err(Refusal::WrongPassage { container, passage: words(), wanted });
        }
        let age = self.at.since(held.produced_at);
        if let Some(max) = input.max_age.filter(|max| age > *max) {
            return Err(Refusal::TooOld { container, age: age.text(), max: max.text() });
        }
        if input.reserved && held.reserved_for.as_ref() != self.batch.order.as_ref() {
            let promised = held.reserved_for.is_some();
            if !promised && let Some(order) = &self.batch.order {
                return Err(Refusal::NotReserved { container, order: order.to_string() });
            }
        }
        self.accepted_record(input, container, fact)
    }

    fn accepted_record(
        &self,
        input: &Input,
        container: String,
        fact: &ContainerFact,
    ) -> Result<(), Refusal> {
        let accepted = input.accepts.iter().any(|accepted| {
            fact.record.as_ref().is_some_and(|(id, version)| {
                accepted.id == *id && accepted.versions.contains(version)
            })
        });
        if accepted || input.accepts.is_empty() {
            return Ok(());
        }
        let made_under = fact.record.as_ref().map(|(id, version)| format!("{id}.{version}"));
        let accepted: Vec<String> = input
            .accepts
            .iter()
            .flat_map(|a| a.versions.iter().map(|version| format!("{}.{version}", a.id)))
            .collect();
        Err(Refusal::RecordNotAccepted {
            container,
            made_under: made_under.unwrap_or_else(|| "no master record".to_owned()),
            record: self.record.record.key(),
            accepted: accepted.join(" or "),
        })
    }

    /// ATMP-25: different donors, and no more of them than the record says. Where fewer donors than
    /// containers enter, several containers are of one donor.
    fn donors_differ(
        &self,
        input: &Input,
        code: &ContainerCode,
        fact: &ContainerFact,
        taken: &[Consumed],
    ) -> Result<(), Refusal> {
        let Some(allowed) = input.distinct_donors else { return Ok(()) };
        let several = allowed > 1;
        let all_differ = several && allowed >= input.how_many(self.batch.dose_units.len());
        let mut known: BTreeMap<DonorCode, String> = BTreeMap::new();
        let earlier = self.batch.consumed().chain(taken).filter(|c| c.what == input.name);
        for other in earlier {
            for donor in &other.donors {
                known.insert(donor.clone(), other.container.to_string());
            }
        }
        for donor in fact.origins.iter().map(|origin| &origin.donor) {
            if let Some(other) = known.get(donor) {
                if !all_differ {
                    continue;
                }
                return Err(Refusal::DonorRepeated {
                    container: code.to_string(),
                    donor: donor.to_string(),
                    other: other.clone(),
                });
            }
            let number = u32::try_from(known.len()).unwrap_or(u32::MAX).saturating_add(1);
            if number > allowed {
                return Err(Refusal::DonorTooMany {
                    container: code.to_string(),
                    donor: donor.to_string(),
                    number,
                    allowed,
                });
            }
            known.insert(donor.clone(), code.to_string());
        }
        Ok(())
    }

    /// Cells for one patient only reach that patient and are never mixed (ATMP-21).
    fn same_line(
        &self,
        what: &Name,
        code: &ContainerCode,
        fact: &ContainerFact,
        inside: &mut Vec<Origin>,
    ) -> Result<(), Refusal> {
        let refused = |crossing: Crossing| Refusal::Unusable(Refused::from(crossing));
        lineage::may_mix(code.as_str(), &fact.origins, inside).map_err(refused)?;
        if let Some(reach) = self.facts.reach.as_ref().filter(|_| self.record.input(what).is_some())
        {
            reach.allows(code.as_str(), &fact.origins).map_err(refused)?;
        }
        inside.extend(fact.origins.iter().cloned());
        Ok(())
    }

    /// The container's own rules: live, released, in date, reserved for nobody else, in hand.
    fn usable(&self, what: &Name, fact: &ContainerFact) -> Result<(), Refusal> {
        for command in uses(self.batch, self.record, self.step, what) {
            container::decide(&fact.container, &command, &fact.standing, self.context)
                .map_err(|refusal| Refusal::Unusable(Refused::from(refusal)))?;
        }
        Ok(())
    }

    fn count(&self, consumption: &Consumption, consumed: &[Consumed]) -> Result<(), Refusal> {
        let given = consumed.iter().filter(|c| c.what == consumption.what).count();
        let given = u32::try_from(given).unwrap_or(u32::MAX);
        let (title, needed) = match self.record.input(&consumption.what) {
            Some(input) => {
                let enter = input.how_many(self.batch.dose_units.len());
                (input.title.as_str(), consumption.count.unwrap_or(enter))
            }
            None => {
                let there = self.batch.at_hand(&consumption.what).count();
                let there = u32::try_from(there).unwrap_or(u32::MAX);
                match self.record.output(&consumption.what) {
                    Some(output) => (output.title.text(), consumption.count.unwrap_or(there)),
                    None => return Ok(()),
                }
            }
        };
        if given == needed {
            return Ok(());
        }
        let advice = if given < needed { "Scan the rest" } else { "Put the surplus back" };
        let (what, advice) = (title.to_owned(), advice.to_owned());
        Err(Refusal::ContainerCount { what, needed, given, advice })
    }

    /// Labels on and read back, containers in their positions, labels reconciled.
    pub(super) fn containers_ready(&self) -> Result<(), Refusal> {
        for output in &self.step.labels {
            for fact in self.made(output) {
                let labels = &fact.container.labels;
                let missing = match (labels.valid(), labels.applied()) {
                    (None, _) => "printed",
                    (Some(_), false) => "read back",
                    (Some(_), true) => continue,
                };
                return Err(Refusal::LabelMissing {
                    container: fact.container.code.clone(),
                    what: fact.container.contents.title.to_string(),
                    missing,
                });
            }
        }
        for output in &self.step.stored {
            for fact in self.made(output) {
                let live = fact.container.fate == Fate::Live;
                if live && !matches!(fact.container.custodian, Custodian::Place { .. }) {
                    let container = fact.container.code.clone();
                    return Err(Refusal::NotStored { container });
                }
            }
        }
        if self.step.reconcile_labels { self.labels_reconciled() } else { Ok(()) }
    }

    fn made(&self, output: &Name) -> impl Iterator<Item = &ContainerFact> {
        self.batch
            .produced()
            .filter(move |produced| produced.output == *output)
            .filter_map(|produced| self.facts.container(&produced.container))
    }

    /// ATMP-18: issued = applied + destroyed + kept in the record + lost with a deviation, for
    /// every print.
    fn labels_reconciled(&self) -> Result<(), Refusal> {
        let made = self.batch.produced();
        let made = made.filter_map(|produced| self.facts.container(&produced.container));
        let missing: Vec<LabelCount> =
            made.flat_map(|fact| fact.container.labels_missing()).collect();
        if missing.is_empty() { Ok(()) } else { Err(Refusal::LabelsUnreconciled { missing }) }
    }
}

/// What happens to a container of this role, as commands to it.
pub(super) fn uses(batch: &Batch, record: &MasterRecord, step: &Step, what: &Name) -> Vec<Command> {
    let accepts = match record.input(what) {
        Some(input) => input.disposition,
        // What a batch made itself is in quarantine with the batch, and it may go on.
        None => Disposition::Quarantine,
    };
    let wanted =
        Use { batch: batch.number.clone(), order: batch.order.clone(), accepts, outside_max: None };
    let consume = Command::Consume { wanted: wanted.clone(), step: step.name.clone() };
    match step.operation {
        Operation::Thaw => vec![Command::Thaw { wanted }, consume],
        _ => vec![consume],
    }
}

fn consumed_of(what: Name, code: &ContainerCode, fact: &ContainerFact) -> Consumed {
    let container = &fact.container;
    let identity = container.identity.as_ref().map(|identity| identity.din.clone());
    let now = |unit| container.booked(Account::Output, unit);
    Consumed {
        what,
        container: code.clone(),
        donors: fact.origins.iter().map(|origin| origin.donor.clone()).collect(),
        din: container.donation.clone().or(identity),
        // What is in it now: part of it may have left since it was filled.
        cells: container.contents.viable_cells.map(|_| now(Unit::MillionCells)),
        volume: container.contents.volume.map(|_| now(Unit::Millilitre)),
        expires_at: container.expires_at,
    }
}
