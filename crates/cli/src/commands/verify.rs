//! `pipeline verify ENV`: verify what runs now.

use pipeline_core::{
    CancelSource, Deployer, Deployment, EventKind, Events, Instance, Phase, Release, Run, RunId,
    Side, Verdict, VerifierAnswer, Verifiers,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::{App, Setting, wall};
use crate::args::Verify;
use crate::commands::calibrate;
use crate::commands::validate::millis;
use crate::config::Target;
use crate::error::CliError;
use crate::exit::Exit;
use crate::{signals, wire};

pub(crate) async fn run(app: &App, args: Verify) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    let (environment, secrets) = (setting.environment, setting.secrets());
    let verifiers = wire::verifiers(setting, &args.only)?;
    if verifiers.names().is_empty() {
        return Err(CliError::usage(format!("{} has nothing to verify", environment.name))
            .hint("add [[verify.smoke.checks]] with a path to pipeline.toml"));
    }
    if let Some(times) = args.aa {
        return compare_with_itself(setting, times).await;
    }
    let answers = match ask(setting, &verifiers).await? {
        Asked::Answers(answers) => answers,
        Asked::Stopped(exit) => return Ok(exit),
    };
    let verdict = verdict(&answers);
    if app.json() {
        app.object(&secrets, object(verdict, &answers))?;
    }
    Ok(Exit::of_verdict(verdict))
}

/// What the verifiers say of what runs now, or how somebody stopped them.
pub(crate) enum Asked {
    Answers(Vec<VerifierAnswer>),
    Stopped(Exit),
}

/// Asks them, and shows what they say.
pub(crate) async fn ask(setting: Setting<'_>, verifiers: &Verifiers) -> Result<Asked, CliError> {
    let (events, source) = (events(setting)?, CancelSource::new());
    let run = run_of(setting, &events, &source);
    let deployment = what_runs(setting, &run).await?;
    let phase = Phase::Verify;
    events.tell(EventKind::PhaseStarted { phase });
    let began = Instant::now();
    let answers = tokio::select! {
        answers = verifiers.verify(&deployment, &run) => answers,
        exit = signals::watch(&source, &events) => return Ok(Asked::Stopped(exit)),
    };
    let (verdict, took_ms) = (verdict(&answers), millis(began.elapsed()));
    events.tell(EventKind::PhaseEnded { phase, verdict, took_ms });
    let stopped = run.cancel.is_cancelled();
    Ok(if stopped { Asked::Stopped(Exit::Interrupted) } else { Asked::Answers(answers) })
}

async fn compare_with_itself(setting: Setting<'_>, times: u32) -> Result<Exit, CliError> {
    let (events, source) = (events(setting)?, CancelSource::new());
    let run = run_of(setting, &events, &source);
    let deployment = what_runs(setting, &run).await?;
    tokio::select! {
        exit = calibrate::run(setting, &deployment, (times, &run)) => exit,
        exit = signals::watch(&source, &events) => Ok(exit),
    }
}

fn events(setting: Setting<'_>) -> Result<Events, CliError> {
    Ok(Events::new(wall(), setting.app.observers(&setting.secrets())?))
}

fn run_of(setting: Setting<'_>, events: &Events, source: &CancelSource) -> Run {
    Run::new(RunId::new("verify"), Release::new("verify"), &setting.config.dir)
        .events(events.clone())
        .cancel(source.token())
}

fn object(verdict: Option<Verdict>, answers: &[VerifierAnswer]) -> Value {
    let reports = answers.iter().filter_map(|it| it.outcome.as_ref().ok());
    let checks = reports.flat_map(|it| it.checks().iter().map(|check| json!(check)));
    json!({ "schema": 1, "verdict": verdict, "checks": checks.collect::<Vec<_>>() })
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
    let _waiting = setting.app.waiting(&format!("asking what runs in {}", environment.name));
    let snapshot = fly.snapshot(&run.context(Phase::Verify, fly.target())).await?;
    snapshot.current.ok_or_else(|| {
        CliError::new(Exit::CouldNotTell, format!("nothing runs in {}", environment.name))
            .hint(format!("`pipeline deploy {}` brings a release there", environment.name))
    })
}

/// The worst answer; `None` when a verifier could not look and none refused.
pub(crate) fn verdict(answers: &[VerifierAnswer]) -> Option<Verdict> {
    let worst = answers.iter().filter_map(|it| Some(it.outcome.as_ref().ok()?.verdict())).max();
    let blind = answers.iter().any(|it| it.outcome.is_err());
    worst.filter(|it| !blind || *it == Verdict::Refused)
}
