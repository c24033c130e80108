//! Signed notes, checkpoints and log proofs in their published forms.

use chorda::ledger::checkpoint::CheckpointError;
use chorda::ledger::note::{NoteError, open, read_verifier_key, sign, verifier_key};
use chorda::ledger::proof::LogProof;
use chorda::ledger::tree::{inclusion_proof, root};
use chorda::ledger::{Checkpoint, Hash, SecretKey};
use proptest::prelude::*;

const ORIGIN: &str = "site.example/ledger/1";

fn key() -> SecretKey {
    SecretKey::from_bytes(&[42; 32])
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: ORIGIN.to_owned(), size: 20_852_163, root: Hash::of_bytes(b"root") }
}

#[test]
fn a_note_opens_with_its_key_and_its_name_only() {
    let note = sign("text\n", ORIGIN, &key());
    assert_eq!(open(&note, ORIGIN, &key().public()).unwrap(), "text\n");
    let other = SecretKey::from_bytes(&[43; 32]).public();
    assert!(matches!(open(&note, ORIGIN, &other), Err(NoteError::NoSignature(_))));
    assert!(matches!(open(&note, "else", &key().public()), Err(NoteError::NoSignature(_))));
    let edited = note.replace("text", "next");
    assert!(matches!(open(&edited, ORIGIN, &key().public()), Err(NoteError::Signature(_))));
    for broken in ["", "\n\n", "text\n", "text\n\nno dash x AA==\n", "text\n\n— a b\n"] {
        assert_eq!(open(broken, ORIGIN, &key().public()), Err(NoteError::Malformed), "{broken:?}");
    }
}

#[test]
fn a_note_with_further_signatures_still_opens() {
    let note = sign("text\n", ORIGIN, &key());
    let witness = sign("text\n", "witness.example", &SecretKey::from_bytes(&[9; 32]));
    let (_, line) = witness.split_once("\n\n").unwrap();
    let both = format!("{note}{line}");
    assert_eq!(open(&both, ORIGIN, &key().public()).unwrap(), "text\n");
}

/// From the format's own documentation: a key as its tools print it, and a note it signed.
#[test]
fn a_note_of_another_implementation_opens() {
    let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let (_, blob) = vkey.rsplit_once('+').unwrap();
    let blob = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, blob).unwrap();
    let public = chorda::ledger::PublicKey::from_slice(&blob[1..]).unwrap();
    assert_eq!(verifier_key("PeterNeumann", &public), vkey);
    assert_eq!(
        read_verifier_key(&format!("{vkey}\n")),
        Ok(("PeterNeumann".to_owned(), public.clone()))
    );
    for wrong in ["", "a+b", &vkey[1..], &vkey[..vkey.len() - 4], "PeterNeumann+c74f20a3+AAAA"] {
        assert_eq!(read_verifier_key(wrong), Err(NoteError::NotAKey), "{wrong:?}");
    }
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    let note = format!(
        "{text}\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFY\
         C2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    );
    assert_eq!(open(&note, "PeterNeumann", &public).unwrap(), text);
}

#[test]
fn a_checkpoint_has_its_three_lines_and_survives_signing() {
    let text = checkpoint().to_text();
    assert_eq!(text.lines().count(), 3);
    assert_eq!(Checkpoint::from_text(&text).unwrap(), checkpoint());
    let note = checkpoint().sign(&key());
    assert_eq!(note, checkpoint().sign(&key()), "signing again gives the same note");
    assert_eq!(Checkpoint::open(&note, ORIGIN, &key().public()).unwrap(), checkpoint());
    for wrong in [
        text.replace("20852163", "020852163"),
        text.replace("20852163", "-1"),
        text.replace('\n', "\r\n"),
        format!("{text}more\n"),
        text.trim_end().to_owned(),
        text.replace(ORIGIN, ""),
    ] {
        assert_eq!(Checkpoint::from_text(&wrong), Err(CheckpointError::Malformed), "{wrong:?}");
    }
}

#[test]
fn a_log_proof_convinces_somebody_who_has_nothing_else() {
    let events: Vec<_> = (0..11_u8).map(|n| Hash::of_event(&n.to_string())).collect();
    let leaves: Vec<_> = events.iter().map(|event| Hash::of_leaf(event.as_bytes())).collect();
    let head = Checkpoint { origin: ORIGIN.to_owned(), size: 11, root: root(&leaves) };
    let proof = LogProof {
        index: 4,
        hashes: inclusion_proof(&leaves, 4).unwrap(),
        checkpoint: head.sign(&key()),
    };
    let text = proof.to_text();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 4\n"));
    assert_eq!(LogProof::parse(&text).unwrap(), proof);
    let with_extra = text.replace("\nindex", "\nextra YWJj\nindex");
    assert_eq!(LogProof::parse(&with_extra).unwrap(), proof);
    assert_eq!(proof.verify(&events[4], ORIGIN, &key().public()).unwrap(), head);
    assert!(proof.verify(&events[5], ORIGIN, &key().public()).is_err());
    assert!(proof.verify(&events[4], "else", &key().public()).is_err());
    for wrong in [
        text.replace("index 4", "index 04"),
        text.replace("@v1", "@v2"),
        text.replace("index 4\n", ""),
    ] {
        assert!(LogProof::parse(&wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn one_changed_byte_of_a_signed_checkpoint_is_noticed(at in any::<usize>(), bit in 0..8_u8) {
        let note = checkpoint().sign(&key());
        let mut bytes = note.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(Checkpoint::open(&changed, ORIGIN, &key().public()).is_err());
        }
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "(.|\n){0,80}") {
        drop(Checkpoint::open(&text, ORIGIN, &key().public()));
        drop(LogProof::parse(&text));
    }
}
