//! The runs beside each other, oldest first: the same run is at the same place in every chart of a page.

use jiff::Timestamp;

use crate::page::PastRun;
use crate::svg::Drawing;
use crate::words::{self, float, moment, short_day};

/// The widest a run's place is.
const WIDEST: f64 = 72.0;

/// The narrowest a run's place is: what does not fit is left out, the oldest first.
const NARROWEST: f64 = 5.0;

/// Where the runs of a drawing are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'r> {
    /// Oldest first.
    pub(crate) runs: &'r [&'r PastRun],
    pub(crate) left: f64,
    pub(crate) right: f64,
    slot: f64,
}

impl<'r> Columns<'r> {
    /// The newest runs that fit on a drawing of this width.
    pub(crate) fn new(runs: &'r [&'r PastRun], width: f64) -> Self {
        let (left, right) = margins(width);
        let fit = words::whole(((right - left) / NARROWEST).floor()).max(1);
        let first = runs.len().saturating_sub(usize::try_from(fit).unwrap_or(usize::MAX));
        let runs = &runs[first..];
        let slot = ((right - left) / float(runs.len().max(1) as u64)).min(WIDEST);
        Self { runs, left, right, slot }
    }

    /// The middle of a run's place. The newest is at the right end, so that few runs leave the past empty.
    pub(crate) fn x(&self, place: usize) -> f64 {
        let back = float((self.runs.len() - 1 - place) as u64);
        self.right - (back + 0.5) * self.slot
    }

    /// How wide a bar is.
    pub(crate) fn bar(&self) -> f64 {
        (self.slot * 0.7).clamp(2.0, 34.0)
    }

    /// Where signs would touch each other there are none, but for those that matter.
    pub(crate) fn has_room_for_signs(&self) -> bool {
        self.slot >= 10.0
    }

    /// Something to point at over the whole height: what the run is.
    pub(crate) fn hits(
        &self,
        to: &mut Drawing,
        (top, bottom): (f64, f64),
        say: impl Fn(&PastRun) -> String,
    ) {
        for (place, run) in self.runs.iter().enumerate() {
            let title = format!("{}\n{}", about(run), say(run));
            let at = (self.x(place) - self.slot / 2.0, top);
            to.told(at, (self.slot, bottom - top), ("hit".into(), Some(title)));
        }
    }

    /// Names of runs under the drawing, as many as fit, and the days where they change.
    pub(crate) fn names(&self, to: &mut Drawing, y: f64) {
        let newest = self.runs.len().saturating_sub(1);
        let every = words::whole((44.0 / self.slot).ceil()).max(1);
        let every = usize::try_from(every).unwrap_or(1);
        let mut told = None;
        let mut room = f64::MIN;
        for (place, run) in self.runs.iter().enumerate() {
            if !(newest - place).is_multiple_of(every) {
                continue;
            }
            let x = self.x(place);
            to.text((x, y), run.row().version.clone(), ("tick", "middle"));
            let day = run.row().started;
            if x - room >= 58.0 && told.is_none_or(|it| !same_day(it, day)) {
                to.text((x, y + 15.0), short_day(day), ("day", "middle"));
                (told, room) = (Some(day), x);
            }
        }
    }
}

/// What a run is, when one points at it.
fn about(run: &PastRun) -> String {
    let row = run.row();
    let (_, outcome) = words::outcome(row);
    format!("{} · {} · {outcome}", row.version, moment(row.started))
}

fn same_day(one: Timestamp, other: Timestamp) -> bool {
    one.strftime("%F").to_string() == other.strftime("%F").to_string()
}

/// Left of the runs is the axis, right of them are the names of what is drawn.
fn margins(width: f64) -> (f64, f64) {
    if width < 400.0 { (46.0, width - 66.0) } else { (62.0, width - 96.0) }
}
