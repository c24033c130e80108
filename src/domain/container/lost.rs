//! Labels that cannot be found: reported lost with a deviation, accounted for when they turn up.
//!
//! A lost label can be on the wrong container by now. So its serial is void at once, and whoever
//! scans it is told to hand it to QA. Copies of one serial cannot be told apart: where one of them
//! is on the container, that one is void too and the container gets a new label.
//!
//! Neighbours: `decide` calls; `deviation` says which deviation it is.
//!
//! Architecture invariant: a label is lost only by a signature of somebody who did not print it,
//! and never without a deviation.

use super::command::Command;
use super::decide::reason;
use super::event::Event;
use super::refusal::Refusal;
use super::state::{Container, LabelFate};
use crate::domain::account::{Account, Posting};
use crate::domain::id::Login;
use crate::domain::quantity::{Quantity, Unit};

impl Container {
    /// What whoever scans a lost label is told; none where no copy of the serial is lost.
    pub(super) fn lost_of(&self, serial: u32) -> Option<Refusal> {
        let print = self.labels.printed(serial).filter(|print| print.lost() > 0)?;
        let report = print.losses.last()?;
        let deviation = report.deviation.to_string();
        Some(Refusal::LabelLost { code: self.code.clone(), serial, deviation, at: report.at })
    }

    /// Whether this person may report so many copies of a serial lost.
    ///
    /// # Errors
    /// That it was never printed, that fewer are missing, or that the person printed it.
    pub fn may_lose(&self, serial: u32, copies: u32, login: &Login) -> Result<(), Refusal> {
        self.account_for(serial, copies)?;
        match self.labels.printed(serial) {
            Some(print) if print.by == *login => Err(Refusal::LoserIsPrinter {
                code: self.code.clone(),
                serial,
                login: login.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether so many lost copies of a serial can have turned up.
    ///
    /// # Errors
    /// That so many are not lost.
    pub fn may_find(&self, serial: u32, copies: u32) -> Result<(), Refusal> {
        let code = self.code.clone();
        if copies == 0 {
            return Err(Refusal::CopiesOutOfRange { copies });
        }
        match self.labels.printed(serial) {
            None => Err(Refusal::LabelNeverPrinted { code, serial }),
            Some(print) if print.lost() < copies => {
                Err(Refusal::LabelsOverFound { code, serial, lost: print.lost(), copies })
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn lost_label(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::LoseLabel { serial, copies, deviation, because, signature } => {
                reason("a lost label", because)?;
                self.may_lose(*serial, *copies, &signature.login)?;
                Ok(vec![Event::LabelLost {
                    serial: *serial,
                    copies: *copies,
                    deviation: deviation.clone(),
                    because: because.trim().to_owned(),
                    signature: signature.clone(),
                }])
            }
            Command::FindLabel { serial, copies, fate, because, signature, booked } => {
                reason("a label that turned up", because)?;
                self.may_find(*serial, *copies)?;
                Ok(vec![Event::LabelFound {
                    serial: *serial,
                    copies: *copies,
                    fate: *fate,
                    because: because.trim().to_owned(),
                    signature: signature.clone(),
                    postings: if *booked { vec![found(*fate, *copies)] } else { Vec::new() },
                }])
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// What was booked as lost is so no longer.
fn found(fate: LabelFate, copies: u32) -> Posting {
    let to = match fate {
        LabelFate::Destroyed => Account::Destroyed,
        LabelFate::Kept => Account::Retained,
    };
    Posting { from: Account::Loss, to, amount: Quantity::whole(copies.into(), Unit::Label) }
}
