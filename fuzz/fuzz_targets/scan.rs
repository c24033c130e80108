//! Anything a scanner may send: never a panic, and what is understood is understood again from how
//! it is written.
#![no_main]

use chorda_fuzz::codes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(scanned) = codes::parse(text) {
        assert!(text.len() <= codes::LENGTH_MAX);
        assert!(!codes::explain(&scanned).kind.is_empty());
        let again = codes::parse(&scanned.to_string());
        assert_eq!(again.as_ref().ok(), Some(&scanned), "{text:?} is {scanned}");
    }
});
