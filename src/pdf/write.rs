//! Pages to PDF bytes: subset fonts with their text kept extractable, an outline, links.
//!
//! `printpdf` writes page contents, fonts and their Unicode maps; it embeds whole fonts, so the
//! subset is made first. Its bookmarks are flat and its document id is random, so outline, links
//! and id are set on the object tree before it is saved.
//!
//! Architecture invariant: bytes depend on the arguments alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use lopdf::{Dictionary, Object, ObjectId, StringFormat};
use printpdf::{
    FontId, FontType, Line, LinePoint, Op, ParsedFont, PdfDocument, PdfFont, PdfFontHandle,
    PdfPage, PdfSaveOptions, Polygon, PolygonRing, Pt, Rect, Rgb, TextItem, TextMatrix,
};
use subsetter::GlyphRemapper;

use super::{Color, Face, Item, Len, Page, Point};

/// The program and its version, as every file names it.
pub const PRODUCER: &str = concat!("Chorda ", env!("CARGO_PKG_VERSION"));

/// Why a PDF could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A font could not be subset.
    #[error(
        "The font {name} could not be reduced to the characters used ({reason}). This is a fault of the program; report it."
    )]
    Font {
        /// Name of the font.
        name: &'static str,
        /// What the font library says.
        reason: String,
    },
    /// The object tree could not be completed or saved.
    #[error("The PDF could not be written ({0}). This is a fault of the program; report it.")]
    Write(String),
}

impl From<lopdf::Error> for PdfError {
    fn from(error: lopdf::Error) -> Self {
        Self::Write(error.to_string())
    }
}

/// A bookmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Its text.
    pub title: String,
    /// Depth: 0 for a chapter, 1 for what stands in it.
    pub level: usize,
    /// Page it leads to, from 0.
    pub page: usize,
    /// Where on that page, from the top.
    pub y: Len,
}

/// A file inside the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name, plain letters.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Media type, for example `application/json`.
    pub media_type: String,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// What a PDF is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Title.
    pub title: String,
    /// What it is about.
    pub subject: String,
    /// Language of the text, for example `en`.
    pub language: String,
    /// When its content was fixed, `YYYYMMDDhhmmss` in UTC; `None` writes no date.
    pub created: Option<String>,
    /// Identity of the content, for example its SHA-256; becomes the file's id.
    pub identity: Vec<u8>,
    /// Pages.
    pub pages: Vec<Page>,
    /// Bookmarks in reading order.
    pub outline: Vec<Heading>,
    /// Files inside it.
    pub attachments: Vec<Attachment>,
}

/// The PDF file of a document.
pub fn write(document: &Document) -> Result<Vec<u8>, PdfError> {
    let mut pdf = PdfDocument::new(&document.title);
    for (face, symbols) in symbols_used(&document.pages) {
        let font = PdfFont::new(subset(face, &symbols)?);
        pdf.resources.fonts.map.insert(FontId(face.resource().to_owned()), font);
    }
    pdf.pages = document.pages.iter().map(page).collect();
    let options = PdfSaveOptions {
        optimize: true,
        subset_fonts: false,
        secure: true,
        image_optimization: None,
    };
    let mut tree = pdf.to_lopdf_document(&options, &mut Vec::new());
    finish(&mut tree, document)?;
    deflate(&mut tree)?;
    let mut bytes = Vec::new();
    tree.save_to(&mut bytes).map_err(|error| PdfError::Write(error.to_string()))?;
    Ok(bytes)
}

/// Compresses every stream. The library's own compression takes twice the time for a few per cent
/// of size, and a record is made while somebody waits.
fn deflate(tree: &mut lopdf::Document) -> Result<(), PdfError> {
    for object in tree.objects.values_mut() {
        let Object::Stream(stream) = object else { continue };
        if !stream.allows_compression || stream.dict.has(b"Filter") {
            continue;
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(3));
        let packed = encoder.write_all(&stream.content).and_then(|()| encoder.finish());
        let packed = packed.map_err(|error| PdfError::Write(error.to_string()))?;
        if packed.len() < stream.content.len() {
            stream.dict.set("Filter", Object::Name(b"FlateDecode".to_vec()));
            stream.set_content(packed);
        }
    }
    Ok(())
}

fn symbols_used(pages: &[Page]) -> BTreeMap<Face, BTreeSet<char>> {
    let mut used: BTreeMap<Face, BTreeSet<char>> = BTreeMap::new();
    for item in pages.iter().flat_map(|page| &page.items) {
        if let Item::Text { face, text, .. } = item {
            used.entry(*face).or_default().extend(text.chars());
        }
    }
    used
}

fn subset(face: Face, symbols: &BTreeSet<char>) -> Result<ParsedFont, PdfError> {
    let metrics = face.metrics();
    let mut remapper: GlyphRemapper = GlyphRemapper::new();
    let mut glyphs = BTreeMap::new();
    let mut widths = BTreeMap::new();
    for symbol in symbols {
        if let Some(old) = metrics.glyph(*symbol) {
            let new = remapper.remap(old);
            glyphs.insert(u32::from(*symbol), new);
            widths.insert(new, metrics.advance_of(old));
        }
    }
    let data = subsetter::subset(face.data(), 0, &remapper)
        .map_err(|error| PdfError::Font { name: face.name(), reason: error.to_string() })?;
    let mut font = ParsedFont::with_glyph_data(
        data,
        0,
        Some(format!("CHORDA+{}", face.name())),
        glyphs,
        widths,
        metrics.units,
        printpdf::FontMetrics { ascent: metrics.ascent, descent: metrics.descent },
    );
    font.font_type = FontType::TrueType;
    font.pdf_font_metrics.units_per_em = metrics.units;
    font.pdf_font_metrics.x_min = -2090;
    font.pdf_font_metrics.y_min = -948;
    font.pdf_font_metrics.x_max = 3673;
    font.pdf_font_metrics.y_max = 2524;
    Ok(font)
}

/// Turns the items of one page into operations, with the colour, font and line width in force.
struct Pen {
    height: Len,
    ops: Vec<Op>,
    fill: Option<Color>,
    stroke: Option<(Color, Len)>,
    font: Option<(Face, Len)>,
    in_text: bool,
}

fn page(page: &Page) -> PdfPage {
    let mut pen = Pen {
        height: page.height,
        ops: Vec::new(),
        fill: None,
        stroke: None,
        font: None,
        in_text: false,
    };
    for item in &page.items {
        pen.draw(item);
    }
    pen.text_mode(false);
    let area = || rect(Len::ZERO, Len::ZERO, page.width, page.height, None);
    PdfPage { media_box: area(), trim_box: area(), crop_box: area(), ops: pen.ops }
}

fn rect(x: Len, y: Len, width: Len, height: Len, mode: Option<printpdf::PaintMode>) -> Rect {
    let pt = |len: Len| Pt(len.points());
    Rect { x: pt(x), y: pt(y), width: pt(width), height: pt(height), mode, winding_order: None }
}

#[expect(clippy::float_arithmetic, reason = "the PDF library takes colours from 0.0 to 1.0")]
fn rgb(Color(red, green, blue): Color) -> printpdf::Color {
    let part = |value: u8| f32::from(value) / 255.0;
    printpdf::Color::Rgb(Rgb { r: part(red), g: part(green), b: part(blue), icc_profile: None })
}

impl Pen {
    fn draw(&mut self, item: &Item) {
        match item {
            Item::Text { at, face, size, color, text } => {
                self.text_mode(true);
                self.set_fill(*color);
                self.set_font(*face, *size);
                let (x, y) = (Pt(at.x.points()), Pt((self.height - at.y).points()));
                self.ops.push(Op::SetTextMatrix { matrix: TextMatrix::Translate(x, y) });
                self.ops.push(Op::ShowText { items: vec![TextItem::Text(text.clone())] });
            }
            Item::Box { at, width, height, fill, edge } => {
                self.text_mode(false);
                let y = self.height - at.y - *height;
                if let Some(fill) = fill {
                    self.set_fill(*fill);
                    let mode = Some(printpdf::PaintMode::Fill);
                    let rectangle = rect(at.x, y, *width, *height, mode);
                    self.ops.push(Op::DrawRectangle { rectangle });
                }
                if let Some((color, line)) = edge {
                    self.set_stroke(*color, *line);
                    let mode = Some(printpdf::PaintMode::Stroke);
                    let rectangle = rect(at.x, y, *width, *height, mode);
                    self.ops.push(Op::DrawRectangle { rectangle });
                }
            }
            Item::Line { points, color, width } => {
                self.text_mode(false);
                self.set_stroke(*color, *width);
                let points = points.iter().map(|p| self.corner(*p)).collect();
                self.ops.push(Op::DrawLine { line: Line { points, is_closed: false } });
            }
            Item::Polygon { points, fill } => {
                self.text_mode(false);
                self.set_fill(*fill);
                let points = points.iter().map(|p| self.corner(*p)).collect();
                self.polygon(vec![PolygonRing { points }]);
            }
            Item::Disc { center, radius, fill } => {
                self.text_mode(false);
                self.set_fill(*fill);
                let ring = self.circle(*center, *radius);
                self.polygon(vec![ring]);
            }
            Item::Modules { at, module, tall, color, runs } => {
                self.text_mode(false);
                self.set_fill(*color);
                let edges = (*module, *tall);
                let rings = runs.iter().map(|run| self.run(*at, edges, *run)).collect();
                self.polygon(rings);
            }
            Item::Link { .. } => {}
        }
    }

    fn text_mode(&mut self, wanted: bool) {
        if wanted != self.in_text {
            self.in_text = wanted;
            self.ops.push(if wanted { Op::StartTextSection } else { Op::EndTextSection });
        }
    }

    fn set_fill(&mut self, color: Color) {
        if self.fill != Some(color) {
            self.fill = Some(color);
            self.ops.push(Op::SetFillColor { col: rgb(color) });
        }
    }

    fn set_stroke(&mut self, color: Color, width: Len) {
        if self.stroke != Some((color, width)) {
            self.stroke = Some((color, width));
            self.ops.push(Op::SetOutlineColor { col: rgb(color) });
            self.ops.push(Op::SetOutlineThickness { pt: Pt(width.points()) });
        }
    }

    fn set_font(&mut self, face: Face, size: Len) {
        if self.font != Some((face, size)) {
            self.font = Some((face, size));
            let font = PdfFontHandle::External(FontId(face.resource().to_owned()));
            self.ops.push(Op::SetFont { font, size: Pt(size.points()) });
        }
    }

    fn corner(&self, at: Point) -> LinePoint {
        let p = printpdf::Point { x: Pt(at.x.points()), y: Pt((self.height - at.y).points()) };
        LinePoint { p, bezier: false }
    }

    fn handle(&self, at: Point) -> LinePoint {
        LinePoint { bezier: true, ..self.corner(at) }
    }

    fn polygon(&mut self, rings: Vec<PolygonRing>) {
        let polygon = Polygon {
            rings,
            mode: printpdf::PaintMode::Fill,
            winding_order: printpdf::WindingOrder::NonZero,
        };
        self.ops.push(Op::DrawPolygon { polygon });
    }

    fn run(
        &self,
        at: Point,
        (module, tall): (Len, Len),
        (row, column, count): (i64, i64, i64),
    ) -> PolygonRing {
        let (left, top) = (at.x + module * column, at.y + tall * row);
        let (right, bottom) = (left + module * count, top + tall);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        PolygonRing {
            points: corners.into_iter().map(|(x, y)| self.corner(Point::new(x, y))).collect(),
        }
    }

    /// Four cubic curves; 0.5523 of the radius is the usual approximation of a quarter circle.
    fn circle(&self, c: Point, r: Len) -> PolygonRing {
        let k = r.scaled(5523, 10_000);
        let p = |dx: Len, dy: Len| Point::new(c.x + dx, c.y + dy);
        let quarters = [
            (p(r, -k), p(k, -r), p(Len::ZERO, -r)),
            (p(-k, -r), p(-r, -k), p(-r, Len::ZERO)),
            (p(-r, k), p(-k, r), p(Len::ZERO, r)),
            (p(k, r), p(r, k), p(r, Len::ZERO)),
        ];
        let mut points = vec![self.corner(p(r, Len::ZERO))];
        for (first, second, end) in quarters {
            points.extend([self.handle(first), self.handle(second), self.corner(end)]);
        }
        PolygonRing { points }
    }
}

fn text_object(text: &str) -> Object {
    if text.is_ascii() {
        return Object::String(text.as_bytes().to_vec(), StringFormat::Literal);
    }
    let mut bytes = vec![0xfe, 0xff];
    bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    Object::String(bytes, StringFormat::Hexadecimal)
}

fn finish(tree: &mut lopdf::Document, document: &Document) -> Result<(), PdfError> {
    tree.version = "1.7".to_owned();
    let pages: Vec<ObjectId> = tree.get_pages().into_values().collect();
    for (id, page) in pages.iter().zip(&document.pages) {
        let links = links(page, document, &pages);
        let dictionary = tree.get_object_mut(*id)?.as_dict_mut()?;
        dictionary.remove(b"Annots");
        if !links.is_empty() {
            dictionary.set("Annots", Object::Array(links));
        }
    }
    let outline = outline(tree, document, &pages);
    let files: Vec<(&str, ObjectId)> =
        document.attachments.iter().map(|file| (file.name.as_str(), attach(tree, file))).collect();
    let catalog = tree.catalog_mut()?;
    catalog.set("Lang", text_object(&document.language));
    let mut preferences = Dictionary::new();
    preferences.set("DisplayDocTitle", true);
    catalog.set("ViewerPreferences", preferences);
    if !files.is_empty() {
        let specifications = files.iter().map(|(_, id)| Object::Reference(*id)).collect();
        catalog.set("AF", Object::Array(specifications));
        let names = files
            .iter()
            .flat_map(|(name, id)| [text_object(name), Object::Reference(*id)])
            .collect();
        let mut list = Dictionary::new();
        list.set("Names", Object::Array(names));
        let mut tree = Dictionary::new();
        tree.set("EmbeddedFiles", Object::Dictionary(list));
        catalog.set("Names", Object::Dictionary(tree));
    }
    if let Some(outline) = outline {
        catalog.set("Outlines", Object::Reference(outline));
        catalog.set("PageMode", Object::Name(b"UseOutlines".to_vec()));
    }
    let info = information(document);
    let info = tree.add_object(info);
    if let Ok(Object::Reference(old)) = tree.trailer.get(b"Info") {
        let old = *old;
        tree.objects.remove(&old);
    }
    tree.trailer.set("Info", Object::Reference(info));
    let id = Object::String(document.identity.clone(), StringFormat::Hexadecimal);
    tree.trailer.set("ID", Object::Array(vec![id.clone(), id]));
    tree.renumber_objects();
    Ok(())
}

/// Adds a file and its specification; the caller lists it in the catalog.
fn attach(tree: &mut lopdf::Document, file: &Attachment) -> ObjectId {
    let mut parameters = Dictionary::new();
    parameters.set("Size", Object::Integer(i64::try_from(file.data.len()).unwrap_or(0)));
    let mut head = Dictionary::new();
    head.set("Type", Object::Name(b"EmbeddedFile".to_vec()));
    head.set("Subtype", Object::Name(file.media_type.as_bytes().to_vec()));
    head.set("Params", Object::Dictionary(parameters));
    let stream = tree.add_object(lopdf::Stream::new(head, file.data.clone()));
    let mut embedded = Dictionary::new();
    embedded.set("F", Object::Reference(stream));
    embedded.set("UF", Object::Reference(stream));
    let mut specification = Dictionary::new();
    specification.set("Type", Object::Name(b"Filespec".to_vec()));
    specification.set("F", text_object(&file.name));
    specification.set("UF", text_object(&file.name));
    specification.set("Desc", text_object(&file.description));
    specification.set("AFRelationship", Object::Name(b"Source".to_vec()));
    specification.set("EF", Object::Dictionary(embedded));
    tree.add_object(specification)
}

fn information(document: &Document) -> Dictionary {
    let mut info = Dictionary::new();
    info.set("Title", text_object(&document.title));
    info.set("Subject", text_object(&document.subject));
    info.set("Producer", text_object(PRODUCER));
    if let Some(created) = &document.created {
        info.set("CreationDate", text_object(&format!("D:{created}Z")));
        info.set("ModDate", text_object(&format!("D:{created}Z")));
    }
    info
}

fn place(page: ObjectId, height: Len, y: Len) -> Object {
    Object::Array(vec![
        Object::Reference(page),
        Object::Name(b"XYZ".to_vec()),
        Object::Integer(0),
        Object::Real((height - y).points()),
        Object::Null,
    ])
}

fn links(page: &Page, document: &Document, pages: &[ObjectId]) -> Vec<Object> {
    let mut links = Vec::new();
    for item in &page.items {
        let Item::Link { at, width, height, page: target, y } = item else { continue };
        let (Some(id), Some(to)) = (pages.get(*target), document.pages.get(*target)) else {
            continue;
        };
        let bottom = page.height - at.y - *height;
        let corners = [at.x, bottom, at.x + *width, bottom + *height];
        let mut link = Dictionary::new();
        link.set("Type", Object::Name(b"Annot".to_vec()));
        link.set("Subtype", Object::Name(b"Link".to_vec()));
        let corners = corners.iter().map(|len| Object::Real(len.points())).collect();
        link.set("Rect", Object::Array(corners));
        link.set("Border", Object::Array(vec![0.into(), 0.into(), 0.into()]));
        link.set("F", Object::Integer(4));
        link.set("Dest", place(*id, to.height, *y));
        links.push(Object::Dictionary(link));
    }
    links
}

/// The outline tree: headings of level 0 at the top, deeper ones below the last of the level above.
fn outline(
    tree: &mut lopdf::Document,
    document: &Document,
    pages: &[ObjectId],
) -> Option<ObjectId> {
    if document.outline.is_empty() {
        return None;
    }
    let root = tree.new_object_id();
    let ids: Vec<ObjectId> = document.outline.iter().map(|_| tree.new_object_id()).collect();
    let mut parents: Vec<ObjectId> = Vec::new();
    let mut open: Vec<ObjectId> = vec![root];
    for (heading, id) in document.outline.iter().zip(&ids) {
        open.truncate(heading.level.min(open.len() - 1) + 1);
        parents.push(open.last().copied().unwrap_or(root));
        open.push(*id);
    }
    let children = |parent: ObjectId| -> Vec<ObjectId> {
        ids.iter().zip(&parents).filter(|(_, p)| **p == parent).map(|(id, _)| *id).collect()
    };
    for ((heading, id), parent) in document.outline.iter().zip(&ids).zip(&parents) {
        let siblings = children(*parent);
        let at = siblings.iter().position(|s| s == id).unwrap_or(0);
        let mut entry = Dictionary::new();
        entry.set("Title", text_object(&heading.title));
        entry.set("Parent", Object::Reference(*parent));
        if let Some(before) = at.checked_sub(1).and_then(|i| siblings.get(i)) {
            entry.set("Prev", Object::Reference(*before));
        }
        if let Some(after) = siblings.get(at + 1) {
            entry.set("Next", Object::Reference(*after));
        }
        if let (Some(page), Some(drawn)) =
            (pages.get(heading.page), document.pages.get(heading.page))
        {
            entry.set("Dest", place(*page, drawn.height, heading.y));
        }
        hang(&mut entry, &children(*id), true);
        tree.set_object(*id, entry);
    }
    let mut top = Dictionary::new();
    top.set("Type", Object::Name(b"Outlines".to_vec()));
    hang(&mut top, &children(root), false);
    tree.set_object(root, top);
    Some(root)
}

/// Links a parent to its first and last child; a negative count keeps it closed.
fn hang(parent: &mut Dictionary, children: &[ObjectId], closed: bool) {
    if let (Some(first), Some(last)) = (children.first(), children.last()) {
        parent.set("First", Object::Reference(*first));
        parent.set("Last", Object::Reference(*last));
        let count = i64::try_from(children.len()).unwrap_or(0);
        parent.set("Count", Object::Integer(if closed { -count } else { count }));
    }
}
