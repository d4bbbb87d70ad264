//! How a machine is shown: to clients of the Machines API, and to tests.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{machine::Machine, refusal::Refusal};
use crate::clock::{Millis, rfc3339};

/// How many events a machine object carries, and the bounds of the events call
/// (fly.io docs: machines API).
const EVENTS: usize = 20;
pub(super) const EVENTS_MAX: usize = 50;

/// The truth about a machine, for assertions; the API shows the same and more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MachineView {
    /// Fourteen hexadecimal digits.
    pub id: String,
    /// Its name, unique among the machines of an app.
    pub name: String,
    /// As the API spells it: `started`, `stopped`, `replacing`, …
    pub state: String,
    /// The current version, a ULID.
    pub instance_id: String,
    /// `registry/repository:tag@digest` of the current version.
    pub image: String,
    /// Whether the proxy leaves it out.
    pub cordoned: bool,
    /// For example `ord`.
    pub region: String,
    /// The process that runs for it.
    pub pid: Option<u32>,
    /// Who may change it, if anybody holds its lease now.
    pub lease: Option<LeaseView>,
    /// The configuration of the current version, as it was sent.
    pub config: Value,
    /// All checks, those of services first.
    pub checks: Vec<CheckView>,
    /// Whether it is gone; it can still be read for five minutes.
    pub destroyed: bool,
}

/// A lease that is held now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseView {
    /// As conflicts name it.
    pub owner: String,
    /// What the holder wrote into it.
    pub description: String,
    /// Unix seconds.
    pub expires_at: i64,
}

/// What a check last said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// `servicecheck-00-http-8080`, or the key of a top-level check.
    pub name: String,
    /// `passing` or `critical`.
    pub status: String,
    /// What the check saw.
    pub output: String,
    /// When the status last changed, RFC 3339.
    pub updated_at: String,
}

impl Machine {
    pub(crate) fn view(&self, now: Millis) -> MachineView {
        MachineView {
            id: self.id.clone(),
            name: self.name.clone(),
            state: self.state.as_str().to_owned(),
            instance_id: self.version().id.clone(),
            image: self.version().image.full(),
            cordoned: self.cordoned,
            region: self.region.clone(),
            pid: self.vm.as_ref().and_then(|vm| vm.pid),
            lease: self.lease(now).map(|lease| LeaseView {
                owner: lease.owner.clone(),
                description: lease.description.clone(),
                expires_at: lease.expires_at.div_euclid(1000),
            }),
            config: self.version().config.clone(),
            checks: self.check_views(),
            destroyed: self.is_destroyed(),
        }
    }

    fn check_views(&self) -> Vec<CheckView> {
        let view = |check: &super::check::Check| CheckView {
            name: check.spec.name.clone(),
            status: check.status().to_owned(),
            output: check.output.clone(),
            updated_at: rfc3339(check.updated_at),
        };
        self.checks.iter().map(view).collect()
    }

    /// The machine object of the API.
    pub(crate) fn to_json(&self) -> Value {
        let mut shown = self.summary();
        let events = self.events.iter().rev().take(EVENTS).map(super::event::Event::to_json);
        shown["config"] = self.version().config.clone();
        shown["checks"] = json!(self.check_views());
        shown["events"] = events.collect();
        shown["host_status"] = json!("ok");
        if self.is_unreachable() {
            shown["host_status"] = json!("unreachable");
            shown["incomplete_config"] = shown["config"].take();
            shown.as_object_mut().expect("it is an object").remove("config");
        }
        shown
    }

    /// The machine object without its configuration, checks and events.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "region": self.region,
            "instance_id": self.version().id,
            "version": self.version().id,
            "image_ref": self.version().image.to_json(),
            "private_ip": self.private_ip(),
            "cordoned": self.cordoned,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
        })
    }

    /// The machine object as it was, or would be, with another of its versions.
    pub(crate) fn json_of(&self, version: Option<&str>) -> Result<Value, Refusal> {
        let mut shown = self.to_json();
        if let Some(id) = version {
            let found = self.versions.iter().find(|known| known.id == id);
            let found = found.ok_or_else(|| Refusal::not_found("machine version"))?;
            let config = if self.is_unreachable() { "incomplete_config" } else { "config" };
            shown[config] = found.config.clone();
            shown["image_ref"] = found.image.to_json();
            shown["instance_id"] = json!(found.id);
            shown["version"] = json!(found.id);
        }
        Ok(shown)
    }

    /// The machine object with its lease, if it is wanted and there is one. The nonce is not shown:
    /// it is for the holder alone.
    pub(crate) fn with_lease(&self, mut shown: Value, wanted: bool, now: Millis) -> Value {
        if let Some(lease) = self.lease(now).filter(|_| wanted) {
            shown["lease"] = json!({
                "owner": lease.owner,
                "description": lease.description,
                "expires_at": lease.expires_at.div_euclid(1000),
            });
        }
        shown
    }

    /// Its events, newest first.
    pub(crate) fn events_json(&self, limit: Option<&str>) -> Result<Value, Refusal> {
        let limit = limit.map_or(Ok(EVENTS), str::parse);
        let limit = limit.ok().filter(|limit| (1..=EVENTS_MAX).contains(limit));
        let why = || Refusal::invalid(format!("limit must be between 1 and {EVENTS_MAX}"));
        let newest = self.events.iter().rev().take(limit.ok_or_else(why)?);
        Ok(newest.map(super::event::Event::to_json).collect())
    }

    /// Its versions, newest first.
    pub(crate) fn versions_json(&self) -> Value {
        let shown =
            |v: &super::machine::Version| json!({ "version": v.id, "user_config": v.config });
        self.versions.iter().rev().map(shown).collect()
    }
}
