//! A vial for each gland, where each is given as it was stored.

use super::order::{after, context, history_under, now};
use chorda::domain::container::{self, Container, ContainerKind, Contents, Custodian};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{DonorCode, LocationPath, MaterialCode};
use chorda::domain::language::Wording;
use chorda::domain::lineage::Origin;
use chorda::domain::order::{self, Allocate, Order, Refusal, VialFacts};
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::{Change, Refusal as _};

const VIALS: &str = include_str!("../../../templates/protocols/at-msc-xerostomia.toml");

fn vial(volume: &str) -> Container {
    let event = container::Event::Produced {
        kind: ContainerKind::Cryovial,
        contents: Contents {
            material: MaterialCode::parse("AT-MSC").unwrap(),
            title: Wording::english("AT-MSC"),
            passage: Some(1),
            volume: Some(Quantity::parse(volume, Unit::Millilitre).unwrap()),
            viable_cells: None,
        },
        donation: None,
        batch: None,
        step: None,
        output: None,
        number: 1,
        of: 60,
        identity: None,
        expires_at: None,
        order: None,
        target: None,
        disposition: Disposition::Released,
        custodian: Custodian::Place { location: LocationPath::parse("LN2/T1/R1/B1/A1").unwrap() },
    };
    after(None, &[Change::of::<Container>("C00001X", event)])
}

fn take(order: &Order, code: &str, volume: &str) -> Result<Order, Refusal> {
    let mut vial = vial(volume);
    vial.code = code.to_owned();
    let donor = DonorCode::parse("DNR-0001").unwrap();
    let facts = VialFacts {
        container: &vial,
        effective: Disposition::Released,
        cause: None,
        earlier: None,
        origins: &[Origin { donor, recipient: None }],
        stored_before: &[],
    };
    let changes =
        order::allocate(order, &Allocate { because: None }, &facts, &context("ana", now()))?;
    Ok(after(Some(order.clone()), &changes))
}

#[test]
fn each_gland_gets_a_vial_that_holds_just_its_dose() {
    let mut order: Order = after(None, &history_under(VIALS));
    assert_eq!((order.protocol.aliquots, order.protocol.one_per_unit), (4, true));
    for (code, volume) in [("V1", "1.0"), ("V2", "0.50")] {
        order = take(&order, code, volume).unwrap();
    }
    let covered: Vec<&str> = order.covered.iter().map(|(_, unit)| unit.as_str()).collect();
    assert_eq!(covered, ["left_parotid", "left_submandibular"]);
    assert_eq!(take(&order, "V3", "0.75").unwrap_err().rule(), "vial_wrong_volume");
    order = take(&order, "V3", "1.00").unwrap();
    let refusal = take(&order, "V4", "1.0").unwrap_err();
    assert_eq!(refusal.rule(), "vial_wrong_volume");
    assert!(refusal.to_string().contains("what is still needed is 0.50 ml"), "{refusal}");
    let full = take(&order, "V4", "0.5").unwrap();
    assert!(full.fully_allocated() && !full.takes(Some(full.dose_volume)));
    // A vial that is given back leaves its gland without one.
    let mut back = vial("0.50");
    back.code = "V2".to_owned();
    let changes = order::deallocate(&full, &back).unwrap();
    let freed: Order = after(Some(full), &changes);
    let half = Quantity::parse("0.5", Unit::Millilitre).unwrap();
    assert_eq!(freed.uncovered(half).unwrap().target.as_str(), "left_submandibular");
}
