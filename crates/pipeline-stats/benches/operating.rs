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
        _ if part == tally.runs => "100 %".into(),
        _ => format!("{:.3} %", 100.0 * part as f64 / tally.runs as f64),
    }
}

fn row(noise: &Noise, tally: &Tally) -> String {
    let [rollbacks, candidates, alerts, inconclusive, passes] =
        [tally.rollbacks, tally.candidates, tally.alerts, tally.inconclusive, tally.passes]
            .map(|part| share(part, tally));
    let requests = tally.requests / tally.runs;
    format!(
        "| {} | {rollbacks} | {candidates} | {alerts} | {inconclusive} | {passes} | {requests} |",
        noise.name
    )
}

fn table(noises: &[Noise], ratio: f64, drift: f64, runs: usize) {
    println!(
        "\nTrue ratio {ratio}, lower bounds widened by a drift of {drift}, {runs} deploys a row:\n"
    );
    println!("| noise | rollback | candidates | alert | inconclusive | pass | mean requests |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let tally = |noise| Tally::of(noise, ratio, &rules(drift), runs);
    let rows: Vec<String> = std::thread::scope(|scope| {
        let started: Vec<_> =
            noises.iter().map(|noise| scope.spawn(move || row(noise, &tally(noise)))).collect();
        started.into_iter().flat_map(std::thread::ScopedJoinHandle::join).collect()
    });
    println!("{}", rows.join("\n"));
}

fn main() {
    let asked = std::env::var("REPETITIONS").ok().and_then(|it| it.parse().ok());
    let runs: usize = asked.unwrap_or(REPETITIONS);
    let few = (runs / 10).max(1);
    for drift in DRIFTS {
        table(&MODELS, 1.0, drift, runs);
        // Mild ones, then those that must go back.
        for ratio in [1.3, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0] {
            table(&MODELS, ratio, drift, few);
        }
    }
    println!("\nOne machine of four is slow, and the answers are not told apart by machine:");
    let mixed = [MODELS[0], MODELS[1]].map(|noise| Noise { share: 0.25, ..noise });
    for ratio in [6.0, 10.0] {
        table(&mixed, ratio, 0.0, few);
    }
}
