//! Who has a volume, and who may have it.

use super::{app::App, config::Config, refusal::Refusal};

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

fn mounted(config: Config<'_>) -> Option<&str> {
    config.0["mounts"][0]["volume"].as_str().filter(|volume| !volume.is_empty())
}

/// The platform's words, as seen in public.
pub(super) fn bound(machine: &str) -> Refusal {
    Refusal::precondition(format!("volume is currently bound to machine: {machine}"))
}
