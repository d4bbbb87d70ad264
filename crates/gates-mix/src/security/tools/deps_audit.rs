//! `mix deps.audit` of the package `mix_audit`.

use pipeline_core::Context;
use pipeline_process::one_line;
use serde::Deserialize;

use super::where_there;
use crate::error::{Error, Trouble};
use crate::layout::Layout;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;
use crate::security::advisories::{Document, Hit, Lock, version};
use crate::trouble;

/// The longest message, in bytes.
const LONGEST: usize = 300;

/// Runs it; `None` where the project has no such task. Without a lock that we can read it must not be asked: one that
/// it cannot read it takes for empty.
pub(crate) async fn run(
    project: &MixProject,
    lock: &Lock,
    cx: &Context,
) -> Result<Option<Vec<Hit>>, Error> {
    let answer = project.run(&task(), cx).await?;
    where_there(read(&answer, &project.layout(), lock))
}

fn task() -> MixTask {
    MixTask::new(["deps.audit", "--format", "json"]).env("MIX_ENV", "dev").apart()
}

#[derive(Deserialize)]
struct Answered {
    pass: bool,
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
struct Vulnerability {
    advisory: Document,
    dependency: Dependency,
}

#[derive(Deserialize)]
struct Dependency {
    package: String,
    version: String,
}

/// What its answer says. Its exit code says nothing: with findings it is 0 or 1, whichever comes first.
fn read(answer: &Answer, layout: &Layout, lock: &Lock) -> Result<Vec<Hit>, Error> {
    let json = answer.text.lines().rev().find(|line| line.starts_with('{'));
    let Some(json) = json else {
        return Err(no_answer(answer, layout));
    };
    let answered: Answered = serde_json::from_str(json)
        .map_err(|error| answer.unreadable(format!("its JSON is of another form: {error}")))?;
    if answered.pass != answered.vulnerabilities.is_empty() {
        return Err(answer.unreadable("it contradicts itself"));
    }
    // What it found is so, however old its advisories are; that there is nothing is not.
    if answered.pass {
        if let Some(trouble) = not_up_to_date(&answer.stderr) {
            return Err(answer.trouble(trouble));
        }
        if answer.code != 0 {
            return Err(answer.unreadable("it does not say what is wrong"));
        }
    }
    answered.vulnerabilities.iter().map(|it| hit(it, answer, lock)).collect()
}

fn no_answer(answer: &Answer, layout: &Layout) -> Error {
    let said = format!("{}\n{}", answer.stderr, answer.text);
    let without_git = said.contains(":enoent") && said.contains("System.cmd(\"git\"");
    let without_git = without_git.then(|| Trouble::Tool {
        message: "there is no git that could fetch its advisories".into(),
        hint: "install git, or name a folder of advisories".into(),
    });
    let trouble = without_git.or_else(|| not_up_to_date(&answer.stderr));
    match trouble.or_else(|| trouble::read(&said, layout)) {
        Some(trouble) => answer.trouble(trouble),
        None => answer.unreadable("its answer is no JSON"),
    }
}

/// What git said when it could not bring the advisories up to date. The task goes on without them, or with old ones.
fn not_up_to_date(stderr: &str) -> Option<Trouble> {
    let said = |line: &&str| line.starts_with("fatal: ") || line.starts_with("error: ");
    let line = stderr.lines().find(said)?;
    Some(Trouble::Tool {
        message: one_line(&format!("its advisories are not up to date: {line}"), LONGEST),
        hint: "see that git reaches github.com, or name a folder of advisories".into(),
    })
}

fn hit(found: &Vulnerability, answer: &Answer, lock: &Lock) -> Result<Hit, Error> {
    let of_form =
        |what: String| answer.unreadable(format!("an advisory of it cannot be read: {what}"));
    let advisory = found.advisory.advisory().map_err(of_form)?;
    let Dependency { package, version: written } = &found.dependency;
    let version = version(written).ok_or_else(|| of_form(format!("`{written}` is no version")))?;
    Ok(Hit { advisory, version, line: lock.line(package) })
}

#[cfg(test)]
#[path = "deps_audit_tests.rs"]
mod tests;
