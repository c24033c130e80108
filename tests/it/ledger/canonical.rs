//! One value, one text, one hash.

use chorda::ledger::canonical::INTEGER_MAX;
use chorda::ledger::hash::{hex, unhex};
use chorda::ledger::{Canonical, CanonicalError, EventDocument, Hash, SecretKey};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn members_are_sorted_and_nothing_is_added() {
    let value = Canonical::of(&json!({"b": [1, true, null], "a": "č\n", "a1_": {}})).unwrap();
    assert_eq!(value.to_text().unwrap(), "{\"a\":\"č\\n\",\"a1_\":{},\"b\":[1,true,null]}");
}

#[test]
fn floats_are_refused_even_when_they_are_whole() {
    for float in [json!(1.5), json!(1.0), json!(1e3), json!(-0.0)] {
        let error = Canonical::of(&json!({"volume": float})).unwrap_err();
        assert!(matches!(error, CanonicalError::Float(_)), "{error}");
    }
}

#[test]
fn integers_end_where_two_of_them_would_share_one_text() {
    assert!(Canonical::of(&INTEGER_MAX).is_ok());
    assert!(Canonical::of(&-INTEGER_MAX).is_ok());
    for large in [json!(INTEGER_MAX + 1), json!(-INTEGER_MAX - 1), json!(u64::MAX)] {
        let error = Canonical::of(&large).unwrap_err();
        assert!(matches!(error, CanonicalError::IntegerTooLarge(_)), "{error}");
    }
    let by_hand = Canonical::List(vec![Canonical::Integer(i64::MIN)]);
    assert!(by_hand.to_text().is_err());
}

#[test]
fn names_and_text_outside_the_profile_are_refused() {
    for name in ["", "Name", "na me", "name-2", "č"] {
        let error = Canonical::of(&json!({ name: 1 })).unwrap_err();
        assert!(matches!(error, CanonicalError::Name(_)), "{name}: {error}");
    }
    for text in ["\u{0}", "a\rb", "\u{7f}", "\u{85}", "\u{1b}[0m"] {
        let error = Canonical::of(text).unwrap_err();
        assert!(matches!(error, CanonicalError::ControlCharacter(_)), "{error}");
    }
}

#[test]
fn another_spelling_of_the_same_value_is_not_canonical() {
    for text in ["{\"b\":1,\"a\":2}", "{ \"a\":1}", "[1, 2]", "\"\\u0061\"", "{\"a\":1,\"a\":1}"] {
        assert_eq!(Canonical::parse(text).unwrap_err(), CanonicalError::NotCanonical, "{text}");
    }
    assert!(Canonical::parse("{\"a\":").is_err());
    assert!(Canonical::parse("1e2").is_err());
}

fn document() -> EventDocument {
    serde_json::from_value(json!({
        "v": 1, "type": "container.thawed", "event_id": "0190", "stream": "container/V-1",
        "ver": 2, "prev": Hash::of_bytes(b"first").to_string(),
        "at": "2026-11-22T03:39:08.123456Z", "tz": "Europe/Ljubljana",
        "actor": {"login": "ana", "role": "technician"}, "station": {"id": "bench-1", "seq": 7},
        "command_id": "0191", "reason": null, "data": {"minutes": "1.50"}, "refs": [],
        "salt": "00112233445566778899aabbccddeeff"
    }))
    .unwrap()
}

#[test]
fn an_event_survives_its_text_and_any_change_changes_its_hash() {
    let (text, hash) = document().seal().unwrap();
    assert_eq!(EventDocument::parse(&text).unwrap(), document());
    assert_eq!(Hash::of_event(&text), hash);
    assert_ne!(Hash::of_bytes(text.as_bytes()), hash, "the prefix keeps kinds of hashes apart");
    let other = EventDocument { ver: 3, ..document() };
    assert_ne!(other.seal().unwrap().1, hash);
    let unknown = text.replace("\"v\":1", "\"v\":2");
    assert!(EventDocument::parse(&unknown).is_err());
    let more = text.replace("{\"actor\"", "{\"a\":1,\"actor\"");
    assert!(EventDocument::parse(&more).is_err());
}

/// These bytes are for ever: a change of this test after a release breaks every record.
#[test]
fn the_bytes_of_an_event_its_hash_and_its_signature_never_change() {
    let (text, hash) = document().seal().unwrap();
    insta::assert_snapshot!(text, @r#"{"actor":{"login":"ana","role":"technician"},"at":"2026-11-22T03:39:08.123456Z","command_id":"0191","data":{"minutes":"1.50"},"event_id":"0190","prev":"a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e","reason":null,"refs":[],"salt":"00112233445566778899aabbccddeeff","station":{"id":"bench-1","seq":7},"stream":"container/V-1","type":"container.thawed","tz":"Europe/Ljubljana","v":1,"ver":2}"#);
    let key = SecretKey::from_bytes(&[7; 32]);
    let proof = format!("{}\n{hash}\n{}", key.public().id(), hex(&key.sign_event(&hash)));
    insta::assert_snapshot!(proof, @r"
    ed25519-724e5230068d307f
    4b09993d692a64dc98e71a45857ccb018d1d65200cbdb38d2a462fa317a72a15
    21e281ccff58daf91dbb3c93f184be99f85e294bef6ff40f02a81e9d4f630cae9786f5bad48ec85139eaa40012f377890734360c5db3ef99dcc769250c8aa509
    ");
}

#[test]
fn a_signature_holds_for_its_content_its_key_and_its_kind_only() {
    let key = SecretKey::from_bytes(&[7; 32]);
    let other = SecretKey::from_bytes(&[8; 32]);
    let hash = Hash::of_event("{}");
    let signature = key.sign_event(&hash);
    assert!(key.public().verify_event(&hash, &signature).is_ok());
    assert!(key.public().verify_event(&Hash::of_event("[]"), &signature).is_err());
    assert!(other.public().verify_event(&hash, &signature).is_err());
    assert!(key.public().verify_command(&hash, &signature).is_err());
    assert!(key.public().verify_event(&hash, &signature[..63]).is_err());
    assert!(!format!("{key:?}").contains(&hex(&[7; 32])), "a secret is never shown");
}

#[test]
fn hexadecimal_is_lower_case_and_whole() {
    assert_eq!(unhex("00ff"), Some(vec![0, 255]));
    for wrong in ["0", "0g", "FF", "č0"] {
        assert_eq!(unhex(wrong), None, "{wrong}");
    }
}

fn values() -> impl Strategy<Value = Canonical> {
    let leaf = prop_oneof![
        Just(Canonical::Null),
        any::<bool>().prop_map(Canonical::Bool),
        (-INTEGER_MAX..=INTEGER_MAX).prop_map(Canonical::Integer),
        "[ -~č-ž\n\t]{0,20}".prop_map(Canonical::Text),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Canonical::List),
            prop::collection::btree_map("[a-z0-9_]{1,8}", inner, 0..6).prop_map(Canonical::Object),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_has_one_text_that_gives_it_back(value in values()) {
        let text = value.to_text().unwrap();
        prop_assert_eq!(Canonical::parse(&text).unwrap(), value.clone());
        prop_assert_eq!(Canonical::from_json(value.clone().into_json()).unwrap(), value);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,60}") {
        drop(Canonical::parse(&text));
        drop(EventDocument::parse(&text));
    }
}
