//! Numbers that look random and are not: SplitMix64 (Steele, Lea, Flood 2014). The same seed gives
//! the same numbers on every machine, so a simulation can be repeated and signed.
//!
//! Architecture invariant: no chance from outside enters here; a seed is all there is.

use crate::domain::time::Span;
use rust_decimal::Decimal;

/// A sequence of numbers that follows from its seed, or no chance at all.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
    likely: bool,
}

/// Steps between the ends of a range of numbers.
const STEPS: u64 = 1_000_000;

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed, likely: false }
    }

    /// No chance: of everything the likely, and the first of what is equal.
    pub(super) fn likely() -> Self {
        Self { state: 0, likely: true }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `most`, both included.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        if self.likely {
            return 0;
        }
        let range = u128::from(most).saturating_add(1);
        let scaled = u128::from(self.next()).saturating_mul(range) >> 64;
        u64::try_from(scaled).unwrap_or(most)
    }

    /// Whether it happens, at so many per cent.
    pub(super) fn happens(&mut self, percent: Decimal) -> bool {
        if self.likely {
            return false;
        }
        let drawn = Decimal::from(self.up_to(STEPS.saturating_sub(1)));
        let limit = percent.checked_mul(Decimal::from(STEPS / 100));
        limit.is_some_and(|limit| drawn < limit)
    }

    /// The larger of two even draws, in steps from 0 to [`STEPS`]: its density rises evenly.
    fn rising(&mut self) -> u64 {
        self.up_to(STEPS).max(self.up_to(STEPS))
    }

    /// A number of the triangular distribution with these lowest, likely and highest values. Left
    /// of the likely value the density rises, right of it it falls; each side is drawn as the
    /// larger of two even numbers, which needs no root.
    pub(super) fn triangular(&mut self, [low, likely, high]: [Decimal; 3]) -> Option<Decimal> {
        if self.likely {
            return Some(likely);
        }
        let range = high.checked_sub(low)?;
        let left = likely.checked_sub(low)?;
        let place = Decimal::from(self.up_to(STEPS)).checked_mul(range)?;
        let on_the_left = place < left.checked_mul(Decimal::from(STEPS))?;
        let far = Decimal::from(self.rising()).checked_div(Decimal::from(STEPS))?;
        if on_the_left {
            low.checked_add(left.checked_mul(far)?)
        } else {
            high.checked_sub(high.checked_sub(likely)?.checked_mul(far)?)
        }
    }

    /// Seconds of the triangular distribution.
    pub(super) fn seconds(&mut self, spans: [Span; 3]) -> i64 {
        let drawn = self.triangular(spans.map(|span| Decimal::from(span.seconds())));
        let whole = drawn.and_then(|number| i64::try_from(number.round()).ok());
        whole.unwrap_or_else(|| spans.map(Span::seconds).into_iter().max().unwrap_or(0))
    }
}
