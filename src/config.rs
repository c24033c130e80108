//! What a site can set: by command line, by environment, by a TOML file, in this order of strength.
//!
//! Architecture invariant: nothing here can switch off the audit trail, the idle lock or the checks
//! of a session; the lock can be made shorter, never absent (regulations §4.4 rule 1).

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::domain::id::StationId;
use crate::domain::time::{Span, Zone};
use crate::site::{Site, SiteError};

/// The longest a screen may stay idle before it locks.
pub const IDLE_LOCK_MAX: Span = Span::of_minutes(15);

/// A site's settings, complete and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the records are: `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The directory of what must stay outside the database: keys, pepper, checkpoints.
    pub secrets: PathBuf,
    /// The site: name, address, facility number, calendar, protocols and donor rules.
    pub site: Arc<Site>,
    /// The site's zone, in which times are shown and entered.
    pub zone: Zone,
    /// How long a screen may stay idle before it locks.
    pub idle_lock: Span,
    /// How long a session lasts at most.
    pub session_max: Span,
    /// Whether cookies are for TLS (or for this very computer) only. Off only for tests of old
    /// browsers without TLS on another computer.
    pub secure_cookies: bool,
    /// The site's own proxy, whose word about a client's address is taken.
    pub proxy: Option<IpAddr>,
    /// The station of a browser that is not enrolled.
    pub office: StationId,
}

/// Settings as given in one place; whatever is missing is asked of the next.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the records are: `sqlite:PATH` or `postgres://…`; when missing: sqlite:chorda.db.
    pub database: Option<String>,
    /// The address to listen on; when missing: 127.0.0.1:8080.
    pub listen: Option<SocketAddr>,
    /// Directory of keys, pepper and checkpoints; when missing: beside the database file.
    pub secrets: Option<PathBuf>,
    /// The site file; when missing: the invented site that comes with the program, A9999.
    pub site: Option<PathBuf>,
    /// Minutes of idling after which a screen locks, 1 to 15; when missing: 10.
    pub idle_lock_minutes: Option<i64>,
    /// Hours after which a session ends, 1 to 12; when missing: 12.
    pub session_hours: Option<i64>,
    /// Name of a station that is not enrolled; when missing: OFFICE.
    pub station: Option<String>,
    /// Address of the site's own proxy, whose `X-Forwarded-For` is believed; when missing: none.
    pub proxy: Option<IpAddr>,
    /// Allow cookies without TLS from another computer; when missing: false.
    pub insecure_cookies: Option<bool>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the settings file {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML of this shape.
    #[error("the settings file {path} is not understood: {source}")]
    NotUnderstood {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// The site cannot be used.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// A value is outside what is allowed.
    #[error("{setting} is '{value}'; it must be {expected}")]
    Outside {
        /// The setting.
        setting: &'static str,
        /// What was given.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
}

impl Config {
    /// The file of the signed checkpoints: beside the secrets, outside the database.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.secrets.with_extension("checkpoints")
    }
}

impl Settings {
    /// The settings of a TOML file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|source| ConfigError::NotUnderstood {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// These settings, and where they say nothing, the others.
    #[must_use]
    pub fn or(self, weaker: Self) -> Self {
        Self {
            database: self.database.or(weaker.database),
            listen: self.listen.or(weaker.listen),
            secrets: self.secrets.or(weaker.secrets),
            site: self.site.or(weaker.site),
            idle_lock_minutes: self.idle_lock_minutes.or(weaker.idle_lock_minutes),
            session_hours: self.session_hours.or(weaker.session_hours),
            station: self.station.or(weaker.station),
            proxy: self.proxy.or(weaker.proxy),
            insecure_cookies: self.insecure_cookies.or(weaker.insecure_cookies),
        }
    }

    /// The complete, checked settings.
    pub fn complete(self) -> Result<Config, ConfigError> {
        let database = self.database.unwrap_or_else(|| "sqlite:chorda.db".to_owned());
        let station = self.station.unwrap_or_else(|| "OFFICE".to_owned());
        let site = match &self.site {
            Some(path) => Site::read(path)?,
            None => Site::example()?,
        };
        Ok(Config {
            secrets: self.secrets.unwrap_or_else(|| beside(&database)),
            database,
            listen: self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            zone: site.zone,
            site: Arc::new(site),
            idle_lock: Span::of_minutes(within(
                "idle_lock_minutes",
                self.idle_lock_minutes.unwrap_or(10),
                1..=15,
                "a number of minutes from 1 to 15; the lock cannot be switched off",
            )?),
            session_max: Span::of_hours(within(
                "session_hours",
                self.session_hours.unwrap_or(12),
                1..=12,
                "a number of hours from 1 to 12",
            )?),
            secure_cookies: !self.insecure_cookies.unwrap_or(false),
            proxy: self.proxy,
            office: StationId::parse(&station).map_err(|_| ConfigError::Outside {
                setting: "station",
                value: station,
                expected: "1 to 32 letters, digits or hyphens",
            })?,
        })
    }
}

fn within(
    setting: &'static str,
    value: i64,
    range: std::ops::RangeInclusive<i64>,
    expected: &'static str,
) -> Result<i64, ConfigError> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(ConfigError::Outside { setting, value: value.to_string(), expected })
}

/// `chorda.secrets` beside the database file; in the working directory for a server database.
fn beside(database: &str) -> PathBuf {
    match database.strip_prefix("sqlite:") {
        Some(path) => Path::new(path).with_extension("secrets"),
        None => PathBuf::from("chorda.secrets"),
    }
}
