//! A printer of the test's own that speaks the Internet Printing Protocol: it answers as it is
//! told to, and keeps what it got.

use std::io::{Cursor, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation, StatusCode};
use ipp::parser::IppParser;
use ipp::reader::IppReader;
use ipp::request::IppRequestResponse;
use ipp::value::{IppName, IppValue};

/// What a fake does when it is asked something.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers with these attributes of a printer or of a job.
    Says(Vec<IppAttribute>),
    /// Answers with this status and nothing else.
    Status(StatusCode),
    /// Answers with this status of HTTP.
    Http(u16),
    /// Answers with these bytes as the message.
    Bytes(Vec<u8>),
    /// Reads so many bytes of the body and hangs up.
    HangsUp(usize),
    /// Answers and never ends.
    Endless,
    /// Does not answer.
    Silent,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) operation: Operation,
    pub(crate) attributes: Vec<(String, IppValue)>,
    pub(crate) document: Vec<u8>,
}

impl Got {
    pub(crate) fn value(&self, name: &str) -> Option<&IppValue> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

type Plan = dyn Fn(Operation, usize) -> Act + Send + Sync;

/// A printer on this computer.
pub(crate) struct FakeIpp {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
}

impl FakeIpp {
    /// Starts one; the plan is told how often the same was asked before.
    pub(crate) fn start(plan: impl Fn(Operation, usize) -> Act + Send + Sync + 'static) -> Self {
        Self::serve(Arc::new(plan), None)
    }

    /// Starts one that encrypts.
    pub(crate) fn encrypted(
        tls: Arc<rustls::ServerConfig>,
        plan: impl Fn(Operation, usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Arc::new(plan), Some(tls))
    }

    fn serve(plan: Arc<Plan>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        thread::spawn(move || {
            for line in listener.incoming().flatten() {
                let (plan, kept, tls) = (Arc::clone(&plan), Arc::clone(&kept), tls.clone());
                // A client that hangs up is no fault of the printer.
                thread::spawn(move || match tls {
                    None => drop(answer(line, &*plan, &kept)),
                    Some(tls) => {
                        let connection = rustls::ServerConnection::new(tls).unwrap();
                        drop(answer(rustls::StreamOwned::new(connection, line), &*plan, &kept));
                    }
                });
            }
        });
        Self { address, got }
    }

    /// Where it answers.
    pub(crate) fn at(&self) -> String {
        format!("ipp://127.0.0.1:{}/ipp/print", self.address.port())
    }

    /// Every request so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The documents that arrived whole.
    pub(crate) fn jobs(&self) -> Vec<Got> {
        self.got().into_iter().filter(|got| got.operation == Operation::PrintJob).collect()
    }
}

/// Lines that can be closed for good.
trait Close {
    fn close(&mut self);
}

impl Close for TcpStream {
    fn close(&mut self) {
        drop(self.shutdown(std::net::Shutdown::Both));
    }
}

impl Close for rustls::StreamOwned<rustls::ServerConnection, TcpStream> {
    fn close(&mut self) {
        self.conn.send_close_notify();
        drop(self.flush());
    }
}

fn answer(
    mut line: impl Read + Write + Close,
    plan: &Plan,
    kept: &Mutex<Vec<Got>>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    let body_at = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match line.read(&mut part)? {
            0 => return Ok(()),
            count => bytes.extend(&part[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..body_at]).to_ascii_lowercase();
    assert!(head.starts_with("post /ipp/print http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/ipp\r\n"), "{head}");
    let length = head.split("content-length: ").nth(1).expect("a length");
    let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
    let begun = read_to(&mut line, &mut bytes, body_at + 4)?;
    let asked = u16::from_be_bytes(begun[body_at + 2..body_at + 4].try_into().unwrap());
    let known = [Operation::PrintJob, Operation::GetJobAttributes, Operation::GetPrinterAttributes];
    let operation = known.into_iter().find(|one| *one as u16 == asked).expect("an operation");
    let before = kept.lock().unwrap().iter().filter(|got| got.operation == operation).count();
    let act = plan(operation, before);
    if let Act::HangsUp(after) = act {
        read_to(&mut line, &mut bytes, body_at + after.min(length))?;
        line.close();
        return Ok(());
    }
    read_to(&mut line, &mut bytes, body_at + length)?;
    let message = bytes[body_at..body_at + length].to_vec();
    let id = i32::from_be_bytes(message[4..8].try_into().unwrap());
    kept.lock().unwrap().push(understood(operation, message));
    respond(&mut line, act, id)?;
    line.close();
    Ok(())
}

fn read_to<'a>(
    line: &mut impl Read,
    bytes: &'a mut Vec<u8>,
    length: usize,
) -> std::io::Result<&'a [u8]> {
    let mut part = [0; 65_536];
    while bytes.len() < length {
        match line.read(&mut part)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend(&part[..count]),
        }
    }
    Ok(bytes)
}

fn understood(operation: Operation, message: Vec<u8>) -> Got {
    let mut message = IppParser::new(IppReader::new(Cursor::new(message))).parse().expect("IPP");
    let mut document = Vec::new();
    message.payload_mut().read_to_end(&mut document).unwrap();
    let groups = message.attributes().groups().iter();
    let attributes = groups.flat_map(|group| group.attributes());
    let named = |one: &IppAttribute| (one.name().as_str().to_owned(), one.value().clone());
    Got { operation, attributes: attributes.map(named).collect(), document }
}

fn respond(line: &mut impl Write, act: Act, id: i32) -> std::io::Result<()> {
    let body = match act {
        Act::Says(attributes) => message(StatusCode::SuccessfulOk, id, attributes),
        Act::Status(status) => message(status, id, Vec::new()),
        Act::Bytes(bytes) => bytes,
        Act::Http(code) => {
            return write!(line, "HTTP/1.1 {code} No\r\ncontent-length: 0\r\n\r\n");
        }
        Act::Endless => {
            write!(line, "HTTP/1.1 200 OK\r\ncontent-type: application/ipp\r\n\r\n")?;
            line.write_all(&message(StatusCode::SuccessfulOk, id, Vec::new())[..8])?;
            // The same attribute for ever.
            let mut more = vec![4];
            more.extend(IppAttribute::with_name("a", IppValue::Integer(1)).unwrap().to_bytes());
            loop {
                line.write_all(&more.repeat(1000))?;
            }
        }
        Act::Silent => {
            thread::sleep(Duration::from_secs(30));
            return Ok(());
        }
        Act::HangsUp(_) => return Ok(()),
    };
    let length = body.len();
    write!(
        line,
        "HTTP/1.1 200 OK\r\ncontent-type: application/ipp\r\ncontent-length: {length}\r\n\r\n"
    )?;
    line.write_all(&body)?;
    line.flush()
}

/// A whole answer.
pub(crate) fn message(status: StatusCode, id: i32, attributes: Vec<IppAttribute>) -> Vec<u8> {
    let mut message = IppRequestResponse::new_response(IppVersion::v2_0(), status, id).unwrap();
    for attribute in attributes {
        let of_job = attribute.name().as_str().starts_with("job-");
        let group =
            if of_job { DelimiterTag::JobAttributes } else { DelimiterTag::PrinterAttributes };
        message.attributes_mut().add(group, attribute);
    }
    message.to_bytes().to_vec()
}

/// An attribute of one value.
pub(crate) fn one(name: &str, value: IppValue) -> IppAttribute {
    IppAttribute::with_name(name, value).unwrap()
}

/// An attribute of keywords.
pub(crate) fn words(name: &str, words: &[&str]) -> IppAttribute {
    let value = |word: &&str| match name {
        "document-format-supported" => IppValue::new_mime_media_type(*word).unwrap(),
        _ => IppValue::new_keyword(*word).unwrap(),
    };
    one(name, IppValue::Array(words.iter().map(value).collect()))
}

/// A collection.
pub(crate) fn collection<const N: usize>(members: [(&str, IppValue); N]) -> IppValue {
    let named = members.map(|(name, value)| (IppName::new(name).unwrap(), value));
    IppValue::Collection(named.into())
}

/// Attributes of a label printer that works: 203 dpi, any label up to 110 × 300 mm.
pub(crate) fn label_printer() -> Vec<IppAttribute> {
    let mut said = vec![
        one("printer-state", IppValue::Enum(3)),
        words("printer-state-reasons", &["none"]),
        one("printer-is-accepting-jobs", IppValue::Boolean(true)),
        words("document-format-supported", &["application/octet-stream", "image/pwg-raster"]),
        words("pwg-raster-document-type-supported", &["sgray_8", "black_1"]),
        one(
            "pwg-raster-document-resolution-supported",
            IppValue::Array(vec![
                IppValue::new_resolution(203, 203, 3),
                IppValue::new_resolution(118, 118, 4),
            ]),
        ),
        one("printer-resolution-supported", IppValue::new_resolution(203, 203, 3)),
        one("copies-supported", IppValue::new_range_of_integer(1, 99)),
        words("print-scaling-supported", &["auto", "none"]),
        words("sides-supported", &["one-sided"]),
    ];
    let margins = ["bottom", "left", "right", "top"].map(|side| format!("media-{side}-margin"));
    for margin in &margins {
        said.push(one(&format!("{margin}-supported"), IppValue::Integer(0)));
    }
    let mut members = vec!["media-size"];
    members.extend(margins.iter().map(String::as_str));
    said.push(words("media-col-supported", &members));
    let size = collection([
        ("x-dimension", IppValue::new_range_of_integer(1000, 11_000)),
        ("y-dimension", IppValue::new_range_of_integer(500, 30_000)),
    ]);
    said.push(one("media-size-supported", size));
    said
}

/// The same with one attribute said otherwise, or left out.
pub(crate) fn but(name: &str, instead: Option<IppAttribute>) -> Vec<IppAttribute> {
    let mut said = label_printer();
    said.retain(|attribute| attribute.name().as_str() != name);
    said.extend(instead);
    said
}

/// Attributes of a job.
pub(crate) fn job(state: i32, reasons: &[&str], impressions: Option<i32>) -> Vec<IppAttribute> {
    let mut said = vec![
        one("job-id", IppValue::Integer(7)),
        one("job-state", IppValue::Enum(state)),
        words("job-state-reasons", reasons),
    ];
    said.extend(impressions.map(|out| one("job-impressions-completed", IppValue::Integer(out))));
    said
}
