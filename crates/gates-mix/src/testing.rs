//! What the tests of this crate share: a context, and outputs of real tools.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use pipeline_core::{Cancel, Context, Fault, Finding, Level, Phase, Report};
use pipeline_testkit::a_run;

use crate::error::Error;
use crate::layout::Layout;
use crate::mix::Answer;
use pipeline_process::clean;

pub(crate) fn context() -> Context {
    context_until(Cancel::never())
}

pub(crate) fn context_until(cancel: Cancel) -> Context {
    a_run("v1").cancel(cancel).context(Phase::Validate, "step")
}

/// What a real tool answered, and how its project lay on disk.
pub(crate) struct Capture {
    pub(crate) name: String,
    pub(crate) answer: Answer,
    pub(crate) layout: Layout,
}

/// The line between the two streams of a capture that has both.
const STDERR: &str = "--- stderr\n";

/// All captures in `fixtures/<gate>`, by name.
pub(crate) fn captures(gate: &str) -> Vec<Capture> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(gate);
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut captures: Vec<_> = files.map(|path| capture(&path)).collect();
    captures.sort_by(|one, two| one.name.cmp(&two.name));
    assert!(!captures.is_empty());
    captures
}

pub(crate) fn capture(path: &Path) -> Capture {
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(path).unwrap();
    let parts: Vec<_> = text.splitn(4, '\n').collect();
    let [task, root, code, said] = parts[..] else { panic!("{name} has no header") };
    let [task, root, code] = [(task, "$ "), (root, "in "), (code, "exit ")]
        .map(|(line, key)| line.strip_prefix(key).unwrap());
    let (stdout, stderr) = said.split_once(STDERR).unwrap_or((said, ""));
    let cleaned = |text: &str| text.lines().map(|line| clean(line.as_bytes()) + "\n").collect();
    let (code, text, stderr) = (code.parse().unwrap(), cleaned(stdout), cleaned(stderr));
    let answer = Answer { task: task.into(), code, text, stderr };
    Capture { layout: layout(root, &name), name, answer }
}

fn layout(root: &str, name: &str) -> Layout {
    let roots = vec![root.into()];
    let mix_exs = name != "not_a_project";
    if !name.starts_with("umbrella-") {
        return Layout { roots, mix_exs, app: Some("shop".into()), ..Layout::default() };
    }
    let apps = ["alpha", "beta", "gamma"].map(|app| (app.into(), format!("apps/{app}")));
    Layout { roots, mix_exs, apps: apps.into(), ..Layout::default() }
}

/// What `read` makes of all captures of a gate, for a snapshot.
pub(crate) fn read_all(gate: &str, read: impl Fn(&Capture) -> Result<Report, Error>) -> String {
    let mut told = String::new();
    for capture in captures(gate) {
        let Answer { task, code, .. } = &capture.answer;
        let report = told_as_text(read(&capture));
        writeln!(told, "{}: {task} (exit {code})\n{report}", capture.name).unwrap();
    }
    told
}

pub(crate) fn told_as_text(answer: Result<Report, Error>) -> String {
    let report = match answer {
        Ok(report) => report,
        Err(error) => {
            let fault = Fault::from(error);
            let hint = fault.next_step().unwrap_or_default();
            return format!("  FAULT {}\n    hint: {hint}\n", fault.message());
        }
    };
    let numbers: Vec<_> =
        report.numbers().iter().map(|(name, it)| format!("{name}={it}")).collect();
    let mut told = format!("  {:?} {}\n", report.verdict(), numbers.join(" "));
    for finding in report.findings() {
        writeln!(told, "    {}", finding_as_text(finding)).unwrap();
    }
    told
}

pub(crate) fn finding_as_text(finding: &Finding) -> String {
    let place = finding.place().unwrap_or("-".into());
    let rule = finding.rule.as_deref().unwrap_or("-");
    let app = finding.app.as_ref().map_or(String::new(), |app| format!(" [{app}]"));
    let level = if finding.level == Level::Advisory { " (advisory)" } else { "" };
    let remedy = finding.remedy.as_ref().map_or(String::new(), |it| format!(" -> {it}"));
    format!("{place}{app} {rule}{level}: {}{remedy}", finding.message)
}
