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

use crate::app::App;
use crate::config::Config;
use crate::store::Failure;
use session::Sessions;

pub mod account;
pub mod administration;
pub mod api;
pub mod assets;
pub mod audit;
pub mod code;
pub mod component;
pub mod batch;
pub mod batch_correct;
pub mod batch_accounts;
pub mod batch_end;
pub mod batch_line;
pub mod batch_show;
pub mod batch_step;
mod batch_timer;
pub mod container;
pub mod identity;
pub mod csrf;
pub mod custody;
pub mod cx;
pub mod deviation;
pub mod donor;
pub mod equipment;
pub mod error;
pub mod filters;
pub mod follow_up;
pub mod form;
pub mod give;
pub mod home;
pub mod icon;
pub mod label;
pub mod label_definition;
pub mod label_thing;
mod limit;
pub mod master_record;
mod master_record_change;
mod master_record_view;
pub mod material;
pub mod nav;
pub mod order;
pub mod order_calendar;
pub mod order_dose;
pub mod order_new;
pub mod page;
pub mod printer;
mod pool;
pub mod quality;
pub mod release;
pub mod record;
pub mod reply;
pub mod review;
pub mod routes;
pub mod scan;
pub mod security_headers;
mod server;
pub mod session;
mod sheet;
pub mod sign_in;
pub mod station;
pub mod storage;
pub mod system;
pub mod trace;

mod waiting;

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
    app: App,
    sessions: Sessions,
    station_key: [u8; 32],
    limits: limit::Limits,
}

impl Web {
    /// The pages of an application.
    ///
    /// # Errors
    /// When its store was opened without secrets.
    pub fn new(app: App) -> Result<Self, Failure> {
        let station_key = station::key(app.store.pepper()?)?;
        let limits = limit::Limits::new(&app.clock);
        Ok(Self(Arc::new(Inner { app, sessions: Sessions::default(), station_key, limits })))
    }

    /// The application: for use cases and queries.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.app.config
    }

    /// Who is signed in.
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// How fast passwords may be tried.
    fn limits(&self) -> &limit::Limits {
        &self.0.limits
    }

    /// The key of the stations' cookies.
    pub(crate) fn station_key(&self) -> &[u8; 32] {
        &self.0.station_key
    }
}

/// Serves on `listener` until the process is asked to stop (Ctrl-C or SIGTERM), then finishes what
/// is under way.
///
/// # Errors
/// When the server cannot be started.
pub fn serve(web: Web, listener: TcpListener) -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(async { server::start(web, listener)?.await })
}

/// Serves in a thread of its own; the handle stops it: for tests, and for a demo that then tells
/// where to look.
///
/// # Errors
/// When the server cannot be started.
pub fn serve_in_background(web: Web, listener: TcpListener) -> std::io::Result<Background> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("web".to_owned()).spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = server::start(web, listener)?;
            // Whoever asked may be gone; then nobody will stop the server but the process's end.
            sender.send(server.handle()).ok();
            server.await
        })
    })?;
    let handle = receiver.recv().map_err(std::io::Error::other)?;
    Ok(Background { handle, thread: Some(thread) })
}

/// A server in a thread of its own; stops when dropped.
#[derive(Debug)]
pub struct Background {
    handle: actix_web::dev::ServerHandle,
    thread: Option<std::thread::JoinHandle<std::io::Result<()>>>,
}

impl Background {
    /// Waits until the server ends by itself (Ctrl-C or SIGTERM).
    ///
    /// # Errors
    /// What ended it, if that was an error.
    pub fn wait(mut self) -> std::io::Result<()> {
        match self.thread.take().map(std::thread::JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(std::io::Error::other("the server broke off")),
            None => Ok(()),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(self.handle.stop(false));
            thread.join().ok();
        }
    }
}
