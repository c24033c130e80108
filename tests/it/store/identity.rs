//! Product identities in both databases.

use chorda::domain::Change;
use chorda::domain::actor::Role;
use chorda::domain::container::{
    Container, ContainerKind, Contents, Custodian, Event, ProductIdentity,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{ContainerCode, Din, Login, MaterialCode};
use chorda::domain::language::Wording;
use chorda::store::{Failure, Store, container};

use crate::support::{each_backend, envelope, person};

const DIN: &str = "A999926000005";

/// Makes one container with this product code and division.
fn make(store: &Store, product_code: &str, division: &str) -> Result<ContainerCode, Failure> {
    let identity = ProductIdentity {
        din: Din::parse(DIN).unwrap(),
        product_code: product_code.to_owned(),
        division: division.to_owned(),
    };
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
