//! Volumes: which of an app's are free for a new machine. None is ever made or removed here: what is on a
//! volume is the app's.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::calls::Api;
use super::client::Call;
use super::error::ApiError;

/// A volume of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Volume {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
    #[serde(skip_serializing)]
    state: String,
    #[serde(skip_serializing)]
    attached_machine_id: Option<String>,
}

impl Volume {
    /// Can a new machine have it?
    pub(crate) fn is_free(&self) -> bool {
        let attached = self.attached_machine_id.as_deref().unwrap_or_default();
        self.state == "created" && attached.is_empty()
    }
}

impl Api {
    /// All volumes of the app.
    pub(crate) async fn volumes(&self) -> Result<Vec<Volume>, ApiError> {
        self.host.send(&Call::new(Method::GET, "list the volumes", "/volumes")).await
    }
}
