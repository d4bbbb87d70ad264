//! The endpoints of the Machines API, a method each. Whatever a lease guards takes a [`Guard`], so that no
//! call can forget it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::budget::{Budget, Rate};
use super::client::{Call, Host, PATIENCE, Sent, http_client};
use super::error::ApiError;
use super::lists::Lists;
use super::machine::Machine;
use super::retry::Class;
use super::token::{Audience, authorization};
use crate::config::FlyConfig;

/// How long to wait before a read is asked to say again that something is not there.
pub(super) const SECOND_LOOK: Duration = Duration::from_millis(500);

/// A client of one app's machines. Clones share one budget.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(super) host: Host,
    pub(super) lists: Lists,
}

/// The right to change one machine: its id, and the nonce of the lease that is held on it.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    machine: String,
    nonce: String,
}

/// What a machine is created from.
#[derive(Clone, Debug)]
pub(crate) struct Launch<'a> {
    pub(crate) config: &'a Value,
    pub(crate) region: Option<&'a str>,
    /// Lease it in the same step.
    pub(crate) lease_ttl: Option<Duration>,
    /// Leave it off.
    pub(crate) idle: bool,
    /// Leave it out of the proxy's pool: born cordoned.
    pub(crate) unregistered: bool,
}

/// What a machine is changed to.
#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) config: &'a Value,
    /// The version that is replaced, and no other.
    pub(crate) current: &'a str,
    /// Leave it off.
    pub(crate) idle: bool,
}

impl Guard {
    pub(crate) fn new(machine: &str, nonce: &str) -> Self {
        Self { machine: machine.to_owned(), nonce: nonce.to_owned() }
    }
}

impl Api {
    pub(crate) fn of(config: &FlyConfig) -> Self {
        let base = config.api_url.trim_end_matches('/').trim_end_matches("/v1");
        let host = Host {
            http: http_client(),
            root: format!("{base}/v1/apps/{}", config.app),
            app: config.app.clone(),
            authorization: authorization(&config.token, Audience::Machines),
            budget: config.paced.then(Arc::<Budget>::default),
        };
        Self { host, lists: Lists::default() }
    }

    pub(crate) fn http(&self) -> &Client {
        &self.host.http
    }

    pub(crate) fn app(&self) -> &str {
        &self.host.app
    }

    /// All machines that are not destroyed. An empty answer is asked for twice, and so is none: both have
    /// been known to be a lie (fly.io infra log: machines API duplicates).
    pub(crate) async fn machines(&self) -> Result<Vec<Machine>, ApiError> {
        let list = match self.lists.read(&self.host).await {
            Ok(first) if first.is_empty() => self.lists.read(&self.host).await,
            Err(error) if error.is_not_found() => {
                tokio::time::sleep(SECOND_LOOK).await;
                self.lists.read(&self.host).await
            }
            first => first,
        };
        list.map(Arc::unwrap_or_clone)
    }

    /// One machine; `None` once two reads agree that it is not there.
    pub(crate) async fn machine(&self, id: &str) -> Result<Option<Machine>, ApiError> {
        let call = Call { rate: Rate::READ_MACHINE, ..Call::on(Method::GET, "read", id, "") };
        for pause in [Some(SECOND_LOOK), None] {
            match (self.host.send(&call).await, pause) {
                (Ok(machine), _) => return Ok(Some(machine)),
                (Err(error), Some(pause)) if error.is_not_found() => {
                    tokio::time::sleep(pause).await;
                }
                (Err(error), None) if error.is_not_found() => {}
                (Err(error), _) => return Err(error),
            }
        }
        Ok(None)
    }

    /// One machine as the next list shows it, which those share who ask at the same time.
    pub(crate) async fn listed(&self, id: &str) -> Result<Option<Machine>, ApiError> {
        Ok(self.lists.read(&self.host).await?.iter().find(|it| it.id == id).cloned())
    }

    /// Waits until a machine may be created. Whoever has waited may have a reason not to any more.
    pub(crate) async fn turn_to_create(&self) {
        self.host.turn(&creation()).await;
    }

    /// Creates a machine and leases it. Not sent twice if it may have been done: look for its launch id.
    pub(crate) async fn create(&self, launch: &Launch<'_>) -> Result<Sent<Machine>, ApiError> {
        self.turn_to_create().await;
        self.create_now(launch).await
    }

    /// The same, by somebody whose turn has come.
    pub(crate) async fn create_now(&self, launch: &Launch<'_>) -> Result<Sent<Machine>, ApiError> {
        let mut body = json!({
            "config": launch.config,
            "skip_launch": launch.idle,
            "skip_service_registration": launch.unregistered,
        });
        if let Some(ttl) = launch.lease_ttl {
            body["lease_ttl"] = ttl.as_secs().into();
        }
        if let Some(region) = launch.region {
            body["region"] = region.into();
        }
        self.host.send_now(&Call { body: Some(body), ..creation() }).await
    }

    /// Replaces the whole configuration if the machine still is at the version it was read at. Not sent
    /// twice if it may have been done: what became of the first is read from the machine.
    pub(crate) async fn update(
        &self,
        guard: &Guard,
        change: &Change<'_>,
    ) -> Result<Machine, ApiError> {
        let Change { config, current, idle } = change;
        let body = json!({"config": config, "current_version": current, "skip_launch": idle});
        let call = Call::guarded(Method::POST, "update", guard, "");
        self.host.send(&Call { body: Some(body), class: Class::Once, ..call }).await
    }

    pub(crate) async fn start(&self, guard: &Guard) -> Result<(), ApiError> {
        self.tell(Call::guarded(Method::POST, "start", guard, "/start")).await
    }

    /// Stops a machine with the signal and the time that its own configuration names.
    pub(crate) async fn stop(&self, guard: &Guard) -> Result<(), ApiError> {
        let call = Call::guarded(Method::POST, "stop", guard, "/stop");
        self.tell(Call { body: Some(json!({"timeout": "0s"})), ..call }).await
    }

    pub(crate) async fn cordon(&self, guard: &Guard) -> Result<(), ApiError> {
        self.tell(Call::guarded(Method::POST, "cordon", guard, "/cordon")).await
    }

    pub(crate) async fn uncordon(&self, guard: &Guard) -> Result<(), ApiError> {
        self.tell(Call::guarded(Method::POST, "uncordon", guard, "/uncordon")).await
    }

    /// Destroys a machine, running or not; one that is gone already is fine.
    pub(crate) async fn destroy(&self, guard: &Guard) -> Result<(), ApiError> {
        self.destroy_by(Call::guarded(Method::DELETE, "destroy", guard, "")).await
    }

    pub(super) async fn destroy_by(&self, mut call: Call) -> Result<(), ApiError> {
        // `force` is documented, `kill` is what flyctl sends.
        call.query.extend([("force".into(), "true".into()), ("kill".into(), "true".into())]);
        self.tell(call).await.or_else(|error| fine_if(error, ApiError::is_not_found))
    }

    /// Waits for a settled state, at most `slice`, which is kept within the platform's bounds of one
    /// second to one minute.
    pub(crate) async fn wait(
        &self,
        id: &str,
        version: &str,
        slice: Duration,
    ) -> Result<(), ApiError> {
        let call = Call::on(Method::GET, "wait for", id, "/wait");
        self.wait_for(
            call,
            &[("state", "started"), ("state", "stopped"), ("version", version)],
            slice,
        )
        .await
    }

    pub(super) async fn wait_for(
        &self,
        mut call: Call,
        wanted: &[(&str, &str)],
        slice: Duration,
    ) -> Result<(), ApiError> {
        let seconds = slice.as_secs().clamp(1, 60).to_string();
        for (key, value) in wanted.iter().chain(&[("timeout", &*seconds)]) {
            call.query.push(((*key).to_owned(), (*value).to_owned()));
        }
        let call = Call { class: Class::Wait, patience: slice + PATIENCE, ..call };
        match self.host.send::<Value>(&call).await {
            // What did not come, and what cannot come any more, shows when the machine is read.
            Err(error) if !(error.may_be_in_its_own_way() || error.is_not_found()) => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn tell(&self, call: Call) -> Result<(), ApiError> {
        self.host.send::<Value>(&call).await.map(drop)
    }
}

impl Call {
    pub(super) fn on(method: Method, verb: &str, machine: &str, path: &str) -> Self {
        Self::new(
            method,
            &format!("{verb} machine {machine}"),
            &format!("/machines/{machine}{path}"),
        )
    }

    pub(super) fn guarded(method: Method, verb: &str, guard: &Guard, path: &str) -> Self {
        Self { nonce: Some(guard.nonce.clone()), ..Self::on(method, verb, &guard.machine, path) }
    }
}

fn creation() -> Call {
    let call = Call::new(Method::POST, "create a machine", "/machines");
    Call { class: Class::Once, ..call }
}

pub(super) fn fine_if(error: ApiError, fine: impl Fn(&ApiError) -> bool) -> Result<(), ApiError> {
    if fine(&error) { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fly_toml::FlyToml;

    #[test]
    fn the_token_is_in_no_debug_output() {
        let mut config = FlyConfig::new("shop", "http://x", "very-secret", FlyToml::default());
        config.api_url = "https://api.machines.dev/v1".to_owned();
        let api = Api::of(&config);
        assert!(!format!("{api:?}").contains("very-secret"));
        assert_eq!(api.host.root, "https://api.machines.dev/v1/apps/shop");
    }
}
