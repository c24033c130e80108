//! The site: who makes the product, where, and by which texts. Read once, when the program starts.
//!
//! A site file (`templates/sites/example.toml`) says name, postal address, facility number and
//! zone, and names the calendar, the protocols and the donor rules; those are read with it.
//!
//! Neighbours: `config` says which site file; `domain` reads the texts; `app::site` answers from
//! them.
//!
//! Architecture invariant: a site is complete or the program does not start; what is wrong is told
//! with file and line.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::codes::products::ProductTable;
use crate::codes::sec::DonationSequence;
use crate::codes::{self, CodeError, Scanned};
use crate::domain::donor::{RuleBook, RuleSet};
use crate::domain::id::{ContentHash, Din, Name, StationId};
use crate::domain::language::Language;
use crate::domain::master_record::Faults;
use crate::domain::protocol::{self, Protocol};
use crate::domain::schedule::SiteCalendar;
use crate::domain::time::Zone;
use crate::domain::toml_lines::{FileError, Lines};
use crate::ledger::Hash;
use crate::ledger::hash::hex;

/// The invented site that comes with the program: path and text of its file, and of the files it
/// names.
const EXAMPLE: [(&str, &str); 9] = [
    ("templates/sites/example.toml", include_str!("../templates/sites/example.toml")),
    (
        "templates/sites/example-products.csv",
        include_str!("../templates/sites/example-products.csv"),
    ),
    ("templates/calendars/slovenia.toml", include_str!("../templates/calendars/slovenia.toml")),
    (
        "templates/protocols/eq-msc-xerostomia.toml",
        include_str!("../templates/protocols/eq-msc-xerostomia.toml"),
    ),
    (
        "templates/protocols/at-msc-xerostomia.toml",
        include_str!("../templates/protocols/at-msc-xerostomia.toml"),
    ),
    (
        "templates/protocols/bm-msc-xerostomia.toml",
        include_str!("../templates/protocols/bm-msc-xerostomia.toml"),
    ),
    (
        "templates/protocols/uc-msc-sjogren.toml",
        include_str!("../templates/protocols/uc-msc-sjogren.toml"),
    ),
    (
        "templates/protocols/msc-supernatant.toml",
        include_str!("../templates/protocols/msc-supernatant.toml"),
    ),
    (
        "templates/rules/donor-eu-2006-17.toml",
        include_str!("../templates/rules/donor-eu-2006-17.toml"),
    ),
];

/// A site, complete and checked.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name: in the foot of every page, on records, certificates and labels.
    pub name: String,
    /// Its postal address on one line.
    pub address: String,
    /// Number of its manufacturing authorisation, where it has one.
    pub authorisation: Option<String>,
    /// Its facility identification number (FIN), 5 characters, in donation numbers and
    /// chain-of-identity ids.
    pub facility: String,
    /// The zone in which times are shown, entered and planned.
    pub zone: Zone,
    /// The language of its labels (Regulation (EU) 536/2014 Art. 69: the Member State decides).
    pub label_language: Language,
    /// EU tissue establishment code, 8 characters: country and number (Directive 2006/86/EC Annex
    /// VII); `None` for a site that is not one.
    pub tissue_establishment: Option<String>,
    /// Whether ISBT 128 messages are printed and read here; without, our own codes and GS1 are.
    pub isbt_128: bool,
    /// Product description codes in use here, from the site's licensed copy of the standard.
    pub products: ProductTable,
    /// Whether it is invented; only then may numbers of A9990 to A9999 be used.
    pub fictitious: bool,
    /// What can be done when.
    pub calendar: SiteCalendar,
    /// Every protocol that may be ordered under, and earlier versions that orders still run by.
    pub protocols: Vec<Published>,
    /// The donor rules, each with the dates it is in force.
    pub rules: RuleBook,
    /// The rooms in which steps are done, by the names that master records use.
    pub rooms: BTreeMap<Name, Room>,
}

/// A room, with the stations that stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// What people call it, with its grade.
    pub title: String,
    /// The names under which its stations are enrolled.
    pub stations: Vec<StationId>,
}

/// A protocol and the text it was read from.
#[derive(Debug, Clone)]
pub struct Published {
    /// What it says.
    pub protocol: Protocol,
    /// SHA-256 of its text, as orders refer to it.
    pub hash: ContentHash,
}

/// Why a site cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The site file cannot be read.
    #[error("the site file {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Lines of its table of product codes are wrong.
    #[error("{path}, {}", join(.errors))]
    WrongTable {
        /// The file.
        path: PathBuf,
        /// Every line, and what is wrong there.
        errors: Vec<FileError>,
    },
    /// One of its protocols is faulty.
    #[error("{path}: {faults}")]
    Faulty {
        /// The file.
        path: PathBuf,
        /// Every fault.
        faults: Faults,
    },
    /// Something in one of its files is wrong.
    #[error("{path}, {error}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, and what is wrong there.
        error: FileError,
    },
}

fn join(errors: &[FileError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<String>>().join("; ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: Spanned<u32>,
    site: About,
    #[serde(default)]
    codes: Codes,
    files: Files,
    #[serde(default)]
    rooms: BTreeMap<String, RoomOfFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoomOfFile {
    title: Spanned<String>,
    stations: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    #[serde(default)]
    fictitious: bool,
    name: Spanned<String>,
    address: Spanned<String>,
    authorisation: Option<String>,
    facility: Spanned<String>,
    zone: Spanned<String>,
    #[serde(default)]
    label_language: Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Codes {
    isbt_128: bool,
    tissue_establishment: Option<Spanned<String>>,
    products: Option<Spanned<String>>,
}

impl Default for Codes {
    fn default() -> Self {
        Self { isbt_128: true, tissue_establishment: None, products: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    calendar: Spanned<String>,
    protocols: Spanned<Vec<Spanned<String>>>,
    donor_rules: Spanned<Vec<Spanned<String>>>,
}

/// Gives the text of a file, or of every `.toml` file of a folder in the order of their names.
type Opener<'o> = &'o dyn Fn(&Path) -> io::Result<Vec<(PathBuf, String)>>;

impl Site {
    /// Reads a site file and the files it names.
    ///
    /// # Errors
    /// The first thing that is wrong, with its file and line.
    pub fn read(path: &Path) -> Result<Self, SiteError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SiteError::Unreadable { path: path.to_owned(), source })?;
        Self::assemble(path, &text, &from_disk)
    }

    /// The invented site that comes with the program, facility A9999.
    ///
    /// # Errors
    /// Never in practice: a test reads it.
    pub fn example() -> Result<Self, SiteError> {
        let [(path, text), ..] = EXAMPLE;
        Self::assemble(Path::new(path), text, &from_program)
    }

    fn assemble(path: &Path, text: &str, open: Opener<'_>) -> Result<Self, SiteError> {
        let wrong = |error| SiteError::Wrong { path: path.to_owned(), error };
        let at = Lines(text);
        let file: File = toml::from_str(text).map_err(|error| wrong(at.syntax(&error)))?;
        if *file.format.get_ref() != 1 {
            return Err(wrong(at.error(&file.format.span(), "this version reads format 1 only")));
        }
        let about = file.site;
        let zone = Zone::parse(about.zone.get_ref()).ok_or_else(|| {
            wrong(at.error(&about.zone.span(), "write an IANA zone name, Europe/Ljubljana"))
        })?;
        let files = SiteFiles { path, at, open, language: about.label_language };
        let products = file.codes.products.as_ref().map(|named| files.products(named));
        let establishment = file.codes.tissue_establishment.as_ref();
        let calendar = files.one(&file.files.calendar)?;
        Ok(Self {
            name: words(at, &about.name, "the name").map_err(wrong)?,
            address: words(at, &about.address, "the postal address").map_err(wrong)?,
            authorisation: about.authorisation,
            facility: facility(at, &about.facility, about.fictitious).map_err(wrong)?,
            zone,
            label_language: about.label_language,
            tissue_establishment: establishment
                .map(|text| establishment_code(at, text))
                .transpose()
                .map_err(wrong)?,
            isbt_128: file.codes.isbt_128,
            products: products.transpose()?.unwrap_or_default(),
            fictitious: about.fictitious,
            calendar: SiteCalendar::parse(&calendar.1, zone)
                .map_err(|error| SiteError::Wrong { path: calendar.0, error })?,
            protocols: files.protocols(&file.files.protocols)?,
            rules: files.rules(&file.files.donor_rules)?,
            rooms: rooms(at, file.rooms).map_err(wrong)?,
        })
    }

    /// The room in which a station stands; none where the site says none.
    #[must_use]
    pub fn room_of(&self, station: &StationId) -> Option<&Name> {
        let stands = |room: &Room| room.stations.contains(station);
        self.rooms.iter().find(|(_, room)| stands(room)).map(|(name, _)| name)
    }

    /// The protocol of an id: its newest version.
    #[must_use]
    pub fn protocol(&self, id: &str) -> Option<&Published> {
        let own = self.protocols.iter().filter(|known| known.protocol.id.as_str() == id);
        own.max_by_key(|known| known.protocol.version)
    }

    /// The protocol whose text has this hash.
    #[must_use]
    pub fn published(&self, hash: &ContentHash) -> Option<&Published> {
        self.protocols.iter().find(|known| known.hash == *hash)
    }

    /// Donation identification sequence of a donation received here (Directive 2006/86/EC
    /// Art. 10b); `None` for a site that is no tissue establishment.
    #[must_use]
    pub fn donation_sequence(&self, din: &Din) -> Option<DonationSequence> {
        let (country, number) = self.tissue_establishment.as_ref()?.split_at_checked(2)?;
        DonationSequence::new(country, number, din.as_str()).ok()
    }

    /// What a scanned or typed text is.
    ///
    /// # Errors
    /// As [`codes::parse`]; and an ISBT 128 message at a site that does not use ISBT 128.
    pub fn read_code(&self, text: &str) -> Result<Scanned, CodeError> {
        match codes::parse(text)? {
            Scanned::Isbt(_) if !self.isbt_128 => Err(CodeError::NotInUse),
            scanned => Ok(scanned),
        }
    }

    /// Name and address on one line.
    #[must_use]
    pub fn on_one_line(&self) -> String {
        format!("{}, {}", self.name, self.address)
    }
}

/// The rooms of a site file; a station stands in one room only.
fn rooms(
    at: Lines<'_>,
    stated: BTreeMap<String, RoomOfFile>,
) -> Result<BTreeMap<Name, Room>, FileError> {
    let mut rooms: BTreeMap<Name, Room> = BTreeMap::new();
    for (key, room) in stated {
        let title = words(at, &room.title, "the title of the room")?;
        let name = Name::parse(&key).map_err(|error| at.error(&room.title.span(), error))?;
        let mut stations = Vec::new();
        for stated in room.stations {
            let station = StationId::parse(stated.get_ref())
                .map_err(|error| at.error(&stated.span(), error))?;
            if rooms.values().any(|other| other.stations.contains(&station)) {
                let message = format!("{station} stands in another room already");
                return Err(at.error(&stated.span(), message));
            }
            stations.push(station);
        }
        rooms.insert(name, Room { title, stations });
    }
    Ok(rooms)
}

/// The files that a site file names.
struct SiteFiles<'s> {
    path: &'s Path,
    at: Lines<'s>,
    open: Opener<'s>,
    language: Language,
}

impl SiteFiles<'_> {
    fn wrong(&self, at: &std::ops::Range<usize>, message: impl std::fmt::Display) -> SiteError {
        SiteError::Wrong { path: self.path.to_owned(), error: self.at.error(at, message) }
    }

    /// The texts under one name; at least one.
    fn texts(&self, named: &Spanned<String>) -> Result<Vec<(PathBuf, String)>, SiteError> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let path = folder.join(named.get_ref());
        let texts = (self.open)(&path).map_err(|error| {
            self.wrong(&named.span(), format!("{} cannot be read: {error}", path.display()))
        })?;
        if texts.is_empty() {
            let message = format!("the folder {} holds no .toml file", path.display());
            return Err(self.wrong(&named.span(), message));
        }
        Ok(texts)
    }

    fn products(&self, named: &Spanned<String>) -> Result<ProductTable, SiteError> {
        let (path, text) = self.one(named)?;
        ProductTable::parse(&text).map_err(|errors| SiteError::WrongTable { path, errors })
    }

    fn one(&self, named: &Spanned<String>) -> Result<(PathBuf, String), SiteError> {
        let mut texts = self.texts(named)?;
        match (texts.pop(), texts.is_empty()) {
            (Some(text), true) => Ok(text),
            _ => Err(self.wrong(&named.span(), "name one file, not a folder of several")),
        }
    }

    fn all(
        &self,
        named: &Spanned<Vec<Spanned<String>>>,
        what: &str,
    ) -> Result<Vec<(PathBuf, String)>, SiteError> {
        if named.get_ref().is_empty() {
            return Err(self.wrong(&named.span(), format!("name at least one file of {what}")));
        }
        let texts: Result<Vec<_>, _> = named.get_ref().iter().map(|n| self.texts(n)).collect();
        Ok(texts?.into_iter().flatten().collect())
    }

    fn protocols(
        &self,
        named: &Spanned<Vec<Spanned<String>>>,
    ) -> Result<Vec<Published>, SiteError> {
        let mut known: Vec<Published> = Vec::new();
        for (path, text) in self.all(named, "protocols")? {
            let faulty = |faults| SiteError::Faulty { path: path.clone(), faults };
            let protocol = protocol::parse(&text).map_err(faulty)?;
            let lacking = protocol::check_language(&protocol, self.language);
            if !lacking.is_empty() {
                return Err(faulty(Faults(lacking)));
            }
            let same = |other: &&Published| {
                other.protocol.id == protocol.id && other.protocol.version == protocol.version
            };
            if known.iter().any(|other| same(&other)) {
                let message = format!(
                    "{} version {} is in two files; keep one",
                    protocol.id, protocol.version
                );
                return Err(self.wrong(&named.span(), message));
            }
            let hash = ContentHash::parse(&hex(&Hash::of_bytes(text.as_bytes()).to_vec()))
                .map_err(|error| self.wrong(&named.span(), error))?;
            known.push(Published { protocol, hash });
        }
        Ok(known)
    }

    fn rules(&self, named: &Spanned<Vec<Spanned<String>>>) -> Result<RuleBook, SiteError> {
        let sets: Result<Vec<RuleSet>, SiteError> = self
            .all(named, "donor rules")?
            .into_iter()
            .map(|(path, text)| {
                let wrong = |error| SiteError::Wrong { path: path.clone(), error };
                let set = RuleSet::parse(&text).map_err(wrong)?;
                set.check_language(&text, self.language).map_err(wrong)?;
                Ok(set)
            })
            .collect();
        Ok(RuleBook::new(sets?))
    }
}

fn words(at: Lines<'_>, text: &Spanned<String>, what: &str) -> Result<String, FileError> {
    match text.get_ref().trim() {
        "" => Err(at.error(&text.span(), format!("{what} is empty; records need it"))),
        some => Ok(some.to_owned()),
    }
}

/// The facility number, as ISBT 128 ST-001 shapes it.
fn facility(at: Lines<'_>, text: &Spanned<String>, fictitious: bool) -> Result<String, FileError> {
    let facility = text.get_ref();
    let din = Din::parse(&format!("{facility}00000000")).map_err(|_| {
        at.error(
            &text.span(),
            "write the 5 characters of the facility identification number, such as A9999",
        )
    })?;
    if din.is_validation() && !fictitious {
        return Err(at.error(
            &text.span(),
            "A9990 to A9999 are set aside for validation and demonstration (ISBT 128 ST-001); \
             write the site's own number, or `fictitious = true` if nothing here is real",
        ));
    }
    Ok(facility.clone())
}

/// Country and number of a tissue establishment.
fn establishment_code(at: Lines<'_>, text: &Spanned<String>) -> Result<String, FileError> {
    let code = text.get_ref();
    match DonationSequence::parse(&format!("{code}0000000000000")) {
        Ok(_) => Ok(code.clone()),
        Err(_) => Err(at.error(
            &text.span(),
            "write the EU tissue establishment code: two letters of the country and six of A–Z, \
             0–9, such as SI0TE999",
        )),
    }
}

fn from_disk(path: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut paths = vec![path.to_owned()];
    if path.is_dir() {
        let entries: io::Result<Vec<_>> =
            std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect();
        paths = entries?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
    }
    let read = |path: PathBuf| std::fs::read_to_string(&path).map(|text| (path, text));
    paths.into_iter().map(read).collect()
}

/// The files of the example, by name alone: they are in the program.
fn from_program(path: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let own = |known: &str| Path::new(known).file_name() == path.file_name();
    let found = EXAMPLE.iter().find(|(known, _)| own(known));
    let (known, text) = found.ok_or(io::ErrorKind::NotFound)?;
    Ok(vec![(PathBuf::from(known), (*text).to_owned())])
}
