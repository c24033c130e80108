//! The main job by hand, in a real browser: from a released bank to a patient's dose, given and
//! certified, through the screens of clinician, technician, QC, QA and Qualified Person. The demo
//! prepares the bank; from there on nothing is done but what a person does: look, type, scan, sign.

use chorda::app::App;
use chorda::app::label_print::label_preview;
use chorda::clock::Clock;
use chorda::config::Settings;
use chorda::demo::{Options, PASSWORD, Story, Until, play};
use chorda::domain::id::ContainerCode;
use chorda::domain::order::Order;
use chorda::domain::time::{Instant, Span};
use chorda::store::{self, verify};
use chorda::web::{self, Background, Web};

use super::driver::Browser;
use super::{fits, picture, sign_in_at};
use crate::support::fresh_folder;

const PATIENT: &str = "XER-07";

/// One entry of a form.
enum Entry<'a> {
    Type(&'a str, &'a str),
    Tick(&'a str),
    Choose(&'a str, &'a str),
}
use Entry::{Choose, Tick, Type};

/// A person at a browser, before a server whose clock the story moves.
struct Hand {
    browser: Browser,
    app: App,
    origin: String,
    folder: std::path::PathBuf,
    _server: Background,
}

impl Drop for Hand {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

impl Hand {
    /// The story until the bank is released, then the pages.
    fn start(browser: Browser) -> Self {
        let folder = fresh_folder();
        let options = Options {
            dir: folder.clone(),
            database: None,
            fresh: false,
            story: Story::Told(Until::Bank),
            silent: true,
            settings: Settings::default(),
        };
        let played = play(&options).unwrap();
        let noon = Instant::parse("2026-08-17T10:00:00Z").unwrap();
        let app = App { clock: Clock::manual(noon), ..played.app };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let server = web::serve_in_background(Web::new(app.clone()).unwrap(), listener).unwrap();
        Self { browser, app, origin, folder, _server: server }
    }

    fn at(&self, day: impl std::fmt::Display, time: &str) {
        let to = Instant::parse_local(&format!("{day} {time}"), self.app.config.zone).unwrap();
        assert!(to >= self.app.clock.now(), "{day} {time} is past");
        self.app.clock.set(to);
    }

    fn sign_in(&self, login: &str) {
        sign_in_at(&self.browser, &self.origin, login, PASSWORD);
    }

    fn go(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.origin));
    }

    /// Clicks on the link or button of these words; of the main part of the page.
    #[track_caller]
    fn press(&self, words: &str) {
        let script = format!(
            "document.querySelector('[data-pressed]')?.removeAttribute('data-pressed');\
             const found = [...document.querySelectorAll('main button, main a')].find(one => \
             one.offsetParent && one.innerText.includes({words:?}));\
             found?.setAttribute('data-pressed', ''); return Boolean(found)"
        );
        let found = self.soon(|| self.browser.run(&script) == true);
        let text = || self.browser.text("main");
        assert!(found, "no {words:?} at {}: {}", self.browser.address(), text());
        self.browser.click("[data-pressed]");
    }

    /// Whether it becomes true before a person would give up.
    fn soon(&self, test: impl Fn() -> bool) -> bool {
        (0..100).any(|_| {
            let found = test();
            if !found {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            found
        })
    }

    #[track_caller]
    fn says(&self, words: &str) {
        self.browser.says(words);
    }

    fn fill(&self, entries: &[Entry<'_>]) {
        for entry in entries {
            match entry {
                Type(name, text) => self.browser.type_into(&format!("[name='{name}']"), text),
                Tick(name) => self.browser.click(&format!("[name='{name}']")),
                Choose(name, value) => {
                    let field = format!("[name='{name}']");
                    let value = format!("[value='{value}']");
                    self.browser.click(&format!("{field} {value}, {field}{value}"));
                }
            }
        }
    }

    /// Signs as the person who is signed in, by password; a minute passes.
    fn sign(&self) {
        self.app.clock.advance(Span::of_minutes(1));
        self.browser.type_into("[name='sign_password']", PASSWORD);
        self.browser.click("main form:has([name='sign_password']) button.primary");
    }

    /// What a scanner reads from the label that is on a container now.
    fn label(&self, code: &str) -> String {
        label_preview(&self.app, &ContainerCode::parse(code).unwrap(), false).unwrap().1.payload
    }

    /// Takes the next step of a batch, scans and enters, looks once more, signs.
    fn perform(&self, batch: &str, step: &str, scans: &[&str], entries: &[Entry<'_>]) {
        self.enter(batch, step, scans, entries);
        self.browser.wait_for(".sign");
        picture(&self.browser, &format!("by-hand-{step}-sign"));
        self.sign();
        self.says("is performed and signed");
    }

    fn enter(&self, batch: &str, step: &str, scans: &[&str], entries: &[Entry<'_>]) {
        self.go(&format!("/batches/{batch}"));
        self.browser.click(&format!("#{step} .actions a.primary"));
        self.browser.wait_for(".instruction");
        for code in scans {
            self.browser.scan(code);
        }
        // With nothing left to enter, the last scan has sent the form.
        if !self.browser.has(".sign") {
            self.fill(entries);
            picture(&self.browser, &format!("by-hand-{step}"));
            self.press("Check the entries");
        }
    }

    /// The second technician verifies at the same screen.
    fn verify(&self, step: &str, login: &str) {
        self.browser.click(&format!("#{step} .actions a.primary"));
        self.fill(&[Type("second_login", login), Type("second_password", PASSWORD)]);
        self.browser.click(".sign button.primary");
    }

    fn perform_verified(&self, batch: &str, step: &str, scans: &[&str], entries: &[Entry<'_>]) {
        self.perform(batch, step, scans, entries);
        self.verify(step, "bor.zupan");
        self.says("is verified");
    }

    /// Prints what has no label yet, puts the labels on and reads each back.
    fn label_all(&self, batch: &str) {
        self.go(&format!("/labels/batch/{batch}"));
        self.press("Print all that are missing");
        self.says("Apply each and read it back");
        picture(&self.browser, "by-hand-labels");
        self.go(&format!("/labels/batch/{batch}/run"));
        while self.browser.has("[name='scanned']") {
            let code = self.browser.text("p.big.code");
            self.browser.scan(&self.label(&code));
            self.says(&format!("The label on {code} is the right one"));
        }
    }

    /// The containers of a batch that the page of its labels lists.
    fn containers(&self, batch: &str, letter: &str) -> Vec<String> {
        self.go(&format!("/labels/batch/{batch}"));
        let script = format!(
            "return [...document.querySelectorAll('tbody a.code')].map(one => one.innerText)\
             .filter(code => code.startsWith({letter:?}))"
        );
        let found = self.browser.run(&script);
        found.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
    }

    /// A sample arrives in the laboratory and its test begins.
    fn begin_test(&self, batch: &str, test: &str, sample: &str) {
        self.go(&format!("/tests/{batch}.{test}"));
        self.fill(&[Type("condition", "cold, intact")]);
        self.browser.type_into("[name='sample']", &self.label(sample));
        self.press("Record receipt");
        self.press("Record the start");
        self.says("Enter the result");
    }

    fn result(&self, batch: &str, test: &str, entries: &[Entry<'_>]) {
        self.go(&format!("/tests/{batch}.{test}"));
        self.press("Enter the result");
        self.fill(entries);
        self.press("Check before signing");
        self.sign();
        self.says("waits for review");
    }

    /// The other analyst reviews whatever waits on the home page.
    fn review_results(&self, login: &str, count: usize) {
        self.sign_in(login);
        for _ in 0..count {
            self.go("/");
            self.press("result to review");
            self.press("Review the result");
            self.sign();
            self.says("reviewed by");
        }
    }

    /// QA reviews a batch: a remark at every exception, a conclusion, the signature.
    fn review_batch(&self, batch: &str) {
        self.sign_in("eva.cuk");
        self.go("/release");
        self.press(batch);
        let remarks =
            "return [...document.querySelectorAll(\"[name^='r_']\")].map(one => one.name)";
        for name in self.browser.run(remarks).as_array().unwrap() {
            self.fill(&[Type(name.as_str().unwrap(), "seen; evidence read")]);
        }
        self.fill(&[Type("conclusion", "complete and plausible; audit trail reviewed")]);
        picture(&self.browser, "by-hand-review");
        self.sign();
        self.says("Review signed.");
    }

    fn certify(&self, batch: &str, act: &str) {
        self.sign_in("filip.vrh");
        self.press(batch);
        self.press(act);
        self.fill(&[Type("authorisation", "MIA(IMP)-A9999 (invented)")]);
        picture(&self.browser, "by-hand-certify");
        self.sign();
        self.says("Certified: CERT-");
    }

    fn order(&self, number: &str) -> Order {
        let found = self.app.read(|db| store::ledger::load::<Order>(db, number)).unwrap();
        found.unwrap()
    }
}

#[test]
fn the_main_job_is_done_by_hand_from_the_order_to_the_final_certificate() {
    let Some(browser) = Browser::start() else { return };
    let hand = Hand::start(browser);
    let number = place_the_order(&hand);
    let vial = schedule_and_reserve(&hand, &number);
    let slot = hand.order(&number).slot().clone();
    hand.at(slot.thaw_on, "08:10");
    let batch = thaw(&hand, &number, &vial);
    hand.at(slot.qc_on.unwrap(), "09:30");
    supernatant(&hand, &batch);
    hand.at(slot.infusion_on, "08:30");
    fill_the_syringes(&hand, &batch);
    test_of_the_day(&hand, &batch);
    hand.review_batch(&batch);
    hand.certify(&batch, "Certify initially");
    let syringes = hand_over(&hand, &number, &batch);
    receive_and_give(&hand, &number, &syringes);
    hand.at(slot.infusion_on.plus_days(12), "09:00");
    certify_finally(&hand, &number, &batch);
    hand.app.store.seal_now().unwrap();
    let report = verify::run(&hand.app.store).unwrap();
    assert!(report.passed, "{:#?}", report.lines());
    let complaints = hand.browser.complaints();
    let blocked: Vec<_> = complaints.iter().filter(|text| !text.contains("422")).collect();
    assert!(blocked.is_empty(), "{blocked:?}");
}

/// The clinician orders on one page; another clinician reads and confirms.
fn place_the_order(hand: &Hand) -> String {
    hand.sign_in("gaja.perse");
    hand.press("New order");
    hand.fill(&[
        Type("patient", PATIENT),
        Type("indication", "Radiation-induced xerostomia, CTCAE grade 3"),
        Type("cells_left_parotid", "40"),
    ]);
    // The amounts follow at once, from the server.
    hand.says("2.80 ml");
    hand.fill(&[Type("cells_left_parotid", "50")]);
    hand.browser.run(
        "for (const row of document.querySelectorAll('.criterion')) {\
           const yes = row.innerText.includes('inclusion');\
           row.querySelector(`input[value=${yes ? 'yes' : 'no'}]`).click();\
         }\
         const friday = (day) => new Date(day.value).getDay() === 5;
         [...document.querySelectorAll('.calday.offered input')].find(friday).click()",
    );
    picture(&hand.browser, "by-hand-order");
    hand.press("Check and sign");
    hand.says("Read the order, then sign");
    picture(&hand.browser, "by-hand-order-sign");
    hand.sign();
    hand.says("A second person must confirm it.");
    let number = hand.browser.text("main h1");
    assert!(!hand.browser.text("main").contains("Read and confirm"), "one's own order");
    hand.sign_in("hugo.bizjak");
    hand.press(&number);
    hand.press("Read and confirm");
    hand.sign();
    hand.says("to be scheduled");
    number
}

/// The technician takes the slot and reserves a vial of the bank.
fn schedule_and_reserve(hand: &Hand, number: &str) -> String {
    hand.sign_in("ana.kos");
    hand.go("/batches/B-2026-0006?part=pool");
    hand.says("equal ratio");
    picture(&hand.browser, "by-hand-pool");
    fits(&hand.browser, "by-hand-pool");
    hand.go("/");
    hand.press(number);
    hand.press("Accept and schedule");
    picture(&hand.browser, "by-hand-schedule");
    hand.press("Check and sign");
    hand.sign();
    hand.says("Vial of the bank");
    picture(&hand.browser, "by-hand-reserve");
    hand.press("Reserve");
    hand.says("reserved for this order");
    hand.order(number).allocated.first().unwrap().clone()
}

/// The vial is picked, thawed, counted; two people sign; a wrong vial and a wrong signer are told.
fn thaw(hand: &Hand, number: &str, vial: &str) -> String {
    hand.sign_in("ana.kos");
    hand.press(number);
    hand.press("Start the batch");
    hand.fill(&[Choose("record", "EQ-MSC-DOSE")]);
    hand.press("Start the batch");
    hand.says("is started");
    let batch = hand.browser.text("main h1").replace("Batch ", "");
    picture(&hand.browser, "by-hand-batch");
    fits(&hand.browser, "by-hand-batch");
    // A scan finds the field that waits for it, wherever the focus is.
    hand.press("Perform");
    hand.browser.run("document.activeElement.blur()");
    let value = "return document.querySelector('[name=\"asset.0\"]').value";
    // On a busy computer a scan may come too slowly to be taken for one.
    let filled = (0..5).any(|_| {
        hand.browser.scan("EQ-BSC-01");
        hand.soon(|| hand.browser.run(value) == "EQ-BSC-01")
    });
    assert!(filled, "{}", hand.browser.text("body"));
    hand.browser.gone("dialog.band[open]");
    hand.fill(&[Tick("field.nothing_else_present"), Tick("field.cleaned")]);
    hand.press("Check the entries");
    hand.sign();
    hand.says("is performed and signed");
    // One's own work is verified by somebody else.
    hand.verify("clear_line", "ana.kos");
    hand.says("performer and verifier are two people");
    picture(&hand.browser, "by-hand-own-verification");
    hand.go(&format!("/batches/{batch}"));
    hand.verify("clear_line", "bor.zupan");
    hand.says("is verified");
    // The vial is taken out of its tank.
    hand.go(&format!("/storage/take?batch={batch}&code={vial}"));
    picture(&hand.browser, "by-hand-take");
    hand.press("Take out");
    hand.says("is in your hands");
    // Another vial of the same bank is not the one that was reserved.
    let other = if vial == "CV0000002" { "CV0000003" } else { "CV0000002" };
    let warm = [Type("field.bath_temperature", "37.0")];
    hand.enter(&batch, "thaw", &["EQ-THW-01", &hand.label(other)], &warm);
    hand.browser.wait_for(".banner.tone-stop");
    picture(&hand.browser, "by-hand-wrong-vial");
    hand.perform_verified(&batch, "thaw", &["EQ-THW-01", &hand.label(vial)], &warm);
    let count = [
        Type("field.concentration", "4.380"),
        Type("field.viability", "88.5"),
        Type("field.volume", "10.0"),
    ];
    hand.perform_verified(&batch, "count_thaw", &["LOT:ALPHA-MEM/M26-071", "EQ-CNT-01"], &count);
    let medium = ["LOT:ALPHA-MEM/M26-071", "LOT:HPL/L26-009", "EQ-INC-02"];
    hand.perform(&batch, "seed_p2", &medium, &[]);
    hand.label_all(&batch);
    hand.perform(&batch, "label_p2", &[], &[]);
    picture(&hand.browser, "by-hand-batch-p2");
    batch
}

/// The supernatant is sampled; QC receives it and finishes what can be finished before harvest.
fn supernatant(hand: &Hand, batch: &str) {
    hand.sign_in("ana.kos");
    hand.perform(batch, "sample_supernatant", &[], &[]);
    hand.label_all(batch);
    hand.perform(batch, "label_supernatant", &[], &[]);
    let sample = hand.containers(batch, "CT").pop().unwrap();
    hand.sign_in("cene.lah");
    picture(&hand.browser, "by-hand-home-qc");
    hand.begin_test(batch, "mycoplasma", &sample);
    hand.begin_test(batch, "sterility_interim", &sample);
    hand.app.clock.advance(Span::of_hours(20));
    hand.sign_in("cene.lah");
    hand.result(batch, "mycoplasma", &[Choose("v_mycoplasma", "negative")]);
    hand.review_results("darja.rus", 1);
}

/// Harvest, formulation, samples, four syringes, labels, closing.
fn fill_the_syringes(hand: &Hand, batch: &str) {
    hand.sign_in("ana.kos");
    let flasks = hand.containers(batch, "CF");
    let scans = ["LOT:TRYPLE/T26-032".to_owned(), "EQ-CNT-01".to_owned()];
    let scans: Vec<String> =
        scans.into_iter().chain(flasks.iter().map(|flask| hand.label(flask))).collect();
    let scans: Vec<&str> = scans.iter().map(String::as_str).collect();
    let harvest = [
        Type("field.concentration", "4.360"),
        Type("field.viability", "95.2"),
        Type("field.volume", "48.0"),
    ];
    hand.perform_verified(batch, "harvest_p2", &scans, &harvest);
    let scans = ["LOT:NACL-09/N26-055", "LOT:HSA-20/A26-007", "EQ-CTR-01", "EQ-CNT-01"];
    let formulated = [
        Type("field.volume", "3.80"),
        Type("field.concentration", "52.40"),
        Type("field.viability", "95.8"),
    ];
    hand.perform_verified(batch, "formulate", &scans, &formulated);
    hand.perform(batch, "sample_product", &[], &[]);
    let appearance = [Choose("field.appearance", "opalescent, no clumps")];
    hand.perform_verified(batch, "fill", &["LOT:SYRINGE-1ML/S26-140"], &appearance);
    hand.label_all(batch);
    hand.perform_verified(batch, "label_syringes", &[], &[]);
    hand.perform_verified(batch, "close", &[], &[Tick("field.line_left_clear")]);
    picture(&hand.browser, "by-hand-batch-complete");
}

/// QC tests on the day; sterility goes on growing.
fn test_of_the_day(hand: &Hand, batch: &str) {
    let samples = hand.containers(batch, "CT");
    let [_, release, sterility] = samples.as_slice() else { panic!("{samples:?}") };
    hand.sign_in("cene.lah");
    for test in ["viability", "identity", "endotoxin", "gram_stain"] {
        hand.begin_test(batch, test, release);
    }
    hand.begin_test(batch, "sterility", sterility);
    hand.app.clock.advance(Span::of_minutes(5));
    hand.result(
        batch,
        "viability",
        &[Type("v_viability", "95.6"), Type("v_concentration", "50.3")],
    );
    let identity = [
        Type("v_cd73", "98.8"),
        Type("v_cd90", "98.1"),
        Type("v_cd105", "96.9"),
        Type("v_cd45", "0.4"),
        Type("v_hla_dr", "1.2"),
    ];
    hand.result(batch, "identity", &identity);
    hand.result(batch, "endotoxin", &[Type("v_endotoxin", "0,5")]);
    hand.result(batch, "gram_stain", &[Choose("v_organisms", "negative")]);
    for test in ["sterility_interim", "sterility"] {
        hand.go(&format!("/tests/{batch}.{test}"));
        hand.press("Interim reading");
        hand.sign();
        hand.says("Negative to date");
    }
    hand.review_results("darja.rus", 4);
}

/// The technician hands the syringes to the clinician who waits for them.
fn hand_over(hand: &Hand, number: &str, batch: &str) -> Vec<String> {
    let syringes = hand.containers(batch, "CJ");
    assert_eq!(syringes.len(), 4);
    hand.sign_in("ana.kos");
    hand.go(&format!("/orders/{number}"));
    hand.press("Hand over");
    hand.browser.scan(PATIENT);
    for syringe in &syringes {
        hand.browser.scan(&hand.label(syringe));
    }
    hand.fill(&[
        Choose("to", "gaja.perse"),
        Type("destination", "Clinic, treatment room 2"),
        Type("condition", "sealed box, seal intact"),
    ]);
    picture(&hand.browser, "by-hand-hand-over");
    hand.press("Check and sign");
    hand.sign();
    hand.says("Handed over.");
    syringes
}

/// On a phone: the clinician receives, tries the wrong syringe, gives each gland its own.
fn receive_and_give(hand: &Hand, number: &str, syringes: &[String]) {
    hand.app.clock.advance(Span::of_minutes(20));
    hand.browser.resize(390, 844);
    hand.sign_in("gaja.perse");
    hand.press("receive");
    hand.browser.scan(PATIENT);
    for syringe in syringes {
        hand.browser.scan(&hand.label(syringe));
    }
    hand.fill(&[Type("condition", "sealed box, seal intact")]);
    hand.press("Check and sign");
    hand.sign();
    hand.says("Received. You hold the units now.");
    let units = hand.order(number).units.clone();
    for (index, unit) in units.iter().enumerate() {
        hand.go(&format!("/orders/{number}/give/{}", unit.target));
        if index == 0 {
            let wrong = &syringes[1];
            hand.browser.scan(PATIENT);
            hand.browser.scan(&hand.label(wrong));
            hand.browser.wait_for(".banner.tone-stop");
            picture(&hand.browser, "by-hand-wrong-syringe");
            hand.browser.resize(390, 844);
            hand.go(&format!("/orders/{number}/give/{}", unit.target));
        }
        hand.browser.scan(PATIENT);
        hand.browser.scan(&hand.label(&syringes[index]));
        hand.says("It matches");
        hand.sign();
        hand.says("Given and recorded.");
    }
    picture(&hand.browser, "by-hand-given");
    hand.browser.resize(1280, 800);
}

/// Sterility ends; QA reviews once more, the QP certifies; the order is closed; QA takes the record.
fn certify_finally(hand: &Hand, number: &str, batch: &str) {
    hand.sign_in("cene.lah");
    for test in ["sterility_interim", "sterility"] {
        hand.result(batch, test, &[Choose("v_growth", "negative")]);
    }
    hand.review_results("darja.rus", 2);
    hand.review_batch(batch);
    hand.certify(batch, "Certify finally");
    hand.sign_in("gaja.perse");
    hand.press(number);
    hand.press("Check and sign");
    hand.sign();
    hand.says("closed");
    hand.sign_in("eva.cuk");
    hand.go(&format!("/orders/{number}"));
    picture(&hand.browser, "by-hand-order-closed");
    let record = hand.browser.run(
        "const link = [...document.querySelectorAll('main a')]\
         .find(one => one.innerText.includes('Batch record'));\
         const request = new XMLHttpRequest(); request.open('GET', link.href, false);\
         request.overrideMimeType('text/plain; charset=x-user-defined'); request.send();\
         return [request.status, request.responseText.slice(0, 5), request.responseText.length]",
    );
    assert_eq!((&record[0], &record[1]), (&200.into(), &"%PDF-".into()), "{record}");
    assert!(record[2].as_u64().unwrap() > 20_000, "{record}");
}
