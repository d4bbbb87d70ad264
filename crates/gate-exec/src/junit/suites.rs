//! Reads the elements one after the other; how large or deep the file is does not matter.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

use super::case::{Attributes, Case, Kind, Trouble};

/// Nobody nests suites deeper.
const DEEPEST: usize = 100;

/// What a report counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) tests: u64,
    pub(super) failures: u64,
    pub(super) errors: u64,
    pub(super) skipped: u64,
    /// The most failures and errors that any suite says it has.
    pub(super) claimed: u64,
}

impl Counts {
    pub(super) fn numbers(&self) -> [(&'static str, u64); 4] {
        let Self { tests, failures, errors, skipped, .. } = *self;
        [("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)]
    }
}

/// Gives each failure and error to `found`, and counts. `Err` says in which way it is no `JUnit` XML.
pub(super) fn read(text: &str, found: impl FnMut(&Trouble)) -> Result<Counts, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut suites = Suites { open: Vec::new(), counts: Counts::default(), any: false, found };
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) => suites.begin(&element)?,
            Event::End(_) => suites.end(),
            Event::Text(text) => suites.text(&text.xml10_content()),
            Event::CData(text) => suites.text(&text.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(char)) => suites.text(char.encode_utf8(&mut [0; 4])),
                // Entities that the file itself declares stay as they are: they are a way to fill our memory.
                _ => suites.text(resolve_xml_entity(&name).unwrap_or("?")),
            },
            Event::Eof => break,
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
    match (suites.any, suites.open.is_empty()) {
        (true, true) => Ok(suites.counts),
        (true, false) => Err("it ends in the middle".into()),
        (false, _) => Err("it has no element".into()),
    }
}

/// An element that is not closed yet.
enum Open {
    /// `testsuites` or `testsuite`, with its file.
    Suite(Option<String>),
    Case(Case),
    Trouble(Trouble),
    /// Anything else, with all that is in it.
    Other,
}

struct Suites<F> {
    open: Vec<Open>,
    counts: Counts,
    any: bool,
    found: F,
}

impl<F: FnMut(&Trouble)> Suites<F> {
    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        if self.open.len() == DEEPEST {
            return Err(format!("more than {DEEPEST} elements are open"));
        }
        let name = element.local_name();
        let open = match (self.open.last_mut(), name.as_ref()) {
            (None | Some(Open::Suite(_)), "testsuites" | "testsuite") => self.suite(element),
            (None, other) => return Err(format!("its root is `{other}`")),
            (Some(Open::Suite(file)), "testcase") => {
                Open::Case(Case::read(element, file.as_deref()))
            }
            (Some(Open::Suite(_)), "failure" | "error") => self.trouble(element, None),
            (Some(Open::Case(case)), "failure" | "error") => {
                let case = case.clone();
                self.trouble(element, Some(case))
            }
            (Some(Open::Case(case)), "skipped") => {
                case.skipped = true;
                Open::Other
            }
            _ => Open::Other,
        };
        self.any = true;
        self.open.push(open);
        Ok(())
    }

    fn suite(&mut self, element: &BytesStart<'_>) -> Open {
        let attributes = Attributes::read(element);
        let count =
            |name| attributes.get(name).and_then(|it| it.trim().parse().ok()).unwrap_or(0u64);
        let claimed = count("failures").saturating_add(count("errors"));
        self.counts.claimed = self.counts.claimed.max(claimed);
        Open::Suite(attributes.get("file").map(ToOwned::to_owned))
    }

    fn trouble(&mut self, element: &BytesStart<'_>, case: Option<Case>) -> Open {
        let (kind, count) = match element.local_name().as_ref() {
            "failure" => (Kind::Failure, &mut self.counts.failures),
            _ => (Kind::Error, &mut self.counts.errors),
        };
        *count += 1;
        Open::Trouble(Trouble::read(element, kind, case))
    }

    fn text(&mut self, text: &str) {
        if let Some(Open::Trouble(trouble)) = self.open.last_mut() {
            trouble.add(text);
        }
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::Trouble(trouble)) => (self.found)(&trouble),
            Some(Open::Case(case)) => {
                self.counts.tests += 1;
                self.counts.skipped += u64::from(case.skipped);
            }
            _ => {}
        }
    }
}
