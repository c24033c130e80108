//! Something foreign on the line, through the use cases, on both databases.

use chorda::app::batch_clearance::{LineScan, batch_line_removed, batch_line_scan};
use chorda::app::master_record_approve::SHIPPED;
use chorda::domain::batch::PerformStep;
use chorda::domain::deviation::{Class, Status};
use chorda::domain::id::Name;
use chorda::store::{batch as table, deviation};

use super::batch::{CLEAR, Plant};
use crate::support::each_backend;

#[test]
fn something_foreign_is_recorded_at_once_and_stops_the_clearance_until_it_is_gone() {
    each_backend(|store| {
        let plant = Plant::new(store);
        plant.approve(SHIPPED[0].1).unwrap();
        let number = plant.start_of("EQ-MSC-P1").unwrap();
        let other = plant.start_of("EQ-MSC-P1").unwrap();
        let step = Name::parse("clear_line").unwrap();
        let scan =
            |code: &str| batch_line_scan(&plant.app, &plant.caller("ana"), &number, &step, code);
        assert!(matches!(scan("LOT:DPBS/L1"), Ok(LineScan::Belongs { .. })));
        assert!(matches!(scan(number.as_str()), Ok(LineScan::Belongs { .. })));
        let refused = scan("???").unwrap_err();
        assert!(refused.to_string().contains("no container, lot, batch or order"), "{refused}");
        let found = scan(other.as_str()).unwrap();
        assert!(matches!(found, LineScan::Foreign { deviation: Some(_), .. }), "{found:?}");
        let again = scan(other.as_str()).unwrap();
        assert!(matches!(again, LineScan::Foreign { deviation: None, .. }), "{again:?}");

        let command = plant.ask(&number, "clear_line", CLEAR);
        let refused = plant.perform(&number, "ana", PerformStep { ..command.clone() }).unwrap_err();
        assert!(refused.to_string().contains("does not belong here"), "{refused}");
        let place = (other.as_str(), "the office");
        batch_line_removed(&plant.app, &plant.caller("ana"), &number, &step, place).unwrap();
        plant.perform(&number, "ana", command).unwrap();
        let (batch, deviations) = plant
            .app
            .read(|db| Ok((table::require(db, &number)?, deviation::of_batch(db, &number)?)))
            .unwrap();
        assert_eq!(batch.foreign[0].removed.as_ref().unwrap().0, "the office");
        assert_eq!(deviations.len(), 1);
        assert_eq!((deviations[0].class, deviations[0].status), (Class::Major, Status::Open));
    });
}
