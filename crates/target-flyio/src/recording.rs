//! The release in Fly.io's own list, so that `fly releases` and the dashboard stay true. Best effort: no deploy
//! waits for it for long, or fails by it.

use pipeline_core::{Conclusion, Context};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::api::{Machine, NewRelease, Platform, ReleaseRef, ReleaseStatus};
use crate::desired::{FLY_RELEASE, RELEASE, release_of};
use crate::plan::StageData;

/// What is known of this run's release.
#[derive(Debug, Default)]
pub(crate) struct Recording(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Unknown,
    /// The platform could not be told; it is not asked again.
    Untold,
    Known(ReleaseRef),
}

impl Recording {
    /// The release of this run: the one that its machines name, or a new one. It is `running` then.
    pub(crate) async fn begin(
        &self,
        platform: &Platform,
        (stage, definition): (&StageData, &Value),
        (machines, cx): (&[Machine], &Context),
    ) -> Option<ReleaseRef> {
        let mut state = self.0.lock().await;
        if matches!(*state, State::Unknown) {
            let begun = match named_by(machines, &stage.run) {
                Some(known) => Ok(known),
                None => platform.release_create(&new(stage, definition)).await,
            };
            *state = match begun {
                Ok(release) => {
                    let told = platform.release_update(&release.id, ReleaseStatus::Running, None);
                    note(cx, told.await.err());
                    State::Known(release)
                }
                Err(error) => {
                    note(cx, Some(error));
                    State::Untold
                }
            };
        }
        match &*state {
            State::Known(release) => Some(release.clone()),
            _ => None,
        }
    }

    /// The release of this run, if machines name it that are now to be taken back: of a run that was cut off,
    /// nobody else knows it.
    pub(crate) async fn learn(&self, machines: &[Machine], run: &str) {
        let mut state = self.0.lock().await;
        if let (State::Unknown, Some(known)) = (&*state, named_by(machines, run)) {
            *state = State::Known(known);
        }
    }

    /// Says how it ended.
    pub(crate) async fn end(&self, platform: &Platform, ended: Option<Conclusion>, cx: &Context) {
        let State::Known(release) = &*self.0.lock().await else { return };
        let (status, error) = match ended {
            Some(Conclusion::Succeeded | Conclusion::Left) => (ReleaseStatus::Complete, None),
            Some(Conclusion::RolledBack) => (ReleaseStatus::Failed, Some("taken back by pipeline")),
            Some(Conclusion::Stuck) => (ReleaseStatus::Failed, Some("stuck half-way")),
            Some(Conclusion::Rejected) => (ReleaseStatus::Failed, Some("rejected")),
            None => (ReleaseStatus::Interrupted, None),
        };
        note(cx, platform.release_update(&release.id, status, error).await.err());
    }
}

impl StageData {
    /// The same stage, its machines under the release that Fly.io knows.
    pub(crate) fn under(&self, release: Option<&ReleaseRef>) -> Self {
        let mut stage = self.clone();
        let Some(release) = release else { return stage };
        let configs = stage.works.iter_mut().map(|it| &mut it.config);
        for config in configs.chain(stage.release.iter_mut().map(|it| &mut it.config)) {
            for key in [FLY_RELEASE, RELEASE] {
                config["metadata"][key] = release.id.as_str().into();
            }
            config["metadata"]["fly_release_version"] = release.version.to_string().into();
        }
        stage
    }
}

/// The release that a machine of this run names. Before Fly.io has one, the run's own name stands there.
fn named_by(machines: &[Machine], run: &str) -> Option<ReleaseRef> {
    let mut ours = machines.iter().filter(|it| it.run() == Some(run));
    let release = |it: &Machine| {
        let id = it.metadata(FLY_RELEASE).filter(|id| *id != run)?.to_owned();
        Some(ReleaseRef { id, version: release_of(&it.config) })
    };
    ours.find_map(release)
}

fn new(stage: &StageData, definition: &Value) -> NewRelease {
    NewRelease {
        image: stage.image.clone(),
        strategy: stage.strategy,
        definition: definition.clone(),
    }
}

fn note(cx: &Context, error: Option<crate::api::ApiError>) {
    if let Some(error) = error {
        cx.note(format!("Fly.io's list of releases is not up to date: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_resumed_run_finds_its_release_on_its_own_machines() {
        let machine = |run: &str, id: &str| -> Machine {
            let metadata =
                json!({"pipeline_run": run, "fly_release_id": id, "fly_release_version": "43"});
            serde_json::from_value(json!({"id": "a", "config": {"metadata": metadata}})).unwrap()
        };
        let found =
            |machines: &[Machine]| named_by(machines, "run-1").map(|it| (it.id, it.version));
        assert_eq!(
            found(&[machine("run-0", "rel_42"), machine("run-1", "rel_43")]),
            Some(("rel_43".into(), 43))
        );
        assert_eq!(found(&[machine("run-1", "run-1")]), None, "Fly.io was not told");
        assert_eq!(found(&[machine("run-0", "rel_42")]), None);
    }
}
