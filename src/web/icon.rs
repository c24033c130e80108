//! The pictograms: drawn on a 24 × 24 grid with one stroke, inlined so that no request is needed
//! and they take the colour of their text. Each status has its own shape, so that colour is never
//! alone.
//!
//! Architecture invariant: an icon carries no meaning by itself; a word stands beside it.

use askama::Template;
use askama::filters::HtmlSafe;

/// A pictogram by what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says what is drawn")]
pub enum Icon {
    Home,
    Scan,
    Donor,
    Batch,
    Vial,
    Storage,
    Order,
    Flask,
    Lab,
    Release,
    Label,
    Truck,
    Deviation,
    Record,
    Trace,
    History,
    Person,
    People,
    Settings,
    Lock,
    Leave,
    Sign,
    Station,
    Search,
    Plus,
    Print,
    Download,
    Next,
    Back,
    Clock,
    Calendar,
    Material,
    Device,
    Shield,
    Inbox,
    /// A tick in a circle: good, released, done.
    Ok,
    /// A half-filled circle: good in part, conditionally released, running.
    Part,
    /// A triangle with an exclamation mark: look here, quarantine.
    Check,
    /// Two bars in a square: on hold.
    Hold,
    /// A cross in an octagon: stop, rejected.
    Stop,
    /// An hourglass: waiting.
    Wait,
    /// A ring: nothing to report yet.
    Calm,
}

impl Icon {
    /// The drawing: one SVG path description; the template draws it as a stroke.
    pub fn path(self) -> &'static str {
        match self {
            Self::Home => "M3 11 12 4l9 7M5.5 9.5V20h13V9.5M10 20v-6h4v6",
            Self::Scan => {
                "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M8 8v8M11 8v8M13.5 8v8M16.5 8v8"
            }
            Self::Donor => {
                "M12 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M12 8.5c-4 0-5 3-5 6.500h10c0-3.500-1-6.500-5-6.500M12 15v4a2.500 2.500 0 0 0 5 0"
            }
            Self::Batch => {
                "M4 7.500 12 3l8 4.500v9L12 21l-8-4.500zM4 7.500l8 4.500 8-4.500M12 12v9"
            }
            Self::Vial => "M8 3h8v3H8zM9 6v12a3 3 0 0 0 6 0V6M9 12h6",
            Self::Storage => {
                "M12 2.500v19M4 7l16 10M20 7 4 17M9.500 3.500 12 6l2.500-2.500M9.500 20.500 12 18l2.500 2.500"
            }
            Self::Order => "M8 4H5v17h14V4h-3M8 2.500h8V6H8zM8.500 11h7M8.500 15h5",
            Self::Flask => {
                "M9.500 3h5M10.500 3v6L4.500 19.500A1 1 0 0 0 5.400 21h13.200a1 1 0 0 0 .9-1.500L13.500 9V3M7.500 15h9"
            }
            Self::Lab => "M10 3h4M11 3v5a6 6 0 1 0 6 9M6 21h13M14 8l4 4M16 6l4 4-2 2-4-4z",
            Self::Release => {
                "M12 2.500 20 6v5.500c0 5-3.500 8.500-8 10-4.500-1.500-8-5-8-10V6zM8.500 12l2.500 2.500 4.500-5"
            }
            Self::Label => "M3 12V4a1 1 0 0 1 1-1h8l9 9-9 9zM7.500 7.500h.01",
            Self::Truck => {
                "M2 6h12v11H2zM14 10h4.500L22 13.500V17h-8M6.500 19.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4M17.500 19.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4"
            }
            Self::Deviation => "M4 20 9 9l4 5 3-8 4 14M4 20h16",
            Self::Record => "M6 2.500h8.500L19 7v14.500H6zM14 2.500V7.500h5M9 12h7M9 15h7M9 18h4",
            Self::Trace => {
                "M5 5.500a2 2 0 1 0 0-.01M19 5.500a2 2 0 1 0 0-.01M12 13a2 2 0 1 0 0-.01M12 21a2 2 0 1 0 0-.01M6 7l4.800 4.500M18 7l-4.800 4.500M12 15v4"
            }
            Self::History => {
                "M3.500 12a8.500 8.500 0 1 0 2.700-6.200L3.500 8M3.500 3.500V8H8M12 7.500V12l3 2"
            }
            Self::Person => {
                "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.500 21c0-4.500 3-7 7.500-7s7.500 2.500 7.500 7"
            }
            Self::People => {
                "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M2.500 20c0-4 2.500-6 6.500-6s6.500 2 6.500 6M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.500c2.300.8 3.500 2.600 3.500 5.500"
            }
            Self::Settings => {
                "M4 6h9M17 6h3M4 12h3M11 12h9M4 18h9M17 18h3M15 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4M9 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4M15 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4"
            }
            Self::Lock => "M5 11h14v10H5zM8 11V7.500a4 4 0 0 1 8 0V11M12 15v2.500",
            Self::Leave => "M10 4H5v16h5M9 12h12M17 8l4 4-4 4",
            Self::Sign => {
                "M3 20c3 0 3-3 5-3s1.500 3 4 3 4-1.500 9-1.500M14 4.500l4 4L9.500 17H6v-3.500z"
            }
            Self::Station => "M3 4h18v12H3zM9 20h6M12 16v4",
            Self::Search => "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Print => "M7 8V3h10v5M7 17H4V9h16v8h-3M7 14h10v7H7z",
            Self::Download => "M12 3v12M7 10.500l5 5 5-5M4 20h16",
            Self::Next => "M5 12h14M13 6l6 6-6 6",
            Self::Back => "M19 12H5M11 6l-6 6 6 6",
            Self::Clock => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.500 2",
            Self::Calendar => "M4 5.500h16V20H4zM4 10h16M8 3v4M16 3v4",
            Self::Material => "M6 8h12l1 13H5zM9 8V6a3 3 0 0 1 6 0v2",
            Self::Device => "M4 5h16v10H4zM7 19h10M8 12l2-3 2.500 2L16 8",
            Self::Shield => "M12 2.500 20 6v5.500c0 5-3.500 8.500-8 10-4.500-1.500-8-5-8-10V6z",
            Self::Inbox => "M3 13l3-9h12l3 9v7H3zM3 13h5l1.500 3h5L16 13h5",
            Self::Ok => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M8 12.300l2.800 2.800 5.200-6",
            Self::Part => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 3v18M12 8h5M12 12h8M12 16h5",
            Self::Check => "M12 3.500 22 20.500H2zM12 10v4.500M12 17.500h.01",
            Self::Hold => "M4 4h16v16H4zM10 9v6M14 9v6",
            Self::Stop => "M8 2.500h8l5.500 5.500v8L16 21.500H8L2.500 16V8zM9 9l6 6M15 9l-6 6",
            Self::Wait => {
                "M6 3h12M6 21h12M7 3v3.500c0 3 5 3.500 5 5.500s-5 2.500-5 5.500V21M17 3v3.500c0 3-5 3.500-5 5.500s5 2.500 5 5.500V21"
            }
            Self::Calm => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18",
        }
    }
}

/// Draws an [`Icon`]; write `{{ icon.draw() }}` in a template.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<svg class="icon{% if !extra.is_empty() %} {{ extra }}{% endif %}" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{{ path }}"/></svg>"#
)]
pub struct Drawing {
    path: &'static str,
    extra: &'static str,
}

impl HtmlSafe for Drawing {}

impl Icon {
    /// The inline picture.
    pub fn draw(self) -> Drawing {
        Drawing { path: self.path(), extra: "" }
    }

    /// The inline picture with one more class for the stylesheet.
    pub fn draw_as(self, extra: &'static str) -> Drawing {
        Drawing { path: self.path(), extra }
    }
}
