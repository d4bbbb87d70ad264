//! One number of each run as a line of dots: the small chart of which several stand under each other.

use crate::columns::Columns;
use crate::scale::Scale;
use crate::svg::Drawing;

/// What one run has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dot {
    pub(crate) value: f64,
    /// Between what it may truly be.
    pub(crate) interval: Option<[f64; 2]>,
    pub(crate) sign: &'static str,
    /// How it is said.
    pub(crate) said: String,
}

/// A line that must not be crossed.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub(crate) value: f64,
    pub(crate) said: String,
    pub(crate) class: &'static str,
}

/// A strip: its name, its axis, a dot or none for each run.
#[derive(Clone, Debug)]
pub(crate) struct Strip {
    pub(crate) name: String,
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) log: bool,
    /// Are dots joined with each other, as what goes on from run to run? Else each stands alone on the ground.
    pub(crate) joined: bool,
    pub(crate) limits: Vec<Limit>,
    /// As many as there are runs, oldest first.
    pub(crate) dots: Vec<Option<Dot>>,
}

/// How high one is, with its name.
pub(crate) const HEIGHT: f64 = 132.0;
const NAME: f64 = 28.0;

/// Strips under each other, with the names of the runs under the last.
pub(crate) fn draw(strips: &[Strip], columns: &Columns<'_>, width: f64) -> Drawing {
    let mut drawing = Drawing::new(width, 0.0);
    let mut top = 0.0;
    for strip in strips {
        one(&mut drawing, strip, (columns, top));
        top += HEIGHT;
    }
    columns.names(&mut drawing, top + 8.0);
    drawing.height = top + 28.0;
    drawing
}

fn one(drawing: &mut Drawing, strip: &Strip, (columns, top): (&Columns<'_>, f64)) {
    let (ceiling, floor) = (top + NAME, top + HEIGHT - 10.0);
    let from = (strip.ticks.first(), strip.ticks.last());
    let (Some((low, _)), Some((high, _))) = from else { return };
    let make = if strip.log { Scale::log } else { Scale::linear };
    let scale = make((*low, *high), (floor, ceiling));
    drawing.text((0.0, top + 14.0), strip.name.clone(), ("name", "start"));
    for (value, word) in &strip.ticks {
        let y = scale.at(*value);
        let class = if (*value - *low).abs() < f64::EPSILON { "axis" } else { "grid" };
        drawing.line((columns.left, y), (columns.right, y), class);
        drawing.text((columns.left - 8.0, y + 4.0), word.clone(), ("tick", "end"));
    }
    for limit in &strip.limits {
        let y = scale.at(limit.value);
        drawing.line((columns.left, y), (columns.right, y), limit.class);
        drawing.text((columns.right + 8.0, y + 4.0), limit.said.clone(), ("note", "start"));
    }
    dots(drawing, strip, (columns, &scale));
    let dots = &strip.dots[strip.dots.len() - columns.runs.len()..];
    columns.hits(drawing, (ceiling, floor), |run| {
        let place = columns.runs.iter().position(|it| it.row().number == run.row().number);
        let dot = place.and_then(|it| dots[it].as_ref());
        dot.map_or_else(
            || format!("{}: not measured", strip.name),
            |it| format!("{}: {}", strip.name, it.said),
        )
    });
}

fn dots(drawing: &mut Drawing, strip: &Strip, (columns, scale): (&Columns<'_>, &Scale)) {
    let dots = &strip.dots[strip.dots.len() - columns.runs.len()..];
    let known: Vec<(f64, &Dot)> = dots
        .iter()
        .enumerate()
        .filter_map(|(place, dot)| Some((columns.x(place), dot.as_ref()?)))
        .collect();
    for (x, dot) in &known {
        if let Some([low, high]) = dot.interval {
            drawing.line((*x, scale.at(low)), (*x, scale.at(high)), "whisker");
        }
    }
    let line: Vec<(f64, f64)> = known.iter().map(|(x, dot)| (*x, scale.at(dot.value))).collect();
    if strip.joined {
        drawing.path(&line, "trace");
    } else {
        let floor = strip.ticks.first().map_or(0.0, |(value, _)| *value);
        for (x, y) in line {
            drawing.line((x, scale.at(floor)), (x, y), "whisker");
        }
    }
    for (x, dot) in &known {
        drawing.sign((*x, scale.at(dot.value)), dot.sign);
    }
}
