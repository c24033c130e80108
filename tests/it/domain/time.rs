use chorda::domain::time::{Instant, Span, Zone};
use proptest::prelude::*;

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

#[test]
fn an_instant_is_written_to_the_microsecond_in_utc() {
    let instant = at("2026-11-22T15:30:00.123456789+01:00");
    assert_eq!(instant.to_string(), "2026-11-22T14:30:00.123456Z");
    assert_eq!(Instant::parse(&instant.to_string()).unwrap(), instant);
}

#[test]
fn a_form_time_is_read_in_the_sites_zone() {
    let summer = Instant::parse_local("2026-07-01T12:00", Zone::LJUBLJANA).unwrap();
    assert_eq!(summer.to_string(), "2026-07-01T10:00:00.000000Z");
    let winter = Instant::parse_local("2026-12-01 12:00", Zone::LJUBLJANA).unwrap();
    assert_eq!(winter.to_string(), "2026-12-01T11:00:00.000000Z");
}

#[test]
fn a_time_that_summer_time_skips_or_repeats_is_refused() {
    assert!(Instant::parse_local("2026-03-29T02:30", Zone::LJUBLJANA).is_err());
    assert!(Instant::parse_local("2026-10-25T02:30", Zone::LJUBLJANA).is_err());
}

#[test]
fn a_manifestation_names_the_zone_and_its_offset() {
    assert_eq!(
        at("2026-11-22T14:30:05Z").full_text(Zone::LJUBLJANA),
        "2026-11-22 15:30:05 CET (+01:00)"
    );
}

#[test]
fn spans_are_read_and_shown_in_words() {
    assert_eq!(Span::parse("14 d"), Some(Span::of_days(14)));
    assert_eq!(Span::parse("10 min"), Some(Span::of_minutes(10)));
    assert_eq!(Span::parse("10min"), None);
    assert_eq!(Span::parse("5 weeks"), None);
    assert_eq!(Span::of_hours(76).text(), "3 d 4 h");
    assert_eq!(Span::of_seconds(-90).text(), "−1 min 30 s");
    assert_eq!(Span::of_seconds(0).text(), "0 s");
}

#[test]
fn time_beyond_the_calendar_stops_at_its_end() {
    let end = at("2026-01-01T00:00:00Z").plus(Span::of_seconds(i64::MAX));
    assert!(end > at("9999-01-01T00:00:00Z"));
}

proptest! {
    #[test]
    fn a_span_is_read_back_exactly(seconds in -10_000_000_i64..10_000_000) {
        let span = Span::of_seconds(seconds);
        prop_assert_eq!(Span::parse(&span.to_string()), Some(span));
    }

    #[test]
    fn adding_and_subtracting_a_span_returns(seconds in -1_000_000_000_i64..1_000_000_000) {
        let start = at("2026-11-22T00:00:00Z");
        let span = Span::of_seconds(seconds);
        prop_assert_eq!(start.plus(span).minus(span), start);
        prop_assert_eq!(start.plus(span).since(start), span);
    }
}
