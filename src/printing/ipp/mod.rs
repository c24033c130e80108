//! The Internet Printing Protocol (RFC 8010, RFC 8011; IPP Everywhere, PWG 5100.14).
//!
//! A printer is asked what it can and how it stands; it gets the labels; it is asked about the job
//! until that is done. It is believed when it says that the job is complete, unless it adds that
//! it only passed the job on.
//!
//! Neighbours: [`client`] asks, [`said`] understands, [`ticket`] writes the documents.
//!
//! Architecture invariant: a job the printer took is `Failed` never again, whatever is said later.

mod client;
mod said;
mod ticket;

use std::time::Duration;

use ::ipp::attribute::IppAttribute;
use ::ipp::model::{Operation, StatusCode};
use ::ipp::parser::IppParseError;
use ::ipp::value::IppValue;

use self::client::{Client, Question, Trouble};
use self::said::Answer;
use self::ticket::Document;
use super::{Job, Patience, Report, Wait};
use crate::domain::print_job::Outcome;
use crate::domain::printer::{IppAddress, Language};

pub use client::certificate_fingerprint;

/// The format of bytes that a print system hands on unread.
const PASSED_ON: &str = "application/vnd.cups-raw";

/// What is asked of a printer before it gets anything.
const ASKED: [&str; 19] = [
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "document-format-supported",
    "pwg-raster-document-type-supported",
    "pwg-raster-document-resolution-supported",
    "printer-resolution-supported",
    "media-col-supported",
    "media-size-supported",
    "media-bottom-margin-supported",
    "media-left-margin-supported",
    "media-right-margin-supported",
    "media-top-margin-supported",
    "copies-supported",
    "print-scaling-supported",
    "sides-supported",
    "cups-version",
    "printer-make-and-model",
];

/// What is asked about a job.
const ASKED_OF_JOB: [&str; 5] = [
    "job-state",
    "job-state-reasons",
    "job-state-message",
    "job-impressions-completed",
    "job-media-sheets-completed",
];

/// Sends a job to a printer and asks until it is done.
pub(super) fn print(
    address: &IppAddress,
    language: Language,
    certificate: Option<&str>,
    job: &Job,
    patience: Patience,
) -> Report {
    let nothing = |why: String| Report::new(Outcome::Failed, format!("nothing was sent: {why}"));
    let client = match Client::new(address, certificate) {
        Ok(client) => client,
        Err(why) => return nothing(why),
    };
    let printer = match about(&client, patience) {
        Ok(answer) if answer.is_success() => answer,
        Ok(answer) => return nothing(format!("it answers {}", answer.status_words())),
        Err(trouble) => {
            return Report::new(Outcome::Failed, format!("not reached: {}", trouble.words()));
        }
    };
    if let Some(trouble) = printer.trouble() {
        return nothing(trouble);
    }
    let documents = match ticket::documents(&printer, language, job) {
        Ok(documents) => documents,
        Err(why) => return nothing(why),
    };
    let line = Line {
        client,
        patience,
        name: &job.name,
        hands_on: !printer.values("cups-version").is_empty(),
    };
    line.all(&documents, &mut Wait::begin(patience.done))
}

fn about(client: &Client, patience: Patience) -> Result<Answer, Trouble> {
    let question = requested(&ASKED).map(|attributes| Question {
        operation: Operation::GetPrinterAttributes,
        attributes: vec![attributes],
        job: Vec::new(),
        document: &[],
    });
    client.ask(question.map_err(unwritten)?, patience.exchange)
}

/// A question that cannot be written was not asked.
fn unwritten(error: IppParseError) -> Trouble {
    Trouble::NotReached(error.to_string())
}

fn requested(names: &[&str]) -> Result<IppAttribute, IppParseError> {
    let names = names.iter().map(|name| IppValue::new_keyword(*name)).collect::<Result<_, _>>()?;
    IppAttribute::with_name("requested-attributes", IppValue::Array(names))
}

/// What a printer that answered so to a document did with it: nothing, or it is not known.
fn refused(status: StatusCode) -> Outcome {
    match status {
        StatusCode::ClientErrorBadRequest
        | StatusCode::ClientErrorForbidden
        | StatusCode::ClientErrorNotAuthenticated
        | StatusCode::ClientErrorNotAuthorized
        | StatusCode::ClientErrorNotPossible
        | StatusCode::ClientErrorNotFound
        | StatusCode::ClientErrorGone
        | StatusCode::ClientErrorRequestValueTooLong
        | StatusCode::ClientErrorDocumentFormatNotSupported
        | StatusCode::ClientErrorAttributesOrValuesNotSupported
        | StatusCode::ClientErrorUriSchemeNotSupported
        | StatusCode::ClientErrorCharsetNotSupported
        | StatusCode::ClientErrorConflictingAttributes
        | StatusCode::ClientErrorCompressionNotSupported
        | StatusCode::ServerErrorOperationNotSupported
        | StatusCode::ServerErrorServiceUnavailable
        | StatusCode::ServerErrorVersionNotSupported
        | StatusCode::ServerErrorNotAcceptingJobs
        | StatusCode::ServerErrorBusy => Outcome::Failed,
        // A device error or a canceled job may have begun to print.
        _ => Outcome::NotKnown,
    }
}

/// A printer that can print, and what is on its way to it.
struct Line<'a> {
    client: Client,
    patience: Patience,
    /// Name of the job.
    name: &'a str,
    /// Whether it is a print system that stands before the printer.
    hands_on: bool,
}

impl Line<'_> {
    /// One document after the other; each waits until the one before came out.
    fn all(&self, documents: &[Document], wait: &mut Wait) -> Report {
        let mut out: u32 = 0;
        for document in documents {
            let report = self.print(document, wait);
            if report.outcome != Outcome::Printed {
                return after(out, report);
            }
            out = out.saturating_add(document.labels);
        }
        Report::new(Outcome::Printed, "the printer says that all came out")
    }

    fn print(&self, document: &Document, wait: &mut Wait) -> Report {
        if wait.is_over() {
            return Report::new(Outcome::Failed, "nothing more was sent: it took too long");
        }
        let patience = self.patience.exchange.max(self.patience.done);
        let asked = self.document(document).map_err(unwritten);
        let answer = match asked.and_then(|question| self.client.ask(question, patience)) {
            Ok(answer) => answer,
            Err(Trouble::NotReached(why) | Trouble::Turned(why)) => {
                return Report::new(Outcome::Failed, format!("nothing was sent: {why}"));
            }
            Err(Trouble::Broken(why)) => {
                let detail = format!("the line broke while sending: {why}");
                return Report::new(Outcome::NotKnown, detail);
            }
        };
        if !answer.is_success() {
            let detail = format!("the printer refused it: {}", answer.status_words());
            return Report::new(refused(answer.status()), detail);
        }
        match answer.number("job-id") {
            Some(id) => {
                let report = self.wait(id, document, wait);
                if answer.is_substituted() { substituted(report) } else { report }
            }
            None => Report::new(Outcome::NotKnown, "sent; the printer gave the job no number"),
        }
    }

    fn document<'d>(&self, document: &'d Document) -> Result<Question<'d>, IppParseError> {
        let attributes = vec![
            IppAttribute::with_name("job-name", IppValue::new_name_without_language(self.name)?)?,
            // What it cannot do as asked it shall not do otherwise.
            IppAttribute::with_name("ipp-attribute-fidelity", IppValue::Boolean(true))?,
            IppAttribute::with_name(
                "document-format",
                IppValue::new_mime_media_type(document.format)?,
            )?,
        ];
        Ok(Question {
            operation: Operation::PrintJob,
            attributes,
            job: document.job.clone(),
            document: &document.bytes,
        })
    }

    fn about_job(&self, id: i32) -> Result<Answer, Trouble> {
        let id = IppAttribute::with_name("job-id", IppValue::Integer(id)).map_err(unwritten)?;
        let attributes = vec![id, requested(&ASKED_OF_JOB).map_err(unwritten)?];
        let operation = Operation::GetJobAttributes;
        let question = Question { operation, attributes, job: Vec::new(), document: &[] };
        self.client.ask(question, self.patience.exchange)
    }

    /// Asks until the job is done, or time is over.
    fn wait(&self, id: i32, document: &Document, wait: &mut Wait) -> Report {
        let mut pause = Duration::from_millis(20);
        loop {
            let answer = self.about_job(id);
            if let Ok(answer) = &answer
                && let Some(report) = self.ended(answer, document)
            {
                return report;
            }
            // The next document counts from its own beginning.
            wait.seen(answer.as_ref().ok().and_then(impressions));
            if wait.is_over() {
                let detail = match answer {
                    Ok(answer) => self.standing(&answer, document),
                    Err(why) => format!("sent; then the printer was lost: {}", why.words()),
                };
                return Report::new(Outcome::NotKnown, detail);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// What became of a job that is not under way any more; `None` while it is.
    fn ended(&self, answer: &Answer, document: &Document) -> Option<Report> {
        if !answer.is_success() {
            let detail = format!("sent; asked about it, it answers {}", answer.status_words());
            return Some(Report::new(Outcome::NotKnown, detail));
        }
        let known = progress(answer, document);
        let not_known = |detail: String| Some(Report::new(Outcome::NotKnown, detail));
        match answer.number("job-state") {
            // pending, held, processing, stopped
            Some(3..=6) => None,
            Some(9) => Some(self.completed(answer, document)),
            Some(state @ (7 | 8)) => {
                let did = if state == 7 { "was canceled" } else { "was given up by the printer" };
                let why = answer.job_reasons();
                let why = if why.is_empty() { why } else { format!(" ({why})") };
                not_known(format!("sent; the job {did}{why}; {known}"))
            }
            _ => not_known("sent; the printer does not say how the job stands".to_owned()),
        }
    }

    fn completed(&self, answer: &Answer, document: &Document) -> Report {
        let not_known = |detail: &str| Report::new(Outcome::NotKnown, detail);
        let reasons = answer.words("job-state-reasons");
        if reasons.contains(&"job-completed-with-errors") {
            return not_known("the printer says that it ended with errors; look what came out");
        }
        let passed_on = reasons.contains(&"queued-in-device") || document.format == PASSED_ON;
        if passed_on || self.hands_on {
            return not_known(
                "a print system took it and passed it on; look whether it was printed",
            );
        }
        match impressions(answer) {
            Some(out) if document.counts() && out > 0 && out < document.labels => {
                let detail = format!("the printer ended it after {out} of {}", document.labels);
                Report::new(Outcome::NotKnown, detail)
            }
            _ => Report::new(Outcome::Printed, "the printer says that all came out"),
        }
    }

    /// How a job stands that takes too long.
    fn standing(&self, answer: &Answer, document: &Document) -> String {
        let known = progress(answer, document);
        let printer = about(&self.client, self.patience).ok();
        let trouble = printer.as_ref().and_then(Answer::trouble);
        let warnings = printer.map(|said| said.warnings()).unwrap_or_default();
        let aside = |words: String| if words.is_empty() { words } else { format!(" ({words})") };
        match (answer.number("job-state"), trouble) {
            (_, Some(trouble)) => format!(
                "sent, then the printer stopped: {trouble}; {known}. The job is still in it and \
                 goes on when that is put right"
            ),
            (Some(6), None) => {
                format!("sent, then the printer stopped{}; {known}", aside(answer.job_reasons()))
            }
            _ => format!("sent; the printer is still at it{}; {known}", aside(warnings)),
        }
    }
}

/// Labels that came out, as the printer counts.
fn impressions(answer: &Answer) -> Option<u32> {
    let names = ["job-impressions-completed", "job-media-sheets-completed"];
    let counted = names.iter().find_map(|name| answer.number(name))?;
    u32::try_from(counted).ok()
}

fn progress(answer: &Answer, document: &Document) -> String {
    match impressions(answer).filter(|_| document.counts()) {
        Some(out) => format!("it says that {out} of {} came out", document.labels),
        None => "it does not say how many came out".to_owned(),
    }
}

/// The same of a job for which the printer did not do all as it was asked.
fn substituted(mut report: Report) -> Report {
    report.detail.push_str("; it did not do all as it was asked, look at a label");
    report
}

/// What is known of a whole job of which so many labels came out before this happened.
fn after(out: u32, report: Report) -> Report {
    if out == 0 {
        return report;
    }
    Report::new(Outcome::NotKnown, format!("{out} came out, then: {}", report.detail))
}
