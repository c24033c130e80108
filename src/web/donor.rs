//! Donors: list, register, one donor with everything known of it, entries, and what QA signs with
//! the evidence for every rule beside it.
//!
//! Neighbours: `app::donor_record`, `app::donor_decide`, `app::donation_receive`.
//!
//! Architecture invariant: pages show codes only; nobody's name is here.

use super::component::{Banner, Cell, Chip, Empty, Facts, Head, Link, Pager, Signed, Table, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::form::{Check, Errors, Field, Kind};
use super::icon::Icon;
use super::reply::Reply;
use super::routes::{Access, Route};
use super::sheet::{
    Block, Body, Finding, Sheet, Signing, act, attempt, field_time, filled, incomplete, sign,
    signed_act,
};
use crate::app::donation_receive::{DinChoice, DonationReceive, donation_receive};
use crate::app::donor_decide::{DonorAct, DonorShown, donor_decide, donor_shown};
use crate::app::donor_record::{
    AnswerGiven, DonorEntry, LookBack, donor_record, donor_register, look_back,
};
use crate::app::site::rules_at;
use crate::app::words::capital;
use crate::codes;
use crate::domain::actor::Capability;
use crate::domain::disposition::Disposition;
use crate::domain::donation::Tissue;
use crate::domain::donor::{
    Cause, Donor, Matrix, Purpose, Reaction, Reactive, Receipt, Relation, RuleSet, Scope, Verdict,
    Yes,
};
use crate::domain::id::{Din, DonorCode, Name, PatientCode};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::Instant;
use crate::store::donor as table;
use crate::store::donor::DonationRow;
use crate::store::{Failure, ledger};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const ENTER: Access = Access::Needs(&[Capability::RegisterDonor]);
const DECIDE: Access = Access::Needs(&[Capability::DecideDonor]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/donors", READ, list, "Donors"),
    Route::get("/donors/new", ENTER, new_form, "Register a donor"),
    Route::post("/donors", ENTER, register, "Register a donor"),
    Route::get("/donors/{code}", READ, show, "A donor"),
    Route::get("/donors/{code}/enter/{entry}", ENTER, entry_form, "An entry about a donor"),
    Route::post("/donors/{code}/enter/{entry}", ENTER, enter, "An entry about a donor"),
    Route::get("/donors/{code}/sign/{act}", DECIDE, act_form, "What QA signs about a donor"),
    Route::post("/donors/{code}/sign/{act}", DECIDE, act_sign, "What QA signs about a donor"),
    Route::get("/donations/{din}", READ, donation, "The donor of a donation"),
];

const PER_PAGE: usize = 50;

fn address(code: &DonorCode) -> String {
    format!("/donors/{code}")
}

fn wanted(cx: &Cx) -> Result<DonorCode, WebError> {
    cx.param_as("code", DonorCode::parse)
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let page = cx.page_number();
    let offset = page.saturating_sub(1).saturating_mul(PER_PAGE);
    let (rows, counts) = cx.app().read(|db| {
        let from = i64::try_from(offset).unwrap_or(i64::MAX);
        Ok((table::list(db, cx.query("q"), from, 50)?, table::counts(db)?))
    })?;
    let mut head = Head::new("Donors")
        .lede("By pseudonymous code. Who the person is stays at the tissue establishment.");
    if cx.may(Capability::RegisterDonor) {
        head = head.action(Link::to("/donors/new", "Register a donor").icon(Icon::Plus).primary());
    }
    let mut sheet = Sheet::new(cx, "Donors", head);
    let mut facts = Facts::new().wide();
    for (disposition, count) in &counts {
        if *disposition != Disposition::ConditionallyReleased {
            facts = facts.with(capital(disposition.word()), count.to_string());
        }
    }
    sheet.main.push(Block::new("", Body::Facts(facts)));
    if rows.is_empty() {
        let empty = Empty::new(
            Icon::Donor,
            "No donor yet",
            "A donor is registered before anything else is recorded.",
        );
        sheet.main.push(Block::new("", Body::Empty(empty)));
        return cx.page(&sheet);
    }
    let mut donors = Table::new(
        "Donors",
        &["Donor", "Tested person", "Standing", "Because", "Donation", "Donated"],
    );
    for row in &rows {
        let given = row.donation.as_ref();
        let cells = [
            Cell::CodeLink(Link::to(format!("/donors/{}", row.code), row.code.clone())),
            Cell::Soft(format!("{}, {}", row.tested_person, row.relation.word())),
            row.standing.into(),
            Cell::Soft(row.because.clone()),
            given.map_or(Cell::Soft("none".to_owned()), |given| Cell::Code(given.din.to_string())),
            Cell::when(given.map_or(String::new(), |given| cx.when(given.donated_at))),
        ];
        if row.reactive > 0 { donors.push_exception(cells) } else { donors.push(cells) }
    }
    sheet.main.push(Block::new("Register", Body::Table(donors)));
    let total: i64 = counts.iter().map(|(_, count)| count).sum();
    let total = usize::try_from(total).unwrap_or(0);
    if total > PER_PAGE {
        sheet.pager = Some(Pager::new("/donors?", page, PER_PAGE, total));
    }
    cx.page(&sheet)
}

fn new_sheet(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Sheet {
    let head = Head::new("Register a donor")
        .under("/donors", "Donors")
        .lede("The donor gets the next free code. Consent, interview and samples follow.");
    let mut sheet = Sheet::new(cx, "Register a donor", head);
    sheet.banners.extend(banner);
    let fields = vec![
        filled(
            cx,
            errors,
            Field::text("tested_person", "Reference of the tested person")
                .hint("The tissue establishment's own code: capitals, digits, hyphens. No name.")
                .placeholder("TE-26-0117")
                .required()
                .autofocus(),
        ),
        filled(
            cx,
            errors,
            Field::radio(
                "relation",
                "The tested person is",
                Relation::ALL.map(|(_, code, words)| (code, words)),
            )
            .hint("Of a newborn donor the mother is tested (DON-1).")
            .required(),
        ),
        filled(
            cx,
            errors,
            Field::text("recipient", "For this patient only")
                .hint("The trial's patient code, when the donor is the patient. Else leave empty.")
                .mono(),
        ),
    ];
    let form = act(&sheet.shell, "/donors", fields, "Register");
    sheet.main.push(Block::new("Donor", Body::Act(Box::new(form))));
    sheet
}

fn new_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&new_sheet(cx, &Errors::new(), None))
}

fn register(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let person = check.required("tested_person");
    let relation = check.choice("relation", Relation::parse);
    let recipient =
        check.parse_optional("recipient", |text| PatientCode::parse(&text.to_uppercase()));
    let (Some(person), Some(relation), true) = (person, relation, check.is_ok()) else {
        return cx.page_again(&new_sheet(cx, &check.errors, Some(incomplete())));
    };
    match attempt(donor_register(cx.app(), &cx.caller()?, person, relation, recipient))? {
        Ok(code) => Ok(Reply::see_other(address(&code)).flash("Registered.")),
        Err(banner) => cx.page_again(&new_sheet(cx, &Errors::new(), Some(banner))),
    }
}

fn donation(cx: &Cx) -> Result<Reply, WebError> {
    let din = cx.param_as("din", Din::parse)?;
    let found: Option<crate::domain::donation::Donation> =
        cx.app().read(|db| ledger::load(db, din.as_str()))?;
    let found = found.ok_or_else(|| WebError::not_found(format!("donation {din}")))?;
    Ok(Reply::see_other(address(&found.donor)))
}

/// Everything the pages of one donor show.
struct Known {
    code: DonorCode,
    donor: Donor,
    shown: DonorShown,
    donations: Vec<DonationRow>,
    rules: RuleSet,
}

fn known(cx: &Cx, code: DonorCode) -> Result<Known, WebError> {
    let site = &cx.web.config().site;
    let (donor, shown, donations) = cx.app().read(|db| {
        let (donor, shown) = donor_shown(db, &code, cx.now, site)?;
        Ok((donor, shown, table::donations_of(db, &code)?))
    })?;
    let at = donations.last().map_or(cx.now, |donation| donation.donated_at);
    Ok(Known { code, donor, shown, donations, rules: rules_at(site, at)?.clone() })
}

fn head(known: &Known) -> Head {
    let mut head = Head::new(format!("Donor {}", known.code))
        .under("/donors", "Donors")
        .chip(known.donor.standing)
        .lede(capital(&known.donor.because));
    if let Some(patient) = &known.donor.recipient {
        head = head.chip(Chip::new(Tone::Wait, format!("for {patient} only")));
    }
    let reactive = known.donor.reactive_markers();
    if !reactive.is_empty() {
        head = head.chip(Chip::new(Tone::Stop, "reactive: biohazard"));
    }
    head
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let known = known(cx, wanted(cx)?)?;
    let mut sheet = Sheet::new(cx, format!("Donor {}", known.code), head(&known));
    if known.donor.standing >= Disposition::OnHold {
        sheet.banners.push(held_banner(cx, &known)?);
    }
    sheet.main.push(verdict_block(&known));
    sheet.main.push(results_block(cx, &known));
    sheet.main.push(samples_block(cx, &known));
    sheet.main.extend(typing_block(cx, &known));
    sheet.main.extend(questionnaire_block(cx, &known));
    sheet.main.extend(decisions_block(&known));
    sheet.aside.push(donation_block(cx, &known));
    sheet.aside.push(consent_block(cx, &known));
    sheet.aside.extend(entries_block(cx, &known));
    sheet.aside.extend(acts_block(cx, &known));
    let stream = format!("/audit/donor/{}", known.code);
    sheet.head = sheet.head.action(Link::to(stream, "Audit trail").icon(Icon::History));
    cx.page(&sheet)
}

/// What the hold reached: everything that descends from the donor, and the orders among it.
fn held_banner(cx: &Cx, known: &Known) -> Result<Banner, WebError> {
    let reached: LookBack = cx.app().read(|db| look_back(db, &known.code))?;
    let title = format!(
        "{}: {} descendants are held",
        capital(known.donor.standing.word()),
        reached.descendants.len()
    );
    let orders = if reached.orders.is_empty() {
        "No patient's order is among them.".to_owned()
    } else {
        format!("Orders among them: {}.", reached.orders.join(", "))
    };
    let text = format!("{}. {orders}", capital(&known.donor.because));
    let banner = if known.donor.standing == Disposition::Rejected {
        Banner::stop(title)
    } else {
        Banner::hold(title)
    };
    let mut banner = banner
        .text(text)
        .action(Link::to(format!("/trace?code={}", known.code), "Trace").icon(Icon::Trace));
    for order in &reached.orders {
        banner = banner.action(Link::to(format!("/orders/{order}"), order.clone()));
    }
    Ok(banner)
}

fn findings(verdict: &Verdict) -> Vec<Finding> {
    let mut unmet: Vec<Finding> = Vec::new();
    let mut met = Vec::new();
    for finding in &verdict.findings {
        let shown = Finding {
            tone: if finding.met { Tone::Ok } else { Tone::Wait },
            title: finding.title.clone(),
            rule: finding.rule.clone(),
            evidence: finding.evidence.clone(),
            href: String::new(),
        };
        if finding.met { met.push(shown) } else { unmet.push(shown) }
    }
    unmet.extend(met);
    unmet
}

fn verdict_block(known: &Known) -> Block {
    match &known.shown.verdict {
        None => Block::new(
            "Eligibility",
            Body::Text(
                "The rules are applied as soon as a donation is received: the windows count from \
                 it."
                .to_owned(),
            ),
        )
        .note(format!("{} v{}", known.rules.id, known.rules.version)),
        Some(verdict) => {
            let open = verdict.unmet().count();
            let note = if open == 0 {
                "every rule is met".to_owned()
            } else {
                format!("{open} of {} rules are not met", verdict.findings.len())
            };
            Block::new(
                format!("Eligibility by {} v{}", verdict.rule_set.id, verdict.rule_set.version),
                Body::Findings(findings(verdict)),
            )
            .note(note)
        }
    }
}

fn reaction_chip(reaction: Reaction) -> Chip {
    let tone = match reaction {
        Reaction::NonReactive => Tone::Ok,
        Reaction::Reactive => Tone::Stop,
        Reaction::Indeterminate => Tone::Wait,
    };
    Chip::new(tone, reaction.word())
}

fn results_block(cx: &Cx, known: &Known) -> Block {
    if known.donor.results.is_empty() {
        return Block::new("Marker results", Body::Text("No report yet.".to_owned()));
    }
    let columns = ["Marker", "Result", "Sample", "Report", "Reported", "Recorded by"];
    let mut table = Table::new("Marker results", &columns);
    for result in &known.donor.results {
        let title = known
            .rules
            .marker(&result.marker)
            .map_or_else(|| result.marker.to_string(), |rule| rule.title.clone());
        let cells = [
            Cell::Text(title),
            reaction_chip(result.reaction).into(),
            Cell::Text(result.sample.to_string()),
            Cell::Soft(format!("{} · {} · {}", result.report, result.laboratory, result.method)),
            Cell::when(cx.when(result.reported_at)),
            Cell::Soft(result.recorded.1.to_string()),
        ];
        if result.reaction == Reaction::Reactive {
            table.push_exception(cells);
        } else {
            table.push(cells);
        }
    }
    Block::new("Marker results", Body::Table(table)).note("every report stays")
}

fn typing_block(cx: &Cx, known: &Known) -> Option<Block> {
    let typed = known.donor.typings.last()?;
    let mut facts = Facts::new().wide();
    for (locus, alleles) in &typed.alleles {
        facts = facts.with(format!("HLA-{locus}"), Cell::Code(alleles.clone()));
    }
    let note = format!("{} · {} · {}", typed.report, typed.laboratory, cx.when(typed.reported_at));
    Some(Block::new("HLA typing", Body::Facts(facts)).note(note))
}

fn samples_block(cx: &Cx, known: &Known) -> Block {
    if known.donor.samples.is_empty() {
        return Block::new("Blood samples", Body::Text("No sample yet.".to_owned()));
    }
    let mut table =
        Table::new("Blood samples", &["Sample", "For", "Drawn", "From the donation", "Matrix"]);
    for sample in &known.donor.samples {
        let since = known.donations.last().map_or(String::new(), |donation| {
            let span = sample.drawn_at.since(donation.donated_at);
            format!("{} {}", span.text(), if span.seconds() < 0 { "before" } else { "after" })
        });
        table.push([
            Cell::Text(sample.number.to_string()),
            Cell::Text(sample.purpose.word().to_owned()),
            Cell::when(cx.when(sample.drawn_at)),
            Cell::Soft(since.replace('−', "")),
            Cell::Soft(sample.matrix.code().to_owned()),
        ]);
    }
    Block::new("Blood samples", Body::Table(table))
}

fn questionnaire_block(cx: &Cx, known: &Known) -> Option<Block> {
    let form = known.donor.questionnaires.last()?;
    let mut table = Table::new("Questionnaire", &["Question", "Answer", "Particulars"]);
    for answer in &form.answers {
        let text = known
            .rules
            .question(&answer.question)
            .map_or_else(|| answer.question.to_string(), |question| question.text.clone());
        let word = if answer.yes { "yes" } else { "no" };
        let tone = if answer.yes { Tone::Wait } else { Tone::Calm };
        table.push([
            Cell::Text(text),
            Chip::new(tone, word).into(),
            Cell::Soft(answer.detail.clone()),
        ]);
    }
    let infusion = &form.haemodilution;
    for (text, yes) in [
        (
            "Blood, blood components or colloids in the 48 h before sampling?",
            infusion.blood_or_colloids,
        ),
        ("Crystalloids in the 1 h before sampling?", infusion.crystalloids),
    ] {
        let tone = if yes { Tone::Wait } else { Tone::Calm };
        let detail = match (yes, infusion.dilution, infusion.earlier_sample) {
            (true, _, true) => "the tested sample is from before".to_owned(),
            (true, Some(dilution), false) => format!("dilution {}", dilution.text()),
            _ => String::new(),
        };
        table.push([
            Cell::Text(text.to_owned()),
            Chip::new(tone, if yes { "yes" } else { "no" }).into(),
            Cell::Soft(detail),
        ]);
    }
    let note = format!(
        "form {} · interview {} · {}",
        form.form_version,
        cx.when(form.interviewed_at),
        form.interviewed_by
    );
    Some(Block::new("Questionnaire", Body::Table(table)).note(note).folded())
}

fn decisions_block(known: &Known) -> Option<Block> {
    let mut signatures: Vec<Signed> = Vec::new();
    signatures.extend(known.donor.evaluation.iter().map(|(.., signature)| signature.into()));
    signatures
        .extend(known.donor.assessments.iter().map(|assessment| (&assessment.signature).into()));
    signatures.extend(known.donor.decisions.iter().map(|decision| (&decision.signature).into()));
    if signatures.is_empty() {
        return None;
    }
    Some(Block::new("Signatures", Body::Signed(signatures)))
}

fn donation_block(cx: &Cx, known: &Known) -> Block {
    let Some((donation, earlier)) = known.donations.split_last() else {
        return Block::new("Donation", Body::Text("Nothing received yet.".to_owned()));
    };
    let before = earlier.iter().map(|given| given.din.printed()).collect::<Vec<_>>().join(", ");
    let facts = Facts::new()
        .with("Number", Cell::Code(donation.din.printed()))
        .with_some("Identification sequence", donation.sequence.clone().map(Cell::Code))
        .with("Tissue", donation.tissue.word())
        .with(capital(donation.tissue.measure().0), donation.amount.text())
        .with("Donated", cx.when(donation.donated_at))
        .with("Received", cx.when(donation.received_at))
        .with(
            "Collection pot",
            Cell::CodeLink(Link::to(
                format!("/containers/{}", donation.container),
                donation.container.to_string(),
            )),
        )
        .with_some("Donated before", Some(before).filter(|before| !before.is_empty()));
    Block::new("Donation", Body::Facts(facts))
}

fn patient_cell(patient: &PatientCode) -> Cell {
    Cell::Code(patient.to_string())
}

fn consent_block(cx: &Cx, known: &Known) -> Block {
    let mut facts = Facts::new()
        .with("Tested person", Cell::Code(known.donor.tested_person.clone()))
        .with("Relation", known.donor.relation.word())
        .with_some("For this patient only", known.donor.recipient.as_ref().map(patient_cell));
    for consent in &known.donor.consents {
        let scopes: Vec<&str> = consent.scopes.iter().map(|scope| scope.word()).collect();
        let value = match &consent.withdrawn {
            None => format!(
                "{} · form {} · {} · {}",
                cx.when(consent.given_at),
                consent.form_version,
                consent.document,
                scopes.join(", ")
            ),
            Some((at, because)) => format!("withdrawn {}: {because}", cx.when(*at)),
        };
        facts = facts.with(format!("Consent {}", consent.number), value);
    }
    Block::new("Person and consent", Body::Facts(facts))
}

/// The entries in the order of work, each a link.
const ENTRIES: [(&str, &str); 7] = [
    ("consent", "Consent"),
    ("questionnaire", "Interview"),
    ("donation", "Receive the donation"),
    ("sample", "Blood sample"),
    ("result", "Marker report"),
    ("typing", "HLA typing"),
    ("withdrawal", "Consent withdrawn"),
];

fn entries_block(cx: &Cx, known: &Known) -> Option<Block> {
    if !cx.may(Capability::RegisterDonor) {
        return None;
    }
    let link = |(entry, text)| Link::to(format!("{}/enter/{entry}", address(&known.code)), text);
    Some(Block::new("Enter", Body::Links(ENTRIES.into_iter().map(link).collect())))
}

fn acts_block(cx: &Cx, known: &Known) -> Option<Block> {
    if !cx.may(Capability::DecideDonor) || known.donor.standing == Disposition::Rejected {
        return None;
    }
    let mut links = Vec::new();
    let mut push = |name: &str, text: &str| {
        links.push(Link::to(format!("{}/sign/{name}", address(&known.code)), text));
    };
    push("evaluation", "Medical evaluation");
    if !assessable(known).is_empty() {
        push("risk", "Risk assessment");
    }
    push("inactivation", "Validated inactivation");
    push("eligible", "Decide: eligible");
    push("ineligible", "Decide: not eligible");
    push("disqualify", "Disqualify after the fact");
    Some(Block::new("Sign", Body::Links(links)))
}

/// Markers and questions that a signed risk assessment can settle.
fn assessable(known: &Known) -> Vec<(String, String)> {
    let markers = known.donor.reactive_markers().into_iter().filter_map(|name| {
        let rule = known.rules.marker(&name)?;
        (rule.reactive == Reactive::Assess).then(|| (name.to_string(), rule.title.clone()))
    });
    let answers = known.donor.questionnaires.last().into_iter().flat_map(|form| {
        form.answers.iter().filter(|answer| answer.yes).filter_map(|answer| {
            let rule = known.rules.question(&answer.question)?;
            (rule.yes == Yes::Assess).then(|| (answer.question.to_string(), rule.text.clone()))
        })
    });
    markers.chain(answers).collect()
}

/// A sheet that stands below the page of its donor.
fn sheet_below(cx: &Cx, title: &str, known: &Known, banner: Option<Banner>) -> Sheet {
    let head = Head::new(title)
        .under("/donors", "Donors")
        .under(address(&known.code), known.code.to_string())
        .chip(known.donor.standing);
    let mut sheet = Sheet::new(cx, title, head);
    sheet.banners.extend(banner);
    sheet
}

fn entry_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&entry_sheet(cx, &Errors::new(), None)?)
}

fn entry_sheet(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<Sheet, WebError> {
    let known = known(cx, wanted(cx)?)?;
    let entry = cx.param("entry");
    let (_, title) = ENTRIES
        .into_iter()
        .find(|(name, _)| *name == entry)
        .ok_or_else(|| WebError::not_found(entry))?;
    let fields = match entry {
        "consent" => consent_fields(),
        "withdrawal" => withdrawal_fields(&known),
        "questionnaire" => questionnaire_fields(cx, &known),
        "donation" => donation_fields(cx, &known),
        "sample" => sample_fields(&known),
        "typing" => typing_fields(&known),
        _ => result_fields(cx, &known),
    };
    let fields = fields.into_iter().map(|field| filled(cx, errors, field)).collect();
    let mut sheet = sheet_below(cx, title, &known, banner);
    let action = format!("{}/enter/{entry}", address(&known.code));
    let form = act(&sheet.shell, action, fields, "Record");
    sheet.main.push(Block::new("", Body::Act(Box::new(form))));
    sheet.aside.push(consent_block(cx, &known));
    sheet.aside.push(donation_block(cx, &known));
    Ok(sheet)
}

fn consent_fields() -> Vec<Field> {
    let mut fields: Vec<Field> = Scope::ALL
        .into_iter()
        .map(|(_, code, words)| {
            Field::checkbox(format!("scope_{code}"), format!("Consent to {words}"))
        })
        .collect();
    fields.push(Field::text("form_version", "Version of the signed form").required());
    fields.push(
        Field::text("document", "Where the signed form is kept")
            .placeholder("Archive TE, folder 26-0117")
            .required(),
    );
    fields.push(Field::new(Kind::DateTime, "given_at", "Given").required());
    fields
}

fn withdrawal_fields(known: &Known) -> Vec<Field> {
    let open = known.donor.consents.iter().filter(|consent| consent.withdrawn.is_none());
    let options = open.map(|consent| {
        let number = consent.number.to_string();
        let words = format!("Consent {number}, form {}", consent.form_version);
        (number, words)
    });
    vec![
        Field::select("number", "Consent", options)
            .hint("Everything made from this donor is on hold at once.")
            .required(),
        Field::new(Kind::DateTime, "withdrawn_at", "Withdrawn").required(),
        Field::area("because", "What was said").required(),
    ]
}

fn questionnaire_fields(cx: &Cx, known: &Known) -> Vec<Field> {
    const ANSWERS: [(&str, &str); 2] = [("yes", "Yes"), ("no", "No")];
    let at = known.donations.last().map_or(cx.now, |donation| donation.donated_at);
    let mut fields = vec![
        Field::text("form_version", "Version of the questionnaire").required(),
        Field::new(Kind::DateTime, "interviewed_at", "Interview").required(),
        Field::radio(
            "blood_or_colloids",
            "Blood, blood components or colloids in the 48 h before sampling?",
            ANSWERS,
        )
        .hint("Ask the delivery ward. The form cannot be kept without the answer (DON-4).")
        .required(),
        Field::radio("crystalloids", "Crystalloids in the 1 h before sampling?", ANSWERS)
            .required(),
        Field::number("dilution", "Dilution by the algorithm, if an infusion was given", "%"),
        Field::checkbox("earlier_sample", "The tested sample was drawn before the infusion"),
    ];
    for question in known.rules.questions_on(at.date(cx.zone()), known.donor.relation) {
        let name = &question.name;
        fields.push(Field::radio(format!("q_{name}"), question.text.clone(), ANSWERS).required());
        fields.push(Field::text(format!("d_{name}"), "Particulars of a yes"));
    }
    fields
}

fn donation_fields(cx: &Cx, known: &Known) -> Vec<Field> {
    let each = |words: fn(&Receipt) -> String| {
        let one = |receipt: &Receipt| format!("{}: {}", receipt.tissue.word(), words(receipt));
        known.rules.receipts.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    let within = each(|receipt| format!("at most {}", receipt.transport_maximum));
    let between = each(|receipt| {
        let (low, high) = receipt.temperatures();
        format!("{} – {}", low.text(), high.text())
    });
    vec![
        Field::scan("din", "Donation number on the label")
            .hint("13 characters, or 14 with the check character.")
            .required()
            .autofocus(),
        Field::radio("tissue", "Tissue", Tissue::ALL.map(|(_, code, words)| (code, words)))
            .required(),
        Field::new(Kind::DateTime, "donated_at", "Donated (birth or procurement)").required(),
        Field::new(Kind::DateTime, "received_at", "Received")
            .value(field_time(cx, cx.now))
            .limits(format!("after the donation, {within}"))
            .required(),
        Field::number("temperature", "Temperature on receipt", "°C").limits(between).required(),
        Field::number("length", "Length of a cord", "cm"),
        Field::number("volume", "Volume of a liquid", "ml")
            .hint("Of lipoaspirate or bone marrow, in place of the length."),
        Field::area("condition", "Condition of tissue and packaging").required(),
    ]
}

fn sample_fields(known: &Known) -> Vec<Field> {
    let window = &known.rules.window;
    vec![
        Field::radio("purpose", "Purpose", Purpose::ALL.map(|(_, code, words)| (code, words)))
            .required(),
        Field::new(Kind::DateTime, "drawn_at", "Drawn")
            .limits(format!(
                "donation sample: {} before to {} after the donation; repeat: from {} on",
                window.before, window.after, known.rules.repeat.after
            ))
            .required(),
        Field::radio("matrix", "Matrix", [("serum", "serum"), ("plasma", "plasma")]).required(),
    ]
}

fn result_fields(cx: &Cx, known: &Known) -> Vec<Field> {
    let at = known.donations.last().map_or(cx.now, |donation| donation.donated_at);
    let samples = known.donor.samples.iter().map(|sample| {
        let words =
            format!("{}, {}, {}", sample.number, sample.purpose.word(), cx.when(sample.drawn_at));
        (sample.number.to_string(), words)
    });
    let markers = known
        .rules
        .markers_on(at.date(cx.zone()))
        .map(|marker| (marker.name.to_string(), marker.title.clone()));
    vec![
        Field::select("sample", "Sample", samples).required(),
        Field::select("marker", "Marker", markers).required(),
        Field::radio("reaction", "Result", Reaction::ALL.map(|(_, code, words)| (code, words)))
            .hint("A reactive result puts everything of this donor on hold at once (DON-5).")
            .required(),
        Field::text("laboratory", "Testing laboratory").required(),
        Field::text("method", "Method and kit").required(),
        Field::text("report", "Number of the report").required(),
        Field::new(Kind::DateTime, "reported_at", "Reported").required(),
    ]
}

fn enter(cx: &Cx) -> Result<Reply, WebError> {
    let code = wanted(cx)?;
    let mut check = cx.check();
    if cx.param("entry") == "donation" {
        return receive(cx, code, check);
    }
    let entry = parse_entry(cx, &code, &mut check)?;
    let (Some(entry), true) = (entry, check.is_ok()) else {
        return cx.page_again(&entry_sheet(cx, &check.errors, Some(incomplete()))?);
    };
    match attempt(donor_record(cx.app(), &cx.caller()?, &code, entry))? {
        Ok(reached) => Ok(Reply::see_other(address(&code)).flash(&told(&reached))),
        Err(banner) => cx.page_again(&entry_sheet(cx, &Errors::new(), Some(banner))?),
    }
}

fn told(reached: &LookBack) -> String {
    if reached.held {
        return format!(
            "Recorded. On hold now: the donor and {} descendants, {} orders among them.",
            reached.descendants.len(),
            reached.orders.len()
        );
    }
    "Recorded.".to_owned()
}

fn parse_entry(
    cx: &Cx,
    code: &DonorCode,
    check: &mut Check<'_>,
) -> Result<Option<DonorEntry>, WebError> {
    let zone = cx.zone();
    let time = |check: &mut Check<'_>, name: &str| {
        check.parse(name, |text| Instant::parse_local(text, zone))
    };
    let number = |text: &str| text.parse::<u32>();
    let form = cx.form();
    Ok(match cx.param("entry") {
        "consent" => {
            let scopes: Vec<Scope> = Scope::ALL
                .into_iter()
                .filter(|(_, code, _)| form.ticked(&format!("scope_{code}")))
                .map(|(scope, ..)| scope)
                .collect();
            let (version, document) = (check.required("form_version"), check.required("document"));
            let given_at = time(check, "given_at");
            version.zip(document).zip(given_at).map(|((form_version, document), given_at)| {
                DonorEntry::Consent { scopes, form_version, document, given_at }
            })
        }
        "withdrawal" => {
            let (number, at) = (check.parse("number", number), time(check, "withdrawn_at"));
            let because = check.required("because");
            number.zip(at).zip(because).map(|((number, withdrawn_at), because)| {
                DonorEntry::Withdrawal { number, withdrawn_at, because }
            })
        }
        "sample" => {
            let purpose = check.choice("purpose", Purpose::parse);
            let matrix = check.choice("matrix", Matrix::parse);
            let drawn_at = time(check, "drawn_at");
            purpose.zip(matrix).zip(drawn_at).map(|((purpose, matrix), drawn_at)| {
                DonorEntry::Sample { purpose, drawn_at, matrix }
            })
        }
        "result" => parse_result(cx, check),
        "typing" => parse_typing(cx, code, check)?,
        "questionnaire" => parse_questionnaire(cx, code, check)?,
        other => return Err(WebError::not_found(other)),
    })
}

fn parse_result(cx: &Cx, check: &mut Check<'_>) -> Option<DonorEntry> {
    let zone = cx.zone();
    let sample = check.parse("sample", |text| text.parse::<u32>());
    let marker = check.parse("marker", Name::parse);
    let reaction = check.choice("reaction", Reaction::parse);
    let laboratory = check.required("laboratory");
    let method = check.required("method");
    let report = check.required("report");
    let reported_at = check.parse("reported_at", |text| Instant::parse_local(text, zone));
    Some(DonorEntry::Marker {
        sample: sample?,
        marker: marker?,
        reaction: reaction?,
        laboratory: laboratory?,
        method: method?,
        report: report?,
        reported_at: reported_at?,
    })
}

fn typing_fields(known: &Known) -> Vec<Field> {
    let loci = known.rules.typing.loci.iter().zip(0_usize..);
    let mut fields: Vec<Field> = loci
        .map(|(locus, number)| {
            Field::text(format!("locus_{number}"), format!("HLA-{locus}")).mono().required()
        })
        .collect();
    fields.extend([
        Field::text("laboratory", "Testing laboratory").required(),
        Field::text("report", "Number of the report").required(),
        Field::new(Kind::DateTime, "reported_at", "Reported").required(),
    ]);
    fields
}

fn parse_typing(
    cx: &Cx,
    code: &DonorCode,
    check: &mut Check<'_>,
) -> Result<Option<DonorEntry>, WebError> {
    let known = known(cx, code.clone())?;
    let zone = cx.zone();
    let mut alleles = Vec::new();
    for (locus, number) in known.rules.typing.loci.iter().zip(0_usize..) {
        alleles
            .extend(check.required(&format!("locus_{number}")).map(|found| (locus.clone(), found)));
    }
    let (laboratory, report) = (check.required("laboratory"), check.required("report"));
    let reported_at = check.parse("reported_at", |text| Instant::parse_local(text, zone));
    Ok(laboratory.zip(report).zip(reported_at).map(|((laboratory, report), reported_at)| {
        DonorEntry::Typing { alleles, laboratory, report, reported_at }
    }))
}

fn parse_questionnaire(
    cx: &Cx,
    code: &DonorCode,
    check: &mut Check<'_>,
) -> Result<Option<DonorEntry>, WebError> {
    let known = known(cx, code.clone())?;
    let at = known.donations.last().map_or(cx.now, |donation| donation.donated_at);
    let form = cx.form();
    let yes = |name: &str| match form.text(name) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let answers = known
        .rules
        .questions_on(at.date(cx.zone()), known.donor.relation)
        .map(|question| AnswerGiven {
            question: question.name.clone(),
            yes: yes(&format!("q_{}", question.name)),
            detail: form.text(&format!("d_{}", question.name)).to_owned(),
        })
        .collect();
    let form_version = check.required("form_version");
    let zone = cx.zone();
    let interviewed_at = check.parse("interviewed_at", |text| Instant::parse_local(text, zone));
    let dilution = check.parse_optional("dilution", |text| Quantity::parse(text, Unit::Percent));
    Ok(form_version.zip(interviewed_at).map(|(form_version, interviewed_at)| {
        DonorEntry::Questionnaire {
            form_version,
            interviewed_at,
            answers,
            blood_or_colloids: yes("blood_or_colloids"),
            crystalloids: yes("crystalloids"),
            dilution,
            earlier_sample: form.ticked("earlier_sample"),
        }
    }))
}

fn receive(cx: &Cx, donor: DonorCode, mut check: Check<'_>) -> Result<Reply, WebError> {
    let zone = cx.zone();
    let din = check.parse("din", codes::read_donation);
    let tissue = check.choice("tissue", Tissue::parse);
    let donated_at = check.parse("donated_at", |text| Instant::parse_local(text, zone));
    let received_at = check.parse("received_at", |text| Instant::parse_local(text, zone));
    let temperature = check.parse("temperature", |text| Quantity::parse(text, Unit::Celsius));
    let length = check.parse_optional("length", |text| Quantity::parse(text, Unit::Centimetre));
    let volume = check.parse_optional("volume", |text| Quantity::parse(text, Unit::Millilitre));
    let condition = check.required("condition");
    let (
        Some(din),
        Some(tissue),
        Some(donated_at),
        Some(received_at),
        Some(temperature),
        Some(condition),
        true,
    ) = (din, tissue, donated_at, received_at, temperature, condition, check.is_ok())
    else {
        return cx.page_again(&entry_sheet(cx, &check.errors, Some(incomplete()))?);
    };
    let command = DonationReceive {
        din: DinChoice::Scanned { din },
        donor: donor.clone(),
        tissue,
        donated_at,
        received_at,
        amount: match tissue.measure() {
            (_, Unit::Centimetre) => length,
            _ => volume,
        },
        temperature,
        condition,
    };
    match attempt(donation_receive(cx.app(), &cx.caller()?, command))? {
        Ok(received) => {
            let mut sentence = format!("Received {} in pot {}.", received.din, received.container);
            if let Some(deviation) = received.deviation {
                sentence.push_str(&format!(" Transport outside its limits: {deviation} opened."));
            }
            Ok(Reply::see_other(address(&donor)).flash(&sentence))
        }
        Err(banner) => cx.page_again(&entry_sheet(cx, &Errors::new(), Some(banner))?),
    }
}

/// The acts in the address, with the title and the button of each.
const ACTS: [(&str, &str, &str); 6] = [
    ("evaluation", "Medical evaluation", "Sign the evaluation"),
    ("risk", "Risk assessment", "Sign the assessment"),
    ("inactivation", "Validated inactivation", "Sign"),
    ("eligible", "Decide: the donor is eligible", "Sign: eligible"),
    ("ineligible", "Decide: the donor is not eligible", "Sign: not eligible"),
    ("disqualify", "Disqualify the donor", "Sign the disqualification"),
];

fn act_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&act_sheet(cx, &Errors::new(), None, None)?)
}

fn act_fields(known: &Known, name: &str) -> Vec<Field> {
    const JUDGED: [(&str, &str); 2] = [("yes", "acceptable"), ("no", "not acceptable")];
    match name {
        "evaluation" => vec![
            Field::radio("acceptable", "The history is", JUDGED).required(),
            Field::area("remark", "Remark").required(),
        ],
        "risk" => vec![
            Field::select("about", "About", assessable(known)).required(),
            Field::radio("acceptable", "The risk is", JUDGED).required(),
            Field::area("reasoning", "Reasoning").required(),
        ],
        "inactivation" => vec![Field::text("reference", "Validation document").required()],
        "disqualify" => vec![
            Field::text("what", "What came up").required(),
            Field::radio("to", "The donor is", [("on_hold", "on hold"), ("rejected", "rejected")])
                .hint("Rejected is never undone.")
                .required(),
            Field::area("because", "Why").required(),
        ],
        "ineligible" => vec![Field::area("remark", "Why the donor is not eligible").required()],
        _ => vec![Field::area("remark", "Remark")],
    }
}

fn act_sheet(
    cx: &Cx,
    errors: &Errors,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<Sheet, WebError> {
    let known = known(cx, wanted(cx)?)?;
    let name = cx.param("act");
    let (_, title, button) =
        ACTS.into_iter().find(|(act, ..)| *act == name).ok_or_else(|| WebError::not_found(name))?;
    let mut sheet = sheet_below(cx, title, &known, banner);
    sheet.main.push(verdict_block(&known));
    sheet.main.push(results_block(cx, &known));
    let fields =
        act_fields(&known, name).into_iter().map(|field| filled(cx, errors, field)).collect();
    let meaning = meaning_of(name);
    let unmet = known.shown.verdict.as_ref().map_or(0, |verdict| verdict.unmet().count());
    let rules = match &known.shown.verdict {
        None => "no donation yet".to_owned(),
        Some(_) if unmet == 0 => "every rule is met".to_owned(),
        Some(_) => format!("{unmet} rules are not met"),
    };
    let lines = vec![
        ("Donor".to_owned(), format!("{}, {}", known.code, known.donor.standing.word())),
        ("Rules".to_owned(), format!("{} v{}: {rules}", known.rules.id, known.rules.version)),
    ];
    let hash = known.shown.hash()?;
    let action = format!("{}/sign/{name}", address(&known.code));
    let form =
        signed_act(cx, &sheet.shell, action, fields, (meaning, &hash, lines), (button, beside))?;
    sheet.act(title, form);
    Ok(sheet)
}

fn meaning_of(name: &str) -> crate::domain::actor::Meaning {
    use crate::domain::actor::Meaning;
    match name {
        "evaluation" | "risk" => Meaning::Reviewed,
        "ineligible" | "disqualify" => Meaning::Rejected,
        _ => Meaning::Approved,
    }
}

fn parse_act(cx: &Cx, check: &mut Check<'_>) -> Option<DonorAct> {
    let judged = |text: &str| match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    match cx.param("act") {
        "evaluation" => {
            let acceptable = check.choice("acceptable", judged);
            let remark = check.required("remark");
            Some(DonorAct::Evaluate { acceptable: acceptable?, remark: remark? })
        }
        "risk" => {
            let about = check.parse("about", Name::parse);
            let acceptable = check.choice("acceptable", judged);
            let reasoning = check.required("reasoning");
            Some(DonorAct::AssessRisk {
                about: about?,
                acceptable: acceptable?,
                reasoning: reasoning?,
            })
        }
        "inactivation" => {
            check.required("reference").map(|reference| DonorAct::Inactivation { reference })
        }
        "eligible" => {
            let remark = check.optional("remark").unwrap_or_default();
            Some(DonorAct::Eligibility { eligible: true, remark })
        }
        "ineligible" => {
            check.required("remark").map(|remark| DonorAct::Eligibility { eligible: false, remark })
        }
        "disqualify" => {
            let what = check.required("what");
            let to = check.choice("to", |text| match text {
                "on_hold" => Some(Disposition::OnHold),
                "rejected" => Some(Disposition::Rejected),
                _ => None,
            });
            let because = check.required("because");
            Some(DonorAct::Disqualify {
                cause: Cause::Report { what: what? },
                to: to?,
                because: because?,
            })
        }
        _ => None,
    }
}

fn act_sign(cx: &Cx) -> Result<Reply, WebError> {
    let code = wanted(cx)?;
    let mut check = cx.check();
    let Some(act) = parse_act(cx, &mut check) else {
        return cx.page_again(&act_sheet(cx, &check.errors, Some(incomplete()), None)?);
    };
    let site = &cx.web.config().site;
    let (_, shown) = cx.app().read(|db| donor_shown(db, &code, cx.now, site))?;
    let caller = cx.caller()?;
    let run = |signature| -> Result<LookBack, Failure> {
        donor_decide(cx.app(), &caller, &code, act.clone(), signature)
    };
    match sign(cx, act.meaning(), &shown.hash()?, run)? {
        Signing::Done(reached) => Ok(Reply::see_other(address(&code)).flash(&told(&reached))),
        Signing::Again(banner, beside) => {
            cx.page_again(&act_sheet(cx, &Errors::new(), banner, beside)?)
        }
    }
}
