//! ISBT 128: one structure, a concatenation, a compound message.
#![no_main]

use chorda_fuzz::codes::isbt::{self, Element};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(elements) = isbt::read(text) {
        let written: String = elements.iter().map(Element::symbol).collect();
        assert_eq!(isbt::read(&written).as_ref(), Ok(&elements), "{text:?}");
        if (2..=99).contains(&elements.len()) {
            // Of single symbols the divisions may be scanned later; a message holds all or nothing.
            let refers = |element: &Element| {
                matches!(element, Element::Product(code) if code.division().needs_divisions())
            };
            let divisions = elements.iter().any(|element| matches!(element, Element::Divisions(_)));
            let open = elements.iter().any(refers) && !divisions;
            match isbt::compound(&elements) {
                Ok(message) => assert_eq!(isbt::read(&message), Ok(elements), "{text:?}"),
                Err(refusal) => assert!(open, "{text:?}: {refusal}"),
            }
        }
    }
});
