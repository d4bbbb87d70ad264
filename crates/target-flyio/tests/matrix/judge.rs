//! Whether a case ended as it may: the conclusion is held against the truth, and against the table.

use pipeline_core::{Conclusion, EventKind, Failure, Phase, Record};

use sim_flyio::ApiCall;

use crate::address::{Address, Course, Mishap, Release, Way};
use crate::effects::kind_of;
use crate::play::Played;

/// What is wrong with how a case ended; empty if nothing.
pub(crate) fn judge(address: &Address, played: &Played) -> Vec<String> {
    let mut amiss = Vec::new();
    let end = match &played.end {
        Ok(end) => *end,
        Err(error) => return vec![format!("it has no conclusion: {error}")],
    };
    if !is_allowed(address, end) {
        amiss.push(format!("{end:?} is no end for this"));
    }
    if !played.struck && !may_miss(address) {
        amiss.push("the fault never struck".to_owned());
    }
    let truth = &played.truth;
    amiss.extend(untruths(address, played, end));
    if truth.leases_for_ever.is_empty() {
        let may = leases_may_run_out(address);
        amiss.extend(truth.leases.iter().filter(|_| !may).cloned());
    } else {
        amiss.extend(truth.leases_for_ever.clone());
    }
    let told = played.events.iter().rev().find_map(|(_, it)| match it {
        EventKind::RunFinished { conclusion } => Some(*conclusion),
        _ => None,
    });
    if told != Some(end) {
        amiss.push(format!("the events told {told:?}, and it was {end:?}"));
    }
    amiss
}

/// What is not as the end says.
fn untruths(address: &Address, played: &Played, end: Conclusion) -> Vec<String> {
    let mut amiss = Vec::new();
    let truth = &played.truth;
    match end {
        Conclusion::Succeeded => {
            amiss.extend(truth.not_new.clone());
            if truth.leftovers > 0 {
                amiss.push(format!("{} old machines are still there", truth.leftovers));
            }
        }
        Conclusion::RolledBack => {
            amiss.extend(truth.not_old.clone());
            if address.course.release == Release::Unmigrated {
                // Only the machine of its command was ever made, or removed.
                let tame =
                    |it: &&ApiCall| matches!(it.action(), Some("create" | "destroy" | "start"));
                amiss.extend(changes(played).filter(|it| !tame(it)).map(told));
            }
        }
        Conclusion::Rejected => {
            amiss.extend(truth.not_old.clone());
            amiss.extend(changes(played).map(told));
        }
        Conclusion::Left => amiss.extend(truth.not_new.clone()),
        Conclusion::Stuck => amiss.extend(stuck(played)),
    }
    amiss
}

/// What is wrong with how a course went that no fault met.
pub(crate) fn judge_rehearsal(course: Course, played: &Played) -> Vec<String> {
    let end = match course.release {
        it if it.is_good() => Conclusion::Succeeded,
        _ => Conclusion::RolledBack,
    };
    let mut amiss = if played.end == Ok(end) {
        Vec::new()
    } else {
        vec![format!("it ended with {:?}", played.end)]
    };
    let truth =
        if end == Conclusion::Succeeded { &played.truth.not_new } else { &played.truth.not_old };
    amiss.extend(truth.iter().chain(&played.truth.leases).cloned());
    amiss
}

/// Is this an end that the table allows?
fn is_allowed(address: &Address, end: Conclusion) -> bool {
    match &address.mishap {
        Mishap::Fault { point, effect, .. } => {
            kind_of(point, effect).is_some_and(|it| it.ends.allow(address.course, end))
        }
        // Another process does it as if nothing had happened.
        Mishap::Death { way: Way::On, .. } if address.course.release.is_good() => {
            end == Conclusion::Succeeded
        }
        Mishap::Death { .. } => end == Conclusion::RolledBack,
    }
}

/// A machine of a command has no lease that could be lost.
fn may_miss(address: &Address) -> bool {
    let loses = |it: &Mishap| matches!(it, Mishap::Fault { effect, .. } if effect.starts_with("lease-lost"));
    address.course.release.has_commands() && loses(&address.mishap)
}

/// May a lease be left to run out by itself? Where the answer to its release, or the release itself, was what
/// went wrong.
fn leases_may_run_out(address: &Address) -> bool {
    match &address.mishap {
        Mishap::Fault { point, effect, .. } => {
            matches!(&**point, "lease-release" | "lease" | "create")
                || effect.starts_with("host-unreachable")
        }
        Mishap::Death { .. } => true,
    }
}

/// What was done to machines: a run that says nothing was touched has touched nothing.
fn changes(played: &Played) -> impl Iterator<Item = &ApiCall> {
    let writes = played.calls.iter().filter(|it| it.method != "GET" && !it.is_event());
    writes.filter(|it| it.path.contains("/machines") && !it.path.ends_with("/lease"))
}

fn told(call: &ApiCall) -> String {
    format!("{} {} after all", call.method, call.path)
}

/// Whoever is stuck says where, why, and what to do.
fn stuck(played: &Played) -> Vec<String> {
    let failure: Option<&Failure> = played.records.iter().rev().find_map(|it| match it {
        Record::RestoreFailed { failure } => Some(failure),
        _ => None,
    });
    let Some(failure) = failure else { return vec!["it is stuck and says nothing".to_owned()] };
    let mut amiss = Vec::new();
    if failure.phase != Phase::Restore {
        amiss.push(format!("it is stuck in the phase {:?}", failure.phase));
    }
    match &failure.cause {
        pipeline_core::Cause::Fault(fault) => {
            if fault.next_step().is_none() {
                amiss.push(format!("it does not say what to do about: {fault}"));
            }
            let names = fault.to_string();
            if !(names.contains("machine") || names.contains("shop")) {
                amiss.push(format!("it does not say what is stuck: {names}"));
            }
        }
        pipeline_core::Cause::Refused(findings) | pipeline_core::Cause::Inconclusive(findings) => {
            if findings.is_empty() {
                amiss.push("it is stuck without a finding".to_owned());
            }
        }
        pipeline_core::Cause::Interrupted => amiss.push("nobody interrupted it".to_owned()),
    }
    amiss
}
