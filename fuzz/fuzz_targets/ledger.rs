//! What a verifier reads from a stranger's file: events, checkpoints, proofs, keys.
#![no_main]

use chorda_fuzz::ledger::proof::LogProof;
use chorda_fuzz::ledger::{Canonical, Checkpoint, EventDocument, note};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(value) = Canonical::parse(text) {
        assert_eq!(value.to_text().as_deref(), Ok(text));
    }
    if let Ok(document) = EventDocument::parse(text) {
        assert_eq!(document.seal().map(|(written, _)| written).as_deref(), Ok(text));
    }
    if let Ok(checkpoint) = Checkpoint::from_text(text) {
        assert_eq!(checkpoint.to_text(), text);
    }
    if let Ok(proof) = LogProof::parse(text) {
        assert_eq!(LogProof::parse(&proof.to_text()).as_ref(), Ok(&proof));
    }
    if let Ok((name, key)) = note::read_verifier_key(text) {
        assert_eq!(note::verifier_key(&name, &key), text.trim());
    }
    let _ = note::text(text);
});
