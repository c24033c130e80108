//! The browser's side: routes, sessions, pages, the JSON API. Parses, calls a use case of `app`,
//! renders.
//!
//! How to add pages: a file `web/<slice>.rs` with handlers `fn(&Cx) -> Result<Reply, WebError>`, a
//! `pub const ROUTES: &[Route]`, one line in [`routes`]; page structs with `shell: Shell` and a
//! template in `templates/pages/<slice>/`. The parts of pages are in [`component`] and [`form`].
//!
//! Architecture invariant: no rule of the process is decided here; if a handler needs an `if` about
//! the process, the `if` belongs to `domain`.

use std::net::TcpListener;
use std::sync::Arc;

use crate::config::Config;

pub mod assets;
pub mod component;
pub mod csrf;
pub mod cx;
pub mod error;
pub mod filters;
pub mod form;
pub mod icon;
pub mod nav;
pub mod page;
pub mod reply;
pub mod routes;
pub mod security_headers;
mod server;
pub mod station;
pub mod system;

pub use cx::Cx;
pub use error::WebError;
pub use page::Shell;
pub use reply::Reply;
pub use routes::{Access, Route};

/// Name of the session's cookie, without the prefix that `Secure` cookies get.
const SESSION: &str = "sid";
/// Name of the cookie that carries one sentence to the next page.
const FLASH: &str = "flash";
/// Name of the cookie by which an administrator enrolled this browser as a station.
const STATION: &str = "station";

/// The application behind the pages; cheap to clone.
#[derive(Clone, Debug)]
pub struct Web(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    station_key: [u8; 32],
}

impl Web {
    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The key of the stations' cookies.
    pub(crate) fn station_key(&self) -> &[u8; 32] {
        &self.0.station_key
    }
}

/// Serves on `listener` until asked to stop.
pub fn serve(web: Web, listener: TcpListener) -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(server::serve(web, listener))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
