//! How long it takes to check each shipped master record beside the others, and to simulate it a
//! thousand times: `cargo bench --bench master_record`.
//!
//! Prints the median of the checks in milliseconds and the time of the simulation in seconds.

use std::error::Error;
use std::time::Instant;

use chorda::app::master_record_approve::SHIPPED;
use chorda::app::master_record_check::check_text;
use chorda::domain::master_record::parse;
use chorda::domain::master_record::simulate::simulate;
use chorda::site::Site;

const CHECKS: usize = 51;
const RUNS: u32 = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::example()?;
    let mut records = Vec::new();
    for (_, text) in SHIPPED {
        records.push(parse(text)?);
    }
    println!("{:<28} {:>8} {:>12} {:>16}", "record", "bytes", "check", "1,000 runs");
    for (record, (_, text)) in records.iter().zip(SHIPPED) {
        let mut taken = Vec::new();
        for _ in 0..CHECKS {
            let start = Instant::now();
            let found = check_text(text, &records, &site)?;
            taken.push(start.elapsed());
            assert!(found.faults.is_empty(), "a shipped record has a fault");
        }
        taken.sort();
        let check = taken.get(CHECKS / 2).copied().unwrap_or_default();
        let start = Instant::now();
        let report = simulate(record, RUNS, 1);
        let simulated = start.elapsed();
        assert_eq!(report.runs, RUNS, "every run is accounted for");
        let key = record.record.key();
        println!(
            "{key:<28} {:>8} {:>12} {:>16}",
            text.len(),
            format!("{check:.1?}"),
            format!("{simulated:.1?}")
        );
    }
    Ok(())
}
