//! One request, and the one place that knows when it is sent again.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ApiError;

/// The header that carries a lease (fly.io docs: machines API, leases).
const NONCE: &str = "fly-machine-lease-nonce";
/// How long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A client of one app's machines. Its token is shown nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    http: Client,
    base: String,
    app: String,
    token: SecretString,
}

/// May a request be sent again when nobody knows whether it was done?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Doing it twice is doing it once.
    Idempotent,
    /// The caller looks first, unless it certainly was not.
    Never,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// In words, for errors.
    pub(crate) what: String,
    pub(crate) method: Method,
    /// Below the app, such as `/machines/148e`.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) nonce: Option<String>,
    pub(crate) retry: Retry,
    pub(crate) patience: Duration,
}

impl Api {
    pub(crate) fn new(base: &str, app: &str, token: &SecretString) -> Self {
        let base = base.trim_end_matches('/').trim_end_matches("/v1").to_owned();
        Self { http: http_client(), base, app: app.to_owned(), token: token.clone() }
    }

    pub(crate) fn app(&self) -> &str {
        &self.app
    }

    /// Sends a call as often as its policy allows and reads its answer.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ApiError> {
        let may = |error: &ApiError| match call.retry {
            Retry::Idempotent => error.is_transient(),
            // What was turned away at the door was not done.
            Retry::Never => matches!(error, ApiError::RateLimited { .. }),
        };
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(6)
            .with_jitter();
        let again = |error: &ApiError, after| tracing::debug!(%error, ?after, "asking again");
        (|| self.read(call)).retry(backoff).when(may).notify(again).await
    }

    async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ApiError> {
        let text = self.once(call).await?;
        let text = if text.is_empty() { "null" } else { &text };
        serde_json::from_str(text)
            .map_err(|source| ApiError::Decode { call: self.words(call), source })
    }

    async fn once(&self, call: &Call) -> Result<String, ApiError> {
        let lost = |source: reqwest::Error| ApiError::Connect {
            call: self.words(call),
            host: self.host(),
            // The address may hold what was typed into it; the call says where it went.
            source: source.without_url(),
        };
        let reply = self.request(call).send().await.map_err(lost)?;
        let header = |name: &str| reply.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (status, date, request) = (reply.status(), header("date"), header("fly-request-id"));
        let body = reply.text().await.map_err(lost)?;
        tracing::debug!(call = call.what, %status, request, "Machines API");
        if status.is_success() {
            return Ok(body);
        }
        Err(ApiError::of(&self.words(call), status, date.as_deref(), &body))
    }

    fn request(&self, call: &Call) -> RequestBuilder {
        let url = format!("{}/v1/apps/{}{}", self.base, self.app, call.path);
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .timeout(call.patience)
            .query(&call.query)
            .header("authorization", authorization(&self.token));
        if let Some(nonce) = &call.nonce {
            request = request.header(NONCE, nonce);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        request
    }

    /// Where the API is, without anything else that was typed into its address.
    fn host(&self) -> String {
        let parsed = reqwest::Url::parse(&self.base);
        parsed.map_or_else(|_| "its address".into(), |url| url.origin().ascii_serialization())
    }

    fn words(&self, call: &Call) -> String {
        format!("{} of {}", call.what, self.app)
    }
}

/// A client for HTTPS with the crypto of this crate where the program has chosen none.
pub(crate) fn http_client() -> Client {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may be quicker; then theirs is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    Client::builder()
        .user_agent(concat!("pipeline/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("the client has no setting that can be wrong")
}

/// Macaroons go under `FlyV1`, everything else under `Bearer` (fly-go: tokens).
fn authorization(token: &SecretString) -> reqwest::header::HeaderValue {
    let token = token.expose_secret().trim();
    let bare = token.strip_prefix("FlyV1 ").or_else(|| token.strip_prefix("Bearer "));
    let bare = bare.unwrap_or(token);
    let macaroon = ["fm1r_", "fm1a_", "fm2_"].iter().any(|prefix| bare.contains(prefix));
    let scheme = if macaroon { "FlyV1" } else { "Bearer" };
    let header = reqwest::header::HeaderValue::from_str(&format!("{scheme} {bare}"));
    let mut value =
        header.unwrap_or_else(|_| reqwest::header::HeaderValue::from_static("Bearer unreadable"));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macaroons_and_plain_tokens_go_under_their_own_scheme() {
        let table = [
            ("plain", "Bearer plain"),
            ("Bearer plain", "Bearer plain"),
            ("fm2_abc,fm2_def", "FlyV1 fm2_abc,fm2_def"),
            ("FlyV1 fm2_abc", "FlyV1 fm2_abc"),
            ("two\nlines", "Bearer unreadable"),
        ];
        for (token, header) in table {
            assert_eq!(authorization(&token.into()), header);
        }
    }

    #[test]
    fn the_token_is_in_no_debug_output() {
        let api = Api::new("https://api.machines.dev/v1", "shop", &"very-secret".into());
        assert!(!format!("{api:?}").contains("very-secret"));
        assert_eq!(api.base, "https://api.machines.dev");
    }
}
