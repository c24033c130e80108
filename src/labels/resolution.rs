//! How finely a printer draws.
//!
//! Architecture invariant: a dot is a whole number of length units, so that a module of so many
//! dots is exact on paper, in the raster and in the PDF alike.

use serde::{Deserialize, Deserializer, Serialize};

use crate::pdf::Len;

/// The resolutions of label printers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// 8 dots to the millimetre, sold as 203 dpi.
    Dpi203,
    /// 300 dots to the inch, sold also as 12 dots to the millimetre.
    Dpi300,
    /// 600 dots to the inch, sold also as 24 dots to the millimetre.
    Dpi600,
}

impl Resolution {
    /// Every resolution, coarsest first.
    pub const ALL: [Self; 3] = [Self::Dpi203, Self::Dpi300, Self::Dpi600];

    /// Edge of one dot.
    #[must_use]
    pub const fn dot(self) -> Len {
        match self {
            Self::Dpi203 => Len::um(125),
            // 25.4 mm are 914 400 units.
            Self::Dpi300 => Len::units(3048),
            Self::Dpi600 => Len::units(1524),
        }
    }

    /// Dots per inch, as printers are sold.
    #[must_use]
    pub const fn dpi(self) -> u32 {
        match self {
            Self::Dpi203 => 203,
            Self::Dpi300 => 300,
            Self::Dpi600 => 600,
        }
    }

    /// The resolution of so many dots per inch.
    #[must_use]
    pub fn parse(dpi: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.dpi() == dpi)
    }

    /// The place of a length on the grid of dots: the nearest dot.
    #[must_use]
    pub fn dots(self, length: Len) -> i64 {
        let (length, dot) = (length.value(), self.dot().value());
        (length * 2 + dot).div_euclid(dot * 2)
    }

    /// The nearest length that is a whole number of dots.
    #[must_use]
    pub fn snap(self, length: Len) -> Len {
        self.dot() * self.dots(length)
    }
}

impl<'de> Deserialize<'de> for Resolution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dpi = u32::deserialize(deserializer)?;
        Self::parse(dpi).ok_or_else(|| {
            serde::de::Error::custom(format!("{dpi} dpi is no printer's; write 203, 300 or 600"))
        })
    }
}

impl Serialize for Resolution {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.dpi())
    }
}
