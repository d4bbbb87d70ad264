//! What runs, in the core's words and in those of the `status` command.

use std::collections::BTreeMap;

use pipeline_core::{Address, Deployment, Instance, Side};
use serde::Serialize;

use crate::api::{Machine, Power};
use crate::config::FlyConfig;
use crate::desired::{is_served, speaks_http, version_of};
use crate::traffic::PIN;

/// One machine, for `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MachineStatus {
    /// Its id.
    pub id: String,
    /// Where it runs.
    pub region: String,
    /// As Fly.io spells it: `started`, `stopped`, …
    pub state: String,
    /// What people call the release it runs.
    pub version: String,
    /// The image, with its digest where that is known.
    pub image: String,
    /// Is it out of the proxy's pool?
    pub cordoned: bool,
    /// Its health checks.
    pub checks: Vec<CheckStatus>,
}

/// One health check, for `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckStatus {
    /// Its name.
    pub name: String,
    /// `passing`, `warning` or `critical`.
    pub status: String,
}

impl MachineStatus {
    pub(crate) fn of(machine: &Machine) -> Self {
        let check = |it: &crate::api::CheckState| CheckStatus {
            name: it.name.clone(),
            status: it.status.clone(),
        };
        Self {
            id: machine.id.clone(),
            region: machine.region.clone(),
            state: machine.state.clone(),
            version: version_of(&machine.config),
            image: machine.full_image(),
            cordoned: machine.cordoned,
            checks: machine.checks().map(check).collect(),
        }
    }
}

/// The deployment that these machines make, seen from `run`. Its version is that of the machines that
/// serve; where a run's own serve beside others, theirs.
pub(crate) fn deployment(
    machines: &[Machine],
    run: &str,
    config: &FlyConfig,
) -> Option<Deployment> {
    let rank = |it: &&Machine| (serves(it), it.power() == Power::Up, side(it, run) == Side::New);
    let named = machines.iter().max_by_key(rank)?;
    let mut instances: Vec<Instance> =
        machines.iter().map(|it| instance(it, run, config)).collect();
    instances.sort_by(|a, b| a.id.cmp(&b.id));
    Some(Deployment {
        version: version_of(&named.config),
        artifact: Some(named.full_image()).filter(|it| !it.is_empty()),
        url: machines.iter().any(|it| is_served(&it.config)).then(|| config.url.clone()),
        instances,
        awaits_users: false,
        numbers: BTreeMap::new(),
    })
}

fn instance(machine: &Machine, run: &str, config: &FlyConfig) -> Instance {
    // A machine that is off cannot be asked, nor one that speaks something else.
    let reachable = machine.power() == Power::Up && speaks_http(&machine.config);
    Instance {
        id: machine.id.clone(),
        side: side(machine, run),
        region: Some(machine.region.clone()).filter(|it| !it.is_empty()),
        serving: serves(machine),
        address: reachable.then(|| Address {
            url: config.probe_url.clone().unwrap_or_else(|| config.url.clone()),
            headers: BTreeMap::from([(PIN.to_owned(), machine.id.clone())]),
        }),
    }
}

fn serves(machine: &Machine) -> bool {
    machine.power() == Power::Up && !machine.cordoned
}

fn side(machine: &Machine, run: &str) -> Side {
    if machine.run() == Some(run) { Side::New } else { Side::Old }
}
