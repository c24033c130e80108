//! Master batch records. Begin with the files that ship:
//! `cargo fuzz run -s none master_record templates/mbr`.
#![no_main]

use chorda_fuzz::domain::master_record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match master_record::parse(text) {
        Ok(record) => assert_eq!(record.text, text),
        Err(faults) => assert!(!faults.0.is_empty()),
    }
});
