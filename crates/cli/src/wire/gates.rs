//! The gates of an environment.

use gates_mix::{Compile, Format, MixProject, Test};
use pipeline_core::{Gate, Limits, Step};
use secrecy::SecretString;

use crate::app::App;
use crate::args::GateChoice;
use crate::config::{self, Config};
use crate::error::{CliError, did_you_mean};

/// The built-in gates.
const GATES: [&str; 3] = ["format", "compile", "test"];

pub(super) fn gate_steps(
    app: &App,
    config: &Config,
    gates: &config::Gates,
    choice: &GateChoice,
) -> Result<Vec<Step<dyn Gate>>, CliError> {
    for name in &choice.only {
        if !GATES.contains(&name.as_str()) {
            let error = CliError::usage(format!("there is no gate `{name}`"));
            return Err(match did_you_mean(name, GATES) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("gates are: {}", GATES.join(", "))),
            });
        }
    }
    let project = project(app, config);
    let test = Test::new(project.clone()).min_coverage(gates.min_coverage);
    let all = [
        (&gates.format, Step::gate("format", Format::new(project.clone()))),
        (&gates.compile, Step::gate("compile", Compile::new(project)).weight(2)),
        (&gates.test, Step::gate("test", test).weight(2)),
    ];
    let named = |name: &str| choice.only.is_empty() || choice.only.iter().any(|it| it == name);
    let chosen = |name: &str| !choice.none && named(name);
    let steps = all.into_iter().filter(|(gate, step)| gate.enabled && chosen(step.name()));
    Ok(steps
        .map(|(gate, step)| {
            let step = step.limits(Limits::once().timeout(gate.timeout));
            if gate.required { step } else { step.optional() }
        })
        .collect())
}

fn project(app: &App, config: &Config) -> MixProject {
    let configured = config.environments.values().flat_map(|it| it.secrets().cloned());
    let secrets: Vec<SecretString> = configured.chain(app.token()).collect();
    MixProject::at(&config.dir)
        .program(app.var("PIPELINE_MIX").unwrap_or("mix"))
        .log_dir(config.dir.join(".pipeline/logs"))
        .secrets(&secrets)
}
