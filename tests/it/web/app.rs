//! The application as its users meet it: the real server on a port of its own, one client a person.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use chorda::app::App;
use chorda::app::print_send::Bell;
use chorda::app::user_change::{Change, UserChange, user_change};
use chorda::app::user_register::{UserRegister, console, user_register_with_password};
use chorda::clock::{self, Clock};
use chorda::config::Settings;
use chorda::domain::actor::Role;
use chorda::domain::id::Login;
use chorda::domain::user::IdentityCheck;
use chorda::web::{self, Background, Web};

use crate::support::TestStore;

/// The password of everybody in tests.
pub(crate) const PASSWORD: &str = "seven quiet rivers run";

/// A running application with a database of its own.
pub(crate) struct TestApp {
    // The server goes before the store.
    _server: Background,
    pub(crate) app: App,
    pub(crate) store: TestStore,
    address: SocketAddr,
}

impl TestApp {
    /// On a fresh SQLite file, by the computer's clock.
    pub(crate) fn start() -> Self {
        Self::over(TestStore::sqlite(), Clock::System)
    }

    /// On a fresh SQLite file, by a clock that the test moves.
    pub(crate) fn with_clock(clock: Clock) -> Self {
        Self::over(TestStore::sqlite(), clock)
    }

    /// On any store.
    pub(crate) fn over(store: TestStore, clock: Clock) -> Self {
        let config = Settings::default().complete().unwrap();
        let app =
            App { store: store.clone(), config: Arc::new(config), clock, bell: Bell::default() };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = web::serve_in_background(Web::new(app.clone()).unwrap(), listener).unwrap();
        Self { _server: server, app, store, address }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Registers somebody with the common [`PASSWORD`].
    pub(crate) fn register(&self, login: &str, name: &str, roles: &[Role]) {
        let command = UserRegister {
            login: Login::parse(login).unwrap(),
            printed_name: name.to_owned(),
            personnel_number: format!("P-{login}"),
            identity: IdentityCheck { how: "identity card seen".into(), by: "HR".into() },
            roles: roles.to_vec(),
        };
        user_register_with_password(&self.app, command, PASSWORD).unwrap();
        if roles.contains(&Role::QualifiedPerson) {
            let mut caller = console(&self.app).unwrap();
            caller.reason = Some("designation".to_owned());
            let change = Change::Designate {
                from: "2020-01-01".parse().unwrap(),
                until: None,
                document: "Decision 1/2020".to_owned(),
            };
            let login = Login::parse(login).unwrap();
            user_change(&self.app, &caller, UserChange { login, change }).unwrap();
        }
    }

    /// Somebody in this role, registered under the role's own code and signed in. Calling it twice
    /// gives two clients of the same person.
    pub(crate) fn client(&self, role: Role) -> Client {
        let login = login_of(role);
        let known = self.app.read(|db| chorda::store::user::find(db, &login)).unwrap().is_some();
        if !known {
            self.register(&login, &format!("Test {}", role.title()), &[role]);
        }
        self.signed_in(&login)
    }

    /// Somebody who was registered before, signed in.
    pub(crate) fn signed_in(&self, login: &str) -> Client {
        let client = self.anonymous();
        let page = client.post_raw("/sign-in", &[("login", login), ("password", PASSWORD)]);
        assert_eq!(page.status, 303, "{login} signs in: {}", page.body);
        client
    }

    /// Nobody yet.
    pub(crate) fn anonymous(&self) -> Client {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .new_agent();
        Client {
            agent,
            origin: self.origin(),
            cookies: RefCell::default(),
            csrf: RefCell::default(),
        }
    }
}

/// The sign-in name of the test person in this role: `qc-analyst`, `qualified-person`, …
pub(crate) fn login_of(role: Role) -> String {
    role.code().replace('_', "-")
}

/// A browser without a screen.
pub(crate) struct Client {
    agent: ureq::Agent,
    origin: String,
    pub(crate) cookies: RefCell<BTreeMap<String, String>>,
    csrf: RefCell<Option<String>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, Vec<String>>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) body: String,
}

impl Page {
    /// Where a redirect goes.
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").map_or("", |values| &values[0])
    }

    /// One header; empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |values| &values[0])
    }

    /// The value of the first entry of this name in any form of the page.
    pub(crate) fn entry(&self, name: &str) -> Option<String> {
        let at = self.body.find(&format!("name=\"{name}\" value=\""))?;
        let rest = &self.body[at + name.len() + 15..];
        Some(unescape(rest.split('"').next()?))
    }

    /// The words of the page, without marks.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in self.body.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                c if !inside => text.push(c),
                _ => {}
            }
        }
        unescape(&text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Fails unless the page says this.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "the page ({}) does not say {words:?}: {text}", self.status);
        self
    }

    /// The page as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

fn unescape(text: &str) -> String {
    [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

impl Client {
    /// Asks for a page; a redirect is an answer.
    pub(crate) fn get(&self, path: &str) -> Page {
        self.get_with(path, &[])
    }

    /// Asks for a page with headers of one's own.
    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.agent.get(format!("{}{path}", self.origin));
        request = request.header("cookie", self.cookie_line());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.call().unwrap())
    }

    /// Asks for a page and follows where it leads.
    pub(crate) fn follow(&self, page: Page) -> Page {
        let mut page = page;
        for _ in 0..5 {
            if page.status != 303 {
                return page;
            }
            page = self.get(page.location());
        }
        panic!("redirects in a circle: {}", page.location());
    }

    /// Sends a form as the page of this session would: with its token and a fresh command id,
    /// unless the fields hold one.
    pub(crate) fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.csrf();
        let id = clock::new_id().to_string();
        let mut all = vec![("csrf", token.as_str())];
        if !fields.iter().any(|(name, _)| *name == "command_id") {
            all.push(("command_id", &id));
        }
        all.extend_from_slice(fields);
        self.post_raw(path, &all)
    }

    /// Sends a form from the own origin with nothing added.
    pub(crate) fn post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let origin = self.origin.clone();
        self.post_with(path, fields, &[("origin", &origin)])
    }

    /// Sends a form with headers of one's own.
    pub(crate) fn post_with(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        let mut request = self.agent.post(format!("{}{path}", self.origin));
        request = request.header("cookie", self.cookie_line());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.send_form(fields.iter().copied()).unwrap())
    }

    /// Sends any body.
    pub(crate) fn post_bytes(&self, path: &str, kind: &str, bytes: &[u8]) -> Page {
        let token = self.csrf();
        let request = self
            .agent
            .post(format!("{}{path}", self.origin))
            .header("cookie", self.cookie_line())
            .header("origin", &self.origin)
            .header("x-csrf-token", token)
            .header("content-type", kind);
        self.answer(request.send(bytes).unwrap())
    }

    /// The form token of this session.
    pub(crate) fn csrf(&self) -> String {
        if let Some(token) = self.csrf.borrow().clone() {
            return token;
        }
        let token = self.get("/account").entry("csrf").unwrap_or_default();
        *self.csrf.borrow_mut() = Some(token.clone());
        token
    }

    fn cookie_line(&self) -> String {
        // The agent keeps cookies of its own; a test must be able to send others.
        self.agent.cookie_jar_lock().clear();
        let cookies = self.cookies.borrow();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn answer(&self, response: ureq::http::Response<ureq::Body>) -> Page {
        let (parts, mut body) = response.into_parts();
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &parts.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.as_str().to_owned()).or_default().push(value);
        }
        for cookie in headers.get("set-cookie").into_iter().flatten() {
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.borrow_mut();
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
            if name.ends_with("sid") {
                *self.csrf.borrow_mut() = None;
            }
        }
        let bytes = body.with_config().limit(64 << 20).read_to_vec().unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: parts.status.as_u16(), headers, bytes, body }
    }
}
