//! Lengths as whole numbers of English metric units: 36 000 to the millimetre, 12 700 to the point,
//! so that both stock sizes and font sizes are exact.
//!
//! Architecture invariant: no rounding happens between a definition file and the page.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A length or coordinate on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Len(i64);

impl Len {
    /// No length.
    pub const ZERO: Self = Self(0);

    /// Whole millimetres.
    #[must_use]
    pub const fn mm(mm: i64) -> Self {
        Self(mm * 36_000)
    }

    /// Thousandths of a millimetre.
    #[must_use]
    pub const fn um(um: i64) -> Self {
        Self(um * 36)
    }

    /// Whole points.
    #[must_use]
    pub const fn pt(pt: i64) -> Self {
        Self(pt * 12_700)
    }

    /// Tenths of a point.
    #[must_use]
    pub const fn pt10(tenths: i64) -> Self {
        Self(tenths * 1_270)
    }

    /// From whole units (1/36 000 mm).
    #[must_use]
    pub const fn units(units: i64) -> Self {
        Self(units)
    }

    /// Whole units (1/36 000 mm).
    #[must_use]
    pub const fn value(self) -> i64 {
        self.0
    }

    /// Times a fraction, rounded towards zero.
    #[must_use]
    pub const fn scaled(self, by: i64, of: i64) -> Self {
        Self(self.0 * by / of)
    }

    /// In points, as the PDF library wants it.
    #[expect(
        clippy::as_conversions,
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "the PDF library takes points as f32; a page is far below its precision"
    )]
    pub(super) fn points(self) -> f32 {
        (self.0 as f64 / 12_700.0) as f32
    }

    /// In millimetres with three decimals, for SVG.
    #[must_use]
    pub fn mm_text(self) -> String {
        let um = self.0 / 36;
        let sign = if um < 0 { "-" } else { "" };
        format!("{sign}{}.{:03}", (um / 1000).abs(), (um % 1000).abs())
    }
}

impl Add for Len {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Len {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Len {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Len {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Len {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Mul<i64> for Len {
    type Output = Self;
    fn mul(self, by: i64) -> Self {
        Self(self.0 * by)
    }
}

impl Div<i64> for Len {
    type Output = Self;
    fn div(self, by: i64) -> Self {
        Self(self.0 / by)
    }
}

impl Sum for Len {
    fn sum<I: Iterator<Item = Self>>(lengths: I) -> Self {
        lengths.fold(Self::ZERO, Add::add)
    }
}
