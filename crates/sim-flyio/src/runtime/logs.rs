//! What the machines of each app printed, and what the platform said about them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{Platform, lock};
use crate::{
    clock::{Millis, rfc3339},
    world::{Boot, Exit, Lapse, MachineKey, Target},
};

/// How many lines are kept of each app; older ones are gone.
const KEPT: usize = 2000;
/// How many lines a page of the log has at most.
const PAGE: usize = 100;
/// What runs where there is no command: the application inside the simulator.
const BUNDLED: &str = "the bundled application";

/// Who a line comes from, as the web API names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The program in the machine, or the init process beside it.
    App,
    /// The host that runs the machine.
    Runner,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Counts the lines of all apps from 1.
    pub(crate) number: u64,
    pub(crate) at: Millis,
    pub(crate) machine: String,
    pub(crate) region: String,
    pub(crate) voice: Voice,
    pub(crate) message: String,
}

impl Line {
    pub(crate) fn to_json(&self) -> Value {
        let provider = match self.voice {
            Voice::App => "app",
            Voice::Runner => "runner",
        };
        json!({
            "id": self.number.to_string(),
            "type": "log",
            "attributes": {
                "timestamp": rfc3339(self.at),
                "message": self.message,
                "level": "info",
                "instance": self.machine,
                "region": self.region,
                "meta": {
                    "instance": self.machine,
                    "region": self.region,
                    "event": { "provider": provider },
                },
            },
        })
    }
}

/// The lines of all apps.
#[derive(Debug, Default)]
pub(crate) struct Logs(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    of: HashMap<String, VecDeque<Line>>,
}

impl Logs {
    fn push(&self, app: &str, line: Line) {
        let mut kept = lock(&self.0);
        kept.count += 1;
        let line = Line { number: kept.count, ..line };
        let lines = kept.of.entry(app.to_owned()).or_default();
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// A page of the lines that are wanted and came after line `number`; after line 0, the newest
    /// page there is.
    pub(crate) fn after(
        &self,
        app: &str,
        number: u64,
        wanted: impl Fn(&Line) -> bool,
    ) -> Vec<Line> {
        let kept = lock(&self.0);
        let lines = kept.of.get(app).into_iter().flatten();
        let lines: Vec<&Line> = lines.filter(|line| line.number > number && wanted(line)).collect();
        let from = if number == 0 { lines.len().saturating_sub(PAGE) } else { 0 };
        lines.into_iter().skip(from).take(PAGE).cloned().collect()
    }
}

/// Writes the lines of one boot. What flyctl looks for is in the words of the platform.
#[derive(Debug)]
pub(super) struct Diary {
    platform: Arc<Platform>,
    app: String,
    machine: String,
    region: String,
}

impl Diary {
    pub(super) fn new(platform: &Arc<Platform>, boot: &Boot) -> Self {
        Self {
            platform: Arc::clone(platform),
            app: boot.key.app.clone(),
            machine: boot.key.machine.clone(),
            region: boot.env.get("FLY_REGION").cloned().unwrap_or_default(),
        }
    }

    pub(super) fn started(&self, command: &[String]) {
        let command = if command.is_empty() { BUNDLED.to_owned() } else { command.join(" ") };
        self.note(Voice::Runner, "Machine started".to_owned());
        self.note(Voice::App, format!("INFO Preparing to run: `{command}`"));
    }

    /// A line of the program itself.
    pub(super) fn says(&self, line: String) {
        self.note(Voice::App, line);
    }

    pub(super) fn ended(&self, exit: Exit) {
        let how = match (exit.signal, exit.code) {
            (Some(signal), _) => format!("with signal (with signal '{}')", name(signal)),
            (None, code) => format!("normally with code: {}", code.unwrap_or(0)),
        };
        self.note(Voice::App, format!("INFO Main child exited {how}"));
    }

    pub(super) fn failed(&self, why: &str) {
        self.note(Voice::Runner, format!("Machine could not be started: {why}"));
    }

    fn note(&self, voice: Voice, message: String) {
        let (machine, region) = (self.machine.clone(), self.region.clone());
        let at = self.platform.clock.now();
        self.platform.logs.push(&self.app, Line { number: 0, at, machine, region, voice, message });
    }
}

/// Says that an image could not be pulled: the API itself is silent about it. A machine that has moved
/// on since does not need it any more.
pub(super) fn note_lapse(platform: &Platform, key: &MachineKey, (serial, lapse): (u64, Lapse)) {
    if !matches!(lapse, Lapse::Revert | Lapse::NoImage) {
        return;
    }
    let found = platform.read(|world| {
        let target = Target { app: &key.app, machine: &key.machine, nonce: None };
        let machine = world.read(target).ok().filter(|machine| machine.serial == serial)?;
        Some((machine.region.clone(), machine.version().image.full()))
    });
    let Some((region, image)) = found else { return };
    let line = Line {
        number: 0,
        at: platform.clock.now(),
        machine: key.machine.clone(),
        region,
        voice: Voice::Runner,
        message: format!("Failed to pull container image {image}"),
    };
    platform.logs.push(&key.app, line);
}

fn name(signal: i32) -> String {
    Signal::try_from(signal).map_or_else(|_| signal.to_string(), |signal| signal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(count: u64) -> Logs {
        let logs = Logs::default();
        for number in 1..=count {
            let machine = if number % 2 == 0 { "even" } else { "odd" };
            let line = Line {
                number: 0,
                at: 1_786_701_455_120,
                machine: machine.to_owned(),
                region: "ord".to_owned(),
                voice: Voice::App,
                message: format!("line {number}"),
            };
            logs.push("shop", line);
        }
        logs
    }

    fn numbers(logs: &Logs, after: u64) -> (Option<u64>, Option<u64>, usize) {
        let lines = logs.after("shop", after, |_| true);
        let number = |line: Option<&Line>| line.map(|line| line.number);
        (number(lines.first()), number(lines.last()), lines.len())
    }

    #[test]
    fn pages_follow_each_other_and_the_first_one_is_the_newest() {
        let logs = logs(250);
        assert_eq!(numbers(&logs, 0), (Some(151), Some(250), 100));
        assert_eq!(numbers(&logs, 250), (None, None, 0));
        assert_eq!(numbers(&logs, 20), (Some(21), Some(120), 100));
        assert_eq!(logs.after("other", 0, |_| true), []);
    }

    #[test]
    fn a_machine_can_be_picked_out_and_old_lines_are_dropped() {
        let logs = logs(KEPT as u64 + 10);
        let odd = logs.after("shop", 0, |line| line.machine == "odd");
        assert!(odd.len() == PAGE && odd.iter().all(|line| line.machine == "odd"));
        assert_eq!(numbers(&logs, 1).0, Some(11), "the first ten are gone");
    }

    #[test]
    fn a_line_has_the_shape_of_the_web_api() {
        let line = logs(1).after("shop", 0, |_| true).remove(0).to_json();
        assert_eq!(line["attributes"]["message"], "line 1");
        assert_eq!(line["attributes"]["timestamp"], "2026-08-14T09:57:35.12Z");
        assert_eq!(line["attributes"]["meta"]["event"]["provider"], "app");
    }
}
