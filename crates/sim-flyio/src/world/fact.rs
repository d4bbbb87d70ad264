//! What happened outside, and what follows from it.

use serde_json::json;

use super::{
    check::Ports,
    config::Restart,
    effect::Host,
    event::Source,
    lifecycle::{State, Trigger},
    machine::Machine,
    mishap::Due,
};
use crate::clock::{Millis, rfc3339};

/// The window in which restarts are counted (fly.io docs: machine restart policy).
const RESTART_WINDOW: Millis = 5 * 60 * 1000;

/// How a process ended; both are empty if it never ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    /// It was killed because it wanted more memory than its machine has.
    pub(crate) oom: bool,
}

/// Something that was waited for has come: time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// A machine created without a launch is ready.
    Settle,
    /// An idle machine has got its new version.
    Install,
    /// The image of the new version could not be pulled.
    Revert,
    /// There is no image to boot from.
    NoImage,
    /// The memory of a suspended machine is back.
    Resume,
}

/// What the outside reports about a machine.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    Booted {
        boot: u64,
        pid: Option<u32>,
        ports: Ports,
    },
    NotBooted {
        boot: u64,
        why: String,
    },
    Exited {
        boot: u64,
        exit: Exit,
    },
    Checked {
        boot: u64,
        name: String,
        passing: bool,
        output: String,
    },
    Lapsed {
        serial: u64,
        lapse: Lapse,
    },
    /// What a fault had put off.
    Fault(Due),
}

impl Machine {
    /// Takes in what happened. Facts of an earlier boot or state are late, and without effect.
    pub(crate) fn note(&mut self, fact: Fact, host: &mut Host) {
        let current = |boot: u64| self.vm.as_ref().is_some_and(|vm| vm.boot == boot);
        match fact {
            Fact::Booted { boot, pid, ports } if current(boot) => {
                let vm = self.vm.as_mut().expect("it is current");
                (vm.runs, vm.pid, vm.ports) = (true, pid, ports);
                self.is_doomed(boot, host);
                if self.state == State::Starting {
                    self.booted(host);
                }
            }
            Fact::NotBooted { boot, why } if current(boot) => {
                self.vm = None;
                self.not_booted(&why, host);
            }
            Fact::Exited { boot, exit } if current(boot) => {
                self.vm = None;
                self.exited(self.exit_as_seen(exit), host);
            }
            Fact::Checked { boot, name, passing, output } if current(boot) => {
                let (passing, output) = self.check_as_seen((passing, output), host.now);
                let check = self.checks.iter_mut().find(|check| check.spec.name == name);
                if let Some(check) = check {
                    check.note(passing, output, host.now);
                }
            }
            Fact::Lapsed { serial, lapse } if serial == self.serial => self.lapsed(lapse, host),
            Fact::Fault(due) => self.overtaken(due, host),
            late => tracing::debug!(machine = self.id, ?late, "came too late"),
        }
    }

    pub(crate) fn booted(&mut self, host: &mut Host) {
        self.must(Trigger::Booted, host);
        self.log("start", Source::Flyd, host);
    }

    fn not_booted(&mut self, why: &str, host: &mut Host) {
        match self.state {
            State::Starting => {
                self.must(Trigger::BootFailed, host);
                self.log_with(("launch", Source::Flyd, json!({ "error": why })), host);
            }
            _ => self.gone(host),
        }
    }

    fn lapsed(&mut self, lapse: Lapse, host: &mut Host) {
        match lapse {
            Lapse::Settle => self.must(Trigger::Settle, host),
            Lapse::Install => self.install(host),
            Lapse::Revert => self.revert(host),
            Lapse::NoImage => {
                let why = format!("failed to pull image {}", self.version().image.full());
                self.not_booted(&why, host);
            }
            Lapse::Resume if self.vm.is_some() => self.booted(host),
            Lapse::Resume => self.boot(host), // its process ended on the way
        }
    }

    fn exited(&mut self, exit: Exit, host: &mut Host) {
        self.silence_checks(host.now);
        if self.state != State::Started {
            // Only a machine whose update is about to be reverted was left alone.
            let alone = self.state == State::Replacing && !self.is_installing();
            self.gone(host);
            if alone {
                self.ended_meanwhile(exit);
            }
            let cause = if alone { Cause::Itself } else { Cause::Asked };
            return self.log_exit(exit, cause, host);
        }
        if self.restarts_after(exit, host.now) {
            self.restarts.push(host.now);
            self.must(Trigger::ExitedAgain, host);
            self.log_exit(exit, Cause::Restarting, host);
            return self.boot(host);
        }
        if self.config().is_auto_destroyed() {
            self.must(Trigger::Destroy, host);
            self.gone(host);
        } else {
            self.must(Trigger::ExitedForGood, host);
        }
        self.log_exit(exit, Cause::Itself, host);
    }

    /// The process is gone, as was asked: the next step is the one it was asked for.
    pub(crate) fn gone(&mut self, host: &mut Host) {
        match self.state {
            State::Stopping => {
                self.must(Trigger::Gone, host);
                if self.config().is_auto_destroyed() {
                    self.must(Trigger::Destroy, host);
                    self.must(Trigger::Gone, host);
                }
            }
            State::Destroying if self.destruction_hangs() => {}
            State::Destroying => self.must(Trigger::Gone, host),
            State::Restarting => {
                self.must(Trigger::Gone, host);
                self.boot(host);
            }
            State::Replacing if self.is_installing() => self.install(host),
            // A revert is under way and will look for the process; nothing else ends one.
            _ => {}
        }
    }

    pub(super) fn restarts_after(&mut self, exit: Exit, now: Millis) -> bool {
        self.restarts.retain(|at| now - at < RESTART_WINDOW);
        match self.config().restart().unwrap_or(Restart::Never) {
            Restart::Never => false,
            Restart::Always => true,
            Restart::OnFailure(most) => exit.code != Some(0) && (self.restarts.len() as u64) < most,
        }
    }

    /// Logs the end of a process that ran, with numbers as the platform prints them: no signal is
    /// -1, and a process that was killed has no code of its own.
    fn log_exit(&mut self, exit: Exit, cause: Cause, host: &mut Host) {
        if exit == Exit::default() {
            return;
        }
        let (code, signal) = (exit.code.unwrap_or(0), exit.signal.unwrap_or(-1));
        let request = json!({
            "exit_event": {
                "exit_code": exit.signal.map_or(code, |signal| 128 + signal),
                "guest_exit_code": code,
                "guest_signal": signal,
                "guest_error": "",
                "error": "",
                "signal": signal,
                "oom_killed": exit.oom,
                "requested_stop": cause == Cause::Asked,
                "restarting": cause == Cause::Restarting,
                "exited_at": rfc3339(host.now),
            },
            "restart_count": self.restarts.len(),
        });
        self.log_with(("exit", Source::Flyd, request), host);
    }

    fn silence_checks(&mut self, now: Millis) {
        for check in &mut self.checks {
            check.note(false, "the machine is not running".to_owned(), now);
        }
    }
}

/// Why a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Asked,
    Itself,
    /// By itself, and it is started again.
    Restarting,
}
