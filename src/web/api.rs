//! The JSON interface under `/api/v1`, for scripts and instruments of the site: the same session,
//! the same route table, the same use cases. Its description (OpenAPI 3.1) is made from the table.
//!
//! Neighbours: `app::scan`, `app::trace`.
//!
//! Architecture invariant: what is described is what the table serves; a test compares them.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::cx::Cx;
use super::error::{Problem, WebError};
use super::reply::Reply;
use super::routes::{self, Access, Method, Route};
use crate::app::scan::{self, Answer};
use crate::app::trace;
use crate::domain::actor::Capability;

const READ: Access = Access::Needs(&[Capability::ReadGmp]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/me", Access::SignedIn, me, "Who is signed in").api("Me"),
    Route::get("/api/v1/scan", Access::SignedIn, look_up, "What a code is, and where to go")
        .api("Answer")
        .query(&[("code", "The code as scanned or typed")]),
    Route::get("/api/v1/trace/{code}", READ, trace_code, "Everything connected with a code")
        .api("Trace"),
    Route::get("/api/v1/openapi.json", Access::SignedIn, description, "This description")
        .api("Description"),
];

/// Who is signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Me {
    /// Sign-in name.
    login: String,
    /// Full name.
    printed_name: String,
    /// Code of the role in use.
    role: &'static str,
    /// The station.
    station: String,
    /// The token that every `POST` of this session sends as `x-csrf-token`.
    csrf: String,
    /// The server's time, RFC 3339.
    now: String,
}

/// Everything connected with a code, as `chorda trace --json` prints it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(value_type = Object)]
struct Trace(Value);

/// An OpenAPI description.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(value_type = Object)]
struct Description(Value);

#[derive(OpenApi)]
#[openapi(components(schemas(Answer, Description, Me, Problem, Trace)))]
struct Schemas;

fn me(cx: &Cx) -> Result<Reply, WebError> {
    let actor = cx.actor()?;
    Reply::json(&Me {
        login: actor.login.to_string(),
        printed_name: actor.printed_name.clone(),
        role: actor.role.code(),
        station: cx.station.id.to_string(),
        csrf: cx.csrf(),
        now: cx.now.to_string(),
    })
}

fn look_up(cx: &Cx) -> Result<Reply, WebError> {
    Reply::json(&scan::resolve(cx.app(), cx.actor()?, cx.request.query.raw("code"))?)
}

fn trace_code(cx: &Cx) -> Result<Reply, WebError> {
    Reply::json(&trace::trace(cx.app(), cx.param("code"))?)
}

fn description(_cx: &Cx) -> Result<Reply, WebError> {
    Reply::json(&document()?)
}

/// The description of the JSON interface, OpenAPI 3.1.
///
/// # Errors
/// Never in practice: the parts of the description are this program's own.
pub fn document() -> Result<Value, WebError> {
    let text = Schemas::openapi().to_json().map_err(WebError::internal)?;
    let mut document: Value = serde_json::from_str(&text).map_err(WebError::internal)?;
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::all().filter(|route| route.api.is_some()) {
        let entry = paths.entry(route.path).or_insert_with(|| json!({}));
        let method = match route.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        if let Some(methods) = entry.as_object_mut() {
            methods.insert(method.to_owned(), operation(route));
        }
    }
    if let Some(parts) = document.as_object_mut() {
        parts.insert("paths".to_owned(), Value::Object(paths));
        let session = json!({ "type": "apiKey", "in": "cookie", "name": "__Host-sid" });
        if let Some(components) = parts.get_mut("components").and_then(Value::as_object_mut) {
            components.insert("securitySchemes".to_owned(), json!({ "session": session }));
        }
    }
    Ok(document)
}

fn operation(route: &Route) -> Value {
    let schema = |name: &str| {
        json!({ "application/json": {
            "schema": { "$ref": format!("#/components/schemas/{name}") },
        }})
    };
    let mut parameters: Vec<Value> = route
        .path
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next())
        .map(|name| parameter(name, "path", "A part of the address", true))
        .collect();
    parameters.extend(route.query.iter().map(|(name, what)| parameter(name, "query", what, false)));
    let mut responses = Map::new();
    let good = json!({ "description": "Done", "content": schema(route.api.unwrap_or("Problem")) });
    responses.insert("200".to_owned(), good);
    let refused = [
        ("401", "Nobody is signed in, or the screen is locked"),
        ("403", "The role in use may not, or the form token is missing"),
        ("404", "There is no such thing"),
        ("405", "Not with this method"),
        ("409", "The state of things does not allow it"),
        ("413", "Too large"),
        ("422", "It cannot be meant so"),
        ("503", "The database does not answer"),
    ];
    for (status, words) in refused {
        let problem = json!({ "description": words, "content": schema("Problem") });
        responses.insert(status.to_owned(), problem);
    }
    let security = match route.access {
        Access::Public => json!([]),
        _ => json!([{ "session": [] }]),
    };
    json!({
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses,
        "security": security,
    })
}

fn parameter(name: &str, place: &str, what: &str, required: bool) -> Value {
    json!({
        "name": name,
        "in": place,
        "description": what,
        "required": required,
        "schema": { "type": "string", "maxLength": scan::CODE_LENGTH_MAX },
    })
}
