//! Verification over a whole site's records: the demo's, in which every table has rows.

use chorda::config::Settings;
use chorda::demo::{Options, Story, Until, play};
use chorda::store::StoreConfig;

use super::verify::flip_all_projections;
use crate::support::{TestStore, fresh_folder};

#[test]
fn one_flipped_byte_in_any_table_of_a_whole_site_is_found() {
    let folder = fresh_folder();
    let options = Options {
        dir: folder.clone(),
        database: None,
        fresh: false,
        story: Story::Told(Until::End),
        silent: true,
        settings: Settings::default(),
    };
    let played = play(&options).unwrap();
    assert!(played.report.passed, "{:#?}", played.report.lines());
    drop(played);
    let mut config = StoreConfig::new(&format!("sqlite:{}", folder.join("chorda.db").display()));
    config.key_folder = Some(folder.join("chorda.secrets"));
    let store = TestStore::existing(config, folder);
    let (flipped, empty) = flip_all_projections(&store);
    assert!(flipped >= 200, "{flipped} places");
    // The story has no occasion for these.
    let silent = ["label_definition", "print_job", "printer", "reaction", "release_notice"];
    let untold: Vec<_> = empty.into_iter().filter(|table| !silent.contains(table)).collect();
    assert!(untold.is_empty(), "the demo leaves no rows in {untold:?}");
}
