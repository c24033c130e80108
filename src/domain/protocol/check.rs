//! A protocol beside the master record that makes its product: what both state must agree; and
//! beside the language of a site's labels.
//!
//! Neighbours: `master_record::check` tells the same disagreements at the record's lines;
//! `chorda protocol check` prints those found here.
//!
//! Architecture invariant: one comparison for both files; only the place and the remedy differ.

use super::model::{Aliquots, DoseBy, Protocol};
use crate::domain::language::{Language, Wording};
use crate::domain::master_record::calculation::Method;
use crate::domain::master_record::{
    At, Fault, FaultKind as Kind, Input, MasterRecord, OrderSum, Output, Reference, Sink, Spot,
};
use crate::domain::quantity::{Quantity, Unit};

/// One thing that protocol and master record state differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// The kind of fault.
    pub kind: Kind,
    /// Table and key in the protocol, such as `[product]` and `material`.
    pub in_protocol: (&'static str, &'static str),
    /// Table and key in the master record.
    pub in_record: (At, &'static str),
    /// What is wrong.
    pub message: String,
    /// What would be right in the protocol.
    pub protocol_remedy: String,
    /// What would be right in the record.
    pub record_remedy: String,
}

/// The faults of a protocol beside the master records there are; those of its text alone are
/// [`super::parse`]'s.
pub fn check_beside(protocol: &Protocol, records: &[MasterRecord]) -> Vec<Fault> {
    let sink = Sink::new(&protocol.text);
    let report = |(table, key): (&str, &str), kind: Kind, message: String, remedy: String| {
        sink.report(sink.value_at(sink.table_at(table, 0), key), kind, message, remedy);
    };
    let wanted = &protocol.product.master_record;
    let own = records.iter().filter(|record| record.record.id == *wanted);
    match own.max_by_key(|record| record.record.version) {
        None => {
            let message = format!("there is no master record {wanted}");
            let remedy = "check it together with that file, or correct the name";
            report(("[product]", "master_record"), Kind::ProtocolMismatch, message, remedy.into());
        }
        Some(record) => {
            for found in mismatches(protocol, record) {
                report(found.in_protocol, found.kind, found.message, found.protocol_remedy);
            }
        }
    }
    sink.into_faults()
}

/// Words of a protocol that labels print.
#[derive(Debug, Clone, Copy)]
pub struct LabelWords<'a> {
    /// Where they stand in the file.
    pub spot: Spot,
    /// The words.
    pub wording: &'a Wording,
}

/// All the words of a protocol that labels print.
#[must_use]
pub fn label_words(protocol: &Protocol) -> Vec<LabelWords<'_>> {
    let trial = &protocol.trial;
    let of_trial = [
        ("site", &trial.site),
        ("contact", &trial.contact),
        ("statement", &trial.statement),
        ("route", &trial.route),
        ("form", &trial.form),
        ("storage", &trial.storage),
        ("directions", &trial.directions),
    ];
    let header = match protocol.dose.by {
        DoseBy::Route(_) => "[[dose.route]]",
        _ => "[[dose.site]]",
    };
    let targets = protocol.dose.targets().into_iter().enumerate().map(|(nth, (_, wording))| {
        LabelWords { spot: Spot { header, nth, key: "title" }, wording }
    });
    let of_trial = of_trial.into_iter().map(|(key, wording)| LabelWords {
        spot: Spot { header: "[trial]", nth: 0, key },
        wording,
    });
    targets.chain(of_trial).collect()
}

/// The words that labels in a language would lack: a label is never in two languages.
#[must_use]
pub fn check_language(protocol: &Protocol, language: Language) -> Vec<Fault> {
    label_words(protocol)
        .into_iter()
        .filter(|one| one.wording.in_language(language).is_none())
        .map(|LabelWords { spot, wording }| {
            let message = format!(
                "labels here are in {}, and \"{wording}\" is not given in it",
                language.name()
            );
            let remedy = format!("write {} = {}", spot.key, wording.with_room_for(language));
            spot.fault(&protocol.text, Kind::LabelLanguage, message, &remedy)
        })
        .collect()
}

/// Everything that a protocol and the master record it names state differently.
pub fn mismatches(protocol: &Protocol, record: &MasterRecord) -> Vec<Mismatch> {
    let mut beside = Beside { protocol, record, found: Vec::new() };
    if !record.for_order {
        let message = format!("{} is made for no order", record.record.id);
        let fix = ("name a record with for_order = true", "write for_order = true");
        beside.tell(("[product]", "master_record"), (At(0), "for_order"), message, fix);
        return beside.found;
    }
    beside.product();
    beside.bank();
    for output in beside.filled() {
        beside.unit(output);
    }
    beside.concentration();
    beside.allowances();
    beside.cells();
    beside.found
}

struct Beside<'a> {
    protocol: &'a Protocol,
    record: &'a MasterRecord,
    found: Vec<Mismatch>,
}

impl<'a> Beside<'a> {
    fn tell(
        &mut self,
        in_protocol: (&'static str, &'static str),
        in_record: (At, &'static str),
        message: String,
        (protocol_remedy, record_remedy): (impl Into<String>, impl Into<String>),
    ) {
        self.found.push(Mismatch {
            kind: Kind::ProtocolMismatch,
            in_protocol,
            in_record,
            message,
            protocol_remedy: protocol_remedy.into(),
            record_remedy: record_remedy.into(),
        });
    }

    /// The outputs that are filled for the dose units of the order.
    fn filled(&self) -> Vec<&'a Output> {
        self.record.dose_outputs().collect()
    }

    fn product(&mut self) {
        let (given, made) = (&self.protocol.product.material, &self.record.product);
        if given != made {
            let message = format!(
                "{} gives {given}, but {} makes {made}",
                self.protocol.id, self.record.record.id
            );
            let fix = (
                format!("write material = \"{made}\""),
                format!("write product = \"{given}\", or name another record in the protocol"),
            );
            self.tell(("[product]", "material"), (At(0), "product"), message, fix);
        }
    }

    fn bank(&mut self) {
        let material = &self.protocol.product.bank_material;
        let input = self.record.inputs.iter().find(|input| input.material == *material);
        match input {
            Some(input) => self.aliquots(input),
            None => {
                let message = format!("{} takes {material}, which no input is", self.protocol.id);
                let reserved = self.record.inputs.iter().find(|input| input.reserved);
                let protocol_remedy = match reserved {
                    Some(input) => format!("write bank_material = \"{}\"", input.material),
                    None => "write the material of an input that is reserved".to_owned(),
                };
                let fix = (protocol_remedy, format!("write material = \"{material}\" at an input"));
                self.tell(("[product]", "bank_material"), (At(0), "id"), message, fix);
            }
        }
    }

    fn aliquots(&mut self, input: &Input) {
        let wanted = self.protocol.product.aliquots;
        let takes = match wanted {
            Aliquots::Fixed(number) => !input.per_dose_unit && input.count == number,
            Aliquots::PerUnit => input.per_dose_unit,
        };
        if input.reserved && !takes {
            let (enter, aliquots) = if input.per_dose_unit {
                ("one for each dose unit".to_owned(), "\"per_unit\"".to_owned())
            } else {
                (input.count.to_string(), input.count.to_string())
            };
            let message = format!(
                "{} reserves {} for an order, but {enter} enter",
                self.protocol.id,
                wanted.text(),
            );
            let fix = (
                format!("write aliquots = {aliquots}"),
                "make count and the protocol's aliquots agree",
            );
            self.tell(("[product]", "aliquots"), (input.at, "count"), message, fix);
        }
    }

    fn unit(&mut self, output: &Output) {
        let unit = self.protocol.product.unit;
        if output.container != unit {
            let message = format!(
                "{} gives each dose in a {}, but '{}' is a {}",
                self.protocol.id,
                unit.word(),
                output.name,
                output.container.word()
            );
            let fix = (
                format!("write unit = \"{}\"", output.container.code()),
                format!("write container = \"{}\"", unit.code()),
            );
            self.tell(("[product]", "unit"), (output.at, "container"), message, fix);
        }
        let largest = self.protocol.dose.largest_volume().map(|volume| volume.value());
        let (Some(volume), Some(capacity)) = (largest, output.capacity) else { return };
        if volume > capacity {
            let message = format!(
                "{} allows a dose of {} ml, but '{}' holds {} ml",
                self.protocol.id,
                volume.round_dp(3).normalize(),
                output.name,
                capacity.round_dp(3).normalize()
            );
            let remedy = "choose a larger container, or a higher concentration";
            let (table, key) = ("[dose]", "sizes");
            self.tell((table, key), (output.at, "capacity"), message, (remedy, remedy));
            if let Some(last) = self.found.last_mut() {
                last.kind = Kind::DoseUndeliverable;
            }
        }
    }

    /// A record that states the concentration of the dose states that of the protocol.
    fn concentration(&mut self) {
        let Some(wanted) = self.protocol.dose.concentration() else { return };
        let stated = self.record.parameters.iter().find(|parameter| {
            parameter.name.as_str() == "dose_concentration"
                && parameter.value.unit() == Unit::MillionCellsPerMillilitre
        });
        if let Some(stated) = stated.filter(|stated| stated.value.value() != wanted.value()) {
            self.differ("[dose]", "concentration", wanted, (stated.value, stated.at));
        }
    }

    /// Overage and draw of the record's fill are those of the protocol's allowance.
    fn allowances(&mut self) {
        for (key, input, wanted) in [
            ("qc_draw", "draw", self.protocol.allowance.map(|allowance| allowance.qc_draw)),
            ("overage", "overage", self.protocol.allowance.map(|allowance| allowance.overage)),
        ] {
            let Some((stated, at)) = self.fill_parameter(input) else { continue };
            match wanted {
                Some(wanted) if wanted.value() == stated.value() => {}
                Some(wanted) => self.differ("[allowance]", key, wanted, (stated, at)),
                None if stated.is_zero() => {}
                None => {
                    let message = format!(
                        "{} makes nothing beyond the dose, but {} adds {}",
                        self.protocol.id,
                        self.record.record.id,
                        stated.text()
                    );
                    let fix = (format!("add [allowance] with {key} = \"{stated}\""), "write 0");
                    self.tell(("[product]", "master_record"), (at, "value"), message, fix);
                }
            }
        }
    }

    fn differ(
        &mut self,
        table: &'static str,
        key: &'static str,
        wanted: Quantity,
        (stated, at): (Quantity, At),
    ) {
        let message = format!(
            "{key} is {} in {}, but {} in {}",
            wanted.text(),
            self.protocol.id,
            stated.text(),
            self.record.record.id
        );
        let fix = (format!("write {key} = \"{stated}\""), format!("write {}", wanted.value()));
        self.tell((table, key), (at, "value"), message, fix);
    }

    /// The parameter that the record's calculation of the volume to fill takes for an input.
    fn fill_parameter(&self, input: &str) -> Option<(Quantity, At)> {
        let calculations = self.record.steps.iter().flat_map(|step| &step.calculations);
        let mut fills = calculations.filter(|one| one.method == Method::FillRequirement);
        let (_, references) = fills.next()?.inputs.iter().find(|(name, _)| name == input)?;
        match references.as_slice() {
            [Reference::Parameter(name)] => {
                let parameter = self.record.parameter(name)?;
                Some((parameter.value, parameter.at))
            }
            _ => None,
        }
    }

    /// A record never asks for the cells of an order that has none.
    fn cells(&mut self) {
        let by_volume = matches!(self.protocol.dose.by, DoseBy::Route(_));
        let filled = self.filled();
        for output in filled.into_iter().filter(|output| output.acellular != by_volume) {
            let (ordered, holds, key) = if by_volume {
                ("no cells", "cells", "write acellular = true")
            } else {
                ("cells", "none", "remove acellular = true")
            };
            let message = format!(
                "{} orders {ordered}, but '{}' holds {holds}",
                self.protocol.id, output.name
            );
            let fix = ("name a record that makes what is ordered", key);
            self.tell(("[dose]", "rule"), (output.at, "acellular"), message, fix);
        }
        if !by_volume {
            return;
        }
        let asks = |references: &[Reference]| {
            references.iter().any(|one| matches!(one, Reference::Order(OrderSum::Cells)))
        };
        let calculations = self.record.steps.iter().flat_map(|step| &step.calculations);
        let asking: Vec<_> = calculations
            .filter(|one| one.inputs.iter().any(|(_, references)| asks(references)))
            .collect();
        for calculation in asking {
            let message = format!(
                "'{}' asks for the cells of an order, but {} orders none",
                calculation.name, self.protocol.id
            );
            let fix = ("name a record that asks for volumes only", "take order.volume instead");
            self.tell(("[dose]", "rule"), (calculation.at, "inputs"), message, fix);
        }
    }
}
