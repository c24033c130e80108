//! Raw TCP, usually at port 9100: ZPL one way, and the state of the printer back.
//!
//! A printer that answers `~HS` (host status, ZPL II) is asked before, whether it can print, and
//! after, until everything came out. One that does not answer may print all the same; then nothing
//! is known.
//!
//! Architecture invariant: a printer that says that it cannot print gets nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::{Patience, Report, Wait};
use crate::domain::print_job::Outcome;

/// Sends formats to a printer and asks what became of them.
pub(super) fn print(host: &str, port: u16, job: &[u8], patience: Patience) -> Report {
    match connect(host, port, patience) {
        Ok(line) => Line { line, patience }.print(job),
        Err(why) => Report::new(Outcome::Failed, format!("not reached: {why}")),
    }
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
        let mut wait = Wait::begin(self.patience.done);
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
                Ok(Some(Status { left, .. })) => {
                    wait.seen(Some(left));
                    if !wait.is_over() {
                        std::thread::sleep(pause);
                        pause = (pause * 2).min(Duration::from_millis(250));
                        continue;
                    }
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
