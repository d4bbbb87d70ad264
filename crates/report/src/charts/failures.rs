//! Which phase fails most, and how sure that is.

use pipeline_history::{Most, Rank};

use crate::scale::Scale;
use crate::svg::{Drawing, Figure, HALF, NARROW, Table};
use crate::words::{float, percent};

/// The chart of what failed how often; nothing where nothing came to an end.
pub(crate) fn figure(id: &str, most: &Most) -> Option<Figure> {
    let worst = most.phases.first()?;
    let lead = if most.phases.iter().all(|it| it.failed == 0) {
        "No phase has failed in these deploys. The line is what the true rate may be (95 %)."
    } else {
        "The dot is how often a phase failed, the line what the true rate may be (95 %)."
    };
    Some(Figure {
        id: format!("{id}-failures"),
        title: "Which phase fails most".into(),
        lead: lead.into(),
        desc: format!(
            "{}: {}. The table below has every phase and step.",
            worst.name(),
            said(worst)
        ),
        half: true,
        wide: draw(&most.phases, HALF),
        narrow: draw(&most.phases, NARROW),
        table: table(most),
    })
}

fn draw(ranks: &[Rank], width: f64) -> Drawing {
    const ROW: f64 = 34.0;
    let bottom = float(ranks.len() as u64) * ROW;
    let mut drawing = Drawing::new(width, bottom + 26.0);
    let (left, right) = (72.0, width - 14.0);
    let scale = Scale::linear((0.0, 1.0), (left, right));
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let x = scale.at(share);
        drawing.line((x, 2.0), (x, bottom), if share == 0.0 { "axis" } else { "grid" });
        drawing.text((x, bottom + 16.0), percent(share), ("tick", "middle"));
    }
    for (place, rank) in ranks.iter().enumerate() {
        let y = float(place as u64) * ROW + 23.0;
        drawing.text((0.0, y + 4.0), rank.name(), ("label", "start"));
        drawing.text((left + 6.0, y - 9.0), said(rank), ("note", "start"));
        drawing.line((scale.at(rank.low), y), (scale.at(rank.high), y), "whisker");
        drawing.sign((scale.at(rank.rate()), y), if rank.failed == 0 { "ring" } else { "dot-bad" });
        let title = format!("{}: {}\n{}", rank.name(), said(rank), rank.times.words());
        let title = title.trim_end().to_owned();
        drawing.told((0.0, y - 20.0), (width, ROW), ("hit".into(), Some(title)));
    }
    drawing
}

fn said(rank: &Rank) -> String {
    let (share, low, high) = (percent(rank.rate()), percent(rank.low), percent(rank.high));
    format!("{} of {} · {share}, {low} to {high}", rank.failed, rank.of)
}

/// Phases, and the steps of them that failed.
fn table(most: &Most) -> Table {
    let row = |rank: &Rank| {
        vec![
            rank.phase.name().to_owned(),
            rank.step.clone().unwrap_or_else(|| "all of it".into()),
            rank.of.to_string(),
            rank.failed.to_string(),
            percent(rank.rate()),
            format!("{} to {}", percent(rank.low), percent(rank.high)),
            rank.times.words(),
        ]
    };
    let steps = most.steps.iter().filter(|it| it.failed > 0);
    let head = vec!["Phase", "Step", "Deploys", "Failed", "Rate", "95 % interval (Wilson)", "How"];
    Table { head, rows: most.phases.iter().chain(steps).map(row).collect() }
}
