//! The list of an app's releases, which `fly releases` and the dashboard show. Other tools and people go by
//! it; machines do not.

use reqwest::Method;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Platform, at_best};
use crate::api::client::Call;
use crate::api::error::ApiError;
use crate::api::retry::Class;
use crate::config::Strategy;

/// What a release is recorded with.
#[derive(Clone, Debug)]
pub struct NewRelease {
    /// The image that is deployed.
    pub image: String,
    /// In which order machines get it.
    pub strategy: Strategy,
    /// The app's configuration as JSON, as it is in `fly.toml`.
    pub definition: Value,
}

/// A release that was just recorded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReleaseRef {
    /// Fly.io's name for it: the metadata `fly_release_id` of its machines.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// Its number, one more than the last: the metadata `fly_release_version`.
    pub version: u64,
}

/// A release as the list has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordedRelease {
    /// Fly.io's name for it.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// Its number.
    pub version: u64,
    /// `pending`, `running`, `complete`, `failed`, `interrupted`, or another word.
    #[serde(default, deserialize_with = "text")]
    pub status: String,
    /// Its image; empty where there is none.
    #[serde(default, deserialize_with = "text")]
    pub image_ref: String,
}

/// What becomes of a release (flyctl: internal/command/deploy).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseStatus {
    /// Machines are being changed.
    Running,
    /// It is live.
    Complete,
    /// It did not go live.
    Failed,
    /// It was given up on request.
    Interrupted,
}

#[derive(Deserialize)]
struct Created {
    release: ReleaseRef,
}

#[derive(Deserialize)]
struct Listed {
    releases: Vec<RecordedRelease>,
}

impl ReleaseStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl Strategy {
    /// As releases name it (flyctl: internal/uiex).
    fn of_release(self) -> &'static str {
        match self {
            Self::Rolling => "ROLLING",
            Self::Canary => "CANARY",
            Self::BlueGreen => "BLUEGREEN",
            Self::Immediate => "IMMEDIATE",
        }
    }
}

impl Platform {
    /// Records a release, `pending` until it is [updated](Self::release_update). Not sent twice if it may
    /// have been recorded: its number is one that others see.
    ///
    /// No build stands behind it: `build_id` is 0, as flyctl has it where it builds nothing (flyctl:
    /// internal/command/secrets) or could not record the build (flyctl: internal/build/imgsrc).
    ///
    /// # Errors
    /// When it could not be recorded, or when nobody knows.
    pub async fn release_create(&self, release: &NewRelease) -> Result<ReleaseRef, ApiError> {
        let call = Call::new(Method::POST, "record a release", "/api/v1/releases");
        let body = json!({
            "app_name": self.rest.app,
            "build_id": 0,
            "definition": release.definition,
            "image": release.image,
            "strategy": release.strategy.of_release(),
        });
        let class = Class::BestEffortOnce;
        let created: Created =
            self.rest.send(&Call { body: Some(body), class, ..at_best(call) }).await?;
        Ok(created.release)
    }

    /// Says what became of a release; `error` is why it failed, for whoever reads the list.
    ///
    /// # Errors
    /// When it could not be said, even after a few tries.
    pub async fn release_update(
        &self,
        id: &str,
        status: ReleaseStatus,
        error: Option<&str>,
    ) -> Result<(), ApiError> {
        let what = format!("mark release {id} as {}", status.word());
        let path = format!("/api/v1/releases/{id}");
        let call = Call::new(Method::PATCH, &what, &path);
        let body = json!({"status": status.word(), "metadata": metadata(status, error)});
        self.rest.send::<Value>(&Call { body: Some(body), ..at_best(call) }).await.map(drop)
    }

    /// The newest releases, newest first.
    ///
    /// # Errors
    /// When the list could not be read.
    pub async fn releases(&self, limit: usize) -> Result<Vec<RecordedRelease>, ApiError> {
        let path = format!("/api/v1/apps/{}/releases", self.rest.app);
        let mut call = at_best(Call::new(Method::GET, "list the releases", &path));
        call.query.push(("limit".to_owned(), limit.to_string()));
        Ok(self.rest.send::<Listed>(&call).await?.releases)
    }
}

/// What flyctl adds at the end, with our own version under our own name.
fn metadata(status: ReleaseStatus, error: Option<&str>) -> Value {
    if status == ReleaseStatus::Running {
        return Value::Null;
    }
    let version = env!("CARGO_PKG_VERSION");
    json!({"post_deployment_info": {"pipeline_version": version, "error": error.unwrap_or_default()}})
}

/// A text; a number counts as one, and `null` as none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_leniently() {
        let table = [
            (json!({"id": "r1", "version": 3}), ("r1", 3, "", "")),
            (
                json!({"id": 7, "version": 4, "status": "running", "image_ref": null, "user": {}}),
                ("7", 4, "running", ""),
            ),
        ];
        for (value, (id, version, status, image)) in table {
            let wanted = RecordedRelease {
                id: id.into(),
                version,
                status: status.into(),
                image_ref: image.into(),
            };
            assert_eq!(serde_json::from_value::<RecordedRelease>(value).unwrap(), wanted);
        }
    }

    #[test]
    fn only_the_end_of_a_release_says_who_deployed_it_and_why_it_failed() {
        assert_eq!(metadata(ReleaseStatus::Running, None), Value::Null);
        let version = env!("CARGO_PKG_VERSION");
        for (error, told) in [(None, ""), (Some("no"), "no")] {
            let wanted = json!({"pipeline_version": version, "error": told});
            assert_eq!(metadata(ReleaseStatus::Failed, error)["post_deployment_info"], wanted);
        }
    }
}
