//! What faults are going to do to a call, decided before it begins.

use serde_json::Value;

use super::{World, machine::Machine, mishap::Lag, refusal::Refusal, region::REGION};
use crate::{
    ApiRequest, Phase,
    faults::{After, Answer, FaultEffect, Meeting, Plan, Stop, Subject},
};

/// How a call names what it is about.
#[derive(Clone, Copy, Debug, Default)]
struct Names<'a> {
    app: Option<&'a str>,
    machine: Option<&'a str>,
    /// Whether it asks for the machines of the app.
    lists: bool,
    /// What follows the machine.
    action: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn read(call: &'a ApiRequest) -> Self {
        let (app, machine) = names_of(&call.path);
        let lists = machine.is_none() && call.method == "GET" && call.path.ends_with("/machines");
        Self { app, machine, lists, action: call.path.split('/').nth(6) }
    }
}

/// The app and the machine that a path of the Machines API names.
pub(crate) fn names_of(path: &str) -> (Option<&str>, Option<&str>) {
    let path = path.strip_prefix("/api").unwrap_or(path);
    let mut parts = path.strip_prefix("/v1/apps/").unwrap_or_default().split('/');
    let app = parts.next().filter(|app| !app.is_empty());
    let machine = (parts.next() == Some("machines")).then(|| parts.next()).flatten();
    (app, machine)
}

impl World {
    /// Lets all faults meet a call: their marks on machines are made now, the rest is the plan.
    pub(crate) fn foresee(&mut self, call: &ApiRequest) -> Plan {
        let names = Names::read(call);
        let mut plan = Plan::default();
        if self.lags_behind(names, &mut plan) {
            return plan;
        }
        let machine = self.machine(names).filter(|machine| !machine.is_destroyed());
        let has_machine = machine.is_some();
        let subject = self.subject(call, names);
        let Self { host, .. } = self;
        let meeting =
            Meeting { method: &call.method, path: &call.path, subject: &subject, has_machine };
        for (name, effect) in host.faults.meet(meeting) {
            plan.names.push(name);
            if let Some(named) = names.app.zip(names.machine) {
                plan.marks |= self.afflict(named, &effect);
            }
            self.arrange(&mut plan, &effect, names);
        }
        plan
    }

    fn machine(&self, names: Names<'_>) -> Option<&Machine> {
        self.apps.get(names.app?)?.machines.get(names.machine?)
    }

    /// What a call is about: the truth about its machine, and over it what it asks for.
    fn subject(&self, call: &ApiRequest, names: Names<'_>) -> Subject {
        let app = names.app.map(str::to_owned);
        let machine = names.machine.map(str::to_owned);
        let known = self.machine(names).map(|machine| machine.subject(&self.host));
        let mut subject = known.unwrap_or_else(|| Subject { app, machine, ..Subject::default() });
        let body = call.body.as_ref().filter(|body| body.is_object()).unwrap_or(&Value::Null);
        if names.action.is_none() && body["config"].is_object() {
            subject = self.host.asked(&body["config"], subject);
            subject.region = subject.region.or_else(|| Some(REGION.to_owned()));
        }
        subject.region = body["region"].as_str().map(str::to_owned).or(subject.region);
        subject
    }

    /// New machines that are not to be found yet; true if the call ends there.
    fn lags_behind(&mut self, names: Names<'_>, plan: &mut Plan) -> bool {
        let now = self.host.now;
        let Some(app) = names.app.and_then(|app| self.apps.get_mut(app)) else { return false };
        if names.lists {
            let hidden = |m: &&Machine| matches!(m.mishaps.lag, Some(Lag::Until(at)) if at > now);
            let hidden: Vec<_> =
                app.machines.values().filter(hidden).map(|m| m.id.clone()).collect();
            if !hidden.is_empty() {
                plan.names.push("lag".to_owned());
                plan.after.push(After::Hide(hidden));
            }
            return false;
        }
        let machine = names.machine.and_then(|machine| app.machines.get_mut(machine));
        let lags = machine.is_some_and(|machine| machine.mishaps.lags(now));
        if lags {
            plan.names.push("lag".to_owned());
            plan.stop(Phase::Before, refused(&Refusal::not_found("machine")));
        }
        lags
    }

    /// Enters an effect into the plan.
    fn arrange(&self, plan: &mut Plan, effect: &FaultEffect, names: Names<'_>) {
        match *effect {
            FaultEffect::Answer { status, phase } => {
                plan.stop(phase, Stop::Answer(self.answer(status, names)));
            }
            FaultEffect::Replacing => {
                let why = "machine is replacing: concurrent update in progress";
                plan.stop(Phase::Before, refused(&Refusal::aborted(why)));
            }
            FaultEffect::NoCapacity => plan.stop(Phase::Before, refused(&Refusal::no_capacity())),
            FaultEffect::Reset { phase } => plan.stop(phase, Stop::Reset),
            FaultEffect::Slow { time, phase: Phase::Before } => {
                plan.delay = plan.delay.saturating_add(time);
            }
            FaultEffect::Slow { time, phase: Phase::After } => plan.after.push(After::Slow(time)),
            FaultEffect::Empty => plan.after.push(After::Empty),
            FaultEffect::Stale { age } => plan.age = plan.age.max(Some(age)),
            FaultEffect::Malformed => plan.after.push(After::Malformed),
            FaultEffect::Skew { ms } => plan.after.push(After::Skew(ms)),
            FaultEffect::LeaseLost { after } if !after.is_zero() => {
                plan.lease_lost = Some(after);
            }
            _ => {} // its mark on the machine is all there is to it
        }
    }

    fn answer(&self, status: u16, names: Names<'_>) -> Answer {
        let what = if names.machine.is_some() { "machine" } else { "app" };
        let refusal = match status {
            401 => Refusal::unauthenticated(),
            404 => Refusal::not_found(what),
            408 => Refusal::deadline("the request took too long"),
            412 if names.action == Some("start") => {
                Refusal::precondition("machine getting replaced, refusing to start")
            }
            412 => Refusal::precondition(self.unwilling(names)),
            429 => Refusal::rate_limited(),
            502..=504 => return Answer::gateway(status),
            _ => return Answer::error(status, "unknown: internal server error"),
        };
        Answer::Json(refusal.status, refusal.to_json())
    }

    fn unwilling(&self, names: Names<'_>) -> String {
        let state = self.machine(names).map_or("created", |machine| machine.state.as_str());
        let verb = names.action.unwrap_or("update");
        format!("unable to {verb} machine from current state: '{state}'")
    }

    /// The lease that a call has just used is going to be lost.
    pub(crate) fn lose_lease_later(&mut self, path: &str, after: std::time::Duration) {
        let (Some(app), Some(machine)) = names_of(path) else { return };
        let machines = self.apps.get_mut(app).map(|app| &mut app.machines);
        if let Some(machine) = machines.and_then(|all| all.get_mut(machine)) {
            machine.lose_lease(after, &mut self.host);
            self.host.touch(machine.key());
        }
    }
}

impl super::mishap::Mishaps {
    /// Whether this call comes too early; counts it.
    fn lags(&mut self, now: super::Millis) -> bool {
        let (lags, left) = match self.lag {
            None => (false, None),
            Some(Lag::Until(at)) => (at > now, Some(Lag::Until(at)).filter(|_| at > now)),
            Some(Lag::Calls(calls)) => (true, (calls > 1).then(|| Lag::Calls(calls - 1))),
        };
        self.lag = left;
        lags
    }
}

fn refused(refusal: &Refusal) -> Stop {
    Stop::Answer(Answer::Json(refusal.status, refusal.to_json()))
}
