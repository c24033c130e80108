//! The demo tells its story to the end, the same each time, and leaves a ledger that verifies.

use chorda::demo::People;

#[test]
fn every_name_of_the_cast_has_the_right_shape_and_stands_alone() {
    let people = People::new().unwrap();
    let logins: std::collections::BTreeSet<_> =
        people.all().iter().map(|person| person.actor.login.clone()).collect();
    assert_eq!(logins.len(), people.all().len());
}
