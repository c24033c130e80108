//! The page that explains the language of protocols.

use chorda::domain::master_record::reference::UNEXPLAINED;
use chorda::domain::protocol::parse;
use chorda::domain::protocol::reference::{EXAMPLE, reference};

#[test]
fn the_page_explains_every_key_and_is_the_one_in_the_documentation() {
    let page = reference();
    assert!(!page.contains(UNEXPLAINED), "{page}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol.md");
    let known = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        known.trim_end() == page.trim_end(),
        "docs/protocol.md has drifted: chorda protocol reference > docs/protocol.md"
    );
}

#[test]
fn the_worked_example_has_no_fault_and_every_explained_key_is_one_the_reader_knows() {
    assert!(parse(EXAMPLE).is_ok());
    // Keys are listed only if the reader asks for them, so each explanation shows in the page.
    let page = reference();
    for key in ["weight_max_age", "volume_per_area", "labelling_loss", "number", "cells_min"] {
        assert!(page.contains(&format!("| `{key}` |")), "{key}");
    }
}
