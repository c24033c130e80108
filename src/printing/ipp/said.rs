//! What a printer says of itself and of a job, in words.
//!
//! Neighbours: [`super::client`] brings the answers; keywords are those of RFC 8011, PWG 5100.9 and
//! PWG 5100.14.
//!
//! Architecture invariant: text of a printer is cut short and cleaned before it goes anywhere.

use std::collections::BTreeMap;

use ipp::model::StatusCode;
use ipp::request::IppRequestResponse;
use ipp::value::{IppName, IppValue};

/// Longest text of a printer that is repeated, in characters.
const TEXT_MAX: usize = 160;

/// The reasons for which nothing comes out, and what they mean at a label printer.
const REASONS: [(&str, &str); 22] = [
    ("media-empty", "it has no labels"),
    ("media-needed", "it waits for labels"),
    ("media-jam", "its labels are jammed"),
    ("cover-open", "its cover is open"),
    ("door-open", "its door is open"),
    ("interlock-open", "its head is open"),
    ("marker-supply-empty", "it has no ribbon"),
    ("marker-ribbon-empty", "it has no ribbon"),
    ("toner-empty", "it has no toner"),
    ("input-tray-missing", "its tray is missing"),
    ("output-tray-missing", "its output tray is missing"),
    ("output-area-full", "its output is full"),
    ("cutter-error", "its cutter failed"),
    ("marker-failure", "its head failed"),
    ("fuser-over-temp", "it is too hot"),
    ("power-down", "it is switched off"),
    ("paused", "it is paused"),
    ("moving-to-paused", "it is being paused"),
    ("shutdown", "it is switched off"),
    ("deactivated", "it is out of use"),
    ("spool-area-full", "its memory is full"),
    ("timed-out", "it does not reach its device"),
];

/// A text of a printer, fit to be repeated.
fn clean(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(TEXT_MAX).collect::<String>().trim().to_owned()
}

/// A reason in words; its end says how grave it is (RFC 8011, 5.4.12).
fn reason_words(reason: &str) -> String {
    let bare = reason.trim_end_matches("-error").trim_end_matches("-warning");
    match REASONS.iter().find(|(keyword, _)| *keyword == reason || *keyword == bare) {
        Some((_, words)) => (*words).to_owned(),
        None => format!("it says {:?}", clean(reason)),
    }
}

/// Whether nothing comes out for this reason.
fn stops(reason: &str) -> bool {
    if reason.ends_with("-report") || reason.ends_with("-warning") {
        return false;
    }
    reason.ends_with("-error") || REASONS.iter().any(|(keyword, _)| *keyword == reason)
}

/// A size in hundredths of a millimetre, each way from and to.
pub(super) type SizeRange = [(i32, i32); 2];

/// A whole answer.
pub(super) struct Answer {
    status: StatusCode,
    /// Each attribute by its name, the values of a set one by one.
    values: BTreeMap<String, Vec<IppValue>>,
}

impl Answer {
    pub(super) fn new(message: &IppRequestResponse) -> Self {
        let mut values: BTreeMap<String, Vec<IppValue>> = BTreeMap::new();
        for attribute in message.attributes().groups().iter().flat_map(|group| group.attributes()) {
            let of_one = match attribute.value() {
                IppValue::Array(several) => several.clone(),
                one => vec![one.clone()],
            };
            // An attribute that comes twice counts as it came first.
            values.entry(attribute.name().as_str().to_owned()).or_insert(of_one);
        }
        Self { status: message.header().status_code(), values }
    }

    /// Whether the printer did what it was asked.
    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Whether it did it otherwise than it was asked.
    pub(super) fn is_substituted(&self) -> bool {
        self.is_success() && self.status != StatusCode::SuccessfulOk
    }

    /// The status it answered with.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The status in words, with what the printer adds.
    pub(super) fn status_words(&self) -> String {
        match self.word("status-message").map(clean).filter(|text| !text.is_empty()) {
            Some(text) => format!("{} ({text:?})", self.status),
            None => self.status.to_string(),
        }
    }

    /// The values of an attribute; none where it was not said.
    pub(super) fn values(&self, name: &str) -> &[IppValue] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The values of an attribute that are words.
    pub(super) fn words(&self, name: &str) -> Vec<&str> {
        self.values(name).iter().filter_map(word).collect()
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.values(name).first().and_then(word)
    }

    /// A number or an enumeration.
    pub(super) fn number(&self, name: &str) -> Option<i32> {
        match self.values(name).first()? {
            IppValue::Integer(number) | IppValue::Enum(number) => Some(*number),
            _ => None,
        }
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.values(name).first()? {
            IppValue::Boolean(is) => Some(*is),
            _ => None,
        }
    }

    /// Resolutions, in dots per inch or per centimetre: across, along, and whether per inch.
    pub(super) fn resolutions(&self, name: &str) -> Vec<(i32, i32, bool)> {
        let resolution = |value: &IppValue| match value {
            IppValue::Resolution { cross_feed, feed, units } => {
                Some((*cross_feed, *feed, *units == 3))
            }
            _ => None,
        };
        self.values(name).iter().filter_map(resolution).collect()
    }

    /// The sizes of `media-size-supported`; `None` where nothing is said.
    pub(super) fn sizes(&self) -> Option<Vec<SizeRange>> {
        let values = self.values.get("media-size-supported")?;
        let size = |value: &IppValue| match value {
            IppValue::Collection(members) => {
                Some([range(members, "x-dimension")?, range(members, "y-dimension")?])
            }
            _ => None,
        };
        Some(values.iter().filter_map(size).collect())
    }

    /// Why the printer does not print, in words; `None` where it can.
    pub(super) fn trouble(&self) -> Option<String> {
        let reasons = self.words("printer-state-reasons");
        let troubles: Vec<String> =
            reasons.iter().filter(|r| stops(r)).map(|r| reason_words(r)).collect();
        if !troubles.is_empty() {
            return Some(troubles.join(", "));
        }
        // printer-state: 3 idle, 4 processing, 5 stopped.
        if self.number("printer-state") == Some(5) {
            let said: Vec<String> =
                reasons.iter().filter(|r| **r != "none").map(|r| reason_words(r)).collect();
            return Some(if said.is_empty() {
                match self.word("printer-state-message").map(clean) {
                    Some(text) if !text.is_empty() => format!("it is stopped ({text:?})"),
                    _ => "it is stopped".to_owned(),
                }
            } else {
                format!("it is stopped: {}", said.join(", "))
            });
        }
        match self.flag("printer-is-accepting-jobs") {
            Some(false) => Some("it takes no jobs now".to_owned()),
            _ => None,
        }
    }

    /// What the printer warns of although it goes on; empty where it warns of nothing.
    pub(super) fn warnings(&self) -> String {
        let reasons = self.words("printer-state-reasons");
        let warnings = reasons.iter().filter(|reason| reason.ends_with("-warning"));
        warnings.map(|reason| reason_words(reason)).collect::<Vec<_>>().join(", ")
    }

    /// Why a job stands as it does, in words; empty where the printer does not say.
    pub(super) fn job_reasons(&self) -> String {
        let idle = ["none", "job-printing", "job-incoming", "printer-stopped"];
        let mut said: Vec<String> = self
            .words("job-state-reasons")
            .into_iter()
            .filter(|reason| !idle.contains(reason))
            .map(clean)
            .collect();
        said.extend(self.word("job-state-message").map(|text| format!("{:?}", clean(text))));
        said.retain(|text| !text.is_empty() && text != "\"\"");
        said.join(", ")
    }
}

fn word(value: &IppValue) -> Option<&str> {
    match value {
        IppValue::Keyword(text) => Some(text.as_str()),
        IppValue::MimeMediaType(text) => Some(text.as_str()),
        IppValue::NameWithoutLanguage(text) => Some(text.as_str()),
        IppValue::NameWithLanguage { name, .. } => Some(name.as_str()),
        IppValue::TextWithoutLanguage(text) => Some(text.as_ref()),
        IppValue::TextWithLanguage { text, .. } => Some(text.as_ref()),
        _ => None,
    }
}

fn range(members: &BTreeMap<IppName, IppValue>, name: &str) -> Option<(i32, i32)> {
    match members.get(name)? {
        IppValue::Integer(size) => Some((*size, *size)),
        IppValue::RangeOfInteger { min, max } => Some((*min, *max)),
        _ => None,
    }
}
