//! The two releases of a rehearsal: the stand-in, or the user's own program; and how the second one is bad.

use std::collections::BTreeMap;

use sim_flyio::{Fault, Image};

use super::script::Script;
use crate::args::Release;

/// The version that is replaced.
pub(super) const OLD: &str = "v1";

/// The version that is deployed.
pub(super) const NEW: &str = "v2";

impl Script {
    pub(super) fn reference(&self, version: &str) -> String {
        format!("registry.fly.io/{}:{version}", self.fly.app)
    }

    /// The old release, which is good, and the new one.
    pub(super) fn images(&self) -> [Image; 2] {
        let new = match &self.program {
            Some(words) => self.own(NEW, words),
            None => self.stand_in(NEW).env(self.variables()),
        };
        let new = if self.release == Release::Unpullable { new.unpullable() } else { new };
        let old = match &self.program {
            Some(words) => self.own(OLD, words),
            None => self.stand_in(OLD),
        };
        [old, new]
    }

    /// What makes the user's own program as bad as it is to be: it cannot be told, so its machines are.
    pub(super) fn mishaps(&self) -> Vec<Fault> {
        let effects: &[&str] = match (&self.program, self.release) {
            (None, _) | (_, Release::Good | Release::Slow | Release::Unpullable) => &[],
            (_, Release::Crash) => &["crash:1s"],
            (_, Release::Unhealthy) => &["unhealthy", "traffic:500"],
            (_, Release::Broken) => &["traffic:500"],
            (_, Release::Oom) => &["oom:2s"],
        };
        let point = format!("boot[image={}]", self.reference(NEW));
        let fault = |effect: &&str| format!("{point}={effect}").parse();
        effects.iter().map(|it| fault(it).expect("a fault of a machine's program")).collect()
    }

    fn own(&self, version: &str, words: &[String]) -> Image {
        let mut image = Image::new(self.reference(version), words)
            .env([("APP_VERSION", version)])
            .env(&self.env);
        image.workdir = Some(self.cwd.clone());
        image
    }

    /// What answers the smoke tests of the environment as they want it.
    fn stand_in(&self, version: &str) -> Image {
        let checks = &self.environment().verify.smoke.checks;
        let wanted: BTreeMap<&str, u16> = checks
            .iter()
            .map(|it| (it.path.as_str(), it.expect.status.iter().flatten().next()))
            .filter_map(|(path, status)| Some((path, *status?)))
            .collect();
        let pages = serde_json::json!(wanted).to_string();
        Image::inside(self.reference(version))
            .env([("APP_VERSION", version), ("PAGES", &pages), ("LATENCY_MS", "5")])
            .env(&self.env)
    }

    /// How the stand-in of the new release is told what it is like.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let checks = &self.environment().verify.smoke.checks;
        let last = || checks.last().map_or("/", |check| check.path.as_str()).to_owned();
        match self.release {
            Release::Good | Release::Unpullable => Vec::new(),
            Release::Crash => vec![("CRASH_AFTER_MS", "1000".into())],
            Release::Unhealthy => vec![("ERROR_RATE", "1".into())],
            Release::Broken => vec![("FAIL_PATH", last())],
            Release::Slow => vec![("LATENCY_MS", "250".into())],
            Release::Oom => vec![("MEMORY_GROWTH_MB_S", "500".into())],
        }
    }
}
