//! One test of a report, and what went wrong in it.

use std::borrow::Cow;

use pipeline_process::cut;
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;

/// So much of a failure's text is looked at, in bytes.
const LONGEST: usize = 8 * 1024;

/// The attributes of an element. An entity that only the file itself declares is left as it is.
pub(super) struct Attributes<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Attributes<'a> {
    pub(super) fn read(element: &'a BytesStart<'_>) -> Self {
        let mut all = element.attributes();
        // Looking for duplicates takes quadratic time.
        all.with_checks(false);
        let all = all.filter_map(Result::ok).map(|it| {
            let value = it.normalized_value(XmlVersion::Implicit1_0);
            (it.key.local_name().into_inner(), value.unwrap_or(it.value))
        });
        Self(all.collect())
    }

    /// What it says; nothing where it says nothing but white space.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().find(|it| it.0 == name)?;
        Some(named.1.trim()).filter(|it| !it.is_empty())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(|it| cut(it, LONGEST).to_owned())
    }
}

/// A test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Case {
    name: Option<String>,
    class: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    pub(super) skipped: bool,
}

impl Case {
    /// The test, in a suite of this file.
    pub(super) fn read(element: &BytesStart<'_>, file: Option<&str>) -> Self {
        let said = Attributes::read(element);
        let own = said.get("file").or_else(|| said.get("filepath")).map(with_line);
        let (file, line) = own.map_or((file, None), |(file, line)| (Some(file), line));
        Self {
            name: said.owned("name"),
            class: said.owned("classname"),
            file: file.map(ToOwned::to_owned),
            line: said.get("line").and_then(number).or(line),
            skipped: false,
        }
    }
}

/// How it went wrong: the test said no, or it could not be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Failure,
    Error,
}

/// A failure or an error, of a test or of a whole suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    kind: Kind,
    case: Case,
    message: Option<String>,
    class: Option<String>,
    text: String,
}

impl Trouble {
    pub(super) fn read(element: &BytesStart<'_>, kind: Kind, case: Option<Case>) -> Self {
        let said = Attributes::read(element);
        let (message, class) = (said.owned("message"), said.owned("type"));
        Self { kind, case: case.unwrap_or_default(), message, class, text: String::new() }
    }

    /// More of its text.
    pub(super) fn add(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        self.text.push_str(cut(text, room));
    }

    pub(super) fn rule(&self) -> &'static str {
        match self.kind {
            Kind::Failure => "test/failure",
            Kind::Error => "test/error",
        }
    }

    /// The test's file, and its line as the report or the failure's text says it.
    pub(super) fn place(&self) -> Option<(String, Option<u32>)> {
        let file = self.case.file.clone()?;
        let line = self.case.line.or_else(|| line_in(&self.text, &file));
        Some((file, line))
    }

    /// The test and what it said; with its class, where nothing else tells which test it is.
    pub(super) fn message(&self, with_class: bool) -> String {
        let class = self.case.class.as_deref().filter(|_| with_class);
        let title: Vec<_> = class.into_iter().chain(self.case.name.as_deref()).collect();
        match title.join(" ") {
            title if title.is_empty() => self.said(),
            title => format!("{title}: {}", self.said()),
        }
    }

    fn said(&self) -> String {
        // Runners that have no message of their own say that it failed.
        let message = self.message.as_deref().filter(|it| !it.eq_ignore_ascii_case("failed"));
        let text = || {
            let frame =
                |line: &&str| !line.starts_with("=== ") && !line.trim_start().starts_with("--- ");
            let lines: Vec<_> = self.text.lines().filter(frame).collect();
            Some(lines.join(" ")).filter(|it| !it.trim().is_empty())
        };
        let said = message.map(ToOwned::to_owned).or_else(text).or_else(|| self.class.clone());
        said.unwrap_or_else(|| "it failed".into())
    }
}

/// `test/a_test.exs:12` as a file and its line.
fn with_line(said: &str) -> (&str, Option<u32>) {
    match said.rsplit_once(':').and_then(|(file, line)| Some((file, number(line)?))) {
        Some((file, line)) => (file, Some(line)),
        None => (said, None),
    }
}

/// Where the text names the file with a line.
fn line_in(text: &str, file: &str) -> Option<u32> {
    let mut after = text.match_indices(file).map(|(at, _)| &text[at + file.len()..]);
    after.find_map(|rest| {
        let rest = rest.strip_prefix(':')?;
        number(&rest[..rest.bytes().take_while(u8::is_ascii_digit).count()])
    })
}

fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|number| *number > 0)
}
