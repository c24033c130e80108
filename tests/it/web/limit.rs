//! How fast passwords may be tried from one place, and that nobody else is kept out by it for long.

use super::app::{Client, PASSWORD, Page, TestApp};
use chorda::clock::Clock;
use chorda::domain::actor::Role;
use chorda::domain::time::{Instant, Span};

fn start() -> (TestApp, Clock) {
    let clock = Clock::manual(Instant::parse("2026-11-22T08:00:00Z").unwrap());
    let app = TestApp::with_clock(clock.clone());
    app.register("ana", "Ana Kos", &[Role::Technician]);
    app.register("bor", "Bor Zupan", &[Role::Technician]);
    (app, clock)
}

fn try_as(client: &Client, login: &str, password: &str) -> Page {
    client.post_raw("/sign-in", &[("login", login), ("password", password)])
}

#[test]
fn a_sixth_wrong_password_for_a_name_waits_whether_the_name_exists_or_not() {
    let (app, clock) = start();
    let client = app.anonymous();
    for login in ["ana", "nobody-at-all"] {
        for _ in 0..5 {
            assert_eq!(try_as(&client, login, "a wrong password").status, 422, "{login}");
        }
        let page = try_as(&client, login, "a wrong password");
        assert_eq!((page.status, page.header("retry-after")), (429, "31"), "{login}");
        page.says("Too many wrong passwords came from here. Wait 31 seconds");
        let again = try_as(&client, &login.to_uppercase(), PASSWORD);
        assert_eq!(again.status, 429, "however it is written");
        clock.advance(Span::of_seconds(31));
        assert_eq!(try_as(&client, login, "a wrong password").status, 422, "{login}");
        assert_eq!(try_as(&client, login, "a wrong password").status, 429, "{login}");
    }
    let failures =
        app.app.read(|db| chorda::store::user::find(db, "ana")).unwrap().unwrap().failures;
    assert_eq!(failures, 5, "what waits is not counted against the name");
}

#[test]
fn guessing_over_many_names_slows_a_shared_address_by_seconds_and_stations_not_at_all() {
    let (app, clock) = start();
    let admin = app.client(Role::Administrator);
    let enrol = [("station", "CLEANROOM-1"), ("kind", "scan"), ("scanner", "us")];
    assert_eq!(admin.post_form("/station", &enrol).status, 303);
    let enrolled = admin.cookies.borrow()["__Host-station"].clone();

    let guesser = app.anonymous();
    for number in 0..30 {
        assert_eq!(try_as(&guesser, &format!("name-{number}"), "a wrong password").status, 422);
    }
    let page = try_as(&guesser, "name-31", "a wrong password");
    assert_eq!((page.status, page.header("retry-after")), (429, "3"));
    let honest = app.anonymous();
    assert_eq!(try_as(&honest, "bor", PASSWORD).status, 429, "the address is shared");
    let station = app.anonymous();
    station.cookies.borrow_mut().insert("__Host-station".to_owned(), enrolled);
    assert_eq!(try_as(&station, "ana", PASSWORD).status, 303, "an enrolled station is a place");
    clock.advance(Span::of_seconds(3));
    assert_eq!(try_as(&honest, "bor", PASSWORD).status, 303);
}

#[test]
fn right_passwords_of_a_whole_hospital_use_nothing_up() {
    let (app, _) = start();
    for _ in 0..40 {
        assert_eq!(try_as(&app.anonymous(), "ana", PASSWORD).status, 303);
    }
    let client = app.anonymous();
    for _ in 0..4 {
        assert_eq!(try_as(&client, "ana", "a wrong password").status, 422);
    }
    assert_eq!(try_as(&client, "ana", PASSWORD).status, 303);
    assert_eq!(try_as(&client, "ana", "a wrong password").status, 422, "the row is broken");
}

#[test]
fn nobody_but_the_sites_own_proxy_is_believed_about_an_address() {
    let (app, _) = start();
    let client = app.anonymous();
    let origin = app.origin();
    for number in 0..6 {
        let forged = format!("10.1.1.{number}");
        let fields = [("login", "ana"), ("password", "a wrong password")];
        let headers = [("origin", origin.as_str()), ("x-forwarded-for", forged.as_str())];
        let page = client.post_with("/sign-in", &fields, &headers);
        assert_eq!(page.status, if number < 5 { 422 } else { 429 }, "{number}");
    }
}
