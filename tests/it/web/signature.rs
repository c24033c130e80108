//! Signing: a full re-authentication each time, over the content that was shown.

use chorda::app::signature::{SignAs, SignatureRequest, covers, sign};
use chorda::domain::actor::{Capability, Meaning, Role, Signature};
use chorda::domain::id::{ContentHash, StationId};
use chorda::store::Failure;

use super::app::{PASSWORD, TestApp, login_of};

fn hash(letter: &str) -> ContentHash {
    ContentHash::parse(&letter.repeat(64)).unwrap()
}

fn try_sign(
    app: &TestApp,
    login: &str,
    password: &str,
    sign_as: SignAs,
) -> Result<Signature, Failure> {
    let request = SignatureRequest {
        login: login.to_owned(),
        password: password.to_owned().into(),
        meaning: Meaning::Verified,
        displayed_hash: hash("a"),
    };
    sign(&app.app, &StationId::parse("OFFICE").unwrap(), &request, sign_as)
}

fn rule(outcome: Result<Signature, Failure>) -> String {
    outcome.unwrap_err().refusal().unwrap().rule.clone()
}

#[test]
fn a_signature_carries_name_role_meaning_time_zone_and_what_it_covers() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let signature = try_sign(&app, "ana", PASSWORD, SignAs::Role(Role::Technician)).unwrap();
    assert_eq!(signature.printed_name, "Ana Novak");
    assert_eq!(signature.role, Role::Technician);
    assert_eq!(signature.meaning, Meaning::Verified);
    assert_eq!(signature.zone, "Europe/Ljubljana");
    assert_eq!(signature.content_hash, hash("a"));
    let shown = signature.manifestation();
    for part in ["Ana Novak", "ana", "Technician", "verified", "CE"] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn a_signature_over_what_was_shown_does_not_cover_what_it_became() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let signature = try_sign(&app, "ana", PASSWORD, SignAs::Role(Role::Technician)).unwrap();
    assert!(covers(&signature, &hash("a")).is_ok());
    let refused = covers(&signature, &hash("b")).unwrap_err();
    assert_eq!(refused.refusal().unwrap().rule, "content_changed 11.70");
}

#[test]
fn nobody_signs_with_a_wrong_password_a_foreign_role_or_without_a_fitting_one() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let as_technician = SignAs::Role(Role::Technician);
    let wrong = rule(try_sign(&app, "ana", "wrong, wrong, wrong", as_technician));
    assert_eq!(wrong, "authentication_failed 11.300");
    assert_eq!(rule(try_sign(&app, "nobody", PASSWORD, as_technician)), wrong);
    let foreign = rule(try_sign(&app, "ana", PASSWORD, SignAs::Role(Role::Qa)));
    assert_eq!(foreign, "role_not_held 11.10(g)");
    let unfit = SignAs::Holder(Capability::CertifyBatch);
    assert_eq!(rule(try_sign(&app, "ana", PASSWORD, unfit)), "capability_missing 11.10(g)");
    let fit = try_sign(&app, "ana", PASSWORD, SignAs::Holder(Capability::VerifySteps)).unwrap();
    assert_eq!(fit.role, Role::Technician);
}

#[test]
fn wrong_passwords_for_signatures_lock_and_end_the_open_sessions() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let open = app.signed_in("ana");
    for _ in 0..5 {
        let refused = try_sign(&app, "ana", "wrong, wrong, wrong", SignAs::Role(Role::Technician));
        assert!(refused.is_err());
    }
    let late = try_sign(&app, "ana", PASSWORD, SignAs::Role(Role::Technician));
    assert_eq!(rule(late), "authentication_failed 11.300");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert!(open.get("/").location().starts_with("/sign-in"));
}

#[test]
fn the_right_password_sets_the_count_of_wrong_ones_back() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    for _ in 0..3 {
        for _ in 0..4 {
            let _ = try_sign(&app, "ana", "wrong, wrong, wrong", SignAs::Role(Role::Technician));
        }
        assert!(try_sign(&app, "ana", PASSWORD, SignAs::Role(Role::Technician)).is_ok());
    }
}

#[test]
fn a_qualified_person_whose_designation_ended_signs_nothing() {
    let app = TestApp::start();
    let login = login_of(Role::QualifiedPerson);
    let _ = app.client(Role::QualifiedPerson);
    let admin = app.client(Role::Administrator);
    let sign_as = SignAs::Role(Role::QualifiedPerson);
    assert!(try_sign(&app, &login, PASSWORD, sign_as).is_ok());
    let path = format!("/administration/people/{login}");
    let fields = [("what", "end-designation"), ("reason", "moved to another site")];
    assert_eq!(admin.post_form(&path, &fields).status, 303);
    assert_eq!(
        rule(try_sign(&app, &login, PASSWORD, sign_as)),
        "qualified_person_designated 2001/83-48"
    );
}

#[test]
fn no_password_is_in_the_database_in_any_form_that_can_be_read() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let _ = app.signed_in("ana");
    let phc = app.app.read(|db| chorda::store::user::credential_find(db, "ana")).unwrap().unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    let stream = <chorda::domain::user::User as chorda::domain::Aggregate>::stream("ana");
    let entries = app.app.read(|db| chorda::store::ledger::entries(db, &stream)).unwrap();
    for entry in entries {
        assert!(!entry.canonical.contains("argon2"), "{}", entry.canonical);
        assert!(!entry.canonical.contains(PASSWORD), "{}", entry.canonical);
    }
}
