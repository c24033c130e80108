//! The parts of pages, as values: a page struct holds them ready, a template writes `{{ chip }}`.
//! Everything said here is escaped by its own template; nothing is passed through as HTML.
//!
//! What there is, and what to use it for:
//!
//! | part | use |
//! |---|---|
//! | [`Chip`] | a status: word + shape + colour |
//! | [`Banner`] | one sentence that must be seen: ok, check, stop, note |
//! | [`Head`] | title, breadcrumb, sentence below, actions at the right |
//! | [`Link`] | a link or a link that looks like a button |
//! | [`Table`], [`Cell`] | rows of data; becomes a list of cards on a phone |
//! | [`Facts`] | key-value list |
//! | [`Tabs`] | tabs that are links |
//! | [`Pager`] | page x of y |
//! | [`Empty`] | nothing here yet, and what to do |
//! | [`Progress`] | n of m |
//! | [`Timeline`] | what happened, newest first |
//! | [`Sums`] | a calculation shown line by line |
//! | [`SignatureBlock`] | what I sign, in words, with the content code and the password |
//! | [`Signed`] | the manifestation of a signature |
//! | [`super::form::Field`] | one labelled entry with unit, limits and its error beside it |
//!
//! Layout is plain HTML with the classes of `templates/assets/app.css`: `card`, `card flush` around
//! a table, `two` (main and aside), `halves`, `grid`, `stack`, `row`, `actions`, `steps`, `step`.
//!
//! Architecture invariant: a part formats what it was given; it decides and looks up nothing.

use askama::Template;
use askama::filters::HtmlSafe;

use super::filters;
use super::icon::Icon;
use crate::domain::actor::{Meaning, Signature};
use crate::domain::disposition::Disposition;
use crate::domain::id::ContentHash;
use crate::domain::time::Zone;

/// What a colour and its shape say. The word beside it says it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Good: released, certified, done.
    Ok,
    /// Good in part, or running: conditionally released, in process.
    Part,
    /// Waiting or worth a look: quarantine, pending, alert limit.
    Wait,
    /// Held by a decision.
    Hold,
    /// Stop: rejected, out of specification, failed.
    Stop,
    /// Neither: not started, closed, information.
    Calm,
}

impl Tone {
    /// The class of the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "tone-ok",
            Self::Part => "tone-part",
            Self::Wait => "tone-wait",
            Self::Hold => "tone-hold",
            Self::Stop => "tone-stop",
            Self::Calm => "tone-calm",
        }
    }

    /// The shape that belongs to the colour.
    pub fn icon(self) -> Icon {
        match self {
            Self::Ok => Icon::Ok,
            Self::Part => Icon::Part,
            Self::Wait => Icon::Check,
            Self::Hold => Icon::Hold,
            Self::Stop => Icon::Stop,
            Self::Calm => Icon::Calm,
        }
    }
}

/// A status: word, shape and colour together.
#[derive(Clone, Debug, Template)]
#[template(path = "_chip.html")]
pub struct Chip {
    /// Colour and default shape.
    pub tone: Tone,
    /// The shape, where it differs from the tone's own.
    pub icon: Icon,
    /// The word.
    pub word: String,
    /// Whether it stands in a page head.
    pub large: bool,
}

impl HtmlSafe for Chip {}

impl Chip {
    /// A chip of this tone and word.
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { tone, icon: tone.icon(), word: word.into(), large: false }
    }

    /// The same with another shape.
    #[must_use]
    pub fn shape(self, icon: Icon) -> Self {
        Self { icon, ..self }
    }

    /// The same, larger: for page heads.
    #[must_use]
    pub fn large(self) -> Self {
        Self { large: true, ..self }
    }
}

impl From<Disposition> for Chip {
    fn from(disposition: Disposition) -> Self {
        let tone = match disposition {
            Disposition::Released => Tone::Ok,
            Disposition::ConditionallyReleased => Tone::Part,
            Disposition::Quarantine => Tone::Wait,
            Disposition::OnHold => Tone::Hold,
            Disposition::Rejected => Tone::Stop,
        };
        Self::new(tone, disposition.word())
    }
}

/// A link, or a link that looks like a button.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where to.
    pub href: String,
    /// The words.
    pub text: String,
    /// A pictogram before the words.
    pub icon: Option<Icon>,
    /// Whether it is the one main action of the page.
    pub primary: bool,
}

impl Link {
    /// A plain link.
    pub fn to(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: href.into(), text: text.into(), icon: None, primary: false }
    }

    /// The same as the main action of its page.
    #[must_use]
    pub fn primary(self) -> Self {
        Self { primary: true, ..self }
    }

    /// The same with a pictogram.
    #[must_use]
    pub fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }
}

/// The top of a page: where I am, what this is, what I can do.
#[derive(Clone, Debug, Template)]
#[template(path = "_head.html")]
pub struct Head {
    /// The way here, outermost first; without the page itself.
    pub crumbs: Vec<Link>,
    /// The page's title.
    pub title: String,
    /// Its status.
    pub chips: Vec<Chip>,
    /// One sentence below.
    pub lede: String,
    /// Links as buttons at the right; at most one is primary.
    pub actions: Vec<Link>,
}

impl HtmlSafe for Head {}

impl Head {
    /// A head with this title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            crumbs: Vec::new(),
            title: title.into(),
            chips: Vec::new(),
            lede: String::new(),
            actions: Vec::new(),
        }
    }

    /// Adds one step of the way here.
    #[must_use]
    pub fn under(mut self, href: impl Into<String>, text: impl Into<String>) -> Self {
        self.crumbs.push(Link::to(href, text));
        self
    }

    /// Adds a status.
    #[must_use]
    pub fn chip(mut self, chip: impl Into<Chip>) -> Self {
        self.chips.push(chip.into().large());
        self
    }

    /// Sets the sentence below the title.
    #[must_use]
    pub fn lede(mut self, lede: impl Into<String>) -> Self {
        self.lede = lede.into();
        self
    }

    /// Adds a button that is a link.
    #[must_use]
    pub fn action(mut self, link: Link) -> Self {
        self.actions.push(link);
        self
    }
}

/// One sentence that must be seen.
#[derive(Clone, Debug, Template)]
#[template(path = "_banner.html")]
pub struct Banner {
    /// Colour and shape.
    pub tone: Tone,
    /// What is the matter, in one line.
    pub title: String,
    /// By which rule, and what to do now.
    pub text: String,
    /// What can be done from here.
    pub actions: Vec<Link>,
}

impl HtmlSafe for Banner {}

impl Banner {
    fn of(tone: Tone, title: impl Into<String>) -> Self {
        Self { tone, title: title.into(), text: String::new(), actions: Vec::new() }
    }

    /// Done and good.
    pub fn ok(title: impl Into<String>) -> Self {
        Self::of(Tone::Ok, title)
    }

    /// Look at this before going on.
    pub fn check(title: impl Into<String>) -> Self {
        Self::of(Tone::Wait, title)
    }

    /// This does not go; the text says why and what to do.
    pub fn stop(title: impl Into<String>) -> Self {
        Self::of(Tone::Stop, title)
    }

    /// For information.
    pub fn note(title: impl Into<String>) -> Self {
        Self::of(Tone::Part, title)
    }

    /// On hold.
    pub fn hold(title: impl Into<String>) -> Self {
        Self::of(Tone::Hold, title)
    }

    /// Adds the explanation.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// Adds something to do.
    #[must_use]
    pub fn action(mut self, link: Link) -> Self {
        self.actions.push(link);
        self
    }

    /// How assistive technology announces it.
    pub fn role(&self) -> &'static str {
        if self.tone == Tone::Stop { "alert" } else { "status" }
    }
}

/// One cell of a [`Table`].
#[derive(Clone, Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Words in the soft colour: second in importance.
    Soft(String),
    /// Words that count.
    Strong(String),
    /// Words that hold no longer; they must say so themselves, the line through them only shows it.
    Struck(String),
    /// A code or identifier, in the fixed-width face.
    Code(String),
    /// A number with its unit, right-aligned.
    Number(String),
    /// A date and time, or a day, that is never broken; and what follows it, second in importance.
    When(String, String),
    /// A status.
    Status(Chip),
    /// A link.
    Link(Link),
    /// A link whose words are a code.
    CodeLink(Link),
    /// Several links as small buttons.
    Actions(Vec<Link>),
}

impl Cell {
    /// A date and time, or a day.
    pub fn when(at: impl Into<String>) -> Self {
        Self::When(at.into(), String::new())
    }
}

impl From<Chip> for Cell {
    fn from(chip: Chip) -> Self {
        Self::Status(chip)
    }
}

impl From<Disposition> for Cell {
    fn from(disposition: Disposition) -> Self {
        Self::Status(disposition.into())
    }
}

impl From<Link> for Cell {
    fn from(link: Link) -> Self {
        Self::Link(link)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// One row of a [`Table`].
#[derive(Clone, Debug)]
pub struct Row {
    /// The cells, as many as there are columns.
    pub cells: Vec<Cell>,
    /// Whether the row needs attention: it gets the stop colour.
    pub exception: bool,
}

/// Rows of data. On a phone each row becomes a card whose cells name themselves.
#[derive(Clone, Debug, Template)]
#[template(path = "_table.html")]
pub struct Table {
    /// Column headings.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// What it shows, for assistive technology.
    pub caption: String,
}

impl HtmlSafe for Table {}

impl Table {
    /// An empty table; `caption` is read aloud, not shown.
    pub fn new(caption: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: Vec::new(),
            caption: caption.into(),
        }
    }

    /// Adds a row.
    pub fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), exception: false });
    }

    /// Adds a row that needs attention.
    pub fn push_exception(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), exception: true });
    }

    /// Adds a row, for chains.
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.push(cells);
        self
    }

    /// Whether there is no row; show an [`Empty`] instead.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether a column holds numbers, which stand at its right.
    fn is_numeric(&self, index: &usize) -> bool {
        let first = self.rows.first().and_then(|row| row.cells.get(*index));
        matches!(first, Some(Cell::Number(_)))
    }

    fn heading(&self, index: &usize) -> &str {
        self.columns.get(*index).map_or("", String::as_str)
    }
}

/// A key-value list.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "_facts.html")]
pub struct Facts {
    /// Name and value.
    pub items: Vec<(String, Cell)>,
    /// Whether the pairs stand side by side instead of below one another.
    pub wide: bool,
}

impl HtmlSafe for Facts {}

impl Facts {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, side by side.
    #[must_use]
    pub fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    /// Adds a pair.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Cell>) -> Self {
        self.items.push((name.into(), value.into()));
        self
    }

    /// Adds a pair if there is a value.
    #[must_use]
    pub fn with_some(self, name: impl Into<String>, value: Option<impl Into<Cell>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// One tab: a link with an optional count.
#[derive(Clone, Debug)]
pub struct Tab {
    /// Where to.
    pub href: String,
    /// The word.
    pub text: String,
    /// How many there are.
    pub count: Option<usize>,
    /// Whether this is the one shown.
    pub current: bool,
}

/// Tabs that are links: each has its own address.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "_tabs.html")]
pub struct Tabs {
    /// The tabs.
    pub items: Vec<Tab>,
}

impl HtmlSafe for Tabs {}

impl Tabs {
    /// No tabs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tab.
    #[must_use]
    pub fn tab(
        mut self,
        href: impl Into<String>,
        text: impl Into<String>,
        count: Option<usize>,
        current: bool,
    ) -> Self {
        self.items.push(Tab { href: href.into(), text: text.into(), count, current });
        self
    }
}

/// Nothing here yet, and what to do about it.
#[derive(Clone, Debug, Template)]
#[template(path = "_empty.html")]
pub struct Empty {
    /// A pictogram.
    pub icon: Icon,
    /// What is missing.
    pub title: String,
    /// What to do.
    pub text: String,
    /// Where to do it.
    pub action: Option<Link>,
}

impl HtmlSafe for Empty {}

impl Empty {
    /// An empty state.
    pub fn new(icon: Icon, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { icon, title: title.into(), text: text.into(), action: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn action(self, link: Link) -> Self {
        Self { action: Some(link), ..self }
    }
}

/// How far something is: n of m.
#[derive(Clone, Debug, Template)]
#[template(path = "_progress.html")]
pub struct Progress {
    /// What is counted.
    pub label: String,
    /// How many are done.
    pub done: usize,
    /// Of how many.
    pub total: usize,
}

impl HtmlSafe for Progress {}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Colour and shape.
    pub tone: Tone,
    /// What happened.
    pub what: String,
    /// When and by whom, ready to show.
    pub when: String,
    /// More, if there is more.
    pub detail: String,
    /// Where to read on.
    pub href: String,
}

/// What happened, one below the other.
#[derive(Clone, Debug, Template)]
#[template(path = "_timeline.html")]
pub struct Timeline {
    /// The moments in the order to be shown.
    pub items: Vec<Moment>,
}

impl HtmlSafe for Timeline {}

/// Page x of y of a long list.
#[derive(Clone, Debug, Template)]
#[template(path = "_pager.html")]
pub struct Pager {
    /// Number of the first row shown, from 1.
    pub first: usize,
    /// Number of the last row shown.
    pub last: usize,
    /// Number of all rows.
    pub total: usize,
    /// Address of the page before.
    pub previous: Option<String>,
    /// Address of the page after.
    pub next: Option<String>,
}

impl HtmlSafe for Pager {}

impl Pager {
    /// The pager of `page` (from 1) with `size` rows of `total`, at `address`, which already holds
    /// its `?` and ends where `page=…` may follow (`/batches?` or `/batches?state=open&`).
    pub fn new(address: &str, page: usize, size: usize, total: usize) -> Self {
        let size = size.max(1);
        let page = page.max(1);
        let before = size.saturating_mul(page.saturating_sub(1));
        let last = before.saturating_add(size).min(total);
        Self {
            first: before.saturating_add(1).min(total),
            last,
            total,
            previous: (page > 1).then(|| format!("{address}page={}", page.saturating_sub(1))),
            next: (last < total).then(|| format!("{address}page={}", page.saturating_add(1))),
        }
    }
}

/// One line of a calculation.
#[derive(Clone, Debug)]
pub struct Sum {
    /// What it is: "Cells ordered".
    pub what: String,
    /// How it was got: "2 × 50×10⁶ + 2 × 25×10⁶"; may be empty.
    pub how: String,
    /// The value with its unit.
    pub value: String,
    /// Whether it is the result.
    pub result: bool,
}

/// A calculation shown as arithmetic, line by line, so that a second reader can follow it.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "_sums.html")]
pub struct Sums {
    /// The lines.
    pub lines: Vec<Sum>,
}

impl HtmlSafe for Sums {}

impl Sums {
    /// No lines yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    #[must_use]
    pub fn line(
        mut self,
        what: impl Into<String>,
        how: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.lines.push(Sum {
            what: what.into(),
            how: how.into(),
            value: value.into(),
            result: false,
        });
        self
    }

    /// Adds the result.
    #[must_use]
    pub fn result(
        mut self,
        what: impl Into<String>,
        how: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.lines.push(Sum {
            what: what.into(),
            how: how.into(),
            value: value.into(),
            result: true,
        });
        self
    }
}

/// Where a form asks for a signature: what is signed, in words; its content code; the password.
/// Stands inside the form of the command. The names it sends are read by `Cx::signature` (own) and
/// `Cx::second_signature` (a second person's).
#[derive(Clone, Debug, Template)]
#[template(path = "_signature.html")]
pub struct SignatureBlock {
    /// What the signature means.
    pub meaning: Meaning,
    /// What is signed, as name and value, in the words of the record.
    pub contents: Vec<(String, String)>,
    /// The hash of the content shown; sent back and compared on signing.
    pub displayed_hash: String,
    /// Its short form that people can compare.
    pub code: String,
    /// The signer; empty for a second person, who types it.
    pub login: String,
    /// The signer's printed name and role.
    pub person: String,
    /// Prefix of the field names: `sign` or `second`.
    pub prefix: &'static str,
    /// What was wrong last time.
    pub error: Option<String>,
    /// The words on the button; empty when the form has its own.
    pub button: String,
}

impl HtmlSafe for SignatureBlock {}

impl SignatureBlock {
    /// The block of the person who is signed in. Pages get it from `Cx::signature_block`.
    pub fn new(meaning: Meaning, hash: &ContentHash, login: &str, person: &str) -> Self {
        Self {
            meaning,
            contents: Vec::new(),
            displayed_hash: hash.as_str().to_owned(),
            code: hash.short(),
            login: login.to_owned(),
            person: person.to_owned(),
            prefix: "sign",
            error: None,
            button: String::new(),
        }
    }

    /// The block of a second person at the same station, who gives their own name and password
    /// without ending the session of the first.
    pub fn second_person(meaning: Meaning, hash: &ContentHash) -> Self {
        Self { prefix: "second", ..Self::new(meaning, hash, "", "") }
    }

    /// Adds a line of what is signed.
    #[must_use]
    pub fn line(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.contents.push((name.into(), value.into()));
        self
    }

    /// Shows why the last try failed.
    #[must_use]
    pub fn error(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }

    /// Adds the button that sends the form.
    #[must_use]
    pub fn button(self, text: impl Into<String>) -> Self {
        Self { button: text.into(), ..self }
    }
}

/// The manifestation of a signature (21 CFR 11.50): printed name, login, role, meaning, date and
/// time with zone, and the code of the content it covers.
#[derive(Clone, Debug, Template)]
#[template(path = "_signed.html")]
pub struct Signed {
    /// Full name at the time of signing.
    pub printed_name: String,
    /// Sign-in name.
    pub login: String,
    /// Role in use.
    pub role: String,
    /// The meaning in words.
    pub meaning: String,
    /// Date, time and zone.
    pub at: String,
    /// Short content code.
    pub code: String,
}

impl HtmlSafe for Signed {}

impl From<&Signature> for Signed {
    fn from(signature: &Signature) -> Self {
        let zone = Zone::parse(&signature.zone).unwrap_or(Zone::LJUBLJANA);
        Self {
            printed_name: signature.printed_name.clone(),
            login: signature.login.to_string(),
            role: signature.role.title().to_owned(),
            meaning: signature.meaning.words().to_owned(),
            at: signature.at.full_text(zone),
            code: signature.content_hash.short(),
        }
    }
}
