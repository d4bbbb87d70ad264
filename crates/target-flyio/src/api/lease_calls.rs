//! Leases: taken, prolonged, given back.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::calls::{Api, Guard, fine_if};
use super::client::{Call, PATIENCE, Sent};
use super::error::ApiError;

/// The least time that the answer to a request for a lease may take, however short the lease is.
const LEAST: Duration = Duration::from_secs(2);

/// A lease as it was granted.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LeaseGrant {
    pub(crate) nonce: String,
}

/// The grant as Fly.io sends it, or bare, as its description has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum LeaseReply {
    Wrapped { data: LeaseGrant },
    Bare(LeaseGrant),
}

impl Api {
    pub(crate) async fn lease(
        &self,
        id: &str,
        ttl: Duration,
        description: &str,
    ) -> Result<Sent<LeaseGrant>, ApiError> {
        let mut call = Call::on(Method::POST, "lease", id, "/lease");
        call.query.push(("ttl".to_owned(), ttl.as_secs().max(1).to_string()));
        call.body = Some(json!({"description": description, "ttl": ttl.as_secs().max(1)}));
        // A grant that comes after its own time is worth nothing, and keeps the others waiting.
        call.patience = (ttl / 2).clamp(LEAST, PATIENCE);
        self.granted(&call).await
    }

    /// Prolongs a lease. Fly.io answers with the same nonce as long as the lease had not ended.
    pub(crate) async fn refresh(
        &self,
        guard: &Guard,
        ttl: Duration,
    ) -> Result<Sent<LeaseGrant>, ApiError> {
        let mut call = Call::guarded(Method::POST, "refresh the lease on", guard, "/lease");
        call.query.push(("ttl".to_owned(), ttl.as_secs().max(1).to_string()));
        self.granted(&call).await
    }

    /// Gives a lease back; one that is not there any more is fine.
    pub(crate) async fn release(&self, guard: &Guard) -> Result<(), ApiError> {
        let call = Call::guarded(Method::DELETE, "release the lease on", guard, "/lease");
        self.tell(call).await.or_else(|error| fine_if(error, ApiError::is_lease_gone))
    }

    async fn granted(&self, call: &Call) -> Result<Sent<LeaseGrant>, ApiError> {
        let Sent { answer, at } = self.host.send_noted(call).await?;
        let (LeaseReply::Wrapped { data } | LeaseReply::Bare(data)) = answer;
        Ok(Sent { answer: data, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_read_with_and_without_its_wrapper() {
        let table = [
            r#"{"status":"success","data":{"nonce":"n1","expires_at":1,"version":"01"}}"#,
            r#"{"nonce":"n1","expires_at":1}"#,
        ];
        for text in table {
            let (LeaseReply::Wrapped { data } | LeaseReply::Bare(data)) =
                serde_json::from_str(text).unwrap();
            assert_eq!(data.nonce, "n1");
        }
    }
}
