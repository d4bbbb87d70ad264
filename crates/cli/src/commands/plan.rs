//! `pipeline plan ENV`: what a deploy would do; changes nothing.

use std::fmt::Write as _;

use pipeline_core::{
    Artifact, Consequence, Pipeline, Plan as Planned, Release, Run, RunId, Trigger, TriggerRow,
};
use serde_json::json;
use store_sql::RunKind;

use crate::app::{App, Setting};
use crate::args::{GateChoice, Plan};
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::session::Session;
use crate::wire::{self, Wanted};

pub(crate) async fn run(app: &App, args: Plan) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    let wanted = Wanted::configured(setting, &args.choice)?;
    let image = wanted.image.clone();
    let wanted = foreseen(setting, wanted).await?;
    let pipeline = wire::pipeline(setting, wanted, &GateChoice::default()).await?;
    show(setting, &pipeline, image.as_deref()).await?;
    Ok(Exit::Good)
}

/// The same, with what history knows. Where there is none yet, a plan does not begin one.
pub(crate) async fn foreseen(setting: Setting<'_>, wanted: Wanted) -> Result<Wanted, CliError> {
    let path = setting.config.store_url.strip_prefix("sqlite:").unwrap_or_default();
    if !std::path::Path::new(path).exists() {
        return Ok(wanted);
    }
    let session = Session::open(setting).await?;
    wanted.ahead(setting, &session.store, (RunKind::Deploy, None)).await
}

/// Computes and prints the plan; people who asked for JSON get that.
pub(crate) async fn show(
    setting: Setting<'_>,
    pipeline: &Pipeline,
    image: Option<&str>,
) -> Result<(), CliError> {
    let Setting { app, environment, .. } = setting;
    let planned = compute(setting, pipeline, image).await?;
    if app.json() {
        let mut object = serde_json::to_value(&planned).expect("a plan is plain data");
        object["schema"] = json!(1);
        object["environment"] = json!(environment.name);
        return app.object(&setting.secrets(), object);
    }
    let text = words(&planned, &environment.name, image);
    app.fact(setting.secrets().strike(text.trim_end()).as_ref())
}

/// Shows the plan to whoever is about to be asked: the question is talk, and the one object on standard
/// output is the run's.
pub(crate) async fn explain(
    setting: Setting<'_>,
    pipeline: &Pipeline,
    image: Option<&str>,
) -> Result<(), CliError> {
    let planned = compute(setting, pipeline, image).await?;
    let text = words(&planned, &setting.environment.name, image);
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
fn words(plan: &Planned, environment: &str, image: Option<&str>) -> String {
    let mut text = format!("Plan for {environment} ({})\n\n", plan.target);
    for (number, level) in plan.gates.iter().enumerate() {
        let head = if number == 0 { "gates" } else { "  then" };
        let _ = writeln!(text, "  {head:<10} {}", level.join(", "));
    }
    let image = image.map(|it| format!("image {it}"));
    let built = plan.builder.as_ref().map(|it| format!("an image yet to be built, by {it}"));
    let _ =
        writeln!(text, "  {:<10} {}", "build", image.or(built).unwrap_or_else(|| "nothing".into()));
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
        insta::assert_snapshot!(words(&planned, "staging", None), @r"
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
