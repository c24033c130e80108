//! Anything a scanner may send: never a panic, and what is understood is understood again from how
//! it is written.
#![no_main]

use chorda_fuzz::codes::isbt::{Element, Flag};
use chorda_fuzz::codes::{self, Scanned};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(scanned) = codes::parse(text) {
        assert!(text.len() <= codes::LENGTH_MAX);
        assert!(!codes::explain(&scanned).kind.is_empty());
        let written = match &scanned {
            // Without its check character it may be an article's number as well; its symbol tells.
            Scanned::Din(din) => Element::Din { din: din.clone(), flag: Flag::None }.symbol(),
            other => other.to_string(),
        };
        let again = codes::parse(&written);
        assert_eq!(again.as_ref().ok(), Some(&scanned), "{text:?} is {written}");
    }
});
