//! What benchmarks share: a copy of the demo's records, and somebody who works in it.

use std::error::Error;
use std::path::{Path, PathBuf};

use chorda::app::{App, Caller};
use chorda::clock::{self, Clock};
use chorda::config::Settings;
use chorda::domain::actor::{Actor, Role};
use chorda::domain::id::{Login, StationId};

/// Runs `work` in a copy of the demo's folder, or of the folder named behind `--`.
pub(crate) fn with_demo(
    work: impl FnOnce(&Path) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let demo = PathBuf::from(given.unwrap_or_else(|| "demo-data".to_owned()));
    let folder = std::env::temp_dir().join(format!("chorda-bench-{}", clock::new_id()));
    let done = copy(&demo, &folder).and_then(|()| work(&folder));
    std::fs::remove_dir_all(&folder)?;
    done
}

/// Copies the database with its secrets and checkpoints.
fn copy(demo: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    for from in [demo.to_owned(), demo.join("chorda.secrets")] {
        let to = folder.join(from.strip_prefix(demo)?);
        std::fs::create_dir_all(&to)?;
        for entry in std::fs::read_dir(&from)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
        }
    }
    Ok(())
}

/// Opens the records in a folder.
pub(crate) fn open(folder: &Path) -> Result<App, Box<dyn Error>> {
    let settings = Settings {
        database: Some(format!("sqlite:{}", folder.join("chorda.db").display())),
        secrets: Some(folder.join("chorda.secrets")),
        ..Settings::default()
    };
    Ok(App::open(settings.complete()?, Clock::System)?)
}

/// A person of the demo, for one command.
pub(crate) fn caller(login: &str, role: Role) -> Result<Caller, Box<dyn Error>> {
    Ok(Caller {
        actor: Actor { login: Login::parse(login)?, printed_name: login.to_owned(), role },
        station: StationId::parse("BENCH-1")?,
        command_id: clock::new_id(),
        reason: None,
    })
}
