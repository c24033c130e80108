//! The simulator of IPP Everywhere printers that CUPS brings (`ippeveprinter`): software of others
//! takes what Chorda sends, and keeps it.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chorda::domain::print_job::Outcome;
use chorda::domain::printer::{Connection, IppAddress, Language};
use chorda::labels::Resolution;
use chorda::printing::{Page, Patience, send};

use super::{expect, page, reached, small};
use crate::labels::{Arrived, folder, have, take_apart};

/// What a label printer says of itself, in the words of the simulator.
const LABEL_PRINTER: &str = "\
ATTR integer media-bottom-margin-supported 0
ATTR integer media-left-margin-supported 0
ATTR integer media-right-margin-supported 0
ATTR integer media-top-margin-supported 0
ATTR collection media-size-supported {
  MEMBER rangeOfInteger x-dimension 1000-11000
  MEMBER rangeOfInteger y-dimension 500-30000
}
ATTR keyword media-supported custom_min_10x5mm,custom_max_110x300mm
ATTR keyword media-default custom_label_25.4x12.7mm
ATTR keyword print-scaling-supported none
ATTR keyword sides-supported one-sided
ATTR resolution printer-resolution-supported 203dpi,300dpi
ATTR resolution pwg-raster-document-resolution-supported 203dpi,300dpi
ATTR keyword pwg-raster-document-type-supported black_1
";

/// It looks for a message bus even where it announces nothing: one of the test's own.
const BUS: &str =
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"
 \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
<busconfig><listen>unix:path=SOCKET</listen><policy context=\"default\">
<allow user=\"*\"/><allow send_destination=\"*\" eavesdrop=\"true\"/>
<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>";

/// A simulator with its bus; both end with the test.
struct Everywhere {
    folder: PathBuf,
    children: Vec<Child>,
    port: u16,
}

impl Drop for Everywhere {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            drop(child.kill());
            drop(child.wait());
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Waits until something is so.
fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..200 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} did not start");
}

impl Everywhere {
    /// Starts one that says this of itself, and runs this for each document.
    fn start(name: &str, attributes: Option<&str>, command: Option<&str>) -> Self {
        let folder = folder(name);
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (bus, socket) = (file("bus.conf"), file("bus"));
        std::fs::write(&bus, BUS.replace("SOCKET", &socket)).unwrap();
        let daemon =
            quiet("dbus-daemon").args(["--nofork", "--config-file", &bus]).spawn().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut simulator = quiet("ippeveprinter");
        simulator
            .env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={socket}"))
            .env("PATH", path())
            .args(["-r", "off", "-n", "localhost", "-p", &port.to_string(), "-k"])
            .args(["-d", folder.to_str().unwrap(), "-K", folder.to_str().unwrap()]);
        if let Some(attributes) = attributes {
            std::fs::write(file("printer.conf"), attributes).unwrap();
            simulator.args(["-a", &file("printer.conf")]);
        }
        if let Some(command) = command {
            let script = file("command");
            std::fs::write(&script, format!("#!/bin/sh\n{command}\n")).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(&script, mode).unwrap();
            simulator.args(["-c", &script]);
        }
        let mut children = vec![daemon];
        until("the message bus", || Path::new(&socket).exists());
        children.push(simulator.arg("Labels").spawn().unwrap());
        let running = Self { folder, children, port };
        until("ippeveprinter", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        running
    }

    fn at(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/ipp/print", self.port)
    }

    /// The raster files it kept.
    fn kept(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(&self.folder).unwrap().flatten().map(|entry| entry.path());
        let rasters = files.filter(|path| path.extension().is_some_and(|end| end == "pwg"));
        rasters.map(|path| std::fs::read(path).unwrap()).collect()
    }
}

/// It stands where only root looks.
fn path() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(1),
    answer: Duration::from_secs(1),
    exchange: Duration::from_secs(10),
    done: Duration::from_secs(20),
};

#[test]
fn a_simulator_of_others_takes_the_labels_and_says_that_they_are_done() {
    if !have(&["ippeveprinter", "dbus-daemon"]) {
        return;
    }
    let printer = Everywhere::start("everywhere", Some(LABEL_PRINTER), None);
    let job = small(vec![page(203, 102, 2), page(203, 102, 1)]);
    let report = send(&reached(&printer.at("ipp"), Language::PwgRaster), &job, PATIENCE);
    expect(&report, Outcome::Printed, "the printer says that all came out");
    let [kept] = printer.kept().try_into().unwrap();
    let pages = take_apart(&kept);
    assert_eq!(pages.len(), 3);
    assert!(pages.iter().all(|arrived| arrived.dots == Arrived::of(&page(203, 102, 1).raster)));
    // Encrypted, with the certificate that it made for itself.
    let address = IppAddress::parse(&printer.at("ipps")).unwrap();
    let language = Language::PwgRaster;
    let encrypted = |certificate| {
        let address = address.clone();
        send(&Connection::Ipp { address, language, certificate }, &job, PATIENCE)
    };
    expect(&encrypted(None), Outcome::Failed, "enter its certificate");
    let certificate = std::fs::read_to_string(printer.folder.join("localhost.crt")).unwrap();
    expect(&encrypted(Some(certificate)), Outcome::Printed, "all came out");
    // A resolution it does not have.
    let mut fine = page(203, 102, 1);
    fine.raster.resolution = Resolution::Dpi600;
    let fine = small(vec![Page { ..fine }]);
    let report = send(&reached(&printer.at("ipp"), Language::PwgRaster), &fine, PATIENCE);
    expect(&report, Outcome::Failed, "it does not take 600 dpi, only 203×203 dpi, 300×300 dpi");
}

#[test]
fn a_simulator_without_such_labels_or_without_success_is_not_believed() {
    if !have(&["ippeveprinter", "dbus-daemon"]) {
        return;
    }
    let job = || small(vec![page(203, 102, 1)]);
    // As it comes it prints on office paper at 300 and 600 dpi.
    let office = Everywhere::start("everywhere-office", None, None);
    let report = send(&reached(&office.at("ipp"), Language::PwgRaster), &job(), PATIENCE);
    expect(&report, Outcome::Failed, "nothing was sent: it ");
    assert!(office.kept().is_empty());
    let failing = Everywhere::start("everywhere-failing", Some(LABEL_PRINTER), Some("exit 1"));
    let report = send(&reached(&failing.at("ipp"), Language::PwgRaster), &job(), PATIENCE);
    expect(&report, Outcome::NotKnown, "given up by the printer");
    let said = "echo 'STATE: +media-empty' >&2\nsleep 10";
    let empty = Everywhere::start("everywhere-empty", Some(LABEL_PRINTER), Some(said));
    let patience = Patience { done: Duration::from_secs(2), ..PATIENCE };
    let report = send(&reached(&empty.at("ipp"), Language::PwgRaster), &job(), patience);
    expect(&report, Outcome::NotKnown, "still at it (it has no labels); it says that 0 of 1");
    // It takes one job at a time.
    let report = send(&reached(&empty.at("ipp"), Language::PwgRaster), &job(), patience);
    expect(&report, Outcome::Failed, "the printer refused it: Busy");
}
