//! An invented batch record of realistic size: four donors, one pool, one patient.

use chorda::domain::disposition::Disposition;
use chorda::domain::time::{Instant, Span, Zone};
use chorda::record::*;

fn at(minutes: i64) -> Moment {
    let start = Instant::parse("2026-03-02T07:00:00.250000Z").unwrap();
    Moment::new(start.plus(Span::of_minutes(minutes)), Zone::LJUBLJANA)
}

const DAY: i64 = 24 * 60;

fn person(login: &str) -> Person {
    let (name, role) = match login {
        "t.novak" => ("Tina Novak", "technician"),
        "m.kos" => ("Matjaž Kos", "technician"),
        "q.zupan" => ("Špela Zupan", "quality assurance"),
        "l.hribar" => ("Luka Hribar", "QC analyst"),
        "p.cerar" => ("Dr. Petra Čerar", "Qualified Person"),
        _ => ("Dr. Živa Žagar", "clinician"),
    };
    Person { name: name.into(), login: login.into(), role: role.into() }
}

fn mark(login: &str, minutes: i64, meaning: &str) -> Mark {
    Mark {
        by: person(login),
        at: at(minutes),
        act: "performed".into(),
        meaning: meaning.into(),
        recorded_at: None,
        reason: None,
    }
}

fn field(label: &str, value: &str, limits: Option<&str>, verdict: Verdict, source: &str) -> Field {
    Field {
        label: label.into(),
        value: value.into(),
        unit: None,
        number: None,
        limits: limits.map(Into::into),
        verdict,
        source: source.into(),
        corrections: Vec::new(),
    }
}

fn count_fields(cells: &str, viability: &str) -> Vec<Field> {
    let corrected = Correction {
        number: 1,
        from: "92.0 %".into(),
        to: "91.0 %".into(),
        calculated: false,
        by: person("t.novak"),
        at: at(3 * DAY),
        reason: "read from the wrong square of the chamber; counted again".into(),
        verified: Some(mark("m.kos", 3 * DAY + 5, "I verified this")),
        waits: false,
    };
    vec![
        field("Viable cell concentration", cells, Some("≥ 0.50×10⁶/ml"), Verdict::In, "typed"),
        Field {
            corrections: if viability == "91.0 %" { vec![corrected] } else { Vec::new() },
            ..field("Viability", viability, Some("≥ 80 %"), Verdict::In, "typed")
        },
        field("Volume", "52.0 ml", None, Verdict::None, "typed"),
        field("Viable cells", "58.66×10⁶", Some("≥ 40×10⁶"), Verdict::In, "calculated"),
        field("Population doublings", "3.21", Some("≤ 12"), Verdict::In, "calculated"),
    ]
}

struct Script {
    steps: Vec<Step>,
    minute: i64,
}

impl Script {
    fn step(
        &mut self,
        operation: &str,
        title: &str,
        verified: bool,
        fields: Vec<Field>,
    ) -> &mut Step {
        let number = format!("{}.{}", 1 + self.steps.len() / 5, 1 + self.steps.len() % 5);
        self.minute += 35;
        self.steps.push(Step {
            id: title.to_lowercase().replace(' ', "_"),
            number,
            title: title.into(),
            operation: operation.into(),
            instruction: Some(format!(
                "{title} as written in the approved procedure; record every value at the time it is \
                 read and compare the label with the screen before and after."
            )),
            fields,
            performed: Some(mark("t.novak", self.minute, "I performed this step as written")),
            verified: verified
                .then(|| mark("m.kos", self.minute + 4, "I checked this step independently")),
            needs_verification: verified,
            materials: Vec::new(),
            equipment: vec!["EQ-BSC-01 safety cabinet".into()],
            containers: Vec::new(),
            deviations: Vec::new(),
            not_covered: Vec::new(),
        });
        self.steps.last_mut().unwrap()
    }
}

fn culture_steps(start: i64, number: usize) -> Vec<Step> {
    let mut script = Script { steps: Vec::new(), minute: start };
    script.step(
        "receive",
        "Receive the cord",
        true,
        vec![
            field("Transport temperature", "5.4 °C", Some("2–8 °C"), Verdict::In, "instrument"),
            field("Time since birth", "11 h 20 min", Some("≤ 24 h"), Verdict::In, "calculated"),
            field("Pot intact", "yes", Some("yes"), Verdict::In, "typed"),
        ],
    );
    script.step(
        "clear_line",
        "Clear the line",
        true,
        vec![field(
            "Nothing of an earlier batch present",
            "confirmed",
            Some("confirmed"),
            Verdict::In,
            "typed",
        )],
    );
    script
        .step(
            "seed",
            "Seed the explants",
            false,
            vec![
                field("Explants", "96", Some("60–120"), Verdict::In, "typed"),
                field("Flasks", "8", Some("6–10"), Verdict::In, "calculated"),
            ],
        )
        .materials =
        vec!["α-MEM lot L-2201, 240 ml".into(), "human platelet lysate lot PL-77, 26 ml".into()];
    for feed in 1..=3 {
        script.minute += 3 * DAY;
        script.step(
            "feed",
            &format!("Change the medium ({feed} of 3)"),
            false,
            vec![field("Confluence", &format!("{} %", 15 * feed), None, Verdict::None, "typed")],
        );
    }
    let harvest = script.step("harvest", "Harvest P0", true, Vec::new());
    harvest.containers = vec!["in: 8 flasks CF0000001 … CF0000008".into()];
    let viability = if number == 1 { "91.0 %" } else { "94.0 %" };
    script.step("count", "Count after P0", true, count_fields("1.20×10⁶/ml", viability));
    script.minute += DAY;
    script.step(
        "seed",
        "Seed P1",
        false,
        vec![
            field("Seeding density", "4 000 /cm²", Some("3 000–5 000 /cm²"), Verdict::In, "typed"),
            field("Cells seeded", "14.0×10⁶", None, Verdict::None, "calculated"),
        ],
    );
    script.minute += 4 * DAY;
    let feed = script.step(
        "feed",
        "Change the medium of P1",
        false,
        vec![field("Confluence", "58 %", None, Verdict::None, "typed")],
    );
    if number == 2 {
        let done = feed.performed.as_mut().unwrap();
        done.recorded_at = Some(at(start + 24 * DAY));
        done.reason = Some("no network in the clean room; entered from the paper form 14".into());
    }
    script.minute += 3 * DAY;
    script.step(
        "harvest",
        "Harvest P1",
        true,
        vec![field("Confluence", "88 %", Some("≥ 70 %"), Verdict::In, "typed")],
    );
    script.step("count", "Count after P1", true, count_fields("1.28×10⁶/ml", "95.1 %"));
    script.step(
        "fill",
        "Fill the hold vials",
        true,
        vec![
            field("Hold vials", "6", None, Verdict::None, "calculated"),
            field("Volume per vial", "8.0 ml", Some("7.8–8.2 ml"), Verdict::In, "typed"),
        ],
    );
    script.step(
        "sample",
        "Take samples",
        false,
        vec![field("Tubes", "2", Some("2"), Verdict::In, "scanned")],
    );
    script.steps
}

fn pool_steps(start: i64) -> Vec<Step> {
    let mut script = Script { steps: Vec::new(), minute: start };
    script.step("clear_line", "Clear the line", true, Vec::new());
    script.step(
        "receive",
        "Bring together four donors",
        true,
        vec![
            field("Distinct eligible donors", "4", Some("exactly 4"), Verdict::In, "calculated"),
            field("Passages", "1, 1, 1, 1", Some("≤ 2"), Verdict::In, "calculated"),
        ],
    );
    script.step("count", "Count each donor's cells", true, count_fields("1.20×10⁶/ml", "94.0 %"));
    script.step(
        "pool",
        "Pool in equal ratios",
        true,
        vec![
            field("Taken from DNR-0001", "51.94 ml", Some("51.94 ml ± 1 %"), Verdict::In, "typed"),
            field("Taken from DNR-0002", "67.77 ml", Some("67.77 ml ± 1 %"), Verdict::In, "typed"),
            field("Taken from DNR-0004", "38.14 ml", Some("38.14 ml ± 1 %"), Verdict::In, "typed"),
            field("Taken from DNR-0005", "60.00 ml", Some("60.00 ml ± 1 %"), Verdict::In, "typed"),
            field("Shares", "25.00 % each", Some("25 % ± 1"), Verdict::In, "calculated"),
            field("Viable cells in the pool", "2.3435×10⁸", None, Verdict::None, "calculated"),
        ],
    );
    script.step("formulate", "Suspend in freezing medium", true, Vec::new()).materials =
        vec!["freezing medium lot CS-118, 62 ml".into()];
    script.step(
        "fill",
        "Fill 60 aliquots",
        true,
        vec![field("Aliquots", "60", Some("60"), Verdict::In, "scanned")],
    );
    script.step(
        "label",
        "Label and scan back",
        true,
        vec![field("Labels read back", "60 of 60", Some("60 of 60"), Verdict::In, "scanned")],
    );
    script.step(
        "freeze",
        "Freeze at a controlled rate",
        false,
        vec![field(
            "Cooling rate",
            "−1.0 °C/min",
            Some("−0.8 to −1.2 °C/min"),
            Verdict::In,
            "instrument",
        )],
    );
    let store = script.step(
        "store",
        "Store in nitrogen",
        true,
        vec![field(
            "Warmest during transfer",
            "−148 °C",
            Some("≤ −150 °C"),
            Verdict::Out,
            "instrument",
        )],
    );
    store.deviations = vec!["DEV-2026-0003".into()];
    script.step("sample", "Send retention samples", false, Vec::new());
    script.steps
}

fn dose_steps(start: i64) -> Vec<Step> {
    let mut script = Script { steps: Vec::new(), minute: start };
    script.step("clear_line", "Clear the line", true, Vec::new());
    script.step(
        "retrieve",
        "Pick the reserved aliquot",
        true,
        vec![
            field("Vial", "CV0000031", Some("reserved for ORD-2026-0001"), Verdict::In, "scanned"),
            field("Time out of cold", "2 min 10 s", Some("≤ 10 min"), Verdict::In, "calculated"),
        ],
    );
    script.step(
        "thaw",
        "Thaw",
        true,
        vec![
            field("Bath temperature", "37.0 °C", Some("36–38 °C"), Verdict::In, "instrument"),
            field("Viability after thaw", "89.5 %", Some("≥ 70 %"), Verdict::In, "typed"),
        ],
    );
    script.step(
        "seed",
        "Seed P2",
        true,
        vec![field("Flasks", "10", Some("8–12"), Verdict::In, "typed")],
    );
    script.minute += 2 * DAY;
    script.step("feed", "Change the medium", false, Vec::new());
    script.minute += 2 * DAY;
    script.step("harvest", "Harvest P2", true, Vec::new());
    script.step("count", "Count", true, count_fields("12.4×10⁶/ml", "96.2 %"));
    script
        .step(
            "formulate",
            "Formulate to 50×10⁶/ml",
            true,
            vec![
                field("Volume for 50×10⁶/ml", "3.6 ml", None, Verdict::None, "calculated"),
                field(
                    "Concentration found",
                    "50.4×10⁶/ml",
                    Some("47.5–52.5×10⁶/ml"),
                    Verdict::In,
                    "typed",
                ),
            ],
        )
        .materials =
        vec!["saline lot NS-4, 3.5 ml".into(), "albumin 20 % lot HA-12, 0.1 ml".into()];
    script.step(
        "fill",
        "Fill four syringes",
        true,
        vec![
            field("Parotid, 2 ×", "1.0 ml, 1.0 ml", Some("1.0 ml ± 2 %"), Verdict::In, "typed"),
            field(
                "Submandibular, 2 ×",
                "0.5 ml, 0.5 ml",
                Some("0.5 ml ± 2 %"),
                Verdict::In,
                "typed",
            ),
        ],
    );
    script.step(
        "label",
        "Label and scan back",
        true,
        vec![field("Labels read back", "4 of 4", Some("4 of 4"), Verdict::In, "scanned")],
    );
    script.step("sample", "Take release samples", true, Vec::new());
    let mut steps = script.steps;
    steps.push(Step {
        performed: None,
        verified: None,
        number: "3.2".into(),
        title: "Return what is left of the kit".into(),
        ..steps.first().unwrap().clone()
    });
    steps
}

fn timers(start: i64) -> Vec<Timer> {
    vec![
        Timer {
            title: "Culture".into(),
            from: "Seed".into(),
            started: Some(at(start)),
            to: "Harvest".into(),
            stopped: Some(at(start + 4 * DAY)),
            limits: "3 d to 5 d".into(),
            actual: Some("4 d".into()),
            state: "kept".into(),
            verdict: Verdict::In,
        },
        Timer {
            title: "Harvest until filling".into(),
            from: "Harvest".into(),
            started: Some(at(start + 4 * DAY)),
            to: "Fill".into(),
            stopped: Some(at(start + 4 * DAY + 300)),
            limits: "at most 4 h".into(),
            actual: Some("5 h".into()),
            state: "BROKEN: too late".into(),
            verdict: Verdict::Out,
        },
    ]
}

fn materials(start: i64) -> Vec<MaterialUse> {
    [
        ("α-MEM, GMP grade", "ALPHA-MEM/L-2201", Some("1 240 ml")),
        ("Human platelet lysate", "HPL/PL-77", Some("132 ml")),
        ("Recombinant trypsin", "TRYPLE/RT-5", None),
        ("Saline 0.9 %", "NACL-09/NS-4", Some("310 ml")),
    ]
    .map(|(material, lot, quantity)| MaterialUse {
        material: material.into(),
        lot: lot.into(),
        supplier: "Invented Supplies".into(),
        certificate: Some("CoA 4711".into()),
        released: Some(mark("q.zupan", -30 * DAY, "I approve this.")),
        expiry: at(300 * DAY),
        uses: vec![MaterialStep {
            step: "1.3 Seed the explants".into(),
            at: at(start + 90),
            quantity: quantity.map(Into::into),
            in_use: Some("package 2, in use to 2026-04-01 12:00".into()),
            state: "released, in date".into(),
            verdict: Verdict::In,
        }],
    })
    .into()
}

fn equipment() -> Vec<EquipmentUse> {
    [("EQ-BSC-01", "Safety cabinet"), ("EQ-INC-02", "CO₂ incubator"), ("EQ-CNT-01", "Cell counter")]
        .map(|(asset, name)| EquipmentUse {
            asset: asset.into(),
            name: name.into(),
            calibration: "CAL-26-014, valid to 2026-11-30".into(),
            cleaning: "cleaned 2026-03-01 07:10, holds to 2026-03-02 07:10".into(),
            uses: vec!["1.1 Clear the line (2026-03-01 08:12)".into()],
            state: "fit for use".into(),
            verdict: Verdict::In,
        })
        .into()
}

fn account(name: &str, unit: &str, start: i64, rows: &[(&str, &str, &str, &str)]) -> Account {
    Account {
        name: name.into(),
        unit: unit.into(),
        postings: rows
            .iter()
            .zip(1..)
            .map(|((step, from, to, amount), n)| Posting {
                at: at(start + 40 * n),
                step: (*step).into(),
                from: (*from).into(),
                to: (*to).into(),
                amount: (*amount).into(),
                count: 1,
                each: (*amount).into(),
                by: "t.novak".into(),
            })
            .collect(),
        balances: vec![
            Balance { account: "in containers".into(), amount: rows.last().unwrap().3.into() },
            Balance { account: "samples and loss".into(), amount: "1.8".into() },
        ],
        balanced: true,
    }
}

fn test(name: &str, method: &str, spec: &str, result: Option<&str>, start: i64) -> Test {
    Test {
        name: name.into(),
        method: method.into(),
        sample: "CT0000012".into(),
        specification: format!("{spec} (SPEC-04 v2)"),
        result: result.map(Into::into),
        verdict: if result.is_some() { Verdict::In } else { Verdict::Pending },
        stage: if name == "Sterility" { "final".into() } else { "initial".into() },
        signed: result
            .map(|_| {
                vec![
                    mark("l.hribar", start + DAY, "I tested and report this"),
                    mark("q.zupan", start + DAY + 60, "I reviewed this result"),
                ]
            })
            .unwrap_or_default(),
        readings: if name == "Sterility" {
            vec![
                Reading {
                    at: at(start + 3 * DAY),
                    value: "day 3: no growth".into(),
                    by: "l.hribar".into(),
                },
                Reading {
                    at: at(start + 7 * DAY),
                    value: "day 7: no growth".into(),
                    by: "l.hribar".into(),
                },
            ]
        } else {
            Vec::new()
        },
    }
}

fn tests(start: i64, sterile: Option<&str>) -> Vec<Test> {
    vec![
        test("Viability", "dye exclusion", "≥ 80 %", Some("96.2 %"), start),
        test(
            "Identity",
            "flow cytometry",
            "CD73, CD90, CD105 ≥ 95 %",
            Some("98.1 / 99.0 / 97.7 %"),
            start,
        ),
        test("Purity", "flow cytometry", "CD45, HLA-DR ≤ 2 %", Some("0.3 / 0.6 %"), start),
        test("Endotoxin", "Ph. Eur. 2.6.14", "≤ 0.5 IU/ml", Some("< 0.05 IU/ml"), start),
        test("Mycoplasma", "Ph. Eur. 2.6.7, NAT", "not detected", Some("not detected"), start),
        test("Sterility", "Ph. Eur. 2.6.27", "no growth", sterile, start),
    ]
}

fn labels(kind: &str, letter: &str, count: u32, reprint: bool, start: i64) -> LabelReconciliation {
    let mut prints: Vec<LabelPrint> = (1..=count)
        .map(|n| LabelPrint {
            code: format!("C{letter}{n:07}-01{}", ["0", "3", "7", "K", "V"][n as usize % 5]),
            template: format!("{kind} v1"),
            at: at(start + 300),
            by: "t.novak".into(),
            state: "applied, read back".into(),
            reason: None,
            lost: None,
        })
        .collect();
    if reprint {
        prints[30].state = "voided by reprint, destroyed".into();
        prints.push(LabelPrint {
            code: format!("C{letter}0000031-02F"),
            template: format!("{kind} v1"),
            at: at(start + 312),
            by: "t.novak".into(),
            state: "applied, read back".into(),
            reason: Some("first label creased".into()),
            lost: None,
        });
    }
    let extra = u32::from(reprint);
    LabelReconciliation {
        kind: kind.into(),
        issued: count + extra,
        applied: count,
        destroyed: extra,
        retained: 0,
        in_record: 0,
        lost: 0,
        prints,
    }
}

fn containers(
    kind: &str,
    letter: &str,
    count: u32,
    disposition: Disposition,
) -> Vec<ContainerLine> {
    (1..=count)
        .map(|n| ContainerLine {
            code: format!("C{letter}{n:07}"),
            kind: kind.into(),
            direction: "produced".into(),
            content: "3.8×10⁶ viable cells, 1.0 ml".into(),
            whereabouts: format!("LN2/TANK-1/R2/B{}/{}", 1 + n / 30, n),
            disposition,
        })
        .collect()
}

fn deviation() -> Deviation {
    Deviation {
        number: "DEV-2026-0003".into(),
        title: "Transfer to nitrogen above the limit".into(),
        class: "minor".into(),
        step: "step 2.4 Store in nitrogen".into(),
        description: "During the transfer the probe of box 2 showed −148 °C for 40 seconds; the limit \
                      is −150 °C. All 60 vials were in the box."
            .into(),
        assessment: Some(
            "The lid was lifted twice. Stability data of the freezing medium cover −140 °C for ten \
             minutes; no effect on the product."
                .into(),
        ),
        actions: vec!["Second operator holds the lid".into(), "Procedure 14 amended".into()],
        state: "closed".into(),
        closed: true,
        signed: vec![
            mark("t.novak", 40 * DAY, "I opened this deviation"),
            mark("q.zupan", 42 * DAY, "I assessed and closed this deviation"),
        ],
    }
}

#[expect(clippy::too_many_arguments, reason = "a fixture spells out what differs")]
fn batch(
    number: &str,
    title: &str,
    product: &str,
    record: &str,
    donation: &str,
    disposition: Disposition,
    start: i64,
    steps: Vec<Step>,
) -> Batch {
    Batch {
        number: number.into(),
        title: title.into(),
        product: product.into(),
        master_record: record.into(),
        master_record_hash: "7f3a".repeat(16),
        donation: Some(donation.into()),
        state: "certified".into(),
        disposition,
        started: Some(at(start)),
        finished: steps.last().and_then(|s| s.performed.as_ref()).map(|mark| mark.at.clone()),
        steps,
        timers: timers(start),
        materials: materials(start),
        equipment: equipment(),
        containers: Vec::new(),
        reconciliations: Vec::new(),
        doublings: Vec::new(),
        identities: Vec::new(),
        accounts: vec![
            account(
                "Viable cells",
                "10⁶ cells",
                start,
                &[
                    ("Seed", "source", "culture", "14.0"),
                    ("Culture", "growth", "culture", "46.5"),
                    ("Harvest", "culture", "suspension", "60.5"),
                    ("Sample", "suspension", "samples", "1.8"),
                    ("Fill", "suspension", "in containers", "58.7"),
                ],
            ),
            account(
                "Volume",
                "ml",
                start,
                &[
                    ("Harvest", "medium", "suspension", "53.0"),
                    ("Sample", "suspension", "samples", "1.0"),
                    ("Fill", "suspension", "in containers", "52.0"),
                ],
            ),
        ],
        tests: tests(start + 10 * DAY, Some("no growth, day 14")),
        deviations: Vec::new(),
        labels: Vec::new(),
    }
}

const DONORS: [(&str, &str, &str); 4] = [
    ("DNR-0001", "A9999 26 000001 8", "B-2026-0001"),
    ("DNR-0002", "A9999 26 000002 6", "B-2026-0002"),
    ("DNR-0004", "A9999 26 000004 2", "B-2026-0003"),
    ("DNR-0005", "A9999 26 000006 Z", "B-2026-0004"),
];

fn batches() -> Vec<Batch> {
    let mut dose = batch(
        "B-2026-0006",
        "Patient dose",
        "EQ-MSC suspension for injection",
        "EQ-MSC-DOSE v1",
        "A9999 26 000005 0",
        Disposition::ConditionallyReleased,
        60 * DAY,
        dose_steps(60 * DAY),
    );
    dose.state = "certified (initial)".into();
    dose.tests = tests(64 * DAY, None);
    dose.containers = containers("syringe", "J", 4, Disposition::ConditionallyReleased);
    dose.labels = vec![labels("syringe", "J", 4, false, 64 * DAY)];
    let mut pool = batch(
        "B-2026-0005",
        "Pooled bank",
        "EQ-MSC, cryopreserved aliquots",
        "EQ-MSC-POOL v1",
        "A9999 26 000005 0",
        Disposition::Released,
        30 * DAY,
        pool_steps(30 * DAY),
    );
    pool.deviations = vec![deviation()];
    pool.containers = containers("cryovial", "V", 60, Disposition::Released);
    pool.labels = vec![labels("cryovial", "V", 60, true, 30 * DAY)];
    let mut all = vec![dose, pool];
    for (place, (donor, donation, number)) in DONORS.iter().enumerate() {
        let start = i64::try_from(place).unwrap() * 2 * DAY;
        let mut culture = batch(
            number,
            &format!("Donor culture {donor}"),
            "UC-MSC P1",
            "EQ-MSC-DONOR v1",
            donation,
            Disposition::Released,
            start,
            culture_steps(start, place + 1),
        );
        culture.containers = containers("hold vial", "H", 6, Disposition::Released);
        culture.labels = vec![labels("flask", "F", 8, false, start)];
        all.push(culture);
    }
    all
}

fn donors() -> Vec<Donor> {
    let markers =
        ["anti-HIV-1,2", "HBsAg", "anti-HBc", "anti-HCV-Ab", "HIV NAT", "HBV NAT", "HCV NAT"];
    DONORS
        .iter()
        .zip(0..)
        .map(|((code, donation, _), n)| Donor {
            code: (*code).into(),
            donation: (*donation).into(),
            collected: Some(at(n * DAY)),
            consent: "version 3, scope: manufacture and research".into(),
            eligibility: "eligible".into(),
            eligible: true,
            rule_set: "EU-2006-17 v1 (in force to 2027-08-07)".into(),
            decided: Some(mark("q.zupan", n * DAY + 700, "I decided on eligibility")),
            results: markers
                .map(|marker| DonorResult {
                    marker: marker.into(),
                    result: "negative".into(),
                    sampled: at(n * DAY - 60).text,
                    verdict: Verdict::In,
                })
                .into(),
        })
        .collect()
}

fn node(id: &str, kind: NodeKind, word: &str, detail: &str, d: Option<Disposition>) -> Node {
    Node {
        id: id.into(),
        kind,
        word: word.into(),
        label: id.into(),
        detail: detail.into(),
        disposition: d,
    }
}

fn genealogy() -> Genealogy {
    let released = Some(Disposition::Released);
    let conditional = Some(Disposition::ConditionallyReleased);
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let mut edge = |from: &str, to: &str| edges.push(Edge { from: from.into(), to: to.into() });
    for (place, (donor, donation, number)) in DONORS.iter().enumerate() {
        nodes.push(node(donor, NodeKind::Donor, "donor", "eligible", None));
        nodes.push(node(donation, NodeKind::Donation, "donation", "cord", None));
        nodes.push(node(number, NodeKind::Batch, "donor culture", "P1", released));
        edge(donor, donation);
        edge(donation, number);
        for vial in 1..=6 {
            let code = format!("CH{:07}", place * 6 + vial);
            nodes.push(node(&code, NodeKind::Container, "hold vial", "8.0 ml", released));
            edge(number, &code);
            edge(&code, "B-2026-0005");
        }
    }
    nodes.push(node("B-2026-0005", NodeKind::Batch, "pooled bank", "A9999 26 000005 0", released));
    for vial in 1..=60 {
        let code = format!("CV{vial:07}");
        nodes.push(node(&code, NodeKind::Container, "cryovial", "3.8×10⁶ cells", released));
        edge("B-2026-0005", &code);
        if vial == 31 {
            edge(&code, "B-2026-0006");
        }
    }
    nodes.push(node("B-2026-0006", NodeKind::Batch, "patient dose", "P2", conditional));
    for tube in 1..=3 {
        let code = format!("CT{tube:07}");
        nodes.push(node(&code, NodeKind::Container, "sample tube", "sterility", conditional));
        edge("B-2026-0006", &code);
    }
    for syringe in 1..=4 {
        let code = format!("CJ{syringe:07}");
        nodes.push(node(&code, NodeKind::Container, "syringe", "1.0 ml", conditional));
        edge("B-2026-0006", &code);
        edge(&code, "XER-03");
    }
    nodes.push(node("XER-03", NodeKind::Patient, "patient", "ORD-2026-0001", None));
    Genealogy { nodes, edges }
}

fn custody() -> (Vec<CustodyEvent>, Vec<Excursion>, Vec<Administration>) {
    let start = 65 * DAY;
    let codes: Vec<String> = (1..=4).map(|n| format!("CJ{n:07}")).collect();
    let event = |n: i64, from: &str, to: &str, received: bool| CustodyEvent {
        containers: codes.clone(),
        destination: "hospital pharmacy".into(),
        given: mark(from, start + n * 25, "I handed this over."),
        condition_given: "intact, 19.5 °C".into(),
        to: to.into(),
        received: received.then(|| mark(to, start + n * 25 + 20, "I received this.")),
        condition_received: received.then(|| "intact, 19.0 °C".into()),
    };
    let events = vec![event(0, "t.novak", "z.zagar", true), event(4, "z.zagar", "m.kos", false)];
    let excursions = vec![Excursion {
        container: "CJ0000001".into(),
        purpose: "99mTc labelling of 5 % of the injectate".into(),
        quantity_out: "0.05 ml".into(),
        taken_by: "m.kos".into(),
        out: mark("z.zagar", start + 60, "I handed this over"),
        deadline: at(start + 120),
        quantity_back: Some("0.05 ml with 180 MBq".into()),
        back: Some(mark("z.zagar", start + 100, "I took this back")),
        state: "returned in time".into(),
        verdict: Verdict::In,
    }];
    let glands = ["right parotid", "left parotid", "right submandibular", "left submandibular"];
    let administrations = glands
        .iter()
        .zip(1..)
        .map(|(gland, n)| Administration {
            target: (*gland).into(),
            container: format!("CJ{n:07}"),
            patient_code: "XER-03".into(),
            quantity: if n <= 2 { "1.0 ml" } else { "0.5 ml" }.into(),
            thawed: None,
            at: at(start + 130 + 6 * n),
            given: mark("z.zagar", start + 131 + 6 * n, "I administered this."),
        })
        .collect();
    (events, excursions, administrations)
}

fn audit_trail(batches: &[Batch]) -> Vec<AuditEntry> {
    let mut entries: Vec<AuditEntry> = Vec::new();
    for batch in batches {
        for step in &batch.steps {
            let Some(done) = &step.performed else { continue };
            let change = |field: &Field| Change {
                field: format!("step {} {}", step.number, field.label),
                old: field.corrections.first().map(|correction| correction.from.clone()),
                new: Some(field.value.clone()),
            };
            entries.push(AuditEntry {
                at: done.at.clone(),
                by: done.by.login.clone(),
                role: done.by.role.clone(),
                station: "ROOM-A".into(),
                object: format!("batch {}", batch.number),
                action: "step performed".into(),
                changes: step.fields.iter().map(change).collect(),
                elsewhere: None,
                reason: step.fields.iter().find_map(|field| {
                    field.corrections.first().map(|correction| correction.reason.clone())
                }),
                signatures: vec![format!("{} ({}) · performed", done.by.name, done.by.login)],
                index: 0,
            });
        }
    }
    entries.sort_by_key(|entry| entry.at.at);
    for (index, entry) in (0..).zip(&mut entries) {
        entry.index = index * 3;
    }
    entries
}

fn signature(meaning: &str, subject: &str, login: &str, minutes: i64, on_cover: bool) -> Signature {
    Signature {
        subject: subject.into(),
        meaning: meaning.into(),
        by: person(login),
        at: at(minutes),
        content_hash: format!("{minutes:08x}").repeat(8),
        on_cover,
    }
}

fn ledger(events: u64) -> LedgerProof {
    let root = "q8v0mXz4o4oE3iQ8Zr0Jr3u0m9nJY0uW1kXk0p2d8aI=";
    LedgerProof {
        origin: "chorda.example/ledger/1".into(),
        size: 4211,
        root: root.into(),
        checkpoint: format!(
            "chorda.example/ledger/1\n4211\n{root}\n\n— chorda.example/ledger/1 \
             Vw2b0a8x7Zl0m9nJY0uW1kXk0p2d8aIq8v0mXz4o4oE3iQ8Zr0Jr3u0m9nJY0uW1kXk0p2d8aIq8v0mXz4o4oE3i==\n"
        ),
        keys: vec![LedgerKey {
            id: "ed25519-2026".into(),
            algorithm: "Ed25519".into(),
            purpose: "event".into(),
            public: root.into(),
        }],
        streams: vec![LedgerStream {
            name: "order/ORD-2026-0001".into(),
            complete: true,
            events: u32::try_from(events).unwrap(),
        }],
        events: (0..events)
            .map(|index| LedgerEvent {
                index: index * 3,
                canonical: format!("{{\"type\":\"batch.step_performed\",\"v\":1,\"ver\":{index}}}"),
                hash: format!("{index:016x}").repeat(4),
                key: "ed25519-2026".into(),
                signature: root.into(),
            })
            .collect(),
        nodes: vec![LedgerNode { level: 1, index: 7, hash: root.into() }],
    }
}

fn identity() -> Identity {
    let dose = |target: &str, cells: &str, volume: &str, syringe: &str| DoseLine {
        target: target.into(),
        cells: Some(cells.into()),
        volume: volume.into(),
        arithmetic: format!("{cells} ÷ 50×10⁶/ml = {volume}"),
        container: Some(syringe.into()),
    };
    Identity {
        order: "ORD-2026-0001".into(),
        coi: "CHA999926000001 *".into(),
        patient_code: "XER-03".into(),
        product: "EQ-MSC suspension for injection".into(),
        strength: "50×10⁶ viable cells/ml in saline with 0.5 % human albumin".into(),
        protocol: "XERO-MSC v2".into(),
        protocol_title: "Mesenchymal stromal cells for radiation-induced xerostomia, phase I"
            .into(),
        legal_basis: "investigational product, trial A-0000, phase I".into(),
        sponsor: "Fictitious Institute, Ljubljana".into(),
        ordered: mark("z.zagar", 55 * DAY, "I order this dose for this patient code"),
        treatment: at(65 * DAY + 120),
        expiry: Some(at(65 * DAY + 480)),
        dose_plan: vec![
            dose("right parotid gland", "50×10⁶", "1.0 ml", "CJ0000001"),
            dose("left parotid gland", "50×10⁶", "1.0 ml", "CJ0000002"),
            dose("right submandibular gland", "25×10⁶", "0.5 ml", "CJ0000003"),
            dose("left submandibular gland", "25×10⁶", "0.5 ml", "CJ0000004"),
        ],
        dose_total:
            "Total 150×10⁶ viable cells in 3.0 ml = 2 × 1.0 ml + 2 × 0.5 ml, four syringes.".into(),
    }
}

/// The record.
pub(super) fn record() -> BatchRecord {
    let batches = batches();
    let audit_trail = audit_trail(&batches);
    let (custody, excursions, administrations) = custody();
    BatchRecord {
        format: FORMAT.into(),
        program: chorda::pdf::PRODUCER.into(),
        site: Site {
            name: "Zavod za celično zdravljenje (fictitious)".into(),
            address: "Cesta pod Šmarno goro 99, 1000 Ljubljana".into(),
            authorisation: Some("Manufacturing authorisation 0000-00/2026 (fictitious)".into()),
            zone: "Europe/Ljubljana".into(),
        },
        identity: identity(),
        status: Status::new(
            Stage::ConditionallyReleased,
            vec!["sterility".into()],
            "Initially certified; the result of the sterility test is awaited. The treating physician \
             has been told and knows what will be done if it fails.",
        ),
        exported: mark("q.zupan", 70 * DAY, "I exported this record"),
        donors: donors(),
        custody,
        excursions,
        administrations,
        signatures: vec![
            signature("I release the pooled bank", "Batch B-2026-0005", "q.zupan", 45 * DAY, false),
            signature(
                "I reviewed this batch",
                "Batch B-2026-0006",
                "q.zupan",
                64 * DAY + 900,
                true,
            ),
            signature(
                "I certify this batch for supply; sterility pending",
                "Batch B-2026-0006, initial certification",
                "p.cerar",
                64 * DAY + 960,
                true,
            ),
        ],
        ledger: ledger(u64::try_from(audit_trail.len()).unwrap()),
        audit_trail,
        genealogy: genealogy(),
        batches,
        seal: None,
    }
}
