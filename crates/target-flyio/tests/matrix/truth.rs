//! What is true of the app when a run has ended, from the simulator and from what users get: nothing that the
//! deployer says is believed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use sim_flyio::MachineView;
use tokio::time::sleep;

use crate::scene::{APP, LEASE, Scene, image, is_well};

/// How long the platform has to come to rest after a run: what was still on its way has arrived by then, and the
/// proxy knows.
const REST: Duration = Duration::from_secs(5);

/// The truth.
pub(crate) struct Truth {
    /// What is not as it was before the run; nothing is the old release, whole.
    pub(crate) not_old: Vec<String>,
    /// What is not as the new release shall be.
    pub(crate) not_new: Vec<String>,
    /// Machines of the old release that are there beside a whole new one, out of the pool.
    pub(crate) leftovers: usize,
    /// Leases of the run when it had just ended, and those that had not run out by themselves then.
    pub(crate) leases: Vec<String>,
    pub(crate) leases_for_ever: Vec<String>,
    /// The machines, in words.
    pub(crate) machines: Vec<String>,
}

impl Truth {
    pub(crate) async fn of(scene: &Scene) -> Self {
        // What comes and goes is not to be judged by a moment that the run did not see.
        let flaps = scene.sim.faults().iter().any(|it| it.fault.contains("=flap"));
        scene.sim.clear_faults();
        let leases = leases(&scene.live());
        sleep(REST).await;
        let mut live = scene.live();
        live.iter_mut().filter(|_| flaps).for_each(|it| it.checks.clear());
        let users = users(scene, &live).await;
        let (old, new): (Vec<_>, Vec<_>) = live.iter().partition(|it| is_of(it, "v1"));
        let leftovers = old.iter().filter(|it| it.cordoned).count();
        let mut not_new = is_new(scene, &new, &users);
        if old.len() > leftovers {
            not_new.push(format!("{} old machines are in the pool", old.len() - leftovers));
        }
        let not_old = is_old(scene, &live, &users);
        let machines = live.iter().map(words).collect();
        if !leases.is_empty() {
            sleep(LEASE).await;
        }
        let leases_for_ever = self::leases(&scene.live());
        Self { not_old, not_new, leftovers, leases, leases_for_ever, machines }
    }
}

/// Everything exactly as it was.
fn is_old(scene: &Scene, live: &[MachineView], users: &BTreeSet<String>) -> Vec<String> {
    let mut amiss = Vec::new();
    if live.len() != scene.before.len() {
        amiss.push(format!("{} machines instead of {}", live.len(), scene.before.len()));
    }
    for was in &scene.before {
        let Some(is) = live.iter().find(|it| it.id == was.id) else {
            amiss.push(format!("machine {} is gone", was.id));
            continue;
        };
        if is.config != was.config {
            amiss.push(format!("machine {} has another configuration: {}", is.id, is.config));
        }
        let same = is.image == was.image && is.cordoned == was.cordoned && is_well(is);
        if !same {
            amiss.push(words(is));
        }
    }
    amiss.extend(users.iter().filter(|it| *it != "200 v1").map(|it| format!("users get {it}")));
    amiss
}

/// As many machines as before, all of the new release and of this run, well and in the pool.
fn is_new(scene: &Scene, new: &[&MachineView], users: &BTreeSet<String>) -> Vec<String> {
    let mut amiss = Vec::new();
    if new.len() != scene.before.len() {
        amiss.push(format!("{} new machines instead of {}", new.len(), scene.before.len()));
    }
    for machine in new {
        let run = machine.config["metadata"]["pipeline_run"] == "run-1";
        let env = machine.config["env"]["COLOUR"] == "blue";
        if !(is_of(machine, "good") && run && env && is_well(machine) && !machine.cordoned) {
            amiss.push(words(machine));
        }
    }
    amiss.extend(users.iter().filter(|it| *it != "200 good").map(|it| format!("users get {it}")));
    amiss
}

/// The different answers that users get, and those of each machine in the pool by itself.
async fn users(scene: &Scene, live: &[MachineView]) -> BTreeSet<String> {
    let mut answers = BTreeSet::new();
    for _ in 0..3 * live.len().max(1) {
        answers.insert(answer(scene, None).await);
    }
    let cut_off = cut_off(scene).await;
    for machine in live.iter().filter(|it| !it.cordoned && !cut_off.contains(&it.id)) {
        answers.insert(answer(scene, Some(&machine.id)).await);
    }
    answers
}

/// The machines that nobody reaches, because their host is cut off.
async fn cut_off(scene: &Scene) -> Vec<String> {
    let url = format!("{}/v1/apps/{APP}/machines", scene.sim.api_url());
    let request = scene.http.get(url).bearer_auth(scene.sim.token());
    let machines: Value = request.send().await.unwrap().json().await.unwrap();
    let machines = machines.as_array().unwrap().iter();
    let cut_off = machines.filter(|it| it["host_status"] == "unreachable");
    cut_off.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn answer(scene: &Scene, machine: Option<&str>) -> String {
    let mut request = scene.http.get(format!("{}/dashboard", scene.url));
    if let Some(machine) = machine {
        request = request.header("fly-force-instance-id", machine);
    }
    let Ok(reply) = request.send().await else { return "no answer".to_owned() };
    let version = reply.headers().get("x-app-version").and_then(|it| it.to_str().ok());
    format!("{} {}", reply.status().as_u16(), version.unwrap_or("of the proxy"))
}

/// The leases of the run; those of strangers are none of its business.
fn leases(live: &[MachineView]) -> Vec<String> {
    let held = live.iter().filter_map(|it| Some((it, it.lease.as_ref()?)));
    let ours = held.filter(|(_, lease)| lease.description != "somebody else's deploy");
    ours.map(|(machine, lease)| format!("machine {} has {lease:?}", machine.id)).collect()
}

fn is_of(machine: &MachineView, tag: &str) -> bool {
    machine.image.starts_with(&format!("{}@", image(tag)))
}

fn words(machine: &MachineView) -> String {
    let image = machine.image.split('@').next().unwrap_or_default();
    let checks: Vec<_> = machine.checks.iter().map(|it| it.status.as_str()).collect();
    let pool = if machine.cordoned { "cordoned" } else { "in the pool" };
    let machines = format!("machine {} of {APP} is {}", machine.id, machine.state);
    format!("{machines}, {pool}, {} runs {image}, checks {checks:?}", machine.instance_id)
}
