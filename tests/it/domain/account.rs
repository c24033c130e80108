//! What becomes of a container after its batch stays in the book of that batch: it balances, and
//! nothing is given, lost or destroyed that was not there.

use chorda::domain::account::{Account, Book, Posting, alike};
use chorda::domain::actor::{Actor, Meaning, Role, Signature};
use chorda::domain::container::{
    Command, Container, ContainerKind, Contents, Custodian, Event, Use, decide,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::genealogy::Standing;
use chorda::domain::id::{
    BatchNumber, ContentHash, Login, MaterialCode, Name, OrderNumber, StationId,
};
use chorda::domain::language::Wording;
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::{Instant, Span};
use chorda::domain::{Aggregate, Context, Recorded};
use proptest::prelude::*;

const UNITS: [Unit; 3] = [Unit::MillionCells, Unit::Millilitre, Unit::Container];

fn now() -> Instant {
    Instant::parse("2026-11-20T08:00:00Z").unwrap()
}

fn ana() -> Login {
    Login::parse("ana").unwrap()
}

fn order() -> OrderNumber {
    OrderNumber::parse("ORD-2026-0001").unwrap()
}

fn batch(number: u32) -> BatchNumber {
    BatchNumber::parse(&format!("B-2026-{number:04}")).unwrap()
}

fn q(text: &str, unit: Unit) -> Quantity {
    Quantity::parse(text, unit).unwrap()
}

fn signature() -> Signature {
    Signature {
        login: ana(),
        printed_name: "Ana (fictitious)".to_owned(),
        role: Role::Qa,
        meaning: Meaning::Approved,
        at: now(),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: ContentHash::parse(&"0".repeat(64)).unwrap(),
    }
}

/// A syringe, its events, and the book of the batch that filled it.
struct Syringe {
    container: Container,
    version: u64,
    book: Book,
}

impl Syringe {
    fn filled(volume: &str, cells: Option<&str>) -> Self {
        let contents = Contents {
            material: MaterialCode::parse("EQ-MSC-DOSE").unwrap(),
            title: Wording::english("EQ-MSC"),
            passage: Some(2),
            volume: Some(q(volume, Unit::Millilitre)),
            viable_cells: cells.map(|cells| q(cells, Unit::MillionCells)),
        };
        let mut book = Book::default();
        let one = Some(q("1", Unit::Container));
        for amount in [contents.volume, contents.viable_cells, one].into_iter().flatten() {
            let posting = Posting { from: Account::Medium, to: Account::Output, amount };
            book.post(&posting).unwrap();
        }
        let event = Event::Produced {
            kind: ContainerKind::Syringe,
            contents,
            donation: None,
            batch: Some(batch(1)),
            step: None,
            output: None,
            number: 1,
            of: 1,
            identity: None,
            expires_at: Some(now().plus(Span::of_days(400))),
            order: Some(order()),
            target: Some(Name::parse("left_parotid").unwrap()),
            disposition: Disposition::Released,
            custodian: Custodian::Person { login: ana() },
        };
        let container = Container::apply(None, &recorded(1, &event), &event).unwrap();
        Self { container, version: 1, book }
    }

    fn does(&mut self, command: &Command) -> bool {
        let standing = Standing { disposition: Disposition::Released, because: None };
        let actor = Actor {
            login: ana(),
            printed_name: "Ana (fictitious)".to_owned(),
            role: Role::Technician,
        };
        let context = Context { now: now(), actor };
        let Ok(changes) = decide(&self.container, command, &standing, &context) else {
            return false;
        };
        for change in changes {
            let chorda::domain::Event::Container(event) = change.event else { panic!() };
            for posting in event.postings() {
                self.book.post(posting).unwrap_or_else(|error| panic!("{error}: {event:?}"));
            }
            self.version += 1;
            let recorded = recorded(self.version, &event);
            self.container =
                Container::apply(Some(self.container.clone()), &recorded, &event).unwrap();
        }
        true
    }

    fn held(&self, account: Account) -> [String; 3] {
        UNITS.map(|unit| self.book.balance(account, unit).value().normalize().to_string())
    }
}

fn recorded(version: u64, event: &Event) -> Recorded {
    Recorded {
        stream: Container::stream("SY0000001"),
        version,
        at: now(),
        actor: ana(),
        role: Role::Technician,
        station: StationId::parse("CR-1").unwrap(),
        command_id: "test".to_owned(),
        reason: None,
        event: event.clone().into(),
    }
}

fn leaves(volume: &str) -> Command {
    Command::OpenExcursion {
        excursion: "X1".to_owned(),
        purpose: "99mTc-HMPAO labelling".to_owned(),
        volume: q(volume, Unit::Millilitre),
        taken_by: Login::parse("rado").unwrap(),
        due_at: now().plus(Span::of_minutes(60)),
        signature: signature(),
    }
}

fn returns(volume: &str) -> Command {
    Command::ReturnExcursion {
        excursion: "X1".to_owned(),
        volume: q(volume, Unit::Millilitre),
        activity: None,
        signature: signature(),
    }
}

fn written_off() -> Command {
    Command::WriteOffExcursion { excursion: "X1".to_owned(), signature: signature() }
}

fn given(volume: &str) -> Command {
    Command::Administer {
        order: order(),
        target: Name::parse("left_parotid").unwrap(),
        volume: q(volume, Unit::Millilitre),
        given_at: now(),
        signature: signature(),
    }
}

fn destroyed() -> Command {
    let because = "expired".to_owned();
    Command::Destroy { because, signature: signature(), witness: None }
}

fn used_by(number: u32) -> Command {
    let accepts = Disposition::Released;
    let wanted = Use { batch: batch(number), order: Some(order()), accepts, outside_max: None };
    Command::Consume { wanted, step: Name::parse("receive").unwrap() }
}

#[test]
fn what_left_and_came_back_is_given_and_the_rest_is_waste() {
    let mut syringe = Syringe::filled("1.0", Some("50"));
    assert!(syringe.does(&leaves("0.05")));
    assert_eq!(syringe.held(Account::Excursion), ["2.5", "0.05", "0"]);
    assert_eq!(syringe.held(Account::Output), ["47.5", "0.95", "1"]);
    assert!(syringe.does(&returns("0.04")));
    assert_eq!(syringe.held(Account::Loss), ["0.5", "0.01", "0"]);
    assert!(syringe.does(&given("0.9")));
    assert_eq!(syringe.held(Account::Administered), ["45", "0.9", "1"]);
    assert_eq!(syringe.held(Account::Waste), ["4.5", "0.09", "0"]);
    for account in [Account::Output, Account::Excursion] {
        assert_eq!(syringe.held(account), ["0", "0", "0"]);
    }
}

#[test]
fn what_is_written_off_is_lost_and_what_is_destroyed_is_waste() {
    let mut syringe = Syringe::filled("1.0", Some("50"));
    assert!(syringe.does(&leaves("0.3")));
    assert!(syringe.does(&written_off()));
    assert_eq!(syringe.held(Account::Loss), ["15", "0.3", "0"]);
    assert!(syringe.does(&destroyed()));
    assert_eq!(syringe.held(Account::Waste), ["35", "0.7", "1"]);
}

#[test]
fn another_batch_takes_all_of_it_and_its_own_posts_for_itself() {
    let mut syringe = Syringe::filled("1.0", Some("50"));
    assert!(syringe.does(&used_by(2)));
    assert_eq!(syringe.held(Account::Passed), ["50", "1", "1"]);
    let mut own = Syringe::filled("1.0", Some("50"));
    assert!(own.does(&used_by(1)));
    assert_eq!(own.held(Account::Output), ["50", "1", "1"], "the step of the batch moves it");
}

#[test]
fn without_cells_no_account_of_cells_appears() {
    let mut syringe = Syringe::filled("2.0", None);
    assert!(syringe.does(&leaves("0.5")));
    assert!(syringe.does(&returns("0.5")));
    assert!(syringe.does(&given("1.5")));
    assert_eq!(syringe.book.units(), [Unit::Millilitre, Unit::Container]);
    assert_eq!(syringe.held(Account::Administered), ["0", "1.5", "1"]);
    assert_eq!(syringe.held(Account::Waste), ["0", "0.5", "0"]);
}

#[test]
fn cells_that_do_not_divide_evenly_are_never_more_or_fewer() {
    let mut syringe = Syringe::filled("0.9", Some("100"));
    assert!(syringe.does(&leaves("0.1")));
    assert_eq!(syringe.held(Account::Excursion)[0], "11.11");
    assert!(syringe.does(&returns("0.1")));
    assert_eq!(syringe.held(Account::Output), ["100", "0.9", "1"]);
}

#[test]
fn equal_postings_are_counted() {
    let posting = |text| Posting {
        from: Account::Supply,
        to: Account::Output,
        amount: q(text, Unit::Container),
    };
    let counted = alike(&[posting("1"), posting("2"), posting("1")]);
    assert_eq!(counted, [(posting("1"), 2), (posting("2"), 1)]);
}

proptest! {
    #[test]
    fn whatever_becomes_of_a_syringe_its_book_balances_and_nothing_is_below_zero(
        volume in 1_u32..300,
        cells in proptest::option::of(1_u32..100_000),
        steps in proptest::collection::vec((0_usize..6, 1_u32..300), 1..20),
    ) {
        let text = |hundredths: u32| format!("{}.{:02}", hundredths / 100, hundredths % 100);
        let cells = cells.map(text);
        let mut syringe = Syringe::filled(&text(volume), cells.as_deref());
        for (which, amount) in steps {
            let amount = text(amount);
            let command = match which {
                0 => leaves(&amount),
                1 => returns(&amount),
                2 => written_off(),
                3 => given(&amount),
                4 => destroyed(),
                _ => used_by(2),
            };
            // Posting panics where more would leave than there is.
            syringe.does(&command);
            for unit in UNITS {
                prop_assert!(syringe.book.sum(unit).is_zero());
                for (account, ..) in Account::ALL.iter().filter(|(a, ..)| !a.is_source()) {
                    prop_assert!(!syringe.book.balance(*account, unit).is_negative());
                }
            }
            let there = syringe.container.booked(Account::Output, Unit::Millilitre);
            if syringe.container.must_be_live().is_ok() {
                prop_assert_eq!(syringe.container.volume_now(), Some(there));
            } else {
                prop_assert!(there.is_zero());
            }
        }
    }
}
