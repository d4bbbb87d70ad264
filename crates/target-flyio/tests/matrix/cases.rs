//! Which cases there are: everything that a run without faults calls, with everything that can go wrong there.

use crate::address::{Address, Course, Mishap, Way};
use crate::effects::{KINDS, Spot};
use crate::play::Counts;

/// How much of it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Every course, action and effect once, at a call that changes from one to the next.
    Slice,
    /// Every call.
    All,
}

/// The cases of one course.
pub(crate) fn of(course: Course, counts: &Counts, extent: Extent) -> Vec<Address> {
    let mut cases = Vec::new();
    for spot in spots(counts) {
        // Another call for each effect, so that all calls are met by some.
        let turn = cases.len() as u64;
        let chosen = |count: &u64| extent == Extent::All || *count == turn % spot.of + 1;
        let counts = (1..=spot.of).filter(chosen);
        cases.extend(counts.map(|count| Address { course, mishap: spot.mishap.at(count) }));
    }
    cases
}

/// A mishap at each of so many calls.
struct SpotOf {
    mishap: Mishap,
    of: u64,
}

fn spots(counts: &Counts) -> Vec<SpotOf> {
    let mut spots = Vec::new();
    for kind in KINDS {
        let fault = |point: &str| Mishap::Fault {
            point: point.to_owned(),
            count: 0,
            effect: kind.effect.to_owned(),
        };
        if let Spot::At(occasion) = kind.spot {
            let of = counts.occasions[occasion];
            spots.push(SpotOf { mishap: fault(occasion), of });
            continue;
        }
        let calls = counts.calls.iter().filter(|(action, _)| kind.is_at(action));
        spots.extend(calls.map(|(action, of)| SpotOf { mishap: fault(action), of: *of }));
    }
    for (action, of) in &counts.calls {
        for done in [false, true].into_iter().filter(|done| !done || !is_read(action)) {
            let death = |way| Mishap::Death { call: (*action).to_owned(), count: 0, done, way };
            spots.extend([Way::On, Way::Back].map(|way| SpotOf { mishap: death(way), of: *of }));
        }
    }
    spots.retain(|spot| spot.of > 0);
    spots
}

impl Mishap {
    fn at(&self, at: u64) -> Self {
        let mut mishap = self.clone();
        let (Self::Fault { count, .. } | Self::Death { count, .. }) = &mut mishap;
        *count = at;
        mishap
    }
}

/// Does the action only look?
pub(crate) fn is_read(action: &str) -> bool {
    matches!(action, "list" | "get" | "wait" | "lease-get" | "events" | "metadata" | "versions")
}
