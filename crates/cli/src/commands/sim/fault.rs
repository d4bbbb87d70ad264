//! Faults as people write them: what is wrong is shown at its place, with what would be right.

use std::ops::Range;
use std::path::PathBuf;

use sim_flyio::{Fault, FaultEffect, FaultError, FaultPoint, FaultStatus};

use crate::error::{ConfigError, SourceFile, did_you_mean};

/// What a fault cannot be, and where in its text.
#[derive(Debug)]
pub(crate) struct Trouble {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

/// Reads a fault.
pub(crate) fn read(text: &str) -> Result<Fault, Trouble> {
    text.parse().map_err(|error| trouble(text, &error))
}

/// Reads the faults of `--fault`.
pub(crate) fn of_arguments(texts: &[String]) -> Result<Vec<Fault>, Box<ConfigError>> {
    let read = |text: &String| {
        read(text).map_err(|trouble| {
            let shown = SourceFile { path: PathBuf::from("--fault"), text: text.clone() };
            trouble.within(&shown, 0)
        })
    };
    texts.iter().map(read).collect()
}

impl Trouble {
    /// The error in the file whose text holds the fault from this byte on.
    pub(crate) fn within(self, file: &SourceFile, from: usize) -> Box<ConfigError> {
        let span = self.span.start + from..self.span.end + from;
        self.of(file, span)
    }

    /// The error at this place of a file.
    pub(crate) fn of(self, file: &SourceFile, span: Range<usize>) -> Box<ConfigError> {
        let error = ConfigError::at(file, Some(span), self.message);
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// What the library says, taken apart into what is wrong and what to write.
fn trouble(text: &str, error: &FaultError) -> Trouble {
    let told = error.to_string();
    let (message, remedy) = match told.split_once("; ") {
        Some((message, remedy)) => (message.to_owned(), Some(remedy.to_owned())),
        None => (told, None),
    };
    let near = |typed: &str| match error {
        FaultError::Point { .. } => {
            did_you_mean(typed, FaultPoint::actions().chain(["boot"]).collect::<Vec<_>>())
        }
        FaultError::Effect { .. } => did_you_mean(typed, FaultEffect::forms()),
        FaultError::Scope { .. } => {
            did_you_mean(typed.split('=').next()?, ["app", "machine", "region", "image", "group"])
        }
        _ => None,
    };
    let wrong = wrong(error);
    let meant = near(wrong).map(|near| format!("did you mean `{near}`?"));
    let hint = [meant, remedy].into_iter().flatten().collect::<Vec<_>>().join(" if not, ");
    let hint = Some(hint).filter(|it| !it.is_empty());
    Trouble { span: place(text, wrong), message, hint }
}

/// The part that is to blame.
fn wrong(error: &FaultError) -> &str {
    match error {
        FaultError::Point { point } => point,
        FaultError::Scope { scope } => scope,
        FaultError::Timing { timing } => timing,
        FaultError::Effect { effect } | FaultError::Misplaced { effect, .. } => effect,
        FaultError::Ambiguous => "408",
        _ => "",
    }
}

/// Where a part stands: effects are last, and so are timings but for them. All of it where that is not known.
fn place(text: &str, part: &str) -> Range<usize> {
    match text.rfind(part) {
        Some(start) if !part.is_empty() => start..start + part.len(),
        _ => 0..text.len(),
    }
}

/// How often faults struck, one line each; and whether one never did.
pub(crate) fn told(faults: &[FaultStatus]) -> Vec<(bool, String)> {
    let width = faults.iter().map(|it| it.fault.chars().count()).max().unwrap_or_default();
    let line = |it: &FaultStatus| {
        let struck = it.fired > 0;
        let what = match (it.fired, it.met) {
            (0, 0) => "never struck: nothing came to its point".to_owned(),
            (0, met) => format!("never struck: {met} came to its point, and it was none of them"),
            (fired, met) => format!("struck {fired} of {met}"),
        };
        (struck, format!("{:width$}  {what}", it.fault))
    };
    faults.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_shown_at_its_place_with_what_would_be_right() {
        let table = [
            (
                "create@2=408-aftr",
                "408-aftr",
                "did you mean `408-after`? if not, write for example",
            ),
            ("craete=503", "craete", "did you mean `create`? if not, write boot"),
            ("create@0=503", "@0", "write @2"),
            ("create[regoin=ams]=503", "regoin=ams", "did you mean `region`?"),
            ("create=408", "408", "write 408-before or 408-after"),
            ("list=crash", "crash", "put it"),
            ("nonsense", "nonsense", "write for example create@2=408-after"),
        ];
        for (text, part, hint) in table {
            let trouble = read(text).unwrap_err();
            assert_eq!(&text[trouble.span.clone()], part, "{text}");
            let said = trouble.hint.unwrap_or_default();
            assert!(said.contains(hint), "{text}: {said}");
        }
    }

    #[test]
    fn a_fault_that_never_struck_is_said_to_have_done_nothing() {
        let status = |fault: &str, met, fired| FaultStatus {
            id: sim_flyio::FaultId(1),
            fault: fault.into(),
            met,
            fired,
        };
        let lines = told(&[status("create@1=503", 4, 1), status("list@9=empty", 2, 0)]);
        assert_eq!(lines[0], (true, "create@1=503  struck 1 of 4".into()));
        assert!(!lines[1].0 && lines[1].1.contains("never struck: 2 came"));
    }
}
