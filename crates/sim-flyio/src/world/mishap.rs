//! What faults have done to a machine, and what follows from it.

use std::time::Duration;

use super::{
    Refusal,
    effect::{Effect, Host},
    event::Source,
    fact::{Exit, Fact},
    lease::Lease,
    lifecycle::State,
    machine::Machine,
};
use crate::{clock::Millis, faults::FaultEffect};

/// Longer than any simulator lives.
pub(super) const NEVER: Duration = Duration::from_hours(10 * 365 * 24);

/// The faults of a machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mishaps {
    /// How long calls do not find it although it exists.
    pub(super) lag: Option<Lag>,
    /// The next boot finds no image.
    pub(super) unpullable: bool,
    /// Its host is cut off.
    unreachable: Option<CutOff>,
    /// Its destruction does not come to an end.
    pub(super) hangs: bool,
    /// The proxy has not learnt of the last uncordon.
    pub(super) cordon_is_believed: bool,
    pub(super) run: Run,
}

/// A host that cannot be reached.
#[derive(Clone, Copy, Debug)]
struct CutOff {
    until: Millis,
    /// The vault of secrets has meanwhile reached the version that the machine waits for.
    boots_after: bool,
}

/// How long a new machine is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lag {
    Calls(u32),
    Until(Millis),
}

/// The faults of one boot.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) stuck: bool,
    /// The proxy does not learn that it was started.
    unseen: bool,
    /// What users get, whatever checks say.
    traffic: Option<u16>,
    /// Since when checks are not to be believed; without a period, none passes.
    flap: Option<(Millis, Option<Duration>)>,
    doom: Option<Doom>,
}

/// An end that is certain.
#[derive(Clone, Copy, Debug)]
struct Doom {
    after: Duration,
    exit: Exit,
    /// The time has come, and the process is being ended.
    has_come: bool,
}

/// Something that a fault has put off until now.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    /// The program of this boot ends.
    Doom { boot: u64 },
    /// The lease with this nonce is lost.
    LeaseLost { nonce: String },
    /// The host can be reached again.
    Reachable,
    /// A destruction that hung goes on.
    Destroyed,
}

impl Machine {
    /// The proxy is told everything anew.
    pub(super) fn is_seen_again(&mut self) {
        self.mishaps.cordon_is_believed = false;
        self.mishaps.run.unseen = false;
    }

    /// The program runs: its end may be certain already.
    pub(super) fn is_doomed(&self, boot: u64, host: &mut Host) {
        if let Some(doom) = self.mishaps.run.doom {
            self.put_off(Some(doom.after), Due::Doom { boot }, host);
        }
    }

    /// How its program really ended: as a fault wanted it, if one did.
    pub(super) fn exit_as_seen(&self, exit: Exit) -> Exit {
        self.mishaps.run.doom.filter(|doom| doom.has_come).map_or(exit, |doom| doom.exit)
    }

    /// What a check is made to say at this time, if not what it saw.
    pub(super) fn check_as_seen(&self, seen: (bool, String), now: Millis) -> (bool, String) {
        let fails = match self.mishaps.run.flap {
            None => false,
            Some((_, None)) => true,
            Some((since, Some(period))) => ((now - since) / millis(period).max(1)) % 2 == 1,
        };
        if fails { (false, "503 Service Unavailable".to_owned()) } else { seen }
    }

    pub(super) fn destruction_hangs(&self) -> bool {
        self.mishaps.hangs
    }

    pub(super) fn is_unreachable(&self) -> bool {
        self.mishaps.unreachable.is_some()
    }

    /// Boots it as soon as its host can be reached again.
    pub(super) fn boot_after_all(&mut self) {
        if let Some(cut_off) = &mut self.mishaps.unreachable {
            cut_off.boots_after = true;
        }
    }

    /// Refuses what the host of the machine would have to do.
    pub(super) fn reach(&self) -> Result<(), Refusal> {
        if self.is_unreachable() {
            let why = format!("no answer from the host of machine {} in time", self.id);
            return Err(Refusal::deadline(why));
        }
        Ok(())
    }

    /// Whether the proxy knows where it is.
    pub(super) fn is_seen(&self) -> bool {
        !self.is_unreachable() && !self.mishaps.run.unseen
    }

    /// Whether the proxy leaves it out, as far as it has been told.
    pub(super) fn is_believed_cordoned(&self) -> bool {
        self.cordoned || self.mishaps.cordon_is_believed
    }

    /// What users get from it in place of an answer.
    pub(crate) fn traffic_fault(&self) -> Option<u16> {
        self.mishaps.run.traffic.filter(|_| self.state == State::Started)
    }

    pub(super) fn lose_host(&mut self, time: Option<Duration>, host: &mut Host) {
        let until = time.map_or(Millis::MAX, |time| host.now.saturating_add(millis(time)));
        let boots_after = self.mishaps.unreachable.is_some_and(|cut_off| cut_off.boots_after);
        self.mishaps.unreachable = Some(CutOff { until, boots_after });
        self.put_off(time, Due::Reachable, host);
    }

    pub(super) fn lose_lease(&mut self, after: Duration, host: &mut Host) {
        match self.lease(host.now) {
            Some(_) if after.is_zero() => self.lease = None,
            Some(lease) => {
                let nonce = lease.nonce.clone();
                self.put_off(Some(after), Due::LeaseLost { nonce }, host);
            }
            None => {}
        }
    }

    /// Somebody nobody knows takes the lease over.
    pub(super) fn give_lease_away(&mut self, ttl: Duration, host: &mut Host) {
        let nonce = host.faults.nonce();
        let owner = format!("{}@tokens.fly.io", &host.faults.nonce()[..12]);
        let expires_at = host.now.saturating_add(millis(ttl));
        let description = "somebody else's deploy".to_owned();
        self.lease = Some(Lease { nonce, owner, description, expires_at });
    }

    pub(super) fn put_off(&self, time: Option<Duration>, due: Due, host: &mut Host) {
        if let Some(time) = time {
            host.ask(Effect::After { key: self.key(), time, fact: Box::new(Fact::Fault(due)) });
        }
    }

    /// Takes in what a fault had put off.
    pub(super) fn overtaken(&mut self, due: Due, host: &mut Host) {
        match due {
            Due::Doom { boot } => self.meet_doom(boot, host),
            Due::LeaseLost { nonce } => {
                self.lease = self.lease.take().filter(|lease| lease.nonce != nonce);
            }
            Due::Reachable => {
                let over = self.mishaps.unreachable.take_if(|it| it.until <= host.now);
                if over.is_some_and(|it| it.boots_after) && self.stands_by() {
                    self.boot(host);
                }
            }
            Due::Destroyed => {
                self.mishaps.hangs = false;
                if self.vm.is_none() {
                    self.gone(host);
                }
            }
        }
    }

    fn meet_doom(&mut self, boot: u64, host: &mut Host) {
        let current = self.vm.as_ref().is_some_and(|vm| vm.boot == boot);
        let Some(doom) = self.mishaps.run.doom.as_mut().filter(|_| current) else { return };
        if self.state == State::Started {
            doom.has_come = true;
            self.order(super::Order::Kill, host);
        }
    }

    /// The update is over, and the machine is left alone by whoever would have booted it.
    pub(super) fn is_autostopped(&mut self, host: &mut Host) {
        self.log("stop", Source::Flyd, host);
    }
}

impl Run {
    pub(super) fn take(&mut self, effect: &FaultEffect, now: Millis) {
        match *effect {
            FaultEffect::Stuck => self.stuck = true,
            FaultEffect::Unseen => self.unseen = true,
            FaultEffect::TrafficFails { status } => self.traffic = Some(status),
            FaultEffect::Flap { period } => self.flap = Some((now, Some(period))),
            FaultEffect::Unhealthy => self.flap = Some((now, None)),
            FaultEffect::Crash { after, code } => {
                let exit = Exit { code: Some(code), signal: None, oom: false };
                self.doom = Some(Doom { after, exit, has_come: false });
            }
            FaultEffect::OutOfMemory { after } => {
                let exit = Exit { code: None, signal: Some(9), oom: true };
                self.doom = Some(Doom { after, exit, has_come: false });
            }
            _ => {}
        }
    }
}

/// As the world counts time.
pub(super) fn millis(time: Duration) -> Millis {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}
