//! What a label can say: a closed list of particulars, and their values for one container.
//!
//! Architecture invariant: every particular is in [`Particular`]; a definition that names another
//! does not load. No donor's and no patient's name is among them, only codes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Definition, LabelKind};
use crate::codes::LabelCode;
use crate::codes::isbt::{DateOf, Divisions, Element, Flag, ProductCode, compound};
use crate::domain::container::ContainerKind;
use crate::domain::id::{AssetId, Din};
use crate::domain::language::Language;
use crate::domain::time::{Instant, Zone};

/// What symbols and watermark of a test say.
pub(super) const TEST: &str = "TEST";

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
    /// What the place is called, or whose badge it is.
    Title,
}

impl Particular {
    /// Every particular, with its name in definitions and its words in refusals.
    pub const ALL: [(Self, &'static str, &'static str); 25] = [
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
        (Self::Title, "title", "the name"),
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
}

/// What one label says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelData {
    language: Language,
    kind: LabelKind,
    code: Option<LabelCode>,
    payload: String,
    values: BTreeMap<Particular, String>,
    isbt: Option<String>,
    timed_expiry: bool,
    definition: Option<Arc<Definition>>,
    test: bool,
}

impl LabelData {
    /// A label of this kind in this language with nothing but its code.
    #[must_use]
    pub fn new(language: Language, kind: ContainerKind, code: LabelCode) -> Self {
        let values = BTreeMap::from([(Particular::Code, code.printed())]);
        let (kind, payload, code) = (kind.into(), code.to_string(), Some(code));
        Self::empty((language, kind), payload, code, values)
    }

    fn empty(
        (language, kind): (Language, LabelKind),
        payload: String,
        code: Option<LabelCode>,
        values: BTreeMap<Particular, String>,
    ) -> Self {
        let (isbt, timed_expiry, definition, test) = (None, false, None, false);
        Self { language, kind, payload, code, values, isbt, timed_expiry, definition, test }
    }

    /// Makes it the label of a dose unit for one patient, where that kind of container can be one.
    #[must_use]
    pub fn for_patient(mut self) -> Self {
        if let Some(kind) = self.kind.container() {
            self.kind = LabelKind::of(kind, true);
        }
        self
    }

    /// The same, drawn by a definition other than the program's own.
    #[must_use]
    pub fn drawn_by(self, definition: Arc<Definition>) -> Self {
        Self { definition: Some(definition), ..self }
    }

    /// The same as a test: with a watermark, and symbols that name nothing. Nothing else may come
    /// of a definition that is not approved (ATMP-17).
    #[must_use]
    pub fn as_test(mut self) -> Self {
        self.values.insert(Particular::Code, TEST.to_owned());
        Self { payload: TEST.to_owned(), code: None, isbt: None, test: true, ..self }
    }

    /// The definition it is drawn by, where that is not the program's own.
    pub(super) fn definition(&self) -> Option<&Definition> {
        self.definition.as_deref()
    }

    /// Whether it is a test.
    pub(super) fn is_test(&self) -> bool {
        self.test
    }

    /// A label of something that is no container, with nothing but the text of its symbol.
    #[must_use]
    pub fn of(language: Language, kind: LabelKind, payload: &str) -> Self {
        let values = BTreeMap::from([(Particular::Code, payload.to_owned())]);
        let payload = payload.to_owned();
        Self::empty((language, kind), payload, None, values)
    }

    /// The test label of a printer.
    #[must_use]
    pub fn printer_test(language: Language, printer: &AssetId, text: &str) -> Self {
        Self::of(language, LabelKind::PrinterTest, text).with(Particular::Title, printer)
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

    /// The language of its words.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> LabelKind {
        self.kind
    }

    /// The label code, where it is for a container.
    #[must_use]
    pub fn code(&self) -> Option<&LabelCode> {
        self.code.as_ref()
    }

    /// The text of its symbol.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The text of its symbol, as printed for people.
    #[must_use]
    pub fn printed(&self) -> &str {
        self.value(Particular::Code).unwrap_or(&self.payload)
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
        let (kind, language) = (self.kind.code(), self.language.code());
        let mut text = format!("{kind}\n{language}\n{}\n", self.payload);
        for (particular, value) in &self.values {
            text.push_str(&format!("{}={value}\n", particular.name()));
        }
        text.push_str(self.isbt.as_deref().unwrap_or(""));
        text
    }
}
