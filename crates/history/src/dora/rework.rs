//! Deployment rework rate.

use serde::Serialize;
use store_sql::RunKind;

use super::fail_rate::NEEDED;
use super::{Deploy, Ground, Rate, count, serves};
use crate::answer::Answer;
use crate::words;

/// How many deploys repair another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rework {
    /// How many of all deploys and rollbacks that changed something.
    pub rate: Rate,
    /// How many of them were rollbacks that somebody started.
    pub rollbacks: u64,
    /// How many were the deploy that came after a failed one.
    pub fixes: u64,
    /// How many are needed.
    pub needed: u64,
}

/// A rollback that somebody started is rework, and so is the first deploy to serve within the window after a failed one.
pub(super) fn rework(deploys: &[Deploy<'_>], ground: &Ground<'_>) -> Answer<Rework> {
    let back = ground.runs.iter().filter(|it| it.begun.kind == RunKind::Rollback);
    let rollbacks = count(back.filter(|it| serves(it)).count());
    let fixes = count(deploys.windows(2).filter(|pair| is_fix(pair, ground)).count());
    let rate = Rate::new(rollbacks + fixes, count(deploys.len()) + rollbacks);
    let rework = Rework { rate, rollbacks, fixes, needed: NEEDED };
    Answer::new(rework.sentence(), rework)
}

/// Does the second mend the first?
fn is_fix(pair: &[Deploy<'_>], ground: &Ground<'_>) -> bool {
    let [failed, next] = pair else { return false };
    let soon = |ended| next.run.started.duration_since(ended) <= ground.window;
    failed.fault.is_some() && serves(next.run) && failed.run.ended.is_some_and(soon)
}

impl Rework {
    fn sentence(&self) -> String {
        let Rate { count, of, .. } = self.rate;
        if of < NEEDED {
            return format!(
                "Not enough to say how much is rework ({of} of {NEEDED} deploys and rollbacks; {count} were)."
            );
        }
        let Self { rollbacks, fixes, .. } = self;
        let kinds = if count > 0 {
            format!(
                "; {}, {}",
                words::count(*rollbacks, "rollback"),
                if *fixes == 1 { "1 fix".into() } else { format!("{fixes} fixes") }
            )
        } else {
            String::new()
        };
        format!("{}{kinds}.", self.rate.words("deploys and rollbacks are rework"))
    }
}
