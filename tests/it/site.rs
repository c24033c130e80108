//! The site file: what it says reaches numbers, labels and records.

use std::path::Path;

use chorda::codes::CodeError;
use chorda::config::Settings;
use chorda::domain::donor::RuleSet;
use chorda::domain::id::{ContentHash, Din};
use chorda::domain::language::Language;
use chorda::site::{Site, SiteError};

use crate::support::fresh_folder;

const FILE: &str = "templates/sites/example.toml";

#[test]
fn the_site_in_the_program_is_the_one_in_its_files() {
    let (built_in, from_disk) = (Site::example().unwrap(), Site::read(Path::new(FILE)).unwrap());
    assert_eq!(built_in.on_one_line(), from_disk.on_one_line());
    assert_eq!(built_in.calendar, from_disk.calendar);
    assert_eq!(built_in.rules, from_disk.rules);
    let hashes = |site: &Site| -> Vec<ContentHash> {
        site.protocols.iter().map(|published| published.hash.clone()).collect()
    };
    assert_eq!(hashes(&built_in), hashes(&from_disk));
    assert!(built_in.fictitious && built_in.facility == "A9999");
}

#[test]
fn without_a_site_file_the_invented_site_is_used() {
    let config = Settings::default().complete().unwrap();
    assert!(config.site.fictitious);
    let named = Settings { site: Some(FILE.into()), ..Settings::default() };
    assert_eq!(named.complete().unwrap().site.name, "Example site");
}

#[test]
fn a_folder_of_protocols_keeps_old_versions_beside_the_newest() {
    let folder = fresh_folder();
    let protocols = folder.join("protocols");
    std::fs::create_dir(&protocols).unwrap();
    let first = std::fs::read_to_string("templates/protocols/eq-msc-xerostomia.toml").unwrap();
    std::fs::write(protocols.join("1.toml"), &first).unwrap();
    let second = first.replacen("version = 1", "version = 2", 1);
    std::fs::write(protocols.join("2.toml"), &second).unwrap();
    std::fs::write(protocols.join("notes.txt"), "no protocol").unwrap();
    let here = std::env::current_dir().unwrap();
    let text = std::fs::read_to_string(FILE)
        .unwrap()
        .replace("\"../protocols/eq-msc-xerostomia.toml\"", "\"protocols\"")
        .replace("\"../", &format!("\"{}/templates/", here.display()))
        .replace("products = \"example-products.csv\"", "");
    let file = folder.join("site.toml");
    std::fs::write(&file, &text).unwrap();
    let site = Site::read(&file).unwrap();
    let newest = site.protocol("EQ-MSC-XER").unwrap();
    assert_eq!((site.protocols.len(), newest.protocol.version), (6, 2));
    let old = site.protocols.iter().find(|known| known.protocol.version == 1).unwrap();
    assert_eq!(site.published(&old.hash).unwrap().protocol.version, 1);
    std::fs::write(protocols.join("3.toml"), &first).unwrap();
    let twice = Site::read(&file).unwrap_err().to_string();
    assert!(twice.contains("EQ-MSC-XER version 1 is in two files"), "{twice}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_donor_rules_that_come_with_the_program_are_the_ones_of_the_site() {
    let text = include_str!("../../templates/rules/donor-eu-2006-17.toml");
    let own = chorda::domain::donor::RuleBook::new(vec![RuleSet::parse(text).unwrap()]);
    assert_eq!(Site::example().unwrap().rules, own);
}

/// The example, changed and written to a folder of its own.
fn changed(change: impl Fn(String) -> String, products: Option<&str>) -> Result<Site, SiteError> {
    let folder = fresh_folder();
    if let Some(table) = products {
        std::fs::write(folder.join("example-products.csv"), table).unwrap();
    }
    let here = std::env::current_dir().unwrap();
    let beside = format!("\"{}/templates/sites/example-products.csv\"", here.display());
    let text = std::fs::read_to_string(FILE)
        .unwrap()
        .replace("\"../", &format!("\"{}/templates/", here.display()));
    let text = match products {
        Some(_) => text,
        None => text.replace("\"example-products.csv\"", &beside),
    };
    let file = folder.join("site.toml");
    std::fs::write(&file, change(text)).unwrap();
    let site = Site::read(&file);
    std::fs::remove_dir_all(&folder).unwrap();
    site
}

#[test]
fn every_wrong_line_of_the_product_table_is_told_with_its_file() {
    let table = "product_code,description\nD0101,Aliquot\nd0102,Syringe\nD0103\n";
    let error = changed(|text| text, Some(table)).unwrap_err().to_string();
    assert!(error.contains("example-products.csv, line 3: "), "{error}");
    assert!(error.contains("; line 4: "), "{error}");
    let site = changed(|text| text, Some("product_code;description\nD0101;Aliquot\n")).unwrap();
    assert_eq!(site.products.description("D0101"), Some("Aliquot"));
}

#[test]
fn the_tissue_establishment_begins_every_donation_sequence() {
    let site = changed(|text| text, None).unwrap();
    let din = Din::parse("A999926000001").unwrap();
    assert_eq!(site.donation_sequence(&din).unwrap().to_string(), "SI0TE999A999926000001");
    for wrong in ["TE999", "si0TE999", "SI0TE9999", "XX0TE999"] {
        let error = changed(|text| text.replace("\"SI0TE999\"", &format!("\"{wrong}\"")), None);
        assert!(error.unwrap_err().to_string().contains("tissue establishment code"), "{wrong}");
    }
    let site = changed(|text| text.replace("tissue_establishment = \"SI0TE999\"", ""), None);
    assert_eq!(site.unwrap().donation_sequence(&din), None);
}

#[test]
fn a_site_without_isbt_128_refuses_its_messages_and_reads_everything_else() {
    let site = changed(|text| text.replace("isbt_128 = true", "isbt_128 = false"), None).unwrap();
    let message = "=+02000=A99992600000500=<D0102VA0";
    assert_eq!(site.read_code(message), Err(CodeError::NotInUse));
    for other in ["CV0000123", "]d20103205000004004", "A9999 26 000001 8", "B-2026-0001"] {
        assert!(site.read_code(other).is_ok(), "{other}");
    }
    assert!(Site::example().unwrap().read_code(message).is_ok());
}

#[test]
fn a_site_prints_its_labels_in_its_language_and_lets_no_half_translated_text_in() {
    let slovenian =
        |text: String| text.replace("label_language = \"en\"", "label_language = \"sl\"");
    assert_eq!(Site::example().unwrap().label_language, Language::English);
    assert_eq!(changed(slovenian, None).unwrap().label_language, Language::Slovenian);
    let plain = |text: String| text.replace("label_language = \"en\"", "");
    assert_eq!(changed(plain, None).unwrap().label_language, Language::English);
    let unknown = |text: String| text.replace("label_language = \"en\"", "label_language = \"de\"");
    assert!(changed(unknown, None).unwrap_err().to_string().contains("`sl`"));
    let folder = fresh_folder();
    let here = std::env::current_dir().unwrap();
    let templates = format!("{}/templates", here.display());
    for (file, from, to, says) in [
        (
            "protocols/eq-msc-xerostomia.toml",
            "{ en = \"For intraglandular injection\", sl = \"Za injiciranje v žlezo slinavko\" }",
            "\"For intraglandular injection\"",
            "write route = { en = \"For intraglandular injection\", sl = \"…\" }",
        ),
        (
            "protocols/msc-supernatant.toml",
            "{ en = \"Mouthwash\", sl = \"Ustna voda\" }",
            "\"Mouthwash\"",
            "\"Mouthwash\" is not given in it",
        ),
        (
            "rules/donor-eu-2006-17.toml",
            ", sl = \"Lipoaspirat\"",
            "",
            "{ en = \"Lipoaspirate\", sl = \"…\" }",
        ),
    ] {
        let text = std::fs::read_to_string(format!("{templates}/{file}")).unwrap();
        let lacking = text.replace(from, to);
        assert_ne!(lacking, text, "{file}");
        let own = folder.join("lacking.toml");
        std::fs::write(&own, &lacking).unwrap();
        let named =
            |site: String| site.replace(&format!("{templates}/{file}"), own.to_str().unwrap());
        assert!(changed(named, None).is_ok(), "{file} is not wrong for labels in English");
        let error = changed(|site| named(slovenian(site)), None).unwrap_err().to_string();
        let line = lacking.lines().position(|line| line.contains(to) && line.contains(" = "));
        assert!(error.contains(says) && error.contains("lacking.toml"), "{error}");
        if !to.is_empty() {
            assert!(error.contains(&format!(": {}:", line.unwrap() + 1)), "{error}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
