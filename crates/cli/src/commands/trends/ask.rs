//! Reads what the answers rest on: nine queries an environment, however many runs there are, and one question to git.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use pipeline_core::Phase;
use pipeline_history::{Dora, Ground, RunStep, dora, most, revisions, rising, slower};
use store_sql::{RunFilter, RunKind, RunOutcome, Store};

use super::{Answers, commits};
use crate::error::CliError;

/// So far back the metrics of DORA look: a quarter, in whole weeks.
const QUARTER: SignedDuration = SignedDuration::from_hours(13 * 7 * 24);

/// So soon after a deploy a rollback belongs to it, and a deploy after a failed one mends it.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// What is asked, and whom.
pub(crate) struct Asked<'a> {
    pub(crate) store: &'a Store,
    pub(crate) dir: &'a Path,
    pub(crate) window: u32,
    pub(crate) now: Timestamp,
}

impl Asked<'_> {
    /// The answers for an environment; `None` where it has no runs.
    pub(crate) async fn about(&self, environment: &str) -> Result<Option<Answers>, CliError> {
        let all = RunFilter { environment: Some(environment.to_owned()), ..RunFilter::default() };
        let one = RunFilter { limit: Some(1), ..all.clone() };
        if self.store.runs(&one).await?.is_empty() {
            return Ok(None);
        }
        let (kind, limit) = (Some(RunKind::Deploy), Some(self.window));
        let deploys = RunFilter { kind, limit, concluded: true, ..all.clone() };
        let passed = RunFilter { outcome: Some(RunOutcome::Pass), ..deploys.clone() };
        let window = usize::try_from(self.window).unwrap_or(usize::MAX);
        let runs = self.store.history(&deploys).await?;
        let steps = self.store.steps_of(&deploys, None).await?.into_iter();
        let steps: Vec<RunStep> = steps.map(|(run, step)| RunStep { run, step }).collect();
        Ok(Some(Answers {
            environment: environment.to_owned(),
            slower: slower(&self.store.history(&passed).await?, window),
            rising: rising(&runs, window),
            most: most(&runs, &steps, window),
            dora: self.dora(&all).await?,
        }))
    }

    async fn dora(&self, all: &RunFilter) -> Result<Dora, CliError> {
        let begins = self.now.saturating_sub(QUARTER).unwrap_or(Timestamp::MIN);
        let quarter = RunFilter { since: Some(begins), ..all.clone() };
        let before = RunFilter { until: Some(begins), limit: Some(1), ..all.clone() };
        let runs = self.store.runs(&quarter).await?;
        let older = !self.store.runs(&before).await?.is_empty();
        let oldest = runs.last().map(|it| it.started).filter(|_| !older);
        let commits = commits::made_at(self.dir, &revisions(&runs)).await;
        let cut_overs = &self.cut_overs(&quarter).await?;
        let (from, now) = (oldest.unwrap_or(begins), self.now);
        let (runs, commits) = (&*runs, &commits);
        Ok(dora(&Ground { runs, commits, cut_overs, from, now, window: SOON }))
    }

    /// When the last stage of each deploy began that was taken back.
    async fn cut_overs(&self, quarter: &RunFilter) -> Result<BTreeMap<i64, Timestamp>, CliError> {
        let back = RunFilter { outcome: Some(RunOutcome::Rollback), ..quarter.clone() };
        let stages = self.store.steps_of(&back, Some(Phase::Deploy)).await?;
        // Later stages come later, and stay.
        Ok(stages.into_iter().map(|(run, stage)| (run, stage.started)).collect())
    }
}
