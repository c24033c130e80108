//! What is this? The page that explains a code, and what a scan says of a foreign one.

use chorda::domain::actor::Role;

use super::app::TestApp;
use super::stock::vials;

const JSON: &[(&str, &str)] = &[("accept", "application/json")];
const MESSAGE: &str = "%3D%2B03000%3DA99992600000500%3D%3CS12347A0%26%3E0283662359";

#[test]
fn any_code_is_explained_part_by_part_to_everybody() {
    let app = TestApp::start();
    for role in [Role::Technician, Role::Clinician, Role::Inspector] {
        let client = app.client(role);
        client.get("/codes").says("Scan or type a code");
        let page = client.get(&format!("/codes?code={MESSAGE}"));
        page.says("ISBT 128 message").says("Nothing here has this code");
        page.says("001 Donation Identification Number").says("003 Product Code");
        page.says("set aside for validation").says("for allogeneic use");
        page.says("2028-12-31 23:59").says("A999926000005 S1234 A0");
        let reagent = client.get("/codes?code=%5Dd20103205000004004172708%33110LOT-7%1D21A1");
        reagent.says("GS1 DataMatrix").says("(01) GTIN").says("03205000004004").says("LOT-7");
    }
}

#[test]
fn a_text_that_is_no_code_says_why_and_what_to_do() {
    let app = TestApp::start();
    let client = app.client(Role::Technician);
    for (code, why) in [
        ("A9999%2026%20000001%207", "The check character"),
        ("%3D%2B02000%3DA99992600000500", "nothing of it is used"),
        ("%26a123", "leaves to a nation or a facility"),
        ("hello%3Cscript%3E", "is no code known here"),
    ] {
        let page = client.get(&format!("/codes?code={code}"));
        assert_eq!(page.status, 422, "{code}");
        page.says("Not a code we accept").says(why);
        assert!(!page.body.contains("hello<script>"));
    }
    let long = "A".repeat(5_000);
    client.get(&format!("/codes?code={long}")).says("no code has more than");
}

#[test]
fn a_scan_of_a_foreign_code_leads_to_its_explanation() {
    let app = TestApp::start();
    let client = app.client(Role::Technician);
    let scan = client.get_with(&format!("/scan?code={MESSAGE}"), JSON).json();
    assert_eq!(scan["verdict"], "stop");
    assert_eq!(scan["title"], "ISBT 128 message, not of this site");
    assert_eq!(scan["go"], format!("/codes?code={MESSAGE}"));
    // A number that nothing has is not answered with a standing.
    for nobody in ["B-2026-9999", "DNR-9999", "DEV-2026-9999", "A9999%2026%20999999%20N"] {
        let scan = client.get_with(&format!("/scan?code={nobody}"), JSON).json();
        assert_eq!(scan["verdict"], "stop", "{nobody}: {scan}");
    }
    let page = client.get("/scan?code=%5Dd20103205000004004");
    page.says("GS1 element string, not of this site").says("Open");
}

#[test]
fn the_isbt_message_of_a_unit_finds_the_unit() {
    let app = TestApp::start();
    let code = vials(&app, "B-2026-0001", 1).remove(0);
    let client = app.client(Role::Technician);
    let division = &code[3..];
    let message = format!("%3DA99992600000500%3D%3CS1234V99%3D%2C{division}");
    let scan = client.get_with(&format!("/scan?code={message}"), JSON).json();
    assert!(scan["title"].as_str().unwrap().contains(&code), "{scan}");
    assert_eq!(scan["go"], format!("/containers/{code}"));
    client.get(&format!("/codes?code={message}")).says(&code).says("Open");
}
