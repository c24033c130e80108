//! A site's table of product codes.
#![no_main]

use chorda_fuzz::codes::products::ProductTable;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match ProductTable::parse(text) {
        Ok(table) => {
            for (code, description) in table.iter() {
                assert_eq!(table.description(code), Some(description));
            }
        }
        Err(faults) => assert!(!faults.is_empty()),
    }
});
