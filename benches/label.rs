//! How long labels take: a thousand as one PDF, the same with every one read back from its dots, and
//! one from the request over commit and queue to the printer's socket.
//!
//! Run with `cargo run --release -- demo --no-serve`, then `cargo bench --bench label`.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use chorda::app::label_print::{LabelPrint, label_print};
use chorda::app::print_send::Spooler;
use chorda::app::printer_change::{PrinterSetUp, printer_set_up};
use chorda::codes::{LabelCode, PrintSerial, container};
use chorda::domain::actor::Role;
use chorda::domain::container::ContainerKind;
use chorda::domain::id::{AssetId, ContainerCode};
use chorda::domain::language::Language;
use chorda::domain::printer::{Connection, Setup};
use chorda::labels::{
    LabelData, LabelKind, Particular, Resolution, prove, prove_all, render_pdf, sample, zpl,
};
use chorda::printing::Patience;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn vial(number: u32) -> Outcome<LabelData> {
    let kind = ContainerKind::Cryovial;
    let code = LabelCode::new(&container::code(kind, number)?, PrintSerial::FIRST)?;
    let like = sample(LabelKind::Container(kind), Language::English).ok_or("no sample")?;
    let kept = [
        Particular::Product,
        Particular::Batch,
        Particular::Donation,
        Particular::Passage,
        Particular::Storage,
        Particular::Expiry,
    ];
    let label = LabelData::new(Language::English, kind, code)
        .with(Particular::Count, format!("{number} of 1000"));
    Ok(kept.into_iter().fold(label, |label, particular| {
        label.with(particular, like.value(particular).unwrap_or(""))
    }))
}

/// The best and the median of several runs.
fn timed(name: &str, runs: usize, mut work: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed());
    }
    times.sort();
    let middle = times.get(runs / 2).copied().unwrap_or_default();
    let best = times.first().copied().unwrap_or_default();
    println!("{name}: median {middle:.1?}, best {best:.1?} of {runs}");
    Ok(())
}

/// A printer that answers that all came out, and tells when the first bytes of a label arrived.
fn printer() -> Outcome<(u16, Receiver<Instant>)> {
    const STATUS: &str = "\u{2}030,0,0,0150,000,0,0,0,000,0,0,0\u{3}\r\n\
                          \u{2}000,0,0,0,0,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n";
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut line in listener.incoming().flatten() {
            let mut part = [0; 4096];
            let mut begun = false;
            while let Ok(count @ 1..) = line.read(&mut part) {
                let got = part.get(..count).unwrap_or_default();
                if !begun && got.windows(3).any(|three| three == b"^XA") {
                    begun = true;
                    if tell.send(Instant::now()).is_err() {
                        return;
                    }
                }
                if got.windows(3).any(|three| three == b"~HS")
                    && line.write_all(STATUS.as_bytes()).is_err()
                {
                    break;
                }
            }
        }
    });
    Ok((port, told))
}

/// Prints labels of the demo's vials again, each for itself, as a technician would: the time from
/// the command until its label arrives at the printer, everything recorded in between.
fn print(folder: &Path) -> Outcome<()> {
    let (port, told) = printer()?;
    let app = support::open(folder)?;
    let asset = AssetId::parse("EQ-LP-99")?;
    let connection = Connection::Tcp { host: "127.0.0.1".to_owned(), port };
    let setup = Setup { title: "bench".to_owned(), connection, dpi: 300 };
    let set_up = PrinterSetUp { asset: asset.clone(), setup };
    printer_set_up(&app, &support::caller("admin", Role::Administrator)?, set_up)?;
    let spooler = Spooler::start(app.clone(), Patience::default())?;
    let vial = ContainerCode::parse("CV0000012")?;
    timed("one label from the request to the printer's socket", 50, || {
        let caller = support::caller("ana.kos", Role::Technician)?;
        let command = LabelPrint {
            containers: vec![vial.clone()],
            copies: 1,
            because: Some("smeared".to_owned()),
            printer: Some(asset.clone()),
        };
        label_print(&app, &caller, command)?;
        told.recv_timeout(Duration::from_secs(5))?;
        Ok(())
    })?;
    drop(spooler);
    Ok(())
}

fn main() -> Outcome<()> {
    let labels = (1..=1000).map(vial).collect::<Outcome<Vec<_>>>()?;
    timed("1,000 cryovial labels as one PDF", 5, || {
        let pdf = render_pdf(&labels)?;
        assert!(pdf.starts_with(b"%PDF"));
        Ok(())
    })?;
    timed("the same, each read back at 300 dpi", 5, || {
        let proofs = prove_all(&labels, Some(Resolution::Dpi300))?;
        assert_eq!(proofs.len(), labels.len());
        render_pdf(&labels)?;
        Ok(())
    })?;
    let one = vial(1)?;
    timed("one label drawn, read back and written as ZPL, 300 dpi", 50, || {
        let proof = prove(&one, Resolution::Dpi300)?;
        assert!(zpl(&proof.feed(), 1).starts_with("^XA"));
        Ok(())
    })?;
    support::with_demo(print)
}
