//! The one place that knows the world outside: arguments, environment, terminal, streams.

mod events;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use pipeline_core::{Clock, Observer};
use pipeline_formats::github::{Harmless, harmless};
use secrecy::SecretString;

use crate::args::{Colour, Format, Global};
use crate::config::{Config, Environment};
use crate::error::CliError;
use crate::exports::Groups;
use crate::redact::{Discreet, Secrets};
use crate::render::{self, Detail, Hushed, Live, Look, Plain, Tone, Waiting, paint, tame};
pub(crate) use events::EventStream;

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
    /// Is this a workflow of GitHub Actions?
    pub(crate) fn in_workflow(&self) -> bool {
        self.vars.get("GITHUB_ACTIONS").is_some_and(|it| it == "true")
    }

    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let vars: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let said = |name: &str| vars.get(name).is_some_and(|it| !it.is_empty());
        let terminal = std::io::stderr().is_terminal();
        let dumb = vars.get("TERM").is_some_and(|it| it == "dumb") || said("CI");
        let colour = wants_colour(&vars, terminal && !dumb);
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

/// Do the variables want colour, or, where they say nothing, does the terminal take it? `NO_COLOR` has the last word.
fn wants_colour(vars: &BTreeMap<String, String>, terminal: bool) -> bool {
    let said = |name: &str| vars.get(name).map(String::as_str).filter(|it| !it.is_empty());
    let forced =
        ["FORCE_COLOR", "CLICOLOR_FORCE"].iter().any(|it| said(it).is_some_and(|it| it != "0"));
    let refused = said("NO_COLOR").is_some();
    let quiet = said("CLICOLOR") == Some("0") || said("FORCE_COLOR") == Some("0");
    !refused && (forced || terminal && !quiet)
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
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) around: Surroundings,
}

impl App {
    /// A command with these arguments in these surroundings: what was typed counts for more than variables.
    pub(crate) fn new(mut global: Global, mut around: Surroundings) -> Self {
        global.stream = EventStream::of(&around.cwd);
        around.colour = match global.color {
            _ if global.no_color => false,
            Colour::Auto => around.colour,
            Colour::Always => true,
            Colour::Never => false,
        };
        Self { global, around }
    }

    /// The configuration for this command.
    pub(crate) fn config(&self) -> Result<Config, CliError> {
        let named = self.global.config.as_deref();
        Config::load(named, &self.around.cwd, &self.around.vars).map(|it| self.with_stores(it))
    }

    /// The configuration for a command that works without one as well.
    pub(crate) fn config_or_usual(&self) -> Result<Config, CliError> {
        let named = self.global.config.as_deref();
        let config = Config::load_or_usual(named, &self.around.cwd, &self.around.vars);
        config.map(|it| self.with_stores(it))
    }

    /// The configuration, which opens what is open already no second time.
    fn with_stores(&self, config: Config) -> Config {
        Config { stores: self.global.stores.clone(), ..config }
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
        Secrets::new(self.secret_values(config))
    }

    /// The same, for plug-ins that strike by themselves what their commands print.
    pub(crate) fn secret_values(&self, config: Option<&Config>) -> Vec<SecretString> {
        config.into_iter().flat_map(Config::secrets).chain(self.token()).collect()
    }

    /// The pictures that the arguments ask for.
    pub(crate) fn observers(&self, secrets: &Secrets) -> Result<Vec<Box<dyn Observer>>, CliError> {
        let (exports, stream) = (&self.global.exports, self.events()?);
        let mut observers = vec![discreet(secrets, exports.listen())];
        if exports.on_github() && !self.global.quiet {
            observers.push(Box::new(Groups::default()));
        }
        observers.push(self.picture(secrets));
        observers.extend(stream.map(|it| discreet(secrets, it)));
        Ok(observers)
    }

    /// Where `--events` go, if anywhere: opened the first time, and refused then if it cannot be written.
    pub(crate) fn events(&self) -> Result<Option<EventStream>, CliError> {
        self.global.events.as_deref().map(|it| self.global.stream.open(it)).transpose()
    }

    /// Why some events are not where `--events` wants them, unless that was said already.
    pub(crate) fn unwritten_events(&self) -> Option<String> {
        self.global.stream.trouble(self.global.events.as_deref()?)
    }

    /// Does standard output want one JSON object?
    pub(crate) fn json(&self) -> bool {
        self.global.format == Format::Json
    }

    /// How wide facts may be: as the terminal, or as `COLUMNS` says; without both, as they are.
    pub(crate) fn width(&self) -> usize {
        let said = self.var("COLUMNS").and_then(|it| it.parse().ok());
        let terminal = || console::Term::stdout().size_checked().map(|(_, columns)| columns.into());
        said.or_else(terminal).map_or(usize::MAX, |it: usize| it.max(20))
    }

    pub(crate) fn detail(&self) -> Detail {
        match (self.global.quiet, self.global.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }

    /// What a person sees of a run.
    fn picture(&self, secrets: &Secrets) -> Box<dyn Observer> {
        let (detail, colour) = (self.detail(), self.around.colour);
        if self.read_by_github() {
            let log = Harmless::new(std::io::stderr());
            return discreet(secrets, Plain::new(log, detail, colour));
        }
        match (self.around.live, detail) {
            (true, Detail::Quiet) => discreet(secrets, Hushed::new(self.look())),
            (true, _) => discreet(secrets, Live::new(self.look())),
            (false, detail) => discreet(secrets, Plain::new(std::io::stderr(), detail, colour)),
        }
    }

    fn look(&self) -> Look {
        // xterm says who it is; whoever only behaves like it does not.
        let reflows = self.var("XTERM_VERSION").is_none();
        Look { detail: self.detail(), colour: self.around.colour, reflows }
    }

    /// Says something to a person, on standard error.
    pub(crate) fn say(&self, tone: Tone, text: &str) {
        let text = self.harmless(text);
        let line = |it| paint(tone, &tame(it), self.around.colour);
        render::say(&text.split('\n').map(line).collect::<Vec<_>>().join("\n"));
    }

    /// The text, which gives no commands where GitHub reads it.
    pub(crate) fn harmless<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.read_by_github() { harmless(text).into() } else { text.into() }
    }

    /// Does GitHub read what is printed? There a line of others can be a command, whatever is wanted of GitHub.
    pub(crate) fn read_by_github(&self) -> bool {
        self.global.exports.on_github() || self.around.in_workflow()
    }

    /// Says what is waited for now: on a terminal for as long as the answer lives, else as a line.
    #[must_use = "what is waited for is shown for as long as this lives"]
    pub(crate) fn waiting(&self, what: &str) -> Option<Waiting> {
        if self.around.live && !self.global.quiet && !self.read_by_github() {
            return Some(Waiting::new(what, self.look()));
        }
        self.mention(Tone::Dim, &format!("… {what}"));
        None
    }

    /// Says something that nobody needs who only wants to know how it ended.
    pub(crate) fn mention(&self, tone: Tone, text: &str) {
        if !self.global.quiet {
            self.say(tone, text);
        }
    }

    /// Writes a fact to standard output; to standard error where the events have that for themselves.
    pub(crate) fn fact(&self, text: &str) -> Result<(), CliError> {
        let people = self.global.format == Format::Human;
        let text = if people { self.harmless(text) } else { text.into() };
        let written = match self.global.events.as_deref() {
            Some("-") => render::aside(|| writeln!(std::io::stderr(), "{text}")),
            _ => render::aside(|| writeln!(std::io::stdout(), "{text}")),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables, and whether there is colour without and with a terminal.
    type Wanted = (&'static [(&'static str, &'static str)], [bool; 2]);

    #[test]
    fn colour_is_what_people_asked_for() {
        let table: [Wanted; 8] = [
            (&[], [false, true]),
            (&[("NO_COLOR", "1")], [false, false]),
            (&[("NO_COLOR", "")], [false, true]),
            (&[("CLICOLOR_FORCE", "1")], [true, true]),
            (&[("FORCE_COLOR", "3")], [true, true]),
            (&[("FORCE_COLOR", "0")], [false, false]),
            (&[("CLICOLOR", "0")], [false, false]),
            (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], [false, false]),
        ];
        for (vars, wanted) in table {
            let map = vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            assert_eq!(
                [false, true].map(|terminal| wants_colour(&map, terminal)),
                wanted,
                "{vars:?}"
            );
        }
    }

    #[test]
    fn no_color_is_what_others_call_color_never() {
        use clap::Parser;

        let colour = |words: &[&str]| {
            let words = [&["pipeline"], words].concat();
            let global = crate::args::Arguments::try_parse_from(words).unwrap().global;
            let (vars, cwd) = (BTreeMap::new(), PathBuf::new());
            let around = Surroundings { vars, cwd, can_ask: false, live: false, colour: true };
            App::new(global, around).around.colour
        };
        assert!(colour(&["history"]));
        assert!(!colour(&["history", "--no-color"]));
        assert!(!colour(&["--no-color", "history"]));
        assert!(!colour(&["--color", "always", "history", "--no-color"]));
        assert!(colour(&["history", "--no-color", "--color", "always"]));
    }
}
