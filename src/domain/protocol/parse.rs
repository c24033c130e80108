//! Reads a protocol from its text; every error names its line.

use super::model::{
    Allowance, Criterion, CriterionKind, DoseRule, ExcursionRule, Product, Protocol, ScheduleRule,
    Site, Trial,
};
use super::toml_lines::{FileError, Lines};
use crate::domain::id::{MasterRecordId, MaterialCode, Name};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::Span;
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: Spanned<u32>,
    id: Text,
    version: Spanned<u32>,
    title: String,
    source: String,
    language: String,
    product: ProductFile,
    dose: DoseFile,
    allowance: AllowanceFile,
    excursion: ExcursionFile,
    schedule: ScheduleFile,
    trial: Spanned<Trial>,
    eligibility: Vec<CriterionFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductFile {
    material: Text,
    title: String,
    bank_material: Text,
    aliquots: Spanned<u32>,
    master_record: Text,
    needle: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoseFile {
    rule: Text,
    concentration: Text,
    step: Text,
    total_max: Text,
    syringes: Vec<Text>,
    site: Vec<SiteFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteFile {
    name: Text,
    title: String,
    areas: Vec<String>,
    cells: Text,
    cells_min: Text,
    cells_max: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowanceFile {
    hold_up_per_syringe: Text,
    labelling_loss: Text,
    qc_draw: Text,
    overage: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExcursionFile {
    purpose: String,
    share: Text,
    share_max: Text,
    deadline: Text,
    instruction: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleFile {
    culture_days_min: Spanned<u32>,
    culture_days_max: Spanned<u32>,
    qc_days_before: Spanned<Vec<u32>>,
    order_lead_days: u32,
    horizon_days: Spanned<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CriterionFile {
    name: Text,
    kind: CriterionKind,
    text: String,
}

/// Reads a protocol from the text of its file.
///
/// # Errors
/// The first thing that is wrong, with its line: a syntax error, an unknown field, a quantity with
/// the wrong unit, limits that exclude the default, a dose that is no whole step or fits no
/// syringe, a name used twice.
pub fn parse(text: &str) -> Result<Protocol, FileError> {
    let at = Lines(text);
    let file: File = toml::from_str(text).map_err(|error| at.syntax(&error))?;
    if *file.format.get_ref() != 1 {
        return Err(at.error(&file.format.span(), "this version reads format 1 only"));
    }
    if *file.version.get_ref() == 0 {
        return Err(at.error(&file.version.span(), "versions count from 1"));
    }
    let protocol = Protocol {
        id: at.read(&file.id, MasterRecordId::parse)?,
        version: *file.version.get_ref(),
        title: file.title,
        source: file.source,
        language: file.language,
        product: product(at, file.product)?,
        dose: dose(at, file.dose)?,
        allowance: allowance(at, &file.allowance)?,
        excursion: excursion(at, file.excursion)?,
        schedule: schedule(at, &file.schedule)?,
        eligibility: eligibility(at, file.eligibility)?,
        trial: trial(at, file.trial)?,
    };
    Ok(protocol)
}

fn quantity(at: Lines<'_>, text: &Text, unit: Unit) -> Result<Quantity, FileError> {
    let quantity: Quantity = at.read(text, str::parse)?;
    if quantity.unit() != unit {
        let message = format!("'{quantity}' must be in {}", unit.code());
        return Err(at.error(&text.span(), message));
    }
    if quantity.is_negative() {
        return Err(at.error(&text.span(), format!("'{quantity}' must not be negative")));
    }
    Ok(quantity)
}

fn positive(at: Lines<'_>, text: &Text, unit: Unit) -> Result<Quantity, FileError> {
    let quantity = quantity(at, text, unit)?;
    if quantity.is_zero() {
        return Err(at.error(&text.span(), format!("'{quantity}' must be above zero")));
    }
    Ok(quantity)
}

fn product(at: Lines<'_>, file: ProductFile) -> Result<Product, FileError> {
    if *file.aliquots.get_ref() == 0 {
        return Err(at.error(&file.aliquots.span(), "at least one unit of the bank is needed"));
    }
    Ok(Product {
        material: at.read(&file.material, MaterialCode::parse)?,
        title: file.title,
        bank_material: at.read(&file.bank_material, MaterialCode::parse)?,
        aliquots: *file.aliquots.get_ref(),
        master_record: at.read(&file.master_record, MasterRecordId::parse)?,
        needle: file.needle,
    })
}

fn dose(at: Lines<'_>, file: DoseFile) -> Result<DoseRule, FileError> {
    if file.rule.get_ref() != "per_site" {
        let message = format!("'{}' is not a dose rule; known is per_site", file.rule.get_ref());
        return Err(at.error(&file.rule.span(), message));
    }
    let mut syringes = Vec::new();
    for text in &file.syringes {
        let size = positive(at, text, Unit::Millilitre)?;
        if syringes.last().is_some_and(|before: &Quantity| before.value() >= size.value()) {
            return Err(at.error(&text.span(), "syringes are listed from small to large"));
        }
        syringes.push(size);
    }
    let mut rule = DoseRule {
        concentration: positive(at, &file.concentration, Unit::MillionCellsPerMillilitre)?,
        step: positive(at, &file.step, Unit::MillionCells)?,
        total_max: positive(at, &file.total_max, Unit::MillionCells)?,
        syringes,
        sites: Vec::new(),
    };
    let mut names = BTreeSet::new();
    for site_file in file.site {
        let line = site_file.name.span();
        let site = site(at, site_file, &rule)?;
        if !names.insert(site.name.clone()) {
            return Err(at.error(&line, format!("the site {} is there twice", site.name)));
        }
        rule.sites.push(site);
    }
    if rule.sites.is_empty() {
        return Err(at.error(&file.rule.span(), "at least one site is needed"));
    }
    Ok(rule)
}

fn site(at: Lines<'_>, file: SiteFile, rule: &DoseRule) -> Result<Site, FileError> {
    let site = Site {
        name: at.read(&file.name, Name::parse)?,
        title: file.title,
        areas: file.areas,
        cells: positive(at, &file.cells, Unit::MillionCells)?,
        cells_min: positive(at, &file.cells_min, Unit::MillionCells)?,
        cells_max: positive(at, &file.cells_max, Unit::MillionCells)?,
    };
    if site.cells_min.value() > site.cells.value() {
        return Err(at.error(&file.cells_min.span(), "the least dose is above the default"));
    }
    if site.cells_max.value() < site.cells.value() {
        return Err(at.error(&file.cells_max.span(), "the largest dose is below the default"));
    }
    let whole = |cells: Quantity| {
        cells.value().checked_rem(rule.step.value()).is_some_and(|rest| rest.is_zero())
    };
    for (text, cells) in [
        (&file.cells, site.cells),
        (&file.cells_min, site.cells_min),
        (&file.cells_max, site.cells_max),
    ] {
        if !whole(cells) {
            return Err(at.error(&text.span(), format!("not a whole step of {}", rule.step)));
        }
    }
    let largest = rule.syringes.last();
    let fits = site.cells_max.volume_at(rule.concentration).is_ok_and(|volume| {
        largest.is_some_and(|size| volume.compare(*size).is_ok_and(std::cmp::Ordering::is_le))
    });
    if !fits {
        return Err(at.error(&file.cells_max.span(), "the largest dose fits no syringe"));
    }
    Ok(site)
}

fn allowance(at: Lines<'_>, file: &AllowanceFile) -> Result<Allowance, FileError> {
    Ok(Allowance {
        hold_up_per_syringe: quantity(at, &file.hold_up_per_syringe, Unit::Millilitre)?,
        labelling_loss: quantity(at, &file.labelling_loss, Unit::Percent)?,
        qc_draw: quantity(at, &file.qc_draw, Unit::Millilitre)?,
        overage: quantity(at, &file.overage, Unit::Percent)?,
    })
}

fn excursion(at: Lines<'_>, file: ExcursionFile) -> Result<ExcursionRule, FileError> {
    let share = positive(at, &file.share, Unit::Percent)?;
    let share_max = positive(at, &file.share_max, Unit::Percent)?;
    if share_max.value() < share.value() {
        return Err(at.error(&file.share_max.span(), "the largest share is below the share"));
    }
    let deadline = Span::parse(file.deadline.get_ref()).filter(|span| span.seconds() > 0);
    let deadline =
        deadline.ok_or_else(|| at.error(&file.deadline.span(), "write a span such as '90 min'"))?;
    Ok(ExcursionRule {
        purpose: file.purpose,
        share,
        share_max,
        deadline,
        instruction: file.instruction,
    })
}

fn schedule(at: Lines<'_>, file: &ScheduleFile) -> Result<ScheduleRule, FileError> {
    let (min, max) = (*file.culture_days_min.get_ref(), *file.culture_days_max.get_ref());
    if min == 0 || max < min {
        let message = "culture lasts at least one day, and the most is not below the least";
        return Err(at.error(&file.culture_days_max.span(), message));
    }
    let qc = file.qc_days_before.get_ref();
    if qc.is_empty() || qc.iter().any(|day| *day > min) {
        let message = "name at least one day for the QC sample, none before the shortest culture";
        return Err(at.error(&file.qc_days_before.span(), message));
    }
    let horizon_days = *file.horizon_days.get_ref();
    if horizon_days == 0 || horizon_days > 366 {
        return Err(at.error(&file.horizon_days.span(), "offer 1 to 366 days"));
    }
    Ok(ScheduleRule {
        culture_days_min: min,
        culture_days_max: max,
        qc_days_before: qc.clone(),
        order_lead_days: file.order_lead_days,
        horizon_days,
    })
}

fn eligibility(at: Lines<'_>, files: Vec<CriterionFile>) -> Result<Vec<Criterion>, FileError> {
    let mut names = BTreeSet::new();
    let mut criteria = Vec::new();
    for file in files {
        let name = at.read(&file.name, Name::parse)?;
        if !names.insert(name.clone()) {
            let message = format!("the criterion {name} is there twice");
            return Err(at.error(&file.name.span(), message));
        }
        criteria.push(Criterion { name, kind: file.kind, text: file.text });
    }
    Ok(criteria)
}

/// Empty particulars would print an incomplete label (ATMP-20).
fn trial(at: Lines<'_>, file: Spanned<Trial>) -> Result<Trial, FileError> {
    let span = file.span();
    let trial = file.into_inner();
    let particulars = [
        ("code", &trial.code),
        ("sponsor", &trial.sponsor),
        ("investigator", &trial.investigator),
        ("site", &trial.site),
        ("contact", &trial.contact),
        ("statement", &trial.statement),
        ("route", &trial.route),
        ("form", &trial.form),
        ("storage", &trial.storage),
        ("directions", &trial.directions),
    ];
    match particulars.iter().find(|(_, value)| value.trim().is_empty()) {
        Some((name, _)) => Err(at.error(&span, format!("the trial's {name} is empty"))),
        None => Ok(trial),
    }
}
