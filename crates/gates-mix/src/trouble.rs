//! What keeps Mix from its work, read from its own words.

use crate::diagnostics::{self, Spot, Weight};
use crate::error::Trouble;
use crate::layout::{Layout, Place};
use pipeline_process::one_line;

/// The longest message, in bytes.
const LONGEST: usize = 300;

/// An exception that nothing caught, with the place in the project's own files that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crash {
    pub(crate) message: String,
    pub(crate) spot: Option<Spot>,
}

/// The trouble that the text tells of; `None` when it tells of none.
pub(crate) fn read(text: &str, layout: &Layout) -> Option<Trouble> {
    let said = |part: &str| text.lines().find(|line| line.contains(part));
    if said("Could not find a Mix.Project").is_some() {
        return Some(Trouble::NotAProject);
    }
    if said("Unchecked dependencies for environment").is_some() {
        return Some(Trouble::Dependencies(unchecked(text)));
    }
    if let Some(line) = said("Could not find Hex").or_else(|| said("Could not find \"rebar")) {
        let name = if line.contains("Hex") { "Hex" } else { "rebar3" };
        return Some(Trouble::NoInstaller(name.into()));
    }
    if let Some(task) = said("** (Mix) The task \"").and_then(|line| line.split('"').nth(1)) {
        return Some(Trouble::NoTask(task.into()));
    }
    if let Some(line) = said("but it has declared in its mix.exs file it supports only") {
        return Some(Trouble::ElixirVersion(told(line)));
    }
    if let Some(app) = broken_dependency(text).filter(|app| layout.is_foreign(app)) {
        return Some(Trouble::DependencyBroken(app.into()));
    }
    if let Some(line) = said("** (Mix) Could not start application") {
        return Some(Trouble::DoesNotStart(told(line)));
    }
    configuration(text, layout).or_else(|| other(text))
}

/// The first exception that nothing caught, other than Mix's own words.
pub(crate) fn crash(text: &str, layout: &Layout) -> Option<Crash> {
    let lines: Vec<_> = text.lines().collect();
    let at = lines.iter().position(|it| it.starts_with("** (") && !it.starts_with("** (Mix)"))?;
    let message = lines[at].split_once(") ")?.1;
    let in_message = message.split_whitespace().find_map(|word| own(word, layout));
    let stack = lines[at + 1..].iter().take_while(|line| line.starts_with("    "));
    let spot = in_message.or_else(|| stack.clone().find_map(|line| own(line.trim(), layout)));
    // `file:1:2: message` needs its place no more.
    let message = Spot::read(message).map_or(message, |(_, rest)| rest);
    Some(Crash { message: one_line(message, LONGEST), spot })
}

/// Is this a file that Mix evaluates before it does anything?
pub(crate) fn is_configuration(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name == "mix.exs" || file.starts_with("config/") || file.contains("/config/")
}

fn configuration(text: &str, layout: &Layout) -> Option<Trouble> {
    if text.lines().any(|line| line.starts_with("== Compilation error")) {
        return None;
    }
    let crash = crash(text, layout)?;
    let file = crash.spot.clone().filter(|spot| is_configuration(&spot.file))?.file;
    let logged = diagnostics::read(text, layout);
    let logged = logged.into_iter().filter(|it| it.weight == Weight::Error);
    // The compiler's own error is nearer than the exception that sums it up.
    let mut nearer = logged.filter_map(|it| Some((it.spot?, it.message)));
    let nearer = nearer.find(|(spot, _)| spot.file == file && spot.line.is_some());
    let (spot, message) = nearer.or_else(|| Some((crash.spot?, crash.message)))?;
    Some(Trouble::Configuration { place: spot.text(), message })
}

fn other(text: &str) -> Option<Trouble> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("** ("));
    let line = lines.next()?;
    // `** (EXIT from …) an exception was raised:` stands above that exception.
    let raised = lines.next().filter(|_| line.starts_with("** (EXIT"));
    let line = raised.map(str::trim_start).filter(|it| it.starts_with("** (")).unwrap_or(line);
    Some(Trouble::Other(told(line)))
}

/// `plug: the dependency is not available, …` for each.
fn unchecked(text: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.contains("Unchecked dependencies"));
    let mut told = Vec::new();
    for line in lines.skip(1).take_while(|line| !line.starts_with("** (")) {
        if let Some(name) = line.strip_prefix("* ") {
            told.push(name.split_whitespace().next().unwrap_or(name).to_owned());
        }
    }
    one_line(&told.join(", "), LONGEST)
}

fn broken_dependency(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("could not compile dependency :")?;
    let end = rest.find(|it: char| !(it.is_alphanumeric() || it == '_')).unwrap_or(rest.len());
    Some(&rest[..end])
}

fn own(text: &str, layout: &Layout) -> Option<Spot> {
    let (spot, _) = Spot::read(text)?;
    match layout.place(&spot.file, None) {
        Place::Own { file, .. } => Some(Spot { file, ..spot }),
        Place::Foreign => None,
    }
}

/// The words after `** (Kind) `.
fn told(line: &str) -> String {
    let words = line.strip_prefix("** (").and_then(|it| it.split_once(") "));
    one_line(words.map_or(line, |(_, words)| words), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(text: &str) -> Option<String> {
        let layout = Layout { app: Some("shop".into()), ..Layout::default() };
        read(text, &layout).map(|it| it.to_string())
    }

    const TROUBLES: &[(&str, &str)] = &[
        ("** (Mix) Could not find a Mix.Project, please ensure", "there is no mix.exs"),
        (
            "Unchecked dependencies for environment dev:\n* plug (Hex package)\n  the dependency is \
                 not available, run \"mix deps.get\"\n* jason (Hex package)\n  lock mismatch\n** (Mix) Can't",
            "dependencies are missing or out of date: plug, jason",
        ),
        ("Could not find Hex, which is needed to build dependency :plug", "Hex is not installed"),
        (
            "** (Mix) The task \"credo\" could not be found",
            "Credo is not among the dependencies: the task credo does not exist here",
        ),
        ("** (Mix) The task \"nope\" could not be found", "the task nope does not exist here"),
        (
            "** (Mix) You're trying to run :shop on Elixir v1.14.0 but it has declared in its mix.exs \
                 file it supports only Elixir ~> 1.19",
            "You're trying to run :shop on Elixir v1.14.0 but it has declared in its mix.exs file it \
                 supports only Elixir ~> 1.19",
        ),
        (
            "== Compilation error in file lib/a.ex ==\n** (CompileError) lib/a.ex:1: no\ncould not \
                 compile dependency :jason, \"mix compile\" failed.",
            "the dependency jason does not compile",
        ),
        (
            "** (TokenMissingError) mix.exs:41:1: missing terminator: end\n    (mix 1.14.0) lib/mix/cli.ex:42: x",
            "mix.exs:41:1: missing terminator: end",
        ),
        (
            "** (TokenMissingError) token missing on mix.exs:41:1:\n    error: missing terminator: end\n    \
                 │\n 41 │ end\n    │\n    └─ mix.exs:41:1\n    (mix 1.18.4) lib/mix/cli.ex:42: x",
            "mix.exs:41:1: missing terminator: end",
        ),
        (
            "** (RuntimeError) DATABASE_URL is missing\n    config/runtime.exs:5: (file)",
            "config/runtime.exs:5: DATABASE_URL is missing",
        ),
        ("** (Mix) Something new", "Something new"),
        (
            "** (EXIT from #PID<0.96.0>) an exception was raised:\n    ** (File.Error) could not read it",
            "could not read it",
        ),
    ];

    #[test]
    fn trouble_is_told_by_the_words_of_mix() {
        for (text, told) in TROUBLES {
            assert_eq!(trouble(text).as_deref(), Some(*told), "{text}");
        }
        assert_eq!(trouble("Compiling 1 file (.ex)"), None);
    }
}
