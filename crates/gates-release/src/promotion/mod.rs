//! What another environment has verified: whether this deploy may bring it. Pure.

mod gate;

pub use gate::{Look, PromotionGate};

use std::time::Duration;

use jiff::Timestamp;
use pipeline_core::{Report, RunId};

use crate::found::Found;
use crate::tree::short;

/// What must be true of a promotion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromotionRules {
    /// The environment that is deployed to.
    pub to: String,
    /// The one that must have verified it; none is needed where this is `None`.
    pub from: Option<String>,
    /// Must it have been made of the very commit that is checked out?
    pub same_revision: bool,
    /// How long ago may it have been verified? For ever, if not said.
    pub max_age: Option<Duration>,
    /// Must that environment say itself that it runs it? If not, history alone will do where it does not answer.
    pub must_run: bool,
}

/// A release that an environment has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The environment.
    pub environment: String,
    /// What people call the run.
    pub version: String,
    /// The run.
    pub run: RunId,
    /// Its image, by digest.
    pub image: String,
    /// The commit that it was made from, if that is known.
    pub revision: Option<String>,
    /// When it had been verified.
    pub verified: Timestamp,
    /// What was verified, such as `smoke 12 of 12`.
    pub checks: Vec<String>,
}

/// What the history of an environment comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its last release is verified, and still in place.
    Verified(Candidate),
    /// There is none that may be taken from there.
    Not {
        /// Why, as a sentence without its full stop.
        why: String,
        /// What to do about it.
        remedy: String,
    },
}

/// What runs in the environment, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Running {
    /// The candidate, on every machine.
    Same,
    /// Something else, on this machine.
    Other(String),
    /// It does not say, and why.
    Unknown(String),
}

/// What a promotion is about, and what is.
#[derive(Clone, Copy, Debug)]
pub struct Promotion<'a> {
    /// What this deploy brings; `None` where it says of no environment where it comes from.
    pub chosen: Option<&'a Candidate>,
    /// What is true now.
    pub facts: Option<&'a Facts>,
}

/// What is true now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What history says.
    pub standing: Standing,
    /// What runs.
    pub running: Running,
    /// The commit that is checked out, if git can tell.
    pub checked_out: Option<String>,
    /// What time it is.
    pub now: Timestamp,
}

/// May this deploy bring it?
#[must_use]
pub fn judge(rules: &PromotionRules, promotion: Promotion<'_>) -> Report {
    let mut found = Found::default();
    let to = &rules.to;
    let Some(chosen) = promotion.chosen else {
        if let Some(from) = &rules.from {
            let message = format!("{to} takes only what {from} has verified");
            let remedy = format!("`pipeline deploy {to} --from {from}`");
            found.no("promotion/from", message, remedy);
        }
        return found.report();
    };
    if let Some(from) = rules.from.as_ref().filter(|it| **it != chosen.environment) {
        let message =
            format!("{to} takes what {from} has verified, and not what {} has", chosen.environment);
        found.no("promotion/from", message, format!("`pipeline deploy {to} --from {from}`"));
    }
    match promotion.facts {
        Some(facts) => look(rules, chosen, facts, &mut found),
        None => found.unknown(
            "promotion/standing",
            format!("nobody knows how {} stands", chosen.environment),
            format!("`pipeline history {}`", chosen.environment),
        ),
    }
    found.report()
}

fn look(rules: &PromotionRules, chosen: &Candidate, facts: &Facts, found: &mut Found) {
    let (from, to) = (&chosen.environment, &rules.to);
    match &facts.standing {
        Standing::Not { why, remedy } => {
            return found.no("promotion/standing", why.clone(), remedy);
        }
        Standing::Verified(now) if now.run != chosen.run => {
            let (new, old) = (&now.version, &chosen.version);
            let message = format!("{from} has moved on to {new}, and this deploy brings {old}");
            return found.no(
                "promotion/standing",
                message,
                format!("`pipeline deploy {to} --from {from}`"),
            );
        }
        Standing::Verified(_) => {}
    }
    running(rules, chosen, &facts.running, found);
    if rules.same_revision {
        revision(rules, chosen, facts.checked_out.as_deref(), found);
    }
    if let Some(most) = rules.max_age {
        age(chosen, most, facts.now, found);
    }
}

fn running(rules: &PromotionRules, chosen: &Candidate, running: &Running, found: &mut Found) {
    const RULE: &str = "promotion/running";
    let Candidate { environment: from, version, .. } = chosen;
    match running {
        Running::Same => {}
        Running::Other(what) => {
            let message = format!("{from} does not run {version} any more: {what}");
            found.no(
                RULE,
                message,
                format!("`pipeline status {from}`; then deploy it there again"),
            );
        }
        Running::Unknown(why) if rules.must_run => {
            let message = format!("nobody can tell whether {from} still runs {version}: {why}");
            found.unknown(RULE, message, "try again, or set must_run = false");
        }
        Running::Unknown(why) => {
            let message =
                format!("history alone says that {from} runs {version}; it does not answer: {why}");
            found.told(RULE, message);
        }
    }
}

fn revision(
    rules: &PromotionRules,
    chosen: &Candidate,
    checked_out: Option<&str>,
    found: &mut Found,
) {
    const RULE: &str = "promotion/revision";
    let Candidate { environment: from, version, .. } = chosen;
    match (&chosen.revision, checked_out) {
        (Some(made), Some(here)) if made == here => {}
        (Some(made), Some(here)) => {
            let (made, here) = (short(made), short(here));
            let message =
                format!("{from} verified {version}, made of {made}, and {here} is checked out");
            let remedy = format!(
                "`git checkout {made}`; or `pipeline deploy {from}`, then `pipeline deploy {} --from {from}`",
                rules.to
            );
            found.no(RULE, message, remedy);
        }
        (None, _) => {
            let message = format!("of which commit {version} of {from} was made is not known");
            found.unknown(RULE, message, format!("deploy {from} again from a git repository"));
        }
        (_, None) => {
            let message = "git cannot tell which commit is checked out".to_owned();
            found.unknown(RULE, message, "run it in a git repository with at least one commit");
        }
    }
}

fn age(chosen: &Candidate, most: Duration, now: Timestamp, found: &mut Found) {
    let age = Duration::try_from(now.duration_since(chosen.verified)).unwrap_or_default();
    if age <= most {
        return;
    }
    let Candidate { environment: from, version, .. } = chosen;
    let (age, most) = (told(age), told(most));
    let message = format!("{version} was verified in {from} {age} ago, longer than {most}");
    found.no("promotion/age", message, format!("`pipeline deploy {from}` verifies it anew"));
}

/// A length of time in its two largest parts.
#[must_use]
pub fn told(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest}s"),
        (0, 0, _) => format!("{minutes}m {rest:02}s"),
        (0, ..) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
