//! The donor culture EQ-MSC-P1 as it usually goes: which step after how long, with which values.

/// One step of it.
pub(crate) struct Leg {
    /// How long after the step before.
    pub(crate) after: Option<&'static str>,
    /// The step.
    pub(crate) step: &'static str,
    /// What is entered.
    pub(crate) values: &'static [(&'static str, &'static str)],
}

const fn leg(step: &'static str, values: &'static [(&'static str, &'static str)]) -> Leg {
    Leg { after: None, step, values }
}

const fn later(
    after: &'static str,
    step: &'static str,
    values: &'static [(&'static str, &'static str)],
) -> Leg {
    Leg { after: Some(after), step, values }
}

const LEGS: [Leg; 15] = [
    leg("clear_line", &[("nothing_else_present", "yes"), ("cleaned", "yes")]),
    leg(
        RECEIVE,
        &[("transport_temperature", "5.5"), ("cord_mass", "38.2"), ("condition", "intact")],
    ),
    leg("prepare_explants", &[("vessels_removed", "yes")]),
    leg("seed_p0", &[]),
    leg("label_p0", &[]),
    later("5 d", "feed_p0", &[("contamination", "none seen")]),
    later("6 d", "growth_p0", &[("confluence", "30")]),
    later(
        "5 d",
        "harvest_p0",
        &[("concentration", "3.250"), ("viability", "94.0"), ("volume", "20.0")],
    ),
    leg("seed_p1", &[]),
    leg("label_p1", &[]),
    later(
        "6 d",
        "harvest_p1",
        &[("concentration", "10.300"), ("viability", "95.0"), ("volume", "100.0")],
    ),
    leg("sample_p1", &[]),
    leg("fill_hold", &[("hold_bottles", "1"), ("hold_volume", "99.0")]),
    leg("label_harvest", &[]),
    leg("close", &[("line_left_clear", "yes")]),
];

/// The step that takes the cord in.
pub(crate) const RECEIVE: &str = "receive_cord";

/// The steps after one (none: from the beginning) up to and with another.
pub(crate) fn legs(after: Option<&str>, last: &str) -> impl Iterator<Item = &'static Leg> {
    let place = |step: &str| LEGS.iter().position(|leg| leg.step == step).unwrap();
    let first = after.map_or(0, |step| place(step) + 1);
    LEGS[first..=place(last)].iter()
}
