//! The world some time ago, for reads that are stale on purpose.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    ops::Deref,
};

use super::{World, app::App};
use crate::clock::Millis;

/// How far apart memories are at least, in milliseconds: enough for people, and cheap for a thousand
/// machines.
const GRAIN: Millis = 10;

/// From how many memories on those of what is long ago are thinned out; each holds the whole world.
const MEMORIES: usize = 512;

/// What was true, and until when; oldest first.
#[derive(Debug, Default)]
pub(crate) struct Past(VecDeque<(Millis, BTreeMap<String, App>)>);

impl Past {
    /// When there are too many, forgets those that are closer to the one before than a sixteenth of
    /// their age.
    fn thin_out(&mut self, now: Millis) {
        if self.0.len() < MEMORIES {
            return;
        }
        let mut last = None;
        self.0.retain(|(until, _)| {
            let keeps = last.is_none_or(|last| until - last > (now - until) / 16);
            last = if keeps { Some(*until) } else { last };
            keeps
        });
    }
}

impl World {
    /// Remembers the world before a change, if any fault wants to look back so far.
    pub(crate) fn remember(&mut self) {
        let now = self.host.now;
        let Some(longest) = self.host.faults.longest_memory() else {
            self.past.0.clear();
            return;
        };
        while self.past.0.front().is_some_and(|(until, _)| now.saturating_sub(*until) > longest) {
            self.past.0.pop_front();
        }
        if self.past.0.back().is_none_or(|(until, _)| now - until >= GRAIN) {
            self.past.thin_out(now);
            self.past.0.push_back((now, self.apps.clone()));
        }
    }

    /// The world as it was at `at`, or as long ago as is remembered. Time goes on in it: what has
    /// expired since then has expired.
    pub(crate) fn rewound(&mut self, at: Millis) -> Rewound<'_> {
        let memory = self.past.0.iter().position(|(until, _)| *until > at);
        let mut rewound = Rewound { world: self, memory };
        rewound.swap();
        rewound
    }
}

/// The world as it was; dropped, it is the present one again.
#[derive(Debug)]
pub(crate) struct Rewound<'a> {
    world: &'a mut World,
    /// `None` where nothing has changed since.
    memory: Option<usize>,
}

impl Rewound<'_> {
    fn swap(&mut self) {
        let World { apps, past, .. } = &mut *self.world;
        if let Some((_, then)) = self.memory.and_then(|at| past.0.get_mut(at)) {
            mem::swap(apps, then);
        }
    }
}

impl Deref for Rewound<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        self.world
    }
}

impl Drop for Rewound<'_> {
    fn drop(&mut self) {
        self.swap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dice::Dice, ids::Ids, world::Host};

    #[test]
    fn a_long_memory_of_many_changes_is_bounded_and_sharp_for_what_is_near() {
        let mut world = World::new(Host::new(Ids::new(Dice::new(Some(1), 0)), 0));
        world.host.faults.inject("get=stale:24h".parse().unwrap());
        for number in 0..10_000 {
            world.host.now += GRAIN;
            world.remember();
            world.create_app(&format!("app-{number}")).unwrap();
            world.delete_app(&format!("app-{}", number - 1)).unwrap_or_default();
        }
        assert!(world.past.0.len() <= MEMORIES, "{}", world.past.0.len());
        let now = world.host.now;
        assert!(world.rewound(now - 5 * GRAIN).app("app-9994").is_ok());
        let old = world.rewound(now / 2);
        let number = old.apps.values().last().unwrap().number;
        assert!((4990..5400).contains(&number), "{number} is not about half of all");
    }
}
