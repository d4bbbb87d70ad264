//! Every effect of the simulator, where it is put, and how a run that meets it once may end. This table is what
//! the matrix demands; everything else in it is counting.

use pipeline_core::Conclusion::{self, Left, Rejected, RolledBack, Stuck, Succeeded};

use crate::address::Course;
use crate::cases::is_read;

/// To which calls, or to what that happens to machines, an effect is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// Every call.
    Calls,
    /// Every call that changes something: a read that is answered wrongly had no effect to lose.
    Writes,
    Reads,
    /// Every call that names a machine.
    Machines,
    /// This occasion.
    At(&'static str),
}

/// A sort of mishap: a row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) effect: &'static str,
    pub(crate) spot: Spot,
    pub(crate) ends: Ends,
}

/// How a run may end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    good: &'static [Conclusion],
    bad: &'static [Conclusion],
}

/// It passes by itself, so there is always a way: forward or back.
const PASSES: Ends =
    Ends { good: &[Succeeded, RolledBack, Rejected], bad: &[RolledBack, Rejected] };
/// It is over at once, or is made good by asking, or telling, again: no reason to go back.
const ASIDE: Ends = Ends { good: &[Succeeded], bad: &[RolledBack, Rejected] };
/// It stays, and nobody but a person can take it away: whoever meets it on the way back is stuck, and whoever
/// meets it when only tidying up is left, leaves.
const STAYS: Ends = Ends {
    good: &[Succeeded, RolledBack, Rejected, Left, Stuck],
    bad: &[RolledBack, Rejected, Stuck],
};

const fn kind(effect: &'static str, spot: Spot, ends: Ends) -> Kind {
    Kind { effect, spot, ends }
}

/// All kinds.
pub(crate) const KINDS: &[Kind] = &[
    // A token that is refused is refused until somebody gives another one.
    kind("401", Spot::Calls, STAYS),
    kind("401-after", Spot::Writes, STAYS),
    kind("404", Spot::Calls, ASIDE),
    kind("404-after", Spot::Writes, ASIDE),
    kind("408-before", Spot::Calls, ASIDE),
    kind("408-after", Spot::Writes, ASIDE),
    kind("412", Spot::Calls, ASIDE),
    kind("412-after", Spot::Writes, ASIDE),
    kind("429", Spot::Calls, ASIDE),
    kind("429-after", Spot::Writes, ASIDE),
    kind("500", Spot::Calls, ASIDE),
    kind("500-after", Spot::Writes, ASIDE),
    kind("502", Spot::Calls, ASIDE),
    kind("502-after", Spot::Writes, ASIDE),
    kind("503", Spot::Calls, ASIDE),
    kind("503-after", Spot::Writes, ASIDE),
    kind("504", Spot::Calls, ASIDE),
    kind("504-after", Spot::Writes, ASIDE),
    kind("409-lease:10s", Spot::Machines, PASSES),
    kind("409-lease:30s", Spot::Machines, PASSES),
    kind("409-replacing", Spot::Calls, ASIDE),
    kind("422-capacity", Spot::Calls, PASSES),
    kind("reset-before", Spot::Calls, ASIDE),
    kind("reset-after", Spot::Writes, ASIDE),
    kind("slow:2s", Spot::Calls, ASIDE),
    // Longer than anybody waits for an answer.
    kind("slow:30s", Spot::Calls, ASIDE),
    kind("slow-after:30s", Spot::Writes, ASIDE),
    kind("empty", Spot::Reads, ASIDE),
    kind("stale:5s", Spot::Reads, ASIDE),
    kind("malformed", Spot::Calls, ASIDE),
    kind("skew:+30s", Spot::Calls, ASIDE),
    kind("skew:-30s", Spot::Calls, ASIDE),
    kind("lease-lost", Spot::Machines, ASIDE),
    kind("lease-lost:2s", Spot::Machines, ASIDE),
    kind("host-unreachable:10s", Spot::Machines, PASSES),
    kind("host-unreachable", Spot::Machines, STAYS),
    kind("lag:1", Spot::At("create"), ASIDE),
    kind("lag:2", Spot::At("create"), ASIDE),
    kind("lag:2s", Spot::At("create"), ASIDE),
    kind("pull-fails", Spot::At("create"), PASSES),
    kind("pull-fails", Spot::At("update"), PASSES),
    kind("stuck", Spot::At("create"), PASSES),
    kind("autostop", Spot::At("update"), ASIDE),
    kind("unseen", Spot::At("uncordon"), ASIDE),
    kind("hangs:10s", Spot::At("destroy"), ASIDE),
    kind("hangs", Spot::At("destroy"), STAYS),
    // It ends once, and its restart policy brings it up again.
    kind("crash", Spot::At("boot"), ASIDE),
    kind("crash:2s", Spot::At("boot"), PASSES),
    kind("oom", Spot::At("boot"), PASSES),
    kind("oom:2s", Spot::At("boot"), PASSES),
    // These last as long as that boot does, and an old machine that does not become well gets another one.
    kind("unhealthy", Spot::At("boot"), PASSES),
    kind("stuck", Spot::At("boot"), PASSES),
    // An old machine whose checks pass, at times or always, is what it was, and no boot is asked of it: if its smoke
    // tests then fail, the run says so. What the checks of one that flaps say at the very end is not judged: they
    // passed whenever the run looked.
    kind("flap:2s", Spot::At("boot"), STAYS),
    kind("traffic:503", Spot::At("boot"), STAYS),
    kind("unseen", Spot::At("boot"), ASIDE),
    kind("host-unreachable:10s", Spot::At("boot"), PASSES),
    kind("host-unreachable", Spot::At("boot"), STAYS),
];

impl Kind {
    /// Is it put at calls of this name?
    pub(crate) fn is_at(&self, action: &str) -> bool {
        match self.spot {
            Spot::Calls => true,
            Spot::Writes => !is_read(action),
            Spot::Reads => is_read(action),
            Spot::Machines => !is_of_the_app(action),
            Spot::At(_) => false,
        }
    }
}

/// Does the action name no machine?
fn is_of_the_app(action: &str) -> bool {
    matches!(action, "list" | "create" | "graphql" | "logs") || action.starts_with("release-")
}

impl Ends {
    pub(crate) fn allow(&self, course: Course, end: Conclusion) -> bool {
        let ends = if course.release.is_good() { self.good } else { self.bad };
        ends.contains(&end)
    }
}

/// Whatever a fault may be called, the kind that it is of.
pub(crate) fn kind_of(point: &str, effect: &str) -> Option<&'static Kind> {
    let occasion = |it: &&Kind| it.effect == effect && it.spot == Spot::At(occasion_of(point));
    let call = |it: &&Kind| it.effect == effect && !matches!(it.spot, Spot::At(_));
    KINDS.iter().find(occasion).or_else(|| KINDS.iter().find(call))
}

fn occasion_of(point: &str) -> &'static str {
    let all = ["create", "update", "uncordon", "destroy", "boot"];
    all.into_iter().find(|it| *it == point).unwrap_or("none")
}

#[test]
fn every_effect_of_the_simulator_is_in_the_matrix() {
    let family = |effect: &str| effect.split(':').next().unwrap().to_owned();
    for form in sim_flyio::FaultEffect::forms() {
        assert!(KINDS.iter().any(|it| family(it.effect) == family(form)), "{form} is not met");
    }
}
