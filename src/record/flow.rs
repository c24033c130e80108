//! The small layout engine of the record: text, key-value grids and tables that run from page to
//! page.
//!
//! Architecture invariant: nothing is clipped. A table row that is taller than what is left of the
//! page moves to the next one, under the repeated header; a row taller than a page is split.

use crate::pdf::{Color, Face, Heading, Len, Page, Point, fit, width, wrap};

use super::theme::{
    ACCENT, BODY, BOTTOM, INK, LEFT, LINE, MUTED, SMALL, TINT, TINY, TOP, Tone, WIDTH, shape,
};

/// Distance of lines, as a share of the font size.
fn leading(size: Len) -> Len {
    size.scaled(132, 100)
}

/// One paragraph inside a cell.
#[derive(Debug, Clone)]
struct Paragraph {
    text: String,
    face: Face,
    color: Color,
}

/// One cell of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    paragraphs: Vec<Paragraph>,
    tone: Option<Tone>,
}

impl Cell {
    fn of(text: impl Into<String>, face: Face, color: Color) -> Self {
        Self { paragraphs: vec![Paragraph { text: text.into(), face, color }], tone: None }
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::of(text, Face::Condensed, INK)
    }

    pub(super) fn strong(text: impl Into<String>) -> Self {
        Self::of(text, Face::CondensedBold, INK)
    }

    pub(super) fn mono(text: impl Into<String>) -> Self {
        Self::of(text, Face::Mono, INK)
    }

    pub(super) fn state(text: impl Into<String>, tone: Tone) -> Self {
        let color = if tone == Tone::Plain { INK } else { tone.color() };
        Self { tone: Some(tone), ..Self::of(text, Face::CondensedBold, color) }
    }

    fn push(mut self, text: impl Into<String>, face: Face, color: Color) -> Self {
        self.paragraphs.push(Paragraph { text: text.into(), face, color });
        self
    }

    /// One more paragraph.
    pub(super) fn and(self, text: impl Into<String>) -> Self {
        self.push(text, Face::Condensed, INK)
    }

    /// One more paragraph in bold.
    pub(super) fn and_strong(self, text: impl Into<String>) -> Self {
        self.push(text, Face::CondensedBold, INK)
    }

    /// One more paragraph in muted colour.
    pub(super) fn and_muted(self, text: impl Into<String>) -> Self {
        self.push(text, Face::Condensed, MUTED)
    }

    /// The paragraphs of another cell below.
    pub(super) fn and_cell(mut self, other: Self) -> Self {
        self.paragraphs.extend(other.paragraphs);
        self
    }
}

/// One column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) share: i64,
}

/// One line of a wrapped cell.
#[derive(Debug, Clone)]
struct Line {
    text: String,
    face: Face,
    color: Color,
}

/// Pages in the making.
pub(super) struct Flow {
    done: Vec<Page>,
    page: Page,
    pub(super) y: Len,
    headings: Vec<Heading>,
}

const PAD_X: Len = Len::um(1200);
const PAD_Y: Len = Len::um(800);
const MARK: Len = Len::um(2000);

impl Flow {
    pub(super) fn new() -> Self {
        Self { done: Vec::new(), page: Page::a4(), y: TOP, headings: Vec::new() }
    }

    /// All pages and headings; page numbers count from this flow's first page.
    pub(super) fn finish(mut self) -> (Vec<Page>, Vec<Heading>) {
        self.done.push(self.page);
        (self.done, self.headings)
    }

    pub(super) fn page(&mut self) -> &mut Page {
        &mut self.page
    }

    pub(super) fn left(&self) -> Len {
        BOTTOM - self.y
    }

    pub(super) fn break_page(&mut self) {
        self.done.push(std::mem::replace(&mut self.page, Page::a4()));
        self.y = TOP;
    }

    /// Goes to the next page unless `height` still fits here.
    pub(super) fn need(&mut self, height: Len) {
        if self.left() < height && self.y > TOP {
            self.break_page();
        }
    }

    pub(super) fn space(&mut self, height: Len) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Keeps what `draw` draws on one page, if one page can hold it.
    pub(super) fn keep(&mut self, draw: impl Fn(&mut Self)) {
        let mut scratch = Self::new();
        draw(&mut scratch);
        let height = scratch.y - TOP;
        if !scratch.done.is_empty() {
            self.need(BOTTOM.scaled(1, 3));
            draw(self);
            return;
        }
        // What is tall may begin here and go on there, unless little of it would stand here.
        let page = BOTTOM - TOP;
        if self.left() < height && height > page.scaled(2, 5) && self.left() > page.scaled(3, 10) {
            draw(self);
            return;
        }
        self.need(height);
        let by = Point::new(Len::ZERO, self.y - TOP);
        self.page.items.extend(scratch.page.items.into_iter().map(|item| item.moved(by)));
        let page = self.done.len();
        for heading in scratch.headings {
            self.headings.push(Heading { page, y: heading.y + by.y, ..heading });
        }
        self.y += height;
    }

    /// A table of one row for each item; an empty one says so in words.
    pub(super) fn list<T>(
        &mut self,
        columns: &[Column],
        items: &[T],
        empty: &str,
        row: impl Fn(&T) -> Vec<Cell>,
    ) {
        let rows: Vec<Vec<Cell>> = items.iter().map(row).collect();
        self.table(columns, &rows, empty);
    }

    /// An entry of a log: time, what, and who on one line, and small paragraphs below it.
    pub(super) fn log(
        &mut self,
        (time, what, who): (&str, &str, &str),
        paragraphs: &[(String, Color)],
    ) {
        let (step, indent) = (leading(TINY), Len::mm(6));
        let lines: Vec<(String, Color)> = paragraphs
            .iter()
            .flat_map(|(text, color)| {
                let lines = wrap(Face::Condensed, TINY, text, WIDTH - indent - PAD_X);
                lines.into_iter().map(|line| (line, *color))
            })
            .collect();
        let head = leading(SMALL) + Len::um(500);
        let kept = i64::try_from(lines.len().min(3)).unwrap_or(0);
        self.need(head + step * kept);
        let line = Point::new(LEFT, self.y);
        self.page.line(line, Point::new(LEFT + WIDTH, self.y), LINE, Len::um(120));
        let base = self.y + Len::um(3000);
        self.page.text(Point::new(LEFT, base), Face::Condensed, SMALL, INK, time);
        let right = LEFT + WIDTH;
        let who_at = right - width(Face::Condensed, SMALL, who);
        self.page.text(Point::new(who_at, base), Face::Condensed, SMALL, MUTED, who);
        let left = LEFT + Len::mm(36);
        let room = who_at - left - Len::mm(2);
        let size = fit(Face::CondensedBold, what, SMALL, Len::pt(5), room).unwrap_or(Len::pt(5));
        self.page.text(Point::new(left, base), Face::CondensedBold, size, INK, what);
        self.y += head;
        for (text, color) in &lines {
            self.need(step);
            let at = Point::new(LEFT + indent, self.y + Face::Sans.cap_height(TINY) + Len::um(500));
            self.page.text(at, Face::Condensed, TINY, *color, text);
            self.y += step;
        }
        self.y += Len::um(700);
    }

    /// Short pairs of code and words, side by side in three columns; the code takes so many
    /// hundredths of a column.
    pub(super) fn pairs(&mut self, pairs: &[(String, String)], code_share: i64, empty: &str) {
        if pairs.is_empty() {
            self.paragraph(empty, SMALL, MUTED);
            return;
        }
        let columns = 3;
        let share = WIDTH / 3;
        let code_width = share.scaled(code_share, 100);
        let step = leading(SMALL);
        for row in pairs.chunks(columns) {
            let wrapped: Vec<(Vec<String>, Vec<String>)> = row
                .iter()
                .map(|(code, words)| {
                    let words_room = share - code_width - PAD_X * 2;
                    (
                        wrap(Face::Mono, Len::pt10(65), code, code_width - PAD_X),
                        wrap(Face::Condensed, SMALL, words, words_room),
                    )
                })
                .collect();
            let lines = wrapped.iter().map(|(code, words)| code.len().max(words.len()));
            let height = step * i64::try_from(lines.max().unwrap_or(1)).unwrap_or(1);
            self.need(height);
            let mut x = LEFT + PAD_X;
            for (code, words) in &wrapped {
                self.stack(x, code, Face::Mono, Len::pt10(65), INK);
                self.stack(x + code_width, words, Face::Condensed, SMALL, MUTED);
                x += share;
            }
            self.y += height;
        }
        self.y += Len::um(800);
    }

    /// Lines below one another from the current place, which stays.
    fn stack(&mut self, x: Len, lines: &[String], face: Face, size: Len, color: Color) {
        let mut base = self.y + Face::Sans.cap_height(SMALL) + SMALL.scaled(1, 6);
        for line in lines {
            self.page.text(Point::new(x, base), face, size, color, line);
            base += leading(SMALL);
        }
    }

    fn mark_heading(&mut self, title: &str, level: usize) {
        let y = self.y - Len::mm(4);
        self.headings.push(Heading { title: title.to_owned(), level, page: self.done.len(), y });
    }

    /// A chapter begins a page.
    pub(super) fn chapter(&mut self, title: &str) {
        if self.y > TOP {
            self.break_page();
        }
        self.mark_heading(title, 0);
        let size = Len::pt(15);
        for line in wrap(Face::Bold, size, title, WIDTH) {
            let at = Point::new(LEFT, self.y + Face::Bold.cap_height(size));
            self.page.text(at, Face::Bold, size, ACCENT, &line);
            self.y += leading(size);
        }
        let rule = Point::new(LEFT, self.y);
        self.page.line(rule, Point::new(LEFT + WIDTH, self.y), ACCENT, Len::um(350));
        self.y += Len::mm(4);
    }

    /// A section inside a chapter.
    pub(super) fn section(&mut self, title: &str) {
        self.titled(title, title);
    }

    /// A section inside the chapter of a batch, whose number it repeats in print; the outline has
    /// it below the batch anyway.
    pub(super) fn section_of(&mut self, batch: &str, title: &str) {
        self.titled(&format!("{batch} · {title}"), title);
    }

    fn titled(&mut self, title: &str, heading: &str) {
        self.space(Len::mm(4));
        self.need(Len::mm(30));
        self.y += Len::mm(1);
        self.mark_heading(heading, 1);
        let size = Len::pt10(105);
        for line in wrap(Face::Bold, size, title, WIDTH) {
            let at = Point::new(LEFT, self.y + Face::Bold.cap_height(size));
            self.page.text(at, Face::Bold, size, INK, &line);
            self.y += leading(size);
        }
        self.y += Len::mm(1);
    }

    /// A small caption above a table or grid; not in the outline.
    pub(super) fn caption(&mut self, title: &str) {
        self.space(Len::um(2500));
        self.need(Len::mm(25));
        let at = Point::new(LEFT, self.y + Face::CondensedBold.cap_height(BODY));
        self.page.text(at, Face::CondensedBold, BODY, ACCENT, title);
        self.y += leading(BODY);
        self.y += Len::um(400);
    }

    /// Running text.
    pub(super) fn paragraph(&mut self, text: &str, size: Len, color: Color) {
        for line in wrap(Face::Sans, size, text, WIDTH) {
            self.need(leading(size));
            let at = Point::new(LEFT, self.y + Face::Sans.cap_height(size) + size.scaled(1, 6));
            self.page.text(at, Face::Sans, size, color, &line);
            self.y += leading(size);
        }
    }

    /// Text in equal letters, cut at the width of the page.
    pub(super) fn listing(&mut self, text: &str) {
        let size = Len::pt10(65);
        for line in text.lines() {
            for line in wrap(Face::Mono, size, line, WIDTH - PAD_X * 2) {
                self.need(leading(size));
                let at = Point::new(LEFT, self.y);
                self.page.fill(at, WIDTH, leading(size) + Len::um(50), TINT);
                let at =
                    Point::new(LEFT + PAD_X, self.y + Face::Mono.cap_height(size).scaled(13, 10));
                self.page.text(at, Face::Mono, size, INK, &line);
                self.y += leading(size);
            }
        }
        self.y += Len::mm(1);
    }

    /// Pairs of name and value, in two columns.
    pub(super) fn grid(&mut self, pairs: &[(&str, String)]) {
        let half = WIDTH / 2;
        let name_width = Len::mm(30);
        let room = half - name_width - Len::mm(4);
        for row in pairs.chunks(2) {
            let wrapped: Vec<Vec<String>> =
                row.iter().map(|(_, value)| wrap(Face::Sans, BODY, value, room)).collect();
            let lines = wrapped.iter().map(Vec::len).max().unwrap_or(1);
            let height = leading(BODY) * i64::try_from(lines).unwrap_or(1);
            self.need(height);
            for ((name, _), (lines, x)) in row.iter().zip(wrapped.iter().zip([LEFT, LEFT + half])) {
                let mut base = self.y + Face::Sans.cap_height(BODY) + BODY.scaled(1, 6);
                self.page.text(Point::new(x, base), Face::Condensed, SMALL, MUTED, name);
                for line in lines {
                    let at = Point::new(x + name_width, base);
                    self.page.text(at, Face::Sans, BODY, INK, line);
                    base += leading(BODY);
                }
            }
            self.y += height + Len::um(500);
        }
    }

    /// Pairs of name and value, one below the other over the whole width, in small type.
    pub(super) fn notes(&mut self, pairs: &[(&str, String)]) {
        let name_width = Len::mm(24);
        for (name, value) in pairs {
            let lines = wrap(Face::Condensed, SMALL, value, WIDTH - name_width - PAD_X * 2);
            let mut first = true;
            for line in lines {
                self.need(leading(SMALL));
                let base = self.y + Face::Sans.cap_height(SMALL) + SMALL.scaled(1, 6);
                if first {
                    let at = Point::new(LEFT + PAD_X, base);
                    self.page.text(at, Face::Condensed, SMALL, MUTED, name);
                    first = false;
                }
                let at = Point::new(LEFT + PAD_X + name_width, base);
                self.page.text(at, Face::Condensed, SMALL, INK, &line);
                self.y += leading(SMALL);
            }
        }
    }

    /// A word with its shape, right-aligned at `right`; returns its left edge.
    pub(super) fn badge(&mut self, right: Len, baseline: Len, word: &str, tone: Tone) -> Len {
        let wide = width(Face::CondensedBold, SMALL, word);
        let x = right - wide;
        let at = Point::new(x, baseline);
        self.page.text(at, Face::CondensedBold, SMALL, tone.color(), word);
        let mark = Point::new(x - MARK - Len::um(900), baseline - MARK + Len::um(50));
        shape(&mut self.page, mark, MARK, tone);
        mark.x
    }

    /// A table; an empty one says so in words.
    pub(super) fn table(&mut self, columns: &[Column], rows: &[Vec<Cell>], empty: &str) {
        if rows.is_empty() {
            self.paragraph(empty, SMALL, MUTED);
            self.y += Len::mm(1);
            return;
        }
        let total: i64 = columns.iter().map(|column| column.share).sum();
        let widths: Vec<Len> =
            columns.iter().map(|column| WIDTH.scaled(column.share, total.max(1))).collect();
        self.need(Len::mm(18));
        self.table_header(columns, &widths);
        for row in rows {
            let cells: Vec<(Vec<Line>, Option<Tone>)> =
                row.iter().zip(&widths).map(|(cell, width)| cell_lines(cell, *width)).collect();
            self.table_row(columns, &widths, cells);
        }
        self.y += Len::um(600);
    }

    fn table_header(&mut self, columns: &[Column], widths: &[Len]) {
        let step = leading(Len::pt(7));
        let titles: Vec<Vec<String>> = columns
            .iter()
            .zip(widths)
            .map(|(c, w)| wrap(Face::CondensedBold, Len::pt(7), c.title, *w - PAD_X * 2))
            .collect();
        let lines = titles.iter().map(Vec::len).max().unwrap_or(1);
        let height = step * i64::try_from(lines).unwrap_or(1) + PAD_Y * 2;
        self.page.fill(Point::new(LEFT, self.y), WIDTH, height, TINT);
        let mut x = LEFT;
        for (title, width) in titles.iter().zip(widths) {
            let mut base = self.y + PAD_Y + Face::Bold.cap_height(Len::pt(7)).scaled(12, 10);
            for line in title {
                let at = Point::new(x + PAD_X, base);
                self.page.text(at, Face::CondensedBold, Len::pt(7), MUTED, line);
                base += step;
            }
            x += *width;
        }
        self.y += height;
        let end = Point::new(LEFT + WIDTH, self.y);
        self.page.line(Point::new(LEFT, self.y), end, LINE, Len::um(250));
    }

    fn table_row(
        &mut self,
        columns: &[Column],
        widths: &[Len],
        mut cells: Vec<(Vec<Line>, Option<Tone>)>,
    ) {
        let step = leading(SMALL);
        let height_of = |lines: usize| step * i64::try_from(lines).unwrap_or(1) + PAD_Y * 2;
        loop {
            let lines = cells.iter().map(|(lines, _)| lines.len()).max().unwrap_or(0).max(1);
            let height = height_of(lines);
            let whole_page = BOTTOM - TOP - Len::mm(12);
            if height <= self.left() {
                self.draw_row(widths, &cells, height);
                return;
            }
            if height <= whole_page && self.left() < Len::mm(60) || self.left() < height_of(3) {
                self.break_page();
                self.table_header(columns, widths);
                continue;
            }
            let room = (self.left() - PAD_Y * 2).value() / step.value();
            let room = usize::try_from(room).unwrap_or(1).max(1);
            let rest: Vec<(Vec<Line>, Option<Tone>)> = cells
                .iter_mut()
                .map(|(lines, tone)| (lines.split_off(room.min(lines.len())), *tone))
                .collect();
            self.draw_row(widths, &cells, height_of(room));
            self.break_page();
            self.table_header(columns, widths);
            cells = rest;
        }
    }

    fn draw_row(&mut self, widths: &[Len], cells: &[(Vec<Line>, Option<Tone>)], height: Len) {
        let mut x = LEFT;
        for ((lines, tone), width) in cells.iter().zip(widths) {
            let mut base = self.y + PAD_Y + Face::Sans.cap_height(SMALL).scaled(12, 10);
            let mut left = x + PAD_X;
            if let (Some(tone), false) = (tone, lines.is_empty()) {
                let mark = Point::new(left, base - MARK + Len::um(50));
                shape(&mut self.page, mark, MARK, *tone);
                left += MARK + Len::um(900);
            }
            for line in lines {
                let size = if line.face == Face::Mono { Len::pt10(65) } else { SMALL };
                self.page.text(Point::new(left, base), line.face, size, line.color, &line.text);
                base += leading(SMALL);
            }
            x += *width;
        }
        self.y += height;
        let end = Point::new(LEFT + WIDTH, self.y);
        self.page.line(Point::new(LEFT, self.y), end, LINE, Len::um(150));
    }
}

fn cell_lines(cell: &Cell, width: Len) -> (Vec<Line>, Option<Tone>) {
    let mark = if cell.tone.is_some() { MARK + Len::um(900) } else { Len::ZERO };
    let room = width - PAD_X * 2 - mark;
    let mut lines = Vec::new();
    for paragraph in &cell.paragraphs {
        if paragraph.text.is_empty() {
            continue;
        }
        let size = if paragraph.face == Face::Mono { Len::pt10(65) } else { SMALL };
        for text in wrap(paragraph.face, size, &paragraph.text, room) {
            lines.push(Line { text, face: paragraph.face, color: paragraph.color });
        }
    }
    (lines, cell.tone)
}
