//! The endpoints, a method each. Whatever a lease guards takes a [`Guard`], so that no call can forget it.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Api, Call, PATIENCE, Retry};
use super::error::ApiError;
use super::machine::Machine;

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

/// A lease as it was granted.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LeaseGrant {
    pub(crate) nonce: String,
}

#[derive(Deserialize)]
struct Wrapped {
    data: LeaseGrant,
}

impl Guard {
    pub(crate) fn new(machine: &str, nonce: &str) -> Self {
        Self { machine: machine.to_owned(), nonce: nonce.to_owned() }
    }
}

impl Api {
    /// All machines that are not destroyed. An empty answer is asked for twice: it has been known to be a
    /// lie (fly.io infra log: machines API duplicates).
    pub(crate) async fn machines(&self) -> Result<Vec<Machine>, ApiError> {
        let call = Call::new(Method::GET, "list the machines", "/machines");
        let first: Vec<Machine> = self.send(&call).await?;
        if first.is_empty() { self.send(&call).await } else { Ok(first) }
    }

    /// The machines that were created under this launch id.
    pub(crate) async fn launched(&self, launch: &str) -> Result<Vec<Machine>, ApiError> {
        let mut call = Call::new(Method::GET, "look for new machines", "/machines");
        call.query.push(("metadata.pipeline_launch".to_owned(), launch.to_owned()));
        let found: Vec<Machine> = self.send(&call).await?;
        Ok(found.into_iter().filter(|it| it.metadata("pipeline_launch") == Some(launch)).collect())
    }

    /// One machine; `None` once two reads agree that it is not there.
    pub(crate) async fn machine(&self, id: &str) -> Result<Option<Machine>, ApiError> {
        let call = Call::on(Method::GET, "read", id, "");
        for pause in [Some(Duration::from_millis(500)), None] {
            match (self.send(&call).await, pause) {
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

    /// Creates a machine and leases it. Never sent twice: look for its launch id first.
    pub(crate) async fn create(&self, launch: &Launch<'_>) -> Result<Machine, ApiError> {
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
        let call = Call::new(Method::POST, "create a machine", "/machines");
        self.send(&Call { body: Some(body), retry: Retry::Never, ..call }).await
    }

    /// Replaces the whole configuration if the machine still is at the version it was read at. Never sent
    /// twice: what became of the first is read from the machine.
    pub(crate) async fn update(
        &self,
        guard: &Guard,
        change: &Change<'_>,
    ) -> Result<Machine, ApiError> {
        let Change { config, current, idle } = change;
        let body = json!({"config": config, "current_version": current, "skip_launch": idle});
        let call = Call::guarded(Method::POST, "update", guard, "");
        self.send(&Call { body: Some(body), retry: Retry::Never, ..call }).await
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
        let mut call = Call::guarded(Method::DELETE, "destroy", guard, "");
        // `force` is documented, `kill` is what flyctl sends.
        call.query.extend([("force".into(), "true".into()), ("kill".into(), "true".into())]);
        gone_is_fine(self.tell(call).await)
    }

    /// Waits for a settled state, at most `slice`, which is kept within the platform's bounds of one
    /// second to one minute.
    pub(crate) async fn wait(
        &self,
        id: &str,
        version: &str,
        slice: Duration,
    ) -> Result<(), ApiError> {
        let mut call = Call::on(Method::GET, "wait for", id, "/wait");
        let seconds = slice.as_secs().clamp(1, 60).to_string();
        for (key, value) in [
            ("state", "started"),
            ("state", "stopped"),
            ("version", version),
            ("timeout", &seconds),
        ] {
            call.query.push((key.to_owned(), value.to_owned()));
        }
        let call = Call { retry: Retry::Never, patience: slice + PATIENCE, ..call };
        match self.send::<Value>(&call).await {
            // What did not come, and what cannot come any more, shows when the machine is read.
            Err(error) if !(error.is_transient() || error.is_not_found()) => Err(error),
            _ => Ok(()),
        }
    }

    pub(crate) async fn lease(
        &self,
        id: &str,
        ttl: Duration,
        description: &str,
    ) -> Result<LeaseGrant, ApiError> {
        let mut call = Call::on(Method::POST, "lease", id, "/lease");
        call.query.push(("ttl".to_owned(), ttl.as_secs().max(1).to_string()));
        call.body = Some(json!({"description": description, "ttl": ttl.as_secs().max(1)}));
        Ok(self.send::<Wrapped>(&call).await?.data)
    }

    /// Prolongs a lease. Fly.io answers with the same nonce as long as the lease had not ended.
    pub(crate) async fn refresh(
        &self,
        guard: &Guard,
        ttl: Duration,
    ) -> Result<LeaseGrant, ApiError> {
        let mut call = Call::guarded(Method::POST, "refresh the lease on", guard, "/lease");
        call.query.push(("ttl".to_owned(), ttl.as_secs().max(1).to_string()));
        Ok(self.send::<Wrapped>(&call).await?.data)
    }

    /// Gives a lease back; one that is not there any more is fine.
    pub(crate) async fn release(&self, guard: &Guard) -> Result<(), ApiError> {
        let call = Call::guarded(Method::DELETE, "release the lease on", guard, "/lease");
        gone_is_fine(self.tell(call).await)
    }

    /// The machines that were ever created under this launch id, as far as the platform remembers.
    pub(crate) async fn launched_ever(&self, launch: &str) -> Result<Vec<Machine>, ApiError> {
        let mut call = Call::new(Method::GET, "look for new machines", "/machines");
        call.query.push(("metadata.pipeline_launch".to_owned(), launch.to_owned()));
        call.query.push(("include_deleted".to_owned(), "true".to_owned()));
        let found: Vec<Machine> = self.send(&call).await?;
        Ok(found.into_iter().filter(|it| it.metadata("pipeline_launch") == Some(launch)).collect())
    }

    /// Starts a machine that nobody leases.
    pub(crate) async fn start_free(&self, id: &str) -> Result<(), ApiError> {
        self.tell(Call::on(Method::POST, "start", id, "/start")).await
    }

    /// Destroys a machine that nobody leases; one that is gone already is fine.
    pub(crate) async fn destroy_free(&self, id: &str) -> Result<(), ApiError> {
        let mut call = Call::on(Method::DELETE, "destroy", id, "");
        call.query.extend([("force".into(), "true".into()), ("kill".into(), "true".into())]);
        gone_is_fine(self.tell(call).await)
    }

    /// Waits until a machine has stopped or is gone, at most `slice`.
    pub(crate) async fn wait_for_end(&self, id: &str, slice: Duration) -> Result<(), ApiError> {
        let mut call = Call::on(Method::GET, "wait for the end of", id, "/wait");
        let seconds = slice.as_secs().clamp(1, 60).to_string();
        for (key, value) in [
            ("state", "stopped"),
            ("state", "destroyed"),
            ("state", "failed"),
            ("timeout", &seconds),
        ] {
            call.query.push((key.to_owned(), value.to_owned()));
        }
        let call = Call { retry: Retry::Never, patience: slice + PATIENCE, ..call };
        match self.send::<Value>(&call).await {
            Err(error) if !(error.is_transient() || error.is_not_found()) => Err(error),
            _ => Ok(()),
        }
    }

    async fn tell(&self, call: Call) -> Result<(), ApiError> {
        self.send::<Value>(&call).await.map(drop)
    }
}

impl Call {
    fn new(method: Method, what: &str, path: &str) -> Self {
        Self {
            what: what.to_owned(),
            method,
            path: path.to_owned(),
            query: Vec::new(),
            body: None,
            nonce: None,
            retry: Retry::Idempotent,
            patience: PATIENCE,
        }
    }

    fn on(method: Method, verb: &str, machine: &str, path: &str) -> Self {
        Self::new(
            method,
            &format!("{verb} machine {machine}"),
            &format!("/machines/{machine}{path}"),
        )
    }

    fn guarded(method: Method, verb: &str, guard: &Guard, path: &str) -> Self {
        Self { nonce: Some(guard.nonce.clone()), ..Self::on(method, verb, &guard.machine, path) }
    }
}

fn gone_is_fine(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
    match outcome {
        Err(error) if error.is_not_found() => Ok(()),
        other => other,
    }
}
