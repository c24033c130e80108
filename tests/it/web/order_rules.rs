//! An order under each of the protocols that ship, on both databases: the form asks what the rule
//! needs and nothing else, and what is signed is what was computed.

use chorda::clock::{self, Clock};
use chorda::domain::order::Order;
use chorda::domain::protocol::DoseAsked;
use chorda::domain::time::{Span, Zone};
use chorda::site::Site;
use chorda::store::ledger;

use super::app::{Client, Page, TestApp};
use super::order::{owned, people, sign};
use crate::support::TestStore;

fn on_both(test: impl Fn(&TestApp)) {
    for store in [Some(TestStore::sqlite()), TestStore::postgres()].into_iter().flatten() {
        let app = TestApp::over(store, Clock::System);
        people(&app);
        test(&app);
    }
}

/// The form of a protocol: everything but the dose filled in well.
fn form(client: &Client, protocol: &str, dose: &[(&str, &str)]) -> Vec<(String, String)> {
    let page = client.get(&format!("/orders/new?protocol={protocol}"));
    let day = page.body.split("name=\"day\" value=\"").nth(1).expect("a day is offered");
    let day = day.split('"').next().unwrap();
    let mut fields = vec![
        ("protocol", protocol),
        ("patient", "XER-03"),
        ("indication", "As the protocol states"),
        ("day", day),
    ];
    fields.extend_from_slice(dose);
    let mut fields: Vec<(String, String)> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let site = Site::example().unwrap();
    for criterion in &site.protocol(protocol).unwrap().protocol.eligibility {
        let answer = if criterion.kind.wanted() { "yes" } else { "no" };
        fields.push((format!("answer_{}", criterion.name), answer.to_owned()));
    }
    fields
}

/// Places the order and gives it as its events tell it, with its page.
fn placed(app: &TestApp, protocol: &str, dose: &[(&str, &str)]) -> (Order, Page) {
    let neza = app.signed_in("neza");
    let done = sign(&neza, "neza", "/orders", &owned(&form(&neza, protocol, dose)));
    assert_eq!(done.status, 303, "{protocol}: {}", done.text());
    let address = done.location().to_owned();
    let number = address.rsplit('/').next().unwrap();
    let order = app.store.read(|db| ledger::load::<Order>(db, number)).unwrap().unwrap();
    (order, neza.get(&address))
}

fn refused(app: &TestApp, protocol: &str, dose: &[(&str, &str)], words: &str) {
    let neza = app.signed_in("neza");
    let page = neza.post_form("/orders", &owned(&form(&neza, protocol, dose)));
    assert_ne!(page.status, 200, "{}", page.text());
    page.says(words);
}

fn ago(seconds: i64) -> String {
    clock::now().plus(Span::of_seconds(-seconds)).minute_text(Zone::LJUBLJANA)
}

const DAY: i64 = 86_400;
const VIALS: [(&str, &str); 8] = [
    ("on_left_parotid", "yes"),
    ("cells_left_parotid", "50"),
    ("on_right_parotid", "yes"),
    ("cells_right_parotid", "50"),
    ("on_left_submandibular", "yes"),
    ("cells_left_submandibular", "25"),
    ("on_right_submandibular", "yes"),
    ("cells_right_submandibular", "25"),
];

#[test]
fn the_form_offers_every_protocol_and_asks_by_its_rule_alone() {
    let app = TestApp::start();
    people(&app);
    let neza = app.signed_in("neza");
    let first = neza.get("/orders/new");
    for published in &Site::example().unwrap().protocols {
        first.says(&published.protocol.title);
    }
    let weight = neza.get("/orders/new?protocol=UC-MSC-SJS");
    weight.says("Body weight").says("Weighed at").says("30 kg to 120 kg").says("Peripheral vein");
    let level = neza.get("/orders/new?protocol=BM-MSC-XER");
    level.says("Dose level 2: 20 ×10⁶ cells per site").says("Right submandibular gland");
    let route = neza.get("/orders/new?protocol=MSC-SUP");
    route.says("Mouthwash").says("15 ml").says("0.5 ml/% of the body surface");
    let asked = route.body.split("id=\"dose-part\"").nth(1).unwrap();
    let asked = asked.split("id=\"dose-sums\"").next().unwrap();
    assert!(!asked.contains("cells") && !asked.contains("10⁶"), "{asked}");
    assert_eq!(neza.get("/orders/new?protocol=NONE").status, 404);
}

#[test]
fn vials_of_one_donor_are_ordered_as_many_as_glands() {
    on_both(|app| {
        let (order, page) = placed(app, "AT-MSC-XER", &VIALS);
        assert_eq!((order.protocol.aliquots, order.units.len()), (4, 4));
        assert_eq!(order.make_cells, order.dose_cells);
        assert_eq!((order.slot().culture_days, order.slot().qc_on), (0, None));
        page.says("0.5 ml cryovial").says("1.0 ml cryovial");
        assert!(!page.text().contains("QC sample") && !page.text().contains("days of culture"));
        app.signed_in("neza").get("/orders").says("in 4 cryovials");
    });
}

#[test]
fn fewer_glands_need_fewer_vials_and_none_is_scaled() {
    on_both(|app| {
        let scaled = [("on_left_parotid", "yes"), ("cells_left_parotid", "25")];
        refused(app, "AT-MSC-XER", &scaled, "outside the protocol's limits");
        let (order, _) = placed(app, "AT-MSC-XER", &VIALS[..2]);
        assert_eq!((order.protocol.aliquots, order.units.len()), (1, 1));
    });
}

#[test]
fn a_weight_is_taken_with_unit_and_time_and_its_arithmetic_is_kept() {
    on_both(|app| {
        let at = ago(DAY);
        let dose = |weight: &'static str, unit: &'static str| {
            [("weight", weight), ("weight_unit", unit), ("weight_at", &at), ("site", "vein")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let (order, page) = placed(app, "UC-MSC-SJS", &owned(&dose("61500", "g")));
        assert_eq!(order.dose(), "61 ×10⁶ cells = 61.00 ml");
        assert_eq!(order.asked.weighing().unwrap().weight.text(), "61500 g");
        assert_eq!((order.protocol.aliquots, order.units.len()), (2, 1));
        page.says("61500 g ÷ 1000")
            .says("61.5 kg × 1 ×10⁶ cells/kg")
            .says("brought down to a step");
        app.signed_in("neza").get("/orders").says("in 1 infusion bag");
    });
}

#[test]
fn a_missing_an_implausible_an_old_and_an_unreadable_weight_are_refused() {
    on_both(|app| {
        let (recent, old) = (ago(DAY), ago(8 * DAY));
        let try_it = |weight: &str, unit: &str, at: &str, words: &str| {
            let dose =
                [("weight", weight), ("weight_unit", unit), ("weight_at", at), ("site", "vein")];
            refused(app, "UC-MSC-SJS", &dose, words);
        };
        try_it("", "kg", &recent, "state the weight, its unit and when it was measured");
        try_it("61.5", "g", &recent, "outside 30 kg to 120 kg");
        try_it("61500", "kg", &recent, "outside 30 kg to 120 kg");
        try_it("61.5", "kg", &old, "older than 7 d");
        try_it("61.5", "kg", &ago(-3_600), "measured in the future");
        try_it("61.5", "", &recent, "choose its unit");
        try_it("61.5", "kg", "", "date and time of the weighing");
        try_it("sixty", "kg", &recent, "is not a number");
    });
}

#[test]
fn a_level_is_chosen_with_its_glands() {
    on_both(|app| {
        let left = ("on_left_submandibular", "yes");
        refused(app, "BM-MSC-XER", &[left], "no dose level is chosen");
        refused(app, "BM-MSC-XER", &[("level", "7"), left], "the protocol has no dose level 7");
        refused(app, "BM-MSC-XER", &[("level", "0")], "nothing is asked for");
        let (order, page) = placed(app, "BM-MSC-XER", &[("level", "0"), left]);
        assert_eq!(
            (order.asked.level(), order.dose().as_str()),
            (Some(0), "10 ×10⁶ cells = 0.50 ml")
        );
        page.says("Dose level 0").says("Left submandibular gland");
    });
}

#[test]
fn a_route_is_ordered_by_volume_and_nothing_speaks_of_cells() {
    on_both(|app| {
        let skin = ("on_skin", "yes");
        refused(app, "MSC-SUP", &[skin], "state it in % of the body surface");
        refused(app, "MSC-SUP", &[skin, ("area_skin", "40")], "outside the protocol's limits");
        let dose = [skin, ("area_skin", "12"), ("on_mouthwash", "yes"), ("cells_mouthwash", "50")];
        let (order, page) = placed(app, "MSC-SUP", &dose);
        assert_eq!((order.dose_cells, order.make_cells), (None, None));
        assert!(matches!(order.asked, DoseAsked::ByRoute { .. }));
        assert_eq!(order.dose(), "21.00 ml");
        page.says("12 % × 0.5 ml/%").says("60 ml bottle");
        assert!(!page.text().contains("10⁶"), "{}", page.text());
        let neza = app.signed_in("neza");
        let list = neza.get("/orders");
        list.says("21.00 ml in 2 bottles");
        let path = format!("/api/v1/orders/{}", order.number);
        let status = neza.get(&path).json();
        assert!(status["dose_cells"].is_null(), "{status}");
    });
}

#[test]
fn the_amounts_are_answered_for_every_rule_while_the_form_is_filled() {
    let app = TestApp::start();
    people(&app);
    let neza = app.signed_in("neza");
    let ask = |query: &str| neza.get(&format!("/orders/new/dose?{query}")).json();
    let at = ago(DAY).replace(' ', "T");
    let weight =
        ask(&format!("protocol=UC-MSC-SJS&site=vein&weight=70&weight_unit=kg&weight_at={at}"));
    assert_eq!(weight["total"], "1 infusion bag, 70.00 ml, 70 ×10⁶ cells");
    assert_eq!(weight["rows"][0]["size"], "100 ml infusion bag");
    let empty = ask("protocol=UC-MSC-SJS&site=vein&weight=");
    assert!(empty["error"].as_str().unwrap().contains("state the weight"));
    let level = ask("protocol=BM-MSC-XER&level=2&on_left_submandibular=yes");
    assert_eq!(level["total"], "1 syringe, 1.00 ml, 20 ×10⁶ cells");
    let route = ask("protocol=MSC-SUP&on_bladder=yes");
    assert_eq!(route["total"], "1 bottle, 50.00 ml");
    assert!(!route.to_string().contains("cells"), "{route}");
}
