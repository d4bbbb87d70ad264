//! What `pipeline sim` says of itself: at the beginning what there is, at the end what came of it.

use std::path::Path;

use serde_json::{Value, json};
use sim_flyio::SimFly;

use super::file::World;
use super::surroundings::{ADVICE, quoted, surroundings};
use super::{Fleet, fault};
use crate::app::App;
use crate::error::CliError;
use crate::redact::Secrets;
use crate::render::Tone;

/// A simulator that runs.
pub(super) struct Told<'a> {
    pub(super) sim: &'a SimFly,
    pub(super) world: &'a World,
    /// Images with their digests, in the order of the world.
    pub(super) digests: Vec<String>,
    /// The addresses of the applications, in the order of the world.
    pub(super) urls: Vec<String>,
    /// The settings that flyctl is to find, which are none.
    pub(super) home: &'a Path,
}

impl Told<'_> {
    /// What there is.
    pub(super) fn ready(&self, app: &App) -> Result<(), CliError> {
        if app.json() {
            // All of it is the simulator's own, its token too: nothing is secret here.
            return app.object(&Secrets::default(), self.object()?);
        }
        for (name, value) in surroundings(self.sim, self.home) {
            app.fact(&format!("export {name}={}", quoted(&value)))?;
        }
        app.fact(ADVICE)?;
        for (image, digest) in self.world.images.iter().zip(&self.digests) {
            app.fact(&format!("# image {}@{digest}", image.reference))?;
        }
        for (one, url) in self.world.apps.iter().zip(&self.urls) {
            app.fact(&format!("# app {} at {url}", one.name))?;
            for machine in Fleet::of(self.sim, &one.name)?.machines() {
                let (id, region) = (&machine.id, &machine.region);
                app.fact(&format!("#   {id}  {region:<4} {:<9} {}", machine.state, machine.image))?;
            }
        }
        for fault in &self.world.faults {
            app.fact(&format!("# fault {fault}"))?;
        }
        let seed = self.world.config.seed.unwrap_or_default();
        app.fact(&format!("# seed {seed}"))
    }

    fn object(&self) -> Result<Value, CliError> {
        let env: serde_json::Map<_, _> = surroundings(self.sim, self.home)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        let images = self.world.images.iter().zip(&self.digests);
        let images =
            images.map(|(it, digest)| json!({ "reference": it.reference, "digest": digest }));
        let apps = self.world.apps.iter().zip(&self.urls);
        let apps = apps.map(|(it, url)| {
            let machines = Fleet::of(self.sim, &it.name)?.machines();
            let machines = machines.iter().map(|it| {
                json!({ "id": it.id, "region": it.region, "state": it.state, "image": it.image })
            });
            Ok(json!({
                "name": it.name, "url": url, "machines": machines.collect::<Vec<_>>(),
            }))
        });
        let faults = self.world.faults.iter().map(ToString::to_string);
        Ok(json!({
            "schema": 1,
            "env": env,
            "api_url": self.sim.api_url(),
            "proxy_url": self.sim.proxy_url(),
            "seed": self.world.config.seed,
            "images": images.collect::<Vec<_>>(),
            "apps": apps.collect::<Result<Vec<_>, CliError>>()?,
            "faults": faults.collect::<Vec<_>>(),
        }))
    }

    /// What came of it.
    pub(super) fn end(&self, app: &App) {
        let calls = self.sim.journal();
        let calls = calls.iter().filter(|it| !it.is_event()).count();
        app.mention(Tone::Dim, &format!("\n{calls} calls of the API"));
        for (struck, line) in fault::told(&self.sim.faults()) {
            let tone = if struck { Tone::Plain } else { Tone::Warn };
            app.say(tone, &format!("  {} {line}", if struck { ' ' } else { '!' }));
        }
        if let Some(trouble) = self.sim.journal_trouble() {
            app.say(Tone::Warn, &format!("  ! {trouble}"));
        }
    }
}
