//! A record next to the files it works with: label definitions, the records its inputs were made
//! by, the protocols its dose is ordered under.
//!
//! Neighbours: `app` gathers what a site has; nothing is looked up here.

use super::{Check, predecessors};
use crate::domain::container::ContainerKind;
use crate::domain::language::Language;
use crate::domain::master_record::fault::{Fault, Kind, Sink};
use crate::domain::master_record::model::{AcceptedRecord, Count, Input, MasterRecord, Output};
use crate::domain::protocol::{Protocol, mismatches};

/// What a label shows that only the master record can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelNeed {
    /// The passage of the cells.
    Passage,
    /// The product description code.
    ProductCode,
    /// When it expires.
    Expiry,
    /// How much is in it.
    Volume,
    /// Patient code, site and route: it is made for an order.
    Order,
}

impl LabelNeed {
    /// What is lacking, and what to write.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Passage => ("a passage", "write passage = … at the output"),
            Self::ProductCode => ("a product code", "write product_code = \"…\" at the output"),
            Self::Expiry => ("an expiry", "write keeps = \"…\" at the output"),
            Self::Volume => ("a volume", "write volume = \"…\" where it is produced"),
            Self::Order => ("a patient code and a site", "write for_order = true"),
        }
    }
}

/// A kind of label that a site has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelKind {
    /// Its name, such as `cryovial`.
    pub name: String,
    /// The container it is for.
    pub container: ContainerKind,
    /// What it must show.
    pub needs: Vec<LabelNeed>,
}

/// What a record is checked beside.
#[derive(Debug, Clone, Default)]
pub struct Beside<'a> {
    /// The kinds of label.
    pub labels: Vec<LabelKind>,
    /// The language of the labels; none where that is not known.
    pub language: Option<Language>,
    /// Other master records.
    pub records: Vec<&'a MasterRecord>,
    /// The protocols.
    pub protocols: Vec<&'a Protocol>,
}

/// The faults of a record beside what a site has; those of the record alone are [`super::check`]'s.
pub fn check_beside(record: &MasterRecord, beside: &Beside<'_>) -> Vec<Fault> {
    let sink = Sink::new(&record.text);
    let check = Check { record, sink: &sink, before: predecessors(record) };
    for output in &record.outputs {
        check.label(output, beside);
    }
    for input in &record.inputs {
        for accepted in &input.accepts {
            check.accepted(input, accepted, beside);
        }
    }
    for protocol in &beside.protocols {
        if protocol.product.master_record == record.record.id {
            check.protocol(protocol);
        }
    }
    sink.into_faults()
}

impl Check<'_> {
    fn label(&self, output: &Output, beside: &Beside<'_>) {
        let Some(name) = &output.label else { return };
        let place = (output.at, "label");
        let Some(kind) = beside.labels.iter().find(|kind| kind.name == *name) else {
            let known: Vec<&str> = beside.labels.iter().map(|kind| kind.name.as_str()).collect();
            let message = format!("there is no label '{name}'");
            let remedy = format!("one of: {}", known.join(", "));
            return self.fault(place, Kind::LabelUnknown, message, remedy);
        };
        if kind.container != output.container {
            let message = format!("the label '{name}' is not for a {}", output.container.code());
            let fitting = beside.labels.iter().find(|other| other.container == output.container);
            let remedy = match fitting {
                Some(fitting) => format!("write label = \"{}\"", fitting.name),
                None => format!("define a label for a {}", output.container.code()),
            };
            self.fault(place, Kind::LabelUnknown, message, remedy);
        }
        self.label_language(output, beside.language);
        for need in &kind.needs {
            if !self.gives(output, *need) {
                let (lacking, remedy) = need.words();
                let message =
                    format!("the label '{name}' shows {lacking}, which '{}' lacks", output.name);
                self.fault(place, Kind::LabelLacks, message, remedy);
            }
        }
    }

    /// A label is never in two languages.
    fn label_language(&self, output: &Output, language: Option<Language>) {
        let Some(language) = language else { return };
        if output.title.in_language(language).is_none() {
            let (name, title) = (language.name(), &output.title);
            let message = format!("labels here are in {name}, and \"{title}\" is not given in it");
            let remedy = format!("write title = {}", title.with_room_for(language));
            self.fault((output.at, "title"), Kind::LabelLanguage, message, remedy);
        }
    }

    fn gives(&self, output: &Output, need: LabelNeed) -> bool {
        match need {
            LabelNeed::Passage => output.passage.is_some(),
            LabelNeed::ProductCode => output.product_code.is_some(),
            LabelNeed::Expiry => output.keeps.is_some() || output.expiry_limited_by_inputs,
            LabelNeed::Volume => {
                let steps = self.record.steps.iter();
                let mut made = steps.flat_map(|s| &s.produces).filter(|p| p.output == output.name);
                made.all(|p| p.volume.is_some() || p.count == Count::DoseUnits)
            }
            LabelNeed::Order => self.record.for_order,
        }
    }

    /// An input was made by a version that exists, and that makes just this.
    fn accepted(&self, input: &Input, accepted: &AcceptedRecord, beside: &Beside<'_>) {
        let place = (input.at, "accepts");
        let known: Vec<&&MasterRecord> =
            beside.records.iter().filter(|record| record.record.id == accepted.id).collect();
        let newest = known.iter().map(|record| record.record.version).max();
        let Some(newest) = newest else {
            let message = format!("there is no master record {}", accepted.id);
            let remedy = "check it together with that file, or correct the name";
            return self.fault(place, Kind::AcceptedRecordUnknown, message, remedy);
        };
        for version in &accepted.versions {
            if *version > newest || *version == 0 {
                let message = format!("{} has no version {version}", accepted.id);
                let remedy = format!("the newest is version {newest}");
                self.fault(place, Kind::AcceptedRecordUnknown, message, remedy);
            }
        }
        let accepted_versions =
            known.iter().filter(|record| accepted.versions.contains(&record.record.version));
        for other in accepted_versions {
            let made = other
                .outputs
                .iter()
                .find(|made| made.material == input.material && made.container == input.container);
            let fits = made.filter(|made| input.passage.is_none() || input.passage == made.passage);
            let Some(made) = fits else {
                let message = format!(
                    "{} makes no {} in a {} of that passage",
                    other.record.key(),
                    input.material,
                    input.container.code()
                );
                let remedy = "make material, container and passage of the two agree";
                self.fault(place, Kind::AcceptedRecordMismatch, message, remedy);
                continue;
            };
            self.outlives(input, made);
        }
    }

    /// What is made of an input keeps no longer than the input itself.
    fn outlives(&self, input: &Input, made: &Output) {
        let Some(limit) = made.keeps else { return };
        for output in self.record.outputs.iter().filter(|o| !o.expiry_limited_by_inputs) {
            let Some(keeps) = output.keeps.filter(|keeps| *keeps > limit) else { continue };
            let limits = self.makers(&output.name).any(|maker| {
                self.parents_that_limit(output, maker).any(|name| *name == input.name)
            });
            if limits {
                self.keeps_too_long(output, keeps, limit, input.name.as_str());
            }
        }
    }

    /// What a protocol asks of the record agrees with what the record states.
    fn protocol(&self, protocol: &Protocol) {
        for found in mismatches(protocol, self.record) {
            self.fault(found.in_record, found.kind, found.message, found.record_remedy);
        }
    }
}
