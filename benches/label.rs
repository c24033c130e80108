//! How long labels take: a thousand as one PDF, the same with every one read back from its dots, and
//! one from the request to the printer's socket.
//!
//! Run with `cargo bench --bench label`.

use std::io::Read;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use chorda::codes::{LabelCode, PrintSerial, container};
use chorda::domain::container::ContainerKind;
use chorda::domain::language::Language;
use chorda::domain::printer::Connection;
use chorda::labels::{
    LabelData, LabelKind, Particular, Resolution, prove, prove_all, render_pdf, sample, zpl,
};
use chorda::printing::{Job, Page, Patience, send};

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

/// A printer that takes everything and says how long it waited for the first byte of a label.
fn printer() -> Outcome<(u16, std::sync::mpsc::Receiver<Instant>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut line in listener.incoming().flatten() {
            let mut got: Vec<u8> = Vec::new();
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = line.read(&mut part) {
                got.extend(part.iter().take(count));
                if got.windows(3).any(|three| three == b"^XA") {
                    if tell.send(Instant::now()).is_err() {
                        return;
                    }
                    got.clear();
                }
            }
        }
    });
    Ok((port, told))
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
    let (port, told) = printer()?;
    let line = Connection::Tcp { host: "127.0.0.1".to_owned(), port };
    // This printer answers no question: it is asked for a millisecond only.
    let answer = Duration::from_millis(1);
    let patience = Patience { answer, ..Patience::default() };
    let mut times = Vec::new();
    for number in 1..=50 {
        let begun = Instant::now();
        let proof = prove(&vial(number)?, Resolution::Dpi300)?;
        let page = Page { raster: proof.feed(), stock: proof.feed_stock(), copies: 1 };
        let job = Job { name: "one".to_owned(), pages: vec![page] };
        let report = send(&line, &job, patience);
        // A printer that never got it would never tell.
        let arrived = told.recv_timeout(Duration::from_secs(5));
        times.push(arrived.map_err(|_| format!("{report:?}"))?.duration_since(begun));
    }
    times.sort();
    let middle = times.get(25).copied().unwrap_or_default();
    println!("one label from request to socket: median {middle:.1?}");
    Ok(())
}
