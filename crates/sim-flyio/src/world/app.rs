//! Apps: a name with machines.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{World, ip::Assignment, machine::Machine, refusal::Refusal, volume::Volume};
use crate::clock::{Millis, rfc3339};

/// The one organization of the simulator.
pub(crate) const ORGANIZATION: &str = "personal";

/// The organization object of the web API.
pub(crate) fn organization() -> Value {
    json!({
        "id": "simulated",
        "internal_numeric_id": 1,
        "slug": ORGANIZATION,
        "raw_slug": ORGANIZATION,
        "name": "Simulated",
        "paid_plan": false,
        "personal": true,
        "billing_status": "CURRENT",
        "billable": true,
        "provisions_beta_extensions": false,
        "remote_builder_image": "",
    })
}

/// An app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) number: usize,
    created_at: Millis,
    pub(crate) network: String,
    /// Whether it ever had a machine; from then on it counts as deployed.
    pub(crate) deployed: bool,
    pub(crate) machines: BTreeMap<String, Machine>,
    /// Oldest first.
    pub(crate) volumes: Vec<Volume>,
    pub(crate) ips: Vec<Assignment>,
    /// Nobody can see it any more; its machines are on their way out.
    pub(crate) deleted: bool,
}

/// The body of a create request; what else a client sends makes no difference here.
#[derive(Debug, Deserialize)]
pub(crate) struct NewApp {
    #[serde(alias = "app_name")]
    name: String,
    org_slug: Option<String>,
    network: Option<String>,
}

impl App {
    pub(crate) fn to_json(&self) -> Value {
        let living = self.machines.values().filter(|machine| !machine.is_destroyed());
        json!({
            "id": self.name,
            "name": self.name,
            "internal_numeric_id": self.number,
            "status": self.status(),
            "network": self.network,
            "machine_count": living.count(),
            "volume_count": self.volumes.iter().filter(|volume| !volume.is_deleted()).count(),
            "organization": {
                "name": "Simulated",
                "slug": ORGANIZATION,
                "internal_numeric_id": 1,
            },
            "cname_target": format!("{}.fly.dev", self.name),
            "app_role": "",
        })
    }

    /// What the platform calls its state.
    pub(crate) fn status(&self) -> &'static str {
        if self.deployed { "deployed" } else { "pending" }
    }

    /// The reply to its creation. flyctl looks for the app under the name that it finds there.
    pub(crate) fn created_json(&self) -> Value {
        json!({ "id": self.name, "name": self.name, "created_at": rfc3339(self.created_at) })
    }
}

impl World {
    /// Creates an app; its name must be free and fit for a host name.
    pub(crate) fn create_app(&mut self, name: &str) -> Result<&App, Refusal> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(Refusal::invalid("app name may have a-z, 0-9 and dashes only"));
        }
        // The name of an app that was deleted is free when its last machine is gone.
        let gone = |app: &App| app.deleted && app.machines.values().all(Machine::is_destroyed);
        if self.apps.get(name).is_some_and(|app| !gone(app)) {
            return Err(Refusal::name_taken());
        }
        self.apps_created += 1;
        let app = App {
            name: name.to_owned(),
            number: self.apps_created,
            created_at: self.host.now,
            network: "default".to_owned(),
            deployed: false,
            machines: BTreeMap::new(),
            volumes: Vec::new(),
            ips: Vec::new(),
            deleted: false,
        };
        self.apps.insert(name.to_owned(), app);
        self.app(name)
    }

    /// Creates an app as a client asks for it.
    pub(crate) fn create_app_as(&mut self, ask: NewApp) -> Result<Value, Refusal> {
        known_organization(ask.org_slug.as_deref())?;
        self.create_app(&ask.name)?;
        let app = self.apps.get_mut(&ask.name).expect("just created");
        if let Some(network) = ask.network.filter(|network| !network.is_empty()) {
            app.network = network;
        }
        Ok(app.created_json())
    }

    /// Deletes an app with all that it has, whoever holds the leases of its machines.
    pub(crate) fn delete_app(&mut self, name: &str) -> Result<(), Refusal> {
        let living = self.app(name)?.machines.values().filter(|machine| !machine.is_destroyed());
        let machines: Vec<String> = living.map(|machine| machine.id.clone()).collect();
        for machine in &machines {
            let app = self.apps.get_mut(name).expect("just read");
            let machine = app.machines.get_mut(machine).expect("just listed");
            self.host.touch(machine.key());
            // Also where the host is cut off: nobody could ask for it later. One that is on its way
            // out already is as good.
            let _ = machine.demolish(&mut self.host);
        }
        let app = self.apps.get_mut(name).expect("just read");
        app.deleted = true;
        app.volumes.clear();
        app.ips.clear();
        self.host.vaults.remove(name);
        self.releases.forget(name);
        self.forget_app(name);
        Ok(())
    }

    /// Lets go of an app that was deleted, if none of its machines is left.
    pub(super) fn forget_app(&mut self, name: &str) {
        if self.apps.get(name).is_some_and(|app| app.deleted && app.machines.is_empty()) {
            self.apps.remove(name);
        }
    }

    /// The apps of an organization, or all.
    pub(crate) fn list_apps(&self, org_slug: Option<&str>) -> Value {
        let asked = known_organization(org_slug).is_ok();
        let apps = self.apps.values().filter(|app| asked && !app.deleted);
        let apps: Vec<Value> = apps.map(App::to_json).collect();
        json!({ "total_apps": apps.len(), "apps": apps })
    }
}

/// There is one organization; a request that names none means it.
pub(crate) fn known_organization(slug: Option<&str>) -> Result<(), Refusal> {
    let known = slug.is_none_or(|slug| slug == ORGANIZATION);
    known.then_some(()).ok_or_else(|| Refusal::not_found("organization"))
}
