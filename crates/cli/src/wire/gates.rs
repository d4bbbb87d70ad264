//! The gates of an environment.

use std::sync::Arc;

use gate_cache::FileCache;
use gate_exec::{ExecConfig, ExecGate};
use gates_mix::doctrine::{Doctrine, DoctrineGate, With};
use gates_mix::{
    Compile, Credo, Cycles, Dialyzer, Format, HEARD, HealthScore, MixProject, Test, Unused,
};
use pipeline_core::{Gate, Limits, Phase, Release, Run, RunId, Step, Trust};

use crate::app::App;
use crate::args::{GateChoice, Purpose};
use crate::config::{self, BUILT_IN, Config, Exec, HEALTH_SCORE};
use crate::error::{CliError, did_you_mean};

/// The build folder of the environment in which all gates but the tests work.
const DEV: &str = "_build/dev";
/// The one of the tests.
const TEST: &str = "_build/test";
/// What a project's code has no need of: with it, it could deploy.
const TOKENS: [&str; 2] = ["FLY_API_TOKEN", "FLY_ACCESS_TOKEN"];

type GateStep = (Step<dyn Gate>, config::Gate);

/// The gates that are on and chosen.
pub(super) async fn gate_steps(
    app: &App,
    config: &Config,
    gates: &config::Gates,
    choice: &GateChoice,
) -> Result<Vec<Step<dyn Gate>>, CliError> {
    if choice.purpose == Purpose::Nothing {
        return Ok(Vec::new());
    }
    known(&choice.only, gates)?;
    let project = project(app, config).await;
    let mut all = built_in(&project, gates, config);
    let rules = super::doctrine(gates, config, &[])?.deploying(choice.purpose == Purpose::Deploy);
    all.push(doctrine(&project, gates, rules));
    let security = super::security::security(&project, gates, config)?;
    all.push((
        Step::gate("security", security).after(&["compile"]).exclusive(&[DEV]),
        gates.security.gate.clone(),
    ));
    for (name, exec) in &gates.exec {
        all.push((own(app, config, name, exec)?, exec.gate.clone()));
    }
    // A gate that is named runs, even where it is off.
    let is_chosen = |(step, gate): &GateStep| {
        let named = choice.only.iter().any(|it| it == step.name());
        if choice.only.is_empty() { gate.enabled } else { named }
    };
    let chosen: Vec<_> = all.into_iter().filter(is_chosen).collect();
    let names: Vec<_> = chosen.iter().map(|(step, _)| step.name().to_owned()).collect();
    let limited = |(step, gate): GateStep| {
        let needs = gates.exec.get(step.name()).map(|it| &it.needs[..]).unwrap_or_default();
        let needs = needs.iter().filter(|it| names.contains(it)).chain(&choice.rules);
        let needs: Vec<_> = needs.map(String::as_str).collect();
        let step = step.limits(Limits::once().timeout(gate.timeout)).needs(&needs);
        if gate.required { step } else { step.optional() }
    };
    Ok(chosen.into_iter().map(limited).collect())
}

/// Who remembers answers, and which of them count.
pub(super) fn memory(
    app: &App,
    config: &Config,
    gates: &config::Gates,
    choice: &GateChoice,
) -> (Arc<FileCache>, Trust) {
    let trust = if choice.no_cache { Trust::Nothing } else { gates.trust };
    (Arc::new(cache(app, config)), trust)
}

/// The cache of this project's gates.
pub(crate) fn cache(app: &App, config: &Config) -> FileCache {
    FileCache::at(config.dir.join(".pipeline/cache/gates")).environment(app.around.vars.clone())
}

/// Refuses gates that there are not, in `--only` and in `needs`.
fn known(only: &[String], gates: &config::Gates) -> Result<(), CliError> {
    let needed = gates.exec.values().flat_map(|it| &it.needs);
    for name in only.iter().chain(needed) {
        let mut all = BUILT_IN.into_iter().chain(gates.exec.keys().map(String::as_str));
        if all.clone().any(|it| it == name) {
            continue;
        }
        let error = CliError::usage(format!("there is no gate `{name}`"));
        return Err(match did_you_mean(name, all.by_ref()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!(
                "gates are: {}",
                BUILT_IN
                    .into_iter()
                    .chain(gates.exec.keys().map(String::as_str))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        });
    }
    Ok(())
}

/// Those that work in one build folder take turns, the compiler first; the tests have one of their own, and run beside.
fn built_in(project: &MixProject, gates: &config::Gates, config: &Config) -> Vec<GateStep> {
    let format = Format::new(project.clone());
    let builds = format.builds();
    let format = Step::gate("format", format);
    let format = if builds { format.after(&["compile"]).exclusive(&[DEV]) } else { format };
    let test = Test::new(project.clone()).min_coverage(gates.min_coverage);
    let dialyzer = Dialyzer::new(project.clone()).plt_dir(config.dir.join(".pipeline/cache/plt"));
    let compile = Step::gate("compile", Compile::new(project.clone()));
    let credo = Step::gate("credo", Credo::new(project.clone()));
    let cycles = Step::gate("cycles", Cycles::new(project.clone()).allow(gates.max_cycles));
    let in_dev = |step: Step<dyn Gate>| step.after(&["compile"]).exclusive(&[DEV]);
    vec![
        (format, gates.format.clone()),
        (compile.exclusive(&[DEV]), gates.compile.clone()),
        (in_dev(credo), gates.credo.clone()),
        (Step::gate("test", test).weight(2).exclusive(&[TEST]), gates.test.clone()),
        (in_dev(Step::gate("dialyzer", dialyzer)), gates.dialyzer.clone()),
        (Step::gate("unused", Unused::new(project.clone())), gates.unused.clone()),
        (in_dev(cycles), gates.cycles.clone()),
        health_score(project, &gates.health_score),
    ]
}

/// The doctrine reads files, and builds nothing.
fn doctrine(project: &MixProject, gates: &config::Gates, rules: Doctrine) -> GateStep {
    let gate = DoctrineGate::new(project.clone(), rules).with(gates.doctrine.with);
    let step = Step::gate("doctrine", gate);
    let step = match gates.doctrine.with {
        With::Native => step,
        With::Mix | With::Both => step.after(&["compile"]).exclusive(&[DEV]),
    };
    (step, gates.doctrine.gate.clone())
}

/// Comes last: it hears the others, and reads what the compiler has left.
fn health_score(project: &MixProject, score: &config::HealthScore) -> GateStep {
    let gate = HealthScore::new(project.clone())
        .source(score.source)
        .weights(score.weights.clone())
        .min_score(score.min_score)
        .unmeasured(score.unmeasured);
    (Step::gate(HEALTH_SCORE, gate).after(&HEARD).exclusive(&[DEV]), score.gate.clone())
}

/// A command of the team's own. One that is `mix` builds where its environment builds.
fn own(app: &App, config: &Config, name: &str, exec: &Exec) -> Result<Step<dyn Gate>, CliError> {
    let settings = ExecConfig {
        inputs: exec.inputs.clone().unwrap_or_default(),
        environment: exec.environment.clone(),
        env: exec.env.clone(),
        reader: exec.reader.clone(),
        report: exec.report.clone().map(Into::into),
        ..ExecConfig::new(exec.command.clone())
    };
    let gate = ExecGate::new(&config.dir, settings)
        .map_err(|error| CliError::usage(format!("the gate `{name}`: {error}")))?
        .log_dir(config.dir.join(".pipeline/logs"))
        .secrets(&app.secret_values(Some(config)));
    let step = Step::gate(name, gate);
    let program = exec.command.first().and_then(|it| it.rsplit('/').next());
    if program != Some("mix") {
        return Ok(step);
    }
    let environment = exec.env.get("MIX_ENV").map_or("dev", String::as_str);
    Ok(step.after(&["compile"]).exclusive(&[&format!("_build/{environment}")]))
}

async fn project(app: &App, config: &Config) -> MixProject {
    // Where every answer is remembered, no command is run that would.
    pipeline_process::sweep_after_the_dead();
    let kept = config.dir.join(".pipeline");
    let project = MixProject::at(&config.dir)
        .program(app.var("PIPELINE_MIX").unwrap_or("mix"))
        .log_dir(kept.join("logs"))
        .cache_dir(kept.join("cache/mix"))
        .lock_dir(kept.join("locks"))
        .secrets(&app.secret_values(Some(config)));
    let project = TOKENS.into_iter().fold(project, MixProject::without_env);
    let run = Run::new(RunId::new("versions"), Release::new("versions"), &config.dir);
    match project.versions(&run.context(Phase::Validate, "versions")).await {
        Ok(versions) => project.tools(versions),
        // Each gate will say what is wrong, and nothing is remembered.
        Err(_) => project,
    }
}
