//! What is this? Any scanned or typed code in words, with what the site knows of it.
//!
//! Neighbours: `codes` reads and explains; `site` has the facility number, the tissue establishment
//! and the table of product codes; [`super::scan`] says what the records hold of it.
//!
//! Architecture invariant: no database is asked, so that every code can be explained to everybody
//! who is signed in.

use serde::Serialize;

use crate::codes::{self, CodeError, Explanation, Part, Scanned};
use crate::site::Site;

/// A code in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeExplained {
    /// What it is and what its parts mean.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// The symbol it was read from, where the scanner said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbology: Option<&'static str>,
}

/// Explains a code.
///
/// # Errors
/// Why the text is not a code that is accepted.
pub fn code_explain(site: &Site, text: &str) -> Result<CodeExplained, CodeError> {
    let (symbology, scanned) = codes::read(text)?;
    let mut explanation = codes::explain(&scanned);
    for part in &mut explanation.parts {
        if let Some(meaning) = known_here(site, part) {
            part.meaning = Some(meaning);
        }
    }
    if !site.isbt_128 && matches!(scanned, Scanned::Isbt(_)) {
        explanation.parts.push(Part {
            structure: None,
            name: "at this site".to_owned(),
            value: "not in use".to_owned(),
            meaning: Some("this site works without ISBT 128 and refuses the scan".to_owned()),
        });
    }
    Ok(CodeExplained { explanation, symbology: symbology.map(codes::aim::Symbology::name) })
}

/// What the site file says of a part; `None` leaves what the code itself says.
fn known_here(site: &Site, part: &Part) -> Option<String> {
    match part.name.as_str() {
        "facility" | "donor facility" | "processing facility" => {
            let own = part.value == site.facility;
            let whose = if own { "this site's facility number" } else { "another facility's" };
            let said = part.meaning.as_deref().filter(|said| *said != "FIN");
            Some(said.map_or_else(|| whose.to_owned(), |said| format!("{whose}; {said}")))
        }
        "description" => Some(match site.products.description(&part.value) {
            Some(words) => words.to_owned(),
            None => "not in this site's table of product codes".to_owned(),
        }),
        "tissue establishment" => {
            let own = site.tissue_establishment.as_deref().and_then(|code| code.get(2..))?;
            (own == part.value).then(|| "this site's number".to_owned())
        }
        _ => None,
    }
}
