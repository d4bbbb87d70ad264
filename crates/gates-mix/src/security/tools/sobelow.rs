//! `mix sobelow`: insecure code in Phoenix applications.

use pipeline_core::{Context, Finding};
use pipeline_process::{clean, one_line};
use serde::Deserialize;
use serde_json::Value;

use super::where_there;
use crate::error::{Error, Trouble};
use crate::layout::{Layout, Place};
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;
use crate::security::advisories::{Policy, Rating};
use crate::trouble;

/// Its words where it looks for what a router tells, and there is none.
const NO_ROUTER: &str = "Sobelow cannot find the router";
/// The longest message, in bytes.
const LONGEST: usize = 300;

/// What Sobelow says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sobelow {
    /// It has looked, and found this.
    Looked(Vec<Insecure>),
    /// It found no router: this is no Phoenix application.
    NotPhoenix,
}

/// A place that is insecure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Insecure {
    /// Such as `SQL.Query`.
    pub(crate) kind: String,
    pub(crate) message: String,
    /// How sure Sobelow is.
    pub(crate) confidence: Rating,
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
    pub(crate) app: Option<String>,
}

/// Runs it; `None` where the project has no such task.
///
/// `--skip` honours what the sources skip. `--config` is not given: its file may name another format, and leave out
/// whatever it likes. Files that cannot be parsed Sobelow leaves out without a word; that they compile is for the gate
/// `compile` to say.
pub(crate) async fn run(project: &MixProject, cx: &Context) -> Result<Option<Sobelow>, Error> {
    let answer = project.run(&task(), cx).await?;
    where_there(read(&answer, &project.layout()))
}

fn task() -> MixTask {
    MixTask::new(["sobelow", "--private", "--skip", "--format", "json"])
        .env("MIX_ENV", "dev")
        .apart()
}

impl Insecure {
    /// As bad as the policy makes its confidence.
    pub(crate) fn finding(&self, policy: &Policy) -> Finding {
        let finding = policy.finding(self.confidence, &self.message);
        let finding = finding.rule(format!("sobelow/{}", self.kind)).in_file(&self.file);
        let remedy = format!("run `mix sobelow -d {}` for what to do", self.kind);
        Finding { line: self.line, app: self.app.clone(), ..finding.remedy(remedy) }
    }
}

#[derive(Deserialize)]
struct Answered {
    findings: ByConfidence,
    total_findings: usize,
}

#[derive(Deserialize)]
struct ByConfidence {
    #[serde(rename = "high_confidence")]
    high: Vec<Value>,
    #[serde(rename = "medium_confidence")]
    medium: Vec<Value>,
    #[serde(rename = "low_confidence")]
    low: Vec<Value>,
}

/// What its answer says. Its exit code says nothing: it is 0 with findings, and with code that does not compile.
fn read(answer: &Answer, layout: &Layout) -> Result<Sobelow, Error> {
    let said = format!("{}\n{}", answer.stderr, answer.text);
    let documents = documents(&answer.text);
    if documents.is_empty() {
        return Err(match trouble::read(&said, layout) {
            Some(trouble) => answer.trouble(trouble),
            None => answer.unreadable("its answer is no JSON"),
        });
    }
    let mut found = Vec::new();
    for (app, json) in documents {
        let answered: Answered = serde_json::from_str(&json)
            .map_err(|error| answer.unreadable(format!("its JSON is of another form: {error}")))?;
        let before = found.len();
        found.extend(answered.findings.each(app, layout));
        if found.len() - before != answered.total_findings {
            return Err(answer.unreadable("it does not tell all that it counts"));
        }
    }
    if found.is_empty() && said.contains(NO_ROUTER) {
        return without_router(answer, layout);
    }
    Ok(Sobelow::Looked(found))
}

/// Is there none, or did it not find it?
fn without_router(answer: &Answer, layout: &Layout) -> Result<Sobelow, Error> {
    let is_router = |file: &&String| file.ends_with("/router.ex");
    match layout.files.iter().find(is_router) {
        None => Ok(Sobelow::NotPhoenix),
        Some(router) => Err(answer.trouble(Trouble::Tool {
            message: format!("it does not find the router, which may be {router}"),
            hint: "run `mix sobelow --router FILE` by hand and look at it".into(),
        })),
    }
}

/// The JSON documents in the output, one for each application, with the application that Mix was at.
fn documents(text: &str) -> Vec<(Option<&str>, String)> {
    let (mut documents, mut app) = (Vec::new(), None);
    let mut open: Option<String> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("==> ") {
            app = Some(name.trim());
        }
        if line == "{" {
            open = Some(String::new());
        }
        if let Some(document) = &mut open {
            document.push_str(line);
            document.push('\n');
        }
        if line == "}" {
            documents.extend(open.take().map(|it| (app, it)));
        }
    }
    documents
}

impl ByConfidence {
    fn each(&self, app: Option<&str>, layout: &Layout) -> Vec<Insecure> {
        let all =
            [(&self.high, Rating::High), (&self.medium, Rating::Medium), (&self.low, Rating::Low)];
        let each = all.into_iter().flat_map(|(list, confidence)| {
            list.iter().map(move |it| insecure(it, confidence, app, layout))
        });
        each.collect()
    }
}

fn insecure(found: &Value, confidence: Rating, app: Option<&str>, layout: &Layout) -> Insecure {
    let text = |key: &str| clean(found[key].as_str().unwrap_or_default().as_bytes());
    let kind = text("type");
    let (kind, what) = kind.split_once(": ").unwrap_or((&kind, ""));
    // What it is about, in whichever key says so.
    let about = ["variable", "key", "pipeline"].map(text).into_iter().find(|it| !it.is_empty());
    let about = about.map_or(String::new(), |it| format!(" ({it})"));
    let (file, app) = match layout.place(&text("file"), app) {
        Place::Own { file, app } => (file, app),
        Place::Foreign => (text("file"), None),
    };
    let line = found["line"].as_u64().and_then(|it| u32::try_from(it).ok());
    Insecure {
        kind: kind.to_owned(),
        message: one_line(&format!("{what}{about}"), LONGEST),
        confidence,
        file,
        line: line.filter(|it| *it > 0),
        app,
    }
}

#[cfg(test)]
#[path = "sobelow_tests.rs"]
mod tests;
