//! Leases: one holder at a time, named by a nonce, for a time.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{effect::Host, machine::Machine, refusal::Refusal};
use crate::clock::{Millis, rfc3339_seconds};

/// How long a lease lasts when the request does not say.
const TTL: Duration = Duration::from_secs(30);

/// The right to change a machine.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) nonce: String,
    pub(crate) owner: String,
    pub(crate) description: String,
    pub(crate) expires_at: Millis,
}

/// What a lease request says, in its query or in its body.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct LeaseAsk {
    pub(crate) ttl: Option<u64>,
    #[serde(default)]
    pub(crate) description: String,
}

impl Machine {
    /// The lease, if one is active.
    pub(crate) fn lease(&self, now: Millis) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.expires_at > now)
    }

    /// Lets a request pass that holds the lease, or any request when there is no lease: a stale
    /// nonce does no harm then (flyctl's canary relies on it).
    pub(crate) fn guard(&self, nonce: Option<&str>, now: Millis) -> Result<(), Refusal> {
        match self.lease(now) {
            Some(lease) if nonce != Some(lease.nonce.as_str()) => Err(self.conflict(lease)),
            _ => Ok(()),
        }
    }

    fn conflict(&self, lease: &Lease) -> Refusal {
        Refusal::aborted(format!(
            "machine ID {} lease currently held by {}, expires at {}",
            self.id,
            lease.owner,
            rfc3339_seconds(lease.expires_at)
        ))
    }

    /// Acquires the lease, or prolongs it for the one who holds it already.
    pub(crate) fn acquire(
        &mut self,
        ask: LeaseAsk,
        nonce: Option<&str>,
        host: &mut Host,
    ) -> Result<(), Refusal> {
        self.guard(nonce, host.now)?;
        let ttl = ask.ttl.map_or(TTL, Duration::from_secs);
        if ttl.is_zero() {
            return Err(Refusal::invalid("lease ttl must be positive"));
        }
        let expires_at =
            host.now.saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        let held = self.lease(host.now).cloned();
        let lease = held.unwrap_or_else(|| Lease {
            nonce: host.ids.nonce(),
            owner: host.owner.clone(),
            description: String::new(),
            expires_at,
        });
        let description =
            if ask.description.is_empty() { lease.description } else { ask.description };
        self.lease = Some(Lease { description, expires_at, ..lease });
        Ok(())
    }

    /// Gives the lease back.
    pub(crate) fn release(&mut self, nonce: Option<&str>, now: Millis) -> Result<(), Refusal> {
        self.lease(now).ok_or_else(|| self.no_lease())?;
        self.guard(nonce, now)?;
        self.lease = None;
        Ok(())
    }

    /// The wrapped object that acquiring and reading a lease answer with.
    pub(crate) fn lease_json(&self, now: Millis) -> Result<Value, Refusal> {
        let lease = self.lease(now).ok_or_else(|| self.no_lease())?;
        Ok(json!({
            "status": "success",
            "data": {
                "nonce": lease.nonce,
                "expires_at": lease.expires_at.div_euclid(1000),
                "owner": lease.owner,
                "description": lease.description,
                "version": self.version().id,
            },
        }))
    }

    pub(crate) fn no_lease(&self) -> Refusal {
        Refusal::not_found(&format!("machine ID {} lease", self.id))
    }
}
