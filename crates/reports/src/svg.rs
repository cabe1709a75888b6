//! A small writer of SVG pictures for the charts and the map of a report (G-6.8.3).
//!
//! It knows text, lines, boxes and paths, escapes every text, and writes numbers with one decimal so that the same
//! figures give the same bytes. It decides nothing about the contents.

use std::fmt::Write;

use crate::text::escape;

/// Dark text.
pub(crate) const INK: &str = "#1F2933";
/// Secondary text.
pub(crate) const MUTED: &str = "#5B6472";
/// Hair lines and grids.
pub(crate) const RULE: &str = "#D5DBE3";
/// Primary colour of the theme.
pub(crate) const PRIMARY: &str = "#1F5FBF";

/// Which point of a text stands at its coordinates.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text to be placed: position of its base line, size in user units, and look.
pub(crate) struct Label<'a> {
    pub x: f64,
    pub y: f64,
    pub size: f64,
    pub anchor: Anchor,
    pub colour: &'a str,
    pub text: &'a str,
}

/// A picture under construction.
pub(crate) struct Svg {
    body: String,
    width: f64,
    family: String,
}

impl Svg {
    /// An empty picture; `width` in user units, `family` names the font.
    pub(crate) fn new(width: f64, family: &str) -> Self {
        Self { body: String::new(), width, family: escape(family) }
    }

    /// Appends markup written by this crate; never text from data.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
        self.body.push('\n');
    }

    /// Appends markup built with `format_args!`; never text from data.
    pub(crate) fn draw(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.body, "{markup}");
    }

    /// Appends a text from data.
    pub(crate) fn text(&mut self, label: &Label<'_>) {
        self.place(label, "");
    }

    /// Appends a text from data that stays readable on any ground, with a rim of the given colour.
    pub(crate) fn text_with_rim(&mut self, label: &Label<'_>, rim: &str) {
        let look = format!(r#"stroke="{rim}" stroke-width="2.2" stroke-linejoin="round" paint-order="stroke""#);
        self.place(label, &look);
    }

    fn place(&mut self, label: &Label<'_>, look: &str) {
        let anchor = match label.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.draw(format_args!(
            r#"<text x="{:.1}" y="{:.1}" font-size="{:.1}" text-anchor="{anchor}" fill="{}" {look}>{}</text>"#,
            label.x,
            label.y,
            label.size,
            label.colour,
            escape(label.text)
        ));
    }

    /// Appends a straight line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        self.draw(format_args!(
            r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" {style}/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    /// Appends a box.
    pub(crate) fn rect(&mut self, corner: (f64, f64), size: (f64, f64), style: &str) {
        self.draw(format_args!(
            r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" {style}/>"#,
            corner.0, corner.1, size.0, size.1
        ));
    }

    /// Closes the picture at the given height.
    pub(crate) fn finish(self, height: f64) -> Vec<u8> {
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.1} {h:.1}" width="{w:.1}" height="{h:.1}" "#,
                r#"font-family="{family}">"#,
                "\n{body}</svg>\n"
            ),
            w = self.width,
            h = height,
            family = self.family,
            body = self.body
        )
        .into_bytes()
    }
}

/// About how wide a text will be, in user units.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 0.58 } else { 1.0 }).sum::<f64>() * size
}

/// The text, cut with an ellipsis to fit a width.
pub(crate) fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if text_width(&out, size) + size > width {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}
