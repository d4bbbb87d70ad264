//! What a client can ask of a machine besides an update: start, stop, restart, suspend, signal,
//! cordon, uncordon, destroy.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{
    Target, World,
    config::stop_timeout,
    effect::{Host, Order},
    event::Source,
    fact::Lapse,
    lifecycle::{State, Trigger},
    machine::Machine,
    refusal::Refusal,
    signal,
};

/// How to stop: what a request says, where it says something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StopOrder {
    signal: Option<i32>,
    timeout: Option<Duration>,
}

impl StopOrder {
    /// Reads `signal` and `timeout`; a timeout of `0s` means the default.
    pub(crate) fn read(signal: &Value, timeout: &Value) -> Result<Self, Refusal> {
        let known = || signal::of_stop(signal);
        let signal = match signal {
            Value::Null => None,
            Value::String(name) if name.is_empty() => None,
            other => {
                Some(known().ok_or_else(|| Refusal::invalid(format!("unknown signal {other}")))?)
            }
        };
        let timeout = stop_timeout(timeout, Duration::ZERO)?;
        Ok(Self { signal, timeout: (!timeout.is_zero()).then_some(timeout) })
    }
}

/// Whether a machine may be destroyed while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destroy {
    IfIdle,
    ByForce,
}

impl World {
    /// Starts an idle machine; returns the state it was in.
    pub(crate) fn start(&mut self, target: Target<'_>) -> Result<State, Refusal> {
        let (machine, host) = self.hold(target)?;
        let was = machine.state;
        if was == State::Replacing {
            return Err(Refusal::precondition("machine getting replaced, refusing to start"));
        }
        machine.step(Trigger::Start, "start", host)?;
        let resume = Order::SignalAll(Signal::SIGCONT as i32);
        if was == State::Suspended && machine.order(resume, host) {
            machine.later(Lapse::Resume, host);
        } else {
            machine.boot(host);
        }
        Ok(was)
    }

    /// Stops a machine; a stopped one stays so.
    pub(crate) fn stop(&mut self, target: Target<'_>, how: StopOrder) -> Result<(), Refusal> {
        let (machine, host) = self.hold(target)?;
        let was = machine.state;
        machine.step(Trigger::Stop, "stop", host)?;
        if was != State::Stopped {
            machine.log("stop", Source::User, host);
            machine.end(how, was, host);
        }
        Ok(())
    }

    /// Stops the process and starts it again.
    pub(crate) fn restart(&mut self, target: Target<'_>, how: StopOrder) -> Result<(), Refusal> {
        let (machine, host) = self.hold(target)?;
        let was = machine.state;
        machine.step(Trigger::Restart, "restart", host)?;
        machine.log("restart", Source::User, host);
        machine.end(how, was, host);
        Ok(())
    }

    /// Lets the process stand still.
    pub(crate) fn suspend(&mut self, target: Target<'_>) -> Result<(), Refusal> {
        let (machine, host) = self.hold(target)?;
        machine.step(Trigger::Suspend, "suspend", host)?;
        machine.log("suspend", Source::User, host);
        machine.order(Order::SignalAll(Signal::SIGSTOP as i32), host);
        machine.must(Trigger::Frozen, host);
        Ok(())
    }

    /// Sends a signal to the process of a started machine.
    pub(crate) fn signal(&mut self, target: Target<'_>, signal: &Value) -> Result<(), Refusal> {
        let (machine, host) = self.hold(target)?;
        let number = signal::of_request(signal)
            .ok_or_else(|| Refusal::invalid(format!("unknown signal {signal}")))?;
        if machine.state != State::Started {
            let state = machine.state.as_str();
            let why = format!("unable to signal machine from current state: '{state}'");
            return Err(Refusal::precondition(why));
        }
        machine.order(Order::Signal(number), host);
        Ok(())
    }

    /// Takes a machine out of the proxy's pool.
    pub(crate) fn cordon(&mut self, target: Target<'_>) -> Result<(), Refusal> {
        let (machine, host) = self.hold(target)?;
        if !std::mem::replace(&mut machine.cordoned, true) {
            machine.log("cordon", Source::User, host);
        }
        machine.is_seen_again();
        Ok(())
    }

    /// Puts it in again.
    pub(crate) fn uncordon(&mut self, target: Target<'_>) -> Result<(), Refusal> {
        let (machine, host) = self.hold(target)?;
        if std::mem::take(&mut machine.cordoned) {
            machine.log("uncordon", Source::User, host);
            machine.is_uncordoned_badly(host);
        }
        Ok(())
    }

    /// Destroys a machine; one that runs only by force.
    pub(crate) fn destroy(&mut self, target: Target<'_>, how: Destroy) -> Result<(), Refusal> {
        let (machine, host) = self.hold(target)?;
        let idle = [State::Created, State::Stopped, State::Suspended, State::Failed];
        if how == Destroy::IfIdle && !idle.contains(&machine.state) {
            let why =
                "unable to destroy machine, not currently stopped, suspended, failed or created";
            return Err(Refusal::precondition(why));
        }
        machine.demolish(host)
    }
}

impl Machine {
    /// Destroys it, whatever it does.
    pub(crate) fn demolish(&mut self, host: &mut Host) -> Result<(), Refusal> {
        self.step(Trigger::Destroy, "destroy", host)?;
        self.log("destroy", Source::User, host);
        self.change = None;
        let hangs = self.is_destroyed_badly(host);
        if !self.order(Order::Kill, host) && !hangs {
            self.gone(host);
        }
        Ok(())
    }

    /// Ends the process, and is done at once where there is none.
    fn end(&mut self, how: StopOrder, was: State, host: &mut Host) {
        if !self.stop_process(how, was, host) {
            self.gone(host);
        }
    }

    /// Tells the process to stop as asked, or else as configured; false when there is none. One
    /// that stands still cannot answer a signal.
    pub(crate) fn stop_process(&self, how: StopOrder, was: State, host: &mut Host) -> bool {
        let (Ok(signal), Ok(grace)) = (self.config().stop_signal(), self.config().stop_timeout())
        else {
            unreachable!("configurations are validated before they are taken");
        };
        let (signal, grace) = (how.signal.unwrap_or(signal), how.timeout.unwrap_or(grace));
        let still = was == State::Suspended;
        self.order(if still { Order::Kill } else { Order::Stop { signal, grace } }, host)
    }
}

/// The reply to a start.
pub(crate) fn start_json(was: State) -> Value {
    json!({ "previous_state": was, "migrated": false, "new_host": "" })
}
