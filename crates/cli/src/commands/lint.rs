//! `pipeline lint [ENV]`: what of `fly.toml`, of the scripts beside it and of the Dockerfile will hurt a deploy. It reads
//! files and nothing else: no token, no network.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pipeline_core::{Finding, Level, Severity};
use serde_json::json;
use target_flyio::{FlyToml, FlyTomlError, Lint as Found, LintSetting, Place};

use crate::app::App;
use crate::args::Lint;
use crate::commands::dockerfile;
use crate::config::{Config, Confirm, Environment, Fly, Target};
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::render::Tone;
use crate::wire;

pub(crate) fn run(app: &App, args: &Lint) -> Result<Exit, CliError> {
    let config = app.config()?;
    let mut findings = Vec::new();
    for (environment, fly) in chosen(&config, args.environment.as_deref())? {
        for finding in look(&config, environment, fly)? {
            // Environments share files: what is true of both is said once.
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    let secrets = app.secrets(Some(&config));
    if app.json() {
        app.object(&secrets, json!({ "schema": 1, "findings": findings }))?;
    } else {
        if !findings.is_empty() {
            app.fact(secrets.strike(words(&findings).trim_end()).as_ref())?;
        }
        let (tone, text) = summary(&findings);
        app.say(tone, &text);
    }
    let refused = findings.iter().any(|it| it.severity == Severity::Error);
    Ok(if refused { Exit::Refused } else { Exit::Good })
}

/// The environment of this name, or all that there is something to deploy to.
fn chosen<'a>(
    config: &'a Config,
    name: Option<&str>,
) -> Result<Vec<(&'a Environment, &'a Fly)>, CliError> {
    if let Some(name) = name {
        let environment = config.environment(name)?;
        return Ok(vec![(environment, environment.fly()?)]);
    }
    let fly = |it: &'a Environment| match &it.target {
        Target::Fly(fly) => Some((it, fly)),
        Target::None => None,
    };
    Ok(config.environments.values().filter_map(fly).collect())
}

/// What of one environment will hurt.
pub(crate) fn look(
    config: &Config,
    environment: &Environment,
    fly: &Fly,
) -> Result<Vec<Finding>, CliError> {
    let path = config.dir.join(&fly.config);
    let toml = match FlyToml::read(&path) {
        Ok(toml) => toml,
        Err(FlyTomlError::Syntax { place, message }) => {
            return Ok(vec![unusable(config, &place, message)]);
        }
        Err(FlyTomlError::Value { place, key, problem }) => {
            return Ok(vec![unusable(config, &place, format!("`{key}` {problem}"))]);
        }
        Err(error) => return Err(CliError::usage(chain(&error))),
    };
    let setting = LintSetting {
        production: is_production(environment),
        ha: fly.ha,
        strategy: fly.strategy.map(wire::strategy),
        release_envs: release_envs(&config.dir, &path),
    };
    let of_fly = toml.lint(&setting).into_iter().map(|it| finding(config, it));
    Ok(of_fly.chain(dockerfile::look(config, environment, fly, &toml)).collect())
}

/// Users depend on what asks before it is changed, and on what is called so.
fn is_production(environment: &Environment) -> bool {
    environment.confirm != Confirm::Never || matches!(&*environment.name, "production" | "prod")
}

/// The scripts that set up the environment of a release, also in umbrellas, by their place.
fn release_envs(project: &Path, fly_toml: &Path) -> Vec<(PathBuf, String)> {
    let mut folders = vec![project.to_owned()];
    folders.extend(fly_toml.parent().filter(|it| *it != project).map(Path::to_owned));
    let apps: Vec<PathBuf> = folders.iter().flat_map(|it| inside(&it.join("apps"))).collect();
    folders.extend(apps);
    let rels: Vec<PathBuf> = folders.iter().map(|it| it.join("rel")).collect();
    let named = rels.iter().flat_map(|it| inside(it));
    let mut scripts: Vec<PathBuf> =
        rels.iter().cloned().chain(named).map(|it| it.join("env.sh.eex")).collect();
    scripts.sort();
    scripts.dedup();
    let text = |path: PathBuf| std::fs::read_to_string(&path).ok().map(|text| (path, text));
    scripts.into_iter().filter_map(text).collect()
}

/// The folders in a folder; none where there is no such folder.
fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|it| it.path()).filter(|it| it.is_dir()).collect()
}

fn unusable(config: &Config, place: &Place, message: String) -> Finding {
    let remedy = "mend the value; fly.io/docs/reference/configuration has every key";
    placed(config, Finding::error(message).rule("fly-toml").remedy(remedy), place)
}

fn finding(config: &Config, lint: Found) -> Finding {
    let mut finding = match lint.severity {
        Severity::Error => Finding::error(lint.message),
        Severity::Warning => Finding::warning(lint.message),
        Severity::Note => Finding::note(lint.message),
    };
    if finding.severity != Severity::Error {
        finding.level = Level::Advisory;
    }
    placed(config, finding.rule(lint.rule).remedy(lint.remedy), &lint.place)
}

fn placed(config: &Config, finding: Finding, place: &Place) -> Finding {
    let number = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    let file = place.file.strip_prefix(&config.dir).unwrap_or(&place.file);
    finding.at(file.display().to_string(), number(place.line)).column(number(place.column))
}

/// One line a finding, and what to do below it.
fn words(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let place = finding.place().unwrap_or_default();
        let rule = finding.rule.as_deref().unwrap_or_default();
        let bad = if finding.severity == Severity::Error { "error: " } else { "" };
        let _ = writeln!(text, "{place}  {rule}  {bad}{}", finding.message);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "    {remedy}");
        }
    }
    text
}

/// What that means.
fn summary(findings: &[Finding]) -> (Tone, String) {
    let errors = findings.iter().filter(|it| it.severity == Severity::Error).count();
    match (findings.len(), errors) {
        (0, _) => (Tone::Good, "Nothing here will hurt a deploy.".to_owned()),
        (all, 0) => {
            (Tone::Warn, format!("{} may hurt a deploy; none keeps it from starting.", things(all)))
        }
        (_, errors) => (Tone::Bad, format!("{} must be mended before a deploy.", things(errors))),
    }
}

fn things(count: usize) -> String {
    if count == 1 { "1 thing".to_owned() } else { format!("{count} things") }
}
