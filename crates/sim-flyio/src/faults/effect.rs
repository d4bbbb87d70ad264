//! What a fault does, and where it can.

use std::time::Duration;

use super::FaultPoint;
use crate::Phase;

/// The statuses that can be answered without saying more.
const STATUSES: [u16; 9] = [401, 404, 408, 412, 429, 500, 502, 503, 504];

/// What a fault does to a call or to a machine. The form of each in the language of faults
/// stands in code type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultEffect {
    /// `401`, `404`, `408-before`, `408-after`, `412`, `429`, `500`, `502`, `503`, `504`, each but
    /// 408 also with `-after`: the call is answered so, without or after its effect. 502 to 504
    /// are not JSON.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Whether the call has its effect first.
        phase: Phase,
    },
    /// `409-lease:30s`: a stranger holds the lease of the machine for so long, from just before
    /// the call.
    LeaseHeld {
        /// How long.
        ttl: Duration,
    },
    /// `409-replacing`: the call is refused because an update is under way, which is not true.
    Replacing,
    /// `422-capacity`: there is no room for a machine.
    NoCapacity,
    /// `reset-before`, `reset-after`: the connection breaks without an answer.
    Reset {
        /// Whether the call has its effect first.
        phase: Phase,
    },
    /// `slow:2s`, `slow-after:2s`: the call waits before or after its effect.
    Slow {
        /// How long.
        time: Duration,
        /// Before or after.
        phase: Phase,
    },
    /// `empty`: every list in the answer is empty.
    Empty,
    /// `stale:5s`: a read sees the state of some time ago, as far back as the fault exists.
    Stale {
        /// How long ago.
        age: Duration,
    },
    /// `malformed`: the answer is cut in the middle, and is no JSON.
    Malformed,
    /// `skew:+30s`, `skew:-30s`: all times in the answer are those of another clock.
    Skew {
        /// How far the clock of the platform is ahead.
        ms: i64,
    },
    /// `lag:2`: the first so many calls that name the new machine find nothing.
    Lag {
        /// How many.
        calls: u32,
    },
    /// `lag:2s`: for so long, calls that name the new machine and lists do not find it.
    LagFor {
        /// How long.
        time: Duration,
    },
    /// `lease-lost`, `lease-lost:2s`: the lease of the machine is gone before the call, or so long
    /// after it.
    LeaseLost {
        /// How long after.
        after: Duration,
    },
    /// `host-unreachable`, `host-unreachable:10s`: the host of the machine is cut off for so long,
    /// or for good: no configuration is shown, actions end in 408, the proxy has no address.
    HostUnreachable {
        /// How long; `None` is for good.
        time: Option<Duration>,
    },
    /// `pull-fails`: the image cannot be pulled; an update is reverted without a word.
    PullFails,
    /// `stuck`: the machine stays `created` or, at `boot`, `starting`.
    Stuck,
    /// `crash`, `crash:500ms`, `crash:500ms:7`: the program ends so long after its start, with this
    /// code or 1. At every boot that is a crash loop; at `boot@1` it is well afterwards.
    Crash {
        /// How long after the start.
        after: Duration,
        /// The exit code.
        code: i32,
    },
    /// `oom`, `oom:2s`: the program is killed for its memory so long after its start.
    OutOfMemory {
        /// How long after the start.
        after: Duration,
    },
    /// `flap:2s`: checks say what they see for so long, then fail for so long, and so on.
    Flap {
        /// Half a period.
        period: Duration,
    },
    /// `unhealthy`: no check ever passes.
    Unhealthy,
    /// `traffic:503`: checks pass, and users get this status.
    TrafficFails {
        /// The HTTP status, 500 to 599.
        status: u16,
    },
    /// `unseen`: the proxy never learns of the uncordon or, at `boot`, of the start. The next cordon
    /// or start tells it everything.
    Unseen,
    /// `autostop`: the proxy stops the machine in the middle of the update: the new version is
    /// left `stopped`.
    Autostop,
    /// `hangs`, `hangs:10s`: the machine stays `destroying` for so long, or for good.
    Hangs {
        /// How long; `None` is for good.
        time: Option<Duration>,
    },
}

use FaultEffect as E;

impl FaultEffect {
    /// Whether it belongs at this point; the error says where it does.
    pub(super) fn fits(&self, point: &FaultPoint) -> Result<(), &'static str> {
        let named = |names: &[&str]| names.contains(&point.name());
        let (fits, belongs) = match self {
            E::Crash { .. }
            | E::OutOfMemory { .. }
            | E::Flap { .. }
            | E::Unhealthy
            | E::TrafficFails { .. } => (point.is_boot(), "at boot"),
            E::Lag { .. } | E::LagFor { .. } => (named(&["create"]), "at create"),
            E::PullFails => (named(&["create", "update"]), "at create or update"),
            E::Stuck => (named(&["create", "boot"]), "at create or boot"),
            E::Unseen => (named(&["uncordon", "boot"]), "at uncordon or boot"),
            E::Autostop => (named(&["update"]), "at update"),
            E::Hangs { .. } => (named(&["destroy"]), "at destroy"),
            E::LeaseHeld { .. } | E::LeaseLost { .. } => {
                (point.may_name_a_machine(), "at a call that names a machine")
            }
            E::HostUnreachable { .. } => {
                let fits = point.is_boot() || point.may_name_a_machine();
                (fits, "at boot or at a call that names a machine")
            }
            E::Empty | E::Stale { .. } => (point.may_read(), "at a call with the method GET"),
            _ => (!point.is_boot(), "at a call"),
        };
        if fits { Ok(()) } else { Err(belongs) }
    }

    /// Whether its numbers are ones that it can have.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            E::Answer { status, .. } => STATUSES.contains(status),
            E::TrafficFails { status } => (500..600).contains(status),
            E::LeaseHeld { ttl } => !ttl.is_zero(),
            E::Flap { period } => !period.is_zero(),
            E::Crash { code, .. } => (0..256).contains(code),
            E::Lag { calls } => *calls > 0,
            _ => true,
        }
    }

    /// Whether it befalls a machine when a change to it is accepted, not the call for it.
    pub(super) fn is_of_the_world(&self) -> bool {
        matches!(
            self,
            E::Lag { .. }
                | E::LagFor { .. }
                | E::PullFails
                | E::Stuck
                | E::Unseen
                | E::Autostop
                | E::Hangs { .. }
        )
    }

    /// Whether it strikes only calls that name a machine there is.
    pub(super) fn needs_a_machine(&self) -> bool {
        matches!(self, E::LeaseHeld { .. } | E::LeaseLost { .. } | E::HostUnreachable { .. })
    }

    /// Whether it strikes only calls with the method `GET`.
    pub(super) fn needs_a_read(&self) -> bool {
        matches!(self, E::Empty | E::Stale { .. })
    }

    /// Whether the call ends here, so that later faults never meet it.
    pub(super) fn ends_the_call(&self) -> bool {
        use Phase::Before;
        let ends = matches!(self, E::Answer { phase: Before, .. } | E::Reset { phase: Before });
        ends || matches!(self, E::Replacing | E::NoCapacity)
    }
}
