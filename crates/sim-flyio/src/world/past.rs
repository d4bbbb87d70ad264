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

/// How many memories there are at most.
const MEMORIES: Millis = 1000;

/// What was true, and until when; oldest first.
#[derive(Debug, Default)]
pub(crate) struct Past(VecDeque<(Millis, BTreeMap<String, App>)>);

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
        // However far back: never more than so many memories.
        let grain = GRAIN.max(longest / MEMORIES);
        if self.past.0.back().is_none_or(|(until, _)| now - until >= grain) {
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
