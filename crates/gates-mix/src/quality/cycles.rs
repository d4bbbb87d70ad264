//! The gate `cycles`: do files depend on each other in a circle?

use async_trait::async_trait;
use pipeline_core::{Context, Finding, Gate, Inputs, Outcome, Report};
use pipeline_process::one_line;

use super::compile::sources;
use crate::diagnostics::{self, Spot, Weight};
use crate::error::{Error, Trouble};
use crate::layout::{Layout, Place};
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;
use crate::trouble;

/// Mix's own words for "none".
const NONE: &str = "No cycles found";
/// Before the number of files of each.
const ONE: &str = "Cycle of length ";
/// The longest message, in bytes.
const LONGEST: usize = 500;

/// `mix xref graph --format cycles`: refuses with one finding for each circle in which files depend on each other, when
/// there are more of them than are allowed.
///
/// All kinds of dependencies count, those at run time as well. Which circles Mix takes apart differs from version to
/// version, and so does their number.
#[derive(Clone, Debug)]
pub struct Cycles {
    project: MixProject,
    allowed: usize,
}

impl Cycles {
    /// The gate for this project; none is allowed.
    #[must_use]
    pub fn new(project: MixProject) -> Self {
        Self { project, allowed: 0 }
    }

    /// Allows so many, for a project that has some and wants no more.
    #[must_use]
    pub fn allow(mut self, cycles: usize) -> Self {
        self.allowed = cycles;
        self
    }
}

#[async_trait]
impl Gate for Cycles {
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        let mut inputs = sources(&self.project, &[]);
        inputs.settings.insert("allowed".into(), self.allowed.to_string());
        Some(inputs)
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let answer = self.project.run(&task(), cx).await?;
        let report = read(&answer, &self.project.layout(), self.allowed)?;
        Ok(self.project.with_log(report, cx))
    }
}

fn task() -> MixTask {
    MixTask::new(["xref", "graph", "--format", "cycles"]).env("MIX_ENV", "dev")
}

/// What the answer of `mix xref graph --format cycles` says.
fn read(answer: &Answer, layout: &Layout, allowed: usize) -> Result<Report, Error> {
    if answer.code != 0 {
        return Err(trouble(answer, layout));
    }
    let (findings, counted) = cycles(&answer.text, layout);
    let says_none = answer.text.lines().any(|line| line == NONE);
    if findings.len() != counted || (findings.is_empty() && !says_none) {
        return Err(answer.unreadable("it does not say which cycles there are"));
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 cycles")]
    let number = counted as f64;
    let report =
        if counted > allowed { Report::refused_if_any(findings) } else { Report::passed() };
    Ok(report.number("cycles", number))
}

/// The cycles of all applications, and how many Mix says there are.
fn cycles(text: &str, layout: &Layout) -> (Vec<Finding>, usize) {
    let (mut found, mut counted, mut app) = (Vec::new(), 0, None);
    let lines: Vec<_> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = line.strip_prefix("==> ") {
            app = Some(name.trim());
        } else if let Some((number, _)) = line.split_once(" cycles found. ") {
            counted += number.parse::<usize>().unwrap_or_default();
        } else if line.starts_with(ONE) {
            found.extend(finding(&files(&lines[at + 1..]), app, layout));
        }
    }
    (found, counted)
}

/// `    lib/a.ex (compile)` for each file of a cycle. Some versions name the first one again at the end.
fn files<'a>(below: &[&'a str]) -> Vec<&'a str> {
    let lines = below.iter().skip_while(|line| line.is_empty());
    let mut files: Vec<_> = lines.map_while(|line| line.strip_prefix("    ")).collect();
    if files.len() > 1 && files.first() == files.last() {
        files.pop();
    }
    files
}

fn finding(files: &[&str], app: Option<&str>, layout: &Layout) -> Option<Finding> {
    let first = files.first()?;
    let (path, _) = first.split_once(" (").unwrap_or((first, ""));
    let circle = [files, &[first]].concat().join(" → ");
    let message = format!("{} files depend on each other: {circle}", files.len());
    let (file, app) = match layout.place(path, app) {
        Place::Own { file, app } => (file, app),
        Place::Foreign => (path.to_owned(), None),
    };
    let finding = Finding::error(one_line(&message, LONGEST)).rule("cycles").in_file(file);
    Some(Finding { app, ..finding.remedy("move what both need into a third file") })
}

fn trouble(answer: &Answer, layout: &Layout) -> Error {
    let errors = diagnostics::read(&answer.text, layout);
    let first = errors.into_iter().find(|it| it.weight == Weight::Error);
    if let Some(first) = first {
        let place = first.spot.as_ref().map_or("a file".into(), Spot::text);
        return answer.trouble(Trouble::DoesNotCompile { place, message: first.message });
    }
    match trouble::read(&answer.text, layout) {
        Some(trouble) => answer.trouble(trouble),
        None => answer.unreadable("it does not say what is wrong"),
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::Verdict;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::read_all;

    fn answer(code: i32, text: &str) -> Answer {
        Answer { task: task().to_string(), code, text: text.into(), ..Answer::default() }
    }

    #[test]
    fn every_answer_of_a_real_mix_is_understood() {
        insta::assert_snapshot!(read_all("cycles", |it| read(&it.answer, &it.layout, 0)));
    }

    const TWO: &str = "==> alpha\n2 cycles found. Showing them in decreasing size:\n\nCycle of length 3:\n\n    \
        lib/b.ex (compile)\n    lib/c.ex\n    lib/a.ex\n\nCycle of length 2:\n\n    lib/d.ex\n    lib/e.ex\n    lib/d.ex\n\n\
        ==> beta\nNo cycles found\n";

    #[test]
    fn as_many_as_are_allowed_pass_and_are_counted() {
        let layout = Layout::default();
        let refused = read(&answer(0, TWO), &layout, 1).unwrap();
        let told: Vec<_> = refused.findings().iter().map(|it| it.message.as_str()).collect();
        assert_eq!(
            told,
            [
                "3 files depend on each other: lib/b.ex (compile) → lib/c.ex → lib/a.ex → lib/b.ex (compile)",
                "2 files depend on each other: lib/d.ex → lib/e.ex → lib/d.ex",
            ]
        );
        let allowed = read(&answer(0, TWO), &layout, 2).unwrap();
        assert_eq!(allowed.verdict(), Verdict::Passed);
        assert!((allowed.numbers()["cycles"] - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn silence_and_half_an_answer_are_no_pass() {
        let half = &TWO[..TWO.find("Cycle of length 2").unwrap()];
        for text in ["", "Compiling 2 files (.ex)\n", half] {
            read(&answer(0, text), &Layout::default(), 9).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_a_failure_never_passes(code in 1..256i32, text: String) {
            let answer = read(&answer(code, &text), &Layout::default(), 0);
            prop_assert!(!answer.is_ok_and(|it| it.verdict() == Verdict::Passed));
        }
    }
}
