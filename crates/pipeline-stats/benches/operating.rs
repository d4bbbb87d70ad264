//! How often the judge is wrong, as a Markdown table: `REPETITIONS=20000 cargo bench -p pipeline-stats --bench operating`.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark measures, and says what it measured"
)]

#[path = "../tests/operating/noise.rs"]
mod noise;
#[path = "../tests/operating/random.rs"]
mod random;
#[path = "../tests/operating/tally.rs"]
mod tally;

use noise::{MODELS, Noise};
use pipeline_stats::Rules;
use tally::Tally;

/// How many deploys a healthy row simulates if nobody says; the other tables take a tenth.
const REPETITIONS: usize = 20_000;

/// With a control taken at the same time, and with one taken before that has no history.
const DRIFTS: [f64; 2] = [0.0, 0.15];

fn rules(drift: f64) -> Rules {
    Rules { strata: 10, drift, ..Rules::default() }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn share(part: usize, tally: &Tally) -> String {
    match part {
        0 => "0".into(),
        _ if part == tally.runs => "1".into(),
        _ => format!("{:.3} %", 100.0 * part as f64 / tally.runs as f64),
    }
}

fn table(noises: &[Noise], ratio: f64, drift: f64, runs: usize) {
    println!("\nTrue ratio {ratio}, widened by {drift}, {runs} deploys a row\n");
    println!(
        "| noise | rollback | candidates | alert | inconclusive | pass | mean requests |\n\
         |---|--:|--:|--:|--:|--:|--:|"
    );
    for noise in noises {
        let tally = Tally::of(noise, ratio, &rules(drift), runs);
        println!(
            "| {} | {} ({}) | {} | {} | {} | {} | {} |",
            noise.name,
            share(tally.rollbacks, &tally),
            tally.rollbacks,
            share(tally.candidates, &tally),
            share(tally.alerts, &tally),
            share(tally.inconclusive, &tally),
            share(tally.passes, &tally),
            tally.requests / tally.runs
        );
    }
}

fn main() {
    let asked = std::env::var("REPETITIONS").ok().and_then(|it| it.parse().ok());
    let runs = asked.unwrap_or(REPETITIONS);
    for drift in DRIFTS {
        table(&MODELS, 1.0, drift, runs);
        // Mild ones, then those that must go back.
        for ratio in [1.3, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0] {
            table(&MODELS, ratio, drift, (runs / 10).max(1));
        }
    }
}
