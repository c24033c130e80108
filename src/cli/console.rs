//! What a command prints, and how it ends badly.
//!
//! Data go to standard output, everything said to a person about the run goes to standard error, so
//! that output can be piped.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It was refused, a check failed, or the machine did not allow it.
    Refused(String),
    /// What was asked makes no sense.
    Usage(String),
    /// A check found something wrong, and has already said what.
    Failed,
}

impl Trouble {
    /// It was refused, or could not be done.
    pub(crate) fn refused(why: impl Display) -> Self {
        Self::Refused(why.to_string())
    }

    /// The command line, or the settings, are wrong.
    pub(crate) fn usage(why: impl Display) -> Self {
        Self::Usage(why.to_string())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_) | Self::Failed => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
        }
    }
}

/// Where a command prints.
pub(crate) struct Console {
    /// Whether data are to be printed as JSON.
    pub(crate) json: bool,
}

impl Console {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a line of data. A reader that went away (`chorda … | head`) is no error.
    pub(crate) fn line(&self, text: impl Display) {
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// Prints a value as JSON.
    pub(crate) fn data(&self, value: &impl Serialize) -> Result<(), Trouble> {
        let text = serde_json::to_string_pretty(value).map_err(Trouble::refused)?;
        self.line(text);
        Ok(())
    }

    /// Says something about the run to the person who started it.
    pub(crate) fn note(&self, text: impl Display) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Says which file was written.
    pub(crate) fn wrote(&self, path: &Path, bytes: usize) -> Result<(), Trouble> {
        if self.json {
            return self.data(&serde_json::json!({ "file": path, "bytes": bytes }));
        }
        self.line(format!("wrote {} ({bytes} bytes)", path.display()));
        Ok(())
    }

    /// Prints why the command did not do it: to a person in words, to a program as JSON.
    pub(crate) fn trouble(&self, trouble: &Trouble) {
        let (Trouble::Refused(why) | Trouble::Usage(why)) = trouble else { return };
        let _ = if self.json {
            writeln!(std::io::stderr().lock(), "{}", serde_json::json!({ "error": why }))
        } else {
            writeln!(std::io::stderr().lock(), "chorda: {why}")
        };
    }
}
