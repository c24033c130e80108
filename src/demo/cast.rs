//! Who plays: invented people, two technicians so that one can verify the other.

use crate::domain::actor::{Actor, Role};
use crate::domain::id::{IdError, Login};

/// The password of everybody in the demo; printed at the end, for no other use.
pub const PASSWORD: &str = "cord-to-syringe-2026";

/// Somebody in the story.
#[derive(Debug, Clone)]
pub struct Person {
    /// Name, login and the role in use.
    pub actor: Actor,
    /// Number by which the employer knows the person.
    pub number: &'static str,
}

/// Everybody in the story.
#[derive(Debug, Clone)]
pub struct People {
    /// First technician.
    pub ana: Person,
    /// Second technician.
    pub bor: Person,
    /// First QC analyst.
    pub cene: Person,
    /// Second QC analyst.
    pub darja: Person,
    /// Quality assurance.
    pub eva: Person,
    /// Quality assurance, who writes what Eva approves.
    pub klara: Person,
    /// Qualified Person.
    pub filip: Person,
    /// Clinician.
    pub gaja: Person,
    /// Nuclear medicine, at the clinic.
    pub hugo: Person,
    /// Administrator.
    pub iva: Person,
    /// Inspector.
    pub jure: Person,
}

impl People {
    /// The cast.
    ///
    /// # Errors
    /// Never: every name has the right shape, and a test says so.
    pub fn new() -> Result<Self, IdError> {
        Ok(Self {
            ana: person("ana.kos", "Ana Kos", "1001", Role::Technician)?,
            bor: person("bor.zupan", "Bor Župan", "1002", Role::Technician)?,
            cene: person("cene.lah", "Cene Lah", "1003", Role::QcAnalyst)?,
            darja: person("darja.rus", "Darja Rus", "1004", Role::QcAnalyst)?,
            eva: person("eva.cuk", "Eva Čuk", "1005", Role::Qa)?,
            klara: person("klara.dolenc", "Klara Dolenc", "1008", Role::Qa)?,
            filip: person("filip.vrh", "Filip Vrh", "1006", Role::QualifiedPerson)?,
            gaja: person("gaja.perse", "Gaja Perše", "2001", Role::Clinician)?,
            hugo: person("hugo.bizjak", "Hugo Bizjak", "2002", Role::Clinician)?,
            iva: person("iva.hren", "Iva Hren", "1007", Role::Administrator)?,
            jure: person("jure.sok", "Jure Šok", "9001", Role::Inspector)?,
        })
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> [&Person; 11] {
        [
            &self.ana,
            &self.bor,
            &self.cene,
            &self.darja,
            &self.eva,
            &self.klara,
            &self.filip,
            &self.gaja,
            &self.hugo,
            &self.iva,
            &self.jure,
        ]
    }
}

fn person(login: &str, name: &str, number: &'static str, role: Role) -> Result<Person, IdError> {
    let login = Login::parse(login)?;
    Ok(Person { actor: Actor { login, printed_name: name.to_owned(), role }, number })
}
