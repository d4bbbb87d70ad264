//! The two calls to a database that speaks OSV (google.github.io/osv.dev: `POST /v1/querybatch`, `GET /v1/vulns/{id}`).

use std::collections::BTreeMap;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use pipeline_process::{clean, one_line};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Osv;

/// So many packages are asked about at once; the database takes 1000.
const AT_ONCE: usize = 500;
/// More pages than this are no answer.
const MOST_PAGES: usize = 50;
/// A call is sent so often at most.
const TRIES: usize = 4;
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longer answers are not read.
const LARGEST: usize = 32 << 20;
/// So much of an answer is told, in bytes.
const TOLD: usize = 200;

/// What came instead of an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// There was no connection, or it broke, or the answer took too long.
    #[error("{call} was not answered")]
    Connect {
        /// The call, such as `POST /v1/querybatch`.
        call: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("{call} was answered with {status}: {said}")]
    Status {
        /// The call.
        call: String,
        /// Such as 503.
        status: u16,
        /// The beginning of what it said.
        said: String,
        /// The pause it asked for.
        after: Option<Duration>,
    },
    /// The answer makes no sense.
    #[error("{call} was answered with something else: {what}")]
    Garbage {
        /// The call.
        call: String,
        /// What is wrong with it.
        what: String,
    },
}

impl AskError {
    /// May the same call be answered later?
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Connect { .. } => true,
            Self::Status { status, .. } => [408, 429].contains(status) || *status >= 500,
            Self::Garbage { .. } => false,
        }
    }

    /// What to do next: an imperative sentence.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Connect { .. } => {
                "see that the network and HTTPS_PROXY let it through, or name a folder of advisories"
            }
            Self::Status { .. } if self.may_pass() => {
                "try again later, or name a folder of advisories"
            }
            Self::Status { .. } | Self::Garbage { .. } => {
                "see that its address is that of an OSV database, or name a folder of advisories"
            }
        }
    }

    fn pause(&self) -> Duration {
        match self {
            Self::Status { after, .. } => after.unwrap_or_default().min(LONGEST_PAUSE),
            _ => Duration::ZERO,
        }
    }
}

/// An advisory that a package has, and when it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) id: String,
    #[serde(default)]
    pub(super) modified: String,
}

#[derive(Deserialize)]
struct Batch {
    results: Vec<Page>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Page {
    vulns: Vec<Listed>,
    next_page_token: Option<String>,
}

pub(super) struct Http<'a> {
    client: Client,
    osv: &'a Osv,
}

impl<'a> Http<'a> {
    pub(super) fn new(osv: &'a Osv) -> Result<Self, AskError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Somebody else may be quicker; then theirs is used.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = Client::builder()
            .user_agent(concat!("pipeline/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(osv.timeout)
            .build()
            .map_err(|source| AskError::Connect { call: "the first call".into(), source })?;
        Ok(Self { client, osv })
    }

    /// The advisories of each of these packages, in whatever version.
    pub(super) async fn listings(
        &self,
        packages: &[&str],
    ) -> Result<BTreeMap<String, Vec<Listed>>, AskError> {
        let mut listings: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
        for some in packages.chunks(AT_ONCE) {
            let mut open: Vec<_> = some.iter().map(|it| (*it, None)).collect();
            for _ in 0..MOST_PAGES {
                open = self.pages(&open, &mut listings).await?;
                if open.is_empty() {
                    break;
                }
            }
            if !open.is_empty() {
                return Err(garbage(BATCH, format!("more than {MOST_PAGES} pages")));
            }
        }
        Ok(listings)
    }

    /// One page of each; what is left are those that have another.
    async fn pages<'p>(
        &self,
        open: &[(&'p str, Option<String>)],
        listings: &mut BTreeMap<String, Vec<Listed>>,
    ) -> Result<Vec<(&'p str, Option<String>)>, AskError> {
        let queries: Vec<_> =
            open.iter().map(|(name, token)| query(name, token.as_deref())).collect();
        let body = json!({ "queries": queries });
        let url = format!("{}/v1/querybatch", self.osv.base);
        let text = self.text(BATCH, || self.client.post(&url).json(&body)).await?;
        let batch: Batch =
            serde_json::from_str(&text).map_err(|error| garbage(BATCH, error.to_string()))?;
        if batch.results.len() != open.len() {
            let what = format!("{} results for {} queries", batch.results.len(), open.len());
            return Err(garbage(BATCH, what));
        }
        let mut more = Vec::new();
        for ((name, _), page) in open.iter().zip(batch.results) {
            listings.entry((*name).to_owned()).or_default().extend(page.vulns);
            if let Some(token) = page.next_page_token.filter(|it| !it.is_empty()) {
                more.push((*name, Some(token)));
            }
        }
        Ok(more)
    }

    /// One advisory as the database has it.
    pub(super) async fn advisory(&self, id: &str) -> Result<String, AskError> {
        let url = format!("{}/v1/vulns/{id}", self.osv.base);
        self.text(&format!("GET /v1/vulns/{id}"), || self.client.get(&url)).await
    }

    /// Sends a request until it is answered, or until there is no use in that.
    async fn text(
        &self,
        call: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<String, AskError> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.osv.pause)
            .with_max_times(TRIES - 1)
            .with_jitter();
        let mut pauses = pauses.build();
        loop {
            let error = match once(call, request()).await {
                Ok(text) => return Ok(text),
                Err(error) => error,
            };
            let pause = pauses.next().filter(|_| error.may_pass());
            let Some(pause) = pause else { return Err(error) };
            tracing::debug!(%error, "asking again");
            sleep(pause.max(error.pause())).await;
        }
    }
}

const BATCH: &str = "POST /v1/querybatch";

fn query(name: &str, token: Option<&str>) -> Value {
    let mut query = json!({ "package": { "name": name, "ecosystem": "Hex" } });
    if let Some(token) = token {
        query["page_token"] = token.into();
    }
    query
}

async fn once(call: &str, request: RequestBuilder) -> Result<String, AskError> {
    // The address may hold what was typed into it.
    let lost = |source: reqwest::Error| AskError::Connect {
        call: call.to_owned(),
        source: source.without_url(),
    };
    let reply = request.send().await.map_err(lost)?;
    let (status, after) = (reply.status(), after(&reply));
    let mut body = Vec::new();
    let mut reply = reply;
    while let Some(chunk) = reply.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(garbage(call, "it is too long".into()));
        }
        body.extend_from_slice(&chunk);
    }
    if status == StatusCode::OK {
        return String::from_utf8(body).map_err(|_| garbage(call, "it is no text".into()));
    }
    let said = one_line(&clean(&body[..body.len().min(4 * TOLD)]), TOLD);
    Err(AskError::Status { call: call.to_owned(), status: status.as_u16(), said, after })
}

/// `Retry-After` in seconds.
fn after(reply: &Response) -> Option<Duration> {
    let seconds = reply.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn garbage(call: &str, what: String) -> AskError {
    AskError::Garbage { call: call.to_owned(), what }
}
