//! Our own codes: container and label.
#![no_main]

use chorda_fuzz::codes::{LabelCode, container};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(code) = container::read(text) {
        let (kind, number) = (container::kind(&code), container::sequence(&code));
        let made = kind.zip(number).and_then(|(kind, number)| container::code(kind, number).ok());
        assert_eq!(made, Some(code), "{text:?}");
    }
    if let Ok(label) = LabelCode::parse(text) {
        assert_eq!(LabelCode::parse(&label.to_string()).as_ref(), Ok(&label), "{text:?}");
        assert_eq!(LabelCode::parse(&label.printed()).as_ref(), Ok(&label), "{text:?}");
    }
});
