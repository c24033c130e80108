//! The site opens: people, places, equipment, materials.

use super::cast::{PASSWORD, Person};
use super::stage::{Stage, Trouble};
use crate::app::equipment_change::{DeviceStep, equipment_change, equipment_register};
use crate::app::master_record_approve::{
    MasterRecordApprove, MasterRecordPropose, SHIPPED, content, master_record_acknowledge,
    master_record_approve, master_record_propose,
};
use crate::app::material_change::{
    LotShown, LotStep, MaterialDecide, material_change, material_decide,
};
use crate::app::material_receive::{MaterialReceive, material_receive};
use crate::app::storage_change::{StorageChange, storage_change};
use crate::app::user_change::{Change, UserChange, user_change};
use crate::app::user_register::{UserRegister, user_register_with_password};
use crate::domain::actor::{Meaning, Role};
use crate::domain::disposition::Disposition;
use crate::domain::equipment::{EquipmentKind, Registration};
use crate::domain::id::{AssetId, LocationPath, LotId, MaterialCode};
use crate::domain::material::{Origin, Receipt};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::storage::{Command, Condition, Grid, LocationKind};
use crate::domain::time::{Instant, Span};
use crate::domain::user::IdentityCheck;
use crate::store::material;

/// A lot of a material in the story.
struct Lot {
    material: &'static str,
    number: &'static str,
    title: &'static str,
    packages: u32,
    size: (i64, Unit),
    in_use_days: Option<i64>,
    origin: Origin,
    storage: &'static str,
    expires: &'static str,
}

const LOTS: [Lot; 11] = [
    lot("DPBS", "P26-114", "Phosphate-buffered saline", (40, 500), "2 to 8 °C"),
    lot("ALPHA-MEM", "M26-071", "Basal medium, alpha-MEM", (60, 500), "2 to 8 °C"),
    human("HPL", "L26-009", "Human platelet lysate", (60, 50), "−20 °C"),
    lot("TRYPLE", "T26-032", "Detachment enzyme, recombinant", (30, 100), "15 to 25 °C"),
    lot("CS10", "C26-018", "Cryopreservation medium, 10 % DMSO", (6, 100), "2 to 8 °C"),
    pieces("CRYOVIAL-2ML", "V26-201", "Sterile cryovials, 2 ml", (20, 25)),
    lot("NACL-09", "N26-055", "Sodium chloride 0.9 %, sterile", (20, 100), "15 to 25 °C"),
    human("HSA-20", "A26-007", "Human albumin 200 g/l", (10, 50), "2 to 8 °C"),
    pieces("SYRINGE-1ML", "S26-140", "Syringes 1 ml with needle 23G 0.6 × 25 mm", (4, 25)),
    pieces("LABEL-CRYO", "K26-003", "Cryogenic label stock 25.4 × 12.7 mm", (2, 1000)),
    // Bought long ago: good when it came, expired when the story needs it.
    Lot {
        expires: "2026-07-14 00:00",
        ..lot("ALPHA-MEM", "M24-018", "Basal medium, alpha-MEM", (4, 500), "2 to 8 °C")
    },
];

/// Who supplies the demo.
pub(super) const SUPPLIER: &str = "Invented Supplies, Ljubljana";
/// The lot of basal medium that expires in the middle of the story.
pub(super) const EXPIRING_MEDIUM: &str = "ALPHA-MEM/M24-018";

const fn lot(
    material: &'static str,
    number: &'static str,
    title: &'static str,
    (packages, millilitres): (u32, i64),
    storage: &'static str,
) -> Lot {
    Lot {
        material,
        number,
        title,
        packages,
        size: (millilitres, Unit::Millilitre),
        in_use_days: None,
        origin: Origin::Synthetic,
        storage,
        expires: "2030-12-31 00:00",
    }
}

const fn human(
    material: &'static str,
    number: &'static str,
    title: &'static str,
    packages: (u32, i64),
    storage: &'static str,
) -> Lot {
    Lot { origin: Origin::Human, ..lot(material, number, title, packages, storage) }
}

const fn pieces(
    material: &'static str,
    number: &'static str,
    title: &'static str,
    (packages, size): (u32, i64),
) -> Lot {
    let room = "15 to 25 °C";
    Lot { size: (size, Unit::Piece), ..lot(material, number, title, (packages, size), room) }
}

const EQUIPMENT: [(&str, EquipmentKind, &str); 10] = [
    ("EQ-BSC-01", EquipmentKind::BiosafetyCabinet, "Safety cabinet 1"),
    ("EQ-INC-01", EquipmentKind::Incubator, "Incubator 1, own shelf for each batch"),
    ("EQ-INC-02", EquipmentKind::Incubator, "Incubator 2, own shelf for each batch"),
    ("EQ-CTR-01", EquipmentKind::Centrifuge, "Refrigerated centrifuge"),
    ("EQ-CNT-01", EquipmentKind::CellCounter, "Cell counter"),
    ("EQ-BAL-01", EquipmentKind::Balance, "Balance"),
    ("EQ-CRF-01", EquipmentKind::ControlledRateFreezer, "Controlled-rate freezer"),
    ("EQ-THW-01", EquipmentKind::ThawingDevice, "Dry thawing device"),
    ("EQ-LN2-01", EquipmentKind::NitrogenTank, "Vapour-phase tank"),
    ("EQ-PRN-01", EquipmentKind::LabelPrinter, "Label printer"),
];

/// Opens the site.
///
/// # Errors
/// When a use case refuses what the story needs.
pub(super) fn open(stage: &mut Stage) -> Result<(), Trouble> {
    let at = stage.at("2026-07-01 08:00")?;
    stage.voice.chapter("The site opens", at);
    people(stage)?;
    places(stage)?;
    let due = due(stage)?;
    for (asset, kind, title) in EQUIPMENT {
        device(stage, asset, kind, title, due)?;
    }
    stage.voice.fact(format!("{} devices, calibrated", EQUIPMENT.len()));
    materials(stage)?;
    master_records(stage)
}

/// What a shipped file is put forward as.
fn first_version(text: &str) -> MasterRecordPropose {
    MasterRecordPropose {
        text: text.to_owned(),
        reason: "First version of this site".to_owned(),
        change_request: String::new(),
    }
}

/// One person of QA puts the master records of the story forward, another approves them.
fn master_records(stage: &mut Stage) -> Result<(), Trouble> {
    let own = SHIPPED.iter().filter(|(file, _)| file.contains("eq-msc"));
    for (number, (file, text)) in own.clone().enumerate() {
        let key = propose(stage, file, text)?;
        if number == 0 {
            let klara = stage.people.klara.clone();
            let signature = stage.sign(&klara, Meaning::Approved, &content(text)?)?;
            let caller = stage.by(&klara);
            let effective_at = stage.app.clock.now();
            let command = MasterRecordApprove { key: key.clone(), effective_at };
            let outcome = master_record_approve(&stage.app, &caller, command, signature);
            stage.refused("approve one's own master record", outcome)?;
        }
        approve(stage, &key, text)?;
    }
    stage.voice.fact(format!("{} master records approved by two people", own.count()));
    Ok(())
}

/// One person of QA puts a master record forward; gives its version.
pub(super) fn propose(stage: &mut Stage, file: &str, text: &str) -> Result<String, Trouble> {
    let klara = stage.people.klara.clone();
    let signature = stage.sign(&klara, Meaning::Authored, &content(text)?)?;
    let caller = stage.by(&klara);
    let outcome = master_record_propose(&stage.app, &caller, first_version(text), signature);
    stage.done(&format!("propose {file}"), outcome)
}

/// Another person of QA approves it; both technicians state to have read it, without which they
/// perform no step of it.
pub(super) fn approve(stage: &mut Stage, key: &str, text: &str) -> Result<(), Trouble> {
    let (eva, hash) = (stage.people.eva.clone(), content(text)?);
    let signature = stage.sign(&eva, Meaning::Approved, &hash)?;
    let caller = stage.by(&eva);
    let effective_at = stage.app.clock.now();
    let command = MasterRecordApprove { key: key.to_owned(), effective_at };
    let outcome = master_record_approve(&stage.app, &caller, command, signature);
    stage.done("approve master records", outcome)?;
    for reader in [stage.people.ana.clone(), stage.people.bor.clone()] {
        let signature = stage.sign(&reader, Meaning::Acknowledged, &hash)?;
        let caller = stage.by(&reader);
        let outcome = master_record_acknowledge(&stage.app, &caller, key, signature);
        stage.done("acknowledge master records", outcome)?;
    }
    Ok(())
}

/// The administrator registers everybody; the Qualified Person is designated.
pub(super) fn people(stage: &mut Stage) -> Result<(), Trouble> {
    let everybody = stage.people.clone();
    for person in everybody.all() {
        register(stage, person)?;
    }
    let designate = UserChange {
        login: everybody.filip.actor.login.clone(),
        change: Change::Designate {
            from: day("2026-01-01")?,
            until: None,
            document: "QP-2026-01".to_owned(),
        },
    };
    let caller = stage.because(&everybody.iva, "named to the authority on 2025-12-15");
    let outcome = user_change(&stage.app, &caller, designate);
    stage.done("designate the Qualified Person", outcome)?;
    let grant = UserChange {
        login: everybody.iva.actor.login.clone(),
        change: Change::GrantRole(Role::Qa),
    };
    let caller = stage.because(&everybody.iva, "it would be convenient");
    let outcome = user_change(&stage.app, &caller, grant);
    stage.refused("the administrator gives herself the role of quality assurance", outcome)?;
    stage.voice.fact(format!(
        "{} people in {} roles; one Qualified Person designated",
        everybody.all().len(),
        Role::ALL.len()
    ));
    Ok(())
}

fn register(stage: &mut Stage, person: &Person) -> Result<(), Trouble> {
    let command = UserRegister {
        login: person.actor.login.clone(),
        printed_name: person.actor.printed_name.clone(),
        personnel_number: person.number.to_owned(),
        identity: IdentityCheck { how: "identity card seen".to_owned(), by: "the demo".to_owned() },
        roles: vec![person.actor.role],
    };
    let outcome = user_register_with_password(&stage.app, command, PASSWORD);
    stage.done("register people", outcome)
}

fn day(text: &str) -> Result<chrono::NaiveDate, Trouble> {
    text.parse().map_err(|_| Trouble::Script(format!("{text} is no day")))
}

/// The rooms, tanks and boxes.
pub(super) fn places(stage: &mut Stage) -> Result<(), Trouble> {
    let grid = |rows, columns| {
        Grid::new(rows, columns).ok_or_else(|| Trouble::Script("no such grid".to_owned()))
    };
    let box_grid = Some(grid(9, 9)?);
    let places = [
        ("CRYO", LocationKind::Room, "Cryo room", Some(Condition::Ambient), None),
        ("CRYO/LN2-1", LocationKind::Tank, "Tank 1", Some(Condition::Cryogenic), None),
        ("CRYO/LN2-1/R1", LocationKind::Rack, "Rack 1", None, None),
        ("CRYO/LN2-1/R1/BOX-1", LocationKind::Box, "Box 1", None, box_grid),
        ("CRYO/LN2-2", LocationKind::Tank, "Tank 2", Some(Condition::Cryogenic), None),
        ("CRYO/LN2-2/R1", LocationKind::Rack, "Rack 1", None, None),
        ("CRYO/LN2-2/R1/BOX-1", LocationKind::Box, "Box 1", None, box_grid),
        ("LAB", LocationKind::Room, "Laboratory", Some(Condition::Ambient), None),
        (
            "LAB/FR-1",
            LocationKind::Refrigerator,
            "Refrigerator",
            Some(Condition::Refrigerated),
            None,
        ),
        ("LAB/FR-1/BOX-1", LocationKind::Box, "Hold box", None, Some(grid(4, 6)?)),
    ];
    for (path, kind, title, condition, grid) in places {
        place(stage, path, kind, title, (condition, grid))?;
    }
    stage.voice.fact("2 nitrogen tanks and a refrigerator, 186 positions");
    Ok(())
}

/// Sets up one place.
pub(super) fn place(
    stage: &mut Stage,
    path: &str,
    kind: LocationKind,
    title: &str,
    (condition, grid): (Option<Condition>, Option<Grid>),
) -> Result<(), Trouble> {
    let path = LocationPath::parse(path)?;
    let title = title.to_owned();
    let command = Command::Define { path: path.clone(), kind, title, condition, grid };
    let caller = stage.by(&stage.people.eva);
    let outcome = storage_change(&stage.app, &caller, StorageChange { path, command });
    stage.done("set up places", outcome)
}

/// When the devices of the demo are to be calibrated again.
pub(super) fn due(stage: &Stage) -> Result<Instant, Trouble> {
    Ok(Instant::parse_local("2030-06-30 00:00", stage.app.config.zone)?)
}

/// Registers a calibrated device; a cabinet is cleaned.
pub(super) fn device(
    stage: &mut Stage,
    asset: &str,
    kind: EquipmentKind,
    title: &str,
    due: Instant,
) -> Result<(), Trouble> {
    let cabinet = kind == EquipmentKind::BiosafetyCabinet;
    let registration = Registration {
        kind,
        title: title.to_owned(),
        room: "Clean room 1".to_owned(),
        calibration_due: Some(due),
        cleaning_holds: cabinet.then(|| Span::of_days(1500)),
    };
    let asset = AssetId::parse(asset)?;
    let caller = stage.by(&stage.people.eva);
    let outcome = equipment_register(&stage.app, &caller, asset.clone(), registration);
    stage.done("register equipment", outcome)?;
    if cabinet {
        let clean = DeviceStep::Clean { with: "sporicidal disinfectant, SOP-CL-02".to_owned() };
        let caller = stage.by(&stage.people.ana);
        let outcome = equipment_change(&stage.app, &caller, asset, clean);
        stage.done("clean equipment", outcome)?;
    }
    Ok(())
}

fn materials(stage: &mut Stage) -> Result<(), Trouble> {
    for lot in &LOTS {
        receive(stage, lot)?;
    }
    stage.voice.fact(format!("{} material lots received and released by QA", LOTS.len()));
    Ok(())
}

fn receive(stage: &mut Stage, lot: &Lot) -> Result<(), Trouble> {
    let (size, unit) = lot.size;
    let receipt = Receipt {
        material: MaterialCode::parse(lot.material)?,
        title: lot.title.to_owned(),
        supplier: SUPPLIER.to_owned(),
        packages: lot.packages,
        package_size: Quantity::whole(size, unit),
        expires_at: Instant::parse_local(lot.expires, stage.app.config.zone)?,
        in_use_limit: lot.in_use_days.map(Span::of_days),
        origin: lot.origin,
        certificate: Some(format!("CoA {}", lot.number)),
        safety_evidence: (lot.origin != Origin::Synthetic)
            .then(|| format!("viral safety file {}", lot.number)),
        storage: lot.storage.to_owned(),
    };
    stock(stage, lot.number, receipt).map(drop)
}

/// Receives a lot, has QA release it and opens it.
pub(super) fn stock(stage: &mut Stage, number: &str, receipt: Receipt) -> Result<LotId, Trouble> {
    let (ana, eva) = (stage.people.ana.clone(), stage.people.eva.clone());
    let id = LotId::parse(&format!("{}/{number}", receipt.material))?;
    let caller = stage.by(&ana);
    let outcome =
        material_receive(&stage.app, &caller, MaterialReceive { lot: id.clone(), receipt });
    stage.done("receive materials", outcome)?;
    release(stage, &eva, &id)?;
    let caller = stage.by(&ana);
    let outcome = material_change(&stage.app, &caller, id.clone(), LotStep::Open);
    stage.done("open materials", outcome)?;
    Ok(id)
}

fn release(stage: &mut Stage, by: &Person, lot: &LotId) -> Result<(), Trouble> {
    let state = stage.read(|db| material::require(db, lot))?;
    let hash = LotShown::of(&state, Disposition::Released).hash()?;
    let signature = stage.sign(by, Meaning::Approved, &hash)?;
    let decision = MaterialDecide {
        lot: lot.clone(),
        release: true,
        because: "certificate of analysis in line with the specification".to_owned(),
        signature,
    };
    let caller = stage.by(by);
    let outcome = material_decide(&stage.app, &caller, decision);
    stage.done("release materials", outcome)
}
