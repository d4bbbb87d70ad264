//! A fault, and the language in which it is written.

use std::{fmt, str::FromStr};

use super::{FaultEffect, FaultPoint, FaultTiming, scope::Scope};

/// A fault that can be injected: where, to whom, when, and what.
///
/// It is written as `POINT[SCOPE]TIMING=EFFECT`; scope and timing may be left out:
///
/// | | |
/// |---|---|
/// | `create@2=408-after` | the second create takes effect and is answered 408 |
/// | `update%0.1=409-replacing` | one update in ten is refused |
/// | `list@1=empty` | the first list is empty |
/// | `get@3=stale:5s` | the third read is five seconds old |
/// | `POST /v1/apps/*/machines/*/start@1-3=429` | three starts are limited |
/// | `create[region=ams]=422-capacity` | there is no room left in Amsterdam |
/// | `boot[image=*:v2]=crash:500ms` | every start of v2 ends after half a second |
///
/// **Point**: the name of an action, `METHOD PATH`, or `boot`. In a path `*` stands for anything within
/// a segment and `**` for anything; the method may be `*`, or several with `|` between. `boot` is
/// every start of a machine's program, after a restart too. The names:
/// `any`, `app-list`, `app-create`, `app-get`, `app-delete`, `list`, `create`, `get`, `update`,
/// `destroy`, `start`, `stop`, `restart`, `suspend`, `signal`, `cordon`, `uncordon`, `exec`, `wait`,
/// `events`, `versions`, `ps`, `lease` (acquire and refresh), `lease-get`, `lease-release`,
/// `metadata`, `metadata-patch`, `metadata-get`, `metadata-set`, `metadata-remove`, `volume-list`,
/// `volume-create`, `volume-get`, `volume-update`, `volume-destroy`, `volume-extend`,
/// `volume-snapshots`, `secret-list`, `secret-update`, `secret-get`, `secret-set`, `secret-remove`,
/// `ip-list`, `ip-assign`, `ip-remove`, `regions`, `placements`, `token`, `org-get`, `build-create`,
/// `build-finish`, `release-create`, `release-update`, `release-list`, `release-current`,
/// `release-all-current`, `logs`, `graphql`.
///
/// **Scope**: patterns for `app`, `machine`, `region`, `image` (`registry/repository:tag`) and `group`
/// (the process group), with commas between; all have to fit. `*` stands for anything. Of a
/// create or an update, what it asks for counts; of other calls, what is true.
///
/// **Timing**: nothing (always), `@2`, `@1-3`, `@3-`, `@every5`, or a probability such as `%0.1`. Faults at
/// calls count calls, those that are refused too; faults that befall machines (`lag`,
/// `pull-fails`, `stuck`, `autostop`, `hangs`, `unseen`, and all at `boot`) count what was accepted. A
/// call that an earlier fault has ended is not counted by later ones.
///
/// **Effect**: the forms stand with [`FaultEffect`].
///
/// ```
/// let fault: sim_flyio::Fault = "create@2=408-after".parse()?;
/// assert_eq!(fault.to_string(), "create@2=408-after");
/// # Ok::<(), sim_flyio::FaultError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(super) point: FaultPoint,
    pub(super) scope: Scope,
    pub(super) timing: FaultTiming,
    pub(super) effect: FaultEffect,
}

impl Fault {
    /// A fault that always strikes, wherever `point` says; refused if `effect` cannot happen there.
    pub fn new(point: &str, effect: FaultEffect) -> Result<Self, FaultError> {
        let point: FaultPoint = point.parse()?;
        if !effect.is_sound() {
            return Err(FaultError::Effect { effect: effect.to_string() });
        }
        effect.fits(&point).map_err(|belongs| FaultError::Misplaced {
            effect: effect.to_string(),
            point: point.to_string(),
            belongs,
        })?;
        Ok(Self { point, scope: Scope::default(), timing: FaultTiming::default(), effect })
    }

    /// The same at these times only.
    pub fn at(self, timing: FaultTiming) -> Result<Self, FaultError> {
        if !timing.is_sound() {
            return Err(FaultError::Timing { timing: timing.to_string() });
        }
        Ok(Self { timing, ..self })
    }

    /// The same for those only whose `app`, `machine`, `region`, `image` or `group` fits a pattern.
    pub fn only(mut self, key: &str, pattern: &str) -> Result<Self, FaultError> {
        self.scope.add(key, pattern)?;
        Ok(self)
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let form = || FaultError::Form { fault: text.to_owned() };
        let end = text.find(['[', '@', '%', '=']).ok_or_else(form)?;
        let (point, mut rest) = text.split_at(end);
        let mut scope = Scope::default();
        if let Some(inner) = rest.strip_prefix('[') {
            let (patterns, after) = inner.split_once(']').ok_or_else(form)?;
            (scope, rest) = (Scope::read(patterns)?, after);
        }
        let (timing, effect) = rest.split_once('=').ok_or_else(form)?;
        let fault = Self::new(point, effect.trim().parse()?)?;
        Ok(Self { scope, ..fault.at(timing.trim().parse()?)? })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { point, scope, timing, effect } = self;
        write!(f, "{point}{scope}{timing}={effect}")
    }
}

/// Why a fault cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// The parts cannot be told apart.
    #[error(
        "the fault '{fault}' is not POINT[SCOPE]TIMING=EFFECT; write for example create@2=408-after"
    )]
    Form {
        /// What was written.
        fault: String,
    },
    /// There is no such point.
    #[error(
        "a fault has no point '{point}'; write boot, the name of an action such as create, list or update, or METHOD /PATH"
    )]
    Point {
        /// What was written.
        point: String,
    },
    /// There is no such scope.
    #[error(
        "a fault has no scope '{scope}'; write KEY=PATTERN with one of app, machine, region, image and group"
    )]
    Scope {
        /// What was written.
        scope: String,
    },
    /// There is no such timing.
    #[error(
        "a fault has no timing '{timing}'; write @2, @1-3, @3-, @every5, or %0.1 with a number from 0 to 1"
    )]
    Timing {
        /// What was written.
        timing: String,
    },
    /// There is no such effect.
    #[error(
        "a fault has no effect '{effect}'; write for example 503, 409-lease:30s, reset-after, slow:2s or crash:500ms"
    )]
    Effect {
        /// What was written.
        effect: String,
    },
    /// 408 says nothing about whether the call took effect.
    #[error(
        "the effect '408' does not say whether the call takes effect; write 408-before or 408-after"
    )]
    Ambiguous,
    /// The effect cannot happen there.
    #[error("'{effect}' cannot happen at '{point}'; put it {belongs}")]
    Misplaced {
        /// The effect.
        effect: String,
        /// Where it was put.
        point: String,
        /// Where it belongs.
        belongs: &'static str,
    },
}
