//! What a label can say: a closed list of particulars, and their values for one container.
//!
//! Architecture invariant: every particular is in [`Particular`]; a definition that names another
//! does not load. No person's name is among them, only codes.

use std::collections::BTreeMap;

use crate::codes::LabelCode;
use crate::codes::isbt::{DateOf, Divisions, Element, Flag, ProductCode, compound};
use crate::domain::container::ContainerKind;
use crate::domain::id::Din;
use crate::domain::time::{Instant, Zone};

/// One thing a label can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Particular {
    /// The label code, as printed.
    Code,
    /// Name of the product or content.
    Product,
    /// Strength, for example cells per millilitre.
    Strength,
    /// Quantity in the container.
    Quantity,
    /// Route of administration.
    Route,
    /// Gland or other place the content is meant for.
    Target,
    /// Batch number.
    Batch,
    /// Donation number, as printed with its check character.
    Donation,
    /// Product code and division.
    ProductCode,
    /// Pseudonymous donor code.
    Donor,
    /// Passage.
    Passage,
    /// Which of how many, for example `3 of 8`.
    Count,
    /// Step, test or purpose.
    Purpose,
    /// When it was collected, filled or sampled.
    Taken,
    /// Last use: date, and time where hours count.
    Expiry,
    /// Storage condition.
    Storage,
    /// Reference of the trial: protocol, site.
    Trial,
    /// Subject code.
    Subject,
    /// Order number.
    Order,
    /// Main contact: name, and what the law wants with it.
    Contact,
    /// The site that made it: name and postal address.
    Site,
    /// Warnings, for example `For clinical trial use only`.
    Warning,
    /// The container a sample came from.
    Parent,
    /// Who did it, by login.
    Operator,
}

impl Particular {
    /// Every particular, with its name in definitions and its words in refusals.
    pub const ALL: [(Self, &'static str, &'static str); 24] = [
        (Self::Code, "code", "the label code"),
        (Self::Product, "product", "the name of the product"),
        (Self::Strength, "strength", "the strength"),
        (Self::Quantity, "quantity", "the quantity"),
        (Self::Route, "route", "the route of administration"),
        (Self::Target, "target", "the target gland"),
        (Self::Batch, "batch", "the batch number"),
        (Self::Donation, "donation", "the donation number"),
        (Self::ProductCode, "product_code", "the product code"),
        (Self::Donor, "donor", "the donor code"),
        (Self::Passage, "passage", "the passage"),
        (Self::Count, "count", "the number of the container"),
        (Self::Purpose, "purpose", "the purpose"),
        (Self::Taken, "taken", "the date and time of filling"),
        (Self::Expiry, "expiry", "the expiry"),
        (Self::Storage, "storage", "the storage condition"),
        (Self::Trial, "trial", "the trial reference"),
        (Self::Subject, "subject", "the subject code"),
        (Self::Order, "order", "the order number"),
        (Self::Contact, "contact", "the main contact"),
        (Self::Site, "site", "the site that made it"),
        (Self::Warning, "warning", "the warning"),
        (Self::Parent, "parent", "the container it came from"),
        (Self::Operator, "operator", "who did it"),
    ];

    /// The particular of a name in a definition.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(particular, ..)| *particular)
    }

    /// Its name in definitions.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(p, ..)| *p == self).map_or("", |(_, name, _)| name)
    }

    /// Its words in refusals.
    #[must_use]
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(p, ..)| *p == self).map_or("", |(.., words)| words)
    }

    /// What a label for this use must show, and by which rule. A dose unit for a patient is the
    /// immediate packaging of Regulation (EU) 536/2014 Annex VI A.2.2; its strength is told where
    /// it holds cells. The others follow the partial label of ISBT 128 and GMP Part IV.
    #[must_use]
    pub fn mandatory(usage: LabelUse) -> (&'static [Self], &'static str) {
        use Particular as P;
        const PARTIAL: &str = "the partial-label set (ISBT 128 ST-001, GMP Part IV)";
        const PATIENT: &str = "Regulation (EU) 536/2014 Annex VI A.2.2";
        const DOSE: &[Particular] = &[
            P::Code,
            P::Contact,
            P::Route,
            P::Product,
            P::Batch,
            P::Trial,
            P::Subject,
            P::Expiry,
            P::Target,
            P::Quantity,
            P::Warning,
            P::Strength,
        ];
        if usage.patient() {
            return match (usage.kind(), DOSE.split_last()) {
                (ContainerKind::Bottle, Some((_, volume_only))) => (volume_only, PATIENT),
                _ => (DOSE, PATIENT),
            };
        }
        match usage.kind() {
            ContainerKind::CollectionPot => {
                (&[P::Code, P::Product, P::Donation, P::Donor, P::Taken, P::Storage], PARTIAL)
            }
            ContainerKind::Flask | ContainerKind::Vessel => {
                (&[P::Code, P::Product, P::Batch, P::Donation, P::Passage, P::Taken], PARTIAL)
            }
            ContainerKind::HoldVial | ContainerKind::Cryovial => {
                (&[P::Code, P::Product, P::Batch, P::Donation, P::Passage, P::Storage], PARTIAL)
            }
            ContainerKind::SampleTube => {
                (&[P::Code, P::Purpose, P::Parent, P::Batch, P::Taken], PARTIAL)
            }
            ContainerKind::Bottle => {
                (&[P::Code, P::Product, P::Batch, P::Donation, P::Quantity, P::Storage], PARTIAL)
            }
            ContainerKind::Syringe | ContainerKind::Bag => (DOSE, PATIENT),
        }
    }
}

/// What a label is for: a kind of container, and whether it is a dose unit for one patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelUse {
    kind: ContainerKind,
    patient: bool,
}

impl LabelUse {
    /// Syringes and bags are always dose units; of the others, only cryovials and bottles can be.
    #[must_use]
    pub fn of(kind: ContainerKind, patient: bool) -> Self {
        use ContainerKind as C;
        let patient = match kind {
            C::Syringe | C::Bag => true,
            C::Cryovial | C::Bottle => patient,
            C::CollectionPot | C::Flask | C::HoldVial | C::Vessel | C::SampleTube => false,
        };
        Self { kind, patient }
    }

    /// The kind of container.
    #[must_use]
    pub fn kind(self) -> ContainerKind {
        self.kind
    }

    /// Whether it is for a dose unit of one patient.
    #[must_use]
    pub fn patient(self) -> bool {
        self.patient
    }

    /// The name of its definition, as master records write it: `cryovial`, `patient_cryovial`.
    #[must_use]
    pub fn name(self) -> String {
        let both = matches!(self.kind, ContainerKind::Cryovial | ContainerKind::Bottle);
        if self.patient && both {
            format!("patient_{}", self.kind.code())
        } else {
            self.kind.code().to_owned()
        }
    }

    /// The use of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (kind, patient) = match name.strip_prefix("patient_") {
            Some(kind) => (kind, true),
            None => (name, false),
        };
        let usage = Self::of(ContainerKind::parse(kind)?, patient);
        (usage.name() == name).then_some(usage)
    }

    /// Whether its content lives hours, so that its expiry names the time, too.
    #[must_use]
    pub fn lives_hours(self) -> bool {
        self.patient && self.kind != ContainerKind::Cryovial
    }
}

/// What one label says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelData {
    usage: LabelUse,
    code: LabelCode,
    values: BTreeMap<Particular, String>,
    isbt: Option<String>,
    timed_expiry: bool,
}

impl LabelData {
    /// A label of this kind with nothing but its code.
    #[must_use]
    pub fn new(kind: ContainerKind, code: LabelCode) -> Self {
        let values = BTreeMap::from([(Particular::Code, code.printed())]);
        let usage = LabelUse::of(kind, false);
        Self { usage, code, values, isbt: None, timed_expiry: false }
    }

    /// Makes it the label of a dose unit for one patient, where that kind of container can be one.
    #[must_use]
    pub fn for_patient(mut self) -> Self {
        self.usage = LabelUse::of(self.usage.kind(), true);
        self
    }

    /// What it is for.
    #[must_use]
    pub fn usage(&self) -> LabelUse {
        self.usage
    }

    /// Sets a particular. An empty text leaves it missing; the code cannot be replaced.
    #[must_use]
    pub fn with(mut self, particular: Particular, text: impl ToString) -> Self {
        let text = text.to_string().trim().to_owned();
        if particular == Particular::Expiry {
            // Typed expiries count as timed when they name an hour.
            self.timed_expiry = text.contains(':');
        }
        if particular != Particular::Code {
            if text.is_empty() {
                self.values.remove(&particular);
            } else {
                self.values.insert(particular, text);
            }
        }
        self
    }

    /// Sets the expiry as date and time in the site's zone, for a product that lives hours.
    #[must_use]
    pub fn expiring(self, at: Instant, zone: Zone) -> Self {
        let text = at.full_text(zone);
        let short: Vec<&str> = text.split(' ').collect();
        let text = match short.as_slice() {
            [day, time, name, ..] => format!("{day} {} {name}", time.get(..5).unwrap_or(time)),
            _ => at.minute_text(zone),
        };
        self.with(Particular::Expiry, text)
    }

    /// Sets the donation number, printed with its check character.
    #[must_use]
    pub fn donation(self, din: &Din) -> Self {
        self.with(Particular::Donation, din.printed())
    }

    /// Sets donation, product code and division, and the ISBT 128 compound message that a
    /// definition may draw as `{isbt}`. `expiry` is the site's wall clock.
    #[must_use]
    pub fn isbt(
        self,
        din: &Din,
        product: &ProductCode,
        divisions: Option<&Divisions>,
        expiry: Option<chrono::NaiveDateTime>,
    ) -> Self {
        let mut elements = vec![
            Element::Din { din: din.clone(), flag: Flag::None },
            Element::Product(product.clone()),
        ];
        elements.extend(expiry.map(|at| Element::DateTime { of: DateOf::Expiration, at }));
        elements.extend(divisions.cloned().map(Element::Divisions));
        let printed = match divisions {
            // The 99 of the code says no more than that the divisions follow.
            Some(divisions) => {
                format!("{}{} {divisions}", product.description(), product.collection())
            }
            None => product.to_string(),
        };
        let mut label = self.donation(din).with(Particular::ProductCode, printed);
        label.isbt = compound(&elements).ok();
        label
    }

    /// Kind of container.
    #[must_use]
    pub fn kind(&self) -> ContainerKind {
        self.usage.kind()
    }

    /// The label code.
    #[must_use]
    pub fn code(&self) -> &LabelCode {
        &self.code
    }

    /// A particular's text, if it has one.
    #[must_use]
    pub fn value(&self, particular: Particular) -> Option<&str> {
        self.values.get(&particular).map(String::as_str)
    }

    /// The ISBT 128 compound message, if one was set.
    #[must_use]
    pub fn isbt_message(&self) -> Option<&str> {
        self.isbt.as_deref()
    }

    /// True when the expiry names an hour.
    pub(super) fn has_timed_expiry(&self) -> bool {
        self.timed_expiry
    }

    /// Everything this label says as one text; equal labels have equal texts.
    pub(super) fn fingerprint(&self) -> String {
        let mut text = format!("{}\n{}\n", self.usage.name(), self.code);
        for (particular, value) in &self.values {
            text.push_str(&format!("{}={value}\n", particular.name()));
        }
        text.push_str(self.isbt.as_deref().unwrap_or(""));
        text
    }
}
