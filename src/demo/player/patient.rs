//! From the order to the last certificate: one patient.

use super::{Outcome, Player};
use crate::app::custody_hand_over::scan;
use crate::app::order_change::Decision;
use crate::app::order_place::calendar;
use crate::app::site::protocol;
use crate::demo::stage::Trouble;
use crate::demo::{clinic, order, release};
use crate::domain::custody::Scan;
use crate::domain::id::{BatchNumber, ContainerCode, Name, OrderNumber};
use crate::domain::master_record::{Input, MasterRecord};
use crate::domain::protocol::{Aliquots, DonorRule, Protocol};
use crate::domain::time::{Day, Span};
use crate::store::{container, order as orders};

/// The patient's code.
pub(super) const PATIENT: &str = "PT-01";
/// Another patient, for whom nothing of this is.
pub(super) const OTHER_PATIENT: &str = "PT-02";

/// What is in stock for an input that is reserved: the containers of each source, the first for
/// the patient.
type Stock = (Name, Vec<Vec<ContainerCode>>);

impl Player<'_> {
    /// Makes a dose for one patient under a protocol and gives it.
    pub(super) fn treat(&mut self, id: &str) -> Result<Outcome, Trouble> {
        let site = self.stage.app.config.site.clone();
        let protocol = &protocol(&site, id)?.protocol;
        let record = self
            .records
            .iter()
            .find(|record| record.record.id == protocol.product.master_record)
            .cloned()
            .ok_or_else(|| Trouble::Missing(protocol.product.master_record.to_string()))?;
        if protocol.product.donor == DonorRule::Patient {
            self.patients = Some(0);
        }
        let stock = self.stock(&record, protocol)?;
        let number = self.ordered(protocol)?;
        let others = |input: &Input| (!input.reserved).then_some(input.count);
        let mut inputs = self.inputs(&record, 1, others)?.pop().unwrap_or_default();
        for (name, sources) in &stock {
            inputs.insert(name.clone(), self.reserve(&number, protocol, sources)?);
        }
        let slot = order::state(self.stage, &number)?.slot().clone();
        self.stage.until(slot.cancel_by.plus(Span::of_minutes(10)));
        let now = self.stage.app.clock.now();
        self.stage.voice.chapter(&record.title, now);
        let culture = Some(Span::of_days(i64::from(slot.culture_days)));
        let run = self.start(&record, Some((&number, culture)), inputs)?;
        self.perform(std::slice::from_ref(&run))?;
        let certified = self.certify(&run.batch)?;
        let units = self.give(&number)?;
        if !certified {
            let now = self.stage.app.clock.now();
            self.stage.voice.chapter("The pending results are final", now);
            self.release(&run.batch)?;
        }
        let gaja = self.stage.people.gaja.clone();
        order::decide(self.stage, &gaja, &number, Decision::Close)?;
        self.stage.voice.fact(format!("{number} closed"));
        Ok(Outcome { order: number, units })
    }

    /// Makes what an order reserves. Where not every donor's cells may reach a patient, those of a
    /// second one are made besides: the mistake to come.
    fn stock(&mut self, record: &MasterRecord, protocol: &Protocol) -> Result<Vec<Stock>, Trouble> {
        let times = if protocol.product.donor == DonorRule::Any { 1 } else { 2 };
        let reserved = |input: &&Input| input.reserved;
        let mut stock = Vec::new();
        for input in record.inputs.iter().filter(reserved) {
            stock.push((input.name.clone(), self.sources(input, times)?));
        }
        Ok(stock)
    }

    /// Earmarks as many units of the first source as the order needs.
    fn reserve(
        &mut self,
        number: &OrderNumber,
        protocol: &Protocol,
        sources: &[Vec<ContainerCode>],
    ) -> Result<Vec<ContainerCode>, Trouble> {
        let placed = order::state(self.stage, number)?;
        let units = u32::try_from(placed.units.len()).unwrap_or(u32::MAX);
        let needed = protocol.product.aliquots.for_units(units);
        let mut free: Vec<ContainerCode> = sources.first().cloned().unwrap_or_default();
        let other = sources.get(1).and_then(|source| source.first());
        let mut taken = Vec::new();
        for index in 0..usize::try_from(needed).unwrap_or(usize::MAX) {
            // A unit that is given as it is stored must hold what the order says.
            let wanted = match protocol.product.aliquots {
                Aliquots::PerUnit => placed.units.get(index).map(|unit| unit.volume),
                Aliquots::Fixed(_) => None,
            };
            let mut fitting = None;
            for (at, code) in free.iter().enumerate() {
                let held = self.stage.read(|db| container::require(db, code))?;
                if wanted.is_none() || held.contents.volume == wanted {
                    fitting = Some(at);
                    break;
                }
            }
            let at = fitting.ok_or_else(|| Trouble::Missing(format!("a unit for {number}")))?;
            let unit = free.remove(at);
            if index == 0 && protocol.product.donor == DonorRule::Patient {
                self.try_other_source(number, other)?;
            }
            let outcome = order::allocate(self.stage, number, &unit, FIRST);
            self.stage.done("reserve a unit", outcome)?;
            if index == 0 && protocol.product.donor == DonorRule::OnePerPatient {
                self.try_other_source(number, other)?;
            }
            taken.push(unit);
        }
        self.stage.voice.fact(format!("{} units reserved for {number}", taken.len()));
        Ok(taken)
    }

    /// The order as the protocol proposes it, on the first day that can be offered.
    fn ordered(&mut self, protocol: &Protocol) -> Result<OrderNumber, Trouble> {
        let now = self.stage.app.clock.now();
        self.stage.voice.chapter(&format!("An order under {}", protocol.reference()), now);
        let site = self.stage.app.config.site.clone();
        let id = protocol.id.as_str();
        let days = self.stage.read(|db| calendar(db, &site, id, None, now))?;
        let day = days.into_iter().find(|candidate| candidate.slot.is_ok());
        let day: Day =
            day.map(|day| day.day).ok_or_else(|| Trouble::Missing("a free day".to_owned()))?;
        let (gaja, hugo) = (self.stage.people.gaja.clone(), self.stage.people.hugo.clone());
        let mut wished = order::placement(&site, id, PATIENT, day)?;
        wished.indication = protocol.title.clone();
        wished.dose = super::dose::asked(protocol, now);
        self.try_orders(protocol, &wished)?;
        let outcome = order::sign_and_place(self.stage, &gaja, wished)?;
        let number = self.stage.done("place the order", outcome)?;
        order::decide(self.stage, &hugo, &number, Decision::Confirm)?;
        let ana = self.stage.people.ana.clone();
        order::decide(self.stage, &ana, &number, Decision::Schedule { day })?;
        let placed = order::state(self.stage, &number)?;
        for line in &placed.arithmetic {
            let (title, result) = (&line.title, line.result.text());
            self.stage.voice.fact(format!("{title}: {} = {result}", line.formula));
        }
        let slot = placed.slot();
        let (from, on) = (slot.thaw_on, slot.infusion_on);
        self.stage.voice.fact(format!("{number} for {PATIENT}: made from {from}, given on {on}"));
        Ok(number)
    }

    /// Ends what may end, reviews and certifies; whether finally.
    fn certify(&mut self, batch: &BatchNumber) -> Result<bool, Trouble> {
        self.results(batch)?;
        let final_now = !self.pending(batch)?;
        self.try_certify(batch)?;
        if final_now {
            self.release(batch)?;
            return Ok(true);
        }
        release::review(self.stage, batch)?;
        let outcome = release::try_certify_initial(self.stage, batch)?;
        self.stage.done("certify initially", outcome)?;
        self.stage.voice.fact(format!("{batch} certified initially; results are pending"));
        Ok(false)
    }

    /// Hands every unit over, receives it and gives it.
    fn give(&mut self, number: &OrderNumber) -> Result<Vec<ContainerCode>, Trouble> {
        let now = self.stage.app.clock.now();
        self.stage.voice.chapter("Hand-over and giving", now);
        let made = self.stage.read(|db| orders::units(db, number))?;
        let mut units: Vec<(ContainerCode, Scan)> = Vec::new();
        for unit in &made {
            let code = ContainerCode::parse(&unit.code)?;
            let held = self.stage.read(|db| container::require(db, &code))?;
            let label = held.labels.valid();
            let label = label.ok_or_else(|| Trouble::Missing(format!("a label on {code}")))?;
            units.push((code, scan(&label.payload)?));
        }
        let scans: Vec<Scan> = units.iter().map(|(_, scan)| scan.clone()).collect();
        clinic::hand(self.stage, number, PATIENT, &scans)?;
        let thawed = order::state(self.stage, number)?.protocol.bedside.is_some();
        let mut given = 0_u32;
        for (index, (code, scan)) in units.iter().enumerate() {
            if index == 0 {
                self.try_other_patient(number, code, scan, thawed)?;
            }
            if thawed {
                let outcome = clinic::try_thaw(self.stage, number, scan, PATIENT)?;
                self.stage.done("thaw a unit at the bedside", outcome)?;
                if index > 0 && index.saturating_add(1) == units.len() {
                    self.try_too_late(number, code, scan)?;
                    continue;
                }
            }
            let outcome = clinic::try_give(self.stage, number, code, scan, PATIENT)?;
            self.stage.done("give a unit", outcome)?;
            given = given.saturating_add(1);
        }
        self.stage.voice.fact(format!("{given} units given to {PATIENT}"));
        Ok(units.into_iter().map(|(code, _)| code).collect())
    }
}

/// Why a unit is taken that does not expire first.
const FIRST: Option<&str> = Some("the first that holds what the order says");
