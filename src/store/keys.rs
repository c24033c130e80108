//! The secrets of the installation, in files of their own: two signing keys and the pepper of
//! the password hashes.
//!
//! Neighbours: `ledger::key` signs; `app` mixes the pepper into password hashes.
//!
//! Architecture invariant: no secret is ever written to the database, to a log or to a message.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::clock;
use crate::ledger::hash::{hex, unhex};
use crate::ledger::{SecretKey, note};

use super::Failure;

const EVENT_KEY: &str = "event.key";
const CHECKPOINT_KEY: &str = "checkpoint.key";
const PEPPER: &str = "pepper";
const VERIFIER_KEY: &str = "checkpoint.vkey";
const EVENT_PUBLIC: &str = "event.pub";

/// The loaded secrets.
pub struct Keys {
    /// Signs events and stored command results.
    pub event: SecretKey,
    /// Signs checkpoints.
    pub checkpoint: SecretKey,
    /// Mixed into every password hash, so that a stolen database alone opens no account.
    pub pepper: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Keys({:?}, {:?})", self.event, self.checkpoint)
    }
}

impl Keys {
    /// Loads the secrets of a folder; `None` when the folder has none of them.
    ///
    /// # Errors
    /// When some are missing, unreadable, or malformed.
    pub fn load(folder: &Path) -> Result<Option<Self>, Failure> {
        let files = [EVENT_KEY, CHECKPOINT_KEY, PEPPER];
        if files.iter().all(|name| !folder.join(name).exists()) {
            return Ok(None);
        }
        Ok(Some(Self {
            event: SecretKey::from_bytes(&*read(folder, EVENT_KEY)?),
            checkpoint: SecretKey::from_bytes(&*read(folder, CHECKPOINT_KEY)?),
            pepper: read(folder, PEPPER)?,
        }))
    }

    /// Draws new secrets and writes them to the folder, readable for this user only.
    ///
    /// # Errors
    /// When a file exists already or cannot be written.
    pub fn create(folder: &Path) -> Result<Self, Failure> {
        let failed = |error| unusable(folder, &error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        for name in [EVENT_KEY, CHECKPOINT_KEY, PEPPER] {
            let secret = Zeroizing::new(clock::random::<32>()?);
            write_new(&folder.join(name), &Zeroizing::new(hex(secret.as_slice())), 0o600)?;
        }
        Self::load(folder)?.ok_or_else(|| Failure::Broken("no keys were written".to_owned()))
    }

    /// Writes the public halves next to the secrets, for auditors to take along. The checkpoint
    /// key is in the form that note tools read.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn publish(&self, folder: &Path, origin: &str) -> Result<(), Failure> {
        let event = self.event.public();
        let texts = [
            (EVENT_PUBLIC, format!("{} {}\n", event.id(), hex(&event.to_bytes()))),
            (VERIFIER_KEY, note::verifier_key(origin, &self.checkpoint.public()) + "\n"),
        ];
        for (name, text) in texts {
            let path = folder.join(name);
            if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
                fs::write(&path, text).map_err(|error| unusable(&path, &error))?;
            }
        }
        Ok(())
    }
}

fn read(folder: &Path, name: &str) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let path = folder.join(name);
    let text = Zeroizing::new(fs::read_to_string(&path).map_err(|error| unusable(&path, &error))?);
    let bytes = Zeroizing::new(unhex(text.trim()).unwrap_or_default());
    let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
        Failure::Broken(format!("{} does not hold 64 hexadecimal digits", path.display()))
    })?;
    Ok(Zeroizing::new(bytes))
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    };
    write().map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Broken(format!("the key folder cannot be used: {}: {error}", path.display()))
}
