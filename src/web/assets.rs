//! The files a page needs beside itself: stylesheet, script modules, pictures. They are embedded in
//! the executable and served under an address that changes with their content, so that a browser
//! may keep them for a year and never shows an old one. Neighbours: [`super::page`] prints the
//! addresses.
//!
//! Architecture invariant: nothing is read from disk or from another host while serving.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::reply::Reply;

use crate::ledger::hash::hex;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("../../templates/assets/", $name)),
        }
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

const ASSETS: &[Asset] = &[
    asset!("app.css", "text/css; charset=utf-8"),
    asset!("chevron.svg", "image/svg+xml"),
    asset!("favicon.svg", "image/svg+xml"),
    asset!("master_record.css", "text/css; charset=utf-8"),
    asset!("order.css", "text/css; charset=utf-8"),
    Asset { kind: SCRIPT, ..asset!("app.js", "") },
    Asset { kind: SCRIPT, ..asset!("band.js", "") },
    Asset { kind: SCRIPT, ..asset!("clock.js", "") },
    Asset { kind: SCRIPT, ..asset!("forms.js", "") },
    Asset { kind: SCRIPT, ..asset!("keypad.js", "") },
    Asset { kind: SCRIPT, ..asset!("master_record.js", "") },
    Asset { kind: SCRIPT, ..asset!("order.js", "") },
    Asset { kind: SCRIPT, ..asset!("scan.js", "") },
    Asset { kind: SCRIPT, ..asset!("sound.js", "") },
    Asset { kind: SCRIPT, ..asset!("units.js", "") },
];

/// Twelve hexadecimal digits over all assets: the part of their address that changes with them.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = Sha256::new();
    for asset in ASSETS {
        hasher.update(asset.name.as_bytes());
        hasher.update([0]);
        hasher.update(asset.bytes);
    }
    let mut text = hex(&hasher.finalize());
    text.truncate(12);
    text
});

/// The address of one embedded file, for instance `/assets/0f3a…/app.css`.
pub fn address(name: &str) -> String {
    format!("/assets/{}/{name}", VERSION.as_str())
}

/// The answer to `GET /assets/{version}/{name}`; an unknown name or an outdated version is `None`.
pub fn find(version: &str, name: &str) -> Option<Reply> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    (version == VERSION.as_str()).then(|| Reply::asset(asset.kind, asset.bytes))
}
