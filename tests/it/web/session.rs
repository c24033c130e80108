//! Sessions, locks and forms of other pages: each way in is tried.

use chorda::clock::Clock;
use chorda::domain::actor::Role;
use chorda::domain::time::{Instant, Span};

use super::app::{PASSWORD, TestApp};

fn manual() -> Clock {
    Clock::manual(Instant::parse("2026-11-22T08:00:00Z").unwrap())
}

#[test]
fn a_person_signs_in_sees_who_they_are_and_signs_out_for_good() {
    let app = TestApp::start();
    let client = app.client(Role::Technician);
    client.get("/").says("Test Technician").says("Technician");
    let before = client.cookies.borrow().clone();
    assert_eq!(client.post_form("/sign-out", &[]).location(), "/sign-in");
    *client.cookies.borrow_mut() = before;
    let page = client.get("/");
    assert!(page.location().starts_with("/sign-in"), "the old cookie opens nothing");
}

#[test]
fn the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let client = app.anonymous();
    let page = client.post_raw("/sign-in", &[("login", "ana"), ("password", PASSWORD)]);
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-sid="), "{cookie}");
    for word in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
}

#[test]
fn a_stranger_cannot_tell_an_unknown_name_from_a_wrong_password_or_a_locked_name() {
    let clock = manual();
    let app = TestApp::with_clock(clock.clone());
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let client = app.anonymous();
    let message = |login: &str, password: &str| {
        clock.advance(Span::of_minutes(1));
        let page = client.post_raw("/sign-in", &[("login", login), ("password", password)]);
        assert_eq!(page.status, 422);
        page.text().split("The sign-in name or").nth(1).unwrap()[..120].to_owned()
    };
    let unknown = message("nobody", PASSWORD);
    assert_eq!(message("ana", "wrong password here"), unknown);
    for _ in 0..5 {
        message("ana", "wrong password here");
    }
    assert_eq!(message("ana", PASSWORD), unknown, "locked, and told no different");
    assert_eq!(message("Not A Login!", PASSWORD), unknown);
}

#[test]
fn five_wrong_passwords_lock_and_guesses_at_the_same_time_do_not_get_past() {
    let clock = manual();
    let app = TestApp::with_clock(clock.clone());
    app.register("ana", "Ana Novak", &[Role::Technician]);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            let client = app.anonymous();
            scope.spawn(move || {
                client
                    .post_raw("/sign-in", &[("login", "ana"), ("password", "wrong, wrong, wrong")])
            });
        }
    });
    clock.advance(Span::of_minutes(5));
    let client = app.anonymous();
    let page = client.post_raw("/sign-in", &[("login", "ana"), ("password", PASSWORD)]);
    assert_eq!(page.status, 422, "the right password comes too late");
    let person = app.app.read(|db| chorda::store::user::find(db, "ana")).unwrap().unwrap();
    assert_eq!(person.standing.word(), "locked");
    assert_eq!(person.failures, 5);

    let admin = app.client(Role::Administrator);
    let path = "/administration/people/ana";
    let page = admin.post_form(path, &[("what", "unlock"), ("reason", "came to the office")]);
    assert_eq!(page.status, 303, "{}", page.text());
    app.signed_in("ana");
}

#[test]
fn a_password_hash_put_into_the_table_opens_nothing() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Qa]);
    app.register("eva", "Eva Kos", &[Role::Technician]);
    app.store
        .sql("UPDATE credential SET phc = (SELECT phc FROM credential WHERE login = 'eva') WHERE login = 'ana'")
        .unwrap();
    let client = app.anonymous();
    let page = client.post_raw("/sign-in", &[("login", "ana"), ("password", PASSWORD)]);
    assert_eq!(page.status, 422);
}

#[test]
fn an_idle_screen_locks_hides_and_comes_back_to_the_same_page() {
    let clock = manual();
    let app = TestApp::with_clock(clock.clone());
    let client = app.client(Role::Administrator);
    clock.advance(Span::of_minutes(9));
    assert_eq!(client.get("/account").status, 200, "nine minutes are not idle");
    clock.advance(Span::of_minutes(11));
    let page = client.get("/administration?page=2");
    assert_eq!(page.location(), "/locked?back=%2Fadministration%3Fpage%3D2");
    let locked = client.get(page.location());
    locked.says("Locked").says("Test Administrator");
    assert!(!locked.body.contains("class=\"side\""), "nothing else is shown");

    let old = client.cookies.borrow().clone();
    let back = locked.entry("back").unwrap();
    let wrong = client.post_raw("/unlock", &[("password", "not the password"), ("back", &back)]);
    assert_eq!(wrong.status, 422);
    let page = client.post_raw("/unlock", &[("password", PASSWORD), ("back", &back)]);
    assert_eq!(page.location(), "/administration?page=2");
    assert_eq!(client.get(page.location()).status, 200);

    *client.cookies.borrow_mut() = old;
    assert!(client.get("/").location().starts_with("/sign-in"), "unlocking gave a new secret");
}

#[test]
fn a_screen_locked_by_hand_stays_locked() {
    let app = TestApp::start();
    let client = app.client(Role::Qa);
    let page = client.post_form("/lock", &[("back", "/account")]);
    assert_eq!(page.location(), "/locked?back=%2Faccount");
    assert!(client.get("/").location().starts_with("/locked"));
    let json = client.get_with("/scan?code=X", &[("accept", "application/json")]);
    assert_eq!(json.status, 401);
}

#[test]
fn a_session_ends_after_its_longest_time_however_busy() {
    let clock = manual();
    let app = TestApp::with_clock(clock.clone());
    let client = app.client(Role::Qa);
    for _ in 0..(12 * 60 / 9) {
        clock.advance(Span::of_minutes(9));
        assert_eq!(client.get("/").status, 200);
    }
    clock.advance(Span::of_minutes(9));
    assert!(client.get("/").location().starts_with("/sign-in"));
}

#[test]
fn the_way_back_never_leads_to_another_host() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let wishes = [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/sign-out",
        "/\r\nSet-Cookie: x=y",
    ];
    for back in wishes {
        let client = app.anonymous();
        let fields = [("login", "ana"), ("password", PASSWORD), ("back", back)];
        let page = client.post_raw("/sign-in", &fields);
        let target = page.location();
        assert!(target == "/" || page.status == 422, "{back:?} leads to {target}");
    }
}

#[test]
fn a_form_of_another_site_or_of_nowhere_is_refused() {
    let app = TestApp::start();
    let client = app.client(Role::Administrator);
    let token = client.csrf();
    let fields = [("csrf", token.as_str()), ("back", "/")];
    let origin = app.origin();
    let refused: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", &origin)],
        &[("sec-fetch-site", "same-site")],
    ];
    for headers in refused {
        let page = client.post_with("/lock", &fields, headers);
        assert_eq!(page.status, 403, "{headers:?}");
    }
    let own = client.post_with("/lock", &[("back", "/")], &[("origin", &origin)]);
    assert_eq!(own.status, 403, "without the token of the session");
    let other = app.client(Role::Qa).csrf();
    let own = client.post_with("/lock", &[("csrf", &other)], &[("origin", &origin)]);
    assert_eq!(own.status, 403, "with the token of another session");
    let page = client.post_with("/lock", &fields, &[("sec-fetch-site", "same-origin")]);
    assert_eq!(page.status, 303);
}

#[test]
fn sign_in_itself_is_refused_from_another_site() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let client = app.anonymous();
    let fields = [("login", "ana"), ("password", PASSWORD)];
    let page = client.post_with("/sign-in", &fields, &[("sec-fetch-site", "cross-site")]);
    assert_eq!(page.status, 403);
}

#[test]
fn a_session_that_was_fixed_before_signing_in_is_not_used() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let client = app.anonymous();
    client.cookies.borrow_mut().insert("__Host-sid".into(), "ab".repeat(32));
    client.post_raw("/sign-in", &[("login", "ana"), ("password", PASSWORD)]);
    assert_ne!(client.cookies.borrow()["__Host-sid"], "ab".repeat(32));
}

#[test]
fn a_browser_cannot_name_itself_a_station() {
    let app = TestApp::start();
    let client = app.client(Role::Technician);
    client.cookies.borrow_mut().insert("__Host-station".into(), "CLEANROOM-1.scan.us.00".into());
    client.get("/station").says("Station OFFICE");
    let enrol = [("station", "CLEANROOM-1"), ("kind", "scan"), ("scanner", "us")];
    assert_eq!(client.post_form("/station", &enrol).status, 403);

    let admin = app.client(Role::Administrator);
    let page = admin.post_form("/station", &enrol);
    assert_eq!(page.status, 303);
    admin.get("/station").says("Station CLEANROOM-1").says("This browser is enrolled.");
    assert!(admin.get("/").body.contains("class=\"station\""), "larger type and targets");
}

#[test]
fn an_unknown_code_is_told_with_what_to_do_on_a_page_and_to_scripts() {
    let app = TestApp::start();
    let client = app.client(Role::Technician);
    client.get("/scan?code=%3C%3E").says("Unknown code").says("type the characters below");
    let json = client.get_with("/scan?code=zzz", &[("accept", "application/json")]).json();
    assert_eq!(json["verdict"], "stop");
}
