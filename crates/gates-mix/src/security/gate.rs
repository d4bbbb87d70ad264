//! The gate `security`: is anything in the project known to be unsafe?

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::{self, Either};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use pipeline_core::{Clock, Context, Fault, Gate, Inputs, Outcome};

use super::advisories::{
    Advisories, AdvisoryError, Hit, Lock, Policy, Source, read_lock, unaudited,
};
use super::answers::Answers;
use super::tools::hex_audit::HexAudit;
use super::tools::sobelow::Sobelow;
use super::tools::{deps_audit, hex_audit, sobelow};
use crate::error::Error;
use crate::project::MixProject;

/// What Sobelow reads.
const READ_BY_SOBELOW: [&str; 7] = [
    "**/*.ex",
    "**/*.exs",
    "**/*.eex",
    "**/*.leex",
    "**/*.heex",
    ".sobelow-conf",
    ".sobelow-skips",
];

/// A look of another kind that is part of the security scan, such as one for secrets.
#[async_trait]
pub trait Scan: Send + Sync {
    /// Globs of the files it reads, relative to the project, for the cache.
    fn files(&self) -> Vec<String>;

    /// What it finds. The findings and the numbers of the report become those of the gate; its verdict is made anew.
    async fn scan(&self, cx: &Context) -> Outcome;
}

/// Refuses with one finding for each known vulnerability of a locked package that is bad enough, each package that was
/// retired because it is unsafe or broken, and whatever the other scans say.
///
/// Advisories come from the [sources](Self::source), from `mix deps.audit` where the project has it, and from
/// `mix hex.audit`, which knows them since Hex 2.5. One whole answer is enough; what the others could not tell is then a
/// warning. `mix hex.audit` also knows which packages are retired, and `mix sobelow`, where the project has it, looks at
/// the code. Without an answer from each part the gate cannot tell, unless something blocks already.
///
/// The rule of a finding is `security/` and the advisory's name. The numbers are `critical`, `high`, `medium`, `low`,
/// `unrated`, `ignored`, `packages`, `retired`, `sobelow` and `advisories_age_s`, the age of the oldest answer in seconds.
pub struct Security {
    project: MixProject,
    clock: Arc<dyn Clock>,
    sources: Vec<Source>,
    policy: Policy,
    retired: bool,
    scans: Vec<Arc<dyn Scan>>,
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project, sources, policy, .. } = self;
        let mut told = f.debug_struct("Security");
        told.field("project", project).field("sources", sources).field("policy", policy);
        told.finish_non_exhaustive()
    }
}

impl Security {
    /// The gate for this project, without a source of its own. The clock says how old a copy is and which exceptions are over.
    #[must_use]
    pub fn new(project: MixProject, clock: impl Clock + 'static) -> Self {
        let (sources, policy) = (Vec::new(), Policy::default());
        Self { project, clock: Arc::new(clock), sources, policy, retired: true, scans: Vec::new() }
    }

    /// Adds a source of advisories.
    #[must_use]
    pub fn source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Says what blocks and what is ignored.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Does not ask Hex which packages are retired: for machines without Hex, or without a way to its registry.
    #[must_use]
    pub fn without_retired(mut self) -> Self {
        self.retired = false;
        self
    }

    /// Adds another look.
    #[must_use]
    pub fn scan(mut self, scan: impl Scan + 'static) -> Self {
        self.scans.push(Arc::new(scan));
        self
    }

    fn today(&self) -> Date {
        let now = Timestamp::try_from(self.clock.now()).unwrap_or(Timestamp::UNIX_EPOCH);
        now.to_zoned_datetime(TimeZone::UTC).date()
    }

    /// What is locked. A project whose `mix.exs` names no dependency needs no lock.
    fn lock(&self) -> Result<Lock, AdvisoryError> {
        let path = self.project.dir().join("mix.lock");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(read_lock(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mix_exs = self.mix_exs();
                let names_none = |text: &String| !text.contains("{:") && !text.contains("Code.");
                let none = !mix_exs.is_empty() && mix_exs.iter().all(names_none);
                if none { Ok(Lock::default()) } else { Err(AdvisoryError::NoLock) }
            }
            Err(source) => Err(AdvisoryError::Open { path, source }),
        }
    }

    /// The texts of all `mix.exs`.
    fn mix_exs(&self) -> Vec<String> {
        let apps = self.project.layout().apps.into_values().map(|app| format!("{app}/mix.exs"));
        let files = ["mix.exs".to_owned()].into_iter().chain(apps);
        files.filter_map(|it| fs::read_to_string(self.project.dir().join(it)).ok()).collect()
    }

    /// Does the project depend on this package?
    fn has(&self, package: &str, lock: &Lock) -> bool {
        let atom = format!(":{package}");
        lock.entries.iter().any(|it| it.name == package)
            || self.mix_exs().iter().any(|text| text.contains(&atom))
    }

    /// What the gate's own sources say, one after the other. `None`: it was asked to stop.
    async fn native(
        &self,
        lock: &Lock,
        cx: &Context,
    ) -> Option<Vec<Result<Advisories, AdvisoryError>>> {
        let asked = async {
            let mut answers = Vec::new();
            for source in &self.sources {
                answers.push(source.advisories(lock, self.clock.now()).await);
            }
            answers
        };
        match future::select(pin!(asked), pin!(cx.cancelled())).await {
            Either::Left((answers, _)) => Some(answers),
            Either::Right(_) => None,
        }
    }

    /// What Mix's tasks say, one after the other where they build.
    async fn tools(&self, lock: &Lock, cx: &Context) -> Tools {
        let deps_audit = async {
            if !self.has("mix_audit", lock) {
                return Ok(None);
            }
            deps_audit::run(&self.project, lock, cx).await
        };
        let hex_audit = async {
            if !self.retired || lock.packages().next().is_none() {
                return Ok(None);
            }
            hex_audit::run(&self.project, lock, cx).await.map(Some)
        };
        let sobelow = async {
            if !self.has("sobelow", lock) {
                return Ok(None);
            }
            sobelow::run(&self.project, cx).await
        };
        let (deps_audit, hex_audit, sobelow) = future::join3(deps_audit, hex_audit, sobelow).await;
        Tools { deps_audit, hex_audit, sobelow }
    }

    /// What the other looks find.
    async fn scans(&self, cx: &Context) -> Vec<Outcome> {
        let mut answers = Vec::new();
        for scan in &self.scans {
            answers.push(scan.scan(cx).await);
        }
        answers
    }

    fn settings(&self) -> BTreeMap<String, String> {
        let sources = self.sources.iter().enumerate();
        let sources = sources.map(|(at, it)| (format!("advisories.{at}"), it.setting()));
        let policy = ("policy".to_owned(), format!("{:?}", self.policy));
        let retired = ("retired".to_owned(), self.retired.to_string());
        // Tomorrow there are other advisories.
        let day = ("day".to_owned(), self.today().to_string());
        sources.chain([policy, retired, day]).collect()
    }
}

/// What each of Mix's tasks said; `None` where it is not there.
struct Tools {
    deps_audit: Result<Option<Vec<Hit>>, Error>,
    hex_audit: Result<Option<HexAudit>, Error>,
    sobelow: Result<Option<Sobelow>, Error>,
}

impl Tools {
    fn tell(self, answers: &mut Answers, policy: &Policy, cx: &Context) {
        if matches!(self.deps_audit, Ok(None)) {
            cx.note("mix deps.audit is not there: mix.lock is compared without it");
        }
        answers.found(self.deps_audit.map_err(Fault::from));
        match self.hex_audit {
            Ok(Some(audit)) => {
                answers.number("retired", audit.retired.len());
                answers.findings.extend(audit.findings());
                if audit.knows_advisories {
                    answers.found(Ok(Some(audit.hits)));
                }
            }
            Ok(None) => {}
            Err(error) => answers.open.push(error.into()),
        }
        match self.sobelow {
            Ok(Some(Sobelow::Looked(found))) => {
                answers.number("sobelow", found.len());
                answers.findings.extend(found.iter().map(|it| it.finding(policy)));
            }
            Ok(Some(Sobelow::NotPhoenix)) => {
                cx.note("mix sobelow finds no router, and has nothing to say");
            }
            Ok(None) => cx.note("mix sobelow is not there"),
            Err(error) => answers.open.push(error.into()),
        }
    }
}

#[async_trait]
impl Gate for Security {
    /// Never complete, and new every day: it depends on databases that change.
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        let apps = self.project.layout().apps.into_values().map(|app| format!("{app}/mix.exs"));
        let files =
            ["mix.exs", "mix.lock"].into_iter().chain(READ_BY_SOBELOW).map(ToOwned::to_owned);
        let scanned = self.scans.iter().flat_map(|it| it.files());
        let mut inputs = self.project.inputs(files.chain(apps).chain(scanned).collect());
        inputs.settings.extend(self.settings());
        Some(inputs)
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let lock = self.lock()?;
        let (native, tools, scans) =
            future::join3(self.native(&lock, cx), self.tools(&lock, cx), self.scans(cx)).await;
        let mut answers = Answers::default();
        for answer in native.ok_or_else(Fault::cancelled)? {
            answers.advisories(answer, &lock);
        }
        tools.tell(&mut answers, &self.policy, cx);
        for scan in scans {
            answers.report(scan);
        }
        answers.findings.extend(unaudited(&lock));
        if cx.is_cancelled() {
            return Err(Fault::cancelled());
        }
        let report = answers.conclude(&lock, &self.policy, self.today())?;
        Ok(self.project.with_log(report, cx))
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
