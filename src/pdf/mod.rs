//! Vector pages: exact lengths, measured text, shapes; written as PDF.
//!
//! Shared by [`crate::labels`] and [`crate::record`], which decide what stands where. A [`Page`] is
//! a list of drawn items in page coordinates with the origin at the top left; [`write()`] turns
//! pages into a PDF with subset fonts, bookmarks and links; [`attachment`] takes a file out of a
//! PDF again.
//!
//! Architecture invariant: the same pages give the same bytes. No clock and no chance: dates and
//! the document's identity arrive as arguments. Lengths are whole numbers; floating point begins at
//! the library that writes the file.

mod font;
mod length;
mod page;
mod read;
mod write;

pub use font::{Face, NO_BREAK, fit, printable, width, wrap};
pub use length::Len;
pub use page::{Color, Item, Page, Point};
pub use read::{ExtractError, attachment};
pub use write::{Attachment, Document, Heading, PRODUCER, PdfError, write};
