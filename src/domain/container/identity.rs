//! The signed correction of a product identity: donation number, product code and division.
//!
//! An identity in circulation never changes but by two signatures: QA proposes, another person of
//! QA or the Qualified Person confirms. Then the old identity is retired for ever, and every label
//! of the container is void until a new one is printed and read back. What left the house, was used
//! or was given keeps the number it left with; that is a deviation and a recall.
//!
//! Neighbours: `decide` calls; `store::identity` holds every identity against all there ever were.
//!
//! Architecture invariant: an identity that named something once never names anything else.

use super::command::{Command, IdentityFact};
use super::decide::reason;
use super::event::{Event, ProductIdentity};
use super::refusal::Refusal;
use super::state::{Container, Fate};
use crate::domain::actor::{Role, Signature};

impl Container {
    /// The identity that can be corrected.
    ///
    /// # Errors
    /// That it has none, or that the container is out of reach.
    pub fn correctable(&self) -> Result<&ProductIdentity, Refusal> {
        let out = |fate: String| Refusal::IdentityOut { code: self.code.clone(), fate };
        match &self.fate {
            Fate::Live => {}
            Fate::Consumed { batch, step, .. } => {
                return Err(out(format!("used in step {step} of batch {batch}")));
            }
            Fate::Administered { order, .. } => {
                return Err(out(format!("given to the patient of order {order}")));
            }
            Fate::Destroyed { .. } => return Err(out("destroyed".to_owned())),
            Fate::Unpacked { .. } => return Err(out("unpacked".to_owned())),
        }
        if let Some(open) = &self.transfer {
            return Err(out(format!("handed over to {}", open.to)));
        }
        if self.received_at.is_some() {
            return Err(out("handed over".to_owned()));
        }
        self.no_excursion()?;
        self.identity.as_ref().ok_or_else(|| Refusal::NoIdentity { code: self.code.clone() })
    }

    /// Whether it may get this identity, with what is known of it.
    ///
    /// # Errors
    /// That it is out of reach or has that identity, that something else has or had it, or that
    /// its donation number is that of something it does not come from.
    pub fn may_become(&self, to: &ProductIdentity, fact: &IdentityFact) -> Result<(), Refusal> {
        let (from, code) = (self.correctable()?, self.code.clone());
        if from == to {
            return Err(Refusal::IdentityUnchanged { code, identity: to.words() });
        }
        if let Some(foreign) = fact.foreign.clone() {
            return Err(Refusal::IdentityForeign { code, din: to.din.to_string(), foreign });
        }
        // The collection type does not tell two products apart: with it alone corrected, the
        // identity stays that of this container.
        let key = |one: &ProductIdentity| {
            (one.din.clone(), one.description().to_owned(), one.division.clone())
        };
        match fact.used_by.clone() {
            Some(used_by) if key(from) != key(to) => {
                Err(Refusal::IdentityUsed { identity: to.words(), used_by })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn correct_identity(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::ProposeIdentity { to, fact, because, signature } => {
                reason("a correction of the identity", because)?;
                role(signature, &[Role::Qa])?;
                self.may_become(to, fact)?;
                let from = self.correctable()?.clone();
                let (to, because) = (to.clone(), because.trim().to_owned());
                let signature = signature.clone();
                Ok(vec![Event::IdentityCorrectionProposed { from, to, because, signature }])
            }
            Command::ConfirmIdentity { fact, signature } => self.confirm_identity(fact, signature),
            Command::DeclineIdentity { because, signature } => {
                let Some(open) = &self.identity_proposal else {
                    return Err(Refusal::NoIdentityProposed { code: self.code.clone() });
                };
                reason("declining a correction", because)?;
                role(signature, &[Role::Qa, Role::QualifiedPerson])?;
                let (to, because) = (open.to.clone(), because.trim().to_owned());
                let signature = signature.clone();
                Ok(vec![Event::IdentityCorrectionDeclined { to, because, signature }])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn confirm_identity(
        &self,
        fact: &IdentityFact,
        signature: &Signature,
    ) -> Result<Vec<Event>, Refusal> {
        let code = || self.code.clone();
        let Some(open) = &self.identity_proposal else {
            return Err(Refusal::NoIdentityProposed { code: code() });
        };
        role(signature, &[Role::Qa, Role::QualifiedPerson])?;
        if open.signature.login == signature.login {
            let login = signature.login.to_string();
            return Err(Refusal::ConfirmerIsProposer { code: code(), login });
        }
        self.may_become(&open.to, fact)?;
        let corrected = Event::IdentityCorrected {
            from: self.correctable()?.clone(),
            to: open.to.clone(),
            because: open.because.clone(),
            proposed: open.signature.clone(),
            signature: signature.clone(),
        };
        let because = format!("its identity was corrected to {}", open.to.words());
        let serial = self.labels.latest;
        let voided = self.labels.printed(serial).map(|_| Event::LabelVoided { serial, because });
        Ok(std::iter::once(corrected).chain(voided).collect())
    }
}

fn role(signature: &Signature, may: &[Role]) -> Result<(), Refusal> {
    if may.contains(&signature.role) {
        return Ok(());
    }
    let login = signature.login.to_string();
    Err(Refusal::IdentityRole { login, role: signature.role.title() })
}
