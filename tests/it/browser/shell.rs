//! The frame, signing in, the scan field, administration: in a real browser.

use chorda::domain::actor::Role;

use super::driver::Browser;
use super::{fits, picture, sign_in};
use crate::web::app::TestApp;

#[test]
fn the_frame_works_and_fits_at_every_size_and_the_browser_blocks_nothing() {
    let Some(browser) = Browser::start() else { return };
    let app = TestApp::start();
    app.register("irena", "Irena Admin", &[Role::Administrator]);
    app.register("ana.novak", "Ana Novak Žagar", &[Role::Technician, Role::Qa]);
    app.register("vid", "Vid Čuk", &[Role::QualifiedPerson]);
    browser.go(&format!("{}/sign-in", app.origin()));
    picture(&browser, "sign-in");
    browser.type_into("#login", "irena");
    browser.type_into("#password", "not the password");
    browser.click("button[type=submit]");
    browser.says("The sign-in name or the password is wrong");
    picture(&browser, "sign-in-refused");
    sign_in(&browser, &app, "irena");
    for (name, path) in [
        ("home", "/"),
        ("administration", "/administration"),
        ("person-new", "/administration/people/new"),
        ("person", "/administration/people/vid"),
        ("account", "/account"),
        ("password", "/account/password"),
        ("station", "/station"),
        ("scan-unknown", "/scan?code=ABC"),
        ("not-found", "/no-such-page"),
    ] {
        browser.go(&format!("{}{path}", app.origin()));
        picture(&browser, name);
        fits(&browser, name);
    }
    let complaints = browser.complaints();
    let blocked: Vec<_> =
        complaints.iter().filter(|text| !text.contains("404") && !text.contains("422")).collect();
    assert!(blocked.is_empty(), "{blocked:?}");
}

#[test]
fn a_scan_is_taken_wherever_the_focus_is_and_leaves_the_field_as_it_was() {
    let Some(browser) = Browser::start() else { return };
    let app = TestApp::start();
    app.register("irena", "Irena Admin", &[Role::Administrator]);
    sign_in(&browser, &app, "irena");
    browser.go(&format!("{}/administration/people/new", app.origin()));
    // On a busy computer the keys may come too slowly to be taken for a scan.
    let taken = (0..20).any(|_| {
        if browser.has("dialog.band[open]") {
            browser.click("dialog.band button");
        }
        browser.type_into("#printed_name", "Maja");
        // A person puts down the keyboard before taking up the scanner.
        std::thread::sleep(std::time::Duration::from_millis(200));
        browser.scan("UNKNOWN-123");
        std::thread::sleep(std::time::Duration::from_millis(500));
        browser.has("dialog.band[open]") && browser.text("dialog.band").contains("UNKNOWN-123")
    });
    assert!(taken, "{}", browser.text("body"));
    browser.says("Unknown code");
    picture(&browser, "scan-band-stop");
    assert_eq!(browser.run("return document.querySelector('#printed_name').value"), "Maja");
    assert!(browser.text("dialog.band").contains("UNKNOWN-123"));
    // On a busy computer more than two seconds may lie between two scans; then they are two.
    let again = (0..20).any(|_| {
        browser.scan("UNKNOWN-123");
        browser.text("dialog.band").contains("Already scanned")
    });
    assert!(again, "{}", browser.text("dialog.band"));
    picture(&browser, "scan-band-check");
    browser.click("dialog.band button");
    assert!(!browser.has("dialog.band[open]"));
}

#[test]
fn a_scan_station_has_targets_of_at_least_72_pixels() {
    let Some(browser) = Browser::start() else { return };
    let app = TestApp::start();
    app.register("irena", "Irena Admin", &[Role::Administrator]);
    sign_in(&browser, &app, "irena");
    browser.go(&format!("{}/station", app.origin()));
    browser.type_into("#station", "CLEANROOM-1");
    browser.click("input[name=kind][value=scan]");
    browser.click("main form[action='/station'] button.primary");
    browser.says("This browser is enrolled.");
    picture(&browser, "scan-station");
    fits(&browser, "scan-station");
    let heights = browser.run(
        "return [...document.querySelectorAll('main .button, main button, main input:not([type=radio]):not([type=hidden])')]\
         .map(e => e.getBoundingClientRect().height)",
    );
    for height in heights.as_array().unwrap() {
        assert!(height.as_f64().unwrap() >= 72.0, "{heights}");
    }
}

#[test]
fn every_page_of_the_frame_works_without_a_script() {
    // The same forms that the tests of `web` send are the whole of the pages; scripts only help.
    let app = TestApp::start();
    let client = app.client(Role::Administrator);
    for path in ["/", "/administration", "/administration/people/new", "/account", "/station"] {
        let page = client.get(path);
        assert_eq!(page.body.matches("<script").count(), 1, "{path}");
        assert!(!page.body.contains(" onclick="), "{path}");
    }
}
