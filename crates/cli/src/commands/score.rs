//! `pipeline score [ENV]`: one number out of what the gates measure, and what would raise it most.

use std::fmt::Write as _;

use gates_mix::{Component, Profile, ScoreSource, Unmeasured};
use pipeline_core::{
    CancelSource, Events, GateAnswer, Outcome, Release, Report, Run, RunId, Verdict,
};
use serde_json::{Value, json};

use crate::app::{App, wall};
use crate::args::{GateChoice, Score};
use crate::config::{Gates, HEALTH_SCORE};
use crate::error::CliError;
use crate::exit::Exit;
use crate::{signals, wire};

/// How many components are named to begin with.
const MOST_FIRST: usize = 2;

pub(crate) async fn run(app: &App, args: Score) -> Result<Exit, CliError> {
    let config = app.config()?;
    let configured = match &args.environment {
        Some(name) => &config.environment(name)?.gates,
        None => &config.gates,
    };
    let secrets = app.secrets(Some(&config));
    let asked = asked(configured.clone(), &args)?;
    let choice =
        GateChoice { only: needed(&asked), no_cache: args.no_cache, ..GateChoice::default() };
    let gates = wire::gates(app, &config, &asked, &choice).await?;
    let events = Events::new(wall(), app.observers(&secrets)?);
    let source = CancelSource::new();
    let run = Run::new(RunId::new("score"), Release::new("score"), &config.dir)
        .events(events.clone())
        .cancel(source.token());
    let answers = tokio::select! {
        answers = gates.check(&run) => answers,
        exit = signals::watch(&source, &events) => return Ok(exit),
    };
    let Some(outcome) = outcome(answers).filter(|_| !run.cancel.is_cancelled()) else {
        return Ok(Exit::Interrupted);
    };
    if app.json() {
        app.object(&secrets, object(&outcome, asked.health_score.min_score))?;
    } else if let Ok(report) = &outcome {
        app.fact(secrets.strike(words(report).trim_end()).as_ref())?;
    }
    Ok(Exit::of_verdict(outcome.ok().map(|it| it.verdict())))
}

/// The configuration with what was typed over it. No gate keeps another from being heard.
fn asked(gates: Gates, args: &Score) -> Result<Gates, CliError> {
    let mut asked = Gates { fail_fast: false, ..gates };
    if let Some(name) = &args.profile {
        let profile = Profile::named(name).ok_or_else(|| {
            CliError::usage(format!("there is no profile `{name}`"))
                .hint("profiles are: health, fitness, kpi")
        })?;
        asked.health_score.weights = profile.into();
        asked.health_score.source = ScoreSource::Native;
    }
    if args.allow_unmeasured {
        asked.health_score.unmeasured = Unmeasured::Dropped;
    }
    Ok(asked)
}

/// The gate itself, and those that it hears, unless somebody has turned them off.
fn needed(gates: &Gates) -> Vec<String> {
    let heard = match gates.health_score.source {
        ScoreSource::Native => gates.health_score.weights.gates(),
        ScoreSource::Mix => Vec::new(),
    };
    let on = heard.into_iter().filter(|it| gates.is_on(it));
    on.chain([HEALTH_SCORE]).map(ToOwned::to_owned).collect()
}

fn outcome(answers: Vec<GateAnswer>) -> Option<Outcome> {
    answers.into_iter().find(|it| it.name == HEALTH_SCORE)?.outcome
}

/// What the gate rests its answer on, as the JSON contract has it.
fn table(report: &Report) -> Value {
    let table = report.all_evidence().iter().find(|it| it.name == "score");
    table.map(|it| it.value.clone()).unwrap_or_default()
}

fn object(outcome: &Outcome, threshold: f64) -> Value {
    let nothing = json!({
        "score": null, "grade": null, "threshold": threshold, "passed": false, "components": [],
    });
    let mut object = outcome.as_ref().map_or(nothing, table);
    object["schema"] = 1.into();
    object["verdict"] = json!(outcome.as_ref().ok().map(Report::verdict));
    object["fault"] =
        json!(outcome.as_ref().err().map(
            |it| json!({ "kind": it.kind(), "message": it.to_string(), "hint": it.next_step() })
        ));
    object
}

/// A component as the table has it.
struct Row {
    component: Component,
    weight: f64,
    value: Option<f64>,
    met: Option<bool>,
    how: String,
}

impl Row {
    fn read(value: &Value) -> Option<Self> {
        let measured = value["measured"].as_bool()?;
        Some(Self {
            component: Component::named(value["name"].as_str()?)?,
            weight: value["weight"].as_f64()?,
            value: value["value"].as_f64().filter(|_| measured),
            met: value["met"].as_bool(),
            how: value["how"].as_str()?.to_owned(),
        })
    }

    fn to_gain(&self) -> f64 {
        self.weight * (100.0 - self.value.unwrap_or(0.0))
    }

    fn line(&self) -> String {
        let value = self.value.map_or_else(|| "-".into(), |it| format!("{it:.1}"));
        let target = self.component.target().map_or_else(|| "-".into(), |it| it.to_string());
        let met = match self.met {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        let Self { component, weight, how, .. } = self;
        format!("{component:<13}  {weight:>6.2}  {value:>5}  {target:>6}  {met:<3}  {how}")
    }
}

/// The table, the number, and where to begin.
fn words(report: &Report) -> String {
    let table = table(report);
    let rows = table["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut rows: Vec<Row> = rows.iter().filter_map(Row::read).collect();
    let mut text = String::new();
    if !rows.is_empty() {
        let _ = writeln!(text, "component      weight  value  target  met  how it was measured");
        for row in &rows {
            let _ = writeln!(text, "{}", row.line());
        }
        text.push('\n');
    }
    let number = |key: &str| table[key].as_f64().unwrap_or_default();
    let grade = table["grade"].as_str().unwrap_or("-");
    let enough = match report.verdict() {
        Verdict::Refused => "too low",
        Verdict::Inconclusive => "nothing could be measured",
        Verdict::Passed | Verdict::Alert => "enough",
    };
    let (score, threshold) = (number("score"), number("threshold"));
    let _ = writeln!(
        text,
        "score {score:.1} of 100, grade {grade}; the limit is {threshold:.1}: {enough}"
    );
    rows.retain(|it| it.to_gain() > 0.05);
    rows.sort_by(|one, two| two.to_gain().total_cmp(&one.to_gain()));
    for (row, word) in rows.iter().take(MOST_FIRST).zip(["first", "then "]) {
        let _ = writeln!(text, "{word} {} (+{:.1}): {}", row.component, row.to_gain(), advice(row));
    }
    text
}

/// What raises a component.
fn advice(row: &Row) -> &'static str {
    if row.value.is_none() && row.component != Component::Documentation {
        return match row.component {
            Component::Performance => "nothing measures it yet; --allow-unmeasured leaves it out",
            _ => "turn on the gate that measures it, or mend what keeps it from its work",
        };
    }
    match row.component {
        Component::Compilation => "mend what `pipeline validate --only compile` shows",
        Component::Coverage => "test what is not covered: see the folder `cover`",
        Component::Doctrine => "mend what the gate doctrine finds",
        Component::Dependencies => "update the packages that the gate security names",
        Component::Documentation if row.value.is_none() => "run `mix compile`",
        Component::Documentation => {
            "write @moduledoc and @doc, or @doc false for what is nobody's business"
        }
        Component::Security => "mend what the gates doctrine and security find",
        Component::Performance => "make it faster",
        Component::Quality => "mend what `mix credo --strict` finds",
    }
}
