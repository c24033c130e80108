//! GS1 element strings, transmitted and printed.
#![no_main]

use chorda_fuzz::codes::gs1::{self, Gs1};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = gs1::date(text, 2026);
    let _ = gs1::check_digit(text);
    if let Ok(read) = Gs1::parse(text) {
        let _ = read.expiry(2026);
        assert_eq!(Gs1::parse(&read.text()).as_ref(), Ok(&read), "{text:?}");
    }
});
