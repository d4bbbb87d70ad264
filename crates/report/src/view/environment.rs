//! One environment: how it is, what its runs say, its charts.

use pipeline_history::Dora;
use serde::Serialize;

use crate::charts::{cold, durations, failures, latency, lost};
use crate::page::{Past, PastRun};
use crate::path::env_path;
use crate::svg::Figure;
use crate::view::facts::{Tile, state, tiles};
use crate::words::day;

/// What is shown of one.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    id: String,
    name: String,
    path: String,
    /// A sign, and how it is in one sentence.
    sign: &'static str,
    state: String,
    tiles: Vec<Tile>,
    answers: Vec<String>,
    delivery: Option<Delivery>,
    figures: Vec<Figure>,
    /// After which figure, from 1, it is said how one would know what users noticed; 0 is nowhere.
    hint_after: usize,
}

/// The metrics of DORA, each with its sentence.
#[derive(Debug, Serialize)]
struct Delivery {
    range: String,
    metrics: [(&'static str, String); 5],
}

impl Delivery {
    fn of(dora: &Dora) -> Self {
        let (from, to) = (day(dora.from), day(dora.to));
        Self {
            range: if from == to { to } else { format!("{from} to {to}") },
            metrics: [
                ("Deployment frequency", dora.deployment_frequency.sentence.clone()),
                ("Change lead time", dora.change_lead_time.sentence.clone()),
                ("Change fail rate", dora.change_fail_rate.sentence.clone()),
                (
                    "Failed deployment recovery time",
                    dora.failed_deployment_recovery_time.sentence.clone(),
                ),
                ("Deployment rework rate", dora.deployment_rework_rate.sentence.clone()),
            ],
        }
    }
}

impl View {
    pub(crate) fn of(place: usize, past: &Past) -> Self {
        let id = format!("e{place}");
        let runs: Vec<&PastRun> = past.runs.iter().rev().collect();
        let (sign, state) = state(&runs);
        let figures = [
            durations::figure(&id, &runs),
            past.failing.as_ref().and_then(|it| failures::figure(&id, it)),
            lost::figure(&id, &runs),
            latency::figure(&id, &runs, past.limits),
            cold::figure(&id, &runs),
        ];
        let figures: Vec<Figure> = figures.into_iter().flatten().collect();
        let halves = figures.iter().filter(|it| it.half).count();
        let hint_after = if halves == 1 { figures.iter().position(|it| it.half) } else { None };
        Self {
            hint_after: hint_after.map_or(0, |it| it + 1),
            sign,
            state,
            tiles: tiles(&runs),
            answers: past.answers.clone(),
            delivery: past.delivery.as_ref().map(Delivery::of),
            figures,
            path: env_path(&past.environment),
            name: past.environment.clone(),
            id,
        }
    }
}
