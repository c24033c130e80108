//! Label definitions: what each kind of label is drawn by, what a new version changes, and the two
//! signatures that put it in force.
//!
//! Neighbours: `app::label_definition` carries out.
//!
//! Architecture invariant: author and approver sign the hash of the text whose picture and changes
//! they see; the picture of a version that is not approved says TEST.

use std::sync::Arc;

use askama::Template;
use askama::filters::HtmlSafe;

use super::component::{Banner, Cell, Chip, Facts, Head, Link, Signed, Table, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::master_record_view::{TextRow, changed_rows};
use super::page::Shell;
use super::reply::Reply;
use super::review;
use super::routes::{Access, Route};
use super::sheet::{Block, Body, Signing, act, filled, sign, signed_act};
use crate::app::label_definition::{
    LabelDefinitionPropose, content, label_definition_approve, label_definition_propose,
    label_definition_retire, newest_text,
};
use crate::app::master_record_approve::kept_text;
use crate::app::words::capital;
use crate::domain::actor::{Capability, Meaning};
use crate::domain::label_definition::{DefinitionRef, LabelDefinition, Standing};
use crate::domain::language::Language;
use crate::labels::{self, Definition, LabelKind, Strokes};
use crate::store::{Failure, label_definition, ledger};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const APPROVE: Access = Access::Needs(&[Capability::ApproveMasterRecords]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/label-definitions", READ, list, "Label definitions"),
    Route::get("/label-definitions/propose", APPROVE, form, "Propose a label definition"),
    Route::post("/label-definitions/propose", APPROVE, propose, "Propose a label definition"),
    Route::get("/label-definitions/of/{kind}/picture", READ, picture, "A sample of a label"),
    Route::get("/label-definitions/version/{key}", READ, show, "A version of a label definition"),
    Route::get(
        "/label-definitions/version/{key}/picture",
        READ,
        version_picture,
        "A sample of a version, marked TEST until it is approved",
    ),
    Route::post("/label-definitions/version/{key}/approve", APPROVE, approve, "Approve a version"),
    Route::post("/label-definitions/version/{key}/retire", APPROVE, retire, "Retire a version"),
];

const HOME: &str = "/label-definitions";
const PROPOSE: &str = "/label-definitions/propose";

fn address(key: &str) -> String {
    format!("/label-definitions/version/{key}")
}

fn chip(standing: Standing) -> Chip {
    let tone = match standing {
        Standing::Proposed => Tone::Wait,
        Standing::Approved => Tone::Ok,
        Standing::Retired => Tone::Calm,
    };
    Chip::new(tone, standing.code())
}

#[derive(Template)]
#[template(path = "label/definitions.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    samples: Vec<Sample>,
    versions: Table,
}

/// One kind of label.
struct Sample {
    title: String,
    words: String,
    picture: String,
    propose: Option<String>,
}

/// A drawn sample.
struct Picture {
    title: String,
    from: Source,
}

/// Where a picture comes from.
enum Source {
    /// An address.
    Address(String),
    /// The page itself.
    Drawn(Drawn),
}

/// A sample drawn into the page, with its watermark.
#[derive(Template)]
#[template(path = "label/_strokes.svg", ext = "html")]
struct Drawn {
    title: String,
    strokes: Strokes,
}

impl HtmlSafe for Drawn {}

impl Picture {
    fn title(language: Language) -> String {
        format!("Sample in {}", language.name())
    }
}

/// The languages of a definition in words.
fn languages(definition: &Definition) -> String {
    let names: Vec<&str> = definition.languages().iter().map(|one| one.name()).collect();
    names.join(", ")
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let versions = cx.app().read(label_definition::list)?;
    let mut table = Table::new("Versions", &["Version", "Why", "Author", "Approved by", "Status"]);
    for version in &versions {
        let key = version.definition.key();
        let approved = version.approved.as_ref().map(|signed| signed.printed_name.clone());
        table.push([
            Cell::CodeLink(Link::to(address(&key), key)),
            version.reason.clone().into(),
            version.authored.printed_name.clone().into(),
            approved.unwrap_or_default().into(),
            chip(version.standing).into(),
        ]);
    }
    let may = cx.may(Capability::ApproveMasterRecords);
    let language = cx.app().config.site.label_language;
    let sample = |kind: LabelKind| {
        let own = versions
            .iter()
            .find(|v| v.definition.kind == kind.code() && v.standing == Standing::Approved);
        let (words, text) = match own {
            Some(version) => {
                (format!("version {} of this site", version.definition.number), &*version.text)
            }
            None => ("version 1, of the program".to_owned(), labels::shipped_text(kind)),
        };
        let words = format!("{words} · {}", languages(&read(text)?));
        let propose = may.then(|| format!("{PROPOSE}?kind={}", kind.code()));
        let code = kind.code();
        let picture = format!("{HOME}/of/{code}/picture?language={}", language.code());
        Ok(Sample { title: capital(kind.word()), words, picture, propose })
    };
    let samples = LabelKind::all().map(sample).collect::<Result<Vec<_>, WebError>>()?;
    cx.page(&ListPage {
        shell: cx.shell("Label definitions"),
        head: Head::new("Label definitions").under("/labels", "Labels").lede(format!(
            "Each label is drawn by an approved version; anything else says TEST. Labels of \
                 this site are in {}.",
            language.name()
        )),
        samples,
        versions: table,
    })
}

// Pictures ---------------------------------------------------------------------------------------

/// The sample of a definition at the resolution it is made for, real or marked TEST, in the
/// language that is asked for: where it has no such words, in one of its own.
fn drawn(cx: &Cx, definition: Definition, test: bool) -> Result<Reply, WebError> {
    let asked = Language::parse(cx.query("language"));
    let asked = asked.unwrap_or(cx.app().config.site.label_language);
    let own = definition.languages();
    let language = own.iter().find(|one| **one == asked).or(own.first()).copied();
    let kind = definition.label_kind();
    let sample = kind.zip(language).and_then(|(kind, language)| labels::sample(kind, language));
    let sample = sample.ok_or_else(|| Failure::not_found("There is no sample of this kind."))?;
    let dpi = definition.dpi;
    let sample = sample.drawn_by(Arc::new(definition));
    let sample = if test { sample.as_test() } else { sample };
    let png = match labels::prove(&sample, dpi) {
        Ok(proof) => labels::png(&proof.raster),
        Err(labels::LabelRefusal::NotProven { picture, .. }) => picture,
        Err(other) => return Err(WebError::Invalid(other.to_string())),
    };
    Ok(Reply::document("image/png", png))
}

fn picture(cx: &Cx) -> Result<Reply, WebError> {
    let unknown = || WebError::not_found("kind of label");
    let kind = LabelKind::parse(cx.param("kind")).ok_or_else(unknown)?;
    let own = cx.app().read(|db| label_definition::in_force(db, kind.code()))?;
    let text = own.map_or_else(|| labels::shipped_text(kind).to_owned(), |version| version.text);
    drawn(cx, read(&text)?, false)
}

fn read(text: &str) -> Result<Definition, WebError> {
    Definition::parse("the text", text).map_err(|error| WebError::Invalid(error.to_string()))
}

fn version_of(cx: &Cx) -> Result<LabelDefinition, WebError> {
    let key = cx.param("key").to_owned();
    let found = cx.app().read(|db| ledger::load::<LabelDefinition>(db, &key))?;
    found.ok_or_else(|| WebError::not_found(format!("version {key}")))
}

fn version_picture(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    drawn(cx, read(&version.text)?, version.standing != Standing::Approved)
}

// One version ------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "label/definition.html")]
struct VersionPage {
    shell: Shell,
    head: Head,
    banners: Vec<Banner>,
    pictures: Vec<Picture>,
    facts: Facts,
    signed: Vec<Signed>,
    changes: Vec<Vec<TextRow>>,
    against: String,
    aside: Vec<Block>,
}

impl VersionPage {
    fn new(cx: &Cx, title: String) -> Self {
        Self {
            shell: cx.shell(title.clone()),
            head: Head::new(title).under("/labels", "Labels").under(HOME, "Label definitions"),
            banners: Vec::new(),
            pictures: Vec::new(),
            facts: Facts::new(),
            signed: Vec::new(),
            changes: Vec::new(),
            against: String::new(),
            aside: Vec::new(),
        }
    }

    /// What is different from the version that is in force, or was before this one.
    fn compared(
        &mut self,
        cx: &Cx,
        definition: &DefinitionRef,
        text: &str,
    ) -> Result<(), WebError> {
        let versions = cx.app().read(label_definition::list)?;
        let before = versions.iter().find(|other| {
            other.definition.kind == definition.kind
                && other.definition.number < definition.number
                && other.approved.is_some()
        });
        let (key, old) = match before {
            Some(other) => (other.definition.key(), other.text.clone()),
            None => {
                let kind = LabelKind::parse(&definition.kind);
                let text = kind.map_or("", labels::shipped_text).to_owned();
                (format!("{}.1, of the program", definition.kind), text)
            }
        };
        (self.against, self.changes) = (key, changed_rows(&old, text));
        Ok(())
    }
}

fn facts(
    (definition, read): (&DefinitionRef, &Definition),
    (reason, change_request): (&str, &str),
) -> Facts {
    Facts::new()
        .with("Kind", definition.kind.clone())
        .with("Version", definition.number.to_string())
        .with("Languages", languages(read))
        .with("Why", reason.to_owned())
        .with("Change request", change_request.to_owned())
        .with("Content code", Cell::Code(definition.hash.short()))
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&version_page(cx, &version_of(cx)?, None, None)?)
}

fn version_page(
    cx: &Cx,
    version: &LabelDefinition,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<VersionPage, WebError> {
    let key = version.definition.key();
    let mut page = VersionPage::new(cx, format!("Label definition {key}"));
    page.head = page.head.chip(chip(version.standing));
    page.banners.extend(banner);
    let read = read(&version.text)?;
    let picture = |language: &Language| Picture {
        title: Picture::title(*language),
        from: Source::Address(format!("{}/picture?language={}", address(&key), language.code())),
    };
    page.pictures = read.languages().iter().map(picture).collect();
    let why = (version.reason.as_str(), version.change_request.as_str());
    page.facts = facts((&version.definition, &read), why);
    page.signed = std::iter::once(&version.authored)
        .chain(version.approved.as_ref())
        .chain(version.retired.as_ref().map(|(signature, _)| signature))
        .map(Signed::from)
        .collect();
    page.compared(cx, &version.definition, &version.text)?;
    if !cx.may(Capability::ApproveMasterRecords) || version.standing == Standing::Retired {
        return Ok(page);
    }
    let shell = cx.shell("");
    let hash = &version.definition.hash;
    let lines = || vec![("Label definition".to_owned(), key.clone())];
    if version.standing == Standing::Proposed {
        let content = (Meaning::Approved, hash, lines());
        let to = format!("{}/approve", address(&key));
        let act = signed_act(cx, &shell, to, Vec::new(), content, ("Approve", beside.clone()))?;
        page.aside.push(Block::new("Approve", Body::Act(Box::new(act))));
    }
    let fields = vec![filled(cx, &Errors::new(), Field::text("reason", "Why").required())];
    let content = (Meaning::Approved, hash, lines());
    let to = format!("{}/retire", address(&key));
    let act = signed_act(cx, &shell, to, fields, content, ("Retire", beside))?;
    page.aside.push(Block::new("Take it out of use", Body::Act(Box::new(act))).folded());
    Ok(page)
}

fn approve(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    let (key, caller) = (version.definition.key(), cx.caller()?);
    let signing = sign(cx, Meaning::Approved, &version.definition.hash, |signature| {
        label_definition_approve(cx.app(), &caller, &key, signature)
    })?;
    match signing {
        Signing::Done(()) => {
            let said = format!("{key} is in force: labels are drawn by it from now on.");
            Ok(Reply::see_other(address(&key)).flash(&said))
        }
        Signing::Again(banner, beside) => {
            cx.page_again(&version_page(cx, &version, banner, beside)?)
        }
    }
}

fn retire(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    let (key, caller) = (version.definition.key(), cx.caller()?);
    let signing = sign(cx, Meaning::Approved, &version.definition.hash, |signature| {
        label_definition_retire(cx.app(), &caller, &key, signature)
    })?;
    match signing {
        Signing::Done(()) => {
            Ok(Reply::see_other(address(&key)).flash(&format!("{key} is not used any more.")))
        }
        Signing::Again(banner, beside) => {
            cx.page_again(&version_page(cx, &version, banner, beside)?)
        }
    }
}

// Propose ----------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "label/propose.html")]
struct ProposePage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    form: Block,
}

fn form(cx: &Cx) -> Result<Reply, WebError> {
    let text = match LabelKind::parse(cx.query("kind")) {
        Some(kind) => cx.app().read(|db| newest_text(db, kind))?,
        None => String::new(),
    };
    cx.page(&propose_page(cx, &text, &Errors::new(), None))
}

fn propose_page(cx: &Cx, text: &str, errors: &Errors, banner: Option<Banner>) -> ProposePage {
    let shell = cx.shell("Propose a label definition");
    let fields = vec![
        filled(cx, errors, Field::text("reason", "Why").required()),
        filled(cx, errors, Field::text("change_request", "Change request").required()),
        Field::area("text", "Text").required().mono().rows(28).value(text),
    ];
    let form = act(&shell, PROPOSE, fields, "Check");
    ProposePage {
        shell,
        head: Head::new("Propose a label definition")
            .under("/labels", "Labels")
            .under(HOME, "Label definitions")
            .lede(
                "Raise the version and change the text. It is checked, drawn with a sample and \
                 read back first; you sign after you have seen it.",
            ),
        banner,
        form: Block::new("Text", Body::Act(Box::new(form))),
    }
}

fn propose(cx: &Cx) -> Result<Reply, WebError> {
    let text = kept_text(cx.form().raw("text"));
    let mut check = cx.check();
    let (reason, request) = (check.required("reason"), check.required("change_request"));
    let (Some(reason), Some(change_request)) = (reason, request) else {
        return cx.page_again(&propose_page(cx, &text, &check.errors, None));
    };
    let (definition, read) = match content(&cx.app().config.site, &text) {
        Ok(both) => both,
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            return cx.page_again(&propose_page(cx, &text, &Errors::new(), Some(banner)));
        }
    };
    let hash = definition.hash.clone();
    let why = (reason.as_str(), change_request.as_str());
    let seen = ((&definition, &read), text.as_str(), why);
    if !review::is_signed(cx) {
        return cx.page(&sign_page(cx, seen, None, None)?);
    }
    let (command, caller) = (
        LabelDefinitionPropose {
            text: text.clone(),
            reason: reason.clone(),
            change_request: change_request.clone(),
        },
        cx.caller()?,
    );
    let signing = sign(cx, Meaning::Authored, &hash, |signature| {
        label_definition_propose(cx.app(), &caller, command, signature)
    })?;
    match signing {
        Signing::Done(key) => {
            let said = format!("{key} is proposed; another person of QA approves it.");
            Ok(Reply::see_other(address(&key)).flash(&said))
        }
        Signing::Again(banner, beside) => cx.page_again(&sign_page(cx, seen, banner, beside)?),
    }
}

/// What the author signs: the text, and what it changes.
fn sign_page(
    cx: &Cx,
    ((definition, read), text, why): ((&DefinitionRef, &Definition), &str, (&str, &str)),
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<VersionPage, WebError> {
    let key = definition.key();
    let mut page = VersionPage::new(cx, format!("Sign {key}"));
    page.banners.extend(banner);
    page.banners.push(
        Banner::ok("Drawn and read back at 203, 300 and 600 dpi")
            .text("Its sample fits, nothing overlaps, and every symbol reads back as it should."),
    );
    for language in read.languages() {
        let strokes = labels::sample_strokes(read, *language)
            .map_err(|refusal| WebError::Invalid(refusal.to_string()))?;
        let title = Picture::title(*language);
        let from = Source::Drawn(Drawn { title: title.clone(), strokes });
        page.pictures.push(Picture { title, from });
    }
    page.facts = facts((definition, read), why);
    let (reason, change_request) = why;
    page.compared(cx, definition, text)?;
    let fields = vec![
        Field::hidden("text", text),
        Field::hidden("reason", reason),
        Field::hidden("change_request", change_request),
    ];
    let lines = vec![
        ("Label definition".to_owned(), key),
        ("Why".to_owned(), reason.to_owned()),
        ("Change request".to_owned(), change_request.to_owned()),
    ];
    let content = (Meaning::Authored, &definition.hash, lines);
    let shell = cx.shell("");
    let act = signed_act(cx, &shell, PROPOSE, fields, content, ("Sign and propose", beside))?;
    page.aside.push(Block::new("Propose", Body::Act(Box::new(act))));
    Ok(page)
}
