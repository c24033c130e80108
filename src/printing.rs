//! The wire to a label printer: sends bytes and says what is known of them.
//!
//! A printer that answers `~HS` (host status, ZPL II) is asked before, whether it can print, and
//! after, until everything came out. One that does not answer may print all the same; then nothing
//! is known.
//!
//! Neighbours: `app::print_send` makes the bytes and records the answer.
//!
//! Architecture invariant: `Printed` is said only where the printer said so, `Failed` only where no
//! byte of the job can have been acted on.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::domain::print_job::Outcome;
use crate::domain::printer::Connection;

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the connection.
    pub connect: Duration,
    /// For an answer, and for room to write.
    pub answer: Duration,
    /// For everything to come out.
    pub done: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(2),
            done: Duration::from_secs(30),
        }
    }
}

/// What is known of an attempt, and in whose words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What is known.
    pub outcome: Outcome,
    /// What the printer or the network said.
    pub detail: String,
}

impl Report {
    fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into() }
    }
}

/// Sends a job; `name` names its file where the printer is a folder.
#[must_use]
pub fn send(connection: &Connection, name: &str, job: &[u8], patience: Patience) -> Report {
    match connection {
        Connection::Tcp { host, port } => match connect(host, *port, patience) {
            Ok(line) => Line { line, patience }.print(job),
            Err(why) => Report::new(Outcome::Failed, format!("not reached: {why}")),
        },
        Connection::File { folder } => match write_file(Path::new(folder), name, job) {
            Ok(()) => Report::new(
                Outcome::NotKnown,
                format!("written to {folder}/{name}; look whether it was printed"),
            ),
            Err(why) => Report::new(Outcome::Failed, format!("not written to {folder}: {why}")),
        },
    }
}

/// A file that is there whole or not at all.
fn write_file(folder: &Path, name: &str, job: &[u8]) -> std::io::Result<()> {
    let begun = folder.join(format!("{name}.part"));
    let mut file = std::fs::File::create(&begun)?;
    file.write_all(job)?;
    file.sync_all()?;
    std::fs::rename(begun, folder.join(name))
}

fn connect(host: &str, port: u16, patience: Patience) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience.connect) {
            Ok(line) => {
                line.set_nodelay(true)?;
                line.set_read_timeout(Some(patience.answer))?;
                line.set_write_timeout(Some(patience.answer))?;
                return Ok(line);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// What a printer says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Status {
    /// Why it does not print, in words.
    trouble: Option<&'static str>,
    /// Formats it has not begun, and labels of the one it prints.
    left: u32,
}

struct Line {
    line: TcpStream,
    patience: Patience,
}

impl Line {
    fn print(mut self, job: &[u8]) -> Report {
        let answers = match self.status() {
            Ok(Some(Status { trouble: Some(trouble), .. })) => {
                return Report::new(Outcome::Failed, format!("nothing was sent: {trouble}"));
            }
            Ok(status) => status.is_some(),
            Err(why) => {
                return Report::new(Outcome::Failed, format!("the line broke before: {why}"));
            }
        };
        if let Err(why) = self.line.write_all(job).and_then(|()| self.line.flush()) {
            let detail = format!("the line broke while sending: {why}");
            return Report::new(Outcome::NotKnown, detail);
        }
        if answers {
            return self.wait();
        }
        let detail = "sent; the printer says nothing of itself. Look whether it came out";
        Report::new(Outcome::NotKnown, detail)
    }

    /// Asks until everything came out.
    fn wait(&mut self) -> Report {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            match self.status() {
                Ok(Some(Status { trouble: Some(trouble), .. })) => {
                    let detail = format!("sent, then the printer stopped: {trouble}");
                    return Report::new(Outcome::NotKnown, detail);
                }
                Ok(Some(Status { left: 0, .. })) => {
                    return Report::new(Outcome::Printed, "the printer says that all came out");
                }
                Ok(Some(_)) if begun.elapsed() < self.patience.done => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(250));
                }
                Ok(Some(Status { left, .. })) => {
                    let detail = format!("sent; the printer still has {left} to print");
                    return Report::new(Outcome::NotKnown, detail);
                }
                Ok(None) => {
                    let detail = "sent; then the printer did not answer";
                    return Report::new(Outcome::NotKnown, detail);
                }
                Err(why) => {
                    let detail = format!("sent; then the line broke: {why}");
                    return Report::new(Outcome::NotKnown, detail);
                }
            }
        }
    }

    /// Host status; `None` when the printer does not answer in time.
    fn status(&mut self) -> std::io::Result<Option<Status>> {
        self.line.write_all(b"~HS\r\n")?;
        let mut said = Vec::new();
        let mut part = [0; 256];
        // Three lines, each between STX and ETX.
        while said.iter().filter(|byte| **byte == 3).count() < 3 && said.len() < 4096 {
            match self.line.read(&mut part) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => said.extend(part.iter().take(count)),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(read_status(&String::from_utf8_lossy(&said)))
    }
}

/// The three lines of a host status (ZPL II, `~HS`); `None` when they are none.
fn read_status(said: &str) -> Option<Status> {
    let mut lines = said.split('\u{2}').skip(1).map(|line| {
        line.split('\u{3}').next().unwrap_or("").split(',').map(str::trim).collect::<Vec<_>>()
    });
    let (first, second) = (lines.next()?, lines.next()?);
    let flag = |line: &[&str], place: usize| line.get(place).map(|value| *value != "0");
    let count = |line: &[&str], place: usize| line.get(place)?.parse::<u32>().ok();
    let troubles = [
        (flag(&first, 1)?, "it has no labels"),
        (flag(&second, 2)?, "its head is open"),
        (flag(&second, 3)?, "it has no ribbon"),
        (flag(&first, 9)?, "its memory failed"),
        (flag(&first, 11)?, "it is too hot"),
        (flag(&first, 2)?, "it is paused"),
    ];
    let trouble = troubles.iter().find(|(is, _)| *is).map(|(_, words)| *words);
    Some(Status { trouble, left: count(&first, 4)?.saturating_add(count(&second, 8)?) })
}
