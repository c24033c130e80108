//! Product identities in both databases.

use chorda::domain::Change;
use chorda::domain::actor::Role;
use chorda::domain::actor::{Meaning, Signature};
use chorda::domain::container::{
    Command, Container, ContainerKind, Contents, Custodian, Event, IdentityFact, ProductIdentity,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{ContainerCode, ContentHash, Din, Login, MaterialCode};
use chorda::domain::language::Wording;
use chorda::domain::time::Instant;
use chorda::store::{Failure, Store, container, identity, verify};

use super::stock::command;
use crate::support::{each_backend, envelope, person};

const DIN: &str = "A999926000005";

fn named(product_code: &str, division: &str) -> ProductIdentity {
    ProductIdentity {
        din: Din::parse(DIN).unwrap(),
        product_code: product_code.to_owned(),
        division: division.to_owned(),
    }
}

/// Makes one container with this product code and division.
fn make(store: &Store, product_code: &str, division: &str) -> Result<ContainerCode, Failure> {
    let identity = named(product_code, division);
    let code = store.write(envelope(&person("ana", Role::Technician), "bench-1"), move |tx| {
        let code = container::next_codes(tx, ContainerKind::Syringe, 1)?.remove(0);
        let produced = Event::Produced {
            kind: ContainerKind::Syringe,
            contents: Contents {
                material: MaterialCode::parse("EQ-MSC-DOSE").unwrap(),
                title: Wording::english("EQ-MSC, P2"),
                passage: Some(2),
                volume: None,
                viable_cells: None,
            },
            donation: None,
            batch: None,
            step: None,
            output: None,
            number: 1,
            of: 1,
            identity: Some(identity.clone()),
            expires_at: None,
            order: None,
            target: None,
            disposition: Disposition::Released,
            custodian: Custodian::Person { login: Login::parse("ana").unwrap() },
        };
        tx.record([Change::of::<Container>(code.as_str(), produced)])?;
        Ok(code.to_string())
    })?;
    Ok(ContainerCode::parse(&code).unwrap())
}

#[test]
fn no_two_containers_have_one_product_identity() {
    each_backend(|test| {
        let first = make(test, "D0102V", "ALAA00").unwrap();
        make(test, "D0102V", "ALAB00").unwrap();
        make(test, "D0103V", "ALAA00").unwrap();
        // The collection type does not tell two products apart.
        assert!(make(test, "D01027", "ALAA00").is_err());
        let divided = test
            .read(|db| {
                container::divided(db, &Din::parse(DIN).unwrap(), std::slice::from_ref(&first))
            })
            .unwrap();
        assert_eq!(divided.parent.as_deref(), Some("ALAA00"));
        assert_eq!(divided.taken["D0102"].len(), 2);
        assert_eq!(divided.taken["D0103"].len(), 1);
    });
}

fn signature(who: &str) -> Signature {
    Signature {
        login: Login::parse(who).unwrap(),
        printed_name: who.to_owned(),
        role: Role::Qa,
        meaning: Meaning::Approved,
        at: Instant::parse("2026-11-22T08:00:00Z").unwrap(),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: ContentHash::parse(&"0".repeat(64)).unwrap(),
    }
}

/// Corrects an identity as the rules alone would let it: the facts say that all is free.
fn correct(store: &Store, code: &ContainerCode, to: &ProductIdentity) -> Result<(), Failure> {
    let fact = IdentityFact::default;
    let propose = Command::ProposeIdentity {
        to: to.clone(),
        fact: fact(),
        because: "typed wrong".to_owned(),
        signature: signature("nina"),
    };
    command(store, "nina", code, propose)?;
    let confirm = Command::ConfirmIdentity { fact: fact(), signature: signature("vida") };
    command(store, "vida", code, confirm)
}

#[test]
fn a_corrected_identity_is_retired_for_ever_and_the_database_holds_to_it() {
    each_backend(|store| {
        let (old, new) = (named("D0102V", "ALAA00"), named("D0103V", "ALAA00"));
        let code = make(store, "D0102V", "ALAA00").unwrap();
        let other = make(store, "D0102V", "ALAB00").unwrap();
        correct(store, &code, &new).unwrap();
        let of = |one: &ProductIdentity| {
            store.read(|db| identity::of_identity(db, one)).unwrap().unwrap()
        };
        assert_eq!((of(&old).container, of(&old).retired_at.is_some()), (code.clone(), true));
        assert_eq!((of(&new).container, of(&new).retired_at), (code.clone(), None));
        // Whatever the rules were told: neither another container nor a new one gets the old one.
        assert!(correct(store, &other, &old).is_err());
        assert!(correct(store, &other, &new).is_err());
        assert!(correct(store, &code, &old).is_err(), "nor the same container again");
        assert!(make(store, "D0102V", "ALAA00").is_err());
        let divided =
            store.read(|db| container::divided(db, &Din::parse(DIN).unwrap(), &[])).unwrap();
        assert!(divided.taken["D0102"].contains("ALAA00"), "it is not allocated again");
        let state = store.read(|db| container::require(db, &other)).unwrap();
        assert_eq!(state.identity, Some(named("D0102V", "ALAB00")));
        assert!(verify::run(store).unwrap().passed);
        let set = |what: &str| store.sql(&format!("UPDATE product_identity SET {what}"));
        let corrected = "WHERE proposed_by IS NOT NULL";
        assert!(set(&format!("confirmed_by = proposed_by {corrected}")).is_err(), "by one person");
        assert!(set("retired_at = NULL").is_err(), "one identity at a time");
        assert!(set("proposed_by = 'nina', confirmed_by = NULL").is_err(), "half signed");
    });
}
