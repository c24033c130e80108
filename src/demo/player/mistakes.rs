//! Mistakes that any process refuses, each tried once, where the process gives the occasion.

use super::bench::Run;
use super::patient::{OTHER_PATIENT, PATIENT};
use super::{Player, dose};
use crate::app::order_place::{OrderPlace, try_place};
use crate::demo::donors::Cord;
use crate::demo::stage::Trouble;
use crate::demo::work::{self, Work};
use crate::demo::{clinic, order, release};
use crate::domain::batch::PerformStep;
use crate::domain::custody::Scan;
use crate::domain::id::{BatchNumber, ContainerCode, Name, OrderNumber};
use crate::domain::master_record::Step;
use crate::domain::protocol::Protocol;
use crate::domain::time::Span;

/// What was tried so far.
#[derive(Debug, Default)]
pub(super) struct Tried {
    known: std::collections::BTreeSet<&'static str>,
}

impl Tried {
    /// Whether it was not tried before; it counts as tried from now on.
    pub(super) fn first(&mut self, what: &'static str) -> bool {
        self.known.insert(what)
    }
}

impl Player<'_> {
    /// Before the first step of a process: its second step. Before the first step that takes
    /// something in: the step without it.
    pub(super) fn try_before(
        &mut self,
        run: &Run,
        step: &Step,
        work: &Work,
    ) -> Result<(), Trouble> {
        let second = run.record.steps.iter().find(|other| other.after.contains(&step.name));
        if let Some(second) = second
            && self.mistakes.first("order of steps")
        {
            let early = Work::of(&run.batch, PerformStep::now(second.name.clone()));
            let outcome = work::attempt(self.stage, &early)?;
            let tried = format!("'{}' before '{}'", second.title, step.title);
            self.stage.refused(&tried, outcome)?;
        }
        if !work.command().consumed.is_empty() && self.mistakes.first("missing container") {
            let empty = PerformStep { consumed: Vec::new(), ..work.command().clone() };
            let outcome = work::attempt(self.stage, &Work::of(&run.batch, empty))?;
            let tried = format!("'{}' without scanning what it uses", step.title);
            self.stage.refused(&tried, outcome)?;
        }
        if work.command().materials.len() > 1 && self.mistakes.first("missing material") {
            let mut less = work.command().clone();
            less.materials.pop();
            let outcome = work::attempt(self.stage, &Work::of(&run.batch, less))?;
            let tried = format!("'{}' with one lot not scanned", step.title);
            self.stage.refused(&tried, outcome)?;
        }
        Ok(())
    }

    /// The performer verifies the own step.
    pub(super) fn try_own_verification(
        &mut self,
        batch: &BatchNumber,
        step: &Name,
        occurrence: u32,
    ) -> Result<(), Trouble> {
        if !self.mistakes.first("own verification") {
            return Ok(());
        }
        let ana = self.stage.people.ana.clone();
        let outcome = work::verify(self.stage, &ana, batch, step, occurrence)?;
        self.stage.refused("verify one's own step", outcome)
    }

    /// QA decides on a donor whose results are not there.
    pub(super) fn try_ineligible(&mut self, gift: Option<&Cord>) -> Result<(), Trouble> {
        let Some(gift) = gift.filter(|_| self.mistakes.first("eligibility")) else {
            return Ok(());
        };
        let act = crate::app::donor_decide::DonorAct::Eligibility {
            eligible: true,
            remark: String::new(),
        };
        let outcome = crate::demo::donors::act(self.stage, &gift.donor, act)?;
        self.stage.refused("find a donor eligible before the laboratory reported", outcome)
    }

    /// Orders that the protocol does not allow.
    pub(super) fn try_orders(
        &mut self,
        protocol: &Protocol,
        wished: &OrderPlace,
    ) -> Result<(), Trouble> {
        let now = self.stage.app.clock.now();
        for (tried, dose) in dose::wrong(protocol, &wished.dose, now) {
            self.refused_order(&tried, &OrderPlace { dose, ..wished.clone() })?;
        }
        if let Some((criterion, holds)) = wished.answers.first() {
            let mut unfit = wished.clone();
            unfit.answers = vec![(criterion.clone(), !holds)];
            unfit.answers.extend(wished.answers.iter().skip(1).cloned());
            self.refused_order("order for a patient who does not fulfil a criterion", &unfit)?;
        }
        Ok(())
    }

    /// An order that is refused before it is signed, as the form does.
    fn refused_order(&mut self, tried: &str, command: &OrderPlace) -> Result<(), Trouble> {
        let caller = self.stage.by(&self.stage.people.gaja);
        let outcome = try_place(&self.stage.app, &caller, command);
        self.stage.refused(tried, outcome)
    }

    /// Cells that may not reach the patient: of a second donor, or another patient's own.
    pub(super) fn try_other_source(
        &mut self,
        number: &OrderNumber,
        other: Option<&ContainerCode>,
    ) -> Result<(), Trouble> {
        let Some(other) = other else { return Ok(()) };
        let outcome = order::allocate(self.stage, number, other, Some("it stood in front"));
        let whose = match self.patients {
            Some(_) => format!("of {OTHER_PATIENT}"),
            None => "of a second donor".to_owned(),
        };
        self.stage.refused(&format!("reserve a unit {whose} for {PATIENT}"), outcome)
    }

    /// The Qualified Person certifies before QA has reviewed.
    pub(super) fn try_certify(&mut self, batch: &BatchNumber) -> Result<(), Trouble> {
        let outcome = release::try_certify_initial(self.stage, batch)?;
        self.stage.refused("certify before the review", outcome)
    }

    /// Somebody else lies in the bed; a unit that must be thawed is given as it is.
    pub(super) fn try_other_patient(
        &mut self,
        number: &OrderNumber,
        unit: &ContainerCode,
        scan: &Scan,
        thawed: bool,
    ) -> Result<(), Trouble> {
        let outcome = clinic::try_give(self.stage, number, unit, scan, OTHER_PATIENT)?;
        self.stage.refused(&format!("give the dose of {PATIENT} to {OTHER_PATIENT}"), outcome)?;
        if thawed {
            let outcome = clinic::try_give(self.stage, number, unit, scan, PATIENT)?;
            self.stage.refused("give a unit that was not thawed", outcome)?;
        }
        Ok(())
    }

    /// A thawed unit is given after its time; it is destroyed instead.
    pub(super) fn try_too_late(
        &mut self,
        number: &OrderNumber,
        unit: &ContainerCode,
        scan: &Scan,
    ) -> Result<(), Trouble> {
        let bedside = order::state(self.stage, number)?.protocol.bedside;
        let Some(bedside) = bedside else { return Ok(()) };
        let now = self.stage.app.clock.now();
        self.stage.until(now.plus(bedside.within).plus(Span::of_minutes(1)));
        let outcome = clinic::try_give(self.stage, number, unit, scan, PATIENT)?;
        let within = bedside.within.text();
        self.stage.refused(&format!("give a unit more than {within} after its thaw"), outcome)?;
        clinic::destroy(self.stage, unit, "not given in time after its thaw")?;
        self.stage.voice.fact(format!("{unit} destroyed under witness"));
        Ok(())
    }
}
