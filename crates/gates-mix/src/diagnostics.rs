//! What the compilers of Elixir and Erlang say, in the forms of all versions since 1.14.

use crate::layout::{Layout, Place, SOURCES};
use pipeline_process::one_line;

/// The longest message, in bytes.
const LONGEST: usize = 500;
/// The longest diagnostic, in lines: what goes on beyond is none.
const MOST_LINES: usize = 120;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    Warning,
    Error,
}

/// One thing that a compiler says about the project's own sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    pub(crate) weight: Weight,
    pub(crate) message: String,
    /// Absent when the compiler names no place.
    pub(crate) spot: Option<Spot>,
    /// The application of an umbrella it belongs to.
    pub(crate) app: Option<String>,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl Spot {
    /// `file:line:column`, as far as known.
    pub(crate) fn text(&self) -> String {
        let part = |it: Option<u32>| it.map_or(String::new(), |it| format!(":{it}"));
        format!("{}{}{}", self.file, part(self.line), part(self.column))
    }

    /// Reads `path:line:column: …` as far as it goes; `None` when it does not begin with a source.
    pub(crate) fn read(text: &str) -> Option<(Self, &str)> {
        let (file, mut rest) = source(text)?;
        let (mut line, mut column) = (None, None);
        for part in [&mut line, &mut column] {
            let Some(after) = rest.strip_prefix(':') else { break };
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let Ok(number) = after[..digits].parse() else { break };
            *part = Some(number).filter(|number| *number > 0);
            rest = &after[digits..];
        }
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        Some((Self { file: file.to_owned(), line, column }, rest.trim_start()))
    }
}

/// Splits off a path of a source: up to the first `.ex:` or the like, or all of it.
fn source(text: &str) -> Option<(&str, &str)> {
    let end = |ext: &&str| {
        let ends = text.match_indices(*ext).map(|(at, it)| at + it.len());
        ends.filter(|at| matches!(text.as_bytes().get(*at), None | Some(b':'))).min()
    };
    let end = SOURCES.iter().filter_map(end).min()?;
    let (file, rest) = text.split_at(end);
    // Words before a path are no part of it; a path with spaces is not recognised.
    (!file.contains(char::is_whitespace)).then_some((file, rest))
}

/// All diagnostics about the project's own sources, in the order they were said.
pub(crate) fn read(text: &str, layout: &Layout) -> Vec<Diagnostic> {
    let lines: Vec<_> = text.lines().collect();
    let mut reader = Reader { layout, app: None, found: Vec::new() };
    let mut at = 0;
    while at < lines.len() {
        at += reader.take(&lines[at..]).max(1);
    }
    reader.found
}

struct Reader<'a> {
    layout: &'a Layout,
    /// The application whose block it is in.
    app: Option<&'a str>,
    found: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    /// Takes what begins with the first line, and says how many lines that were.
    fn take(&mut self, lines: &[&'a str]) -> usize {
        let line = lines[0];
        if let Some(app) = line.strip_prefix("==> ") {
            self.app = Some(app.trim());
            return 1;
        }
        if let Some((weight, message)) = heading(line) {
            return self.take_elixir(weight, message, lines);
        }
        if let Some(file) = line.strip_prefix("== Compilation error in file ") {
            return self.take_crash(file.trim_end_matches(['=', ' ']), lines);
        }
        self.take_erlang(line);
        1
    }

    /// `warning: …` with its places below it: two spaces and a path, or the box of newer versions.
    fn take_elixir(&mut self, weight: Weight, message: &str, lines: &[&str]) -> usize {
        let mut message = message.to_owned();
        let mut spots = Vec::new();
        let mut taken = 1;
        for line in lines.iter().skip(1).take(MOST_LINES) {
            if heading(line).is_some() || ends_all(line) {
                break;
            }
            if let Some(spot) = spot_below(line) {
                spots.push(spot);
            } else if !spots.is_empty() {
                break;
            } else if message.ends_with(':') && !line.trim_start().starts_with('#') {
                message = one_line(&format!("{message} {line}"), LONGEST);
            }
            taken += 1;
        }
        if spots.is_empty() {
            // Nobody knows how long it is: go on with the next line.
            self.add(weight, &message, None);
            return 1;
        }
        for spot in spots {
            self.add(weight, &message, Some(spot));
        }
        taken
    }

    /// `== Compilation error in file F ==` with `** (Kind) F:LINE: …` below it.
    fn take_crash(&mut self, file: &str, lines: &[&str]) -> usize {
        let Some(banner) = lines.get(1).filter(|line| line.starts_with("** (")) else { return 1 };
        let message = banner.split_once(") ").map_or(*banner, |(_, message)| message);
        if message.ends_with("(errors have been logged)") && self.knows_errors_in(file) {
            return 2;
        }
        if let Some((spot, message)) = Spot::read(message) {
            self.add(Weight::Error, message, Some(spot));
            return 2;
        }
        let boxed = lines.iter().skip(2).take(MOST_LINES).take_while(|line| !ends_all(line));
        if message.ends_with(':') && boxed.clone().any(|line| heading(line).is_some()) {
            // The lines below say the same again, with a place.
            return 2;
        }
        let here = |line: &&&str| line.trim_start().starts_with(&format!("{file}:"));
        let spot = boxed.clone().find(here).and_then(|line| Spot::read(line.trim_start()));
        let spot = spot.map_or(Spot { file: file.into(), line: None, column: None }, |it| it.0);
        self.add(Weight::Error, message, Some(spot));
        2
    }

    /// `src/a.erl:3:8: Warning: …`; without that word, an error.
    fn take_erlang(&mut self, line: &str) {
        let Some((spot, message)) = Spot::read(line) else { return };
        if !spot.file.ends_with("rl") || spot.line.is_none() || message.is_empty() {
            return;
        }
        let warning = ["Warning: ", "warning: "].iter().find_map(|it| message.strip_prefix(*it));
        let weight = if warning.is_some() { Weight::Warning } else { Weight::Error };
        self.add(weight, warning.unwrap_or(message), Some(spot));
    }

    fn add(&mut self, weight: Weight, message: &str, spot: Option<Spot>) {
        let foreign = self.app.is_some_and(|app| self.layout.is_foreign(app));
        if spot.is_none() && foreign {
            return;
        }
        let message = one_line(message, LONGEST);
        let path = spot.as_ref().map_or("mix.exs", |spot| &spot.file);
        let Place::Own { file, app } = self.layout.place(path, self.app) else { return };
        let spot = spot.map(|spot| Spot { file, ..spot });
        let found = Diagnostic { weight, message, spot, app };
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }

    fn knows_errors_in(&self, file: &str) -> bool {
        let Place::Own { file, .. } = self.layout.place(file, self.app) else { return true };
        let in_file = |spot: &Spot| spot.file == file;
        let mut errors = self.found.iter().filter(|it| it.weight == Weight::Error);
        errors.any(|it| it.spot.as_ref().is_some_and(in_file))
    }
}

/// `warning: …` or `error: …`, indented where it has a box.
fn heading(line: &str) -> Option<(Weight, &str)> {
    let text = line.trim_start();
    let message = |word| text.strip_prefix(word).map(str::trim);
    // A box is indented by the width of its line numbers and a little, code in a message by more.
    if line.len() - text.len() > 8 {
        return None;
    }
    let found = message("warning: ").map(|it| (Weight::Warning, it));
    found.or_else(|| message("error: ").map(|it| (Weight::Error, it)))
}

/// A place below a heading: `  lib/a.ex:3: A.b/1` or `    └─ lib/a.ex:3:8: A.b/1`.
fn spot_below(line: &str) -> Option<Spot> {
    let text = line.trim_start();
    if let Some(spot) = text.strip_prefix("└─ ") {
        return Spot::read(spot).map(|it| it.0);
    }
    let indent = line.len() - text.len();
    (indent == 2).then(|| Spot::read(text))?.map(|it| it.0)
}

/// Lines that no diagnostic goes beyond.
fn ends_all(line: &str) -> bool {
    ["==> ", "== Compilation", "** (", "Compilation failed", "Compiling ", "Generated "]
        .iter()
        .any(|it| line.starts_with(it))
}
