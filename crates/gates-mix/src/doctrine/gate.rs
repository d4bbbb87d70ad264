//! The gate `doctrine`: are the pillars kept?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use pipeline_core::{Context, Finding, Gate, Level, Outcome, Report, Verdict};

use super::codebase::Scope;
use super::error::DoctrineError;
use super::result::{Scanned, Status};
use super::scan::Doctrine;
use crate::error::Error;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;
use crate::trouble;

/// So many violations that block are told one by one; `pipeline doctrine` tells them all.
const MOST: usize = 500;

/// Who looks at the doctrine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum With {
    /// We do.
    #[default]
    Native,
    /// The project's own `mix check.doctrines`.
    Mix,
    /// Both; both must pass.
    Both,
}

/// Refuses where a pillar that blocks is not kept. Under `--changed` it looks at the changed files.
#[derive(Clone, Debug)]
pub struct DoctrineGate {
    project: MixProject,
    doctrine: Arc<Doctrine>,
    with: With,
}

impl DoctrineGate {
    /// The gate for this project.
    #[must_use]
    pub fn new(project: MixProject, doctrine: Doctrine) -> Self {
        Self { project, doctrine: Arc::new(doctrine), with: With::default() }
    }

    /// Says who looks.
    #[must_use]
    pub fn with(mut self, with: With) -> Self {
        self.with = with;
        self
    }

    /// The scan itself, on a thread that may block.
    async fn scan(&self, cx: &Context) -> Result<Scanned, DoctrineError> {
        let scope = cx.changed().map_or(Scope::All, |it| Scope::Only(it.to_vec()));
        let (doctrine, dir) = (Arc::clone(&self.doctrine), self.project.dir().to_owned());
        let dropped = Dropped::default();
        let (flag, cancel) = (Arc::clone(&dropped.0), cx.cancel().clone());
        let stop = move || flag.load(Ordering::Relaxed) || cancel.is_cancelled();
        let scan = tokio::task::spawn_blocking(move || doctrine.scan(&dir, &scope, &stop));
        scan.await.unwrap_or(Err(DoctrineError::Stopped))
    }

    async fn mix(&self, cx: &Context) -> Result<Report, Error> {
        let task = MixTask::new(["check.doctrines"]).env("MIX_ENV", "dev");
        let task = if cx.changed().is_some() { task.arg("--changed") } else { task };
        let answer = self.project.run(&task, cx).await?;
        match trouble::read(&answer.text, &self.project.layout()) {
            Some(trouble) => Err(answer.trouble(trouble)),
            None => Ok(read(&answer)),
        }
    }
}

#[async_trait]
impl Gate for DoctrineGate {
    fn honours_changed(&self) -> bool {
        true
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let own = match self.with {
            With::Mix => None,
            With::Native | With::Both => Some(report(&self.scan(cx).await?)),
        };
        let theirs = match self.with {
            With::Native => None,
            With::Mix | With::Both => Some(self.project.with_log(self.mix(cx).await?, cx)),
        };
        Ok(match (own, theirs) {
            (Some(own), Some(theirs)) => both(own, &theirs),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Report::passed(),
        })
    }
}

/// Told to whoever looks when nobody waits for the answer any more.
#[derive(Default)]
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What `mix check.doctrines` says: it ends with 0 where all pillars that block are kept.
fn read(answer: &Answer) -> Report {
    if answer.code == 0 {
        return Report::passed();
    }
    let said = answer.text.lines().filter(|it| !it.trim().is_empty());
    let last: Vec<_> = said.rev().take(5).collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join(" / ");
    let told = format!("{} ended with {}: {last}", answer.task, answer.code);
    Report::refused(
        Finding::error(told)
            .rule("check.doctrines")
            .remedy("run `mix check.doctrines` to see all of it"),
    )
}

fn both(own: Report, theirs: &Report) -> Report {
    let worse = theirs.verdict() > own.verdict();
    let (first, second) = if worse { (theirs.clone(), own) } else { (own, theirs.clone()) };
    let joined = second.findings().iter().cloned().fold(first, Report::finding);
    second.numbers().iter().fold(joined, |report, (name, value)| report.number(name, *value))
}

/// A scan as the answer of a gate.
fn report(scanned: &Scanned) -> Report {
    let blocking = scanned.violations.iter().filter(|it| it.level == Level::Blocking);
    let mut findings: Vec<_> =
        blocking.clone().take(MOST).map(super::rule::Violation::finding).collect();
    let left = blocking.count().saturating_sub(MOST);
    if left > 0 {
        findings.push(
            Finding::note(format!("{left} more violations that block"))
                .remedy("`pipeline doctrine` lists them all"),
        );
    }
    let unread = scanned.unread.iter().map(|(file, line, why)| {
        let finding =
            Finding::warning(format!("this file cannot be looked at: {why}")).rule("unread");
        line.map_or(finding.clone().in_file(file), |line| finding.at(file, line))
    });
    let report = match (scanned.verdict(), unread.clone().next()) {
        (Verdict::Refused, _) => Report::refused_if_any(findings),
        (Verdict::Inconclusive, Some(first)) => {
            findings.into_iter().fold(Report::inconclusive(first), Report::finding)
        }
        _ => findings.into_iter().fold(Report::passed(), Report::finding),
    };
    let skip = usize::from(report.verdict() == Verdict::Inconclusive);
    let report = unread.skip(skip).fold(report, Report::finding);
    numbers(scanned, told_of(scanned).fold(report, Report::finding))
}

/// One line for each pillar that only tells.
fn told_of(scanned: &Scanned) -> impl Iterator<Item = Finding> + '_ {
    scanned.pillars.iter().filter_map(|pillar| {
        let count = scanned
            .violations
            .iter()
            .filter(|it| it.pillar() == pillar.code && it.level == Level::Advisory)
            .count();
        let mut finding =
            Finding::note(format!("{}: {count} violations that block nothing", pillar.code))
                .rule(pillar.code.clone())
                .remedy(format!("`pipeline doctrine --only {}` lists them", pillar.code));
        finding.level = Level::Advisory;
        (count > 0).then_some(finding)
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn numbers(scanned: &Scanned, report: Report) -> Report {
    let evaluated = scanned.evaluated().count();
    let passed = scanned.evaluated().filter(|it| it.status == Status::Pass).count();
    let advisory = scanned.violations.iter().filter(|it| it.level == Level::Advisory).count();
    let (with_test, should) = scanned.tested;
    let seal = scanned
        .pillars
        .iter()
        .find(|it| it.code == "SEAL")
        .filter(|it| it.status != Status::Skipped);
    let report = report
        .number("pillars_passed", passed as f64)
        .number("pillars_evaluated", evaluated as f64)
        .number("violations", (scanned.violations.len() - advisory) as f64)
        .number("advisory", advisory as f64)
        .number("suppressed", scanned.suppressed.len() as f64)
        .number("files", scanned.files as f64);
    let report = match seal {
        Some(seal) => {
            report.number("seal_passed", f64::from(u8::from(seal.status == Status::Pass)))
        }
        None => report,
    };
    if should == 0 { report } else { report.number("tach_ratio", with_test as f64 / should as f64) }
}
