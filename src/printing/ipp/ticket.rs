//! The documents a job becomes for one printer, and what is asked of it for each.
//!
//! Architecture invariant: what the printer does not name as supported it is not sent, and what
//! would have to be scaled or guessed is refused before anything is sent.

use std::collections::BTreeMap;

use ipp::attribute::IppAttribute;
use ipp::parser::IppParseError;
use ipp::value::{IppName, IppValue};

use super::said::{Answer, SizeRange};
use crate::domain::printer::Language;
use crate::labels::{Ink, Raster, pwg};
use crate::pdf::Len;
use crate::printing::{Job, Page};

const PWG: &str = "image/pwg-raster";
/// What printers call ZPL, or bytes that they take as they come.
const ZPL: [&str; 4] = [
    "application/vnd.zebra-zpl",
    "application/vnd.zebra.zpl",
    super::PASSED_ON,
    "application/octet-stream",
];
/// How much a size of stock may differ from what the printer names, in hundredths of a millimetre.
const SIZE_SLACK: i32 = 50;

/// One document.
pub(super) struct Document {
    /// Its format, as the printer names it.
    pub(super) format: &'static str,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// What is asked of the printer for it.
    pub(super) job: Vec<IppAttribute>,
    /// Labels on it, copies included.
    pub(super) labels: u32,
}

impl Document {
    /// Whether the printer counts its labels: what ZPL prints, only the printer's ZPL knows.
    pub(super) fn counts(&self) -> bool {
        self.format == PWG
    }
}

/// A job as documents for a printer that said this of itself: labels of one size each, in order.
///
/// # Errors
/// Why the printer cannot print it as it was proved, in words.
pub(super) fn documents(
    printer: &Answer,
    language: Language,
    job: &Job,
) -> Result<Vec<Document>, String> {
    let formats = printer.words("document-format-supported");
    let broken = |error: IppParseError| error.to_string();
    match language {
        Language::Zpl => {
            let format = ZPL.into_iter().find(|format| formats.contains(format));
            let format = format
                .ok_or_else(|| format!("it takes no ZPL, only {}", listed(formats.as_slice())))?;
            let job_attributes = copies(printer).map_err(broken)?.into_iter().collect();
            let labels = count(&job.pages);
            Ok(vec![Document { format, bytes: job.zpl(), job: job_attributes, labels }])
        }
        Language::PwgRaster => {
            if !formats.contains(&PWG) {
                return Err(format!("it takes no PWG Raster, only {}", listed(&formats)));
            }
            let ink = ink(printer)?;
            let same = |one: &Page, next: &Page| {
                let shape = |page: &Page| (page.raster.width, page.raster.height, page.stock);
                shape(one) == shape(next)
            };
            job.pages.chunk_by(same).map(|pages| raster(printer, ink, pages)).collect()
        }
    }
}

fn count(pages: &[Page]) -> u32 {
    pages.iter().fold(0, |sum: u32, page| sum.saturating_add(page.copies))
}

fn listed(words: &[&str]) -> String {
    if words.is_empty() { "what it does not say".to_owned() } else { words.join(", ") }
}

/// Pages of one size as a document.
fn raster(printer: &Answer, ink: Ink, pages: &[Page]) -> Result<Document, String> {
    let Some(first) = pages.first() else { return Err("there is no label".to_owned()) };
    resolution(printer, &first.raster)?;
    let sheets: Vec<(&Raster, u32)> =
        pages.iter().map(|page| (&page.raster, page.copies)).collect();
    let size = size(printer, first.stock)?;
    let broken = |error: IppParseError| error.to_string();
    Ok(Document {
        format: PWG,
        bytes: pwg(&sheets, ink),
        job: attributes(printer, &first.raster, size).map_err(broken)?,
        labels: count(pages),
    })
}

fn ink(printer: &Answer) -> Result<Ink, String> {
    let types = printer.words("pwg-raster-document-type-supported");
    Ink::ALL.into_iter().find(|ink| types.contains(&ink.keyword())).ok_or_else(|| {
        format!("it takes PWG Raster neither in black nor in grey, only {}", listed(&types))
    })
}

/// A resolution as printers name it: dots to the inch, or to the centimetre.
fn named(raster: &Raster) -> [(i32, bool); 2] {
    let per_inch = i32::try_from(raster.resolution.dpi()).unwrap_or(0);
    let per_centimetre = Len::mm(10).value() / raster.resolution.dot().value();
    [(per_inch, true), (i32::try_from(per_centimetre).unwrap_or(0), false)]
}

fn resolution(printer: &Answer, raster: &Raster) -> Result<(), String> {
    let mut known = printer.resolutions("pwg-raster-document-resolution-supported");
    if known.is_empty() {
        known = printer.resolutions("printer-resolution-supported");
    }
    let fits = |(across, along, inch): &(i32, i32, bool)| {
        across == along && named(raster).contains(&(*across, *inch))
    };
    if known.iter().any(fits) {
        return Ok(());
    }
    let words = |(across, along, inch): &(i32, i32, bool)| {
        format!("{across}×{along} {}", if *inch { "dpi" } else { "dots/cm" })
    };
    let known: Vec<String> = known.iter().map(words).collect();
    let known = listed(&known.iter().map(String::as_str).collect::<Vec<_>>());
    let dpi = raster.resolution.dpi();
    Err(format!("it does not take {dpi} dpi, only {known}; set it up with the one it has"))
}

fn hundredths(length: Len) -> i32 {
    i32::try_from((length.value() + 180) / 360).unwrap_or(i32::MAX)
}

/// The size of the stock as the printer names it; `None` where it does not name sizes.
fn size(printer: &Answer, (width, height): (Len, Len)) -> Result<Option<[i32; 2]>, String> {
    if !printer.words("media-col-supported").contains(&"media-size") {
        return Ok(None);
    }
    let wanted = [hundredths(width), hundredths(height)];
    let Some(sizes) = printer.sizes() else { return Ok(Some(wanted)) };
    // Nearest first; within a range it is exact.
    let named = |[x, y]: &SizeRange| {
        let [width, height] = wanted;
        [width.clamp(x.0, x.1.max(x.0)), height.clamp(y.0, y.1.max(y.0))]
    };
    let off = |size: &[i32; 2]| {
        size.iter().zip(&wanted).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(0)
    };
    let best = sizes.iter().map(named).min_by_key(off);
    match best {
        Some(size) if off(&size) <= SIZE_SLACK.unsigned_abs() => Ok(Some(size)),
        _ => {
            let label = format!("{} × {} mm", width.mm_text(), height.mm_text());
            Err(format!("it has no stock of {label}; set this size up at the printer"))
        }
    }
}

/// One copy: what comes more than once stands in the document more than once.
fn copies(printer: &Answer) -> Result<Option<IppAttribute>, IppParseError> {
    if printer.values("copies-supported").is_empty() {
        return Ok(None);
    }
    IppAttribute::with_name("copies", IppValue::Integer(1)).map(Some)
}

fn attributes(
    printer: &Answer,
    raster: &Raster,
    size: Option<[i32; 2]>,
) -> Result<Vec<IppAttribute>, IppParseError> {
    let mut job: Vec<IppAttribute> = copies(printer)?.into_iter().collect();
    if let Some(size) = size {
        job.push(IppAttribute::with_name("media-col", media(printer, size)?)?);
    }
    let supported = printer.resolutions("printer-resolution-supported");
    let known =
        named(raster).into_iter().find(|(dots, inch)| supported.contains(&(*dots, *dots, *inch)));
    if let Some((dots, inch)) = known {
        let value = IppValue::new_resolution(dots, dots, if inch { 3 } else { 4 });
        job.push(IppAttribute::with_name("printer-resolution", value)?);
    }
    for (name, word) in [("print-scaling", "none"), ("sides", "one-sided")] {
        if printer.words(&format!("{name}-supported")).contains(&word) {
            job.push(IppAttribute::with_name(name, IppValue::new_keyword(word)?)?);
        }
    }
    Ok(job)
}

/// The stock, without margins where the printer can print up to the edge (PWG 5100.7).
fn media(printer: &Answer, [width, height]: [i32; 2]) -> Result<IppValue, IppParseError> {
    let collection = |members: Vec<(String, IppValue)>| {
        let named = members.into_iter().map(|(name, value)| Ok((IppName::new(name)?, value)));
        let named: Result<BTreeMap<_, _>, IppParseError> = named.collect();
        named.map(IppValue::Collection)
    };
    let size = collection(vec![
        ("x-dimension".to_owned(), IppValue::Integer(width)),
        ("y-dimension".to_owned(), IppValue::Integer(height)),
    ])?;
    let mut members = vec![("media-size".to_owned(), size)];
    let margins = ["bottom", "left", "right", "top"].map(|side| format!("media-{side}-margin"));
    let members_known = printer.words("media-col-supported");
    let to_the_edge = |margin: &String| {
        members_known.contains(&margin.as_str())
            && printer.values(&format!("{margin}-supported")).contains(&IppValue::Integer(0))
    };
    if margins.iter().all(to_the_edge) {
        members.extend(margins.into_iter().map(|margin| (margin, IppValue::Integer(0))));
    }
    collection(members)
}
