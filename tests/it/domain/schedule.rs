//! Backward scheduling.

use super::protocol::xerostomia;
use chorda::domain::id::OrderNumber;
use chorda::domain::schedule::{Booking, Obstacle, Plan, SiteCalendar, Slot};
use chorda::domain::time::{Day, Zone};

const SITE: &str = include_str!("../../../templates/calendars/slovenia.toml");

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn booking(number: u32, thaw_on: &str, infusion_on: &str) -> Booking {
    Booking {
        order: OrderNumber::parse(&format!("ORD-2026-{number:04}")).unwrap(),
        thaw_on: day(thaw_on),
        infusion_on: day(infusion_on),
    }
}

fn slot(on: &str, bookings: &[Booking]) -> Result<Slot, Vec<Obstacle>> {
    let calendar = SiteCalendar::parse(SITE, Zone::LJUBLJANA).unwrap();
    let rule = xerostomia().schedule;
    let today = day("2026-11-22");
    Plan { rule: &rule, calendar: &calendar, bookings, today }.slot_on(day(on))
}

fn reasons(on: &str, bookings: &[Booking]) -> String {
    let obstacles = slot(on, bookings).unwrap_err();
    obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_wednesday_is_reached_by_the_longest_culture_that_avoids_the_weekend() {
    let slot = slot("2026-12-02", &[]).unwrap();
    assert_eq!(slot.thaw_on, day("2026-11-27"), "Friday, five days before");
    assert_eq!(slot.qc_on, Some(day("2026-11-30")));
    assert_eq!(slot.harvest_on, slot.infusion_on);
    assert_eq!(slot.cancel_by.to_string(), "2026-11-27T07:00:00.000000Z", "08:00 in Ljubljana");
}

#[test]
fn a_thursday_thaws_on_monday() {
    let slot = slot("2026-12-03", &[]).unwrap();
    assert_eq!((slot.thaw_on, slot.culture_days), (day("2026-11-30"), 3));
}

#[test]
fn the_latest_sample_and_the_longest_culture_are_never_planned_together() {
    // A Tuesday: the sample can only be taken on Monday. Five days of culture from Thursday would
    // end before it is 24 hours old, unless it is taken before the hour of seeding.
    let slot = slot("2026-12-01", &[]).unwrap();
    assert_eq!((slot.thaw_on, slot.culture_days), (day("2026-11-27"), 4));
    assert_eq!(slot.qc_on, Some(day("2026-11-30")));
    let calendar = SiteCalendar::parse(SITE, Zone::LJUBLJANA).unwrap();
    let mut rule = xerostomia().schedule;
    rule.culture_days_min = 4;
    let today = day("2026-11-10");
    // A Tuesday after a Friday on which nobody thaws.
    let closed =
        SITE.replace("thaw = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]", "thaw = [\"thu\"]");
    let calendar_thursday = SiteCalendar::parse(&closed, Zone::LJUBLJANA).unwrap();
    let plan = |calendar| Plan { rule: &rule, calendar, bookings: &[], today };
    assert!(plan(&calendar).slot_on(day("2026-12-01")).is_ok());
    let why = plan(&calendar_thursday).slot_on(day("2026-12-01")).unwrap_err();
    let why: Vec<String> = why.iter().map(ToString::to_string).collect();
    assert_eq!(why, ["no thaw on Friday (2026-11-27)"], "five days from Thursday are not offered");
}

#[test]
fn a_product_that_is_thawed_on_the_day_needs_neither_incubator_nor_sample() {
    let text = include_str!("../../../templates/protocols/at-msc-xerostomia.toml");
    let rule = chorda::domain::protocol::parse(text).unwrap().schedule;
    let qc = SITE.replace("qc = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]", "qc = []");
    let calendar = SiteCalendar::parse(&qc, Zone::LJUBLJANA).unwrap();
    let full = [booking(1, "2026-11-30", "2026-12-04"), booking(2, "2026-12-01", "2026-12-04")];
    let plan = Plan { rule: &rule, calendar: &calendar, bookings: &full, today: day("2026-11-22") };
    let slot = plan.slot_on(day("2026-12-03")).unwrap();
    assert_eq!((slot.thaw_on, slot.culture_days, slot.qc_on), (slot.infusion_on, 0, None));
    // Nor does its booking take an incubator from another order.
    let own = [booking(3, "2026-12-03", "2026-12-03"), booking(4, "2026-12-02", "2026-12-02")];
    let other = SiteCalendar::parse(SITE, Zone::LJUBLJANA).unwrap();
    let cultured = xerostomia().schedule;
    let plan = Plan { rule: &cultured, calendar: &other, bookings: &own, today: day("2026-11-22") };
    assert!(plan.slot_on(day("2026-12-04")).is_ok());
}

#[test]
fn every_infeasible_day_says_why() {
    assert!(reasons("2026-11-25", &[]).starts_with("too soon"));
    assert!(reasons("2027-05-03", &[]).starts_with("too far ahead"));
    assert_eq!(reasons("2026-12-05", &[]), "no administration on Saturday (2026-12-05)");
    assert_eq!(
        reasons("2026-12-07", &[]),
        "no QC on Saturday (2026-12-05); no QC on Sunday (2026-12-06)",
        "a Monday: nobody can take the sample in the 48 hours before"
    );
    assert!(reasons("2026-12-25", &[]).contains("Christmas"));
}

#[test]
fn a_full_incubator_and_a_taken_day_are_reasons() {
    let two = [booking(1, "2026-11-30", "2026-12-04"), booking(2, "2026-12-01", "2026-12-04")];
    assert_eq!(reasons("2026-12-03", &two), "incubators full on 2026-12-01 (2 of 2 in use)");
    assert_eq!(reasons("2026-12-04", &two), "day taken (2 of 1 patients)");
    assert!(slot("2026-12-03", &two[..1]).is_ok(), "one of two incubators is free");
}

#[test]
fn every_day_of_the_horizon_has_a_slot_within_the_rule_or_a_reason() {
    let calendar = SiteCalendar::parse(SITE, Zone::LJUBLJANA).unwrap();
    let rule = xerostomia().schedule;
    let today = day("2026-11-22");
    let plan = Plan { rule: &rule, calendar: &calendar, bookings: &[], today };
    let candidates = plan.candidates();
    assert_eq!(candidates.len(), 60);
    for candidate in candidates {
        match candidate.slot {
            Ok(slot) => {
                let days = candidate.day.days_since(slot.thaw_on);
                assert!((3..=5).contains(&days), "{slot:?}");
                assert!(slot.thaw_on > today);
            }
            Err(obstacles) => assert!(!obstacles.is_empty(), "{}", candidate.day),
        }
    }
}

#[test]
fn easter_monday_is_found_in_every_year_of_the_tables() {
    let calendar = SiteCalendar::parse(SITE, Zone::LJUBLJANA).unwrap();
    let monday = calendar.holidays.iter().find(|h| h.name == "Easter Monday").unwrap();
    for known in
        ["2024-04-01", "2025-04-21", "2026-04-06", "2027-03-29", "2028-04-17", "2038-04-26"]
    {
        assert!(monday.falls_on(day(known)), "{known}");
        assert!(!monday.falls_on(day(known).plus_days(1)));
    }
}

#[test]
fn a_mistake_in_the_calendar_is_named_with_its_line() {
    let cases = [
        ("on = \"02-08\"", "on = \"02-30\"", "month-day"),
        ("format = 1", "format = 2", "format 1 only"),
        ("thaw = \"08:00\"", "thaw = \"8 o'clock\"", "08:00"),
        ("\"mon\", \"tue\"", "\"mon\", \"die\"", "mon, tue"),
        ("easter = 1", "easter = 1\non = \"01-01\"", "either"),
    ];
    for (from, to, message) in cases {
        let text = SITE.replacen(from, to, 1);
        assert_ne!(text, SITE, "{from}");
        let error = SiteCalendar::parse(&text, Zone::LJUBLJANA).unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert!(error.line > 1, "{error}");
    }
}
