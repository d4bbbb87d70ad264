//! The app as it was before a run: what a snapshot holds. No lease and no token are in it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{Machine, Power, Volume};
use crate::config::Unreachable;
use crate::desired::{group_of, launch_of, run_of, version_of};
use crate::error::FlyError;

/// The layout of the snapshot; counted up when an older reader would misread it.
const SCHEMA: u32 = 1;

/// All machines of an app at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct World {
    schema: u32,
    pub(crate) machines: Vec<Recorded>,
    /// Machines that are none of ours to touch.
    pub(crate) ignored: Vec<Ignored>,
    /// Volumes that no machine has, for the machines of new groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) volumes: Vec<Volume>,
}

/// One machine, with all that is needed to make it so again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) state: String,
    pub(crate) instance_id: String,
    pub(crate) cordoned: bool,
    pub(crate) healthy: bool,
    pub(crate) image: String,
    pub(crate) config: Value,
    /// The run that left it behind, half-way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) leftover_of: Option<String>,
}

/// A machine that is left alone, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ignored {
    pub(crate) id: String,
    pub(crate) reason: String,
    /// Does its host not answer, so that nobody knows which group it belongs to?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unreachable: bool,
}

impl World {
    /// Takes down what the API shows. A machine whose configuration cannot be read cannot be restored,
    /// so it stops the run before anything is touched, or is left alone.
    pub(crate) fn of(machines: &[Machine], policy: Unreachable) -> Result<Self, FlyError> {
        let mut world =
            Self { schema: SCHEMA, machines: Vec::new(), ignored: Vec::new(), volumes: Vec::new() };
        for machine in machines.iter().filter(|it| it.power() != Power::Gone) {
            if let Some(reason) = machine.foreign() {
                let (id, unreachable) = (machine.id.clone(), false);
                world.ignored.push(Ignored { id, reason, unreachable });
            } else if machine.is_readable() {
                world.machines.push(Recorded::of(machine));
            } else {
                let host = machine.host_status.as_deref().unwrap_or("unknown");
                if policy == Unreachable::Abort {
                    return Err(unreachable_host(&machine.id, host));
                }
                let reason = format!("its host is {host}, so it keeps the release it has");
                let (id, unreachable) = (machine.id.clone(), true);
                world.ignored.push(Ignored { id, reason, unreachable });
            }
        }
        world.machines.sort_by(|a, b| a.id.cmp(&b.id));
        world.mark_leftovers();
        Ok(world)
    }

    /// The same, with the volumes that are free. The order does not depend on the platform's.
    pub(crate) fn with_volumes(mut self, mut volumes: Vec<Volume>) -> Self {
        volumes.retain(Volume::is_free);
        volumes.sort_by(|a, b| a.id.cmp(&b.id));
        self.volumes = volumes;
        self
    }

    pub(crate) fn read(data: &Value) -> Result<Self, FlyError> {
        let unreadable = |source| FlyError::Foreign { what: "snapshot", source };
        let world: Self = serde_json::from_value(data.clone()).map_err(unreadable)?;
        if world.schema != SCHEMA {
            let text = format!("layout {}, wanted {SCHEMA}", world.schema);
            return Err(unreadable(serde::de::Error::custom(text)));
        }
        Ok(world)
    }

    pub(crate) fn to_data(&self) -> Value {
        serde_json::to_value(self).expect("plain data with text keys")
    }

    /// The machines that make up the app: all but what interrupted runs left.
    pub(crate) fn current(&self) -> impl Iterator<Item = &Recorded> {
        self.machines.iter().filter(|it| it.leftover_of.is_none())
    }

    pub(crate) fn leftovers(&self) -> impl Iterator<Item = &Recorded> {
        self.machines.iter().filter(|it| it.leftover_of.is_some())
    }

    pub(crate) fn machine(&self, id: &str) -> Option<&Recorded> {
        self.machines.iter().find(|it| it.id == id)
    }

    /// A cordoned machine is a leftover if it belongs to another run than those of its group that serve,
    /// and one of the two sides was created by a run: a green that never got traffic, or a blue that
    /// should have been removed.
    fn mark_leftovers(&mut self) {
        let serving: Vec<Recorded> =
            self.machines.iter().filter(|it| !it.cordoned).cloned().collect();
        for machine in self.machines.iter_mut().filter(|it| it.cordoned) {
            let group = machine.group();
            let rivals: Vec<&Recorded> = serving.iter().filter(|it| it.group() == group).collect();
            let other_run = rivals.iter().all(|it| it.run() != machine.run());
            let born = |it: &Recorded| launch_of(&it.config).is_some();
            let made = born(machine) || rivals.iter().any(|it| born(it));
            if !rivals.is_empty() && other_run && made {
                machine.leftover_of = Some(machine.run().unwrap_or("an earlier deploy").to_owned());
            }
        }
    }
}

impl Recorded {
    fn of(machine: &Machine) -> Self {
        Self {
            id: machine.id.clone(),
            name: machine.name.clone(),
            region: machine.region.clone(),
            state: machine.state.clone(),
            instance_id: machine.instance_id.clone(),
            cordoned: machine.cordoned,
            healthy: machine.is_healthy(),
            image: machine.full_image(),
            config: machine.config.clone(),
            leftover_of: None,
        }
    }

    pub(crate) fn group(&self) -> String {
        group_of(&self.config)
    }

    pub(crate) fn version(&self) -> String {
        version_of(&self.config)
    }

    pub(crate) fn run(&self) -> Option<&str> {
        run_of(&self.config)
    }

    /// Has it a volume?
    pub(crate) fn is_mounted(&self) -> bool {
        self.config["mounts"].as_array().is_some_and(|it| !it.is_empty())
    }

    /// Did it run, or was it about to?
    pub(crate) fn ran(&self) -> bool {
        matches!(crate::api::power(&self.state), Power::Up | Power::Moving)
    }
}

fn unreachable_host(id: &str, host: &str) -> FlyError {
    FlyError::Unplannable {
        problem: format!("machine {id} cannot be read: its host is {host}"),
        next: format!(
            "wait until its host is back, leave such machines alone with unreachable = \"skip\" in \
             pipeline.toml, or remove it: `fly machine destroy --force {id}`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn machine(id: &str, cordoned: bool, metadata: &Value) -> Machine {
        let mut all = json!({"fly_platform_version": "v2", "fly_process_group": "app"});
        for (key, value) in metadata.as_object().unwrap() {
            all[key] = value.clone();
        }
        serde_json::from_value(json!({
            "id": id, "state": "started", "cordoned": cordoned, "config": {"metadata": all},
        }))
        .unwrap()
    }

    #[test]
    fn what_interrupted_runs_left_is_told_from_what_a_person_cordoned() {
        let born =
            |run: &str| json!({"pipeline_run": run, "pipeline_launch": format!("{run}.app.0")});
        let rolled = |run: &str| json!({"pipeline_run": run});
        let table = [
            (
                "a green beside its blue",
                machine("b", true, &born("run-2")),
                rolled("run-1"),
                Some("run-2"),
            ),
            (
                "a blue of flyctl's",
                machine("b", true, &json!({})),
                born("run-2"),
                Some("an earlier deploy"),
            ),
            ("a blue of ours", machine("b", true, &born("run-1")), born("run-2"), Some("run-1")),
            ("cordoned by hand", machine("b", true, &rolled("run-1")), rolled("run-1"), None),
            ("cordoned by hand, no run", machine("b", true, &json!({})), json!({}), None),
            ("not cordoned", machine("b", false, &born("run-2")), rolled("run-1"), None),
        ];
        for (what, suspect, serving, left) in table {
            let world =
                World::of(&[machine("a", false, &serving), suspect], Unreachable::Abort).unwrap();
            assert_eq!(world.machine("b").unwrap().leftover_of.as_deref(), left, "{what}");
            assert_eq!(World::read(&world.to_data()).unwrap(), world);
        }
    }

    #[test]
    fn a_machine_that_cannot_be_read_stops_the_run_and_foreign_ones_are_ignored() {
        let lost: Machine = serde_json::from_value(
            json!({"id": "x", "state": "started", "host_status": "unreachable"}),
        )
        .unwrap();
        let lost = [lost];
        let error = World::of(&lost, Unreachable::Abort).unwrap_err().to_string();
        assert_eq!(error, "machine x cannot be read: its host is unreachable");
        let foreign: Machine =
            serde_json::from_value(json!({"id": "y", "state": "started", "config": {}})).unwrap();
        let skipped = World::of(&lost, Unreachable::Skip).unwrap();
        assert_eq!((skipped.machines.len(), &*skipped.ignored[0].id), (0, "x"));
        let world = World::of(&[foreign], Unreachable::Abort).unwrap();
        assert_eq!((world.machines.len(), world.ignored[0].id.as_str()), (0, "y"));
    }

    #[test]
    fn a_snapshot_of_another_layout_is_refused() {
        let data = json!({"schema": 99, "machines": [], "ignored": []});
        assert!(World::read(&data).is_err() && World::read(&json!("?")).is_err());
    }
}
