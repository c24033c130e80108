//! ISBT 128: one structure, a concatenation, a compound message.
#![no_main]

use chorda_fuzz::codes::isbt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(elements) = isbt::read(text) {
        let written: String = elements.iter().map(isbt::Element::symbol).collect();
        assert_eq!(isbt::read(&written).as_ref(), Ok(&elements), "{text:?}");
        if elements.len() > 1 {
            let message = isbt::compound(&elements);
            assert_eq!(message.and_then(|message| isbt::read(&message)), Ok(elements), "{text:?}");
        }
    }
});
