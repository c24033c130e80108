//! The seam to actix: an HTTP request becomes a [`Request`], a [`Reply`] becomes a response. Every
//! request passes the same gate: session, idle lock, capability, origin and form token; only then
//! does the handler of its route exist.
//!
//! Architecture invariant: whatever happens, a request is answered: a panic is a page with a
//! reference number, never a cut connection.

use std::net::{IpAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{self, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use super::cx::{Cx, Request};
use super::error::{WebError, whatever_happens};
use super::form::Fields;
use super::reply::{Body, Keep, Reply, SetCookie};
use super::routes::{self, Access, BODY_MAX, Method, Route};
use super::security_headers as headers;
use super::{FLASH, SESSION, STATION, Web, csrf};
use crate::clock;
use crate::ledger::hash::hex;

/// How many handlers of one worker run at once; the others wait for a thread.
const BLOCKING_THREADS_MAX: usize = 16;

/// Starts the server; awaiting it serves.
pub(super) fn start(web: Web, listener: TcpListener) -> std::io::Result<Server> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let app = web.app();
    let earliest = app.clock.now().minus(app.config.session_max);
    if let Err(failure) = app.store.session_sweep(earliest) {
        tracing::warn!(%failure, "sessions of the past could not be removed");
    }
    let server = HttpServer::new(move || {
        let mut app = App::new().app_data(web::Data::new(web.clone()));
        for route in routes::all() {
            let method = match route.method {
                Method::Get => web::get(),
                Method::Post => web::post(),
            };
            let handler =
                method.to(move |request, payload, web| entry(Some(route), request, payload, web));
            app = app.route(route.path, handler);
        }
        app.default_service(web::to(|request, payload, web| entry(None, request, payload, web)))
    })
    .workers(workers)
    .worker_max_blocking_threads(BLOCKING_THREADS_MAX)
    .shutdown_timeout(10)
    .client_request_timeout(std::time::Duration::from_secs(15))
    .listen(listener)?
    .run();
    Ok(server)
}

async fn entry(
    route: Option<&'static Route>,
    http: HttpRequest,
    payload: Payload,
    web: web::Data<Web>,
) -> HttpResponse {
    let web = web.get_ref().clone();
    let (secure, proxy) = (web.config().secure_cookies, web.config().proxy);
    let limit = route.map_or(BODY_MAX, |route| route.body_max);
    let body = match payload.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => Err(WebError::Invalid("The body broke off. Send it again.".to_owned())),
        Err(_) => Err(WebError::TooLarge(limit)),
    };
    let request = read(route, &http, (secure, proxy), body.as_deref().unwrap_or_default());
    let (id, nonce) = (request.id.clone(), request.nonce.clone());
    let begun = std::time::Instant::now();
    let answered =
        web::block(move || whatever_happens(&id, || answer(route, web, request, body))).await;
    let reply = answered.unwrap_or_else(|_| Reply::text(503, "The server is stopping.\n"));
    tracing::info!(
        method = %http.method(),
        route = route.map_or("-", |route| route.path),
        status = reply.status,
        micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    respond(reply, &nonce, secure)
}

/// The gate and the handler; an error becomes its page.
fn answer(
    route: Option<&'static Route>,
    web: Web,
    request: Request,
    body: Result<Vec<u8>, WebError>,
) -> Reply {
    let mut cx = Cx::new(web, request);
    let outcome = body.and_then(|_| gate(route, &mut cx)).and_then(|route| (route.handler)(&cx));
    match outcome {
        Ok(reply) => reply,
        Err(error) => {
            log_error(&cx, &error);
            turned_away(&cx, &error).unwrap_or_else(|| error.reply(&cx))
        }
    }
}

/// What must hold before a handler exists.
fn gate(route: Option<&'static Route>, cx: &mut Cx) -> Result<&'static Route, WebError> {
    let session = cx.sign_in_from_cookie();
    if cx.request.malformed {
        return Err(WebError::Invalid("The request cannot be read. Enter it again.".to_owned()));
    }
    let Some(route) = route else {
        // Whoever may not know what exists learns nothing from asking for what does not.
        session?;
        let exists = routes::exists(&cx.request.path);
        return Err(if exists { WebError::MethodNotAllowed } else { WebError::not_found("") });
    };
    if route.method == Method::Post && !cx.request.origin.is_own() && !is_report(route) {
        return Err(WebError::ForeignPage);
    }
    match route.access {
        Access::Public => return Ok(route),
        Access::SignedIn => session?,
        Access::Needs(capabilities) => {
            session?;
            if cx.must_change_password() {
                return Err(WebError::PasswordToChange);
            }
            if !route.access.allows(cx.actor()?.role) {
                return Err(WebError::Forbidden(capabilities));
            }
        }
    }
    if route.token && !cx.token_matches() {
        return Err(WebError::ForeignPage);
    }
    Ok(route)
}

fn is_report(route: &Route) -> bool {
    route.access == Access::Public && route.path == "/csp-report"
}

/// A person whom a page would only tell to sign in is sent there at once, and back afterwards.
fn turned_away(cx: &Cx, error: &WebError) -> Option<Reply> {
    if cx.request.wants_json {
        return None;
    }
    let target = match error {
        WebError::SignInNeeded => "/sign-in",
        WebError::Locked => "/locked",
        WebError::PasswordToChange => "/account/password",
        _ => return None,
    };
    let back = super::form::query_value(cx.request.back());
    Some(Reply::see_other(format!("{target}?back={back}")))
}

fn log_error(cx: &Cx, error: &WebError) {
    match error {
        WebError::Internal(cause) | WebError::Unavailable(cause) => {
            tracing::error!(request = %cx.request.id, path = %cx.request.path, cause = %cause, "failed");
        }
        WebError::Forbidden(_) | WebError::ForeignPage => {
            let who = cx.signed_in.as_ref().map_or("-", |person| person.actor.login.as_str());
            tracing::warn!(request = %cx.request.id, path = %cx.request.path, who, "denied");
        }
        _ => {}
    }
}

fn read(
    route: Option<&'static Route>,
    http: &HttpRequest,
    (secure, proxy): (bool, Option<IpAddr>),
    body: &[u8],
) -> Request {
    let text = |name: HeaderName| {
        http.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let named = |name: &'static str| text(HeaderName::from_static(name));
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    let accept = text(header::ACCEPT).unwrap_or_default();
    let cookie = |name: &str| {
        http.cookie(&cookie_name(name, secure)).map(|cookie| cookie.value().to_owned())
    };
    let query = Fields::decode(http.query_string().as_bytes());
    let form = if is_form { Fields::decode(body) } else { Some(Fields::default()) };
    Request {
        path: http.path().to_owned(),
        path_and_query: http.uri().path_and_query().map_or("/".to_owned(), ToString::to_string),
        params: http.match_info().iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        malformed: query.is_none() || form.is_none(),
        query: query.unwrap_or_default(),
        form: form.unwrap_or_default(),
        body: if is_form { Vec::new() } else { body.to_vec() },
        is_get: *http.method() == actix_web::http::Method::GET,
        wants_json: route.is_some_and(|route| route.api.is_some())
            || accept.starts_with("application/json"),
        id: clock::new_id().to_string(),
        nonce: clock::random::<16>().map(|bytes| hex(&bytes)).unwrap_or_default(),
        origin: csrf::Origin {
            site: named("sec-fetch-site"),
            origin: text(header::ORIGIN),
            host: text(header::HOST),
        },
        csrf_header: named("x-csrf-token"),
        session_secret: cookie(SESSION),
        flash: cookie(FLASH),
        station_cookie: cookie(STATION),
        address: address(http.peer_addr().map(|peer| peer.ip()), proxy, &named("x-forwarded-for")),
    }
}

/// The address a request comes from: the peer's, or what the site's own proxy says of it. Nobody
/// else is believed.
fn address(
    peer: Option<IpAddr>,
    proxy: Option<IpAddr>,
    forwarded: &Option<String>,
) -> Option<IpAddr> {
    let told = forwarded.as_deref().and_then(|list| list.rsplit(',').next());
    match (proxy.is_some() && peer == proxy, told) {
        (true, Some(told)) => told.trim().parse().ok().or(peer),
        _ => peer,
    }
}

fn cookie_name(name: &str, secure: bool) -> String {
    if secure { format!("__Host-{name}") } else { name.to_owned() }
}

fn respond(reply: Reply, nonce: &str, secure: bool) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CONTENT_TYPE, reply.kind));
    for (name, value) in headers::FIXED {
        response.insert_header((name, value));
    }
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, headers::content_security_policy(nonce)));
    response.insert_header(("permissions-policy", headers::permissions_policy(reply.camera)));
    if secure {
        response.insert_header((header::STRICT_TRANSPORT_SECURITY, headers::STRICT_TRANSPORT));
    }
    let keep = match reply.keep {
        Keep::Never => "no-store",
        Keep::Forever => "public, max-age=31536000, immutable",
    };
    response.insert_header((header::CACHE_CONTROL, keep));
    if let Some(location) = reply.location.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.insert_header((header::LOCATION, location));
    }
    if let Some(seconds) = reply.retry_after {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    if let Some(name) = &reply.download {
        let value = format!("attachment; filename=\"{name}\"");
        response.insert_header((header::CONTENT_DISPOSITION, value));
    }
    for cookie in &reply.cookies {
        response.append_header((header::SET_COOKIE, set_cookie(cookie, secure)));
    }
    match reply.body {
        Body::Made(bytes) => response.body(bytes),
        Body::Embedded(bytes) => response.body(bytes),
    }
}

fn set_cookie(cookie: &SetCookie, secure: bool) -> String {
    let name = cookie_name(cookie.name, secure);
    let mut text = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict", cookie.value);
    if secure {
        text.push_str("; Secure");
    }
    if let Some(seconds) = cookie.max_age_seconds {
        text.push_str(&format!("; Max-Age={seconds}"));
    }
    text
}
