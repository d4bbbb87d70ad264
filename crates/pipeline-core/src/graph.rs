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

/// Who needs whom, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    needs: Vec<Vec<usize>>,
    weights: Vec<u32>,
}

impl Graph {
    /// Of gates with their name, their needs and their weight.
    pub(crate) fn new(gates: &[(&str, &[String], u32)]) -> Result<Self, BuildError> {
        let mut numbers = HashMap::new();
        for (number, (name, ..)) in gates.iter().enumerate() {
            if numbers.insert(*name, number).is_some() {
                return Err(BuildError::Duplicate((*name).into()));
            }
        }
        let known = || gates.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
        let number_of = |gate: &str, need: &String| {
            let unknown = || BuildError::UnknownNeed {
                gate: gate.into(),
                need: need.clone(),
                known: known(),
            };
            numbers.get(need.as_str()).copied().ok_or_else(unknown)
        };
        let needs = gates
            .iter()
            .map(|(gate, needs, _)| needs.iter().map(|need| number_of(gate, need)).collect())
            .collect::<Result<_, _>>()?;
        let graph = Self { needs, weights: gates.iter().map(|(.., weight)| *weight).collect() };
        let placed = graph.levels().concat();
        if placed.len() < gates.len() {
            let rest = (0..gates.len()).filter(|number| !placed.contains(number));
            let names: Vec<_> = rest.map(|number| gates[number].0).collect();
            return Err(BuildError::Cycle(names.join(", ")));
        }
        Ok(graph)
    }

    /// Gates by the earliest moment they could start; gates in a circle are in none.
    pub(crate) fn levels(&self) -> Vec<Vec<usize>> {
        let mut placed = vec![false; self.needs.len()];
        let mut levels = Vec::new();
        loop {
            let ready =
                |gate: &usize| !placed[*gate] && self.needs[*gate].iter().all(|it| placed[*it]);
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
    capacity: u32,
    stopped: bool,
}

impl<'g> Schedule<'g> {
    pub(crate) fn new(graph: &'g Graph, capacity: u32) -> Self {
        let progress = vec![Progress::Waiting; graph.needs.len()];
        Self { graph, progress, capacity, stopped: false }
    }

    /// Marks as running, and returns, all gates that may start now. A gate heavier than the capacity
    /// runs alone.
    pub(crate) fn start(&mut self) -> Vec<usize> {
        let mut started = Vec::new();
        for gate in 0..self.progress.len() {
            let (weight, load) = (self.graph.weights[gate], self.load());
            let fits = load == 0 || load.saturating_add(weight) <= self.capacity;
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

    fn load(&self) -> u32 {
        let running = (0..self.progress.len()).filter(|it| self.progress[*it] == Progress::Running);
        running.map(|gate| self.graph.weights[gate].max(1)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(gates: &[(&str, &[&str], u32)]) -> Result<Graph, BuildError> {
        let needs: Vec<Vec<String>> =
            gates.iter().map(|it| it.1.iter().map(ToString::to_string).collect()).collect();
        let gates: Vec<_> =
            gates.iter().zip(&needs).map(|(it, needs)| (it.0, &needs[..], it.2)).collect();
        Graph::new(&gates)
    }

    #[test]
    fn unknown_names_doubles_and_circles_are_refused_before_anything_runs() {
        let message = |gates| graph(gates).unwrap_err().to_string();
        insta::assert_snapshot!(message(&[("test", &["compil"], 1), ("compile", &[], 1)]),
            @"the gate `test` needs `compil`, which is not a gate; gates are: test, compile");
        insta::assert_snapshot!(message(&[("test", &[], 1), ("test", &[], 1)]),
            @"there are two steps named `test`; give one of them another name");
        insta::assert_snapshot!(message(&[("a", &["b"], 1), ("b", &["a"], 1), ("c", &[], 1)]),
            @"these gates need each other in a circle: a, b; remove one of the needs");
    }

    #[test]
    fn levels_are_the_plan() {
        let graph = graph(&[("test", &["compile"], 1), ("format", &[], 1), ("compile", &[], 1)]);
        assert_eq!(graph.unwrap().levels(), [vec![1, 2], vec![0]]);
    }

    #[test]
    fn weights_are_kept_to_and_a_giant_runs_alone() {
        let graph =
            graph(&[("a", &[], 2), ("b", &[], 1), ("giant", &[], 9), ("c", &[], 1)]).unwrap();
        let mut schedule = Schedule::new(&graph, 3);
        assert_eq!(schedule.start(), [0, 1]);
        schedule.finish(0, true);
        assert_eq!(schedule.start(), [3]);
        schedule.finish(1, true);
        schedule.finish(3, true);
        assert_eq!(schedule.start(), [2]);
        assert_eq!(schedule.start(), [0; 0]);
    }

    #[test]
    fn what_needs_a_bad_gate_is_skipped_with_the_reason() {
        let graph = graph(&[("a", &[], 1), ("b", &["a"], 1), ("c", &["b"], 1)]).unwrap();
        let mut schedule = Schedule::new(&graph, 4);
        assert_eq!(schedule.start(), [0]);
        schedule.finish(0, false);
        assert_eq!(schedule.start(), [0; 0]);
        assert_eq!(schedule.skipped(), [(1, Some(0)), (2, Some(1))]);
    }
}
