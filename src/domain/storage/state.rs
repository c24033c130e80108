//! What is known of a storage location.

use crate::domain::id::{LocationPath, Login};
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// Kinds of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocationKind {
    /// A room.
    Room,
    /// A mechanical freezer.
    Freezer,
    /// A vessel of liquid or vapour-phase nitrogen.
    Tank,
    /// A refrigerator.
    Refrigerator,
    /// An incubator.
    Incubator,
    /// A cabinet or shelf at room temperature.
    Cabinet,
    /// A rack, tower or shelf inside one of those.
    Rack,
    /// A box or tray with positions in rows and columns.
    Box,
}

impl LocationKind {
    /// Every kind with its code and its word.
    pub const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Room, "room", "room"),
        (Self::Freezer, "freezer", "freezer"),
        (Self::Tank, "tank", "nitrogen tank"),
        (Self::Refrigerator, "refrigerator", "refrigerator"),
        (Self::Incubator, "incubator", "incubator"),
        (Self::Cabinet, "cabinet", "cabinet"),
        (Self::Rack, "rack", "rack"),
        (Self::Box, "box", "box"),
    ];

    /// The code in tables and forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, code, _)| code)
    }

    /// The word on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., word)| word)
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(kind, ..)| *kind)
    }

    /// Whether a place of this kind may stand in one of `parent`; `None` is the site.
    pub fn may_be_in(self, parent: Option<Self>) -> bool {
        match (self, parent) {
            (Self::Room, None) => true,
            (Self::Room, Some(_)) | (_, None | Some(Self::Box)) => false,
            (Self::Box, Some(parent)) => parent != Self::Room,
            (Self::Rack, Some(parent)) => !matches!(parent, Self::Room | Self::Rack),
            (_, Some(parent)) => parent == Self::Room,
        }
    }
}

/// How cold it is in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// 15 to 25 °C.
    Ambient,
    /// 37 °C, 5 % carbon dioxide.
    Incubator,
    /// 2 to 8 °C.
    Refrigerated,
    /// −20 °C.
    Frozen,
    /// −80 °C.
    DeepFrozen,
    /// Below −150 °C, liquid or vapour-phase nitrogen.
    Cryogenic,
}

impl Condition {
    /// Every condition with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Ambient, "ambient", "15 to 25 °C"),
        (Self::Incubator, "incubator", "37 °C, 5 % CO₂"),
        (Self::Refrigerated, "refrigerated", "2 to 8 °C"),
        (Self::Frozen, "frozen", "−20 °C"),
        (Self::DeepFrozen, "deep_frozen", "−80 °C"),
        (Self::Cryogenic, "cryogenic", "below −150 °C"),
    ];

    /// The code in tables and forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(known, ..)| *known == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(known, ..)| *known == self).map_or("", |(.., words)| words)
    }

    /// The condition of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(known, ..)| *known)
    }

    /// Whether what is put there freezes or stays frozen.
    pub fn is_frozen(self) -> bool {
        matches!(self, Self::Frozen | Self::DeepFrozen | Self::Cryogenic)
    }
}

/// Rows (letters from A) and columns (numbers from 1) of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grid {
    /// Rows, from 1 to 26.
    pub rows: u8,
    /// Columns, from 1 to 24.
    pub columns: u8,
}

impl Grid {
    /// The grid of a size that can be lettered and numbered.
    pub fn new(rows: u8, columns: u8) -> Option<Self> {
        ((1..=26).contains(&rows) && (1..=24).contains(&columns)).then_some(Self { rows, columns })
    }

    /// How many containers it holds.
    pub fn capacity(self) -> u32 {
        u32::from(self.rows).saturating_mul(u32::from(self.columns))
    }

    /// The letters of its rows.
    pub fn row_letters(self) -> impl Iterator<Item = char> {
        ('A'..='Z').take(usize::from(self.rows))
    }

    /// Whether `A3` is one of its positions; `A03` is not.
    pub fn has(self, position: &str) -> bool {
        let mut symbols = position.chars();
        let row = symbols.next().is_some_and(|row| self.row_letters().any(|own| own == row));
        let digits = symbols.as_str();
        let column = digits.parse::<u8>().ok().filter(|_| !digits.starts_with(['0', '+']));
        row && column.is_some_and(|column| column <= self.columns)
    }
}

/// Every position of a grid, row by row: `A1`, `A2`, …
pub fn grid_positions(grid: Grid) -> impl Iterator<Item = String> {
    grid.row_letters()
        .flat_map(move |row| (1..=grid.columns).map(move |column| format!("{row}{column}")))
}

/// Why and since when a place is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutOfService {
    /// Why.
    pub because: String,
    /// Since when.
    pub since: Instant,
    /// Who decided.
    pub by: Login,
}

/// A storage location, as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Its path.
    pub path: String,
    /// Number of events so far.
    pub version: u64,
    /// What kind of place it is.
    pub kind: LocationKind,
    /// What people call it.
    pub title: String,
    /// How cold it is there.
    pub condition: Condition,
    /// Rows and columns, for a box.
    pub grid: Option<Grid>,
    /// Why it is not used, if it is not.
    pub out_of_service: Option<OutOfService>,
}

/// A position and everything that matters when something is put there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The position.
    pub path: LocationPath,
    /// Whether its box exists and has it.
    pub exists: bool,
    /// The innermost place around it that is out of service, and why.
    pub out_of_service: Option<(String, String)>,
    /// Whether what is put there freezes or stays frozen.
    pub frozen: bool,
    /// The code of the container that is there.
    pub occupant: Option<String>,
}

impl Slot {
    /// What is known of the position `path`, from the places on the way to it (in any order) and
    /// the container that is there.
    pub fn of(path: &LocationPath, way: &[Location], occupant: Option<String>) -> Self {
        let (parent, position) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        let holder = way.iter().find(|place| place.path == parent);
        let out_of_service = way
            .iter()
            .filter(|place| is_within(path.as_str(), &place.path))
            .filter_map(|place| place.out_of_service.as_ref().map(|out| (place, out)))
            .max_by_key(|(place, _)| place.path.len())
            .map(|(place, out)| (place.path.clone(), out.because.clone()));
        Self {
            path: path.clone(),
            exists: holder.and_then(|place| place.grid).is_some_and(|grid| grid.has(position)),
            out_of_service,
            frozen: holder.is_some_and(|place| place.condition.is_frozen()),
            occupant,
        }
    }
}

impl Location {
    /// The paths of all places around a path, outermost first, without itself.
    pub fn around(path: &str) -> Vec<String> {
        path.match_indices('/')
            .filter_map(|(end, _)| path.get(..end).map(ToOwned::to_owned))
            .collect()
    }
}

fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
}
