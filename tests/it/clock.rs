//! The clock of a story.

use chorda::clock::Clock;
use chorda::domain::time::{Instant, Span};

#[test]
fn a_manual_clock_stands_still_until_it_is_moved() {
    let start = Instant::parse("2026-07-06T08:00:00Z").unwrap();
    let clock = Clock::manual(start);
    assert_eq!(clock.now(), start);
    clock.advance(Span::of_days(2));
    assert_eq!(clock.clone().now(), start.plus(Span::of_days(2)));
    clock.set(start);
    assert_eq!(clock.now(), start);
}

#[test]
fn a_manual_clock_gives_the_same_identifiers_to_the_same_story_and_never_one_twice() {
    let ids = || {
        let clock = Clock::manual(Instant::parse("2026-07-06T08:00:00Z").unwrap());
        (0..1000).map(|_| clock.new_id()).collect::<Vec<_>>()
    };
    let first = ids();
    assert_eq!(first, ids());
    assert!(first.windows(2).all(|pair| pair[0] < pair[1]), "later ids sort after earlier ones");
    assert_eq!(first[0].get_version_num(), 7);
}
