//! `pipeline plan ENV`: what a deploy would do; changes nothing.

use std::fmt::Write as _;

use gates_release::{Candidate, told};
use jiff::Timestamp;
use pipeline_core::{
    Artifact, Clock, Consequence, Pipeline, Plan as Planned, Release, Run, RunId, Trigger,
    TriggerRow,
};
use serde_json::{Value, json};
use store_sql::RunKind;

use crate::app::{App, Setting, wall};
use crate::args::{DeployChoice, GateChoice, Plan};
use crate::commands::validate::gate_object;
use crate::error::CliError;
use crate::exit::Exit;
use crate::promotion::{self, Answered, Rules};
use crate::render::Tone;
use crate::session::{Session, has_store};
use crate::wire::{self, Wanted};

pub(crate) async fn run(app: &App, args: Plan) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    let name = &setting.environment.name;
    let _waiting = app.waiting(&format!("asking what runs in {name}"));
    let (wanted, rules) = under_rules(setting, &args.choice).await?;
    let shown = Shown::of(&wanted, &rules).await?;
    let wanted = foreseen(setting, wanted).await?;
    let pipeline = wire::pipeline(setting, wanted, &GateChoice::default()).await?;
    show(setting, &pipeline, &shown).await?;
    Ok(Exit::Good)
}

/// What shall be deployed, and the rules of the environment for it.
pub(crate) async fn under_rules<'a>(
    setting: Setting<'a>,
    choice: &DeployChoice,
) -> Result<(Wanted, Rules<'a>), CliError> {
    let promoted = promotion::chosen(setting, choice).await?;
    let image = promoted.as_ref().map(|it| it.image.clone()).or_else(|| choice.image.clone());
    let wanted = Wanted::configured(setting, &DeployChoice { image, ..choice.clone() })?;
    let rules = Rules::of(setting, promoted).despite_freeze(choice.despite_freeze);
    Ok((wanted.under(rules.gates()?), rules))
}

/// What a plan shows beside what the deploy itself would do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) image: Option<String>,
    pub(crate) promoted: Option<Candidate>,
    pub(crate) rules: Answered,
}

impl Shown {
    /// What is brought, and what the rules say of it now.
    pub(crate) async fn of(wanted: &Wanted, rules: &Rules<'_>) -> Result<Self, CliError> {
        let (image, promoted) = (wanted.image.clone(), rules.promoted.clone());
        Ok(Self { image, promoted, rules: rules.ask().await? })
    }

    /// Of a deploy that no rule is about.
    pub(crate) fn image(image: Option<String>) -> Self {
        Self { image, ..Self::default() }
    }
}

/// The same, with what history knows. Where there is none yet, a plan does not begin one.
pub(crate) async fn foreseen(setting: Setting<'_>, wanted: Wanted) -> Result<Wanted, CliError> {
    if !has_store(setting.config).await? {
        return Ok(wanted);
    }
    let session = Session::open(setting).await?;
    wanted.ahead(setting, &session.store, (RunKind::Deploy, None)).await
}

/// Computes and prints the plan; people who asked for JSON get that.
pub(crate) async fn show(
    setting: Setting<'_>,
    pipeline: &Pipeline,
    shown: &Shown,
) -> Result<(), CliError> {
    let Setting { app, environment, .. } = setting;
    let planned = compute(setting, pipeline, shown.image.as_deref()).await?;
    if app.json() {
        let mut object = serde_json::to_value(&planned).expect("a plan is plain data");
        object["schema"] = json!(1);
        object["environment"] = json!(environment.name);
        object["rules"] = shown.rules.answers.iter().map(gate_object).collect();
        object["promotes"] = shown.promoted.as_ref().map_or(Value::Null, candidate);
        return app.object(&setting.secrets(), object);
    }
    let text = words(&planned, &environment.name, shown);
    app.fact(setting.secrets().strike(text.trim_end()).as_ref())
}

/// Shows the plan to whoever is about to be asked: the question is talk, and the one object on standard
/// output is the run's.
pub(crate) async fn explain(
    setting: Setting<'_>,
    pipeline: &Pipeline,
    shown: &Shown,
) -> Result<(), CliError> {
    let planned = compute(setting, pipeline, shown.image.as_deref()).await?;
    let text = words(&planned, &setting.environment.name, shown);
    setting.app.say(Tone::Plain, setting.secrets().strike(text.trim_end()).as_ref());
    Ok(())
}

async fn compute(
    setting: Setting<'_>,
    pipeline: &Pipeline,
    image: Option<&str>,
) -> Result<Planned, CliError> {
    let run = Run::new(RunId::new("plan"), Release::new("the new release"), &setting.config.dir);
    Ok(pipeline.plan(&run, image.map(Artifact::new).as_ref()).await?)
}

/// The plan for people.
fn words(plan: &Planned, environment: &str, shown: &Shown) -> String {
    let mut text = format!("Plan for {environment} ({})\n\n", plan.target);
    text += &shown.rules.words();
    for (number, level) in plan.gates.iter().enumerate() {
        let head = if number == 0 { "gates" } else { "  then" };
        let _ = writeln!(text, "  {head:<10} {}", level.join(", "));
    }
    let image = shown.image.as_ref().map(|it| format!("image {it}"));
    let built = plan.builder.as_ref().map(|it| format!("an image yet to be built, by {it}"));
    let _ =
        writeln!(text, "  {:<10} {}", "build", image.or(built).unwrap_or_else(|| "nothing".into()));
    if let Some(promoted) = &shown.promoted {
        let _ = writeln!(text, "  {:<10} {}", "promotes", origin(promoted));
    }
    for stage in &plan.stages {
        let _ = writeln!(text, "  {:<10} {}", "stage", stage.name);
        for change in &stage.changes {
            let _ = writeln!(text, "  {:<10}   {change}", "");
        }
        if !(stage.settles || stage.prepares) {
            let _ = writeln!(text, "  {:<10}   verify: {}", "", named(&plan.verifiers));
        }
    }
    let rollback = match &plan.rollback {
        Some(to) => format!("{} ({})", to.release, to.image.as_deref().unwrap_or("unknown image")),
        None => "nothing runs yet: what the deploy makes would be removed".into(),
    };
    let _ = writeln!(text, "  {:<10} {rollback}", "rollback");
    for (number, (action, triggers)) in policy(&plan.policy).iter().enumerate() {
        let head = if number == 0 { "policy" } else { "" };
        let _ = writeln!(text, "  {head:<10} {:<9} {triggers}", action.as_str());
    }
    for warning in &plan.warnings {
        let _ = writeln!(text, "\n  ! {warning}");
    }
    text
}

/// Where a release comes from: `v12 of staging, made of 4f1c2ab0, verified 5m 02s ago: smoke 12 of 12`.
fn origin(promoted: &Candidate) -> String {
    let Candidate { environment, version, revision, checks, .. } = promoted;
    let made = match revision {
        Some(revision) => format!("made of {}", revision.get(..8).unwrap_or(revision)),
        None => "made of an unknown commit".into(),
    };
    let now = Timestamp::try_from(wall().now()).unwrap_or(promoted.verified);
    let ago = told(now.duration_since(promoted.verified).unsigned_abs());
    format!("{version} of {environment}, {made}, verified {ago} ago: {}", checks.join(", "))
}

fn candidate(promoted: &Candidate) -> Value {
    let Candidate { environment, version, run, image, revision, verified, checks } = promoted;
    json!({
        "environment": environment, "version": version, "run": run, "image": image,
        "revision": revision, "verified": format!("{verified:.3}"), "checks": checks,
    })
}

/// What is done, and what for.
fn policy(rows: &[TriggerRow]) -> Vec<(Consequence, String)> {
    let of = |action| {
        let triggers: Vec<String> =
            rows.iter().filter(|it| it.action == action).map(trigger).collect();
        (action, triggers.join(", "))
    };
    Consequence::ALL.into_iter().map(of).filter(|(_, triggers)| !triggers.is_empty()).collect()
}

fn trigger(row: &TriggerRow) -> String {
    let when = row.when;
    match (when, row.above) {
        (_, None) => when.to_string(),
        (Trigger::HealthDown, Some(above)) => format!("{when} (more than {above} s)"),
        (Trigger::ErrorRate, Some(above)) => format!("{when} (above {} %)", above * 100.0),
        (_, Some(above)) => format!("{when} (above {above} times the baseline)"),
    }
}

fn named(verifiers: &[String]) -> String {
    if verifiers.is_empty() { "nothing configured".into() } else { verifiers.join(", ") }
}

#[cfg(test)]
mod tests {
    use pipeline_core::PlannedStage;

    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a plan and its text")]
    fn only_what_changes_what_serves_is_verified() {
        let stage = |name: &str, prepares, settles| PlannedStage {
            name: name.into(),
            changes: vec![format!("do {name}")],
            prepares,
            settles,
        };
        let planned = Planned {
            gates: vec![vec!["format".into(), "compile".into()], vec!["test".into()]],
            builder: Some("flyctl".into()),
            target: "flyio:shop".into(),
            stages: vec![
                stage("release", true, false),
                stage("roll", false, false),
                stage("settle", false, true),
            ],
            verifiers: vec!["smoke".into()],
            rollback: None,
            policy: vec![
                TriggerRow::new(Trigger::Smoke, Consequence::Rollback),
                TriggerRow {
                    when: Trigger::ErrorRate,
                    above: Some(0.05),
                    action: Consequence::Rollback,
                },
                TriggerRow::new(Trigger::Inconclusive, Consequence::Ask),
            ],
            warnings: vec!["look out".into()],
        };
        insta::assert_snapshot!(words(&planned, "staging", &Shown::default()), @r"
        Plan for staging (flyio:shop)

          gates      format, compile
            then     test
          build      an image yet to be built, by flyctl
          stage      release
                       do release
          stage      roll
                       do roll
                       verify: smoke
          stage      settle
                       do settle
          rollback   nothing runs yet: what the deploy makes would be removed
          policy     rollback  smoke, error_rate (above 5 %)
                     ask       inconclusive

          ! look out
        ");
    }
}
