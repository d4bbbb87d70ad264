//! Releases and builds, which flyctl records beside the machines: nothing here moves one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{World, refusal::Refusal};
use crate::clock::{Millis, rfc3339};

/// The strategies that the platform knows, as flyctl spells them.
const STRATEGIES: [&str; 6] =
    ["ROLLING", "CANARY", "BLUEGREEN", "IMMEDIATE", "SIMPLE", "ROLLING_ONE"];

/// What one deploy said about itself.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(crate) id: String,
    /// Counts the releases of an app from 1.
    pub(crate) version: u64,
    /// Free text: `pending` at first, then whatever the deployer says.
    pub(crate) status: String,
    strategy: String,
    pub(crate) image_ref: String,
    /// The configuration of the app at that time, as it was sent.
    pub(crate) definition: Value,
    pub(crate) user: String,
    pub(crate) created_at: Millis,
    metadata: Value,
}

impl Release {
    /// The object of the REST calls.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "version": self.version,
            "stable": self.is_complete(),
            "in_progress": self.is_in_progress(),
            "status": self.status,
            "strategy": self.strategy,
            "user": self.user,
            "created_at": rfc3339(self.created_at),
            "image_ref": self.image_ref,
            "metadata": self.metadata,
        })
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.status == "complete"
    }

    pub(crate) fn is_in_progress(&self) -> bool {
        matches!(self.status.as_str(), "pending" | "running")
    }
}

/// The body that makes a release.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReleaseRequest {
    pub(crate) app_name: String,
    pub(crate) build_id: u64,
    pub(crate) definition: Value,
    pub(crate) image: String,
    pub(crate) strategy: String,
}

/// The body that changes a release.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReleasePatch {
    pub(crate) status: String,
    pub(crate) metadata: Value,
}

/// One attempt to get an image.
#[derive(Clone, Debug)]
struct Build {
    app: String,
    began: Millis,
    status: String,
}

/// The releases of all apps, oldest first, and the builds before them.
#[derive(Debug, Default)]
pub(crate) struct Releases {
    of: BTreeMap<String, Vec<Release>>,
    builds: Vec<Build>,
}

impl Releases {
    pub(crate) fn of(&self, app: &str) -> &[Release] {
        self.of.get(app).map_or(&[], Vec::as_slice)
    }

    /// Lets go of the releases of an app that is no more.
    pub(super) fn forget(&mut self, app: &str) {
        self.of.remove(app);
    }

    /// When the newest release of each app was made.
    pub(crate) fn all_current(&self) -> Value {
        let newest = self.of.iter().filter_map(|(app, all)| Some((app, all.last()?)));
        newest.map(|(app, release)| (app.clone(), json!(rfc3339(release.created_at)))).collect()
    }
}

impl World {
    /// The releases of an app, newest first, at most so many.
    pub(crate) fn releases(&self, app: &str, limit: usize) -> Result<Vec<&Release>, Refusal> {
        self.app(app)?;
        Ok(self.releases.of(app).iter().rev().take(limit).collect())
    }

    /// Takes down a release: its number is one more than the last.
    pub(crate) fn create_release(&mut self, ask: ReleaseRequest) -> Result<&Release, Refusal> {
        self.app(&ask.app_name)?;
        if ask.image.is_empty() {
            return Err(Refusal::invalid("image is required"));
        }
        if !STRATEGIES.contains(&ask.strategy.as_str()) {
            return Err(Refusal::invalid(format!("unknown strategy '{}'", ask.strategy)));
        }
        if ask.build_id != 0 {
            self.build(ask.build_id, &ask.app_name)?;
        }
        let (id, user) = (self.host.ids.nonce(), self.host.owner.clone());
        let all = self.releases.of.entry(ask.app_name).or_default();
        all.push(Release {
            id,
            version: all.last().map_or(0, |last| last.version) + 1,
            status: "pending".to_owned(),
            strategy: ask.strategy,
            image_ref: ask.image,
            definition: ask.definition,
            user,
            created_at: self.host.now,
            metadata: Value::Null,
        });
        Ok(all.last().expect("just pushed"))
    }

    /// Notes what became of a release; a deployer may change its mind at any time.
    pub(crate) fn patch_release(
        &mut self,
        id: &str,
        patch: ReleasePatch,
    ) -> Result<&Release, Refusal> {
        if patch.status.is_empty() {
            return Err(Refusal::invalid("status is required"));
        }
        let mut all = self.releases.of.values_mut().flatten();
        let found = all.find(|release| release.id == id);
        let release = found.ok_or_else(|| Refusal::not_found("release"))?;
        release.status = patch.status;
        if !patch.metadata.is_null() {
            release.metadata = patch.metadata;
        }
        Ok(release)
    }

    /// Begins a build.
    pub(crate) fn create_build(&mut self, app: &str) -> Result<Value, Refusal> {
        self.app(app)?;
        let (app, began) = (app.to_owned(), self.host.now);
        self.releases.builds.push(Build { app, began, status: "running".to_owned() });
        Ok(json!({ "id": self.releases.builds.len(), "status": "running", "wallclock_time_ms": 0 }))
    }

    /// Ends a build with what the client calls its status.
    pub(crate) fn finish_build(
        &mut self,
        id: u64,
        app: &str,
        status: &str,
    ) -> Result<Value, Refusal> {
        let at = self.build(id, app)?;
        let now = self.host.now;
        let build = &mut self.releases.builds[at];
        status.clone_into(&mut build.status);
        Ok(json!({ "id": id, "status": status, "wallclock_time_ms": now - build.began }))
    }

    /// Where the build of this id is; it has to be one of this app.
    fn build(&self, id: u64, app: &str) -> Result<usize, Refusal> {
        let at = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        let own = |at: &usize| self.releases.builds.get(*at).is_some_and(|build| build.app == app);
        at.filter(own).ok_or_else(|| Refusal::not_found("build"))
    }
}
