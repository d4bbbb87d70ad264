//! Reading requests: which machine, which body, which query.

use axum::{
    body::Bytes,
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::call::NONCE;
use crate::world::{MachineKey, Refusal, Target, value_of};

/// The machine of a path, and the nonce of its header.
#[derive(Debug)]
pub(super) struct Named {
    app: String,
    machine: String,
    /// What follows the machine in some paths.
    pub(super) key: String,
    nonce: Option<String>,
}

impl Named {
    pub(super) fn key_of_machine(&self) -> MachineKey {
        MachineKey { app: self.app.clone(), machine: self.machine.clone() }
    }

    pub(super) fn target(&self) -> Target<'_> {
        Target { app: &self.app, machine: &self.machine, nonce: self.nonce.as_deref() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Names {
            app: String,
            machine: String,
            #[serde(default)]
            key: String,
        }
        let Path(names) = Path::<Names>::from_request_parts(parts, state)
            .await
            .map_err(|error| Refusal::invalid(error.body_text()))?;
        let nonce = parts.headers.get(NONCE).and_then(|nonce| nonce.to_str().ok());
        let nonce = nonce.filter(|nonce| !nonce.is_empty()).map(str::to_owned);
        Ok(Self { app: names.app, machine: names.machine, key: names.key, nonce })
    }
}

/// The query as pairs: some keys come more than once.
#[derive(Debug)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl Pairs {
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        value_of(&self.0, key)
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some("true")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Pairs {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let pairs = Query::try_from_uri(&parts.uri);
        pairs.map(|Query(pairs)| Self(pairs)).map_err(|e| Refusal::invalid(e.body_text()))
    }
}

/// Reads a JSON body; none at all is an empty object.
pub(super) fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Refusal> {
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(text).map_err(|error| Refusal::invalid(format!("bad body: {error}")))
}
