//! A record is checked without the system that made it, and every forgery is named.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chorda::app::record_export::record_of_order;
use chorda::domain::Change;
use chorda::domain::actor::Role;
use chorda::domain::id::OrderNumber;
use chorda::domain::installation::{self, Installation};
use chorda::domain::time::Instant;
use chorda::ledger::note::verifier_key;
use chorda::record::verify::verify;
use chorda::record::{BatchRecord, Person, render_pdf, to_json};
use chorda::site::Site;
use chorda::store::{Store, verify as whole};

use crate::domain::order::history;
use crate::support::{TestStore, each_backend, envelope, person};

/// An order placed, confirmed and scheduled; nothing is sealed.
fn ordered(store: &Store) {
    let site = Site::example().unwrap();
    for change in history(&site.protocol("EQ-MSC-XER").unwrap().hash) {
        let clinician = person("neza", Role::Clinician);
        store.write(envelope(&clinician, "WARD-1"), move |tx| tx.record([change.clone()])).unwrap();
    }
    // Somebody else's event, which the record does not hold and has to be proved around.
    store
        .write(envelope(&person("ana", Role::Technician), "ROOM-A"), |tx| {
            let event = installation::Event::Founded { origin: "another".to_owned() };
            tx.record([Change::of::<Installation>("another", event)])
        })
        .unwrap();
}

fn exported(store: &Store) -> BatchRecord {
    let by = Person { name: "Eva Čuk".into(), login: "eva.cuk".into(), role: "QA".into() };
    let number = OrderNumber::parse("ORD-2026-0001").unwrap();
    let now = Instant::parse("2026-12-04T10:00:00Z").unwrap();
    record_of_order(store, &Site::example().unwrap(), &number, &by, now).unwrap()
}

fn key_of(store: &Store) -> String {
    verifier_key(store.origin(), &store.checkpoint_key().unwrap())
}

#[test]
fn a_record_is_sealed_on_demand_and_stands_alone() {
    each_backend(|store| {
        ordered(store);
        let record = exported(store);
        let report = whole::run(store).unwrap();
        assert_eq!(report.sealed, record.ledger.size, "everything is sealed before it is exported");
        assert_eq!(record.audit_trail.len(), record.ledger.events.len());
        assert!(!record.ledger.nodes.is_empty());
        assert!(record.ledger.streams.iter().all(|stream| stream.complete));
        for file in [to_json(&record).unwrap(), render_pdf(&record).unwrap()] {
            let own = verify(&file, None);
            assert!(own.passed, "{:#?}", own.lines());
            assert!(own.trust.unwrap().contains("taken from the file itself"));
            let given = verify(&file, Some(&key_of(store)));
            assert!(given.passed, "{:#?}", given.lines());
            assert_eq!(given.trust.as_deref(), Some("the one given"));
        }
    });
}

#[test]
fn a_record_of_somebody_elses_installation_fails_against_the_sites_key() {
    let (own, other) = (TestStore::sqlite(), TestStore::sqlite());
    ordered(&own);
    ordered(&other);
    let forged = to_json(&exported(&other)).unwrap();
    assert!(verify(&forged, None).passed, "it is in order by itself");
    let report = verify(&forged, Some(&key_of(&own)));
    assert_eq!(report.finding.unwrap().table, "checkpoint");
    let report = verify(&forged, Some("no key"));
    assert!(report.finding.unwrap().problem.contains("not a verifier key"));
}

#[test]
fn a_changed_byte_anywhere_in_either_form_is_found() {
    let store = TestStore::sqlite();
    ordered(&store);
    let record = exported(&store);
    for (file, places) in [(to_json(&record).unwrap(), 300), (render_pdf(&record).unwrap(), 30)] {
        for place in (0..file.len()).step_by(file.len() / places) {
            let mut changed = file.clone();
            changed[place] ^= 1;
            let report = verify(&changed, None);
            assert!(!report.passed && report.finding.is_some(), "byte {place} of {}", file.len());
        }
        let cut = verify(&file[..file.len() / 2], None);
        assert!(!cut.passed, "half a file");
    }
    assert!(!verify(b"", None).passed);
    assert!(!verify(b"%PDF-1.7", None).passed);
}

/// What a forger may try, and the part of the record that is named.
#[test]
fn each_forgery_is_named_where_it_was_made() {
    type Forge = fn(&mut BatchRecord);
    let forgeries: [(&str, Forge); 17] = [
        ("record", |r| r.identity.patient_code = "XER-04".into()),
        ("record", |r| r.audit_trail[3].changes[0].new = Some("another".into())),
        ("record", |r| r.seal = None),
        ("record", |r| r.seal.as_mut().unwrap().signature = STANDARD.encode([7; 64])),
        ("event", |r| {
            let text = &mut r.ledger.events[3].canonical;
            *text = text.replace("XER-03", "XER-04");
        }),
        ("event", |r| r.ledger.events[4].signature = r.ledger.events[3].signature.clone()),
        ("event", |r| r.ledger.events[4].key = "ed25519-0".into()),
        ("stream", |r| drop(r.ledger.events.remove(4))),
        ("stream", |r| r.ledger.events.swap(3, 4)),
        ("stream", |r| {
            r.ledger.events.pop();
            r.ledger.streams.last_mut().unwrap().events -= 1;
            r.ledger.streams.last_mut().unwrap().name = "order/ORD-2026-0002".into();
        }),
        ("audit trail", |r| drop(r.audit_trail.pop())),
        ("inclusion proof", |r| {
            r.ledger.nodes.push(chorda::record::LedgerNode {
                level: 9,
                index: 1,
                hash: r.ledger.root.clone(),
            })
        }),
        ("inclusion proof", |r| {
            let (one, other) = (r.ledger.events[3].index, r.ledger.events[4].index);
            r.ledger.events[3].index = other;
            r.ledger.events[4].index = one;
        }),
        ("checkpoint", |r| r.ledger.size += 1),
        ("checkpoint", |r| {
            let (size, more) =
                (format!("\n{}\n", r.ledger.size), format!("\n{}\n", r.ledger.size + 1));
            r.ledger.checkpoint = r.ledger.checkpoint.replacen(&size, &more, 1);
        }),
        ("inclusion proof", |r| drop(r.ledger.nodes.pop())),
        ("key", |r| r.ledger.keys[1].id = "ed25519-0".into()),
    ];
    let store = TestStore::sqlite();
    ordered(&store);
    let record = exported(&store);
    for (number, (part, forge)) in forgeries.into_iter().enumerate() {
        let mut forged = record.clone();
        forge(&mut forged);
        assert!(forged != record, "forgery {number} changes nothing");
        let report = verify(&to_json(&forged).unwrap(), None);
        let finding = report.finding.unwrap_or_else(|| panic!("forgery {number} was not found"));
        assert_eq!(finding.table, part, "forgery {number}: {finding}");
    }
}

#[test]
fn pages_that_say_something_else_than_their_data_are_found() {
    let store = TestStore::sqlite();
    ordered(&store);
    let record = exported(&store);
    let mut shown = record.clone();
    shown.identity.patient_code = "XER-04".into();
    // The pages of one record around the data of another.
    let (pages, data) = (render_pdf(&shown).unwrap(), to_json(&record).unwrap());
    let mut document = lopdf::Document::load_mem(&pages).unwrap();
    for object in document.objects.values_mut() {
        if let lopdf::Object::Stream(stream) = object
            && stream.dict.get_type().is_ok_and(|kind| kind == b"EmbeddedFile")
        {
            stream.dict.remove(b"Filter");
            stream.set_content(data.clone());
        }
    }
    let mut forged = Vec::new();
    document.save_to(&mut forged).unwrap();
    assert_eq!(chorda::pdf::attachment(&forged, "record.json").unwrap(), data);
    let finding = verify(&forged, None).finding.unwrap();
    assert_eq!(finding.table, "pages", "{finding}");
}

#[test]
fn the_command_line_exports_seals_and_checks() {
    use crate::cli::{chorda, err, out};
    let store = TestStore::sqlite();
    ordered(&store);
    let folder = store.folder().to_owned();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let site = [
        format!("--database=sqlite:{}", path("it.sqlite")),
        format!("--secrets={}", path("it.keys")),
    ];
    for name in ["record.pdf", "record.json"] {
        let file = path(name);
        let export = ["record", "export", "ORD-2026-0001", "--out", &file, &site[0], &site[1]];
        let output = chorda(&export);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let key = path("it.keys/checkpoint.vkey");
        let output = chorda(&["verify", "--record", &file, "--key", &key]);
        assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
        assert!(
            out(&output).starts_with("PASS  ORD-2026-0001, patient XER-03"),
            "{}",
            out(&output)
        );
    }
    let text = std::fs::read_to_string(path("record.json")).unwrap().replace("XER-03", "XER-04");
    std::fs::write(path("record.json"), text).unwrap();
    let output = chorda(&["verify", "--record", &path("record.json"), "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    assert!(out(&output).contains("\"passed\": false"), "{}", out(&output));
}
