//! People through the pages: registering, rights, passwords.

use chorda::clock;
use chorda::domain::actor::Role;

use super::app::{Client, PASSWORD, Page, TestApp};

fn register(admin: &Client, login: &str, role: &str) -> Page {
    register_as(admin, login, role, "4711")
}

fn register_as(admin: &Client, login: &str, role: &str, number: &str) -> Page {
    let fields = [
        ("login", login),
        ("printed_name", "Maja Žagar"),
        ("personnel_number", number),
        ("identity_how", "identity card seen"),
        ("identity_by", "Petra Kos, HR"),
        ("role", role),
    ];
    admin.post_form("/administration/people", &fields)
}

fn shown_password(page: &Page) -> String {
    page.body.split("class=\"code once\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[test]
fn a_registered_person_signs_in_once_with_the_password_given_out_and_must_replace_it() {
    let app = TestApp::start();
    let admin = app.client(Role::Administrator);
    let page = register(&admin, "maja.zagar", "technician");
    assert_eq!(page.status, 200, "{}", page.text());
    let given = shown_password(&page);

    let maja = app.anonymous();
    let page = maja.post_raw("/sign-in", &[("login", "maja.zagar"), ("password", &given)]);
    assert_eq!(page.location(), "/account/password");
    let fields =
        |new: &'static str| [("old", given.clone()), ("new", new.into()), ("again", new.into())];
    let send = |new: &'static str| {
        let owned = fields(new);
        let pairs: Vec<(&str, &str)> = owned.iter().map(|(k, v)| (*k, v.as_str())).collect();
        maja.post_form("/account/password", &pairs)
    };
    send("too short").says("shorter than 15 characters");
    send("maja.zagar is my name").says("contains the sign-in name");
    assert_eq!(send("green lamps over water").status, 303);
    maja.get("/").says("Maja Žagar");

    let again = app.anonymous();
    let page = again.post_raw("/sign-in", &[("login", "maja.zagar"), ("password", &given)]);
    assert_eq!(page.status, 422, "the password given out works no more");
}

#[test]
fn whoever_must_replace_the_password_can_do_nothing_else() {
    let app = TestApp::start();
    let admin = app.client(Role::Administrator);
    let given = shown_password(&register(&admin, "maja", "administrator"));
    let maja = app.anonymous();
    maja.post_raw("/sign-in", &[("login", "maja"), ("password", &given)]);
    assert_eq!(maja.get("/administration").location(), "/account/password?back=%2Fadministration");
}

#[test]
fn a_form_sent_twice_registers_once_and_does_not_show_a_password_that_is_none() {
    let app = TestApp::start();
    let admin = app.client(Role::Administrator);
    let id = clock::new_id().to_string();
    let fields = [
        ("command_id", id.as_str()),
        ("login", "maja"),
        ("printed_name", "Maja Žagar"),
        ("personnel_number", "4711"),
        ("identity_how", "identity card seen"),
        ("identity_by", "HR"),
        ("role", "technician"),
    ];
    assert_eq!(admin.post_form("/administration/people", &fields).status, 200);
    let again = admin.post_form("/administration/people", &fields);
    assert_eq!(again.status, 422);
    again.says("This was done already");
}

#[test]
fn what_was_typed_stays_when_a_form_comes_back_with_its_errors() {
    let app = TestApp::start();
    let admin = app.client(Role::Administrator);
    let fields = [("login", "Not Valid"), ("printed_name", "Ana <b>Novak</b>")];
    let page = admin.post_form("/administration/people", &fields);
    assert_eq!(page.status, 422);
    assert_eq!(page.entry("csrf").unwrap(), admin.csrf());
    page.says("is not a sign-in name")
        .says("This entry is needed.")
        .says("Choose at least one role.");
    assert!(page.body.contains("value=\"Ana &#60;b&#62;Novak"), "kept, and escaped");
}

#[test]
fn the_same_person_or_name_is_not_registered_twice() {
    let app = TestApp::start();
    let admin = app.client(Role::Administrator);
    assert_eq!(register(&admin, "maja", "technician").status, 200);
    register(&admin, "maja", "technician").says("names are never given twice");
    register(&admin, "maja.two", "qa").says("one person, one name");
    register_as(&admin, "system", "qa", "4712").says("names are never given twice");
}

#[test]
fn an_administrator_gets_no_gmp_role_through_the_page_nor_through_the_database() {
    let app = TestApp::start();
    app.register("second", "Second Admin", &[Role::Administrator]);
    let admin = app.client(Role::Administrator);
    let fields = [("what", "grant"), ("role", "qa"), ("reason", "wish")];
    let page = admin.post_form("/administration/people/second", &fields);
    assert_eq!(page.status, 422);
    page.says("An administrator holds no production, QC, QA or QP right");
    let own = admin.post_form("/administration/people/administrator", &fields);
    own.says("Nobody changes their own rights");
    let forced =
        app.store.sql("UPDATE person SET roles = 'qa administrator' WHERE login = 'second'");
    assert!(forced.is_err(), "the table refuses it, too");
}

#[test]
fn a_role_taken_or_a_name_disabled_ends_open_sessions_at_once() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician, Role::Qa]);
    let admin = app.client(Role::Administrator);
    let ana = app.signed_in("ana");
    assert_eq!(ana.get("/").status, 200);
    let path = "/administration/people/ana";
    let fields = [("what", "revoke"), ("role", "technician"), ("reason", "moved to QA")];
    assert_eq!(admin.post_form(path, &fields).status, 303);
    assert!(ana.get("/").location().starts_with("/sign-in"));

    let ana = app.signed_in("ana");
    ana.get("/account").says("QA");
    let page = admin.post_form(path, &[("what", "disable"), ("reason", "left")]);
    assert_eq!(page.status, 303);
    assert!(ana.get("/").location().starts_with("/sign-in"));
    let page = app.anonymous().post_raw("/sign-in", &[("login", "ana"), ("password", PASSWORD)]);
    assert_eq!(page.status, 422);
    admin.get(path).says("disabled").says("left").says("Role taken: Technician");
}

#[test]
fn nothing_about_a_person_changes_without_a_reason() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician]);
    let admin = app.client(Role::Administrator);
    let fields = [("what", "grant"), ("role", "qa"), ("reason", "  ")];
    let page = admin.post_form("/administration/people/ana", &fields);
    assert_eq!(page.status, 422);
    let person = app.app.read(|db| chorda::store::user::find(db, "ana")).unwrap().unwrap();
    assert_eq!(person.roles, [Role::Technician]);
}

#[test]
fn changing_the_password_ends_the_other_sessions_of_the_person() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Qa]);
    let (here, elsewhere) = (app.signed_in("ana"), app.signed_in("ana"));
    let new = "green lamps over water";
    let fields = [("old", PASSWORD), ("new", new), ("again", new)];
    assert_eq!(here.post_form("/account/password", &fields).status, 303);
    assert_eq!(here.get("/").status, 200);
    assert!(elsewhere.get("/").location().starts_with("/sign-in"));
}

#[test]
fn a_person_with_two_roles_goes_on_in_the_other_one_and_in_no_third() {
    let app = TestApp::start();
    app.register("ana", "Ana Novak", &[Role::Technician, Role::Qa]);
    let ana = app.signed_in("ana");
    assert_eq!(ana.post_form("/account/role", &[("role", "qa")]).status, 303);
    ana.get("/").says("QA · OFFICE");
    let page = ana.post_form("/account/role", &[("role", "qualified_person")]);
    assert_eq!(page.status, 403);
    page.says("does not hold the role");
}
