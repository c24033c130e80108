//! What holds no cells: its volume is accounted for, and nobody is asked for its cells.

use super::Check;
use crate::domain::id::Name;
use crate::domain::master_record::fault::Kind;
use crate::domain::master_record::model::{
    At, ContentsPart, FieldKind, Operation, OrderSum, Output, Reference, Step,
};
use crate::domain::quantity::Unit;

impl Check<'_> {
    pub(super) fn acellular(&self) {
        let r = self.record;
        let without = r.outputs.iter().filter(|output| output.acellular);
        let mut without = without.peekable();
        let any = without.peek().is_some() || r.inputs.iter().any(|input| input.acellular);
        if !any {
            return;
        }
        for output in without {
            self.output_without_cells(output);
        }
        for input in r.inputs.iter().filter(|i| i.acellular && i.passage.is_some()) {
            self.cells_asked((input.at, "passage"), &format!("'{}'", input.name));
        }
        let throughout =
            r.inputs.iter().all(|i| i.acellular) && r.outputs.iter().all(|o| o.acellular);
        for step in r.steps.iter().filter(|_| throughout) {
            self.step_without_cells(step);
        }
    }

    fn output_without_cells(&self, output: &Output) {
        let what = format!("'{}'", output.name);
        if output.passage.is_some() {
            self.cells_asked((output.at, "passage"), &what);
        }
        for production in self.makers(&output.name).flat_map(|step| &step.produces) {
            if production.output == output.name && production.cells.is_some() {
                self.cells_asked((production.at, "cells"), &what);
            }
        }
        for test in self.record.tests.iter().filter(|test| test.sample == output.name) {
            if test.specification.criteria.iter().any(|criterion| of_cells(criterion.unit)) {
                self.cells_asked((test.at, "sample"), &what);
            }
        }
    }

    /// A record in which nothing ever holds cells asks for none at any step.
    fn step_without_cells(&self, step: &Step) {
        let what = "anything in this record";
        if step.operation == Operation::Count {
            self.cells_asked((step.at, "operation"), what);
        }
        if let Some(rule) = step.account.as_ref().filter(|rule| rule.cells.is_some()) {
            self.cells_asked((rule.at, "cells"), what);
        }
        for field in &step.fields {
            if matches!(field.kind, FieldKind::Number { unit, .. } if of_cells(unit)) {
                self.cells_asked((field.at, "unit"), what);
            }
        }
    }

    /// Reports a reference to cells that are not there.
    pub(super) fn refers_to_no_cells(&self, reference: &Reference, place: (At, &str)) {
        match reference {
            Reference::Order(OrderSum::Cells) if self.record.makes_no_cells() => {
                self.cells_asked(place, &format!("{}", self.record.product));
            }
            Reference::Contents { what, part: ContentsPart::Cells } if self.without(what) => {
                self.cells_asked(place, &format!("'{what}'"));
            }
            _ => {}
        }
    }

    fn without(&self, what: &Name) -> bool {
        self.record.is_acellular(what)
    }

    fn cells_asked(&self, place: (At, &str), what: &str) {
        let message = format!("cells are asked of {what}, which holds none");
        let remedy = "ask for its volume, or remove acellular = true";
        self.fault(place, Kind::CellsAsked, message, remedy);
    }
}

fn of_cells(unit: Unit) -> bool {
    matches!(
        unit,
        Unit::MillionCells
            | Unit::MillionCellsPerMillilitre
            | Unit::ThousandCellsPerSquareCentimetre
            | Unit::Doubling
    )
}
