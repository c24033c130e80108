//! Labels read back from their dots: whatever is printed is right, whatever is wrong is refused.

use std::io::Read;
use std::path::Path;

use base64::Engine;
use chorda::codes::isbt::{Division, ProductCode, read_din};
use chorda::codes::{LabelCode, PrintSerial, container};
use chorda::domain::container::ContainerKind;
use chorda::domain::language::Language;
use chorda::domain::scanner::TestSymbol;
use chorda::domain::time::{Instant, Zone};
use chorda::labels::{
    Definition, Fault, LabelData, LabelKind, LabelRefusal, Particular as P, Proof, Raster,
    ReadBack, Resolution, SymbolKind, check, draw, layout, png, prove, prove_all, render_pdf,
    sample, sample_proofs, zpl,
};
use chorda::pdf::{Color, Item, Len};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::{code, every_kind, folder, full, have, png_pages, run};

/// How many labels of each kind are drawn: 2,000 where `CHORDA_CASES` says so.
fn cases() -> u32 {
    std::env::var("CHORDA_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(8)
}

/// What a graphic in ZPL holds, taken apart without the program's help.
fn graphic(zpl: &str) -> (usize, usize, Vec<u8>) {
    let field = zpl.split("^GFA,").nth(1).unwrap().split("^FS").next().unwrap();
    let (numbers, coded) = field.split_once(",:Z64:").unwrap();
    let numbers: Vec<usize> = numbers.split(',').map(|n| n.parse().unwrap()).collect();
    let (coded, check) = coded.split_once(':').unwrap();
    let mut sum = 0_u16;
    for byte in coded.bytes() {
        sum ^= u16::from(byte) << 8;
        for _ in 0..8 {
            sum = if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 };
        }
    }
    assert_eq!(format!("{sum:04X}"), check);
    let packed = base64::engine::general_purpose::STANDARD.decode(coded).unwrap();
    let mut bits = Vec::new();
    flate2::read::ZlibDecoder::new(packed.as_slice()).read_to_end(&mut bits).unwrap();
    assert_eq!((numbers[0], numbers[1]), (bits.len(), bits.len()));
    (numbers[2], bits.len() / numbers[2], bits)
}

/// A ZPL graphic as a portable bitmap, which every tool reads.
fn bitmap(zpl: &str) -> Vec<u8> {
    let (row, height, bits) = graphic(zpl);
    // A white edge, as a label has around it.
    let edge = 8;
    let mut file = format!("P4\n{} {}\n", (row + 2 * edge) * 8, height + 2 * edge * 8).into_bytes();
    let white = vec![0; row + 2 * edge];
    (0..edge * 8).for_each(|_| file.extend(&white));
    for line in bits.chunks(row) {
        file.extend(vec![0; edge]);
        file.extend(line);
        file.extend(vec![0; edge]);
    }
    (0..edge * 8).for_each(|_| file.extend(&white));
    file
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn words(most: usize) -> impl Strategy<Value = String> {
    let word = "[A-Za-z0-9ČŠŽčšž.,%°/()-]{1,8}";
    proptest::collection::vec(word, 1..4)
        .prop_map(move |words| words.join(" ").chars().take(most).collect::<String>())
        .prop_filter("blank", |text| !text.trim().is_empty())
}

/// Any label of a kind: every particular it must show and some it may.
fn any_label(of: LabelKind) -> impl Strategy<Value = LabelData> {
    let kind = of.container().unwrap();
    let numbers = (1..=9_999_999_u32, 1..=99_u8, 1..=999_999_u32, 0..2_000_000_i64);
    let texts = (words(14), words(14), words(12), words(20), words(10));
    let languages = proptest::sample::select(Language::ALL.to_vec());
    (numbers, texts, languages, any::<bool>()).prop_map(
        move |(numbers, texts, language, optional)| {
            let (number, serial, batch, minutes) = numbers;
            let (product, purpose, donor, storage, subject) = texts;
            let serial = PrintSerial::new(serial).unwrap();
            let code = LabelCode::new(&container::code(kind, number).unwrap(), serial).unwrap();
            let din = read_din(&format!("A999926{batch:06}")).unwrap();
            let at = Instant::parse("2026-01-01T00:00:00Z").unwrap().naive()
                + chrono::Duration::minutes(minutes);
            let at = Instant::from_naive(at);
            let mut label = LabelData::new(language, kind, code)
                .with(P::Product, product)
                .with(P::Batch, format!("B-2026-{:04}", batch % 10_000))
                .with(P::Donor, donor)
                .with(P::Passage, format!("P{}", batch % 3))
                .with(P::Purpose, purpose)
                .with(P::Parent, format!("CV{number:07}"))
                .with(P::Taken, at.minute_text(Zone::LJUBLJANA))
                .with(P::Storage, &storage)
                .with(P::Contact, format!("Inštitut Čebelnjak, {storage}"))
                .with(P::Route, &storage)
                .with(P::Strength, "50×10⁶ cells/ml")
                .with(P::Quantity, "1.0 ml")
                .with(P::Target, "desna podčeljustna slinavka")
                .with(P::Trial, &subject)
                .with(P::Subject, subject)
                .with(P::Warning, "Samo za klinično preskušanje.");
            let dose = matches!(of, LabelKind::Patient(_))
                || matches!(kind, ContainerKind::Syringe | ContainerKind::Bag);
            if dose {
                label = label.for_patient();
                let product = ProductCode::new("D1234", '7', Division::first_level(1).unwrap());
                label = label.isbt(&din, &product.unwrap(), None, Some(at.naive()));
                label = label.expiring(at, Zone::LJUBLJANA);
            } else {
                label = label.donation(&din);
                if optional {
                    label = label.with(P::Expiry, at.date_text(Zone::LJUBLJANA));
                }
            }
            if kind == ContainerKind::OuterPack {
                label = label.with(P::Site, "Inštitut Čebelnjak, Zaloška 99, 1000 Ljubljana");
                label = label.with(P::Count, "4 × syringe").expiring(at, Zone::LJUBLJANA);
            } else if optional {
                label = label.with(P::Count, format!("{} of 60", number % 60 + 1));
                label = label.with(P::Operator, "t.novak");
            }
            label
        },
    )
}

/// Any label of a place, a person, a consignment or a test.
fn any_thing(of: LabelKind) -> impl Strategy<Value = LabelData> {
    let payload = match of {
        LabelKind::CryoBox | LabelKind::Position => "LOC:[A-Z][A-Z0-9-]{1,7}(/[A-Z0-9-]{1,5}){0,4}",
        LabelKind::Badge => "USER:[a-z]{2,12}[.][a-z]{2,12}",
        LabelKind::Shipper => "ORD-20[0-9]{2}-[0-9]{4}",
        _ => "TEST:EQ-LP-[0-9]{2}[.][1-9]:[A-Z0-9=&><}(,+/;'#$%-]{1,20}",
    };
    let languages = proptest::sample::select(Language::ALL.to_vec());
    (languages, payload, words(12), words(10)).prop_map(
        move |(language, payload, title, subject)| {
            let like = sample(of, language).unwrap();
            let mut label = LabelData::of(language, of, &payload);
            for (particular, ..) in P::ALL {
                label = label.with(particular, like.value(particular).unwrap_or(""));
            }
            label.with(P::Title, title).with(P::Subject, subject)
        },
    )
}

/// The kinds whose labels differ; the sheet for scanners always says the same.
fn kinds() -> impl Iterator<Item = LabelKind> {
    LabelKind::all().filter(|kind| *kind != LabelKind::ScannerTest)
}

/// Any label of any kind.
fn any_of(kind: LabelKind) -> BoxedStrategy<LabelData> {
    if kind.container().is_some() { any_label(kind).boxed() } else { any_thing(kind).boxed() }
}

fn wanted(label: &LabelData) -> Vec<String> {
    let code = Some(label.payload().to_owned());
    code.into_iter().chain(label.isbt_message().map(str::to_owned)).collect()
}

/// Either the label reads back, or it is refused for a text that is too long: never anything else.
fn proves(label: &LabelData, resolution: Resolution) -> Option<Proof> {
    match prove(label, resolution) {
        Ok(proof) => {
            for payload in wanted(label) {
                assert!(proof.read.iter().any(|read| read.text == payload), "{payload}");
            }
            Some(proof)
        }
        Err(LabelRefusal::TextTooLong { .. }) => None,
        Err(other) => panic!("{} at {} dpi: {other}", label.printed(), resolution.dpi()),
    }
}

#[test]
fn any_label_of_every_kind_reads_back_at_every_resolution() {
    for kind in kinds() {
        let config = ProptestConfig {
            cases: cases(),
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let printed = std::cell::Cell::new(0_u32);
        runner
            .run(&any_of(kind), |label| {
                for resolution in Resolution::ALL {
                    printed.set(printed.get() + u32::from(proves(&label, resolution).is_some()));
                }
                Ok(())
            })
            .unwrap();
        assert!(printed.get() > cases(), "{kind:?}: most texts were too long");
    }
}

/// How many labels of each kind are given to other decoders, which takes longer: an eighth.
fn cases_of_others() -> usize {
    usize::try_from(cases().div_ceil(8)).unwrap()
}

#[test]
fn other_decoders_read_the_same_from_the_zpl_graphic_and_from_the_pdf() {
    if !have(&["dmtxread", "zbarimg", "pdftoppm"]) {
        return;
    }
    let folder = folder("graphics");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for kind in kinds() {
        let labels: Vec<LabelData> =
            std::iter::repeat_with(|| any_of(kind).new_tree(&mut runner).unwrap().current())
                .filter(|label| layout(label, Resolution::Dpi203).is_ok())
                .take(cases_of_others())
                .collect();
        let pages = png_pages(&folder, &render_pdf(&labels).unwrap(), 600);
        for (label, page) in labels.iter().zip(&pages) {
            others_read(label, page);
            for resolution in Resolution::ALL {
                let proof = proves(label, resolution).unwrap();
                let name = format!("{}-{}.pbm", kind.code(), resolution.dpi());
                others_read(label, &write(&folder, &name, &bitmap(&zpl(&proof.raster, 1))));
            }
        }
    }
    if std::env::var_os("CHORDA_KEEP_FILES").is_none() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// Each payload of a label is read from its picture by a decoder that is not ours.
fn others_read(label: &LabelData, picture: &str) {
    let count = wanted(label).len().to_string();
    let matrices = run("dmtxread", &["-n", "-N", &count, "-m", "5000", picture]);
    let unread = |payload: &&String| !matrices.lines().any(|line| line == payload.as_str());
    let wanted = wanted(label);
    let rest: Vec<&String> = wanted.iter().filter(unread).collect();
    if rest.is_empty() {
        return;
    }
    let bars = run("zbarimg", &["-q", "--raw", picture]);
    for payload in rest {
        assert!(
            bars.lines().any(|line| line == payload),
            "{picture}: {payload:?} in {matrices:?} and {bars:?}"
        );
    }
}

const CRYOVIAL: &str = include_str!("../../../labels/cryovial.toml");

/// The faults of a cryovial whose definition, then whose drawing was changed.
fn faults(change: &dyn Fn(&mut Definition)) -> Result<Proof, Vec<Fault>> {
    let mut definition = Definition::parse("cryovial", CRYOVIAL).unwrap();
    change(&mut definition);
    let label = full(ContainerKind::Cryovial, 1);
    let drawn = draw(&definition, &label, Resolution::Dpi300).expect("it can be drawn");
    check(&drawn).map_err(|(faults, picture)| {
        assert!(picture.starts_with(b"\x89PNG"));
        faults
    })
}

fn says(result: Result<Proof, Vec<Fault>>, words: &str) {
    let faults = result.map(|_| ()).expect_err(words);
    let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(text.iter().any(|text| text.contains(words)), "{words}: {text:?}");
}

#[test]
fn an_unchanged_cryovial_reads_back_at_203_300_and_600_dpi() {
    assert!(faults(&|_| ()).is_ok());
    for resolution in Resolution::ALL {
        let proof = prove(&full(ContainerKind::Cryovial, 60), resolution).unwrap();
        assert_eq!(proof.raster.resolution, resolution);
        assert_eq!(proof.read.len(), 1);
    }
}

#[test]
fn every_fault_of_a_definition_is_found_on_the_dots_and_named() {
    let edge = Len::mm(24);
    says(faults(&|d| d.symbol[0].x = edge), "reaches over the edge of the stock");
    says(faults(&|d| d.text[0].x = edge), "reaches over the edge of the stock");
    says(faults(&|d| d.symbol[0].x = -Len::um(700)), "quiet zone");
    says(faults(&|d| d.text[0].x = Len::um(6000)), "quiet zone");
    says(faults(&|d| d.text[1].y = d.text[0].y), "overlap");
    says(faults(&|d| d.text[0].x = Len::um(600)), "overlap");
    says(faults(&|d| d.symbol[0].shade = 40), "contrast of 40 %");
    says(faults(&|d| d.symbol[0].shade = 40), "cannot be read back");
    says(faults(&|d| d.text[0].shade = 60), "contrast of 60 %");
    says(faults(&|d| d.text[0].size = Len::pt(4)), "smaller than 4.5 pt");
}

#[test]
fn every_fault_of_a_drawing_is_found_on_its_dots_and_named() {
    let changed = |change: &dyn Fn(&mut chorda::labels::Drawn)| {
        let mut drawn = layout(&full(ContainerKind::Cryovial, 1), Resolution::Dpi300).unwrap();
        change(&mut drawn);
        check(&drawn).map_err(|(faults, _)| faults)
    };
    let module = |drawn: &mut chorda::labels::Drawn, edge: Len| {
        let place = &mut drawn.symbols[0];
        (place.module, place.width, place.height) = (edge, edge * 14, edge * 14);
        if let Item::Modules { module, tall, .. } = &mut drawn.page.items[place.item] {
            (*module, *tall) = (edge, edge);
        }
    };
    says(changed(&|d| module(d, Len::um(200))), "a module of");
    says(changed(&|d| module(d, Len::um(390))), "no whole number of dots");
    says(changed(&|d| d.symbols[0].payload.push('7')), "reads back as");
    says(
        changed(&|d| {
            let item = d.symbols[0].item;
            if let Item::Modules { runs, .. } = &mut d.page.items[item] {
                runs.retain(|(row, ..)| row % 3 != 1);
            }
        }),
        "cannot be read back",
    );
    says(
        changed(&|d| {
            let at = chorda::pdf::Point::new(Len::mm(10), Len::mm(2));
            d.page.fill(at, Len::mm(1), Len::mm(1), Color::BLACK);
        }),
        "cannot be drawn by a label printer",
    );
}

#[test]
fn a_character_that_the_typeface_lacks_refuses_the_label() {
    let label = full(ContainerKind::Cryovial, 1).with(P::Product, "EQ 漢字");
    match prove(&label, Resolution::Dpi300) {
        Err(LabelRefusal::NotProven { faults, picture, .. }) => {
            assert!(matches!(faults[..], [Fault::NotInFont { .. }]), "{faults:?}");
            assert!(picture.starts_with(b"\x89PNG"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn code_128_is_a_third_symbol_and_reads_back_everywhere() {
    let text = include_str!("../../../labels/collection_pot.toml");
    let from = text.find("[[symbol]]\nkind = \"qr\"").unwrap();
    let to = from + text[from..].find("[[text]]").unwrap();
    let bars = "[[symbol]]\nkind = \"code_128\"\npayload = \"code\"\nx = \"1.5 mm\"\n\
                y = \"40 mm\"\nroom = \"67 mm\"\nheight = \"8 mm\"\nmodule = \"0.3 mm\"\n\n";
    let text = format!("{}{bars}{}", &text[..from], &text[to..]);
    let text = text.replace("height = \"40 mm\" }", "height = \"50 mm\" }");
    let definition = Definition::parse("bars", &text).unwrap();
    let folder = folder("bars");
    for (number, resolution) in (1..).zip(Resolution::ALL) {
        let label = full(ContainerKind::CollectionPot, number * 123_457);
        let drawn = draw(&definition, &label, resolution).unwrap();
        let proof = check(&drawn).unwrap();
        assert_eq!(proof.read.len(), 2);
        assert!(proof.read.iter().all(|read| read.text == label.payload()));
        if have(&["zbarimg"]) {
            let picture = write(&folder, "bars.pbm", &bitmap(&zpl(&proof.raster, 1)));
            assert_eq!(run("zbarimg", &["-q", "--raw", &picture]).trim(), label.payload());
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_turned_raster_turns_back_and_prints_the_same_dots() {
    let raster = prove(&full(ContainerKind::Cryovial, 7), Resolution::Dpi203).unwrap().raster;
    let dark = |raster: &Raster| raster.bits.iter().map(|byte| byte.count_ones()).sum::<u32>();
    let quarter = raster.turned(1);
    assert_eq!((quarter.width, quarter.height), (raster.height, raster.width));
    assert_eq!(dark(&quarter), dark(&raster));
    assert_eq!(quarter.turned(3), raster);
    assert_eq!(raster.turned(2).turned(2), raster);
    let (row, height, bits) = graphic(&zpl(&raster, 3));
    assert_eq!((row, height), (raster.row_bytes(), raster.height));
    assert_eq!(bits, raster.bits);
    assert!(zpl(&raster, 3).contains("^PQ3^XZ"));
}

#[test]
fn many_labels_are_proved_in_their_order_and_one_bad_one_refuses_them_all() {
    let mut labels: Vec<LabelData> =
        (1..=40).map(|number| full(ContainerKind::Cryovial, number)).collect();
    let proofs = prove_all(&labels, None).unwrap();
    for (label, proof) in labels.iter().zip(&proofs) {
        assert_eq!(proof.read[0].text, label.payload());
    }
    labels[33] = labels[33].clone().with(P::Product, "");
    assert!(matches!(prove_all(&labels, None), Err(LabelRefusal::MissingParticular { .. })));
    assert!(every_kind().len() > ContainerKind::ALL.len());
    assert_eq!(labels[0].payload(), code(ContainerKind::Cryovial, 1).to_string());
}

#[test]
fn the_labels_of_other_things_read_back_at_every_resolution_and_by_other_decoders() {
    let folder = folder("others");
    for kind in LabelKind::all().filter(|kind| kind.container().is_none()) {
        let label = sample(kind, Language::Slovenian).unwrap();
        for resolution in Resolution::ALL {
            let proof = prove(&label, resolution)
                .unwrap_or_else(|error| panic!("{kind:?} at {} dpi: {error}", resolution.dpi()));
            let says = |read: &ReadBack| match (kind, read.kind) {
                (LabelKind::ScannerTest, SymbolKind::DataMatrix) => TestSymbol::DataMatrix.text(),
                (LabelKind::ScannerTest, SymbolKind::Qr) => TestSymbol::Qr.text(),
                (LabelKind::ScannerTest, SymbolKind::Code128) => TestSymbol::Code128.text(),
                _ => label.payload().to_owned(),
            };
            for read in &proof.read {
                assert_eq!(read.text, says(read), "{kind:?}");
            }
            let name = format!("{}-{}.png", kind.code(), resolution.dpi());
            write(&folder, &name, &png(&proof.raster));
        }
        for particular in kind.mandatory().0.iter().filter(|particular| **particular != P::Code) {
            match layout(&label.clone().with(*particular, ""), Resolution::Dpi300) {
                Err(LabelRefusal::MissingParticular { particular: named, .. }) => {
                    assert_eq!(named, particular.words());
                }
                unexpected => panic!("{kind:?} without {particular:?}: {unexpected:?}"),
            }
        }
        if have(&["dmtxread"]) {
            let picture = folder.join(format!("{}-300.png", kind.code()));
            let read = run("dmtxread", &["-n", "-N", "1", "-m", "5000", picture.to_str().unwrap()]);
            let first = match kind {
                LabelKind::ScannerTest => TestSymbol::DataMatrix.text(),
                _ => label.payload().to_owned(),
            };
            assert_eq!(read.trim_end(), first, "{kind:?}");
        }
    }
    if std::env::var_os("CHORDA_KEEP_FILES").is_none() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// What `dmtxread` reads from the graphics of label formats, in their order.
pub(crate) fn read_graphics(folder: &Path, formats: &[String]) -> Vec<String> {
    formats
        .iter()
        .map(|format| {
            let picture = write(folder, "format.pbm", &bitmap(&format!("{format}^FS")));
            run("dmtxread", &["-n", "-N", "1", "-m", "5000", &picture]).trim_end().to_owned()
        })
        .collect()
}

#[test]
fn the_sample_of_every_definition_proves_as_a_test_that_names_nothing() {
    for kind in LabelKind::all() {
        let definition = chorda::labels::definitions().unwrap().get(&kind).unwrap();
        let proofs = sample_proofs(definition).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let real = prove(&sample(kind, Language::Slovenian).unwrap(), Resolution::Dpi600).unwrap();
        assert!(proofs.iter().flat_map(|proof| &proof.read).all(|read| read.text == "TEST"));
        assert!(real.read.iter().all(|read| read.text != "TEST"));
        let test = sample(kind, Language::Slovenian).unwrap().as_test();
        let mut plain = layout(&test, Resolution::Dpi600).unwrap();
        plain.test = false;
        let dark = |raster: &Raster| raster.bits.iter().map(|byte| byte.count_ones()).sum::<u32>();
        let plain = dark(&check(&plain).unwrap().raster);
        assert_eq!(proofs.len(), Language::ALL.len() * Resolution::ALL.len());
        assert!(dark(&proofs[5].raster) > plain + plain / 20, "{kind:?} without watermark");
        assert!(render_pdf(&[test]).unwrap().starts_with(b"%PDF"));
    }
}

/// The decoder looks in vain for the corners of this one at 203 dpi; other decoders read it.
#[test]
fn a_symbol_whose_corners_one_decoder_misses_is_read_all_the_same() {
    let serial = PrintSerial::new(89).unwrap();
    let pot = container::code(ContainerKind::CollectionPot, 3_296_406).unwrap();
    let code = LabelCode::new(&pot, serial).unwrap();
    let like = full(ContainerKind::CollectionPot, 1);
    let label = LabelData::new(Language::English, ContainerKind::CollectionPot, code);
    let label = [P::Product, P::Donation, P::Donor, P::Taken, P::Storage]
        .into_iter()
        .fold(label, |label, particular| {
            label.with(particular, like.value(particular).unwrap_or(""))
        });
    for resolution in Resolution::ALL {
        let proof = prove(&label, resolution).unwrap();
        assert!(proof.read.iter().all(|read| read.text == "CP3296406895"));
        if have(&["zbarimg"]) {
            let folder = folder("corners");
            let picture = write(&folder, "pot.png", &png(&proof.raster));
            let read = run("zbarimg", &["-q", "--raw", &picture]);
            assert!(read.lines().any(|line| line == "CP3296406895"), "{resolution:?}: {read}");
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
}
