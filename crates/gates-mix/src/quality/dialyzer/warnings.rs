//! The warnings in Dialyzer's own words, `lib/a.ex:3:8: Function a/0 has no local return`, and findings out of them.

use pipeline_core::Finding;

use super::{rules, spelling};
use crate::diagnostics::Spot;
use crate::layout::{Layout, Place};
use pipeline_process::one_line;

/// The longest message, in bytes: types can be endless.
const LONGEST: usize = 600;

/// One warning, as the tool places it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Warned {
    pub(super) spot: Spot,
    pub(super) rule: String,
    pub(super) message: String,
}

/// Reads warnings of one line each, and before OTP 26 the lists of unknown functions and types below them.
pub(super) fn read(text: &str) -> Vec<Warned> {
    let mut found = Vec::new();
    let mut unknown = None;
    for line in text.lines() {
        unknown = match line {
            "Unknown functions:" => Some("Unknown function"),
            "Unknown types:" => Some("Unknown type"),
            _ if line.starts_with("  ") => unknown,
            _ => None,
        };
        match unknown {
            Some(what) => found.extend(listed(line, what)),
            None => found.extend(placed(line)),
        }
    }
    found
}

/// `lib/a.ex:3:8: message`.
fn placed(line: &str) -> Option<Warned> {
    let (place, message) = line.split_once(": ")?;
    let spot = spot(place);
    // Generated code may have the line 0, which is a number and no place.
    let numbered = spot.file.len() < place.len();
    (numbered && !message.is_empty()).then(|| warned(spot, message))
}

/// `  'Elixir.Nope':call/1 (lib/a.ex:3:8)` below a heading.
fn listed(line: &str, what: &str) -> Option<Warned> {
    let (name, place) = line.strip_prefix("  ")?.rsplit_once(" (")?;
    Some(warned(spot(place.strip_suffix(')')?), &format!("{what} {name}")))
}

/// `file`, `file:line` or `file:line:column`, whatever the file is called.
fn spot(place: &str) -> Spot {
    let number = |text: &str| -> Option<(usize, u32)> {
        let (before, digits) = text.rsplit_once(':')?;
        Some((before.len(), digits.parse().ok()?)).filter(|_| !before.is_empty())
    };
    let real = |it: u32| Some(it).filter(|it| *it > 0);
    let Some((end, last)) = number(place) else {
        return Spot { file: place.to_owned(), line: None, column: None };
    };
    let (end, line, column) = match number(&place[..end]) {
        Some((end, line)) => (end, real(line), real(last)),
        None => (end, real(last), None),
    };
    Spot { file: place[..end].to_owned(), line, column }
}

fn warned(spot: Spot, message: &str) -> Warned {
    let rule = rules::rule(message).to_owned();
    Warned { spot, rule, message: spelling::in_elixir(message) }
}

/// The finding that a warning stands for.
///
/// The compiler writes an umbrella's files relative to their application. Where several have such a file, no
/// guess is made: the message names them.
pub(super) fn finding(warned: &Warned, layout: &Layout) -> Finding {
    let Spot { file, line, column } = warned.spot.clone();
    let message = one_line(&warned.message, LONGEST);
    let finding =
        |message: String| Finding::warning(message).rule(format!("dialyzer/{}", warned.rule));
    let owners = owners(&file, layout);
    if owners.len() > 1 {
        return finding(format!("{message} ({} of {})", warned.spot.text(), owners.join(" or ")));
    }
    let (file, app) = match layout.place(&file, None) {
        Place::Own { file, app } => (file, app),
        // Code that a dependency's macro wrote; only the dependency's file is known.
        Place::Foreign => (file, None),
    };
    Finding { file: Some(file), line, column, app, ..finding(message) }
}

/// The applications of an umbrella that have this file.
fn owners<'a>(file: &str, layout: &'a Layout) -> Vec<&'a str> {
    let has = |folder: &str| layout.files.contains(&format!("{folder}/{file}"));
    layout.apps.iter().filter(|(_, folder)| has(folder)).map(|(app, _)| app.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_whatever_the_file_is_called() {
        for (line, file, at) in [
            ("lib/a.ex:3:8: Function a/0 has no local return", "lib/a.ex", (Some(3), Some(8))),
            ("lib/a b.ex:3: Function a/0 has no local return", "lib/a b.ex", (Some(3), None)),
            ("nofile:0: Function a/0 has no local return", "nofile", (None, None)),
        ] {
            let found = read(line);
            assert_eq!(
                (found[0].spot.file.as_str(), (found[0].spot.line, found[0].spot.column)),
                (file, at)
            );
        }
        assert_eq!(read(" done in 0m0.34s\ndialyzer: Analysis failed with error:\n"), []);
    }

    #[test]
    fn a_file_that_two_applications_have_is_not_guessed() {
        let apps = ["alpha", "beta"].map(|app| (app.to_owned(), format!("apps/{app}")));
        let files = ["apps/alpha/lib/a.ex", "apps/beta/lib/a.ex", "apps/beta/lib/b.ex"];
        let files = files.map(ToOwned::to_owned).into();
        let layout = Layout { apps: apps.into(), files, ..Layout::default() };
        let text = "lib/a.ex:3: Function a/0 has no local return\nlib/b.ex:4:2: Function b/0 has no local return\n";
        let found: Vec<_> = read(text).iter().map(|it| finding(it, &layout)).collect();
        assert_eq!(
            found[0].message,
            "Function a/0 has no local return (lib/a.ex:3 of alpha or beta)"
        );
        assert_eq!((found[0].place(), &found[0].app), (None, &None));
        assert_eq!(found[1].place().as_deref(), Some("apps/beta/lib/b.ex:4:2"));
        assert_eq!(found[1].app.as_deref(), Some("beta"));
    }
}
