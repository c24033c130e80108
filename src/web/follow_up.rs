//! What became of a patient, on a phone: visits with their days, serious adverse reactions with
//! the clock of notification; and for QA the enrolment of each protocol.
//!
//! Neighbours: `app::order_outcome`; [`super::review`] signs.
//!
//! Architecture invariant: every form is checked by the rules before it asks for a signature.

use super::component::{Banner, Cell, Chip, Empty, Facts, Head, Link, Table, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::form::{Check, Errors, Field, Kind};
use super::home::Waiting;
use super::icon::Icon;
use super::order::{READ, address, number_of};
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use super::sheet::{Block, Body, Finding, Sheet, act, field_time, filled, incomplete};
use crate::app::order_outcome::{Entry, FollowUp, course, follow_up, record, try_record};
use crate::app::{site, words::capital};
use crate::domain::actor::Capability;
use crate::domain::id::{Name, OrderNumber};
use crate::domain::order::{Order, Reaction, Relatedness};
use crate::domain::protocol::{Course, Enrolment, Evaluation, Next, Protocol, Visit};
use crate::domain::time::{Day, Instant};
use crate::store::{ledger, order as table};

const ENTER: Access = Access::Needs(&[Capability::PlaceOrders, Capability::DecideDisposition]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/orders/{number}/follow-up", READ, show, "What became of the patient"),
    Route::get("/orders/{number}/follow-up/{entry}/{of}", ENTER, entry_form, "Record an outcome"),
    Route::post("/orders/{number}/follow-up/{entry}/{of}", ENTER, enter, "Record an outcome"),
    Route::get("/enrolment", READ, enrolments, "Who may be enrolled next"),
    Route::get("/enrolment/{protocol}", READ, enrolment, "Who may be enrolled next"),
];

fn base(number: &OrderNumber) -> String {
    format!("{}/follow-up", address(number))
}

struct Known {
    follow_up: FollowUp,
    protocol: Protocol,
    today: Day,
}

fn known(cx: &Cx) -> Result<Known, WebError> {
    let number = number_of(cx)?;
    let site = &cx.web.config().site;
    let follow_up = cx.app().read(|db| follow_up(db, site, &number))?;
    let protocol = site::protocol_of(site, &follow_up.order)?.protocol.clone();
    Ok(Known { follow_up, protocol, today: Day::new(cx.now.date(cx.zone())) })
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let known = known(cx)?;
    let order = &known.follow_up.order;
    let head = Head::new(format!("Follow-up of {}", order.patient))
        .under(address(&order.number), order.number.to_string());
    let mut sheet = Sheet::new(cx, "Follow-up", head);
    sheet.banners.extend(order.outcomes.reactions.iter().filter(|r| r.is_open()).map(open_banner));
    if known.follow_up.given.is_none() {
        let empty = Empty::new(Icon::Person, "Nothing given yet", "Visits count from that day.");
        sheet.main.push(Block::new("", Body::Empty(empty)));
    } else {
        sheet.main.push(visits_block(cx, &known));
    }
    for reaction in &order.outcomes.reactions {
        sheet.main.push(reaction_block(cx, order, reaction));
    }
    sheet.aside.push(facts_block(cx, &known));
    sheet.aside.extend(acts_block(cx, &known));
    cx.page(&sheet)
}

fn open_banner(reaction: &Reaction) -> Banner {
    Banner::stop("Enrolment is stopped")
        .text(format!("{}. Nobody is enrolled before QA has decided.", capital(&reaction.words())))
}

fn facts_block(cx: &Cx, known: &Known) -> Block {
    let FollowUp { order, given, donations, .. } = &known.follow_up;
    let batch = order
        .batch
        .as_ref()
        .map(|batch| Cell::CodeLink(Link::to(format!("/batches/{batch}"), batch.to_string())));
    let donations: Vec<String> = donations.iter().map(ToString::to_string).collect();
    let mut facts = Facts::new()
        .with("Patient", Cell::Code(order.patient.to_string()))
        .with_some("Given", given.map(|given| cx.when(given.at)))
        .with_some("Batch", batch)
        .with_some("Donations", (!donations.is_empty()).then(|| donations.join(", ")));
    if let Some(place) = &order.enrolled {
        facts = facts.with("Enrolled in", place.title.clone());
    }
    if let Some(enrolment) = &known.protocol.enrolment {
        let evaluation = order.outcomes.evaluation(&enrolment.evaluated_at);
        facts = facts.with("Evaluation", evaluation_chip(evaluation));
    }
    if let Some((because, _)) = &order.outcomes.excluded {
        facts = facts.with("Excluded because", because.clone());
    }
    Block::new("Patient", Body::Facts(facts))
        .signed(order.outcomes.excluded.iter().map(|(_, signature)| signature))
}

fn evaluation_chip(evaluation: Evaluation) -> Chip {
    let tone = match evaluation {
        Evaluation::Waiting => Tone::Wait,
        Evaluation::Clear => Tone::Ok,
        Evaluation::Toxic => Tone::Stop,
        Evaluation::Excluded => Tone::Calm,
    };
    Chip::new(tone, evaluation.words())
}

fn visits_block(cx: &Cx, known: &Known) -> Block {
    let FollowUp { order, given, .. } = &known.follow_up;
    let Some(given) = given else {
        return Block::new(
            "Visits",
            Body::Text("Visits count from the administration.".to_owned()),
        );
    };
    let mut findings = Vec::new();
    let mut signatures = Vec::new();
    for visit in &known.protocol.visits {
        let done = order.outcomes.visit(&visit.name);
        let (first, last) = visit.window(given.on);
        let due = match visit.tolerance {
            0 => format!("due {}", visit.due(given.on)),
            _ => format!("due {}, from {first} to {last}", visit.due(given.on)),
        };
        let (tone, what) = match done.map(|signed| &signed.outcome) {
            Some(outcome) => (visit_tone(visit, given.on, outcome), visit_words(outcome)),
            None if known.today > last => (Tone::Stop, "not recorded, overdue".to_owned()),
            None if known.today >= first => (Tone::Wait, "due now".to_owned()),
            None => (Tone::Calm, "later".to_owned()),
        };
        signatures.extend(done.map(|signed| &signed.signature));
        let may = cx.may(Capability::PlaceOrders) && known.today >= first;
        let href = format!("{}/visit/{}", base(&order.number), visit.name);
        findings.push(Finding {
            tone,
            title: visit.title.clone(),
            rule: String::new(),
            evidence: vec![what, due],
            href: if may { href } else { String::new() },
        });
    }
    let note = if cx.may(Capability::PlaceOrders) { "touch a visit to record it" } else { "" };
    Block::new("Visits", Body::Findings(findings)).note(note).signed(signatures)
}

fn visit_tone(visit: &Visit, given: Day, outcome: &crate::domain::order::VisitOutcome) -> Tone {
    let (first, last) = visit.window(given);
    match (outcome.held_on, outcome.dose_limiting) {
        (_, Some(true)) | (None, _) => Tone::Stop,
        (Some(day), _) if day < first || day > last => Tone::Wait,
        _ => Tone::Ok,
    }
}

fn visit_words(outcome: &crate::domain::order::VisitOutcome) -> String {
    let mut words = match outcome.held_on {
        None => "missed".to_owned(),
        Some(day) => format!("held on {day}, CTCAE grade {}", outcome.grade.unwrap_or(0)),
    };
    if outcome.dose_limiting == Some(true) {
        words.push_str(", dose-limiting toxicity");
    }
    if !outcome.remark.is_empty() {
        words.push_str(&format!(". {}", outcome.remark));
    }
    if let Some(why) = &outcome.correction {
        words.push_str(&format!(" (corrected: {why})"));
    }
    words
}

fn reaction_block(cx: &Cx, order: &Order, reaction: &Reaction) -> Block {
    let report = &reaction.report;
    let mut findings = vec![Finding {
        tone: if reaction.is_open() { Tone::Stop } else { Tone::Calm },
        title: report.description.clone(),
        rule: String::new(),
        evidence: vec![
            format!("began {}, learned of {}", cx.when(report.began_at), cx.when(report.aware_at)),
            format!(
                "CTCAE grade {}, {}",
                reaction.judged.grade,
                reaction.judged.relatedness.words()
            ),
            format!("units {}", report.units.join(", ")),
        ],
        href: String::new(),
    }];
    for whom in &reaction.judged.tell {
        findings.push(told_finding(cx, order, reaction, whom));
    }
    if let Some(ruling) = &reaction.ruling {
        let title =
            if ruling.resume { "Enrolment goes on" } else { "Enrolment is closed for good" };
        findings.push(Finding {
            tone: if ruling.resume { Tone::Ok } else { Tone::Stop },
            title: title.to_owned(),
            rule: String::new(),
            evidence: vec![ruling.reasoning.clone()],
            href: String::new(),
        });
    }
    let told = reaction.told.iter().map(|told| &told.signature);
    let ruled = reaction.ruling.iter().map(|ruling| &ruling.signature);
    let signed: Vec<_> = [&reaction.reported].into_iter().chain(told).chain(ruled).collect();
    let title = format!("Serious adverse reaction {}", reaction.number);
    Block::new(title, Body::Findings(findings)).signed(signed)
}

fn told_finding(cx: &Cx, order: &Order, reaction: &Reaction, whom: &String) -> Finding {
    let is_first = reaction.judged.tell.first() == Some(whom);
    let by = reaction.judged.tell_by.filter(|_| is_first);
    let rule = by.map(|by| format!("by {}", cx.when(by))).unwrap_or_default();
    match reaction.told.iter().find(|told| told.whom == *whom) {
        Some(told) => Finding {
            tone: if by.is_some_and(|by| told.at > by) { Tone::Wait } else { Tone::Ok },
            title: format!("{whom}: told"),
            rule,
            evidence: vec![format!("{}, {}", cx.when(told.at), told.how)],
            href: String::new(),
        },
        None => Finding {
            tone: if by.is_some_and(|by| cx.now > by) { Tone::Stop } else { Tone::Wait },
            title: format!("{whom}: to be told"),
            rule,
            evidence: match by {
                Some(by) if cx.now > by => vec![format!("late by {}", cx.now.since(by).text())],
                Some(by) => vec![format!("{} left", by.since(cx.now).text())],
                None => vec!["after the first".to_owned()],
            },
            href: format!("{}/tell/{}", base(&order.number), reaction.number),
        },
    }
}

fn acts_block(cx: &Cx, known: &Known) -> Option<Block> {
    let FollowUp { order, given, .. } = &known.follow_up;
    let base = base(&order.number);
    let mut links = Vec::new();
    let clinician = cx.may(Capability::PlaceOrders);
    if clinician && given.is_some() {
        links.push(Link::to(format!("{base}/reaction/0"), "Report a serious adverse reaction"));
    }
    for reaction in &order.outcomes.reactions {
        let number = reaction.number;
        if reaction.untold().next().is_some() {
            links.push(Link::to(format!("{base}/tell/{number}"), "Record who was told").primary());
        }
        if clinician {
            links.push(Link::to(
                format!("{base}/judge/{number}"),
                format!("Judge reaction {number} again"),
            ));
        }
        if reaction.is_open() && cx.may(Capability::DecideDisposition) {
            links.push(Link::to(format!("{base}/rule/{number}"), "Decide on enrolment").primary());
        }
    }
    if clinician && order.outcomes.excluded.is_none() {
        links.push(Link::to(format!("{base}/exclude/0"), "Exclude before evaluation"));
    }
    (!links.is_empty()).then(|| Block::new("Record", Body::Links(links)))
}

fn entry_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&entry_sheet(cx, &Errors::new(), None)?)
}

fn entry_sheet(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<Sheet, WebError> {
    let known = known(cx)?;
    let order = &known.follow_up.order;
    let (title, fields) = fields(cx, &known)?;
    let head = Head::new(title.clone())
        .under(address(&order.number), order.number.to_string())
        .under(base(&order.number), "Follow-up");
    let mut sheet = Sheet::new(cx, title, head);
    sheet.banners.extend(banner);
    let fields = fields.into_iter().map(|field| filled(cx, errors, field)).collect();
    let action = format!("{}/{}/{}", base(&order.number), cx.param("entry"), cx.param("of"));
    let form = act(&sheet.shell, action, fields, "Check and sign");
    sheet.main.push(Block::new("", Body::Act(Box::new(form))));
    sheet.aside.push(facts_block(cx, &known));
    Ok(sheet)
}

const GRADES: [(&str, &str); 6] = [
    ("0", "0, no toxicity"),
    ("1", "1, mild"),
    ("2", "2, moderate"),
    ("3", "3, severe"),
    ("4", "4, life-threatening"),
    ("5", "5, death"),
];

fn fields(cx: &Cx, known: &Known) -> Result<(String, Vec<Field>), WebError> {
    let order = &known.follow_up.order;
    let not_found = || WebError::not_found(cx.param("entry"));
    Ok(match cx.param("entry") {
        "visit" => {
            let name = cx.param_as("of", Name::parse)?;
            let visit = known.protocol.visits.iter().find(|visit| visit.name == name);
            let visit = visit.ok_or_else(not_found)?;
            let again = order.outcomes.visit(&name).is_some();
            (visit.title.clone(), visit_fields(known.today, again))
        }
        "exclude" => {
            let because = Field::area("because", "Why").required().autofocus();
            ("Exclude before evaluation".to_owned(), vec![because])
        }
        "reaction" => ("Serious adverse reaction".to_owned(), reaction_fields(cx)),
        "judge" => {
            let mut fields = judgement_fields();
            fields.push(Field::area("reasoning", "Why it is judged so").required());
            ("Judge the reaction again".to_owned(), fields)
        }
        "tell" => {
            let number = cx.param_as("of", str::parse::<u32>)?;
            let mut all = order.outcomes.reactions.iter();
            let reaction = all.find(|own| own.number == number).ok_or_else(not_found)?;
            let next = reaction.untold().map(|whom| (whom.clone(), whom.clone()));
            let fields = vec![
                Field::select("whom", "Who was told", next)
                    .hint("The first of the list is told before the others.")
                    .required(),
                Field::new(Kind::DateTime, "at", "When").value(field_time(cx, cx.now)).required(),
                Field::text("how", "How, with the reference").required(),
            ];
            ("Who was told".to_owned(), fields)
        }
        "rule" => {
            let choices = [("yes", "Enrolment goes on"), ("no", "Enrolment is closed for good")];
            let fields = vec![
                Field::radio("resume", "Decision", choices).required(),
                Field::area("reasoning", "Reasons").required(),
            ];
            ("Decide on enrolment".to_owned(), fields)
        }
        _ => return Err(not_found()),
    })
}

fn visit_fields(today: Day, again: bool) -> Vec<Field> {
    let mut fields = vec![
        Field::radio("held", "The visit", [("yes", "was held"), ("no", "was missed")]).required(),
        Field::new(Kind::Date, "held_on", "Day").value(today.to_string()),
        Field::select("grade", "Highest CTCAE grade", GRADES).hint("CTCAE version 5.0"),
        Field::radio("dose_limiting", "Dose-limiting toxicity", [("no", "No"), ("yes", "Yes")]),
        Field::area("remark", "Remark").hint("Needed when the visit was missed."),
    ];
    if again {
        fields.push(Field::area("correction", "Why it is recorded again").required());
    }
    fields
}

fn judgement_fields() -> Vec<Field> {
    let relations = Relatedness::ALL.map(|(_, code, words)| (code, words));
    vec![
        Field::select("grade", "CTCAE grade", GRADES.into_iter().skip(1)).required(),
        Field::radio("relatedness", "Relation to the product", relations).required(),
    ]
}

fn reaction_fields(cx: &Cx) -> Vec<Field> {
    let mut fields = vec![
        Field::area("description", "What happened").required().autofocus(),
        Field::new(Kind::DateTime, "began_at", "Began").required(),
        Field::new(Kind::DateTime, "aware_at", "You learned of it")
            .value(field_time(cx, cx.now))
            .hint("The clock of notification runs from here.")
            .required(),
    ];
    fields.extend(judgement_fields());
    fields
}

fn parse(cx: &Cx, check: &mut Check<'_>) -> Result<Option<Entry>, WebError> {
    let zone = cx.zone();
    let when = |check: &mut Check<'_>, name: &str| {
        check.parse(name, |text| Instant::parse_local(text, zone))
    };
    let yes = |text: &str| match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let of = || cx.param_as("of", str::parse::<u32>);
    Ok(match cx.param("entry") {
        "visit" => return parse_visit(cx, check),
        "exclude" => check.required("because").map(|because| Entry::Exclude { because }),
        "reaction" => {
            let description = check.required("description");
            let (began, aware) = (when(check, "began_at"), when(check, "aware_at"));
            let grade = check.parse("grade", str::parse::<u8>);
            let relatedness = check.choice("relatedness", Relatedness::parse);
            description.zip(began).zip(aware).zip(grade).zip(relatedness).map(
                |((((description, began_at), aware_at), grade), relatedness)| Entry::Report {
                    description,
                    began_at,
                    aware_at,
                    grade,
                    relatedness,
                },
            )
        }
        "judge" => {
            let grade = check.parse("grade", str::parse::<u8>);
            let relatedness = check.choice("relatedness", Relatedness::parse);
            let (reasoning, number) = (check.required("reasoning"), of()?);
            grade.zip(relatedness).zip(reasoning).map(|((grade, relatedness), reasoning)| {
                Entry::Judge { number, grade, relatedness, reasoning }
            })
        }
        "tell" => {
            let (whom, how) = (check.required("whom"), check.required("how"));
            let (at, number) = (when(check, "at"), of()?);
            whom.zip(at).zip(how).map(|((whom, at), how)| Entry::Tell { number, whom, at, how })
        }
        "rule" => {
            let (resume, number) = (check.choice("resume", yes), of()?);
            let reasoning = check.required("reasoning");
            resume.zip(reasoning).map(|(resume, reasoning)| Entry::Rule {
                number,
                resume,
                reasoning,
            })
        }
        other => return Err(WebError::not_found(other)),
    })
}

fn parse_visit(cx: &Cx, check: &mut Check<'_>) -> Result<Option<Entry>, WebError> {
    let visit = cx.param_as("of", Name::parse)?;
    let held = check.choice("held", |text| match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    let Some(held) = held else { return Ok(None) };
    let held_on = if held { check.parse("held_on", Day::parse) } else { None };
    let grade = if held { check.parse_optional("grade", str::parse::<u8>) } else { None };
    let dose_limiting = match cx.form().text("dose_limiting") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let remark = check.optional("remark").unwrap_or_default();
    let correction = check.optional("correction");
    Ok(check.is_ok().then_some(Entry::Visit {
        visit,
        held_on,
        grade,
        dose_limiting: dose_limiting.filter(|_| held),
        remark,
        correction,
    }))
}

fn enter(cx: &Cx) -> Result<Reply, WebError> {
    let number = number_of(cx)?;
    let mut check = cx.check();
    let entry = parse(cx, &mut check)?;
    let (Some(entry), true) = (entry, check.is_ok()) else {
        return cx.page_again(&entry_sheet(cx, &check.errors, Some(incomplete()))?);
    };
    let caller = cx.caller()?;
    let shown = match try_record(cx.app(), &caller, &number, &entry) {
        Ok(shown) => shown,
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            return cx.page_again(&entry_sheet(cx, &Errors::new(), Some(banner))?);
        }
    };
    let review = Review {
        title: "Read, then sign".to_owned(),
        back: (base(&number), "Follow-up".to_owned()),
        action: format!("{}/{}/{}", base(&number), cx.param("entry"), cx.param("of")),
        shown,
        meaning: entry.meaning(),
        second: None,
        button: "Sign",
        banner: None,
    };
    let run = |signature| record(cx.app(), &caller, &number, entry, signature);
    let done = |()| Reply::see_other(base(&number)).flash("Recorded.");
    review::sign_and(cx, review, run, done)
}

fn enrolments(cx: &Cx) -> Result<Reply, WebError> {
    let head = Head::new("Enrolment").under("/orders", "Orders");
    let mut sheet = Sheet::new(cx, "Enrolment", head);
    let columns = ["Protocol", "State", "Why"];
    let mut rows = Table::new("Enrolment", &columns);
    for published in &cx.web.config().site.protocols {
        let protocol = &published.protocol;
        let newest = cx.web.config().site.protocol(protocol.id.as_str());
        if newest.is_none_or(|newest| newest.hash != published.hash) {
            continue;
        }
        let Some(enrolment) = &protocol.enrolment else { continue };
        let course = cx.app().read(|db| course(db, protocol))?;
        let (chip, because) = state(enrolment, &course);
        let href = format!("/enrolment/{}", protocol.id);
        let cells =
            [Cell::Link(Link::to(href, protocol.title.clone())), chip.into(), because.into()];
        if course.stops.is_empty() { rows.push(cells) } else { rows.push_exception(cells) }
    }
    let body = if rows.is_empty() {
        let text = "No protocol of this site limits enrolment.";
        Body::Empty(Empty::new(Icon::Person, "Nothing to show", text))
    } else {
        Body::Table(rows)
    };
    sheet.main.push(Block::new("", body));
    cx.page(&sheet)
}

/// The state of enrolment in a chip, and why.
fn state(enrolment: &Enrolment, course: &Course) -> (Chip, String) {
    if let Some(stop) = course.stops.first() {
        let word = if stop.for_good { "closed for good" } else { "stopped" };
        return (Chip::new(Tone::Stop, word), format!("{} of order {}", stop.words, stop.order));
    }
    let next = enrolment.next(course);
    let tone = match &next {
        Next::Open { .. } => Tone::Ok,
        Next::Wait { .. } => Tone::Wait,
        Next::Stopped { .. } => Tone::Stop,
        Next::Complete { .. } => Tone::Calm,
    };
    (Chip::new(tone, next.word()), next.because().to_owned())
}

fn enrolment(cx: &Cx) -> Result<Reply, WebError> {
    let published = site::protocol(&cx.web.config().site, cx.param("protocol"))?;
    let protocol = &published.protocol;
    let Some(enrolment) = &protocol.enrolment else {
        return Err(WebError::not_found(format!("enrolment of {}", protocol.id)));
    };
    let course = cx.app().read(|db| course(db, protocol))?;
    let head = Head::new(protocol.title.clone())
        .under("/enrolment", "Enrolment")
        .lede(format!("Enrolment by {}", protocol.reference()));
    let mut sheet = Sheet::new(cx, "Enrolment", head);
    sheet.main.push(next_block(enrolment, &course));
    sheet.main.push(patients_block(cx, protocol, &course)?);
    sheet.aside.push(cohorts_block(enrolment, &course));
    cx.page(&sheet)
}

fn next_block(enrolment: &Enrolment, course: &Course) -> Block {
    let (chip, because) = state(enrolment, course);
    let mut facts = Facts::new().with("State", chip).with("Why", because);
    if let (Next::Open { title, level, sites, places, .. }, true) =
        (enrolment.next(course), course.stops.is_empty())
    {
        facts = facts
            .with("Next", title)
            .with_some("Dose level", level.map(|level| level.to_string()))
            .with_some("Sites", sites.map(|sites| sites.to_string()))
            .with("Places", places.to_string());
    }
    for stop in &course.stops {
        let order = Link::to(base(&stop.order), stop.order.to_string());
        facts = facts.with("Reaction", Cell::CodeLink(order));
    }
    Block::new("Who may be enrolled next", Body::Facts(facts))
}

fn cohorts_block(enrolment: &Enrolment, course: &Course) -> Block {
    let mut facts = Facts::new();
    let line = |tally: crate::domain::protocol::Tally, of: u32| {
        let mut words = format!("{} of {of}", tally.counted);
        for (count, what) in [
            (tally.waiting, "not evaluated"),
            (tally.toxic, "dose-limiting toxicity"),
            (tally.replaced, "replaced"),
        ] {
            if count > 0 {
                words.push_str(&format!(" · {count} {what}"));
            }
        }
        words
    };
    for cohort in &enrolment.cohorts {
        let tally = enrolment.tally(course, &cohort.name);
        facts = facts.with(cohort.title.clone(), line(tally, cohort.patients));
    }
    if let Some(escalation) = &enrolment.escalation {
        for &level in &escalation.levels {
            let tally = enrolment.tally_at(course, level);
            facts = facts.with(format!("{}, level {level}", escalation.title), line(tally, 6));
        }
        let last = &escalation.expansion;
        let tally = enrolment.tally(course, &last.name);
        facts = facts.with(last.title.clone(), line(tally, last.patients));
    }
    Block::new("Cohorts", Body::Facts(facts))
}

fn patients_block(cx: &Cx, protocol: &Protocol, course: &Course) -> Result<Block, WebError> {
    let orders = cx.app().read(|db| {
        let mut orders = Vec::new();
        for number in table::of_protocol(db, protocol.id.as_str())? {
            orders.extend(ledger::load::<Order>(db, number.as_str())?);
        }
        Ok(orders)
    })?;
    let mut rows = Table::new("Patients", &["Patient", "Order", "Cohort", "Level", "Evaluation"]);
    for participant in &course.participants {
        let own = orders.iter().rfind(|order| order.patient == participant.patient);
        let order = own.map_or(Cell::Soft(String::new()), |order| {
            Cell::CodeLink(Link::to(base(&order.number), order.number.to_string()))
        });
        rows.push([
            Cell::Code(participant.patient.to_string()),
            order,
            Cell::Soft(participant.cohort.as_str().replace('_', " ")),
            participant.level.map(|level| level.to_string()).unwrap_or_default().into(),
            evaluation_chip(participant.evaluation).into(),
        ]);
    }
    let body = if rows.is_empty() {
        let text = "The first order of the protocol enrols the first patient.";
        Body::Empty(Empty::new(Icon::Person, "Nobody yet", text))
    } else {
        Body::Table(rows)
    };
    Ok(Block::new("Patients", body))
}

/// What the protocol's rule of enrolment has open, over the form of a new order.
pub(super) fn opening_banner(cx: &Cx, protocol: &Protocol) -> Result<Option<Banner>, WebError> {
    let Some(enrolment) = &protocol.enrolment else { return Ok(None) };
    let course = cx.app().read(|db| course(db, protocol))?;
    let (_, because) = state(enrolment, &course);
    let link = Link::to(format!("/enrolment/{}", protocol.id), "Enrolment");
    let banner = match enrolment.next(&course) {
        Next::Open { title, level, sites, .. } if course.stops.is_empty() => {
            let level = level.map(|level| format!(", dose level {level}")).unwrap_or_default();
            let sites = sites.map(|sites| format!(", {sites} sites")).unwrap_or_default();
            Banner::note(format!("Open now: {title}{level}{sites}"))
        }
        _ => Banner::stop("Nobody can be enrolled now"),
    };
    Ok(Some(banner.text(capital(&because)).action(link)))
}

/// Reactions that wait: for somebody to be told, or for a decision.
pub(super) fn waiting(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    let decides = cx.may(Capability::DecideDisposition);
    if !decides && !cx.may(Capability::PlaceOrders) {
        return Ok(Vec::new());
    }
    let open = cx.app().read(table::open_reactions)?;
    Ok(open
        .into_iter()
        .map(|open| Waiting {
            group: "Serious adverse reactions",
            icon: Icon::Deviation,
            title: format!("{} · {}", open.patient, open.order),
            detail: match open.tell_by {
                Some(by) => format!("{}; the first is told by {}", open.words, cx.when(by)),
                None => open.words,
            },
            chip: Some(Chip::new(Tone::Stop, "enrolment is stopped")),
            href: format!("/orders/{}/follow-up", open.order),
            urgent: true,
        })
        .collect())
}
