//! The machines of a fake target, and what has to be done to them: pure, one value an effect.

use std::fmt;

use pipeline_core::{Deployment, Instance, Side};
use serde::{Deserialize, Serialize};

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) serving: bool,
    /// The run that created it or changed it last.
    pub(crate) made_by: Option<String>,
}

/// All that outlives a process.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) machines: Vec<Machine>,
    pub(crate) born: usize,
    pub(crate) snapshots: usize,
    pub(crate) finished: usize,
    /// Effects that were begun, also those that failed.
    pub(crate) tried: usize,
    /// Effects that happened.
    pub(crate) history: Vec<String>,
}

/// One change to one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Create { version: String, serving: bool, made_by: String },
    Put { id: String, version: String, made_by: Option<String> },
    Serve { id: String },
    Rest { id: String },
    Destroy { id: String },
}

impl World {
    pub(crate) fn of(versions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut world = Self::default();
        for version in versions {
            world.create(version.into(), true, None);
        }
        world
    }

    /// Does one effect.
    pub(crate) fn apply(&mut self, effect: &Effect) {
        self.history.push(effect.to_string());
        match effect.clone() {
            Effect::Create { version, serving, made_by } => {
                self.create(version, serving, Some(made_by));
            }
            Effect::Put { id, version, made_by } => {
                let machine = self.machine(&id);
                (machine.version, machine.made_by) = (version, made_by);
            }
            Effect::Serve { id } => self.machine(&id).serving = true,
            Effect::Rest { id } => self.machine(&id).serving = false,
            Effect::Destroy { id } => self.machines.retain(|it| it.id != id),
        }
    }

    /// What is left to do until the first `first` machines run `version`.
    pub(crate) fn roll(&self, first: usize, version: &str, run: &str) -> Vec<Effect> {
        let stale = self.machines.iter().take(first).filter(|it| it.version != version);
        let put = stale.map(|it| Effect::Put {
            id: it.id.clone(),
            version: version.into(),
            made_by: Some(run.into()),
        });
        let missing = first.saturating_sub(self.machines.len());
        put.chain(created(missing, version, true, run)).collect()
    }

    /// What is left to do until `wanted` machines of this run are up.
    pub(crate) fn green(&self, wanted: usize, version: &str, run: &str) -> Vec<Effect> {
        let missing = wanted.saturating_sub(self.made_by(run).count());
        created(missing, version, false, run).collect()
    }

    /// What is left to do until this run's machines serve, and no other does.
    pub(crate) fn switch(&self, run: &str) -> Vec<Effect> {
        let serve = self.made_by(run).filter(|it| !it.serving);
        let rest = self.others(run).filter(|it| it.serving);
        serve
            .map(|it| Effect::Serve { id: it.id.clone() })
            .chain(rest.map(|it| Effect::Rest { id: it.id.clone() }))
            .collect()
    }

    /// What is left to do until only this run's machines are there.
    pub(crate) fn settle(&self, run: &str) -> Vec<Effect> {
        self.others(run).map(|it| Effect::Destroy { id: it.id.clone() }).collect()
    }

    /// What is left to do until the machines are what they were. The old ones serve before the new ones go.
    pub(crate) fn restore(&self, were: &[Machine]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for was in were {
            let is = self.machines.iter().find(|it| it.id == was.id);
            if is.is_some_and(|is| is.version != was.version || is.made_by != was.made_by) {
                let (id, version) = (was.id.clone(), was.version.clone());
                effects.push(Effect::Put { id, version, made_by: was.made_by.clone() });
            }
            match is.map(|is| (is.serving, was.serving)) {
                Some((false, true)) => effects.push(Effect::Serve { id: was.id.clone() }),
                Some((true, false)) => effects.push(Effect::Rest { id: was.id.clone() }),
                _ => {}
            }
        }
        let new = self.machines.iter().filter(|is| were.iter().all(|was| was.id != is.id));
        effects.extend(new.map(|it| Effect::Destroy { id: it.id.clone() }));
        effects
    }

    /// Does traffic go to this run's machines, and to no other?
    pub(crate) fn is_switched(&self, run: &str) -> bool {
        self.made_by(run).next().is_some() && self.switch(run).is_empty()
    }

    pub(crate) fn made_by(&self, run: &str) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(move |it| it.made_by.as_deref() == Some(run))
    }

    /// What a person would say runs, seen from `run`.
    pub(crate) fn deployment(&self, target: &str, version: &str, run: &str) -> Deployment {
        let instance = |it: &Machine| Instance {
            id: it.id.clone(),
            side: if it.made_by.as_deref() == Some(run) { Side::New } else { Side::Old },
            region: None,
            serving: it.serving,
            address: None,
        };
        Deployment {
            version: version.into(),
            artifact: Some(version.into()),
            url: Some(format!("http://{}.test", target.rsplit(':').next().unwrap_or(target))),
            instances: self.machines.iter().map(instance).collect(),
            ..Deployment::default()
        }
    }

    fn others(&self, run: &str) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(move |it| it.made_by.as_deref() != Some(run))
    }

    fn create(&mut self, version: String, serving: bool, made_by: Option<String>) {
        self.born += 1;
        let id = format!("m{}", self.born);
        self.machines.push(Machine { id, version, serving, made_by });
    }

    fn machine(&mut self, id: &str) -> &mut Machine {
        let found = self.machines.iter_mut().find(|it| it.id == id);
        found.expect("effects are planned for machines that are there")
    }
}

fn created(count: usize, version: &str, serving: bool, run: &str) -> impl Iterator<Item = Effect> {
    let effect = Effect::Create { version: version.into(), serving, made_by: run.into() };
    std::iter::repeat_n(effect, count)
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { version, .. } => write!(f, "create a machine with {version}"),
            Self::Put { id, version, .. } => write!(f, "put {version} on {id}"),
            Self::Serve { id } => write!(f, "send traffic to {id}"),
            Self::Rest { id } => write!(f, "send no traffic to {id}"),
            Self::Destroy { id } => write!(f, "destroy {id}"),
        }
    }
}
