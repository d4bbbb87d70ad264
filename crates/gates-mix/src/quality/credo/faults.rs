//! Why Credo has no answer, or one that is not about all files.

use crate::diagnostics::Spot;
use crate::error::Trouble;
use crate::layout::{Layout, Place};
use crate::mix::Answer;
use crate::trouble::{self, Crash};
use pipeline_process::one_line;

/// From here on an exit code says that Credo could not run; those below stand for issues.
pub(super) const COULD_NOT_RUN: i32 = 128;
/// Its exit code for a configuration that cannot be loaded.
const BAD_CONFIG: i32 = 129;
/// Its words above the files that it leaves out.
const UNPARSED: &str = "info: Some source files could not be parsed correctly";
const TIMED_OUT: &str = "info: Some source files were not parsed in the time allotted";
/// How many files are named.
const MOST_NAMED: usize = 10;
/// The longest message, in bytes.
const LONGEST: usize = 300;

/// What Credo only mentions, beside an answer that is not about everything.
pub(super) fn left_out(answer: &Answer, layout: &Layout) -> Option<Trouble> {
    let both = format!("{}\n{}", answer.stderr, answer.text);
    if let Some(files) = listed(&both, UNPARSED, layout) {
        let message = match &files[1..] {
            [] => "Credo cannot parse it, and leaves it out".into(),
            more => format!("Credo cannot parse it, nor {}, and leaves them out", names(more)),
        };
        return Some(Trouble::DoesNotCompile { place: files[0].clone(), message });
    }
    if let Some(files) = listed(&both, TIMED_OUT, layout) {
        return Some(Trouble::Tool {
            message: format!("it had not the time to parse {}", names(&files)),
            hint: "raise `parse_timeout` in .credo.exs, in milliseconds".into(),
        });
    }
    crashed(&both, layout)
}

/// Why there is no answer at all.
pub(super) fn no_answer(answer: &Answer, layout: &Layout) -> Option<Trouble> {
    let unloadable = || unloadable(&answer.stderr, layout);
    if let Some(trouble) = (answer.code == BAD_CONFIG).then(unloadable).flatten() {
        return Some(trouble);
    }
    // Other complaints about the configuration did not keep it from its work.
    let said = [&answer.text, &answer.stderr].into_iter().flat_map(|text| text.lines());
    let said = said.filter(|it| answer.code == BAD_CONFIG || !it.starts_with("** (config) "));
    let said = said.collect::<Vec<_>>().join("\n");
    let trouble = trouble::read(&said, layout)?;
    match (&trouble, trouble::crash(&said, layout)) {
        // Of a file that .credo.exs requires.
        (Trouble::Other(_), Some(Crash { message, spot: Some(spot) })) => {
            Some(Trouble::Configuration { place: spot.text(), message })
        }
        _ => Some(trouble),
    }
}

/// The numbered files below a heading; `None` without the heading, and never empty.
fn listed(text: &str, heading: &str, layout: &Layout) -> Option<Vec<String>> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(heading));
    lines.next()?;
    let lines = lines.map(str::trim).skip_while(|line| line.is_empty());
    let files = lines.map_while(|line| {
        let (number, file) = line.split_once(") ")?;
        number.parse::<u32>().ok()?;
        Some(own(file.trim(), layout))
    });
    let files: Vec<_> = files.collect();
    Some(if files.is_empty() { vec!["a source file".into()] } else { files })
}

fn names(files: &[String]) -> String {
    let named = files[..files.len().min(MOST_NAMED)].join(", ");
    match files.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// `Error while running Elixir.CHECK on FILE`, and what was raised.
fn crashed(text: &str, layout: &Layout) -> Option<Trouble> {
    let what = text.lines().find_map(|line| line.strip_prefix("Error while running "))?;
    let what = what.strip_prefix("Elixir.").unwrap_or(what);
    let (check, file) = what.split_once(" on ").map_or((what, None), |(it, on)| (it, Some(on)));
    let file = file.map_or(String::new(), |file| format!(" on {}", own(file, layout)));
    let raised = trouble::read(text, layout).map(|it| format!(": {it}")).unwrap_or_default();
    Some(Trouble::Tool {
        message: one_line(&format!("its check {check} crashed{file}{raised}"), LONGEST),
        hint: format!("mend {check}, or disable it in .credo.exs"),
    })
}

/// A configuration that cannot be loaded, in the two forms in which Credo says so.
fn unloadable(text: &str, layout: &Layout) -> Option<Trouble> {
    let (file, line, column, message) = inspected(text).or_else(|| printed(text))?;
    let spot = Spot { file: own(file, layout), line, column };
    Some(Trouble::Configuration { place: spot.text(), message: one_line(&message, LONGEST) })
}

type Unloadable<'a> = (&'a str, Option<u32>, Option<u32>, String);

/// `{:badconfig, "FILE", %SomeError{line: 2, column: 1, description: "…"}}`.
fn inspected(text: &str) -> Option<Unloadable<'_>> {
    let line = text.lines().find_map(|line| line.split_once("{:badconfig, \""))?.1;
    let (file, error) = line.split_once("\", ")?;
    let number = |key| {
        let rest: &str = error.split_once(key)?.1;
        rest[..rest.find(|it: char| !it.is_ascii_digit())?].parse().ok()
    };
    let words = ["description: ", "message: "].iter().find_map(|key| quoted(error, key));
    let kind = error.split('{').next().unwrap_or_default().trim_start_matches('%');
    Some((file, number(" line: "), number(" column: "), words.unwrap_or(kind.to_owned())))
}

/// The text of `key "text"`, as Elixir writes it.
fn quoted(text: &str, key: &str) -> Option<String> {
    let mut chars = text.split_once(key)?.1.strip_prefix('"')?.chars();
    let mut quoted = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(quoted),
            '\\' => quoted.push(match chars.next()? {
                'n' | 't' | 'r' => ' ',
                escaped => escaped,
            }),
            char => quoted.push(char),
        }
    }
}

/// `  file: FILE`, `  line: 2` and the words below them.
fn printed(text: &str) -> Option<Unloadable<'_>> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("  file: "));
    let file = lines.next()?.strip_prefix("  file: ")?.trim();
    let line = lines.next()?.strip_prefix("  line: ")?.trim().parse().ok();
    let words = lines.find(|line| !line.trim().is_empty())?;
    Some((file, line, None, words.trim().to_owned()))
}

/// A path as it is in the project.
fn own(path: &str, layout: &Layout) -> String {
    match layout.place(path, None) {
        Place::Own { file, .. } => file,
        Place::Foreign => layout.relative(path).unwrap_or_else(|| path.to_owned()),
    }
}
