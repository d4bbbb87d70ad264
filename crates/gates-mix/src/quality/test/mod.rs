//! The gate `test`: do all tests pass, and do they cover enough?

mod coverage;
mod events;
mod formatter;
mod suite;
mod text;
mod verdict;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::{Either, select};
use pipeline_core::{Context, Gate, Inputs, Outcome};
use tokio::sync::OnceCell;

use self::events::Progress;
use self::formatter::Formatter;
use self::verdict::Rules;
use super::compile::sources;
use crate::error::Error;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;

/// `mix test --cover`: refuses with one finding for each test that failed, and for coverage below the limit.
///
/// It runs in the environment `test`, so that it can run beside the compiler. A formatter of ours is added
/// beside `ExUnit`'s, without touching the project, and tells what happened as data; where it could not,
/// `ExUnit`'s text is read. The formatters that `test_helper.exs` may choose are not used in this run.
#[derive(Clone, Debug)]
pub struct Test {
    project: MixProject,
    min_coverage: Option<f64>,
    formatter: Arc<OnceCell<Option<Formatter>>>,
}

impl Test {
    /// The gate for this project; what Mix itself holds to be too little coverage is refused.
    #[must_use]
    pub fn new(project: MixProject) -> Self {
        Self { project, min_coverage: None, formatter: Arc::default() }
    }

    /// Refuses a total coverage below so many per cent. This limit takes the place of the one that Mix has:
    /// 90 %, or `test_coverage: [summary: [threshold: …]]` in `mix.exs`.
    #[must_use]
    pub fn min_coverage(mut self, percent: Option<f64>) -> Self {
        self.min_coverage = percent;
        self
    }

    /// Runs the tests, and tells how many are done while they run.
    async fn run(&self, cx: &Context) -> Result<(Answer, String), Error> {
        let formatter = self.formatter.get_or_try_init(|| Formatter::make(&self.project, cx));
        let Some(formatter) = formatter.await? else {
            return Ok((self.project.run(&task(), cx).await?, String::new()));
        };
        let events = tempfile::NamedTempFile::new()?;
        let reported = with_formatter(formatter, events.path());
        let run = self.project.run(&reported, cx);
        let mut progress = Progress::of(events.path(), cx);
        let answer = match select(Box::pin(run), Box::pin(progress.follow())).await {
            Either::Left((answer, _)) => answer?,
            Either::Right((never, _)) => match never {},
        };
        progress.look();
        let events = events::load(events.path())?;
        if answer.code != 0 && events.is_empty() && answer.text.contains(Formatter::MODULE) {
            formatter.forget();
            cx.note("the tests run again, without the gate's own formatter: it could not be used");
            return Ok((self.project.run(&task(), cx).await?, String::new()));
        }
        Ok((answer, events))
    }
}

#[async_trait]
impl Gate for Test {
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        let limit = self.min_coverage.map(|it| ("min_coverage".to_owned(), it.to_string()));
        let sources = sources(&self.project, &["test"]);
        // ExCoveralls has its limit and the files it leaves out in there.
        let files = sources.files.into_iter().chain(["**/coveralls.json".to_owned()]);
        let settings = sources.settings.into_iter().chain(limit).collect();
        Some(Inputs { files: files.collect(), settings, ..sources })
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let (answer, events) = self.run(cx).await?;
        let layout = self.project.layout();
        let rules = Rules { layout: &layout, min_coverage: self.min_coverage };
        let redactor = self.project.redactor();
        let report = verdict::read(&answer, &events::read(&events, redactor), &rules)?;
        Ok(self.project.with_log(report, cx))
    }
}

fn task() -> MixTask {
    MixTask::new(["test", "--cover"]).env("MIX_ENV", "test")
}

/// The same with both formatters: ours for this gate, `ExUnit`'s for people.
fn with_formatter(formatter: &Formatter, events: &Path) -> MixTask {
    let both = ["ExUnit.CLIFormatter", Formatter::MODULE];
    let task = both.iter().fold(task(), |task, it| task.arg("--formatter").arg(*it));
    let task = task.env(Formatter::EVENTS, events).env("ERL_AFLAGS", formatter.flags());
    // Where the VM cannot load it, that is told by its words; a file in the project's folder would stay.
    task.env("ERL_CRASH_DUMP_SECONDS", "0")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
