use chorda::domain::quantity::{Quantity, QuantityError, Rounding, Unit, parse_decimal};
use proptest::prelude::*;

fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

#[test]
fn trailing_zeros_survive_text_and_json() {
    assert_eq!(q("1.50 mL").to_string(), "1.50 mL");
    let json = serde_json::to_string(&q("1.50 mL")).unwrap();
    assert_eq!(json, r#"{"value":"1.50","unit":"mL"}"#);
    assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap().to_string(), "1.50 mL");
}

#[test]
fn a_json_number_is_refused_because_it_may_have_been_a_float() {
    assert!(serde_json::from_str::<Quantity>(r#"{"value":1.5,"unit":"mL"}"#).is_err());
}

#[test]
fn comma_and_point_both_separate() {
    assert_eq!(parse_decimal("1,25").unwrap(), parse_decimal("1.25").unwrap());
    assert_eq!(parse_decimal("12 500,5").unwrap().to_string(), "12500.5");
}

#[test]
fn what_is_no_plain_number_is_refused() {
    for text in ["", " ", "1e3", "1.2.3", "1,2,3", "NaN", "inf", "--1", "1.", ".", "١", "0x10"] {
        assert!(parse_decimal(text).is_err(), "{text:?} was accepted");
    }
    assert!(parse_decimal(&"9".repeat(40)).is_err());
}

#[test]
fn different_units_never_combine() {
    let refused = q("1 mL").plus(q("1 uL"));
    assert_eq!(refused, Err(QuantityError::UnitMismatch { left: "mL", right: "uL" }));
    assert!(q("1 mL").cells_in(q("1 mL")).is_err());
    assert!(q("1 %").compare(q("1 1")).is_err());
}

#[test]
fn cells_volume_and_concentration_agree() {
    let cells = q("50 10*6/mL").cells_in(q("0.5 mL")).unwrap();
    assert_eq!(cells, q("25 10*6"));
    assert_eq!(cells.volume_at(q("50 10*6/mL")).unwrap(), q("0.5 mL"));
}

#[test]
fn division_by_zero_has_no_result() {
    assert_eq!(q("1 10*6").volume_at(q("0 10*6/mL")), Err(QuantityError::OutOfRange));
}

#[test]
fn rounding_follows_the_stated_rule_and_keeps_its_decimals() {
    let half = q("0.25 %");
    assert_eq!(half.rounded(1, Rounding::HalfUp).to_string(), "0.3 %");
    assert_eq!(half.rounded(1, Rounding::Down).to_string(), "0.2 %");
    assert_eq!(q("0.21 %").rounded(1, Rounding::Up).to_string(), "0.3 %");
    assert_eq!(q("3 %").rounded(2, Rounding::HalfUp).to_string(), "3.00 %");
}

#[test]
fn every_unit_is_read_back_from_its_code() {
    for (unit, code, _) in Unit::ALL {
        assert_eq!(Unit::parse(code), Some(unit));
        assert_eq!(unit.code(), code);
    }
}

proptest! {
    #[test]
    fn sums_of_shares_never_drift(parts in prop::collection::vec(-1_000_000_i64..1_000_000, 1..50)) {
        let unit = Unit::Microlitre;
        let sum = parts.iter().try_fold(Quantity::zero(unit), |sum, part| {
            sum.plus(Quantity::whole(*part, unit))
        }).unwrap();
        let back = parts.iter().try_fold(sum, |rest, part| {
            rest.minus(Quantity::whole(*part, unit))
        }).unwrap();
        prop_assert!(back.is_zero());
    }

    #[test]
    fn reading_any_text_never_fails_badly(text in ".{0,60}") {
        let _ = parse_decimal(&text);
        let _ = text.parse::<Quantity>();
    }
}

#[test]
fn one_of_what_is_counted_is_said_in_the_singular() {
    let text = |value: &str, unit| Quantity::parse(value, unit).unwrap().text();
    assert_eq!(text("1", Unit::Container), "1 container");
    assert_eq!(text("-1", Unit::Label), "-1 label");
    assert_eq!(text("0", Unit::Container), "0 containers");
    assert_eq!(text("11", Unit::Piece), "11 pieces");
    assert_eq!(text("1.0", Unit::Container), "1.0 containers");
    assert_eq!(text("1", Unit::Gram), "1 g");
    assert_eq!(text("1", Unit::Celsius), "1 °C");
}
