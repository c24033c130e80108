//! What a person sees and does in a real browser. `CHORDA_SCREENSHOTS=DIR` makes the tests keep
//! pictures of the pages at the three sizes.

mod by_hand;
pub(crate) mod driver;
mod shell;

use std::path::PathBuf;

use driver::{Browser, SIZES};

use crate::web::app::{PASSWORD, TestApp};

/// Signs in through the page, with the common password of tests.
pub(crate) fn sign_in(browser: &Browser, app: &TestApp, login: &str) {
    sign_in_at(browser, &app.origin(), login, PASSWORD);
}

/// Signs in through the page of any server.
pub(crate) fn sign_in_at(browser: &Browser, origin: &str, login: &str, password: &str) {
    browser.go(&format!("{origin}/sign-in"));
    browser.type_into("#login", login);
    browser.type_into("#password", password);
    browser.click("button[type=submit]");
    browser.says("Server time");
}

/// Keeps pictures of the page shown, at each size, if somebody wants them; the browser is left at
/// the size of a scan station.
pub(crate) fn picture(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("CHORDA_SCREENSHOTS").map(PathBuf::from) else { return };
    for (size, width, height) in SIZES {
        browser.screenshot_whole(&folder.join(format!("{name}-{size}.png")), width, height);
    }
    browser.resize(1280, 800);
}

/// Fails if the page is wider than the window at any size: nothing must need sideways scrolling.
#[track_caller]
pub(crate) fn fits(browser: &Browser, name: &str) {
    for (size, width, height) in SIZES {
        browser.resize(width, height);
        let wide = browser.run("return document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(wide <= u64::from(width), "{name} is {wide} px wide at {size} ({width} px)");
    }
    browser.resize(1280, 800);
}
