//! The JSON interface under `/api/v1`, for scripts and instruments of the site: the same session,
//! the same route table, the same use cases. Its description (OpenAPI 3.1) is made from the table.
//!
//! Neighbours: `app::scan`, `app::trace`, `app::container_move`, `app::order_status`.
//!
//! Architecture invariant: what is described is what the table serves; a test compares them.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::cx::Cx;
use super::error::{Problem, WebError};
use super::reply::Reply;
use super::routes::{self, Access, Method, Route};
use crate::app::container_move::{
    ContainerPut, ContainerTake, ScannedContainer, TakeFor, container_put, container_take,
    read_position,
};
use crate::app::order_status::{OrderStatus, UnitStatus, order_status};
use crate::app::scan::{self, Answer};
use crate::app::trace;
use crate::domain::actor::Capability;
use crate::domain::id::{BatchNumber, OrderNumber};
use crate::store::{container, ledger};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const HANDLE: Access = Access::Needs(&[Capability::HandleContainers]);

/// Every command has its own number, so that a repeated one is carried out once.
const COMMAND: (&str, &str) = ("command_id", "The command's own number, a UUID");

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/me", Access::SignedIn, me, "Who is signed in").api("Me"),
    Route::get("/api/v1/scan", Access::SignedIn, look_up, "What a code is, and where to go")
        .api("Answer")
        .query(&[("code", "The code as scanned or typed")]),
    Route::get("/api/v1/scan/{code}", Access::SignedIn, look_up_part, "What a code is")
        .api("Answer"),
    Route::get("/api/v1/containers/{code}", READ, show_container, "A container")
        .api("ContainerStatus"),
    Route::post("/api/v1/containers/{code}/put", HANDLE, put, "Put a container into a position")
        .api("Moved")
        .query(&[("position", "The position as scanned"), COMMAND]),
    Route::post("/api/v1/containers/{code}/take", HANDLE, take, "Take a container out")
        .api("Moved")
        .query(&[
            ("purpose", "batch, relocation, inspection or destruction"),
            ("batch", "The batch it is for, if for one"),
            ("from", "The position as scanned, if it was"),
            COMMAND,
        ]),
    Route::get("/api/v1/orders/{number}", super::order::READ, show_order, "An order")
        .api("OrderStatus"),
    Route::get("/api/v1/ledger/checkpoint", Access::SignedIn, checkpoint, "Newest checkpoint")
        .api("LedgerCheckpoint"),
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

/// A container.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ContainerStatus {
    /// Its code.
    code: String,
    /// What kind it is.
    kind: String,
    /// What it holds.
    title: String,
    /// The material.
    material: String,
    /// The effective disposition.
    disposition: String,
    /// What makes it so, `kind/id`.
    because: Option<String>,
    /// The position it is in.
    location: Option<String>,
    /// The batch that made it.
    batch: Option<String>,
    /// The order it was made or is reserved for.
    order: Option<String>,
    /// When it expires, RFC 3339.
    expires_at: Option<String>,
    /// Number of events so far.
    version: u64,
}

/// A container that was moved.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Moved {
    /// The container.
    code: String,
    /// The position it is in now, or the one it left.
    position: Option<String>,
}

/// The newest signed checkpoint of the ledger.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct LedgerCheckpoint {
    /// The note as the checkpoint file has it; none before the first.
    note: Option<String>,
}

#[derive(OpenApi)]
#[openapi(components(schemas(
    Answer,
    ContainerStatus,
    Description,
    LedgerCheckpoint,
    Me,
    Moved,
    OrderStatus,
    Problem,
    Trace,
    UnitStatus
)))]
struct Schemas;

fn look_up_part(cx: &Cx) -> Result<Reply, WebError> {
    Reply::json(&scan::resolve(cx.app(), cx.actor()?, cx.param("code"))?)
}

fn show_container(cx: &Cx) -> Result<Reply, WebError> {
    let code = ScannedContainer::read(cx.param("code"))?.code;
    let (state, standing) = cx.app().read(|db| container::require_with_standing(db, &code))?;
    let order = state.order.as_ref().or(state.reserved_for.as_ref());
    Reply::json(&ContainerStatus {
        code: state.code.clone(),
        kind: state.kind.code().to_owned(),
        title: state.contents.title.to_string(),
        material: state.contents.material.to_string(),
        disposition: standing.disposition.max(state.disposition).code().to_owned(),
        because: standing.because.as_ref().map(ToString::to_string),
        location: state.location().map(ToString::to_string),
        batch: state.batch.as_ref().map(ToString::to_string),
        order: order.map(ToString::to_string),
        expires_at: state.expires_at.map(|at| at.to_string()),
        version: state.version,
    })
}

fn put(cx: &Cx) -> Result<Reply, WebError> {
    let container = ScannedContainer::read(cx.param("code"))?;
    let position = read_position(cx.query("position"))?;
    let done = Moved { code: container.code.to_string(), position: Some(position.to_string()) };
    container_put(cx.app(), &cx.caller()?, ContainerPut { container, position })?;
    Reply::json(&done)
}

fn take(cx: &Cx) -> Result<Reply, WebError> {
    let container = ScannedContainer::read(cx.param("code"))?;
    let from = Some(cx.query("from")).filter(|from| !from.is_empty());
    let from = from.map(read_position).transpose()?;
    let unknown = || {
        WebError::Invalid(
            "The purpose is batch, relocation, inspection or destruction; a batch has its number."
                .to_owned(),
        )
    };
    let purpose = match cx.query("purpose") {
        "batch" => TakeFor::Batch(BatchNumber::parse(cx.query("batch")).map_err(|_| unknown())?),
        "relocation" => TakeFor::Relocation,
        "inspection" => TakeFor::Inspection,
        "destruction" => TakeFor::Destruction,
        _ => return Err(unknown()),
    };
    let code = container.code.to_string();
    let command = ContainerTake { container, from, purpose };
    let position = container_take(cx.app(), &cx.caller()?, command)?;
    Reply::json(&Moved { code, position })
}

fn show_order(cx: &Cx) -> Result<Reply, WebError> {
    let number = cx.param_as("number", OrderNumber::parse)?;
    Reply::json(&order_status(cx.app(), &number)?)
}

fn checkpoint(cx: &Cx) -> Result<Reply, WebError> {
    let note = cx.app().read(ledger::newest_checkpoint)?;
    Reply::json(&LedgerCheckpoint { note })
}

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
