//! Creating a machine, and what its process finds in its environment.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    World,
    config::Config,
    event::Source,
    fact::Lapse,
    lease::LeaseAsk,
    lifecycle::{State, Trigger},
    machine::{Fate, Machine, Version},
    mount::filled,
    refusal::Refusal,
    region,
    secret::SecretsAsk,
};

/// The body of a create or an update request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MachineRequest {
    pub(crate) config: Value,
    pub(crate) name: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) lease_ttl: Option<u64>,
    pub(crate) skip_launch: bool,
    pub(crate) skip_service_registration: bool,
    pub(crate) current_version: Option<String>,
    min_secrets_version: Option<u64>,
    skip_secrets: bool,
}

impl MachineRequest {
    pub(crate) fn secrets(&self) -> SecretsAsk {
        let min_version = self.min_secrets_version.unwrap_or(0);
        SecretsAsk { min_version, skip: self.skip_secrets }
    }
}

impl World {
    /// Creates a machine and, unless `skip_launch` says otherwise, boots it. Returns its id.
    pub(crate) fn create(
        &mut self,
        app: &str,
        mut launch: MachineRequest,
    ) -> Result<String, Refusal> {
        Config(&launch.config).validate()?;
        let region = region::known(launch.region.as_deref())?;
        self.app(app)?.may_mount(Config(&launch.config), region)?;
        launch.config = filled(launch.config, &self.app(app)?.volumes);
        let (lease_ttl, skip_launch) = (launch.lease_ttl, launch.skip_launch);
        let mut machine = self.blank(app, launch)?;
        if let Some(ttl) = lease_ttl {
            let ask = LeaseAsk { ttl: Some(ttl), ..LeaseAsk::default() };
            machine.acquire(ask, None, &mut self.host)?;
        }
        machine.log("launch", Source::User, &mut self.host);
        if machine.is_created_badly(&mut self.host) {
            tracing::debug!(machine = machine.id, "stays created: a fault");
        } else if skip_launch {
            machine.later(Lapse::Settle, &mut self.host);
        } else {
            machine.must(Trigger::Launch, &self.host);
            machine.boot(&mut self.host);
        }
        let id = machine.id.clone();
        self.host.touch(machine.key());
        let app = self.apps.get_mut(app).expect("just read");
        app.deployed = true;
        app.machines.insert(id.clone(), machine);
        Ok(id)
    }

    fn blank(&mut self, app: &str, launch: MachineRequest) -> Result<Machine, Refusal> {
        let (id, secrets) = (self.host.ids.machine(), launch.secrets());
        let name = launch
            .name
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| format!("sim-{}", &id[..8]));
        let taken = |m: &Machine| m.name == name && !m.is_destroyed();
        if self.app(app)?.machines.values().any(taken) {
            return Err(Refusal::name_taken());
        }
        let version = Version {
            id: self.host.ulid(),
            image: self.host.resolve(&launch.config),
            secrets,
            config: launch.config,
            fate: Fate::Current,
        };
        Ok(Machine {
            app: app.to_owned(),
            id,
            name,
            region: region::known(launch.region.as_deref())?.to_owned(),
            created_at: self.host.now,
            updated_at: self.host.now,
            state: State::Created,
            versions: vec![version],
            current: 0,
            cordoned: launch.skip_service_registration,
            lease: None,
            events: Vec::new(),
            checks: Vec::new(),
            vm: None,
            change: None,
            restarts: Vec::new(),
            serial: 0,
            mishaps: super::mishap::Mishaps::default(),
        })
    }
}

impl Machine {
    /// What the image sets, then the configuration, then the secrets, then the platform, the later
    /// ones winning (fly.io docs: machines/runtime-environment).
    pub(crate) fn environment(
        &self,
        image: &BTreeMap<String, String>,
        secrets: BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let config = self.config();
        let metadata = config.strings("metadata");
        let group = metadata.get("fly_process_group").map_or("app", String::as_str);
        let memory = config.memory_mb();
        let mut env = image.clone();
        env.entry("PRIMARY_REGION".to_owned()).or_insert_with(|| self.region.clone());
        env.extend(config.strings("env"));
        env.extend(secrets);
        env.extend(
            [
                ("FLY_APP_NAME", self.app.clone()),
                ("FLY_MACHINE_ID", self.id.clone()),
                ("FLY_ALLOC_ID", self.id.clone()),
                ("FLY_MACHINE_VERSION", self.version().id.clone()),
                ("FLY_REGION", self.region.clone()),
                ("FLY_IMAGE_REF", self.version().image.full()),
                ("FLY_PRIVATE_IP", self.private_ip()),
                ("FLY_PUBLIC_IP", "127.0.0.1".to_owned()),
                ("FLY_PROCESS_GROUP", group.to_owned()),
                ("FLY_VM_MEMORY_MB", memory.to_string()),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        env
    }

    /// An address of the shape of Fly.io's private network; nothing listens there.
    pub(crate) fn private_ip(&self) -> String {
        let part = |at: usize| self.id[at..at + 4].trim_start_matches('0');
        let part = |at: usize| if part(at).is_empty() { "0" } else { part(at) };
        format!("fdaa:0:1:a7b:{}:{}:{}:2", part(0), part(4), part(8))
    }
}
