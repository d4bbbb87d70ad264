//! A gate of one's own: no release without a line about it in the changelog.

#![expect(clippy::print_stdout, reason = "an example tells its story")]

use std::error::Error;
use std::fs;

use async_trait::async_trait;
use pipeline_core::{
    Context, Fault, Finding, Gate, Gates, Inputs, Outcome, Release, Report, Run, RunId, Step,
};

/// Wants `## v2` in the file before v2 is released.
struct Changelog {
    file: &'static str,
}

#[async_trait]
impl Gate for Changelog {
    /// Its answer depends on one file alone, so a cache may remember it.
    fn inputs(&self, _cx: &Context) -> Option<Inputs> {
        Some(Inputs { files: vec![self.file.into()], complete: true, ..Inputs::default() })
    }

    async fn check(&self, cx: &Context) -> Outcome {
        // A file that cannot be read is no "no": nobody has looked.
        let text = fs::read_to_string(cx.workdir().join(self.file))
            .map_err(|error| Fault::permanent(error).hint(format!("create {}", self.file)))?;
        let heading = format!("## {}", cx.release().version);
        if text.lines().any(|line| line.trim_end() == heading) {
            return Ok(Report::passed());
        }
        let finding = Finding::error(format!("there is no heading `{heading}`"))
            .at(self.file, 1)
            .remedy("say in a line what users will notice");
        Ok(Report::refused(finding))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let project = tempfile::tempdir()?;
    let run = Run::new(RunId::new("run-1"), Release::new("v2"), project.path());
    let gates =
        Gates::builder().gate(Step::gate("changelog", Changelog { file: "CHANGES.md" })).build()?;

    for text in [None, Some("# Changes\n\n## v1\n"), Some("# Changes\n\n## v2\n\n- faster\n")] {
        if let Some(text) = text {
            fs::write(project.path().join("CHANGES.md"), text)?;
        }
        for answer in gates.check(&run).await {
            println!("{}: {}", answer.name, in_words(&answer.outcome.expect("nobody stopped it")));
        }
    }
    Ok(())
}

fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Err(fault) => format!("could not tell: {fault}; {}", fault.next_step().unwrap_or_default()),
        Ok(report) if report.lets_pass() => "passed".into(),
        Ok(report) => {
            let finding = &report.findings()[0];
            let remedy = finding.remedy.as_deref().unwrap_or_default();
            format!("no, {}: {}; {remedy}", finding.place().unwrap_or_default(), finding.message)
        }
    }
}
