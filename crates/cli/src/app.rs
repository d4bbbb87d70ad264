//! The one place that knows the world outside: arguments, environment, terminal, streams.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use pipeline_core::{Clock, Observer};
use secrecy::SecretString;

use crate::args::{Format, Global};
use crate::config::{Config, Environment};
use crate::error::CliError;
use crate::redact::{Discreet, Secrets};
use crate::render::{Detail, Live, Plain, Tone, Wire, paint};

/// What surrounds a command.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The environment variables.
    pub vars: BTreeMap<String, String>,
    /// The folder the command was started in.
    pub cwd: PathBuf,
    /// Is standard input a person?
    pub can_ask: bool,
    /// Can standard error be redrawn?
    pub live: bool,
    /// Should text be coloured?
    pub colour: bool,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let vars: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let said = |name: &str| vars.get(name).is_some_and(|it| !it.is_empty());
        let terminal = std::io::stderr().is_terminal();
        let dumb = vars.get("TERM").is_some_and(|it| it == "dumb") || said("CI");
        let colour = (terminal && !dumb || said("FORCE_COLOR")) && !said("NO_COLOR");
        Self {
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            // A question that nobody sees is asked of nobody.
            can_ask: std::io::stdin().is_terminal() && terminal,
            live: terminal && !dumb,
            colour,
            vars,
        }
    }
}

/// A command at work on one environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) app: &'a App,
    pub(crate) config: &'a Config,
    pub(crate) environment: &'a Environment,
}

impl<'a> Setting<'a> {
    /// The environment of this name.
    pub(crate) fn of(app: &'a App, config: &'a Config, name: &str) -> Result<Self, CliError> {
        Ok(Self { app, config, environment: config.environment(name)? })
    }

    /// All that must never be seen.
    pub(crate) fn secrets(&self) -> Secrets {
        self.app.secrets(Some(self.config))
    }
}

/// A command's own view of the world.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) around: Surroundings,
}

impl App {
    /// The configuration for this command.
    pub(crate) fn config(&self) -> Result<Config, CliError> {
        Config::load(self.global.config.as_deref(), &self.around.cwd, &self.around.vars)
    }

    /// The configuration for a command that works without one as well.
    pub(crate) fn config_or_usual(&self) -> Result<Config, CliError> {
        Config::load_or_usual(self.global.config.as_deref(), &self.around.cwd, &self.around.vars)
    }

    /// An environment variable, unless it is empty.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.around.vars.get(name).map(String::as_str).filter(|it| !it.is_empty())
    }

    /// The token for Fly.io, if there is one; flyctl looks for it in the same order.
    pub(crate) fn token(&self) -> Option<SecretString> {
        let token = self.var("FLY_ACCESS_TOKEN").or_else(|| self.var("FLY_API_TOKEN"))?;
        Some(SecretString::from(token.to_owned()))
    }

    /// All that must never be seen.
    pub(crate) fn secrets(&self, config: Option<&Config>) -> Secrets {
        let configured = config.into_iter().flat_map(|it| it.environments.values());
        let told =
            config.into_iter().flat_map(|it| &it.notify).flat_map(|it| it.secrets().cloned());
        let sent = configured.flat_map(|it| it.secrets().cloned());
        Secrets::new(sent.chain(told).chain(self.token()))
    }

    /// The pictures that the arguments ask for.
    pub(crate) fn observers(&self, secrets: &Secrets) -> Result<Vec<Box<dyn Observer>>, CliError> {
        let mut observers: Vec<Box<dyn Observer>> = vec![if self.around.live {
            discreet(secrets, Live::new(self.detail(), self.around.colour))
        } else {
            discreet(secrets, Plain::new(std::io::stderr(), self.detail(), self.around.colour))
        }];
        match self.global.events.as_deref() {
            None => {}
            Some("-") => observers.push(discreet(secrets, Wire::new(std::io::stdout()))),
            Some(path) => {
                let file = std::fs::File::create(self.around.cwd.join(path)).map_err(|error| {
                    CliError::usage(format!("--events {path}: cannot be written: {error}"))
                })?;
                observers.push(discreet(secrets, Wire::new(file)));
            }
        }
        Ok(observers)
    }

    /// Does standard output want one JSON object?
    pub(crate) fn json(&self) -> bool {
        self.global.format == Format::Json
    }

    fn detail(&self) -> Detail {
        match (self.global.quiet, self.global.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }

    /// Says something to a person, on standard error.
    pub(crate) fn say(&self, tone: Tone, text: &str) {
        // Nobody there to hear it is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{}", paint(tone, text, self.around.colour));
    }

    /// Writes a fact to standard output; to standard error where the events have that for themselves.
    pub(crate) fn fact(&self, text: &str) -> Result<(), CliError> {
        let written = match self.global.events.as_deref() {
            Some("-") => writeln!(std::io::stderr(), "{text}"),
            _ => writeln!(std::io::stdout(), "{text}"),
        };
        match written {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(CliError::usage(format!("standard output cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Writes a fact to standard output as JSON, without any secret.
    pub(crate) fn object(
        &self,
        secrets: &Secrets,
        mut object: serde_json::Value,
    ) -> Result<(), CliError> {
        secrets.strike_value(&mut object);
        self.fact(&format!("{object:#}"))
    }
}

fn discreet(secrets: &Secrets, observer: impl Observer + 'static) -> Box<dyn Observer> {
    Box::new(Discreet { secrets: secrets.clone(), observer })
}

/// The wall clock.
pub(crate) fn wall() -> impl Clock + Clone + 'static {
    #[expect(clippy::disallowed_methods, reason = "the one wall clock of the command")]
    SystemTime::now
}
