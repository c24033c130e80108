//! Clinical protocols. Begin with the files that ship:
//! `cargo fuzz run -s none protocol templates/protocols`.
#![no_main]

use chorda_fuzz::domain::protocol;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = protocol::parse(text);
});
