//! Choosing a machine, as a pure function of what the proxy believes and how loaded each machine
//! is (fly.io docs: reference/load-balancing, reference/fly-proxy-autostop-autostart).

use super::wish::Wish;
use crate::world::Route;

/// A machine as the choice sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) route: &'a Route,
    /// Requests or connections under way.
    pub(super) load: usize,
    /// Whether a request has it started already.
    pub(super) waking: bool,
    /// Whether it has refused this request a moment ago.
    pub(super) refused: bool,
}

/// What to do with a request; machines are named by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Send it there.
    Go(usize),
    /// Start this machine, and wait for it.
    Wake(usize),
    /// Somebody else has had a machine started; wait for that.
    Await,
    /// Every machine is at its hard limit.
    Queue,
    /// There is no machine to send it to.
    Nobody,
}

/// Chooses among `count` machines that `look` describes. Machines below their soft limit come
/// before those above, within a region; the nearest region comes first; then the least loaded
/// one; and equals take turns, from place `turn` on.
pub(super) fn choose<'a>(
    (count, turn): (usize, usize),
    (wish, edge): (&Wish, &str),
    look: impl Fn(usize) -> Seen<'a>,
) -> Choice {
    let mut survey = Survey::default();
    for step in 0..count {
        let place = (turn + step) % count;
        survey.note(place, &look(place), (wish, edge));
    }
    survey.choice()
}

/// What was found so far.
#[derive(Default)]
struct Survey {
    preferred: Option<usize>,
    /// The best of those that take requests.
    awake: Option<((usize, bool, usize), usize)>,
    /// The nearest of those that could be started.
    idle: Option<(usize, usize)>,
    /// Whether some machine is below its soft limit, is at its hard limit, is being started.
    has_room: bool,
    has_full: bool,
    has_waking: bool,
}

impl Survey {
    fn note(&mut self, place: usize, seen: &Seen<'_>, (wish, edge): (&Wish, &str)) {
        let Seen { route, load, .. } = *seen;
        let Some(service) = route.service.as_deref() else { return };
        let Some(distance) = wish.distance(&route.region, edge) else { return };
        let is = |asked: &Option<String>| asked.as_ref() == Some(&route.key.machine);
        if wish.only_in_pool && route.cordoned {
            return;
        }
        if seen.refused || is(&wish.avoided) || (wish.forced.is_some() && !is(&wish.forced)) {
            return;
        }
        if takes_requests(route, wish.forced.is_some()) {
            if service.hard_limit.is_some_and(|limit| load >= limit) {
                self.has_full = true;
                return;
            }
            let over = load >= service.soft_limit;
            self.has_room |= !over;
            if is(&wish.preferred) {
                self.preferred = Some(place);
            }
            let rank = (distance, over, load);
            if self.awake.is_none_or(|(best, _)| rank < best) {
                self.awake = Some((rank, place));
            }
        } else if service.autostart && !route.cordoned && seen.waking {
            self.has_waking = true;
        } else if service.autostart
            && !route.cordoned
            && route.idle
            && self.idle.is_none_or(|(nearest, _)| distance < nearest)
        {
            self.idle = Some((distance, place));
        }
    }

    fn choice(self) -> Choice {
        if let Some(place) = self.preferred {
            return Choice::Go(place);
        }
        let idle = self.idle.filter(|_| !self.has_waking && !self.has_room);
        match (self.awake, idle) {
            (_, Some((_, place))) => Choice::Wake(place),
            (Some((_, place)), None) => Choice::Go(place),
            (None, None) if self.has_waking => Choice::Await,
            (None, None) if self.has_full => Choice::Queue,
            (None, None) => Choice::Nobody,
        }
    }
}

/// Whether a machine is in the pool. A pinned request only wants it to be started.
pub(super) fn takes_requests(route: &Route, pinned: bool) -> bool {
    route.address.is_some() && (pinned || (route.healthy && !route.cordoned))
}

#[cfg(test)]
mod tests;
