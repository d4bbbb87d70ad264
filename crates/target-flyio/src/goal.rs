//! What one machine shall be, and the one step that brings it nearer. Pure: whatever half-way state a
//! crash left, reading the machine and taking the step that is asked for ends at the goal.

use serde_json::Value;

use crate::api::{Machine, Power, has_checks};
use crate::group::TestSpec;
use crate::memory::Memory;
use crate::plan::{Place, Work, stand_by};
use crate::record::Recorded;

/// How often the same action is tried before a person is asked.
pub(crate) const TRIES: u32 = 6;
/// In how many looks a machine without checks must be up, so that one that dies at once is seen.
const STEADY: u32 = 3;
/// After how many looks a machine that is merely `created` is started by hand: some 45 s, and six times that until
/// it is given up. It is `created` while its image is pulled, and refuses to start before that is done.
const STUCK: u32 = 8;

/// What one machine shall be.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) place: Place,
    pub(crate) region: Option<String>,
    pub(crate) config: Value,
    pub(crate) same: Same,
    pub(crate) wanted: Wanted,
    /// Must its checks pass?
    pub(crate) healthy: bool,
    /// In or out of the proxy's pool; `None` leaves it.
    pub(crate) cordoned: Option<bool>,
    /// The machine checks that it must pass once it runs.
    pub(crate) tests: Vec<TestSpec>,
}

/// How a machine is recognised that is at its goal's configuration already.
#[derive(Clone, Debug)]
pub(crate) enum Same {
    /// This run put this image on it.
    Run { run: String, image: String },
    /// It is at this version, or has the goal's very configuration; and its image means what it meant.
    Was { instance: String, image: String },
    /// It was created for the goal, whatever the platform made of its configuration.
    Born,
}

/// Shall it run?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Yes.
    Running,
    /// It need not; if the proxy started it, it may.
    Resting,
    /// No.
    Stopped,
}

/// The one thing to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Create,
    Update,
    Start,
    Stop,
    Cordon,
    Uncordon,
    /// Wait until the platform has done what it is at.
    Settle,
    /// Wait for its checks.
    Watch,
    Done,
    Fail(Failure),
}

/// Why a goal cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Gone,
    Reverted,
    Crashed(String),
    GaveUp { action: &'static str, tries: u32 },
}

impl Goal {
    /// The machine of a stage.
    pub(crate) fn of(work: &Work, run: &str, image: &str) -> Self {
        Self {
            place: work.place.clone(),
            region: work.region.clone(),
            config: work.config.clone(),
            same: Same::Run { run: run.to_owned(), image: image.to_owned() },
            wanted: if work.runs { Wanted::Running } else { Wanted::Resting },
            healthy: work.runs,
            cordoned: Some(work.cordoned),
            tests: if work.runs { work.tests.clone() } else { Vec::new() },
        }
    }

    /// The machine of a snapshot.
    pub(crate) fn was(recorded: &Recorded) -> Self {
        Self {
            place: Place::Machine(recorded.id.clone()),
            region: Some(recorded.region.clone()),
            config: recorded.config.clone(),
            same: Same::Was {
                instance: recorded.instance_id.clone(),
                image: recorded.image.clone(),
            },
            wanted: match (recorded.ran(), &*recorded.state) {
                (true, _) => Wanted::Running,
                (false, "failed") => Wanted::Resting,
                // The proxy may have started it for users since, and stops it when they are gone.
                (false, _) if is_woken_by_users(&recorded.config) => Wanted::Resting,
                (false, _) => Wanted::Stopped,
            },
            // Without checks there is nothing to go by but old exits, which the old release lived with.
            healthy: recorded.ran() && recorded.healthy && has_checks(&recorded.config),
            cordoned: Some(recorded.cordoned),
            tests: Vec::new(),
        }
    }

    /// A machine that shall stop and otherwise stay as it is.
    pub(crate) fn stopped(machine: &Machine) -> Self {
        Self {
            place: Place::Machine(machine.id.clone()),
            region: None,
            config: machine.config.clone(),
            same: Same::Born,
            wanted: Wanted::Stopped,
            healthy: false,
            cordoned: None,
            tests: Vec::new(),
        }
    }

    /// Is this the machine, whatever it is like?
    pub(crate) fn is_for(&self, machine: &Machine) -> bool {
        match &self.place {
            Place::Machine(id) => machine.id == *id,
            Place::Launch(launch) => machine.launch() == Some(launch),
        }
    }

    /// Has the machine the goal's configuration already, so that reaching it takes nothing down?
    pub(crate) fn is_already(&self, machines: &[Machine]) -> bool {
        machines.iter().any(|it| self.is_for(it) && self.is_at(it))
    }

    /// Would reaching the goal take down a machine that serves now?
    pub(crate) fn disturbs(&self, machines: &[Machine]) -> bool {
        let serves = |it: &Machine| it.power() == Power::Up && !it.cordoned && it.is_healthy();
        machines.iter().any(|it| self.is_for(it) && serves(it) && !self.is_at(it))
    }

    /// The same with another place in the proxy's pool.
    pub(crate) fn cordoned(mut self, cordoned: Option<bool>) -> Self {
        self.cordoned = cordoned;
        self
    }

    /// The same, standing by for those of `machines` that were created under these launch ids.
    pub(crate) fn standing_by(mut self, launches: &[String], machines: &[Machine]) -> Self {
        let launched = |it: &&Machine| {
            it.launch().is_some_and(|launch| launches.iter().any(|it| it == launch))
        };
        let ids: Vec<&str> = machines.iter().filter(launched).map(|it| it.id.as_str()).collect();
        self.config["standbys"] = ids.into();
        stand_by(&mut self.config);
        self
    }

    /// Is the machine at the goal's configuration?
    pub(crate) fn is_at(&self, machine: &Machine) -> bool {
        match &self.same {
            Same::Run { run, image } => machine.run() == Some(run.as_str()) && machine.runs(image),
            Same::Was { instance, .. } => {
                let config = machine.config == self.config || machine.config == self.pinned();
                !self.drifted(machine) && (machine.instance_id == *instance || config)
            }
            Same::Born => true,
        }
    }

    /// Does it run another image under the name it was given, because the tag has moved?
    pub(crate) fn drifted(&self, machine: &Machine) -> bool {
        let Same::Was { image, .. } = &self.same else { return false };
        let named = machine.image() == self.config["image"].as_str().unwrap_or_default();
        let known = image.contains('@') && !machine.image_ref.digest.is_empty();
        named && known && !machine.runs(image)
    }

    /// The configuration with the image by its digest.
    pub(crate) fn pinned(&self) -> Value {
        let mut config = self.config.clone();
        if let Same::Was { image, .. } = &self.same {
            config["image"] = image.as_str().into();
        }
        config
    }

    /// The next step, from what is seen of the machine.
    pub(crate) fn step(&self, memory: &Memory, machine: Option<&Machine>) -> Step {
        let Some(machine) = machine.filter(|it| it.power() != Power::Gone) else {
            return match self.place {
                Place::Launch(_) if memory.id.is_none() => {
                    bounded("created", memory.creates, Step::Create)
                }
                _ => Step::Fail(Failure::Gone),
            };
        };
        let held = memory.held.as_deref() == Some(machine.instance_id.as_str());
        if self.drifted(machine) || !(held || self.is_at(machine)) {
            return Self::toward(memory, machine);
        }
        let powered = match self.wanted {
            Wanted::Running => self.running(memory, machine),
            Wanted::Resting => resting(machine),
            Wanted::Stopped => stopped(machine),
        };
        match (powered, self.cordoned) {
            (Some(step), _) => step,
            (None, Some(true)) if !machine.cordoned => Step::Cordon,
            (None, Some(false)) if machine.cordoned => Step::Uncordon,
            (None, _) => Step::Done,
        }
    }

    /// It has another configuration.
    fn toward(memory: &Memory, machine: &Machine) -> Step {
        let updatable = matches!(&*machine.state, "created" | "starting");
        if machine.power() == Power::Moving && !updatable {
            return Step::Settle;
        }
        match (&memory.held, memory.doubts) {
            // It was right, and settled at something else: one look may err, two do not.
            (Some(_), 0 | 1) => Step::Settle,
            (Some(_), _) => Step::Fail(Failure::Reverted),
            (None, _) => bounded("updated", memory.updates, Step::Update),
        }
    }

    /// What is missing until it runs, and well; `None` is nothing.
    fn running(&self, memory: &Memory, machine: &Machine) -> Option<Step> {
        // It condemns what is new. What ran before is started again, as often as is sensible.
        let condemns = self.healthy && matches!(self.same, Same::Run { .. });
        let crash = machine.crash().filter(|_| condemns);
        let failed = |how: String| Some(Step::Fail(Failure::Crashed(how)));
        match machine.power() {
            Power::Up if !self.healthy => None,
            Power::Up if machine.is_checked() && machine.is_healthy() => None,
            Power::Up => match crash {
                Some(how) => failed(how),
                None if machine.is_checked() || memory.ups < STEADY => Some(Step::Watch),
                None => None,
            },
            Power::Down => match crash {
                Some(how) => failed(how),
                None => Some(start_again(memory, machine)),
            },
            _ if machine.state == "created" && memory.stills >= STUCK => {
                Some(bounded("started", memory.starts, Step::Start))
            }
            _ => crash.map_or(Some(Step::Settle), failed),
        }
    }
}

/// Does the proxy start a machine with this configuration when it has requests for it?
fn is_woken_by_users(config: &Value) -> bool {
    let services = config["services"].as_array();
    services.is_some_and(|all| all.iter().any(|it| it["autostart"] == true))
}

fn resting(machine: &Machine) -> Option<Step> {
    let moving = machine.power() == Power::Moving && machine.state != "created";
    moving.then_some(Step::Settle)
}

fn stopped(machine: &Machine) -> Option<Step> {
    match machine.power() {
        Power::Up => Some(Step::Stop),
        Power::Moving if machine.state != "created" => Some(Step::Settle),
        _ => None,
    }
}

/// Starts it, unless that was tried often enough; then how its program ended says more than that.
fn start_again(memory: &Memory, machine: &Machine) -> Step {
    match (bounded("started", memory.starts, Step::Start), machine.last_exit()) {
        (Step::Fail(_), Some(how)) => Step::Fail(Failure::Crashed(how)),
        (step, _) => step,
    }
}

fn bounded(action: &'static str, tries: u32, step: Step) -> Step {
    if tries < TRIES { step } else { Step::Fail(Failure::GaveUp { action, tries }) }
}

#[cfg(test)]
#[path = "goal_tests.rs"]
mod tests;
