//! Who has a volume, and who may have it.

use serde_json::{Value, json};

use super::{app::App, config::Config, refusal::Refusal, volume::Volume};

impl App {
    /// The living machine that mounts a volume.
    pub(super) fn holder(&self, volume: &str) -> Option<&str> {
        let mut living = self.machines.values().filter(|machine| !machine.is_destroyed());
        let holder = living.find(|machine| mounted(machine.config()) == Some(volume))?;
        Some(holder.id.as_str())
    }

    /// Refuses a configuration whose volume cannot be mounted in `region`.
    pub(super) fn may_mount(&self, config: Config<'_>, region: &str) -> Result<(), Refusal> {
        let mounts = config.0["mounts"].as_array().map_or(&[][..], Vec::as_slice);
        let [mount] = mounts else {
            let why = "a machine can have one mount only";
            return if mounts.is_empty() { Ok(()) } else { Err(Refusal::invalid(why)) };
        };
        if mount["path"].as_str().is_none_or(|path| !path.starts_with('/')) {
            return Err(Refusal::invalid("config.mounts[0].path must be an absolute path"));
        }
        let Some(id) = mounted(config) else {
            return Err(Refusal::invalid("config.mounts[0].volume is required"));
        };
        let volume = self.living_volume(id)?;
        if volume.region != region {
            let (has, wants) = (&volume.region, region);
            let why = format!("volume {id} is in region '{has}', the machine in '{wants}'");
            return Err(Refusal::invalid(why));
        }
        match self.holder(id) {
            Some(holder) => Err(bound(holder)),
            None => Ok(()),
        }
    }
}

/// Fills in what the volume says of itself where the mount says nothing: flyctl makes volumes for
/// more machines after what it finds there (flyctl: scale count, machine clone).
pub(super) fn filled(mut config: Value, volumes: &[Volume]) -> Value {
    let id = mounted(Config(&config));
    let volume = volumes.iter().find(|volume| Some(volume.id.as_str()) == id);
    let Some(volume) = volume else { return config };
    if let Some(Value::Object(mount)) = config.pointer_mut("/mounts/0") {
        let known = [
            ("name", json!(volume.name)),
            ("size_gb", json!(volume.size_gb)),
            ("encrypted", json!(volume.encrypted)),
        ];
        for (key, value) in known {
            mount.entry(key).or_insert(value);
        }
    }
    config
}

fn mounted(config: Config<'_>) -> Option<&str> {
    config.0["mounts"][0]["volume"].as_str().filter(|volume| !volume.is_empty())
}

/// The platform's words, as seen in public.
pub(super) fn bound(machine: &str) -> Refusal {
    Refusal::precondition(format!("volume is currently bound to machine: {machine}"))
}
