//! What is going to be rehearsed: read and checked before anything starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sim_flyio::Fault;

use super::disguise::{disguise, simplify};
use crate::app::App;
use crate::args::{Rehearse, Release};
use crate::commands::sim;
use crate::config::{self, Config, Environment, Fly, SmokeCheck};
use crate::error::{CliError, chain};

/// All that the arguments and the configuration say.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) config: Config,
    /// The name of the environment.
    pub(super) name: String,
    pub(super) fly: Fly,
    pub(super) release: Release,
    pub(super) machines: u32,
    /// Another one than the configured one.
    pub(super) strategy: Option<String>,
    pub(super) faults: Vec<Fault>,
    /// The user's own program and its arguments.
    pub(super) program: Option<Vec<String>>,
    /// So many journeys are left out.
    pub(super) unwalked: usize,
    /// Where it is started.
    pub(super) cwd: PathBuf,
    /// For the machines.
    pub(super) env: BTreeMap<String, String>,
    pub(super) check_speed: f64,
    pub(super) seed: u64,
    pub(super) journal: Option<PathBuf>,
    pub(super) keep: bool,
}

impl Script {
    pub(super) fn of(app: &App, args: Rehearse) -> Result<Self, CliError> {
        let mut config = app.config()?;
        let fly = config.environment(&args.environment)?.fly()?.clone();
        if let Some(name) = &args.strategy {
            config::strategy(name).map_err(|hint| {
                CliError::usage(format!("there is no strategy `{name}`")).hint(hint)
            })?;
        }
        let path = config.dir.join(&fly.config);
        target_flyio::FlyToml::read(&path).map_err(|error| CliError::usage(chain(&error)))?;
        let faults = sim::faults(&args.faults)?;
        let program = args.run.as_deref().map(|it| program(app, it)).transpose()?;
        if program.is_some() && args.release == Release::Slow {
            return Err(CliError::usage("--release slow: nobody can make your own program slow")
                .hint("leave --run out: a stand-in answers for it"));
        }
        let mut env = BTreeMap::new();
        for text in &args.env {
            env.extend([sim::pair(text, "--env")?]);
        }
        disguise(&mut config, &args.environment, &mut env);
        let own = program.is_some();
        let unwalked = if own { 0 } else { simplify(&mut config, &args.environment) };
        Ok(Self {
            config,
            name: args.environment,
            fly,
            release: args.release,
            machines: args.machines,
            strategy: args.strategy,
            faults,
            program,
            unwalked,
            cwd: app.around.cwd.clone(),
            env,
            check_speed: args.check_speed,
            seed: sim::seed(args.seed),
            journal: args.journal.map(|it| app.around.cwd.join(it)),
            keep: args.keep,
        })
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.config.environments[&self.name]
    }

    /// What users ask for: what the smoke tests get a success from without saying who they are.
    pub(super) fn paths(&self) -> Vec<String> {
        // The stand-in asks nobody.
        let open = |it: &&SmokeCheck| self.program.is_none() || it.bearer.is_none();
        let checks = self.environment().verify.smoke.checks.iter().filter(open);
        let success = |it: &&SmokeCheck| {
            it.expect.status.iter().flatten().any(|status| (200..300).contains(status))
        };
        let good = checks.filter(success);
        let paths: Vec<String> = good.map(|check| check.path.clone()).collect();
        if paths.is_empty() { vec!["/".to_owned()] } else { paths }
    }

    /// The rehearsal in words.
    pub(super) fn title(&self) -> String {
        let release = match (self.release, self.program.is_some()) {
            (Release::Good, _) => "a good release",
            (Release::Crash, _) => "a release that crashes",
            (Release::Unhealthy, _) => "a release that answers 500 to everybody",
            (Release::Broken, false) => "a release with one broken page",
            (Release::Broken, true) => "a release that passes its health checks and answers 500",
            (Release::Slow, _) => "a release that takes 250 ms for what the old one does in 5",
            (Release::Oom, _) => "a release that runs out of memory",
            (Release::Unpullable, _) => "a release whose image cannot be pulled",
        };
        let machines = match self.machines {
            1 => "1 machine".to_owned(),
            count => format!("{count} machines"),
        };
        let faults = match self.faults.len() {
            0 => String::new(),
            1 => ", with a fault".to_owned(),
            count => format!(", with {count} faults"),
        };
        format!("{release}, on {machines} of {}{faults}", self.fly.app)
    }
}

/// The words of a command whose program is there.
fn program(app: &App, text: &str) -> Result<Vec<String>, CliError> {
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let Some(first) = words.first_mut() else {
        return Err(CliError::usage("--run: there is no command")
            .hint("write --run 'PROGRAM ARGUMENTS', such as --run 'bin/server start'"));
    };
    let (named, here) = (first.contains('/'), app.around.cwd.clone());
    let path = app.var("PATH").unwrap_or_default();
    let places = if named { vec![here] } else { std::env::split_paths(path).collect() };
    let found = places.iter().map(|it| it.join(&*first)).find(|it| is_program(it));
    let found = found.ok_or_else(|| {
        let looked = if named { "" } else { " on the PATH" };
        CliError::usage(format!("--run: there is no program {first}{looked}"))
            .hint("name one that is built, such as _build/prod/rel/shop/bin/shop")
    })?;
    *first = found.display().to_string();
    Ok(words)
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}
