//! `pipeline verify ENV`: verify what runs now.

use pipeline_core::{
    CancelSource, Deployer, Deployment, Events, Instance, Phase, Release, Run, RunId, Side,
    Verdict, VerifierAnswer,
};
use serde_json::{Value, json};

use crate::app::{App, Setting, wall};
use crate::args::Verify;
use crate::commands::calibrate;
use crate::config::Target;
use crate::error::CliError;
use crate::exit::Exit;
use crate::{signals, wire};

pub(crate) async fn run(app: &App, args: Verify) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    let (environment, secrets) = (setting.environment, setting.secrets());
    let verifiers = wire::verifiers(setting)?;
    if verifiers.names().is_empty() {
        return Err(CliError::usage(format!("{} has nothing to verify", environment.name))
            .hint("add [[verify.smoke.checks]] with a path to pipeline.toml"));
    }
    let events = Events::new(wall(), app.observers(&secrets)?);
    let source = CancelSource::new();
    let run = Run::new(RunId::new("verify"), Release::new("verify"), &config.dir)
        .events(events.clone())
        .cancel(source.token());
    let deployment = what_runs(setting, &run).await?;
    if let Some(times) = args.aa {
        let calibrated = calibrate::run(setting, &deployment, (times, &run));
        return tokio::select! {
            exit = calibrated => exit,
            exit = signals::watch(&source, &events) => Ok(exit),
        };
    }
    let answers = tokio::select! {
        answers = verifiers.verify(&deployment, &run) => answers,
        exit = signals::watch(&source, &events) => return Ok(exit),
    };
    let verdict = verdict(&answers);
    if app.json() {
        let checks: Vec<Value> = answers
            .iter()
            .filter_map(|it| it.outcome.as_ref().ok())
            .flat_map(|report| report.checks().iter().map(|check| json!(check)))
            .collect();
        app.object(&secrets, json!({ "schema": 1, "verdict": verdict, "checks": checks }))?;
    }
    Ok(if run.cancel.is_cancelled() { Exit::Interrupted } else { Exit::of_verdict(verdict) })
}

/// What runs now; for an environment without a target, one instance behind its url.
pub(crate) async fn what_runs(setting: Setting<'_>, run: &Run) -> Result<Deployment, CliError> {
    let environment = setting.environment;
    if let Target::None = environment.target {
        let id = environment.name.clone();
        let instance = Instance { id, side: Side::Old, region: None, serving: true, address: None };
        let (url, instances) = (environment.url.clone(), vec![instance]);
        return Ok(Deployment {
            version: "what runs now".into(),
            artifact: None,
            url,
            instances,
            ..Deployment::default()
        });
    }
    let fly = wire::fly_target(setting)?;
    let snapshot = fly.snapshot(&run.context(Phase::Verify, fly.target())).await?;
    snapshot.current.ok_or_else(|| {
        CliError::new(Exit::CouldNotTell, format!("nothing runs in {}", environment.name))
            .hint(format!("`pipeline deploy {}` brings a release there", environment.name))
    })
}

/// The worst answer; `None` when a verifier could not look and none refused.
fn verdict(answers: &[VerifierAnswer]) -> Option<Verdict> {
    let worst = answers.iter().filter_map(|it| Some(it.outcome.as_ref().ok()?.verdict())).max();
    let blind = answers.iter().any(|it| it.outcome.is_err());
    worst.filter(|it| !blind || *it == Verdict::Refused)
}
