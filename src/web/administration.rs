//! Administration: people and stations. The administrator gives and takes rights and holds none in
//! production, QC or QA.
//!
//! Neighbours: `app::user_register`, `app::user_change`, `app::user_password`.
//!
//! Architecture invariant: a password that was given out is shown once, on the answer to the form
//! that made it, and stored nowhere.

use askama::Template;

use super::STATION;
use super::account::designation_text;
use super::component::{Banner, Cell, Chip, Facts, Head, Link, Moment, Table, Timeline, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field, Kind};
use super::icon::Icon;
use super::page::Shell;
use super::reply::{Reply, SetCookie};
use super::routes::{Access, Route};
use super::station::Station;
use crate::app::scanner_test::scanner_test;
use crate::app::user_change::{Change, UserChange, user_change};
use crate::app::user_password::password_reset;
use crate::app::user_register::{UserRegister, user_register};
use crate::domain::actor::{Capability, Role};
use crate::domain::id::{Login, StationId};
use crate::domain::scanner::{Event as ScannerEvent, Finding, Scanner, TestSymbol};
use crate::domain::user::{Event, IdentityCheck, Standing, User};
use crate::domain::{Aggregate, Event as AnyEvent};
use crate::store::user::{self, Person};
use crate::store::{Failure, ledger};

const PEOPLE: Access = Access::Needs(&[Capability::ManageUsers]);
const SITE: Access = Access::Needs(&[Capability::ManageSite]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/administration", PEOPLE, list, "People and their rights"),
    Route::get("/administration/people/new", PEOPLE, new_form, "Register a person"),
    Route::post("/administration/people", PEOPLE, register, "Register a person"),
    Route::get("/administration/people/{login}", PEOPLE, show, "A person's rights"),
    Route::post("/administration/people/{login}", PEOPLE, change, "Change a person's rights"),
    Route::post("/administration/people/{login}/password", PEOPLE, reset, "Give a new password"),
    Route::get("/station", Access::SignedIn, station, "This station"),
    Route::post("/station", SITE, enrol, "Enrol this browser as a station"),
    Route::post("/station/scanner", Access::SignedIn, test_scanner, "Test this station's scanner"),
];

/// How many tests of its scanner a station shows.
const TESTS_SHOWN: usize = 20;

fn standing_chip(standing: Standing) -> Chip {
    match standing {
        Standing::Active => Chip::new(Tone::Ok, standing.word()),
        Standing::Locked => Chip::new(Tone::Wait, standing.word()).shape(Icon::Lock),
        Standing::Disabled => Chip::new(Tone::Calm, standing.word()).shape(Icon::Stop),
    }
}

fn role_titles(roles: &[Role]) -> String {
    roles.iter().map(|role| role.title()).collect::<Vec<_>>().join(", ")
}

fn person_address(login: &Login) -> String {
    format!("/administration/people/{login}")
}

fn badge_address(login: &Login) -> String {
    format!("/labels/badge?login={login}")
}

#[derive(Template)]
#[template(path = "administration/list.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    table: Table,
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let people = cx.app().read(user::list)?;
    let mut table = Table::new(
        "People",
        &["Name", "Sign-in name", "Roles", "Status", "Identity verified", "Last sign-in"],
    );
    for person in &people {
        table.push([
            Link::to(person_address(&person.login), person.printed_name.clone()).into(),
            Cell::Code(person.login.to_string()),
            role_titles(&person.roles).into(),
            standing_chip(person.standing).into(),
            Cell::Soft(format!("{}, {}", person.identity_how, person.identity_by)),
            Cell::when(person.last_sign_in.map_or("never".to_owned(), |at| cx.when(at))),
        ]);
    }
    let page = ListPage {
        shell: cx.shell("People"),
        head: Head::new("People")
            .lede("One person, one sign-in name, never given to anybody else.")
            .action(Link::to("/station", "This station").icon(Icon::Station))
            .action(
                Link::to("/administration/people/new", "Register a person")
                    .icon(Icon::Plus)
                    .primary(),
            ),
        table,
    };
    cx.page(&page)
}

#[derive(Template)]
#[template(path = "administration/new.html")]
struct NewPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    fields: Vec<Field>,
    roles: Vec<RoleBox>,
    roles_error: Option<String>,
}

struct RoleBox {
    code: &'static str,
    title: &'static str,
    ticked: bool,
}

fn new_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> NewPage {
    let fill = |field: Field| field.required().fill(cx.form(), errors);
    let chosen: Vec<&str> = cx.form().all("role").collect();
    NewPage {
        shell: cx.shell("Register a person"),
        head: Head::new("Register a person").under("/administration", "People"),
        banner,
        fields: vec![
            fill(Field::text("printed_name", "Full name"))
                .hint("As printed under signatures.")
                .autofocus(),
            fill(Field::text("login", "Sign-in name"))
                .hint("2 to 32 lower-case letters, digits, points or hyphens. Never given twice."),
            fill(Field::text("personnel_number", "Personnel number"))
                .hint("One number has one sign-in name."),
            fill(Field::text("identity_how", "How the identity was verified"))
                .placeholder("Identity card seen"),
            fill(Field::text("identity_by", "Who verified it")).placeholder("Name and function"),
        ],
        roles: Role::ALL
            .into_iter()
            .map(|role| RoleBox {
                code: role.code(),
                title: role.title(),
                ticked: chosen.contains(&role.code()),
            })
            .collect(),
        roles_error: errors.of("role").map(str::to_owned),
    }
}

fn new_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&new_page(cx, &Errors::new(), None))
}

fn register(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let login = check.parse("login", Login::parse);
    let printed_name = check.required("printed_name");
    let personnel_number = check.required("personnel_number");
    let how = check.required("identity_how");
    let by = check.required("identity_by");
    let roles: Vec<Role> = cx.form().all("role").filter_map(Role::parse).collect();
    if roles.is_empty() {
        check.errors.add("role", "Choose at least one role.");
    }
    let (Some(login), Some(printed_name), Some(personnel_number), Some(how), Some(by), true) =
        (login, printed_name, personnel_number, how, by, check.is_ok())
    else {
        return cx.page_again(&new_page(cx, &check.errors, None));
    };
    let identity = IdentityCheck { how, by };
    let command = UserRegister { login, printed_name, personnel_number, identity, roles };
    match user_register(cx.app(), &cx.caller()?, command.clone()) {
        Ok(password) => password_page(cx, &command.login, &command.printed_name, password.as_str()),
        Err(Failure::Refused(refused)) => {
            let banner = WebError::Refused(refused).refusal()?;
            cx.page_again(&new_page(cx, &Errors::new(), Some(banner)))
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "administration/password.html")]
struct PasswordPage {
    shell: Shell,
    head: Head,
    banner: Banner,
    login: String,
    password: String,
    back: String,
}

fn password_page(cx: &Cx, login: &Login, name: &str, password: &str) -> Result<Reply, WebError> {
    cx.page(&PasswordPage {
        shell: cx.shell("Password to hand over"),
        head: Head::new("Password to hand over")
            .under("/administration", "People")
            .under(person_address(login), name),
        banner: Banner::check("Shown once, now").text(
            "Hand it to the person, not by the way the sign-in name goes. It works for one sign-in \
             and must be replaced then.",
        ),
        login: login.to_string(),
        password: password.to_owned(),
        back: person_address(login),
    })
}

#[derive(Template)]
#[template(path = "administration/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    facts: Facts,
    timeline: Timeline,
    address: String,
    own: bool,
    locked: bool,
    disabled: bool,
    held: Vec<RoleBox>,
    grantable: Vec<RoleBox>,
    qualified: bool,
    designated: bool,
    designation: Vec<Field>,
}

fn wanted(cx: &Cx) -> Result<Person, WebError> {
    let login = cx.param_as("login", Login::parse)?;
    let found = cx.app().read(|db| user::find(db, login.as_str()))?;
    found.ok_or_else(|| WebError::not_found(format!("person {login}")))
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&show_page(cx, &wanted(cx)?, &Errors::new(), None)?)
}

fn show_page(
    cx: &Cx,
    person: &Person,
    errors: &Errors,
    banner: Option<Banner>,
) -> Result<ShowPage, WebError> {
    let entries = cx.app().read(|db| ledger::entries(db, &User::stream(person.login.as_str())))?;
    let boxes = |keep: &dyn Fn(Role) -> bool| {
        let roles = Role::ALL.into_iter().filter(|&role| keep(role));
        roles.map(|role| RoleBox { code: role.code(), title: role.title(), ticked: true }).collect()
    };
    let holds = |role: Role| person.roles.contains(&role);
    let fill = |field: Field| field.fill(cx.form(), errors);
    Ok(ShowPage {
        shell: cx.shell(person.printed_name.clone()),
        head: Head::new(person.printed_name.clone())
            .under("/administration", "People")
            .chip(standing_chip(person.standing))
            .action(Link::to(badge_address(&person.login), "Badge").icon(Icon::Print)),
        banner,
        facts: facts(cx, person),
        timeline: Timeline {
            items: entries.iter().rev().take(40).filter_map(|entry| moment(cx, entry)).collect(),
        },
        address: person_address(&person.login),
        own: cx.actor()?.login == person.login,
        locked: person.standing == Standing::Locked,
        disabled: person.standing == Standing::Disabled,
        held: boxes(&holds),
        grantable: boxes(&|role| {
            !holds(role) && person.roles.iter().all(|held| held.compatible_with(role))
        }),
        qualified: holds(Role::QualifiedPerson),
        designated: person.designation.is_some(),
        designation: vec![
            fill(Field::new(Kind::Date, "from", "First day").required()),
            fill(Field::new(Kind::Date, "until", "Last day")).hint("Empty if it does not end."),
            fill(Field::text("document", "Document").required()).placeholder("Decision 12/2026"),
        ],
    })
}

fn facts(cx: &Cx, person: &Person) -> Facts {
    Facts::new()
        .with("Sign-in name", Cell::Code(person.login.to_string()))
        .with("Personnel number", person.personnel_number.clone())
        .with("Roles", role_titles(&person.roles))
        .with("Identity verified", format!("{}, {}", person.identity_how, person.identity_by))
        .with("Registered", cx.when(person.registered_at))
        .with("Last sign-in", person.last_sign_in.map_or("never".to_owned(), |at| cx.when(at)))
        .with_some("Password set", person.credential_set_at.map(|at| cx.when(at)))
        .with("Password", if person.must_change { "to be replaced" } else { "own" })
        .with_some(
            "Designated as Qualified Person",
            person.designation.as_ref().map(designation_text),
        )
}

fn moment(cx: &Cx, entry: &ledger::Entry) -> Option<Moment> {
    let AnyEvent::User(event) = &entry.recorded.event else { return None };
    let (tone, what) = match event {
        Event::Registered { .. } => (Tone::Ok, "Registered".to_owned()),
        Event::RoleGranted { role } => (Tone::Part, format!("Role given: {}", role.title())),
        Event::RoleRevoked { role } => (Tone::Wait, format!("Role taken: {}", role.title())),
        Event::Designated { document, .. } => {
            (Tone::Part, format!("Designated as Qualified Person: {document}"))
        }
        Event::DesignationEnded {} => (Tone::Wait, "Designation ended".to_owned()),
        Event::CredentialSet { must_change: true, .. } => {
            (Tone::Wait, "Password given out".to_owned())
        }
        Event::CredentialSet { .. } => (Tone::Calm, "Own password set".to_owned()),
        Event::AuthenticationFailed { attempt, failures } => {
            (Tone::Stop, format!("Wrong password for {}, {failures} in a row", attempt.word()))
        }
        Event::Locked {} => (Tone::Stop, "Locked".to_owned()),
        Event::Unlocked {} => (Tone::Ok, "Unlocked".to_owned()),
        Event::Disabled {} => (Tone::Stop, "Disabled for ever".to_owned()),
        Event::SignedIn { role, .. } => (Tone::Calm, format!("Signed in as {}", role.title())),
        Event::SignedOut { .. } => (Tone::Calm, "Signed out".to_owned()),
    };
    Some(cx.moment(tone, what, &entry.recorded))
}

fn change(cx: &Cx) -> Result<Reply, WebError> {
    let person = wanted(cx)?;
    let mut check = cx.check();
    if cx.form().text("what") != "designate" {
        check.required("reason");
    }
    let change = match cx.form().text("what") {
        "grant" => check.choice("role", Role::parse).map(Change::GrantRole),
        "revoke" => check.choice("role", Role::parse).map(Change::RevokeRole),
        "designate" => designation(&mut check),
        "end-designation" => Some(Change::EndDesignation),
        "unlock" => Some(Change::Unlock),
        "disable" => Some(Change::Disable),
        _ => return Err(WebError::Invalid("The form is not from this page.".to_owned())),
    };
    let (Some(change), true) = (change, check.is_ok()) else {
        let banner =
            Banner::stop("Not changed").text("Give the reason, and fill in what is marked below.");
        return cx.page_again(&show_page(cx, &person, &check.errors, Some(banner))?);
    };
    let mut caller = cx.caller()?;
    caller.reason.get_or_insert_with(|| "designation".to_owned());
    let command = UserChange { login: person.login.clone(), change };
    let outcome = user_change(cx.app(), &caller, command);
    cx.web.sessions().forget_all();
    match outcome {
        Ok(()) => Ok(Reply::see_other(person_address(&person.login)).flash("Recorded.")),
        Err(Failure::Refused(refused)) => {
            let banner = WebError::Refused(refused).refusal()?;
            cx.page_again(&show_page(cx, &person, &Errors::new(), Some(banner))?)
        }
        Err(other) => Err(other.into()),
    }
}

fn designation(check: &mut super::form::Check<'_>) -> Option<Change> {
    let day = |text: &str| {
        text.parse::<chrono::NaiveDate>().map_err(|_| "Write the day as 2026-11-22".to_owned())
    };
    let from = check.parse("from", day);
    let until = check.parse_optional("until", day);
    let document = check.required("document");
    Some(Change::Designate { from: from?, until, document: document? })
}

fn reset(cx: &Cx) -> Result<Reply, WebError> {
    let person = wanted(cx)?;
    let mut check = cx.check();
    if check.required("reason").is_none() {
        let banner = Banner::stop("Not changed").text("Say why a new password is given.");
        return cx.page_again(&show_page(cx, &person, &check.errors, Some(banner))?);
    }
    let outcome = password_reset(cx.app(), &cx.caller()?, person.login.clone());
    cx.web.sessions().forget_all();
    match outcome {
        Ok(password) => password_page(cx, &person.login, &person.printed_name, password.as_str()),
        Err(Failure::Refused(refused)) => {
            let banner = WebError::Refused(refused).refusal()?;
            cx.page_again(&show_page(cx, &person, &Errors::new(), Some(banner))?)
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "administration/station.html")]
struct StationPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    right: bool,
    facts: Facts,
    tested: Table,
    next: TestSymbol,
    read: Field,
    history: Timeline,
    may_enrol: bool,
    id: Field,
    kind: Field,
    scanner: Field,
}

fn station(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&station_page(cx, &Errors::new(), None)?)
}

/// What a symbol of the test sheet did, and what to scan next.
fn test_scanner(cx: &Cx) -> Result<Reply, WebError> {
    let symbol = TestSymbol::parse(cx.form().text("symbol"))
        .ok_or_else(|| WebError::Invalid("Say which symbol was scanned.".to_owned()))?;
    let read = cx.form().raw("read");
    match scanner_test(cx.app(), &cx.caller()?, symbol, read) {
        Ok(findings) if findings.is_empty() => Ok(Reply::see_other("/station?read=right")
            .flash(&format!("{}: every character arrived as it stands there.", symbol.word()))),
        Ok(findings) => {
            let words: Vec<String> = findings.iter().map(Finding::words).collect();
            let title = format!("{}: this scanner is not right", symbol.word());
            let banner = Banner::stop(title).text(words.join(" "));
            cx.page(&station_page(cx, &Errors::new(), Some(banner))?)
        }
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&station_page(cx, &Errors::new(), Some(banner))?)
        }
    }
}

/// How each symbol was read last at this station, and which comes next: the first that was not
/// right, or the one after the newest.
fn tested(cx: &Cx, scanner: Option<&Scanner>) -> (Table, TestSymbol) {
    let mut table = Table::new("Symbols of the test sheet", &["Symbol", "Last scanned", "Result"]);
    let last = |symbol| scanner.and_then(|scanner| scanner.last(symbol));
    for (symbol, _, word) in TestSymbol::ALL {
        let (when, result) = match last(symbol) {
            None => (Cell::Soft("never".to_owned()), Chip::new(Tone::Wait, "not tested")),
            Some(tested) => (
                Cell::When(cx.when(tested.at), tested.by.to_string()),
                match tested.findings.is_empty() {
                    true => Chip::new(Tone::Ok, "right"),
                    false => Chip::new(Tone::Stop, "wrong"),
                },
            ),
        };
        table.push([word.into(), when, result.into()]);
    }
    let symbols = TestSymbol::ALL.map(|(symbol, ..)| symbol);
    let right = |symbol: TestSymbol| last(symbol).is_some_and(|one| one.findings.is_empty());
    let open = symbols.into_iter().find(|symbol| !right(*symbol));
    let oldest = symbols.into_iter().min_by_key(|symbol| last(*symbol).map(|one| one.at));
    (table, open.or(oldest).unwrap_or(TestSymbol::DataMatrix))
}

fn test_moment(cx: &Cx, entry: &ledger::Entry) -> Option<Moment> {
    let AnyEvent::Scanner(ScannerEvent::Tested { symbol, findings, .. }) = &entry.recorded.event
    else {
        return None;
    };
    let words: Vec<String> = findings.iter().map(Finding::words).collect();
    Some(match words.is_empty() {
        true => cx.moment(Tone::Ok, format!("{}: right", symbol.word()), &entry.recorded),
        false => {
            let what = format!("{}: {}", symbol.word(), words.join(" "));
            cx.moment(Tone::Stop, what, &entry.recorded)
        }
    })
}

fn station_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<StationPage, WebError> {
    let stream = Scanner::stream(cx.station.id.as_str());
    let entries = cx.app().read(|db| ledger::entries(db, &stream))?;
    let scanner = Scanner::fold(entries.iter().map(|entry| &entry.recorded));
    let (tested, next) = tested(cx, scanner.as_ref());
    let right = scanner.as_ref().and_then(Scanner::right_since);
    let history = entries.iter().rev().take(TESTS_SHOWN);
    let fill = |field: Field| field.fill(cx.form(), errors);
    let kind = if cx.station.scan_station { "scan" } else { "office" };
    let kinds = [("office", "Office: mouse and keyboard"), ("scan", "Scan station: gloves")];
    let scanners = [("us", "As on a US keyboard (usual)"), ("host", "As on this computer's own")];
    Ok(StationPage {
        shell: cx.shell("This station"),
        head: Head::new(format!("Station {}", cx.station.id))
            .lede("Every entry carries the station it was made at.")
            .action(Link::to("/labels/scanner", "Scanner test sheet").icon(Icon::Print)),
        banner,
        right: cx.query("read") == "right",
        tested,
        next,
        read: Field::scan("read", format!("Scan the {}", next.word())).required().autofocus(),
        history: Timeline { items: history.filter_map(|entry| test_moment(cx, entry)).collect() },
        facts: Facts::new()
            .with("Name", Cell::Code(cx.station.id.to_string()))
            .with("Used as", if cx.station.scan_station { "scan station" } else { "office" })
            .with(
                "Scanner types",
                if cx.station.scanner == "us" {
                    "as on a US keyboard"
                } else {
                    "as on this computer's own keyboard"
                },
            )
            .with(
                "Scanner tested",
                right.map_or("not right yet".to_owned(), |at| {
                    format!("right since {}", cx.when(at))
                }),
            ),
        may_enrol: cx.may(Capability::ManageSite),
        id: fill(
            Field::text("station", "Name of this station")
                .value(cx.station.id.to_string())
                .required()
                .hint("1 to 32 letters, digits or hyphens, such as CLEANROOM-1."),
        ),
        kind: fill(Field::radio("kind", "Used as", kinds).value(kind).required()),
        scanner: fill(
            Field::radio("scanner", "The scanner types", scanners)
                .value(cx.station.scanner)
                .required(),
        ),
    })
}

fn enrol(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let id = check.parse("station", StationId::parse);
    let kind = check.choice("kind", |kind| match kind {
        "scan" => Some(true),
        "office" => Some(false),
        _ => None,
    });
    let scanner = check.choice("scanner", |scanner| match scanner {
        "us" => Some("us"),
        "host" => Some("host"),
        _ => None,
    });
    let (Some(id), Some(scan_station), Some(scanner), true) = (id, kind, scanner, check.is_ok())
    else {
        return cx.page_again(&station_page(cx, &check.errors, None)?);
    };
    let value = Station { id, scan_station, scanner }.seal(cx.web.station_key());
    let cookie = SetCookie { name: STATION, value, max_age_seconds: Some(365 * 86_400) };
    Ok(Reply::see_other("/station").cookie(cookie).flash("This browser is enrolled."))
}
