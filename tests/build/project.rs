//! A project folder, the stand-in as its tool, and an ear for what is told.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use pipeline_core::{
    Artifact, Builder, Cancel, CancelSource, Context, Event, EventKind, Events, Fault, Observer,
    Phase, Release, Run, RunId,
};
use pipeline_tests::tool;
use serde_json::Value;
use target_flyio::{BuildConfig, DockerBuild, FlyctlBuild};
use tempfile::TempDir;

/// It must never be seen anywhere.
pub(crate) const TOKEN: &str = "FlyV1 fm2_sentinel-one,fm2_sentinel-two";

pub(crate) struct Project {
    dir: TempDir,
    heard: Heard,
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Observer for Heard {
    fn observe(&mut self, event: &Event) {
        if let EventKind::Noted { message, .. } = &event.kind {
            self.0.lock().unwrap().push(message.clone());
        }
    }
}

impl Project {
    pub(crate) fn new(acts: &[Value]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        tool::script(dir.path(), acts);
        std::fs::write(dir.path().join("Dockerfile"), "FROM scratch\n").unwrap();
        Self { dir, heard: Heard::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn config(&self) -> BuildConfig {
        let mut config = BuildConfig::new("shop", self.path(), TOKEN.to_owned());
        config.program = Some(PathBuf::from(env!("CARGO_BIN_EXE_tool_under_test")));
        config
    }

    pub(crate) fn context(&self, cancel: Cancel) -> Context {
        let events = Events::new(|| SystemTime::UNIX_EPOCH, vec![Box::new(self.heard.clone())]);
        let run = Run::new(RunId::new("r1"), Release::new("v1"), self.path());
        run.events(events).cancel(cancel).context(Phase::Build, "build")
    }

    pub(crate) async fn flyctl(&self) -> Result<Artifact, Fault> {
        FlyctlBuild::new(self.config()).build(&self.context(Cancel::never())).await
    }

    pub(crate) async fn docker(&self, config: BuildConfig) -> Result<Artifact, Fault> {
        DockerBuild::new(config).build(&self.context(Cancel::never())).await
    }

    /// Builds until the tool has said something, then asks it to stop.
    pub(crate) async fn stopped(&self, grace: Duration) -> Result<Artifact, Fault> {
        let source = CancelSource::new();
        let mut config = self.config();
        config.grace = grace;
        let cx = self.context(source.token());
        let stop = async {
            self.speaks().await;
            source.cancel();
        };
        let builder = FlyctlBuild::new(config);
        let (ended, ()) = futures::join!(builder.build(&cx), stop);
        ended
    }

    /// Waits until the tool has said something.
    pub(crate) async fn speaks(&self) {
        for _ in 0..12_000 {
            if !self.notes().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the tool says nothing");
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.heard.0.lock().unwrap().clone()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join(".pipeline/logs/build.log")).unwrap()
    }

    pub(crate) fn calls(&self) -> Vec<Value> {
        tool::calls(self.path())
    }
}
