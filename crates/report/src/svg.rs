//! Drawings as lists of marks, and figures: a drawing for wide pages, one for narrow ones, and the numbers as a table.

use serde::{Serialize, Serializer};

/// One thing on a drawing. Colours are classes: the sheet of styles knows the light and the dark ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Mark {
    /// A bar, or an area that says something when it is pointed at.
    Rect {
        #[serde(serialize_with = "tenth")]
        x: f64,
        #[serde(serialize_with = "tenth")]
        y: f64,
        #[serde(serialize_with = "tenth")]
        w: f64,
        #[serde(serialize_with = "tenth")]
        h: f64,
        class: String,
        title: Option<String>,
    },
    /// A straight line.
    Line {
        #[serde(serialize_with = "tenth")]
        x1: f64,
        #[serde(serialize_with = "tenth")]
        y1: f64,
        #[serde(serialize_with = "tenth")]
        x2: f64,
        #[serde(serialize_with = "tenth")]
        y2: f64,
        class: &'static str,
    },
    /// A line through places: `12,3 15,4`.
    Path { points: String, class: &'static str },
    /// Words.
    Text {
        #[serde(serialize_with = "tenth")]
        x: f64,
        #[serde(serialize_with = "tenth")]
        y: f64,
        text: String,
        class: &'static str,
        /// `start`, `middle` or `end`.
        anchor: &'static str,
    },
    /// A sign out of the sheet of signs, by its middle.
    Sign {
        #[serde(serialize_with = "tenth")]
        x: f64,
        #[serde(serialize_with = "tenth")]
        y: f64,
        sign: &'static str,
    },
}

/// A drawing of some size.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Drawing {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) marks: Vec<Mark>,
}

/// A chart with its words and its numbers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// Unique on the page.
    pub(crate) id: String,
    pub(crate) title: String,
    /// What it shows, in one sentence for everybody.
    pub(crate) lead: String,
    /// What a person who does not see it should know.
    pub(crate) desc: String,
    /// Half as wide as the page?
    pub(crate) half: bool,
    pub(crate) wide: Drawing,
    pub(crate) narrow: Drawing,
    pub(crate) table: Table,
}

/// Numbers in rows.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Table {
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Whole and half pages, and phones.
pub(crate) const WIDE: f64 = 1040.0;
pub(crate) const HALF: f64 = 500.0;
pub(crate) const NARROW: f64 = 340.0;

impl Drawing {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { width, height, marks: Vec::new() }
    }

    pub(crate) fn rect(&mut self, at: (f64, f64), size: (f64, f64), class: impl Into<String>) {
        self.told(at, size, (class.into(), None));
    }

    /// A bar that says something when it is pointed at.
    pub(crate) fn told(
        &mut self,
        (x, y): (f64, f64),
        (w, h): (f64, f64),
        (class, title): (String, Option<String>),
    ) {
        self.marks.push(Mark::Rect { x, y, w: w.max(0.0), h: h.max(0.0), class, title });
    }

    pub(crate) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &'static str) {
        self.marks.push(Mark::Line { x1, y1, x2, y2, class });
    }

    pub(crate) fn path(&mut self, points: &[(f64, f64)], class: &'static str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        if points.len() > 1 {
            self.marks.push(Mark::Path { points: points.join(" "), class });
        }
    }

    pub(crate) fn text(
        &mut self,
        (x, y): (f64, f64),
        text: impl Into<String>,
        (class, anchor): (&'static str, &'static str),
    ) {
        self.marks.push(Mark::Text { x, y, text: text.into(), class, anchor });
    }

    pub(crate) fn sign(&mut self, (x, y): (f64, f64), sign: &'static str) {
        self.marks.push(Mark::Sign { x, y, sign });
    }
}

/// A tenth of a pixel is as fine as anybody sees.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
fn tenth<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((value * 10.0).round() / 10.0)
}
