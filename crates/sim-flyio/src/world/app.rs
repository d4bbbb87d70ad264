//! Apps: a name with machines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{World, machine::Machine, refusal::Refusal};
use crate::clock::{Millis, rfc3339};

/// The one organization of the simulator.
const ORGANIZATION: &str = "personal";

/// An app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) name: String,
    number: usize,
    created_at: Millis,
    /// Whether it ever had a machine; from then on it counts as deployed.
    pub(crate) deployed: bool,
    pub(crate) machines: BTreeMap<String, Machine>,
}

impl App {
    pub(crate) fn to_json(&self) -> Value {
        let living = self.machines.values().filter(|machine| !machine.is_destroyed());
        json!({
            "id": self.name,
            "name": self.name,
            "internal_numeric_id": self.number,
            "status": if self.deployed { "deployed" } else { "pending" },
            "network": "default",
            "machine_count": living.count(),
            "volume_count": 0,
            "organization": {
                "name": "Simulated",
                "slug": ORGANIZATION,
                "internal_numeric_id": 1,
            },
            "cname_target": format!("{}.fly.dev", self.name),
            "app_role": "",
        })
    }

    /// The reply to its creation.
    pub(crate) fn created_json(&self) -> Value {
        json!({ "id": self.name, "created_at": rfc3339(self.created_at) })
    }
}

impl World {
    /// Creates an app; its name must be free and fit for a host name.
    pub(crate) fn create_app(&mut self, name: &str) -> Result<&App, Refusal> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(Refusal::invalid("app name may have a-z, 0-9 and dashes only"));
        }
        if self.apps.contains_key(name) {
            return Err(Refusal::name_taken());
        }
        let app = App {
            name: name.to_owned(),
            number: self.apps.len() + 1,
            created_at: self.host.now,
            deployed: false,
            machines: BTreeMap::new(),
        };
        Ok(self.apps.entry(name.to_owned()).or_insert(app))
    }

    /// The apps of an organization, or all.
    pub(crate) fn list_apps(&self, org_slug: Option<&str>) -> Value {
        let asked = org_slug.is_none_or(|slug| slug == ORGANIZATION);
        let apps: Vec<Value> = self.apps.values().filter(|_| asked).map(App::to_json).collect();
        json!({ "total_apps": apps.len(), "apps": apps })
    }
}
