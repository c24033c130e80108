//! A page as SVG, for previews on screens.
//!
//! Architecture invariant: nothing but the page decides the picture: every line of text carries
//! its measured length, so that a browser without the font neither clips nor overlaps.

use std::fmt::Write;

use super::{Color, Face, Item, Len, Page, Point, width};

/// The page as a standalone SVG element, sized in millimetres.
#[must_use]
pub fn svg(page: &Page, title: &str) -> String {
    let (w, h) = (page.width.mm_text(), page.height.mm_text());
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}mm\" height=\"{h}mm\" \
         viewBox=\"0 0 {w} {h}\" role=\"img\"><title>{}</title>\
         <rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>",
        escape(title)
    );
    for item in &page.items {
        // Writing to a String cannot fail.
        let _ = draw(&mut out, item);
    }
    out.push_str("</svg>");
    out
}

fn draw(out: &mut String, item: &Item) -> std::fmt::Result {
    match item {
        Item::Text { at, face, size, color, text } => {
            draw_text(out, *at, *face, *size, *color, text)
        }
        Item::Box { at, width, height, fill, edge } => {
            let fill = fill.map_or_else(|| "none".to_owned(), hex);
            write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"",
                at.x.mm_text(),
                at.y.mm_text(),
                width.mm_text(),
                height.mm_text()
            )?;
            if let Some((color, line)) = edge {
                write!(out, " stroke=\"{}\" stroke-width=\"{}\"", hex(*color), line.mm_text())?;
            }
            out.write_str("/>")
        }
        Item::Line { points, color, width } => write!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"/>",
            list(points),
            hex(*color),
            width.mm_text()
        ),
        Item::Polygon { points, fill } => {
            write!(out, "<polygon points=\"{}\" fill=\"{}\"/>", list(points), hex(*fill))
        }
        Item::Disc { center, radius, fill } => write!(
            out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>",
            center.x.mm_text(),
            center.y.mm_text(),
            radius.mm_text(),
            hex(*fill)
        ),
        Item::Modules { at, module, runs } => {
            out.write_str("<path shape-rendering=\"crispEdges\" fill=\"#000\" d=\"")?;
            for (row, column, count) in runs {
                let (x, y) = (at.x + *module * *column, at.y + *module * *row);
                let (x, y) = (x.mm_text(), y.mm_text());
                let (run, edge) = ((*module * *count).mm_text(), module.mm_text());
                write!(out, "M{x} {y}h{run}v{edge}h-{run}z")?;
            }
            out.write_str("\"/>")
        }
        Item::Link { .. } => Ok(()),
    }
}

fn draw_text(
    out: &mut String,
    at: Point,
    face: Face,
    size: Len,
    color: Color,
    text: &str,
) -> std::fmt::Result {
    let family = match face {
        Face::Mono | Face::MonoBold => "DejaVu Sans Mono, monospace",
        Face::Condensed | Face::CondensedBold => "DejaVu Sans Condensed, DejaVu Sans, sans-serif",
        Face::Sans | Face::Bold => "DejaVu Sans, Verdana, sans-serif",
    };
    let weight = match face {
        Face::Bold | Face::CondensedBold | Face::MonoBold => "bold",
        Face::Sans | Face::Condensed | Face::Mono => "normal",
    };
    write!(
        out,
        "<text x=\"{}\" y=\"{}\" font-family=\"{family}\" font-weight=\"{weight}\" \
         font-size=\"{}\" fill=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\">{}</text>",
        at.x.mm_text(),
        at.y.mm_text(),
        size.mm_text(),
        hex(color),
        width(face, size, text).mm_text(),
        escape(text)
    )
}

fn list(points: &[Point]) -> String {
    let pairs: Vec<String> =
        points.iter().map(|p| format!("{},{}", p.x.mm_text(), p.y.mm_text())).collect();
    pairs.join(" ")
}

fn hex(Color(red, green, blue): Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
