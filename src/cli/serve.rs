//! `chorda serve`: the pages and the JSON interface, until asked to stop.

use std::net::{IpAddr, SocketAddr, TcpListener};

use chorda::app::App;
use chorda::app::print_send::Spooler;
use chorda::clock::Clock;
use chorda::config::Settings;
use chorda::printing::Patience;
use chorda::store::user;
use chorda::web::{self, Web};
use clap::Args;

use super::Site;
use super::console::{Console, Trouble};

#[derive(Args)]
#[command(after_help = "A new database is founded at the first start. Any number of servers may \
    serve one PostgreSQL.\n\nExample:\n  chorda serve --database sqlite:plant.db --site plant.toml\n  \
    CHORDA_DATABASE=postgres://chorda@db.example/plant?sslmode=verify-full chorda serve")]
pub(crate) struct Arguments {
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "CHORDA_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Minutes of idling after which a screen locks, 1 to 15 [default: 10]
    #[arg(long, env = "CHORDA_IDLE_LOCK_MINUTES", value_name = "MINUTES")]
    idle_lock_minutes: Option<i64>,
    /// Hours after which a session ends, 1 to 12 [default: 12]
    #[arg(long, env = "CHORDA_SESSION_HOURS", value_name = "HOURS")]
    session_hours: Option<i64>,
    /// Name of a browser that is not enrolled as a station [default: OFFICE]
    #[arg(long, env = "CHORDA_STATION", value_name = "NAME")]
    station: Option<String>,
    /// Address of the site's own proxy, whose X-Forwarded-For is believed [default: nobody's]
    #[arg(long, env = "CHORDA_PROXY", value_name = "ADDRESS")]
    proxy: Option<IpAddr>,
    /// Allow cookies without TLS from another computer
    #[arg(long, env = "CHORDA_INSECURE_COOKIES", num_args = 0..=1, default_missing_value = "true")]
    insecure_cookies: Option<bool>,
}

impl Arguments {
    fn settings(&self) -> Settings {
        Settings {
            listen: self.listen,
            idle_lock_minutes: self.idle_lock_minutes,
            session_hours: self.session_hours,
            station: self.station.clone(),
            proxy: self.proxy,
            insecure_cookies: self.insecure_cookies,
            ..Settings::default()
        }
    }
}

pub(crate) fn run(wanted: &Arguments, site: &Site, console: &Console) -> Result<(), Trouble> {
    start_log();
    let settings = wanted.settings().or(site.settings()?);
    let config = settings.complete().map_err(Trouble::usage)?;
    let listener = listen(config.listen)?;
    let app = App::open(config, Clock::System).map_err(Trouble::refused)?;
    if app.config.site.fictitious {
        console.note(format!(
            "{}, facility {}, is invented: nothing here may be given to a patient. Name your own \
             site file with --site.",
            app.config.site.name, app.config.site.facility
        ));
    }
    if app.read(user::is_empty).map_err(Trouble::refused)? {
        console.note(
            "Nobody is registered yet. Register the first administrator at this console:\n  \
             chorda user add LOGIN --name 'FULL NAME' --number NUMBER --role administrator \\\n    \
             --identity 'identity card seen'",
        );
    }
    serve(app, listener, console)
}

/// Takes the address, before anything else is done that would have to be undone.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, Trouble> {
    TcpListener::bind(address).map_err(|error| {
        Trouble::refused(format!(
            "cannot listen on {address}: {error}; stop what listens there, or choose another \
             address with --listen"
        ))
    })
}

/// Serves an opened application.
pub(crate) fn serve(app: App, listener: TcpListener, console: &Console) -> Result<(), Trouble> {
    let address = listener.local_addr().map_err(Trouble::refused)?;
    let shown = app.store.shown();
    let store = app.store.clone();
    let spooler = Spooler::start(app.clone(), Patience::default()).map_err(Trouble::refused)?;
    let web = Web::new(app).map_err(Trouble::refused)?;
    console.note(format!("Serving {shown} at http://{address} (Ctrl-C stops)"));
    let served = web::serve(web, listener).map_err(Trouble::refused);
    drop(spooler);
    // Whoever copies the records of a stopped server copies them with a checkpoint over everything.
    store.seal_now().map_err(Trouble::refused)?;
    served
}

/// Sends the log to standard error: warnings, or what `RUST_LOG` asks for; as JSON where
/// `CHORDA_LOG=json`.
pub(crate) fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = std::env::var("CHORDA_LOG").is_ok_and(|value| value == "json");
    // A second log in the same process would be refused; there is none.
    let _ = if json { log.json().try_init() } else { log.try_init() };
}
