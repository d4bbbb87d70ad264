//! `pipeline why GATE`: would the gate be asked again, and why?

use std::fmt::Write as _;
use std::time::SystemTime;

use gate_cache::{Change, Why as Known};
use pipeline_core::{Asked, Release, Run, RunId, Trust};
use serde_json::{Value, json};

use crate::app::App;
use crate::args::{GateChoice, Why};
use crate::config::{Gates, HEALTH_SCORE};
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::{time, took};
use crate::wire;

/// How many changes are told; the rest are counted.
const MOST_CHANGES: usize = 20;

pub(crate) async fn run(app: &App, args: Why) -> Result<Exit, CliError> {
    let config = app.config()?;
    let configured = match &args.environment {
        Some(name) => &config.environment(name)?.gates,
        None => &config.gates,
    };
    let choice = GateChoice { only: vec![args.gate.clone()], ..GateChoice::default() };
    let gates = wire::gates(app, &config, configured, &choice).await?;
    let run = Run::new(RunId::new("why"), Release::new("why"), &config.dir);
    let asked = gates.asked_in(&run).pop();
    let asked = asked.unwrap_or(Asked { gate: args.gate, inputs: None });
    let known = wire::cache(app, &config).why(&asked, &run).await;
    let answer = Answer { asked: &asked, known: &known, gates: configured };
    if app.json() {
        app.object(&app.secrets(Some(&config)), answer.object())?;
    } else {
        app.fact(app.secrets(Some(&config)).strike(&answer.words()).as_ref())?;
    }
    Ok(Exit::Good)
}

/// What is known of a gate, and which remembered answers count.
struct Answer<'a> {
    asked: &'a Asked,
    known: &'a Known,
    gates: &'a Gates,
}

impl Answer<'_> {
    /// Would it be asked?
    fn is_asked(&self) -> bool {
        let counts = |it| self.gates.trust.covers(it);
        let counts = self.asked.inputs.as_ref().is_some_and(counts);
        !matches!(self.known, Known::Known { .. }) || !counts
    }

    fn words(&self) -> String {
        let gate = &self.asked.gate;
        match self.known {
            Known::NeverCached if gate == HEALTH_SCORE => {
                format!("{gate} is asked each time: it rests on what other gates say")
            }
            Known::NeverCached => format!(
                "{gate} is asked each time: nobody says what it reads (`inputs` of [gates.exec.{gate}])"
            ),
            Known::NoEarlier => format!("{gate} is asked: no answer of it is remembered"),
            Known::Known { at, took_ms, verdict, .. } => {
                let verdict = serde_json::to_value(verdict).unwrap_or_default();
                let verdict = verdict.as_str().unwrap_or_default();
                let known = format!(
                    "its answer of {} ({verdict}, after {}) is remembered, and nothing that it reads has changed",
                    time(*at),
                    took(*took_ms)
                );
                if self.is_asked() {
                    format!("{gate} is asked all the same: {known}, but {}", self.reason())
                } else {
                    format!("{gate} is not asked: {known}")
                }
            }
            Known::Unknown { changes, compared_with } => {
                format!("{gate} is asked: {}", since(changes, *compared_with))
            }
            Known::CannotLook { reason } => {
                format!("{gate} is asked: what it reads cannot be told: {reason}")
            }
            _ => format!("{gate} is asked"),
        }
    }

    /// Why a remembered answer does not count here.
    fn reason(&self) -> &'static str {
        match self.gates.trust {
            Trust::Nothing => "[gates] cache is off",
            _ => "it does not declare everything it depends on, and here only such answers count",
        }
    }

    fn object(&self) -> Value {
        let changes = match self.known {
            Known::Unknown { changes, .. } => changes.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        let inputs = self.asked.inputs.as_ref();
        json!({
            "schema": 1,
            "gate": self.asked.gate,
            "asked": self.is_asked(),
            "why": self.words(),
            "changes": changes,
            "inputs": inputs.map(|it| json!({
                "files": it.files,
                "tools": it.tools,
                "settings": it.settings,
                "environment": it.environment,
                "complete": it.complete,
            })),
        })
    }
}

fn since(changes: &[Change], then: SystemTime) -> String {
    let then = time(then);
    let count = changes.len();
    let (noun, have) = if count == 1 { ("thing", "has") } else { ("things", "have") };
    if changes.is_empty() {
        return format!("its answer of {then} is not there any more");
    }
    let mut text = format!("{count} {noun} that it depends on {have} changed since {then}");
    for change in changes.iter().take(MOST_CHANGES) {
        let _ = write!(text, "\n  {change}");
    }
    if count > MOST_CHANGES {
        let _ = write!(text, "\n  … and {} more", count - MOST_CHANGES);
    }
    text
}
