//! Where faults strike machines: at creations, updates, destructions, uncordons and boots.

use serde_json::Value;

use super::{
    World,
    config::Config,
    effect::{Boot, Host},
    machine::Machine,
    mishap::{Due, Lag, NEVER, Run, millis},
};
use crate::{
    faults::{FaultEffect, Occasion, Subject},
    image::Reference,
};

impl Machine {
    /// Whom faults see.
    pub(crate) fn subject(&self, host: &Host) -> Subject {
        Subject {
            app: Some(self.app.clone()),
            machine: Some(self.id.clone()),
            region: Some(self.region.clone()),
            image: Some(host.image_name(&self.version().image)),
            group: self.config().strings("metadata").remove("fly_process_group"),
        }
    }

    /// What befalls this machine now; `asked` is the configuration that it is to get, if any.
    pub(super) fn struck(
        &self,
        occasion: Occasion,
        asked: Option<&Value>,
        host: &mut Host,
    ) -> Vec<FaultEffect> {
        let mut faults = std::mem::take(&mut host.faults);
        let subject = || match asked {
            Some(config) => host.asked(config, self.subject(host)),
            None => self.subject(host),
        };
        let struck = faults.strike(occasion, (&self.app, &self.id), subject);
        host.faults = faults;
        struck
    }

    /// Faults of a new machine; true if it stays `created`.
    pub(super) fn is_created_badly(&mut self, host: &mut Host) -> bool {
        let mut stuck = false;
        for effect in self.struck(Occasion::Create, None, host) {
            match effect {
                FaultEffect::Lag { calls } => self.mishaps.lag = Some(Lag::Calls(calls)),
                FaultEffect::LagFor { time } => {
                    self.mishaps.lag = Some(Lag::Until(host.now.saturating_add(millis(time))));
                }
                FaultEffect::PullFails => self.mishaps.unpullable = true,
                FaultEffect::Stuck => stuck = true,
                _ => {}
            }
        }
        stuck
    }

    /// Faults of a destruction; true if it does not end now.
    pub(super) fn is_destroyed_badly(&mut self, host: &mut Host) -> bool {
        for effect in self.struck(Occasion::Destroy, None, host) {
            if let FaultEffect::Hangs { time } = effect {
                self.mishaps.hangs = true;
                self.put_off(time, Due::Destroyed, host);
            }
        }
        self.mishaps.hangs
    }

    pub(super) fn is_uncordoned_badly(&mut self, host: &mut Host) {
        self.mishaps.cordon_is_believed =
            self.struck(Occasion::Uncordon, None, host).contains(&FaultEffect::Unseen);
    }

    /// Faults of a boot that is about to begin.
    pub(super) fn is_booted_badly(&mut self, boot: &mut Boot, host: &mut Host) {
        self.mishaps.run = Run::default();
        self.mishaps.cordon_is_believed &= self.cordoned;
        for effect in self.struck(Occasion::Boot, None, host) {
            match effect {
                FaultEffect::HostUnreachable { time } => self.lose_host(time, host),
                effect => self.mishaps.run.take(&effect, host.now),
            }
        }
        if self.mishaps.run.stuck {
            boot.image.boot_ms = Some(u64::try_from(NEVER.as_millis()).expect("it fits"));
        }
    }
}

impl Host {
    /// An image as people write it: `registry/repository:tag`, even if it was asked for by digest.
    pub(crate) fn image_name(&self, image: &Reference) -> String {
        let known = self.registry.pull(image).map(|image| Reference::parse(&image.reference));
        let named = known.unwrap_or_else(|| image.clone());
        Reference { digest: String::new(), ..named }.full()
    }

    /// The same subject with what a configuration asks for.
    pub(super) fn asked(&self, config: &Value, subject: Subject) -> Subject {
        let image = Some(self.image_name(&self.resolve(config)));
        let group = Config(config).strings("metadata").remove("fly_process_group");
        Subject { image, group, ..subject }
    }
}

impl World {
    /// Makes the mark that a fault at a call leaves on the machine; false if it leaves none.
    pub(super) fn afflict(&mut self, (app, machine): (&str, &str), effect: &FaultEffect) -> bool {
        let machines = self.apps.get_mut(app).map(|app| &mut app.machines);
        let Some(machine) = machines.and_then(|all| all.get_mut(machine)) else { return false };
        match *effect {
            FaultEffect::LeaseHeld { ttl } => machine.give_lease_away(ttl, &mut self.host),
            FaultEffect::LeaseLost { after } if after.is_zero() => {
                machine.lose_lease(after, &mut self.host);
            }
            FaultEffect::HostUnreachable { time } => machine.lose_host(time, &mut self.host),
            _ => return false,
        }
        self.host.touch(machine.key());
        true
    }
}
