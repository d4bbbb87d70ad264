//! The gate `unused`: does `mix.lock` lock what nobody depends on?

use async_trait::async_trait;
use pipeline_core::{Context, Finding, Gate, Inputs, Outcome, Report};

use crate::error::Error;
use crate::layout::Layout;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;
use crate::trouble;

/// Mix's own words for "no". Before 1.17 a list of atoms follows, since then a line for each.
const REFUSED: &str = "Unused dependencies in mix.lock file:";

/// `mix deps.unlock --check-unused`: refuses with one finding for each locked dependency that nothing needs.
#[derive(Clone, Debug)]
pub struct Unused {
    project: MixProject,
}

impl Unused {
    /// The gate for this project.
    #[must_use]
    pub fn new(project: MixProject) -> Self {
        Self { project }
    }
}

#[async_trait]
impl Gate for Unused {
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        let apps = self.project.layout().apps.into_values().map(|app| format!("{app}/mix.exs"));
        let files = ["mix.exs", "mix.lock"].map(ToOwned::to_owned).into_iter().chain(apps);
        Some(self.project.inputs(files.collect()))
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let answer = self.project.run(&task(), cx).await?;
        let report = read(&answer, &self.project.layout())?;
        Ok(self.project.with_log(report, cx))
    }
}

fn task() -> MixTask {
    MixTask::new(["deps.unlock", "--check-unused"]).env("MIX_ENV", "dev").builds_nothing()
}

/// What the answer of `mix deps.unlock --check-unused` says.
fn read(answer: &Answer, layout: &Layout) -> Result<Report, Error> {
    if let Some((_, said)) = answer.text.split_once(REFUSED) {
        let mut names: Vec<_> = atoms(said).collect();
        names.dedup();
        if names.is_empty() {
            return Err(answer.unreadable("it does not name what is unused"));
        }
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 dependencies")]
        let number = names.len() as f64;
        let findings = names.into_iter().map(finding).collect();
        return Ok(Report::refused_if_any(findings).number("unused", number));
    }
    if answer.code == 0 {
        return Ok(Report::passed().number("unused", 0.0));
    }
    Err(match trouble::read(&answer.text, layout) {
        Some(trouble) => answer.trouble(trouble),
        None => answer.unreadable("it does not say what is wrong"),
    })
}

fn finding(name: &str) -> Finding {
    Finding::error(format!("{name} is locked, and nothing depends on it"))
        .rule("unused")
        .remedy("run `mix deps.unlock --unused`")
        .in_file("mix.lock")
}

/// The names in `[:jason, :plug]` or in lines of `  * :jason`.
fn atoms(said: &str) -> impl Iterator<Item = &str> {
    let lines = said.lines().take_while(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with("* :") || line.starts_with('[')
    });
    let words = lines.flat_map(|line| line.split([' ', ',', '[', ']']));
    words.filter_map(|word| word.strip_prefix(':')).map(|name| name.trim_matches('"'))
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
        insta::assert_snapshot!(read_all("unused", |it| read(&it.answer, &it.layout)));
    }

    #[test]
    fn both_forms_are_read() {
        for text in [
            "** (Mix) Unused dependencies in mix.lock file: [:jason, :plug]\n",
            "** (Mix) Unused dependencies in mix.lock file:\n\n  * :jason\n  * :plug\n\nmore :words\n",
        ] {
            let report = read(&answer(1, text), &Layout::default()).unwrap();
            let named = report.findings().iter().map(|it| it.message.split(' ').next().unwrap());
            assert_eq!(named.collect::<Vec<_>>(), ["jason", "plug"], "{text}");
            assert_eq!(report.verdict(), Verdict::Refused);
        }
        read(&answer(1, REFUSED), &Layout::default()).unwrap_err();
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_a_failure_never_passes(code in 1..256i32, text: String) {
            let answer = read(&answer(code, &text), &Layout::default());
            prop_assert!(!answer.is_ok_and(|it| it.verdict() == Verdict::Passed));
        }
    }
}
