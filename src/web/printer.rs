//! Label printers and what was sent to them: set up, test and read back, the queue, and the truth
//! about each job.
//!
//! Neighbours: `app::printer_change`, `app::print_job`; labels are sent from their own pages.
//!
//! Architecture invariant: a job is called printed only where the printer or a person said so.

use askama::Template;

use super::component::{Banner, Cell, Chip, Empty, Facts, Head, Link, Table, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Check, Errors, Field};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::print_job::{print_job_retry, print_job_settle};
use crate::app::printer_change::{
    PrinterSetUp, printer_retire, printer_set_up, printer_test, printer_test_read,
};
use crate::domain::actor::Capability;
use crate::domain::id::{AssetId, PrintJobNumber};
use crate::domain::print_job::{JobLabel, JobState, PrintJob, Subject, Work};
use crate::domain::printer::{Connection, IppAddress, Language, Printer, Setup};
use crate::printing;
use crate::store::{Failure, container, printer};

const READ: Access = Access::Needs(&[Capability::ReadGmp, Capability::ManageSite]);
const SITE: Access = Access::Needs(&[Capability::ManageSite]);
const TEST: Access = Access::Needs(&[Capability::PrintLabels, Capability::ManageSite]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/printers", READ, list, "Label printers and their queue"),
    Route::get("/printers/new", SITE, new_form, "Set a label printer up"),
    Route::post("/printers/new", SITE, set_up, "Set a label printer up"),
    Route::get("/printers/{asset}", READ, show, "A label printer"),
    Route::post("/printers/{asset}/retire", SITE, retire, "Take a label printer out of use"),
    Route::post("/printers/{asset}/test", TEST, test, "Print a printer's test label"),
    Route::post("/printers/{asset}/read", TEST, read, "Read a printer's test label back"),
    Route::get("/print-jobs/{number}", READ, job, "A print job"),
    Route::post("/print-jobs/{number}/settle", TEST, settle, "Say whether a job came out"),
    Route::post("/print-jobs/{number}/retry", TEST, retry, "Send a job again"),
];

const JOBS_SHOWN: i64 = 50;

/// Printers to choose from on a form that prints: asset number and name.
///
/// # Errors
/// When the database fails.
pub fn choices(cx: &Cx) -> Result<Vec<(String, String)>, Failure> {
    let printers = cx.app().read(printer::list)?;
    let in_use = printers.into_iter().filter(|printer| printer.retired.is_none());
    let choice = |printer: Printer| {
        let tested = if printer.tested.is_some() { "" } else { ", not tested" };
        let words = format!("{} ({} dpi{tested})", printer.setup.title, printer.setup.dpi);
        (printer.asset.to_string(), words)
    };
    Ok(in_use.map(choice).collect())
}

/// The field of a form that prints: a printer, or none.
///
/// # Errors
/// When the database fails.
pub fn field(cx: &Cx) -> Result<Field, Failure> {
    let pdf = (String::new(), "PDF, printed by hand".to_owned());
    let mut printers = choices(cx)?;
    printers.push(pdf);
    Ok(Field::select("printer", "Printer", printers))
}

fn address(asset: &AssetId) -> String {
    format!("/printers/{asset}")
}

fn printer_chip(printer: &Printer) -> Chip {
    match (&printer.retired, &printer.tested) {
        (Some(_), _) => Chip::new(Tone::Stop, "not in use"),
        (None, Some(_)) => Chip::new(Tone::Ok, "test read back"),
        (None, None) => Chip::new(Tone::Wait, "not tested"),
    }
}

fn job_chip(state: JobState) -> Chip {
    let tone = match state {
        JobState::Waiting | JobState::Sending => Tone::Wait,
        JobState::Printed => Tone::Ok,
        JobState::NotKnown => Tone::Hold,
        JobState::Failed => Tone::Stop,
    };
    Chip::new(tone, state.code())
}

fn work_words(work: &Work) -> String {
    match work {
        Work::Test { .. } => "test label".to_owned(),
        Work::Labels { labels } => match labels.as_slice() {
            [one] => one.subject.words(),
            _ => format!("{} labels", work.count()),
        },
    }
}

#[derive(Template)]
#[template(path = "printer/list.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    printers: Table,
    jobs: Table,
    empty: Empty,
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let (printers, jobs) =
        cx.app().read(|db| Ok((printer::list(db)?, printer::jobs(db, JOBS_SHOWN)?)))?;
    let mut table = Table::new("Printers", &["Printer", "Name", "Reached by", "dpi", "Status"]);
    for printer in &printers {
        table.push([
            Cell::CodeLink(Link::to(address(&printer.asset), printer.asset.as_str())),
            printer.setup.title.clone().into(),
            Cell::Soft(printer.setup.connection.words()),
            Cell::Number(printer.setup.dpi.to_string()),
            printer_chip(printer).into(),
        ]);
    }
    let mut queue = Table::new("Print jobs", &["Job", "Queued", "What", "Printer", "Status"]);
    for listed in &jobs {
        let job = &listed.job;
        queue.push([
            Cell::CodeLink(Link::to(format!("/print-jobs/{}", job.number), job.number.as_str())),
            Cell::When(cx.when(listed.queued_at), listed.queued_by.clone()),
            work_words(&job.work).into(),
            Cell::CodeLink(Link::to(address(&job.printer), job.printer.as_str())),
            job_chip(job.state).into(),
        ]);
    }
    let mut head = Head::new("Label printers")
        .lede("A job is printed, failed or not known; nothing is claimed that nobody saw.");
    if cx.may(Capability::ManageSite) {
        let link = Link::to("/printers/new", "Set up a printer");
        head = head.action(link.icon(Icon::Plus).primary());
    }
    cx.page(&ListPage {
        shell: cx.shell("Label printers"),
        head,
        printers: table,
        jobs: queue,
        empty: Empty::new(
            Icon::Print,
            "No label printer is set up",
            "Labels are fetched as PDF until an administrator sets one up.",
        ),
    })
}

// Set up -----------------------------------------------------------------------------------------

/// The entries of one way to reach a printer.
struct Way {
    code: &'static str,
    title: &'static str,
    fields: Vec<Field>,
    /// One that takes the whole width.
    last: Option<Field>,
}

#[derive(Template)]
#[template(path = "printer/new.html")]
struct NewPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    fields: Vec<Field>,
    by: Field,
    ways: [Way; 3],
    reason: Option<Field>,
}

fn new_form(cx: &Cx) -> Result<Reply, WebError> {
    let known = match AssetId::parse(cx.query("asset")) {
        Ok(asset) => cx.app().read(|db| printer::load(db, &asset))?,
        Err(_) => None,
    };
    cx.page(&new_page(cx, known.as_ref(), &Errors::new(), None))
}

fn new_page(cx: &Cx, known: Option<&Printer>, errors: &Errors, banner: Option<Banner>) -> NewPage {
    let setup = known.map(|printer| &printer.setup);
    let title = setup.map_or("", |setup| setup.title.as_str());
    let dpi = setup.map_or(300, |setup| setup.dpi);
    let connection = setup.map(|setup| &setup.connection);
    let by = match connection {
        Some(Connection::Ipp { .. }) => "ipp",
        Some(Connection::File { .. }) => "file",
        Some(Connection::Tcp { .. }) | None => "tcp",
    };
    let fill = |field: Field| field.fill(cx.form(), errors);
    let asset = known.map_or("", |printer| printer.asset.as_str());
    let resolutions = [("203", "203 dpi"), ("300", "300 dpi"), ("600", "600 dpi")];
    let mut ways = ways(connection);
    for way in &mut ways {
        way.fields = std::mem::take(&mut way.fields).into_iter().map(fill).collect();
        way.last = way.last.take().map(fill);
    }
    let choices = ways.each_ref().map(|way| (way.code, way.title));
    let fields = vec![
        fill(Field::text("asset", "Asset number").value(asset).required().mono())
            .hint("As on the device, such as EQ-LP-01."),
        fill(Field::text("title", "Name").value(title).required()),
        fill(Field::select("dpi", "Resolution", resolutions).value(dpi.to_string())),
    ];
    let by = fill(Field::radio("by", "Reached by", choices).value(by));
    let reason = known.map(|_| fill(Field::text("reason", "Why it is set up anew").required()));
    NewPage {
        shell: cx.shell("Set up a printer"),
        head: Head::new("Set up a printer").under("/printers", "Label printers"),
        banner,
        fields,
        by,
        ways,
        reason,
    }
}

/// Each way with its entries, as the printer is set up now.
fn ways(now: Option<&Connection>) -> [Way; 3] {
    let (host, port) = match now {
        Some(Connection::Tcp { host, port }) => (host.clone(), *port),
        _ => (String::new(), 9100),
    };
    let (address, language, certificate) = match now {
        Some(Connection::Ipp { address, language, certificate }) => {
            (address.to_string(), *language, certificate.clone().unwrap_or_default())
        }
        _ => (String::new(), Language::PwgRaster, String::new()),
    };
    let folder = match now {
        Some(Connection::File { folder }) => folder.clone(),
        _ => String::new(),
    };
    let languages = Language::ALL.map(|language| (language.code(), language.title()));
    let tcp = vec![
        Field::text("host", "Address")
            .value(host)
            .hint("Name or number in the site's own network."),
        Field::text("port", "Port").value(port.to_string()),
    ];
    let ipp = vec![
        Field::text("address", "Address")
            .value(address)
            .mono()
            .hint("As the printer's own pages show it, such as ipps://labels-1.example/ipp/print."),
        Field::radio("language", "Language", languages).value(language.code()).hint(
            "PWG Raster is what every IPP Everywhere printer takes; ZPL is for label printers \
             that pass it to their own engine.",
        ),
    ];
    let certificate =
        Field::area("certificate", "Certificate").value(certificate).mono().rows(4).hint(
            "For ipps only, as PEM: the printer's own or its authority's. Empty where this \
             computer's own authorities know it.",
        );
    let file = vec![Field::text("folder", "Folder").value(folder).mono()];
    [
        Way { code: "tcp", title: "Raw TCP", fields: tcp, last: None },
        Way {
            code: "ipp",
            title: "Internet Printing Protocol",
            fields: ipp,
            last: Some(certificate),
        },
        Way { code: "file", title: "Files in a folder of the server", fields: file, last: None },
    ]
}

/// How the printer is reached, as the form says; what is wrong stands beside its fields.
fn connection(check: &mut Check<'_>) -> Option<Connection> {
    match check.choice("by", |by| Some(by.to_owned()))?.as_str() {
        "ipp" => {
            let address = check.parse("address", IppAddress::parse);
            let language = check.choice("language", Language::parse);
            // Browsers end lines as typewriters do.
            let certificate = check.optional("certificate").map(|pem| pem.replace('\r', ""));
            let (address, language) = address.zip(language)?;
            Some(Connection::Ipp { address, language, certificate })
        }
        "file" => check.required("folder").map(|folder| Connection::File { folder }),
        _ => {
            let host = check.required("host");
            let port = check.parse("port", |text: &str| text.parse::<u16>());
            host.zip(port).map(|(host, port)| Connection::Tcp { host, port })
        }
    }
}

fn set_up(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let asset = check.parse("asset", AssetId::parse);
    let title = check.required("title");
    let whole = |text: &str| text.parse::<u32>();
    let dpi = check.parse("dpi", whole);
    let connection = connection(&mut check);
    let known = match &asset {
        Some(asset) => cx.app().read(|db| printer::load(db, asset))?,
        None => None,
    };
    let (Some(asset), Some(title), Some(dpi), Some(connection), true) =
        (asset, title, dpi, connection, check.is_ok())
    else {
        return cx.page_again(&new_page(cx, known.as_ref(), &check.errors, None));
    };
    let setup = Setup { title, connection, dpi };
    let page = address(&asset);
    match printer_set_up(cx.app(), &cx.caller()?, PrinterSetUp { asset, setup }) {
        Ok(()) => Ok(Reply::see_other(page).flash("Set up. Print its test label and scan it.")),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&new_page(cx, known.as_ref(), &Errors::new(), Some(banner)))
        }
    }
}

// One printer ------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "printer/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    facts: Facts,
    address: String,
    set_up: String,
    in_use: bool,
    may_test: bool,
    may_set_up: bool,
    scan: Field,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&show_page(cx, None)?)
}

fn wanted(cx: &Cx) -> Result<AssetId, WebError> {
    cx.param_as("asset", AssetId::parse)
}

fn show_page(cx: &Cx, banner: Option<Banner>) -> Result<ShowPage, WebError> {
    let asset = wanted(cx)?;
    let printer = cx.app().read(|db| printer::require(db, &asset))?;
    let tested = printer.tested.as_ref().map(|(at, by)| Cell::When(cx.when(*at), by.to_string()));
    let certificate = match &printer.setup.connection {
        Connection::Ipp { certificate: Some(pem), .. } => {
            Some(printing::certificate_fingerprint(pem).unwrap_or_else(|why| why))
        }
        _ => None,
    };
    let facts = Facts::new()
        .with("Name", printer.setup.title.clone())
        .with("Reached by", printer.setup.connection.words())
        .with_some("Known by its certificate", certificate)
        .with("Resolution", format!("{} dpi", printer.setup.dpi))
        .with("Test label says", Cell::Code(printer.test_text()))
        .with_some("Read back", tested)
        .with_some("Not in use", printer.retired.clone());
    Ok(ShowPage {
        shell: cx.shell(printer.setup.title.clone()),
        head: Head::new(printer.setup.title.clone())
            .under("/printers", "Label printers")
            .chip(printer_chip(&printer)),
        banner,
        facts,
        address: address(&asset),
        set_up: format!("/printers/new?asset={asset}"),
        in_use: printer.retired.is_none(),
        may_test: cx.may(Capability::PrintLabels) || cx.may(Capability::ManageSite),
        may_set_up: cx.may(Capability::ManageSite),
        scan: Field::scan("read", "Scan the test label").required(),
    })
}

fn answered(cx: &Cx, outcome: Result<(), Failure>, said: &str) -> Result<Reply, WebError> {
    match outcome {
        Ok(()) => Ok(Reply::see_other(address(&wanted(cx)?)).flash(said)),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&show_page(cx, Some(banner))?)
        }
    }
}

fn retire(cx: &Cx) -> Result<Reply, WebError> {
    let outcome = printer_retire(cx.app(), &cx.caller()?, &wanted(cx)?);
    answered(cx, outcome, "The printer is not in use any more.")
}

fn test(cx: &Cx) -> Result<Reply, WebError> {
    match printer_test(cx.app(), &cx.caller()?, &wanted(cx)?) {
        Ok(number) => Ok(Reply::see_other(format!("/print-jobs/{number}"))),
        Err(failure) => answered(cx, Err(failure), ""),
    }
}

fn read(cx: &Cx) -> Result<Reply, WebError> {
    let read = cx.form().raw("read");
    let outcome = printer_test_read(cx.app(), &cx.caller()?, &wanted(cx)?, read);
    answered(cx, outcome, "Printer and scanner work: the test label reads as it should.")
}

// One job ----------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "printer/job.html")]
struct JobPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    facts: Facts,
    labels: Table,
    address: String,
    open: bool,
    settle: bool,
    retry: Option<Field>,
}

fn job(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&job_page(cx, None)?)
}

fn job_page(cx: &Cx, banner: Option<Banner>) -> Result<JobPage, WebError> {
    let number = cx.param_as("number", PrintJobNumber::parse)?;
    let job = cx.app().read(|db| printer::require_job(db, &number))?;
    let (labels, back) = labels(cx, &job)?;
    let own = cx.may(Capability::ManageSite) && !job.work.holds_product();
    let may = cx.may(Capability::PrintLabels) || own;
    let facts = Facts::new()
        .with("What", work_words(&job.work))
        .with("Printer", Link::to(address(&job.printer), job.printer.as_str()))
        .with("Attempts", job.attempts.to_string())
        .with("Since", Cell::when(cx.when(job.since)))
        .with_some("Said", Some(job.detail.clone()).filter(|detail| !detail.is_empty()))
        .with_some("Read back", back);
    let retry = match job.state {
        JobState::Failed if may => {
            let field = Field::select("printer", "Printer", choices(cx)?);
            Some(field.value(job.printer.to_string()))
        }
        _ => None,
    };
    let mut head = Head::new(format!("Print job {number}"))
        .under("/printers", "Label printers")
        .chip(job_chip(job.state));
    if matches!((&job.work, job.state), (Work::Test { .. }, JobState::Printed | JobState::NotKnown))
    {
        let link = Link::to(address(&job.printer), "Scan the test label");
        head = head.action(link.icon(Icon::Scan));
    }
    Ok(JobPage {
        shell: cx.shell(format!("Print job {number}")),
        head,
        banner,
        facts,
        labels,
        address: format!("/print-jobs/{number}"),
        open: matches!(job.state, JobState::Waiting | JobState::Sending),
        settle: may && job.state == JobState::NotKnown,
        retry,
    })
}

/// The labels of a job, and how many of them were read back on their containers.
fn labels(cx: &Cx, job: &PrintJob) -> Result<(Table, Option<String>), WebError> {
    let mut table = Table::new("Labels", &["Label of", "Serial", "Copies", "Label"]);
    let Work::Labels { labels } = &job.work else { return Ok((table, None)) };
    let (mut back, mut of) = (0_usize, 0_usize);
    for JobLabel { subject, copies } in labels {
        let Subject::Container { container, serial } = subject else {
            let thing = super::label_thing::link(subject).into();
            let none = || Cell::Soft("–".to_owned());
            table.push([thing, none(), Cell::Number(copies.to_string()), none()]);
            continue;
        };
        of = of.saturating_add(1);
        let state = cx.app().read(|db| container::require(db, container))?;
        let read = state.labels.scanned_back == Some(*serial);
        back = back.saturating_add(usize::from(read));
        let chip = match (state.labels.void(*serial), read) {
            (Some(_), _) => Chip::new(Tone::Stop, "void"),
            (None, true) => Chip::new(Tone::Ok, "read back"),
            (None, false) => Chip::new(Tone::Wait, "not read back"),
        };
        table.push([
            Cell::CodeLink(Link::to(format!("/labels/container/{container}"), container.as_str())),
            Cell::Number(serial.to_string()),
            Cell::Number(copies.to_string()),
            chip.into(),
        ]);
    }
    Ok((table, (of > 0).then(|| format!("{back} of {of}"))))
}

fn job_answer(cx: &Cx, outcome: Result<(), Failure>, said: &str) -> Result<Reply, WebError> {
    let number = cx.param_as("number", PrintJobNumber::parse)?;
    match outcome {
        Ok(()) => Ok(Reply::see_other(format!("/print-jobs/{number}")).flash(said)),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&job_page(cx, Some(banner))?)
        }
    }
}

fn settle(cx: &Cx) -> Result<Reply, WebError> {
    let number = cx.param_as("number", PrintJobNumber::parse)?;
    let printed = match cx.form().text("came_out") {
        "yes" => true,
        "no" => false,
        _ => return Err(WebError::Invalid("Say whether it came out.".to_owned())),
    };
    let outcome = print_job_settle(cx.app(), &cx.caller()?, &number, printed);
    job_answer(cx, outcome, "Recorded.")
}

fn retry(cx: &Cx) -> Result<Reply, WebError> {
    let number = cx.param_as("number", PrintJobNumber::parse)?;
    let printer = AssetId::parse(cx.form().text("printer"))
        .map_err(|error| WebError::Invalid(format!("{error}.")))?;
    let outcome = print_job_retry(cx.app(), &cx.caller()?, &number, &printer);
    job_answer(cx, outcome, "It waits for the printer.")
}
