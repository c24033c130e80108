//! What a handler is given: the request as plain data, the person, the application. A handler is an
//! ordinary function `fn(&Cx) -> Result<Reply, WebError>` that runs on a blocking thread, so it may
//! call the store directly.
//!
//! Architecture invariant: by the time a [`Cx`] reaches a handler, the session, the idle lock, the
//! form token and the capability of its route have been checked.

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::component::{Banner, Moment, SignatureBlock, Tone};
use super::error::WebError;
use super::form::{Check, Fields};
use super::limit::{self, Try};
use super::page::{Person, Shell};
use super::reply::{Reply, SetCookie};
use super::station::Station;
use super::{FLASH, Web, csrf, nav};
use crate::app::person_scan::name_in;
use crate::app::signature::{self, SignAs, SignatureRequest};
use crate::app::{App, Caller};
use crate::domain::Recorded;
use crate::domain::actor::{Actor, Capability, Meaning, Signature};
use crate::domain::id::ContentHash;
use crate::domain::time::{Instant, TimeError, Zone};
use crate::store::Failure;
use crate::store::session::Session;

/// The request, decoded and bounded.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The path as asked.
    pub path: String,
    /// The path with its query: where the lock page returns to.
    pub path_and_query: String,
    /// The parts of the path that the route names.
    pub params: BTreeMap<String, String>,
    /// The query.
    pub query: Fields,
    /// The form, if the body is one.
    pub form: Fields,
    /// The body as sent, unless it is a form.
    pub body: Vec<u8>,
    /// Whether the query or the form could not be decoded.
    pub malformed: bool,
    /// Whether the method is GET.
    pub is_get: bool,
    /// Whether the answer is to be JSON rather than a page.
    pub wants_json: bool,
    /// The number under which the log knows this request.
    pub id: String,
    /// The nonce of this answer's scripts.
    pub nonce: String,
    /// Where the request says it comes from.
    pub origin: csrf::Origin,
    /// The form token as a header, for scripts and the API.
    pub csrf_header: Option<String>,
    /// The session's secret from its cookie.
    pub session_secret: Option<String>,
    /// The sentence the last command left for this page.
    pub flash: Option<String>,
    /// The enrolment cookie of the station.
    pub station_cookie: Option<String>,
    /// The address it comes from.
    pub address: Option<std::net::IpAddr>,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Login, printed name and the role in use.
    pub actor: Actor,
    /// The session, with all roles of the person.
    pub session: Session,
}

/// What a handler is given.
#[derive(Debug)]
pub struct Cx {
    /// The application: store, configuration, sessions.
    pub web: Web,
    /// The server's time of this request.
    pub now: Instant,
    /// The request.
    pub request: Request,
    /// The station it comes from.
    pub station: Station,
    /// What wrong passwords are counted by: the enrolled station, or else the address.
    place: String,
    pub(crate) signed_in: Option<SignedIn>,
}

impl Request {
    /// Where to return after signing in or unlocking: this page if it was only read, else home.
    pub fn back(&self) -> &str {
        if self.is_get { &self.path_and_query } else { "/" }
    }
}

impl Cx {
    pub(crate) fn new(web: Web, request: Request) -> Self {
        let enrolled = request.station_cookie.as_deref();
        let enrolled = enrolled.and_then(|cookie| Station::open(cookie, web.station_key()));
        let place = match &enrolled {
            Some(station) => format!("station {}", station.id),
            None => limit::place_of(request.address),
        };
        let station = enrolled.unwrap_or_else(|| Station::office(web.config().office.clone()));
        let now = web.app().clock.now();
        Self { web, now, request, station, place, signed_in: None }
    }

    /// Finds out who is signed in.
    pub(crate) fn sign_in_from_cookie(&mut self) -> Result<(), WebError> {
        let secret = self.request.session_secret.as_deref().ok_or(WebError::SignInNeeded)?;
        let session = self.web.sessions().check(self.web.app(), secret, self.now)?;
        let person = &session.person;
        let actor = Actor {
            login: person.login.clone(),
            printed_name: person.printed_name.clone(),
            role: session.role,
        };
        self.signed_in = Some(SignedIn { actor, session });
        Ok(())
    }

    /// Whether the person must replace the password before anything else.
    pub(crate) fn must_change_password(&self) -> bool {
        self.signed_in.as_ref().is_some_and(|signed_in| signed_in.session.person.must_change)
    }

    /// The application: for use cases and queries.
    pub fn app(&self) -> &App {
        self.web.app()
    }

    /// Who gives the command of this form, from where, under which number; `reason` is taken from
    /// the form's field of that name.
    pub fn caller(&self) -> Result<Caller, WebError> {
        Ok(Caller {
            actor: self.actor()?.clone(),
            station: self.station.id.clone(),
            command_id: self.command_id()?,
            reason: self.form().get("reason").map(str::to_owned),
        })
    }

    /// The signature of the person who is signed in, given in the form's
    /// [`SignatureBlock`]: checks the password afresh, and that what was shown is `content`.
    ///
    /// # Errors
    /// [`WebError::NotSigned`] with prefix `sign` if the password is wrong; a conflict if the
    /// content changed; a refusal if the person may not sign.
    pub fn sign(&self, meaning: Meaning, content: &ContentHash) -> Result<Signature, WebError> {
        let actor = self.actor()?;
        let login = actor.login.to_string();
        self.sign_as("sign", login, meaning, content, SignAs::Role(actor.role))
    }

    /// The signature of a second person at this screen, given in the form's
    /// [`SignatureBlock::second_person`], in the first of their roles that has the capability.
    ///
    /// # Errors
    /// As [`Cx::sign`], with prefix `second`.
    pub fn second_signature(
        &self,
        meaning: Meaning,
        content: &ContentHash,
        capability: Capability,
    ) -> Result<Signature, WebError> {
        let login = name_in(self.form().text("second_login"));
        self.sign_as("second", login, meaning, content, SignAs::Holder(capability))
    }

    fn sign_as(
        &self,
        prefix: &'static str,
        login: String,
        meaning: Meaning,
        content: &ContentHash,
        sign_as: SignAs,
    ) -> Result<Signature, WebError> {
        let shown = self.form().text(&format!("{prefix}_hash"));
        let displayed_hash = ContentHash::parse(shown).map_err(|_| {
            WebError::Invalid("The form came without what it shows. Open the page again.".into())
        })?;
        let password = Zeroizing::new(self.form().raw(&format!("{prefix}_password")).to_owned());
        let request = SignatureRequest { login, password, meaning, displayed_hash };
        let counted = self.count_try(&request.login)?;
        let signed = signature::sign(self.app(), &self.station.id, &request, sign_as);
        counted.settle(&signed);
        let signature = signed.map_err(|failure| match failure {
            Failure::Refused(refused) if refused.rule.starts_with("authentication_failed") => {
                self.web.sessions().forget_all();
                WebError::NotSigned(prefix, refused.message)
            }
            other => other.into(),
        })?;
        signature::covers(&signature, content)?;
        Ok(signature)
    }

    /// Whether a password may be tried for a name from this place now; what came of it is counted.
    ///
    /// # Errors
    /// [`WebError::TooManyTries`] where too many were wrong.
    pub(super) fn count_try(&self, login: &str) -> Result<Try<'_>, WebError> {
        self.web.limits().attempt(&self.place, login)
    }

    /// Whether the request carries the form token of its session.
    pub(crate) fn token_matches(&self) -> bool {
        let given = self.request.csrf_header.as_deref().unwrap_or_else(|| self.form().raw("csrf"));
        self.request.session_secret.is_some() && csrf::matches(&self.csrf(), given)
    }

    /// Who acts. Routes with [`super::routes::Access::Public`] may have nobody.
    pub fn actor(&self) -> Result<&Actor, WebError> {
        Ok(&self.signed_in()?.actor)
    }

    /// Who is signed in, with the session.
    pub fn signed_in(&self) -> Result<&SignedIn, WebError> {
        self.signed_in.as_ref().ok_or(WebError::SignInNeeded)
    }

    /// A named part of the path, such as `{number}`.
    pub fn param(&self, name: &str) -> &str {
        self.request.params.get(name).map_or("", String::as_str)
    }

    /// A named part of the path as an identity; what does not have its shape is not found.
    pub fn param_as<T, E>(
        &self,
        name: &str,
        parse: fn(&str) -> Result<T, E>,
    ) -> Result<T, WebError> {
        parse(self.param(name)).map_err(|_| WebError::not_found(self.param(name)))
    }

    /// A value of the query, trimmed; empty if missing.
    pub fn query(&self, name: &str) -> &str {
        self.request.query.text(name)
    }

    /// The page number of the query (`?page=`), at least 1 and at most 100,000.
    pub fn page_number(&self) -> usize {
        self.query("page").parse().unwrap_or(1_usize).clamp(1, 100_000)
    }

    /// The form.
    pub fn form(&self) -> &Fields {
        &self.request.form
    }

    /// Begins the checks on the form.
    pub fn check(&self) -> Check<'_> {
        Check::new(&self.request.form)
    }

    /// The JSON body of an API call.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, WebError> {
        serde_json::from_slice(&self.request.body)
            .map_err(|error| WebError::Invalid(format!("The body is not as described: {error}.")))
    }

    /// The command's id from the form (or the API's `command-id` query): a repeated one gets the
    /// first answer.
    pub fn command_id(&self) -> Result<Uuid, WebError> {
        let text = self.form().get("command_id").unwrap_or_else(|| self.query("command_id"));
        Uuid::parse_str(text).map_err(|_| {
            WebError::Invalid(
                "The form came without its command number. Open the page again and repeat the \
                 entry."
                    .to_owned(),
            )
        })
    }

    /// The site's zone.
    pub fn zone(&self) -> Zone {
        self.web.config().zone
    }

    /// `2026-11-22 14:30` in the site's zone.
    pub fn when(&self, at: Instant) -> String {
        at.minute_text(self.zone())
    }

    /// `2026-11-22` in the site's zone.
    pub fn date(&self, at: Instant) -> String {
        at.date_text(self.zone())
    }

    /// One thing that happened, with when, by whom, where and why.
    pub fn moment(&self, tone: Tone, what: String, recorded: &Recorded) -> Moment {
        Moment {
            tone,
            what,
            when: format!("{} · {} · {}", self.when(recorded.at), recorded.actor, recorded.station),
            detail: recorded.reason.clone().unwrap_or_default(),
            href: String::new(),
        }
    }

    /// The last minute of a day of the site's zone: what is due on a day is due until then.
    pub fn end_of_day(&self, day: &str) -> Result<Instant, TimeError> {
        Instant::parse_local(&format!("{day} 23:59"), self.zone())
    }

    /// Whether the person's role in use has a capability: for showing or hiding an action. The
    /// route checks again.
    pub fn may(&self, capability: crate::domain::actor::Capability) -> bool {
        self.signed_in.as_ref().is_some_and(|signed_in| signed_in.actor.role.may(capability))
    }

    /// The frame of a page.
    pub fn shell(&self, title: impl Into<String>) -> Shell {
        let role = self.signed_in.as_ref().map(|signed_in| signed_in.actor.role);
        Shell {
            title: title.into(),
            site: self.web.config().site.name.clone(),
            person: self.signed_in.as_ref().map(|signed_in| Person {
                name: signed_in.actor.printed_name.clone(),
                login: signed_in.actor.login.to_string(),
                role: signed_in.actor.role.title().to_owned(),
            }),
            station: self.station.id.to_string(),
            scan_station: self.station.scan_station,
            scanner: self.station.scanner,
            nav: role.map(|role| nav::entries(role, &self.request.path)).unwrap_or_default(),
            csrf: self.csrf(),
            nonce: self.request.nonce.clone(),
            here: self.request.path_and_query.clone(),
            now: self.now.to_string(),
            now_text: self.now.full_text(self.zone()),
            flash: self.flash(),
        }
    }

    /// The form token of this session.
    pub fn csrf(&self) -> String {
        self.request.session_secret.as_deref().map(csrf::token).unwrap_or_default()
    }

    fn flash(&self) -> Option<Banner> {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(self.request.flash.as_deref()?)
            .ok()?;
        String::from_utf8(bytes).ok().map(Banner::ok)
    }

    /// A page; the sentence of the last command is used up by it.
    pub fn page(&self, template: &impl Template) -> Result<Reply, WebError> {
        self.page_with(200, template)
    }

    /// The same form once more, with its errors: 422.
    pub fn page_again(&self, template: &impl Template) -> Result<Reply, WebError> {
        self.page_with(422, template)
    }

    fn page_with(&self, status: u16, template: &impl Template) -> Result<Reply, WebError> {
        let reply = Reply::page_with(status, template)?;
        if self.request.flash.is_none() {
            return Ok(reply);
        }
        let used_up = SetCookie { name: FLASH, value: String::new(), max_age_seconds: Some(0) };
        Ok(reply.cookie(used_up))
    }

    /// The block in which the person who is signed in signs `hash` with this meaning.
    pub fn signature_block(
        &self,
        meaning: Meaning,
        hash: &ContentHash,
    ) -> Result<SignatureBlock, WebError> {
        let actor = self.actor()?;
        let person = format!("{}, {}", actor.printed_name, actor.role.title());
        Ok(SignatureBlock::new(meaning, hash, actor.login.as_str(), &person))
    }
}
