//! `pipeline history [ENV]`: the runs so far, newest first.

mod csv;
mod object;

use std::collections::BTreeMap;

use jiff::Timestamp;
use pipeline_core::{Clock as _, Outcome};
use serde_json::{Value, json};
use store_sql::{RunFilter, RunHistory, RunKind, Store};

use crate::app::{App, wall};
use crate::args::{Format, History};
use crate::commands::deploy::history_line;
use crate::config::HEALTH_SCORE;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::{Tone, tame_line};
use crate::session::look_into_store;

pub(crate) use object::{facts, phases};

pub(crate) async fn run(app: &App, args: History) -> Result<Exit, CliError> {
    let config = app.config()?;
    if let Some(name) = &args.environment {
        config.environment(name)?;
    }
    let filter = args.filter(now());
    let store = look_into_store(&config).await?;
    let listed = match &store {
        Some(store) => Listed::read(store, &filter, app.global.format != Format::Human).await?,
        None => Listed::default(),
    };
    let secrets = app.secrets(Some(&config));
    match app.global.format {
        Format::Json => {
            let object = |(run, score)| object(run, score, listed.source(run));
            let runs: Vec<Value> = listed.rows().map(object).collect();
            app.object(&secrets, json!({ "schema": 1, "runs": runs }))?;
        }
        Format::Csv => app.fact(secrets.strike(csv::text(listed.rows()).trim_end()).as_ref())?,
        _ if listed.runs.is_empty() => app.say(Tone::Dim, nothing(&filter)),
        _ => {
            let line = |(run, score)| line(run, score, listed.source(run));
            let lines: Vec<String> = listed.rows().map(line).collect();
            app.fact(secrets.strike(&lines.join("\n")).as_ref())?;
        }
    }
    if let Some(words) = listed.left_out() {
        app.mention(Tone::Dim, &words);
    }
    Ok(Exit::Good)
}

/// Now, by the wall clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::try_from(wall().now()).unwrap_or(Timestamp::MAX)
}

/// Runs, newest first, and the health scores of those that have one, by the numbers of the runs.
#[derive(Default)]
struct Listed {
    runs: Vec<RunHistory>,
    scores: BTreeMap<i64, f64>,
    /// How many there are like that, also beyond the limit.
    all: u64,
    /// Which earlier run brought the release before: in another environment, or here, before a rollback.
    sources: BTreeMap<i64, Source>,
}

impl Listed {
    /// As many queries however many runs there are; one less where nobody asks for phases.
    async fn read(store: &Store, filter: &RunFilter, phases: bool) -> Result<Self, CliError> {
        let runs = if phases {
            store.history(filter).await?
        } else {
            let bare = |run| RunHistory { run, phases: Vec::new() };
            store.runs(filter).await?.into_iter().map(bare).collect()
        };
        let outcomes = store.outcomes(filter, HEALTH_SCORE).await?;
        let scored = |(number, outcome): (i64, Outcome)| Some((number, score(outcome)?));
        let scores = outcomes.into_iter().filter_map(scored).collect();
        let shown = runs.len() as u64;
        let is_cut = filter.limit.is_some_and(|limit| u64::from(limit) <= shown);
        let all = if is_cut { store.count(filter).await? } else { shown };
        Ok(Self { runs, scores, all, sources: store.sources(filter).await? })
    }

    /// That these are not all, where they are not: a list that ends says nothing of it.
    fn left_out(&self) -> Option<String> {
        let (shown, all) = (self.runs.len() as u64, self.all);
        (all > shown).then(|| format!("{shown} of {all} runs; --limit {all} shows all"))
    }

    fn source(&self, run: &RunHistory) -> Option<&Source> {
        self.sources.get(&run.run.number)
    }

    fn rows(&self) -> impl Iterator<Item = (&RunHistory, Option<f64>)> {
        self.runs.iter().map(|it| (it, self.scores.get(&it.run.number).copied()))
    }
}

/// The environment and the version of the run that brought the same release before.
type Source = (String, String);

/// The health score that a gate came to, if it came to one.
fn score(outcome: Outcome) -> Option<f64> {
    outcome.ok()?.numbers().get("score").copied()
}

fn line(run: &RunHistory, score: Option<f64>, source: Option<&Source>) -> String {
    let score = score.map(|it| format!(" | score {it:.1}")).unwrap_or_default();
    tame_line(&(history_line(&run.run) + &score + &brought(run, source)))
}

/// What a run brought that was there before: `brings back v2` is a rollback that somebody ordered.
fn brought(run: &RunHistory, source: Option<&Source>) -> String {
    match (run.run.begun.kind, source) {
        (RunKind::Deploy, None) => String::new(),
        (RunKind::Deploy, Some((environment, version))) => {
            format!(" | from {environment} {version}")
        }
        (RunKind::Rollback, Some((_, version))) => format!(" | brings back {version}"),
        (RunKind::Rollback, None) => " | brings back an earlier release".into(),
    }
}

fn object(run: &RunHistory, score: Option<f64>, source: Option<&Source>) -> Value {
    let mut object = facts(&run.run);
    object["phases"] = phases(&run.phases);
    object["score"] = json!(score);
    let promoted = source.filter(|_| run.run.begun.promotes.is_some());
    object["promotes"] = json!(promoted.map(|(environment, version)| {
        json!({ "environment": environment, "version": version })
    }));
    object
}

/// What is said where there is no run: none at all, or none like that?
fn nothing(filter: &RunFilter) -> &'static str {
    let every = RunFilter {
        environment: filter.environment.clone(),
        limit: filter.limit,
        ..RunFilter::default()
    };
    if *filter == every {
        "no runs yet"
    } else {
        "no run is like that; `pipeline history` lists all"
    }
}

#[cfg(test)]
mod tests {
    use store_sql::RunOutcome;

    use super::*;
    use crate::commands::deploy::tests::row;

    #[test]
    fn a_list_that_is_cut_says_so_and_how_to_see_the_rest() {
        let run = || RunHistory { run: row(RunOutcome::Pass, None), phases: Vec::new() };
        let listed = |all| Listed { runs: vec![run(), run()], all, ..Listed::default() };
        assert_eq!(listed(2).left_out(), None);
        assert_eq!(listed(23).left_out().as_deref(), Some("2 of 23 runs; --limit 23 shows all"));
    }

    #[test]
    fn a_run_is_one_line_that_the_terminal_does_not_obey() {
        let mut run = row(RunOutcome::Pass, None);
        run.begun.environment = "sta\x1b[2Jging\nv9: forged".into();
        let run = RunHistory { run, phases: Vec::new() };
        let source = ("\u{202e}production".to_owned(), "v1".to_owned());
        let line = line(&run, Some(90.0), Some(&source));
        assert!(!line.contains(['\x1b', '\u{202e}', '\n']), "{line:?}");
        assert!(line.contains("| sta\u{fffd}[2Jging v9: forged |"), "{line:?}");
    }
}
