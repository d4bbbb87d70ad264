//! One request, and the one place that waits for its turn, sends it, and sends it again.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::budget::{Budget, Rate};
use super::error::{ApiError, Reply};
use super::retry::{Class, SoFar, pauses};

/// The header that carries a lease (fly.io docs: machines API, leases).
const NONCE: &str = "fly-machine-lease-nonce";
/// How long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A host of the platform, asked about one app. The token is shown nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) http: Client,
    /// What the paths of calls are below.
    pub(crate) root: String,
    pub(crate) app: String,
    pub(crate) authorization: HeaderValue,
    /// The turns of its requests, where it has rate limits.
    pub(crate) budget: Option<Arc<Budget>>,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// In words, for errors.
    pub(crate) what: String,
    pub(crate) method: Method,
    /// Below the host's root, such as `/machines/148e`. With the method it is what shares a rate limit.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) nonce: Option<String>,
    pub(crate) class: Class,
    pub(crate) rate: Rate,
    pub(crate) patience: Duration,
}

/// An answer, and when the request that brought it was sent.
#[derive(Debug)]
pub(crate) struct Sent<T> {
    pub(crate) answer: T,
    pub(crate) at: Instant,
}

impl Call {
    /// A call that reads, or whose effect is the same twice.
    pub(crate) fn new(method: Method, what: &str, path: &str) -> Self {
        let class = if method == Method::GET { Class::Read } else { Class::Idempotent };
        Self {
            what: what.to_owned(),
            method,
            path: path.to_owned(),
            query: Vec::new(),
            body: None,
            nonce: None,
            class,
            rate: Rate::USUAL,
            patience: PATIENCE,
        }
    }
}

impl Host {
    /// Sends a call as often as its class allows and reads its answer.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ApiError> {
        self.send_noted(call).await.map(|sent| sent.answer)
    }

    /// The same, with the time at which the request was sent that was answered: what Fly.io grants for a
    /// time is granted from then on, however long the request had to wait for its turn.
    pub(crate) async fn send_noted<T: DeserializeOwned>(
        &self,
        call: &Call,
    ) -> Result<Sent<T>, ApiError> {
        self.turn(call).await;
        self.send_now(call).await
    }

    /// Waits for the turn of a call.
    pub(crate) async fn turn(&self, call: &Call) {
        if let Some(budget) = &self.budget {
            budget.turn((call.method.clone(), call.path.clone()), call.rate).await;
        }
    }

    /// Sends a call whose turn has come; each further try waits for a turn of its own.
    pub(crate) async fn send_now<T: DeserializeOwned>(
        &self,
        call: &Call,
    ) -> Result<Sent<T>, ApiError> {
        let (mut pauses, first, mut sent) = (pauses(), Instant::now(), 0);
        loop {
            let at = Instant::now();
            let error = match self.read(call).await {
                Ok(answer) => return Ok(Sent { answer, at }),
                Err(error) => error,
            };
            sent += 1;
            let so_far = SoFar { sent, spent: first.elapsed() };
            let Some(least) = call.class.again(&error, so_far) else { return Err(error) };
            let pause = pauses.next().unwrap_or_default().max(least);
            tracing::debug!(%error, ?pause, "asking again");
            sleep(pause).await;
            self.turn(call).await;
        }
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
            host: self.address(),
            // The address may hold what was typed into it; the call says where it went.
            source: source.without_url(),
        };
        let reply = self.request(call).send().await.map_err(lost)?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let body = reply.text().await.map_err(lost)?;
        let request = header("fly-request-id");
        tracing::debug!(call = call.what, %status, request, "asked Fly.io");
        if status.is_success() {
            return Ok(body);
        }
        let (date, retry_after) = (header("date"), header("retry-after"));
        let reply = Reply { status, date, request, retry_after, body: &body };
        Err(ApiError::of(&self.words(call), &reply))
    }

    fn request(&self, call: &Call) -> RequestBuilder {
        let mut request = self
            .http
            .request(call.method.clone(), format!("{}{}", self.root, call.path))
            .timeout(call.patience)
            .query(&call.query)
            .header("authorization", self.authorization.clone());
        if let Some(nonce) = &call.nonce {
            request = request.header(NONCE, nonce);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        request
    }

    /// Where the host is, without anything else that was typed into its address.
    fn address(&self) -> String {
        let parsed = reqwest::Url::parse(&self.root);
        parsed.map_or_else(|_| "its address".into(), |url| url.origin().ascii_serialization())
    }

    pub(crate) fn words(&self, call: &Call) -> String {
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
