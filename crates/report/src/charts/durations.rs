//! How long the phases of each run took: bars on each other, with a mark for how the run ended.

use pipeline_core::Phase;

use crate::columns::Columns;
use crate::page::PastRun;
use crate::scale::{Scale, time_tick, time_ticks};
use crate::svg::{Drawing, Figure, NARROW, Table, WIDE};
use crate::words::{self, float, many, moment, took};

/// From the ground up.
pub(crate) const PHASES: [Phase; 6] =
    [Phase::Validate, Phase::Build, Phase::Deploy, Phase::Verify, Phase::Settle, Phase::Restore];

const TOP: f64 = 14.0;
const PLOT: f64 = 190.0;

/// The chart of these runs, oldest first; nothing where there are none.
pub(crate) fn figure(id: &str, runs: &[&PastRun]) -> Option<Figure> {
    runs.iter().find(|it| it.worked_ms() > 0)?;
    let most = runs.iter().map(|it| it.worked_ms()).max().unwrap_or(0);
    Some(Figure {
        id: format!("{id}-durations"),
        title: "How long deploys take".into(),
        lead: "Each column is a run: its phases on each other, and under it how it ended.".into(),
        desc: format!(
            "{}, oldest on the left. The longest took {}. The table below has every number.",
            many(runs.len(), "run"),
            took(most)
        ),
        half: false,
        wide: draw(&Columns::new(runs, WIDE), WIDE),
        narrow: draw(&Columns::new(runs, NARROW), NARROW),
        table: table(runs),
    })
}

fn draw(columns: &Columns<'_>, width: f64) -> Drawing {
    let mut drawing = Drawing::new(width, TOP + PLOT + 52.0);
    let most = columns.runs.iter().map(|it| it.worked_ms()).max().unwrap_or(0);
    let ticks = time_ticks(float(most), 4);
    let top = ticks.last().copied().unwrap_or(1);
    let scale = Scale::linear((0.0, float(top)), (TOP + PLOT, TOP));
    for tick in ticks {
        let y = scale.at(float(tick));
        drawing.line(
            (columns.left, y),
            (columns.right, y),
            if tick == 0 { "axis" } else { "grid" },
        );
        drawing.text((columns.left - 8.0, y + 4.0), time_tick(tick), ("tick", "end"));
    }
    for (place, run) in columns.runs.iter().enumerate() {
        let x = columns.x(place);
        stack(&mut drawing, (x, columns.bar()), run, &scale);
        let (sign, _) = words::outcome(run.row());
        if columns.has_room_for_signs() || sign != "pass" {
            drawing.sign((x, TOP + PLOT + 12.0), sign);
        }
    }
    labels(&mut drawing, columns, &scale);
    columns.names(&mut drawing, TOP + PLOT + 34.0);
    columns.hits(&mut drawing, (TOP, TOP + PLOT + 20.0), told);
    drawing
}

fn stack(drawing: &mut Drawing, (x, width): (f64, f64), run: &PastRun, scale: &Scale) {
    let mut below = 0;
    for phase in PHASES {
        let Some(took) = run.took(phase).filter(|it| *it > 0) else { continue };
        let (bottom, top) = (scale.at(float(below)), scale.at(float(below + took)));
        let size = (width, bottom - top);
        drawing.rect((x - width / 2.0, top), size, format!("bar {}", phase.name()));
        below += took;
    }
}

/// The names of the phases, beside where they are in the newest run; those that it has not come above.
fn labels(drawing: &mut Drawing, columns: &Columns<'_>, scale: &Scale) {
    let Some(newest) = columns.runs.last() else { return };
    let seen = PHASES
        .into_iter()
        .filter(|phase| columns.runs.iter().any(|it| it.took(*phase).is_some_and(|it| it > 0)));
    let (here, gone): (Vec<Phase>, Vec<Phase>) =
        seen.partition(|phase| newest.took(*phase).is_some_and(|it| it > 0));
    let mut below = 0;
    let mut places = Vec::new();
    for phase in here {
        let took = newest.took(phase).unwrap_or(0);
        places.push((phase, scale.at(float(below) + float(took) / 2.0)));
        below += took;
    }
    places.extend(gone.into_iter().map(|phase| (phase, TOP)));
    for (phase, y) in apart(&places) {
        let x = columns.right + 8.0;
        drawing.rect((x, y - 5.0), (10.0, 10.0), format!("bar {}", phase.name()));
        drawing.text((x + 15.0, y + 4.0), phase.name(), ("label", "start"));
    }
}

/// Moved up until none is over another, and down again from the top.
fn apart(places: &[(Phase, f64)]) -> Vec<(Phase, f64)> {
    const LINE: f64 = 16.0;
    let mut apart = Vec::new();
    let mut ceiling = TOP + PLOT + LINE - 5.0;
    for (place, (phase, wanted)) in places.iter().enumerate() {
        let above = float((places.len() - 1 - place) as u64) * LINE;
        let y = wanted.max(TOP + above).min(ceiling - LINE);
        apart.push((*phase, y));
        ceiling = y;
    }
    apart
}

/// What one run took, when one points at it.
fn told(run: &PastRun) -> String {
    let phases = PHASES
        .into_iter()
        .filter_map(|phase| Some(format!("{} {}", phase.name(), took(run.took(phase)?))));
    phases.collect::<Vec<_>>().join(" · ")
}

fn table(runs: &[&PastRun]) -> Table {
    let row = |run: &&PastRun| {
        let row = run.row();
        let mut cells =
            vec![row.version.clone(), moment(row.started), words::outcome(row).1.to_owned()];
        cells.extend(PHASES.map(|phase| run.took(phase).map_or_else(|| "–".into(), took)));
        cells.push(took(run.worked_ms()));
        cells
    };
    Table {
        head: vec![
            "Run", "Began", "Outcome", "Validate", "Build", "Deploy", "Verify", "Settle",
            "Restore", "In all",
        ],
        rows: runs.iter().rev().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_stand_on_each_other() {
        let close = [
            (Phase::Validate, 204.0),
            (Phase::Deploy, 203.0),
            (Phase::Verify, 20.0),
            (Phase::Restore, 14.0),
        ];
        let places: Vec<f64> = apart(&close).into_iter().map(|(_, y)| y).collect();
        assert!(places.windows(2).all(|it| it[0] - it[1] >= 16.0), "{places:?}");
        assert!(places.iter().all(|y| (TOP..=TOP + PLOT).contains(y)), "{places:?}");
    }
}
