//! The one table of routes: method, path, the capability it needs, handler. Each slice of pages
//! keeps its own rows beside its handlers; this file puts them together and nothing else.
//!
//! Architecture invariant: there is no other way to reach a handler, so what the table says about
//! access is what happens; tests walk the table.

use actix_web::dev::ResourceDef;

use super::cx::Cx;
use super::error::WebError;
use super::reply::Reply;
use crate::domain::actor::{Capability, Role};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: sign-in, assets, health.
    Public,
    /// Anybody who is signed in: home, own account, lock.
    SignedIn,
    /// Whose role in use has at least one of these capabilities.
    Needs(&'static [Capability]),
}

impl Access {
    /// Whether a person in this role may use the route.
    pub fn allows(self, role: Role) -> bool {
        match self {
            Self::Public | Self::SignedIn => true,
            Self::Needs(capabilities) => capabilities.iter().any(|&one| role.may(one)),
        }
    }
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes something; needs the form token.
    Post,
}

/// A handler: an ordinary function on a blocking thread.
pub type Handler = fn(&Cx) -> Result<Reply, WebError>;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Reads or changes.
    pub method: Method,
    /// The path; `{name}` is a part, `{name:.*}` the rest.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// What it is for, in a few words; the API's description takes it from here.
    pub summary: &'static str,
    /// What answers.
    pub handler: Handler,
    /// Of the JSON API: the schema of its answer; errors are JSON, too.
    pub api: Option<&'static str>,
    /// Of the JSON API: the names of its query and what they mean.
    pub query: &'static [(&'static str, &'static str)],
    /// The largest body, in bytes.
    pub body_max: usize,
    /// Whether the form token is asked for; only sign-in and reports of the browser go without.
    pub token: bool,
}

/// The largest body of an ordinary form, in bytes.
pub const BODY_MAX: usize = 256 * 1024;

impl Route {
    /// A page or document to read.
    pub const fn get(
        path: &'static str,
        access: Access,
        handler: Handler,
        summary: &'static str,
    ) -> Self {
        let (method, api, body_max, token) = (Method::Get, None, BODY_MAX, false);
        Self { method, path, access, summary, handler, api, query: &[], body_max, token }
    }

    /// A form that changes something.
    pub const fn post(
        path: &'static str,
        access: Access,
        handler: Handler,
        summary: &'static str,
    ) -> Self {
        let (method, api, body_max, token) = (Method::Post, None, BODY_MAX, true);
        Self { method, path, access, summary, handler, api, query: &[], body_max, token }
    }

    /// The same as part of the JSON API, which answers with this schema.
    #[must_use]
    pub const fn api(self, schema: &'static str) -> Self {
        Self { api: Some(schema), ..self }
    }

    /// The same with what its query may hold, for the description of the API.
    #[must_use]
    pub const fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    /// The same with another limit on its body, in bytes.
    #[must_use]
    pub const fn body_max(self, body_max: usize) -> Self {
        Self { body_max, ..self }
    }

    /// The same without the form token: only for requests that no session stands behind.
    #[must_use]
    pub(super) const fn without_token(self) -> Self {
        Self { token: false, ..self }
    }
}

/// The rows of every slice. Append yours.
const SLICES: &[&[Route]] = &[
    super::system::ROUTES,
    super::sign_in::ROUTES,
    super::home::ROUTES,
    super::scan::ROUTES,
    super::account::ROUTES,
    super::administration::ROUTES,
    super::api::ROUTES,
    // Slices of the process.
    super::container::ROUTES,
    super::identity::ROUTES,
    super::storage::ROUTES,
    super::material::ROUTES,
    super::equipment::ROUTES,
    super::label::ROUTES,
    super::label_thing::ROUTES,
    super::printer::ROUTES,
    super::label_definition::ROUTES,
    super::trace::ROUTES,
    super::code::ROUTES,
    super::batch::ROUTES,
    super::batch_show::ROUTES,
    super::batch_accounts::ROUTES,
    super::batch_step::ROUTES,
    super::batch_correct::ROUTES,
    super::batch_end::ROUTES,
    super::batch_line::ROUTES,
    super::donor::ROUTES,
    super::quality::ROUTES,
    super::deviation::ROUTES,
    super::release::ROUTES,
    super::order_new::ROUTES,
    super::order::ROUTES,
    super::follow_up::ROUTES,
    super::custody::ROUTES,
    super::give::ROUTES,
    super::audit::ROUTES,
    super::record::ROUTES,
    super::master_record::ROUTES,
];

/// The whole table.
pub fn all() -> impl Iterator<Item = &'static Route> {
    SLICES.iter().flat_map(|slice| slice.iter())
}

/// Whether there is anything at this path, whatever the method.
pub fn exists(path: &str) -> bool {
    all().any(|route| ResourceDef::new(route.path).is_match(path))
}

/// Whether there is a page at `path` that a person in this role may open.
pub fn may_open(role: Role, path: &str) -> bool {
    all()
        .any(|route| route.method == Method::Get && route.path == path && route.access.allows(role))
}
