//! The site file: what it says reaches numbers, labels and records.

use std::path::Path;

use chorda::config::Settings;
use chorda::domain::donor::RuleSet;
use chorda::domain::id::ContentHash;
use chorda::site::Site;

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
        .replace("\"../", &format!("\"{}/templates/", here.display()));
    let file = folder.join("site.toml");
    std::fs::write(&file, &text).unwrap();
    let site = Site::read(&file).unwrap();
    let newest = site.protocol("EQ-MSC-XER").unwrap();
    assert_eq!((site.protocols.len(), newest.protocol.version), (2, 2));
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
