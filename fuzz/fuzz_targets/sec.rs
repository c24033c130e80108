//! Single European Code, printed and encoded.
#![no_main]

use chorda_fuzz::codes::sec::Sec;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(code) = Sec::parse(text) {
        assert_eq!(Sec::parse(&code.to_string()).as_ref(), Ok(&code), "{text:?}");
        assert_eq!(Sec::parse_compact(&code.compact()).as_ref(), Ok(&code), "{text:?}");
    }
});
