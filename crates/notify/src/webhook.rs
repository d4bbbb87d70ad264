//! A webhook: the notice as JSON, signed.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use pipeline_core::Clock;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};

use crate::channel::{Channel, NotDelivered};
use crate::http::{self, ClientError};
use crate::notice::Notice;
use crate::signature::{SIGNATURE_HEADER, sign};

/// POSTs each notice as JSON to an address.
///
/// Headers: `content-type: application/json`, `idempotency-key` (the notice's id, the same at each try), and, where there is a secret,
/// [`SIGNATURE_HEADER`], which [`sign`] describes. Every answer from 200 to 299 means that it was taken; redirects are not followed.
pub struct Webhook {
    name: String,
    url: SecretString,
    secret: Option<SecretString>,
    client: Client,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// A webhook that is not signed.
    pub fn new(
        name: impl Into<String>,
        url: SecretString,
        clock: impl Clock + 'static,
    ) -> Result<Self, ClientError> {
        let (client, clock) = (http::client()?, Arc::new(clock));
        Ok(Self { name: name.into(), url, secret: None, client, clock })
    }

    /// Says with what it is signed.
    #[must_use]
    pub fn secret(mut self, secret: SecretString) -> Self {
        self.secret = Some(secret);
        self
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl Channel for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), NotDelivered> {
        let body = serde_json::to_vec(notice).map_err(|error| {
            NotDelivered::ForGood(format!("the notice cannot be written: {error}"))
        })?;
        let mut request = self
            .client
            .post(self.url.expose_secret())
            .header("content-type", "application/json")
            .header("idempotency-key", &notice.id);
        if let Some(secret) = &self.secret {
            let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            request = request.header(SIGNATURE_HEADER, sign(secret, now.as_secs(), &body));
        }
        http::send(request.body(body)).await
    }
}
