//! Failed deployment recovery time.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::{Deploy, Ground, Trouble, count, serves};
use crate::answer::Answer;
use crate::words::{median, millis, took};

/// So many failed deploys are needed for a median.
const NEEDED: u64 = 3;

/// How long users have a bad release.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recovery {
    /// The median; `None` where there are too few to say.
    pub median_ms: Option<u64>,
    /// The last one.
    pub last_ms: Option<u64>,
    /// Of how many failed deploys.
    pub recovered: u64,
    /// How many went back before any user had them.
    pub unseen: u64,
    /// From how many nothing good has come since.
    pub open: u64,
    /// How many are needed.
    pub needed: u64,
}

/// How a failed deploy ended for users.
enum End {
    Unseen,
    Open,
    After(u64),
}

/// From the cut-over to the bad release until a good one serves, verified.
pub(super) fn recovery(deploys: &[Deploy<'_>], ground: &Ground<'_>) -> Answer<Recovery> {
    let ends: Vec<End> = deploys.iter().filter_map(|it| Some(end(it, it.fault?, ground))).collect();
    let times = |ends: &[End]| -> Vec<u64> {
        ends.iter()
            .filter_map(|it| if let End::After(ms) = it { Some(*ms) } else { None })
            .collect()
    };
    let how_many = |wanted: fn(&End) -> bool| count(ends.iter().filter(|it| wanted(it)).count());
    let times = times(&ends);
    let recovered = count(times.len());
    let recovery = Recovery {
        last_ms: times.last().copied(),
        median_ms: median(times).filter(|_| recovered >= NEEDED),
        recovered,
        unseen: how_many(|it| matches!(it, End::Unseen)),
        open: how_many(|it| matches!(it, End::Open)),
        needed: NEEDED,
    };
    Answer::new(recovery.sentence(), recovery)
}

/// One that went back by itself was with users from the beginning of its last stage, if the way back found any. One that passed
/// was with them from its end at the latest: that it was bad was seen later.
fn end(deploy: &Deploy<'_>, fault: Trouble<'_>, ground: &Ground<'_>) -> End {
    let run = deploy.run;
    let (from, to) = match fault {
        Trouble::WentBack if run.traffic_back_ms.is_none() => return End::Unseen,
        Trouble::WentBack => (ground.cut_overs.get(&run.number).copied(), run.ended),
        Trouble::TakenBack(back) => (run.ended, back.ended),
        Trouble::Left => (run.ended, next_good(run.number, ground)),
    };
    match (from, to) {
        (Some(from), Some(to)) => End::After(millis(to.duration_since(from))),
        (None, Some(to)) => End::After(millis(to.duration_since(run.started))),
        (_, None) => End::Open,
    }
}

fn next_good(after: i64, ground: &Ground<'_>) -> Option<Timestamp> {
    let later = ground.runs.partition_point(|it| it.number > after);
    ground.runs[..later].iter().rev().filter(|it| serves(it)).find_map(|it| it.ended)
}

impl Recovery {
    fn sentence(&self) -> String {
        let Self { recovered, unseen, open, .. } = self;
        let mut more = String::new();
        if *unseen > 0 {
            let _ = write!(more, "; {unseen} more went back before any user had them");
        }
        if *open > 0 {
            let _ = write!(more, "; {open} not recovered from yet");
        }
        match (self.median_ms, self.last_ms) {
            (Some(ms), _) => format!(
                "Users have a bad release for {} in the median ({recovered} failed deploys{more}).",
                took(ms)
            ),
            (None, Some(ms)) => format!(
                "Not enough to say how long recovery takes ({recovered} of {NEEDED} failed deploys; the last took {}{more}).",
                took(ms)
            ),
            (None, None) if more.is_empty() => "No deploy that users had has failed.".into(),
            (None, None) if *open == 0 => {
                format!(
                    "No deploy that users had has failed; {unseen} went back before any had it."
                )
            }
            (None, None) => format!("No failed deploy that users had is over{more}."),
        }
    }
}
