//! Colours, sizes and marks of the record: calm, high contrast, legible in print without colour.
//!
//! Architecture invariant: a status is always a word, a shape and a colour; the colour alone never
//! carries meaning.

use crate::domain::disposition::Disposition;
use crate::pdf::{Color, Item, Len, Page, Point};

use super::{Stage, Verdict};

pub(super) const INK: Color = Color(24, 28, 33);
pub(super) const MUTED: Color = Color(92, 101, 112);
pub(super) const LINE: Color = Color(205, 211, 217);
pub(super) const TINT: Color = Color(242, 245, 247);
pub(super) const ACCENT: Color = Color(18, 72, 92);
const GREEN: Color = Color(24, 112, 56);
const AMBER: Color = Color(158, 94, 0);
const RED: Color = Color(176, 32, 32);
const GREY: Color = Color(110, 118, 128);

pub(super) const LEFT: Len = Len::mm(18);
pub(super) const WIDTH: Len = Len::mm(176);
pub(super) const TOP: Len = Len::mm(25);
pub(super) const BOTTOM: Len = Len::mm(272);

pub(super) const BODY: Len = Len::pt10(85);
pub(super) const SMALL: Len = Len::pt10(75);
pub(super) const TINY: Len = Len::pt10(65);

/// How a state is to be taken at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Disc, green: as it should be.
    Good,
    /// Triangle, amber: not finished, look.
    Warn,
    /// Square, red: wrong.
    Bad,
    /// Diamond, grey: neither.
    Plain,
}

impl Tone {
    pub(super) fn color(self) -> Color {
        match self {
            Self::Good => GREEN,
            Self::Warn => AMBER,
            Self::Bad => RED,
            Self::Plain => GREY,
        }
    }

    /// The tint behind a large status.
    pub(super) fn tint(self) -> Color {
        match self {
            Self::Good => Color(232, 243, 235),
            Self::Warn => Color(252, 243, 226),
            Self::Bad => Color(251, 233, 232),
            Self::Plain => TINT,
        }
    }
}

impl From<Stage> for Tone {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Certified => Self::Good,
            Stage::ConditionallyReleased | Stage::PendingReview => Self::Warn,
            Stage::Rejected | Stage::Recalled | Stage::OnHold => Self::Bad,
            Stage::SuppliedOutOfSpecification => Self::Bad,
            Stage::InProcess => Self::Plain,
        }
    }
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::In => Self::Good,
            Verdict::Out => Self::Bad,
            Verdict::Alert | Verdict::Pending => Self::Warn,
            Verdict::None => Self::Plain,
        }
    }
}

impl From<Disposition> for Tone {
    fn from(disposition: Disposition) -> Self {
        match disposition {
            Disposition::Released => Self::Good,
            Disposition::ConditionallyReleased | Disposition::Quarantine => Self::Warn,
            Disposition::OnHold | Disposition::Rejected => Self::Bad,
        }
    }
}

/// Draws the shape of a tone in a square with this top left corner and edge.
pub(super) fn shape(page: &mut Page, at: Point, edge: Len, tone: Tone) {
    let fill = tone.color();
    let half = edge / 2;
    let p = |dx: Len, dy: Len| Point::new(at.x + dx, at.y + dy);
    page.items.push(match tone {
        Tone::Good => Item::Disc { center: p(half, half), radius: half, fill },
        Tone::Warn => Item::Polygon {
            points: vec![p(half, Len::ZERO), p(edge, edge), p(Len::ZERO, edge)],
            fill,
        },
        Tone::Bad => Item::Box { at, width: edge, height: edge, fill: Some(fill), edge: None },
        Tone::Plain => Item::Polygon {
            points: vec![p(half, Len::ZERO), p(edge, half), p(half, edge), p(Len::ZERO, half)],
            fill,
        },
    });
}
