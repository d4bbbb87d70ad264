//! Which gates may start now: names to numbers, cycles found at build time, a schedule; all pure.

use std::collections::HashMap;

use thiserror::Error;

/// Why a pipeline cannot be built. Found before anything runs.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// Two steps of one kind share a name.
    #[error("there are two steps named `{0}`; give one of them another name")]
    Duplicate(String),
    /// A gate needs one that is not there.
    #[error("the gate `{gate}` needs `{need}`, which is not a gate; gates are: {known}")]
    UnknownNeed {
        /// The gate.
        gate: String,
        /// What it needs.
        need: String,
        /// What there is.
        known: String,
    },
    /// Gates need each other in a circle.
    #[error("these gates need each other in a circle: {0}; remove one of the needs")]
    Cycle(String),
}

/// A gate as the graph sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) needs: &'a [String],
    /// Those of them that there are must have ended before it.
    pub(crate) after: &'a [String],
    /// What it must have for itself.
    pub(crate) exclusive: &'a [String],
    pub(crate) weight: u32,
}

/// Who needs whom, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    needs: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// For each gate those that want something that it wants, too.
    rivals: Vec<Vec<usize>>,
    weights: Vec<u32>,
}

impl Graph {
    pub(crate) fn new(gates: &[Node<'_>]) -> Result<Self, BuildError> {
        let mut numbers = HashMap::new();
        for (number, gate) in gates.iter().enumerate() {
            if numbers.insert(gate.name, number).is_some() {
                return Err(BuildError::Duplicate(gate.name.into()));
            }
        }
        let known = || gates.iter().map(|it| it.name).collect::<Vec<_>>().join(", ");
        let number_of = |gate: &str, need: &String| {
            let (gate, need) = (gate.to_owned(), need.clone());
            let number = numbers.get(need.as_str()).copied();
            number.ok_or_else(|| BuildError::UnknownNeed { gate, need, known: known() })
        };
        let needs = gates
            .iter()
            .map(|it| it.needs.iter().map(|need| number_of(it.name, need)).collect())
            .collect::<Result<_, _>>()?;
        let there = |it: &String| numbers.get(it.as_str()).copied();
        let after = gates.iter().map(|it| it.after.iter().filter_map(there).collect()).collect();
        let weights = gates.iter().map(|it| it.weight).collect();
        let graph = Self { needs, after, rivals: rivals(gates), weights };
        let placed = graph.levels().concat();
        if placed.len() < gates.len() {
            let rest = (0..gates.len()).filter(|number| !placed.contains(number));
            let names: Vec<_> = rest.map(|number| gates[number].name).collect();
            return Err(BuildError::Cycle(names.join(", ")));
        }
        Ok(graph)
    }

    /// Those whose verdict or whose end it waits for.
    pub(crate) fn waits_for(&self, gate: usize) -> impl Iterator<Item = usize> {
        self.needs[gate].iter().chain(&self.after[gate]).copied()
    }

    /// Gates by the earliest moment they could start; gates in a circle are in none.
    pub(crate) fn levels(&self) -> Vec<Vec<usize>> {
        let mut placed = vec![false; self.needs.len()];
        let mut levels = Vec::new();
        loop {
            let ready = |gate: &usize| !placed[*gate] && self.waits_for(*gate).all(|it| placed[it]);
            let level: Vec<usize> = (0..placed.len()).filter(ready).collect();
            if level.is_empty() {
                return levels;
            }
            for gate in &level {
                placed[*gate] = true;
            }
            levels.push(level);
        }
    }
}

fn rivals(gates: &[Node<'_>]) -> Vec<Vec<usize>> {
    let meet =
        |one: &Node<'_>, two: &Node<'_>| one.exclusive.iter().any(|it| two.exclusive.contains(it));
    let of = |number: usize| {
        let others = (0..gates.len()).filter(move |other| *other != number);
        others.filter(move |other| meet(&gates[number], &gates[*other])).collect()
    };
    (0..gates.len()).map(of).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Running,
    Good,
    Bad,
}

/// Which gates run, are done, or wait. It decides; somebody else runs them.
#[derive(Clone, Debug)]
pub(crate) struct Schedule<'g> {
    graph: &'g Graph,
    progress: Vec<Progress>,
    /// Gates whose answer is there already: they take nothing and wait for nobody but what they need.
    known: Vec<bool>,
    capacity: u32,
    stopped: bool,
}

impl<'g> Schedule<'g> {
    pub(crate) fn new(graph: &'g Graph, capacity: u32) -> Self {
        let (progress, known) =
            (vec![Progress::Waiting; graph.needs.len()], vec![false; graph.needs.len()]);
        Self { graph, progress, known, capacity, stopped: false }
    }

    /// The answer of this gate is there already.
    pub(crate) fn is_known(&mut self, gate: usize) {
        self.known[gate] = true;
    }

    /// Marks as running, and returns, all gates that may start now. A gate heavier than the capacity
    /// runs alone.
    pub(crate) fn start(&mut self) -> Vec<usize> {
        let mut started = Vec::new();
        for gate in 0..self.progress.len() {
            let fits = self.known[gate] || (self.fits(gate) && self.has_its_turn(gate));
            if !self.stopped && fits && self.is_ready(gate) {
                self.progress[gate] = Progress::Running;
                started.push(gate);
            }
        }
        started
    }

    /// Takes the answer of a gate.
    pub(crate) fn finish(&mut self, gate: usize, good: bool) {
        self.progress[gate] = if good { Progress::Good } else { Progress::Bad };
    }

    /// No gate starts from now on.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Gates that may still start, each with those whose end it waits for; with none where it waits for room.
    pub(crate) fn waiting(&self) -> Vec<(usize, Vec<usize>)> {
        let may_start = |it: &usize| {
            self.progress[*it] == Progress::Waiting && !self.is_lost(*it) && !self.stopped
        };
        let waiting = (0..self.progress.len()).filter(may_start);
        waiting.map(|gate| (gate, self.obstacles(gate))).collect()
    }

    fn obstacles(&self, gate: usize) -> Vec<usize> {
        let needs =
            self.graph.needs[gate].iter().filter(|it| self.progress[**it] != Progress::Good);
        let after = self.graph.after[gate].iter().filter(|it| !self.is_over(**it));
        let rivals = self.graph.rivals[gate].iter().filter(|it| self.is_at_work(**it));
        let mut obstacles: Vec<usize> = needs.chain(after).chain(rivals).copied().collect();
        obstacles.sort_unstable();
        obstacles.dedup();
        obstacles
    }

    /// Gates that were never started, each with one it needs that was not good, or that was not started
    /// either.
    pub(crate) fn skipped(&self) -> Vec<(usize, Option<usize>)> {
        let waiting = (0..self.progress.len()).filter(|it| self.progress[*it] == Progress::Waiting);
        waiting.map(|gate| (gate, self.missing(gate))).collect()
    }

    fn missing(&self, gate: usize) -> Option<usize> {
        self.graph.needs[gate].iter().copied().find(|it| self.progress[*it] != Progress::Good)
    }

    fn is_ready(&self, gate: usize) -> bool {
        self.progress[gate] == Progress::Waiting && self.missing(gate).is_none()
    }

    fn fits(&self, gate: usize) -> bool {
        let load: u32 = self.running().map(|it| self.graph.weights[it].max(1)).sum();
        load == 0 || load.saturating_add(self.graph.weights[gate]) <= self.capacity
    }

    /// Has all ended that it comes after, and does nobody have what it must have for itself?
    fn has_its_turn(&self, gate: usize) -> bool {
        self.graph.after[gate].iter().all(|it| self.is_over(*it))
            && !self.graph.rivals[gate].iter().any(|it| self.is_at_work(*it))
    }

    fn is_over(&self, gate: usize) -> bool {
        match self.progress[gate] {
            Progress::Good | Progress::Bad => true,
            Progress::Running => false,
            // What is never started is not waited for.
            Progress::Waiting => self.is_lost(gate),
        }
    }

    fn is_at_work(&self, gate: usize) -> bool {
        self.progress[gate] == Progress::Running && !self.known[gate]
    }

    /// Will it never start, because something it needs was not good?
    fn is_lost(&self, gate: usize) -> bool {
        let is_bad = |it: &usize| {
            self.progress[*it] == Progress::Bad
                || self.progress[*it] == Progress::Waiting && self.is_lost(*it)
        };
        self.graph.needs[gate].iter().any(is_bad)
    }

    fn running(&self) -> impl Iterator<Item = usize> {
        (0..self.progress.len()).filter(|it| self.is_at_work(*it))
    }
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
