//! Rules about people: each is tried to be broken.

use chorda::domain::actor::{Actor, Role};
use chorda::domain::id::{ContentHash, Login, StationId};
use chorda::domain::time::{Instant, Zone};
use chorda::domain::user::{
    Attempt, Command, Event, IdentityCheck, Refusal, Standing, User, check_password, decide,
};
use chorda::domain::{Aggregate, Context, Recorded};

fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

fn digest() -> ContentHash {
    ContentHash::parse(&"ab".repeat(32)).unwrap()
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn by(name: &str) -> Context {
    let actor = Actor {
        login: login(name),
        printed_name: "Irena Admin".to_owned(),
        role: Role::Administrator,
    };
    Context { now: at("2026-11-22T08:00:00Z"), actor }
}

fn register(name: &str, roles: &[Role]) -> Command {
    Command::Register {
        login: login(name),
        printed_name: "Ana Novak".to_owned(),
        personnel_number: "4711".to_owned(),
        identity: IdentityCheck { how: "identity card seen".to_owned(), by: "HR".to_owned() },
        roles: roles.to_vec(),
        digest: digest(),
        must_change: true,
    }
}

fn user_after(events: &[Event]) -> User {
    let recorded: Vec<Recorded> = events
        .iter()
        .zip(1..)
        .map(|(event, version)| Recorded {
            stream: User::stream("ana"),
            version,
            at: at("2026-11-22T08:00:00Z"),
            actor: login("irena"),
            role: Role::Administrator,
            station: StationId::parse("OFFICE").unwrap(),
            command_id: String::new(),
            reason: None,
            event: event.clone().into(),
        })
        .collect();
    User::fold(&recorded).unwrap()
}

fn ana(roles: &[Role]) -> User {
    user_after(&decide(None, &register("ana", roles), &by("irena")).unwrap())
}

fn reason() -> String {
    "new post".to_owned()
}

#[test]
fn a_registered_person_holds_the_roles_and_must_change_the_first_password() {
    let user = ana(&[Role::Technician, Role::Qa]);
    assert_eq!(user.roles.keys().copied().collect::<Vec<_>>(), [Role::Technician, Role::Qa]);
    assert!(user.credential.unwrap().must_change);
}

#[test]
fn a_sign_in_name_is_never_given_twice_even_after_it_was_disabled() {
    let user = ana(&[Role::Technician]);
    let again = decide(Some(&user), &register("ana", &[Role::Qa]), &by("irena"));
    assert_eq!(again, Err(Refusal::LoginTaken { login: login("ana") }));
    let mut gone = user;
    gone.standing = Standing::Disabled;
    assert!(decide(Some(&gone), &register("ana", &[Role::Qa]), &by("irena")).is_err());
}

#[test]
fn an_administrator_can_hold_no_other_role_from_either_side() {
    for role in Role::ALL.into_iter().filter(|&role| role != Role::Administrator) {
        let both = register("ana", &[Role::Administrator, role]);
        let refused = decide(None, &both, &by("irena"));
        assert!(matches!(refused, Err(Refusal::RolesIncompatible { .. })), "{role:?}");
        let grant = Command::GrantRole { role: Role::Administrator, reason: reason() };
        let refused = decide(Some(&ana(&[role])), &grant, &by("irena"));
        assert!(matches!(refused, Err(Refusal::RolesIncompatible { .. })), "{role:?}");
        let grant = Command::GrantRole { role, reason: reason() };
        let refused = decide(Some(&ana(&[Role::Administrator])), &grant, &by("irena"));
        assert!(matches!(refused, Err(Refusal::RolesIncompatible { .. })), "{role:?}");
    }
}

#[test]
fn nobody_changes_their_own_rights() {
    let user = ana(&[Role::Administrator]);
    let commands = [
        Command::GrantRole { role: Role::Administrator, reason: reason() },
        Command::Unlock { reason: reason() },
        Command::ResetPassword { digest: digest(), reason: reason() },
        Command::Disable { reason: reason(), other_administrators: 3 },
    ];
    for command in commands {
        assert_eq!(decide(Some(&user), &command, &by("ana")), Err(Refusal::OwnRights));
    }
}

#[test]
fn the_last_administrator_cannot_be_disabled() {
    let user = ana(&[Role::Administrator]);
    let command = Command::Disable { reason: reason(), other_administrators: 0 };
    let refused = decide(Some(&user), &command, &by("irena"));
    assert_eq!(refused, Err(Refusal::LastAdministrator { login: login("ana") }));
    let command = Command::Disable { reason: reason(), other_administrators: 1 };
    assert_eq!(decide(Some(&user), &command, &by("irena")), Ok(vec![Event::Disabled {}]));
}

#[test]
fn a_right_is_not_changed_without_a_reason() {
    let user = ana(&[Role::Technician]);
    for reason in ["", "   "] {
        let command = Command::GrantRole { role: Role::Qa, reason: reason.to_owned() };
        let refused = decide(Some(&user), &command, &by("irena"));
        assert_eq!(refused, Err(Refusal::TextMissing { what: "The reason" }));
    }
}

#[test]
fn the_fifth_wrong_password_in_a_row_locks_and_only_another_person_unlocks() {
    let mut events = decide(None, &register("ana", &[Role::Technician]), &by("irena")).unwrap();
    for failures in 1..=5 {
        let user = user_after(&events);
        assert!(user.usable().is_ok(), "usable before failure {failures}");
        let fail = Command::Fail { attempt: Attempt::Signature, failures };
        events.extend(decide(Some(&user), &fail, &by("ana")).unwrap());
    }
    let locked = user_after(&events);
    assert_eq!(locked.standing, Standing::Locked);
    let sign_in = Command::SignIn { session: "s".to_owned(), role: Role::Technician };
    let refused = decide(Some(&locked), &sign_in, &by("ana"));
    assert_eq!(refused, Err(Refusal::Locked { login: login("ana") }));
    let unlock = Command::Unlock { reason: reason() };
    assert_eq!(decide(Some(&locked), &unlock, &by("ana")), Err(Refusal::OwnRights));
    events.extend(decide(Some(&locked), &unlock, &by("irena")).unwrap());
    let user = user_after(&events);
    assert_eq!((user.standing, user.failures), (Standing::Active, 0));
}

#[test]
fn a_disabled_name_accepts_nothing_more() {
    let mut user = ana(&[Role::Technician]);
    user.standing = Standing::Disabled;
    let commands = [
        Command::GrantRole { role: Role::Qa, reason: reason() },
        Command::Unlock { reason: reason() },
        Command::ChangePassword { digest: digest() },
        Command::SignIn { session: "s".to_owned(), role: Role::Technician },
    ];
    for command in commands {
        let refused = decide(Some(&user), &command, &by("irena"));
        assert_eq!(refused, Err(Refusal::Disabled { login: login("ana") }));
    }
}

#[test]
fn a_qualified_person_acts_only_within_the_designation() {
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let mut events =
        decide(None, &register("ana", &[Role::QualifiedPerson]), &by("irena")).unwrap();
    let now = at("2026-11-22T08:00:00Z");
    let undesignated = user_after(&events);
    let refused = undesignated.acting(Role::QualifiedPerson, now, Zone::LJUBLJANA);
    assert_eq!(refused, Err(Refusal::NotDesignated { login: login("ana") }));
    let designate = |from: &str, until: Option<&str>| Command::Designate {
        from: day(from),
        until: until.map(day),
        document: "Decision 12/2026".to_owned(),
    };
    let backwards = designate("2026-02-01", Some("2026-01-01"));
    let refused = decide(Some(&undesignated), &backwards, &by("irena"));
    assert_eq!(refused, Err(Refusal::DesignationBackwards));
    let valid = designate("2026-11-22", Some("2026-12-31"));
    events.extend(decide(Some(&undesignated), &valid, &by("irena")).unwrap());
    let user = user_after(&events);
    let may = |at: Instant| user.acting(Role::QualifiedPerson, at, Zone::LJUBLJANA).is_ok();
    assert!(may(now));
    assert!(may(at("2026-12-31T22:59:59Z")), "the last day counts in the site's zone");
    assert!(!may(at("2026-12-31T23:00:00Z")), "after it, not");
    assert!(!may(at("2026-11-21T22:59:59Z")), "before the first, not");
}

#[test]
fn nobody_acts_in_a_role_they_do_not_hold() {
    let user = ana(&[Role::Technician]);
    let refused = user.acting(Role::Qa, at("2026-11-22T08:00:00Z"), Zone::LJUBLJANA);
    assert_eq!(refused, Err(Refusal::RoleNotHeld { login: login("ana"), role: Role::Qa }));
}

#[test]
fn short_guessable_and_own_name_passwords_are_refused() {
    let check = |password: &str| check_password(password, &login("ana.novak"), "Ana Novak");
    assert!(check("four plain words here").is_ok());
    assert!(check("štiri čisto navadne besede").is_ok());
    for bad in [
        "short",
        "14 characters!",
        "aaaaaaaaaaaaaaaaaaaa",
        "Password1234567890",
        "my name is novak so there",
        "ana.novak forever and ever",
        &"long ".repeat(30),
    ] {
        assert!(check(bad).is_err(), "{bad}");
    }
}

#[test]
fn events_survive_their_wire_form() {
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let events = [
        Event::RoleGranted { role: Role::QcAnalyst },
        Event::Designated { from: day("2026-01-02"), until: None, document: "D".to_owned() },
        Event::DesignationEnded {},
        Event::Locked {},
        Event::AuthenticationFailed { attempt: Attempt::Unlock, failures: 3 },
    ];
    for event in events {
        let event = chorda::domain::Event::from(event);
        let (name, data) = event.encode().unwrap();
        assert_eq!(chorda::domain::Event::decode(&name, data).unwrap(), event);
    }
}
