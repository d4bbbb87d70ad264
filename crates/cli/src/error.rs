//! What went wrong, for people: what, where, and what to do next.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use pipeline_core::{Fault, FaultKind};
use regex::Regex;
use store_sql::StoreError;
use thiserror::Error;

use crate::exit::Exit;
use crate::render::{tame, tame_line};

/// An error that ends the command, with its exit code.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    /// The configuration, or a file it names, cannot be used.
    #[error(transparent)]
    Config(#[from] Box<ConfigError>),
    /// Something else a person can mend.
    #[error("{message}")]
    Plain {
        /// The exit code.
        exit: Exit,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl CliError {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Plain { exit, message: message.into(), hint: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    #[must_use]
    pub(crate) fn hint(self, text: impl Into<String>) -> Self {
        match self {
            Self::Plain { exit, message, .. } => {
                Self::Plain { exit, message, hint: Some(text.into()) }
            }
            other @ Self::Config(_) => other,
        }
    }

    /// The exit code.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Config(_) => Exit::Usage,
            Self::Plain { exit, .. } => *exit,
        }
    }

    /// The error as the JSON contract has it.
    pub(crate) fn object(&self) -> serde_json::Value {
        let hint = match self {
            Self::Config(error) => Some(error.hint.clone().unwrap_or_else(|| OTHERWISE.to_owned())),
            Self::Plain { hint, .. } => hint.clone(),
        };
        let error = serde_json::json!({ "message": self.to_string(), "hint": hint });
        serde_json::json!({ "schema": 1, "exit": self.exit() as u8, "error": error })
    }

    /// The text for a terminal of this width, with or without colour.
    #[must_use]
    pub(crate) fn render(&self, colour: bool) -> String {
        match self {
            Self::Config(error) => error.render(colour),
            Self::Plain { message, hint, .. } => {
                let mut text = format!("error: {}\n", tame(message));
                if let Some(hint) = hint {
                    let _ = writeln!(text, "  next: {}", tame(hint));
                }
                text
            }
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let exit = match &error {
            StoreError::Held { .. } => Exit::NotAllowed,
            StoreError::Newer { .. }
            | StoreError::Address(_)
            | StoreError::ServerAddress { .. }
            | StoreError::NotEmpty { .. }
            | StoreError::OutOfOrder { .. } => Exit::Usage,
            _ => Exit::Unreachable,
        };
        Self::new(exit, chain(&error))
    }
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> Self {
        let exit = match fault.kind() {
            FaultKind::Transient | FaultKind::TimedOut => Exit::Unreachable,
            FaultKind::Cancelled => Exit::Interrupted,
            FaultKind::Permanent => Exit::Usage,
        };
        let error = Self::new(exit, fault.to_string());
        match fault.next_step() {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// An error and what it came from, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What to do where nothing better is known.
const OTHERWISE: &str = "`pipeline config` prints every key with its meaning and how it is written";

/// A longer line is shown only around its place, in bytes.
const LONGEST_LINE: usize = 1000;

/// A place in a file that cannot be used as it is.
#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct ConfigError {
    message: String,
    hint: Option<String>,
    source_code: NamedSource<String>,
    place: Option<(usize, usize)>,
}

impl ConfigError {
    /// The bytes `span` of the file say something that cannot be used.
    pub(crate) fn at(
        file: &SourceFile,
        span: Option<Range<usize>>,
        message: impl Into<String>,
    ) -> Box<Self> {
        let (text, span) = match span {
            Some(span) => {
                let (text, span) = around(&file.text, span);
                (text, Some(span))
            }
            None => (Cow::Borrowed(&*file.text), None),
        };
        let (text, span) = tamed(&without_passwords(text.into_owned()), span);
        Box::new(Self {
            message: without_passwords(tame(&message.into()).into_owned()),
            hint: None,
            source_code: NamedSource::new(tame_line(&file.path.display().to_string()), text),
            place: span.map(|span| (span.start, span.len().max(1))),
        })
    }

    #[must_use]
    pub(crate) fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hint = Some(tame(&hint.into()).into_owned());
        self
    }

    fn render(&self, colour: bool) -> String {
        let theme = if colour {
            miette::GraphicalTheme::unicode()
        } else {
            miette::GraphicalTheme::unicode_nocolor()
        };
        let mut text = String::new();
        let handler = miette::GraphicalReportHandler::new_themed(theme).with_links(false);
        match handler.render_report(&mut text, self) {
            Ok(()) => text,
            Err(_) => format!("error: {self}\n"),
        }
    }
}

/// The text as a terminal may have it, and the place in that: what stands in a file of others is shown, not done. The
/// colours that are put around it later are ours.
fn tamed(text: &str, span: Option<Range<usize>>) -> (String, Option<Range<usize>>) {
    // As long as before, and no character of its own at the end of a line.
    let text = text.replace("\r\n", " \n");
    // How wide a tab is, is known where the text is drawn.
    let kept = |it: &str| it.split('\t').map(tame).collect::<Vec<_>>().join("\t");
    let Some(span) = span else { return (kept(&text), None) };
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(start);
    let [before, inside, after] = [&text[..start], &text[start..end], &text[end..]].map(kept);
    let place = before.len()..before.len() + inside.len();
    (format!("{before}{inside}{after}"), Some(place))
}

/// The text with stars in place of passwords in addresses, as long as before: whoever may see an error must not log in with it.
fn without_passwords(mut text: String) -> String {
    static PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
        let written = r#"://[^\s:/@"']*:([^\s"']+)@|[?&]password=([^\s&"']+)"#;
        Regex::new(written).expect("a good pattern")
    });
    let found: Vec<Range<usize>> = PASSWORD
        .captures_iter(&text)
        .filter_map(|it| it.get(1).or(it.get(2)).map(|it| it.range()))
        .collect();
    for range in found {
        let stars = "*".repeat(range.len());
        text.replace_range(range, &stars);
    }
    text
}

/// The text, with a line that is far too long cut to what is around the place; and the place in it.
fn around(text: &str, span: Range<usize>) -> (Cow<'_, str>, Range<usize>) {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(start);
    let first = text[..start].rfind('\n').map_or(0, |it| it + 1);
    let last = text[start..].find('\n').map_or(text.len(), |it| start + it);
    if last - first <= LONGEST_LINE {
        return (Cow::Borrowed(text), span);
    }
    let from = text.ceil_char_boundary(start.saturating_sub(40).max(first));
    let to = text.floor_char_boundary((start + 120).min(last)).max(from);
    let cut = format!("{}…{}…{}", &text[..first], &text[from..to], &text[last..]);
    let at = first + '…'.len_utf8() + (start - from);
    let length = end.min(to).saturating_sub(start);
    (Cow::Owned(cut), at..at + length)
}

impl Diagnostic for ConfigError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.hint.as_deref().unwrap_or(OTHERWISE)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.map(|_| &self.source_code as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (start, length) = self.place?;
        let label = LabeledSpan::new(Some("here".into()), start, length);
        Some(Box::new(std::iter::once(label)))
    }
}

/// A file as it was read, so that errors can point into it.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|error| {
            CliError::usage(format!("{name}: cannot be read: {error}"))
                .hint("is the name right, and may this user read it?")
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..good].split(|it| *it == b'\n').count();
            CliError::usage(format!("{name}:{line}: this is no UTF-8"))
                .hint("save the file as UTF-8, without a byte that belongs to another encoding")
        })?;
        Ok(Self { path: path.to_owned(), text })
    }
}

/// The known word nearest to a mistyped one, if any is near.
pub(crate) fn did_you_mean<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let near = known.into_iter().map(|word| (strsim::osa_distance(typed, word), word));
    near.filter(|(distance, word)| *distance <= word.len().max(3) / 3).min().map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let known = ["staging", "production", "local"];
        assert_eq!(did_you_mean("stagin", known), Some("staging"));
        assert_eq!(did_you_mean("prodcution", known), Some("production"));
        assert_eq!(did_you_mean("qa", known), None);
    }

    #[test]
    fn a_file_gives_the_terminal_no_orders_and_its_place_is_found_all_the_same() {
        let text = "# \u{9b}2J\u{202e}\n\x1b]0;x\x07 = \"\x1b[31m\" # é\n".to_owned();
        let start = text.find('"').unwrap();
        let file = SourceFile { path: PathBuf::from("\x1b[2Jp.toml"), text };
        let error = ConfigError::at(&file, Some(start..start + 7), "no \x1b[2J key");
        let error = error.hint("write \u{9b}2J no");
        insta::assert_snapshot!(error.render(false), @r#"
         × no �[2J key
          ╭─[�[2Jp.toml:2:14]
        1 │ # �2J�
        2 │ �]0;x� = "�[31m" # é
          ·          ───┬───
          ·             ╰── here
          ╰────
         help: write �2J no
        "#);
        let coloured = error.render(true);
        assert!(coloured.contains("\x1b[") && !coloured.contains("\x1b[2J"), "{coloured:?}");
        let foreign = ["\x1b]", "\x07", "\u{9b}", "\u{202e}", "\"\x1b[31m\""];
        assert!(!foreign.iter().any(|it| coloured.contains(it)), "{coloured:?}");
    }

    #[test]
    fn a_message_that_quotes_an_address_has_no_password() {
        let file = SourceFile { path: PathBuf::from("pipeline.toml"), text: String::new() };
        let error = ConfigError::at(&file, None, "`ftp://ada:hunter22@shop`: ftp is not http");
        assert_eq!(error.to_string(), "`ftp://ada:********@shop`: ftp is not http");
    }

    #[test]
    fn a_password_in_the_file_is_never_shown_and_nothing_moves() {
        for (text, shown) in [
            (
                "url = \"postgres://u:hün@ter2@h/db\" # x",
                "url = \"postgres://u:*********@h/db\" # x",
            ),
            (
                "'postgres://h/db?password=hunter2&sslmode=require'",
                "'postgres://h/db?password=*******&sslmode=require'",
            ),
            ("https://shop.example:8080/a", "https://shop.example:8080/a"),
        ] {
            let masked = without_passwords(text.to_owned());
            assert_eq!((masked.as_str(), masked.len()), (shown, text.len()));
        }
    }
}
