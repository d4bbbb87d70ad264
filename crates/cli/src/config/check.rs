//! From what the file says to what it means; every error points at its place.

mod build;
mod doctrine;
mod gates;
mod health_score;
mod notify;
mod promotion;
mod rollback;
mod security;
mod store;
mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use toml::Spanned;

use super::raw::{self, Over, Raw, Text};
use super::{Config, Confirm, Environment, Fly, Strategy, Target, Unreachable};
use crate::address::without_login;
use crate::error::{ConfigError, SourceFile, did_you_mean};
use crate::stores::Stores;

/// A longer time is a slip, and sums of such times have no end.
const LONGEST: Duration = Duration::from_hours(366 * 24);

type Checked<T> = Result<T, Box<ConfigError>>;

/// Reads and checks a file.
pub(super) fn check(file: &SourceFile, vars: &BTreeMap<String, String>) -> Checked<Config> {
    let raw: Raw = toml::from_str(&file.text).map_err(|error| malformed(file, &error, ALL_KEYS))?;
    let check = Check { file, vars };
    let dir = file.path.parent().unwrap_or(Path::new(".")).to_owned();
    let environments = raw
        .environments
        .iter()
        .map(|(name, it)| Ok((name.clone(), check.environment(name, it, &raw)?)))
        .collect::<Checked<_>>()?;
    let store_url = check.store_url(&raw.store, &dir)?;
    let keep = check.keep(&raw.store)?;
    // What no environment uses is wrong all the same.
    check.build(raw.build.clone())?;
    check.rollback(&raw.rollback, false)?;
    check.verify(raw.verify.clone())?;
    let known: Vec<&str> = raw.environments.keys().map(String::as_str).collect();
    let notify = raw.notify.into_iter().map(|it| check.notify(it, &known));
    let notify = notify.collect::<Checked<_>>()?;
    let gates = check.gates(raw.gates, false)?;
    let stores = Stores::default();
    Ok(Config { dir, store_url, stores, keep, gates, environments, notify })
}

struct Check<'a> {
    file: &'a SourceFile,
    vars: &'a BTreeMap<String, String>,
}

impl Check<'_> {
    fn environment(
        &self,
        name: &str,
        written: &Spanned<raw::Environment>,
        file: &Raw,
    ) -> Checked<Environment> {
        let (span, raw) = (written.span(), written.get_ref().clone());
        let verify = self.verify(raw.verify.clone().over(&file.verify))?;
        let confirm = self.confirm(raw.confirm.as_ref())?;
        let careful = confirm != Confirm::Never || matches!(name, "production" | "prod");
        let gates = self.gates(raw.gates.clone().over(&file.gates), careful)?;
        let build = self.build(raw.build.clone().over(&file.build))?;
        let rollback = self.rollback(&raw.rollback.clone().over(&file.rollback), careful)?;
        let promotion = self.promotion(name, &raw, &file.environments)?;
        let url = self.url(name, raw.url.as_ref())?;
        let target = match raw.target.as_ref().map(|it| it.get_ref().as_str()) {
            Some("none") => Target::None,
            Some("flyio") | None => Target::Fly(self.fly(&raw, span.clone())?),
            Some(other) => {
                let span = raw.target.as_ref().map(Spanned::span);
                return Err(self
                    .error(span, format!("there is no target `{other}`"))
                    .hint("targets are: flyio, none"));
            }
        };
        if url.is_none() && (matches!(target, Target::None) || verify.looks()) {
            let message = format!("the environment `{name}` has no url to verify at");
            return Err(self
                .error(Some(span), message)
                .hint(format!("add url = \"https://…\", where users reach {name}")));
        }
        let name = name.into();
        Ok(Environment { name, target, url, confirm, gates, build, verify, rollback, promotion })
    }

    fn fly(&self, raw: &raw::Environment, span: std::ops::Range<usize>) -> Checked<Fly> {
        let Some(app) = &raw.app else {
            return Err(self
                .error(Some(span), "this environment names no app")
                .hint("add app = \"…\", the application's name at Fly.io"));
        };
        if app.get_ref().trim().is_empty() {
            return Err(self
                .error(Some(app.span()), "this app has no name")
                .hint("name the application at Fly.io: `fly apps list`"));
        }
        let strategy = raw.strategy.as_ref().map(|it| self.strategy(it)).transpose()?;
        let config = raw.config.as_ref().map_or("fly.toml", |it| it.get_ref());
        Ok(Fly {
            app: app.get_ref().clone(),
            config: PathBuf::from(config),
            strategy,
            ha: raw.ha.unwrap_or(true),
            wait_timeout: raw.wait_timeout.as_ref().map(|it| self.length(it)).transpose()?,
            deadline: self.duration(raw.deadline.as_ref(), Duration::from_hours(1))?,
            bake: self.duration(raw.bake.as_ref(), Duration::from_mins(1))?,
            unreachable: self.unreachable(raw.unreachable.as_ref())?,
            paced: raw.paced.unwrap_or(true),
            poll: self.duration(raw.poll.as_ref(), Duration::from_secs(1))?,
            lease_ttl: self.duration(raw.lease_ttl.as_ref(), Duration::from_secs(13))?,
            drain: self.duration(raw.drain.as_ref(), Duration::from_secs(2))?,
            probe_url: raw.probe_url.as_ref().map(|it| self.checked_url(it)).transpose()?,
        })
    }

    /// A secret by the name of its variable; an empty one is none.
    fn secret(&self, name: String) -> (String, Option<SecretString>) {
        let value = self.vars.get(&name).filter(|it| !it.is_empty()).cloned();
        (name, value.map(SecretString::from))
    }

    fn strategy(&self, raw: &Text) -> Checked<Strategy> {
        strategy(raw.get_ref()).map_err(|hint| {
            self.error(Some(raw.span()), format!("there is no strategy `{}`", raw.get_ref()))
                .hint(hint)
        })
    }

    fn unreachable(&self, raw: Option<&Text>) -> Checked<Unreachable> {
        match raw.map(|it| (it.span(), it.get_ref().as_str())) {
            None | Some((_, "abort")) => Ok(Unreachable::Abort),
            Some((_, "skip")) => Ok(Unreachable::Skip),
            Some((span, other)) => Err(self
                .error(Some(span), format!("machines out of reach cannot be treated by `{other}`"))
                .hint("unreachable is \"abort\" or \"skip\"")),
        }
    }

    fn confirm(&self, raw: Option<&Spanned<toml::Value>>) -> Checked<Confirm> {
        match raw.map(|it| (it.span(), it.get_ref())) {
            None | Some((_, toml::Value::Boolean(false))) => Ok(Confirm::Never),
            Some((_, toml::Value::Boolean(true))) => Ok(Confirm::Yes),
            Some((_, toml::Value::String(word))) if word == "app" => Ok(Confirm::App),
            Some((span, _)) => Err(self
                .error(Some(span), "confirm is true, false or \"app\"")
                .hint("true asks for the word yes, \"app\" for the application's name")),
        }
    }

    /// Where the environment is reached; `PIPELINE_URL_<ENV>` goes before the file.
    fn url(&self, name: &str, raw: Option<&Text>) -> Checked<Option<String>> {
        let variable = url_variable(name);
        match (self.vars.get(&variable), raw) {
            (Some(url), _) => {
                let bad = |why| self.error(None, format!("the variable {variable}: {why}"));
                Ok(Some(url_of(url).map_err(bad)?))
            }
            (None, Some(raw)) => self.checked_url(raw).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn checked_url(&self, raw: &Text) -> Checked<String> {
        url_of(raw.get_ref()).map_err(|why| {
            self.error(Some(raw.span()), why)
                .hint("write it whole, such as \"https://shop.example\"")
        })
    }

    fn duration(&self, raw: Option<&Text>, default: Duration) -> Checked<Duration> {
        raw.map_or(Ok(default), |it| self.length(it))
    }

    fn length(&self, raw: &Text) -> Checked<Duration> {
        let parsed = raw.get_ref().parse::<jiff::SignedDuration>().ok();
        let positive = parsed.and_then(|it| Duration::try_from(it).ok()).filter(|it| !it.is_zero());
        let wrong =
            |why: &str| self.error(Some(raw.span()), format!("`{}` is {why}", raw.get_ref()));
        match positive {
            Some(length) if length <= LONGEST => Ok(length),
            Some(_) => Err(wrong("longer than a year").hint("write a shorter one")),
            None => Err(wrong("no length of time")
                .hint("write it with a unit, such as \"500ms\", \"30s\", \"10m\" or \"1h 30m\"")),
        }
    }

    fn error(
        &self,
        span: Option<std::ops::Range<usize>>,
        message: impl Into<String>,
    ) -> Box<ConfigError> {
        ConfigError::at(self.file, span, message)
    }
}

/// A strategy by its name, or a hint.
pub(crate) fn strategy(name: &str) -> Result<Strategy, String> {
    match name {
        "rolling" => Ok(Strategy::Rolling),
        "canary" => Ok(Strategy::Canary),
        "bluegreen" => Ok(Strategy::BlueGreen),
        "immediate" => Ok(Strategy::Immediate),
        other => Err(match did_you_mean(other, ["rolling", "canary", "bluegreen", "immediate"]) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "strategies are: rolling, canary, bluegreen, immediate".into(),
        }),
    }
}

/// The variable that goes before the `url` of an environment.
pub(crate) fn url_variable(environment: &str) -> String {
    format!("PIPELINE_URL_{}", environment.to_uppercase().replace('-', "_"))
}

fn url_of(written: &str) -> Result<String, String> {
    let told = without_login(written);
    let parsed = reqwest::Url::parse(written).map_err(|why| format!("`{told}`: {why}"))?;
    match parsed.scheme() {
        "http" | "https" => Ok(written.trim_end_matches('/').to_owned()),
        other => Err(format!("`{told}`: {other} is neither http nor https")),
    }
}

/// Where a mistyped key is near to none.
const ALL_KEYS: &str = "`pipeline config` prints every key with its meaning";

/// The toml crate's own error, pointing at its place, with the nearest known key, or another hint.
pub(crate) fn malformed(
    file: &SourceFile,
    error: &toml::de::Error,
    otherwise: &str,
) -> Box<ConfigError> {
    let message = error.message().to_owned();
    let located = ConfigError::at(file, error.span(), message.clone());
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((typed, known)) if message.starts_with("unknown field") => {
            match did_you_mean(typed, known.iter().copied()) {
                Some(near) => located.hint(format!("did you mean `{near}`?")),
                None => located.hint(otherwise),
            }
        }
        _ => match mending(&message) {
            Some(hint) => located.hint(hint),
            None => located,
        },
    }
}

/// What to write instead, by what the parser wanted.
fn mending(message: &str) -> Option<String> {
    if let Some(rest) = message.strip_prefix("missing field `") {
        let key = rest.trim_end_matches('`');
        return Some(format!("add {key} = …; `pipeline config` shows how"));
    }
    if message.starts_with("duplicate key") {
        return Some("say it once".into());
    }
    let (_, wanted) =
        message.split_once("expected ").filter(|_| message.starts_with("invalid "))?;
    let hint = match wanted.split([',', ' ']).next()? {
        "a" if wanted.starts_with("a string") => "put it into quotes: \"…\"",
        "a" if wanted.starts_with("a boolean") => "write true or false, without quotes",
        "a" if wanted.starts_with("a sequence") => "write a list: [\"…\", \"…\"]",
        "a" if wanted.starts_with("a map") => "write a table: { name = \"…\" }",
        "a" if wanted.starts_with("a nonzero") => "write a whole number from 1 on, without quotes",
        "struct" => "write a table: { key = … }, or a section of its own in brackets",
        "f64" | "f32" => "write a number, without quotes",
        "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => "write a whole number, without quotes",
        _ => return None,
    };
    Some(hint.into())
}
