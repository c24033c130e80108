//! Cells of a donor who is a patient reach that patient or nobody.

use chorda::domain::Refusal as _;
use chorda::domain::id::{DonorCode, OrderNumber, PatientCode};
use chorda::domain::lineage::{Crossing, Earlier, Origin, may_mix, may_reach, only_recipient};
use chorda::domain::protocol::DonorRule;
use proptest::prelude::*;

fn origin(donor: u32, recipient: Option<u32>) -> Origin {
    Origin {
        donor: DonorCode::parse(&format!("DNR-{donor:04}")).unwrap(),
        recipient: recipient.map(patient),
    }
}

fn patient(number: u32) -> PatientCode {
    PatientCode::parse(&format!("XER-{number:02}")).unwrap()
}

#[test]
fn cells_for_one_patient_are_refused_to_another_naming_both() {
    let own = [origin(1, Some(3))];
    assert_eq!(only_recipient(&patient(3), "V1", &own), Ok(()));
    let refused = only_recipient(&patient(4), "V1", &own).unwrap_err();
    assert_eq!(refused.rule(), "autologous_recipient ATMP-21");
    for named in ["V1", "DNR-0001", "XER-03", "XER-04"] {
        assert!(refused.to_string().contains(named), "{refused}");
    }
    assert_eq!(only_recipient(&patient(4), "V1", &[origin(2, None)]), Ok(()));
    let mixed = [origin(2, None), origin(1, Some(3))];
    assert!(only_recipient(&patient(4), "V1", &mixed).is_err(), "one of several is enough");
}

#[test]
fn cells_for_one_patient_are_mixed_with_no_others() {
    let (own, other, strange) = (origin(1, Some(3)), origin(2, Some(4)), origin(5, None));
    let alone = std::slice::from_ref(&own);
    assert_eq!(may_mix("V1", alone, alone), Ok(()), "the same donor again");
    for inside in [&other, &strange] {
        let refused = may_mix("V1", alone, std::slice::from_ref(inside)).unwrap_err();
        assert!(matches!(refused, Crossing::Mixed { .. }));
        assert!(may_mix("V1", std::slice::from_ref(inside), alone).is_err(), "either way round");
    }
    assert!(may_mix("V1", &[own, strange.clone()], &[]).is_err(), "mixed before it came here");
    assert_eq!(may_mix("V1", &[strange], &[origin(6, None)]), Ok(()), "a pool of free donors");
}

#[test]
fn a_patient_gets_cells_of_one_donor_in_every_order() {
    let reach = |origins: &[Origin], earlier: &[Earlier]| {
        may_reach(DonorRule::OnePerPatient, &patient(3), "V1", origins, earlier).err()
    };
    let order = OrderNumber::parse("ORD-2026-0001").unwrap();
    let of = |donor: u32| Earlier { donor: origin(donor, None).donor, order: order.clone() };
    assert_eq!(reach(&[origin(1, None)], &[]), None);
    assert_eq!(reach(&[origin(1, None)], &[of(1)]), None, "the same donor again");
    let refused = reach(&[origin(2, None)], &[of(1)]).unwrap();
    assert_eq!(refused.rule(), "one_donor_per_patient");
    for named in ["DNR-0001", "DNR-0002", "ORD-2026-0001"] {
        assert!(refused.to_string().contains(named), "{refused}");
    }
    let pooled = reach(&[origin(1, None), origin(2, None)], &[]).unwrap();
    assert_eq!(pooled.rule(), "one_donor_per_unit");
    assert_eq!(reach(&[], &[]).unwrap().rule(), "one_donor_per_unit", "of nobody known");
}

#[test]
fn where_the_patient_is_the_donor_nobody_elses_cells_reach_them() {
    let reach =
        |origins: &[Origin]| may_reach(DonorRule::Patient, &patient(3), "V1", origins, &[]).err();
    assert_eq!(reach(&[origin(1, Some(3))]), None);
    assert_eq!(reach(&[origin(1, None)]).unwrap().rule(), "own_cells_only ATMP-21");
    assert_eq!(reach(&[]).unwrap().rule(), "own_cells_only ATMP-21");
    let other = reach(&[origin(1, Some(4))]).unwrap();
    assert_eq!(other.rule(), "autologous_recipient ATMP-21");
    let any = may_reach(DonorRule::Any, &patient(3), "V1", &[origin(1, Some(4))], &[]);
    assert!(any.is_err(), "whatever the protocol says");
}

proptest! {
    /// Whatever is taken in, in whatever order: what got past the door holds either free donors or
    /// one donor, and reaches only the patient of that one.
    #[test]
    fn what_gets_past_the_doors_is_of_one_line(
        taken in prop::collection::vec((1_u32..6, any::<bool>()), 1..12),
        patient_number in 1_u32..6,
    ) {
        let mut inside: Vec<Origin> = Vec::new();
        for (donor, registered) in taken {
            // A donor is registered for the patient of its own number, or for nobody.
            let own = origin(donor, (registered && donor % 2 == 0).then_some(donor));
            if may_mix("V1", std::slice::from_ref(&own), &inside).is_ok() {
                inside.push(own);
            }
        }
        let bound: Vec<&Origin> = inside.iter().filter(|o| o.recipient.is_some()).collect();
        if let Some(first) = bound.first() {
            prop_assert!(inside.iter().all(|origin| origin.donor == first.donor));
        }
        let reached = patient(patient_number);
        let passes = only_recipient(&reached, "V1", &inside).is_ok();
        let right = bound.iter().all(|origin| origin.recipient.as_ref() == Some(&reached));
        prop_assert_eq!(passes, right);
    }
}
