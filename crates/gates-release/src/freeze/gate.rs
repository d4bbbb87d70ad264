//! The gate: nobody deploys at certain times.

use async_trait::async_trait;
use jiff::Timestamp;
use pipeline_core::{Clock, Context, Finding, Gate, Outcome, Report};

use super::{Freeze, Frozen, frozen};

/// The rule of its findings.
const RULE: &str = "freeze/window";

/// Refuses while it is frozen, unless a person says that it has to be.
#[derive(Clone, Debug)]
pub struct FreezeGate<C> {
    freezes: Vec<Freeze>,
    despite: bool,
    clock: C,
}

impl<C: Clock> FreezeGate<C> {
    /// Asks this clock.
    pub fn new(freezes: Vec<Freeze>, clock: C) -> Self {
        Self { freezes, despite: false, clock }
    }

    /// Says that a person wants it all the same: then it is told, and kept with the run.
    #[must_use]
    pub fn despite(self, despite: bool) -> Self {
        Self { despite, ..self }
    }

    fn answer(&self, now: Timestamp) -> Report {
        match frozen(&self.freezes, now) {
            None => Report::passed(),
            Some(found) if self.despite => {
                let message = format!("{}, and --despite-freeze says to deploy", found.words());
                Report::alert(Finding::warning(message).rule(RULE))
            }
            Some(found) => {
                let remedy = "wait until then, or say --despite-freeze";
                Report::refused(Finding::error(found.words()).rule(RULE).remedy(remedy))
            }
        }
    }
}

#[async_trait]
impl<C: Clock + Send + Sync> Gate for FreezeGate<C> {
    async fn check(&self, _: &Context) -> Outcome {
        let now = Timestamp::try_from(self.clock.now()).unwrap_or(Timestamp::MAX);
        Ok(self.answer(now))
    }
}

impl Frozen<'_> {
    /// What is true, without a full stop.
    #[must_use]
    pub fn words(&self) -> String {
        let until = match self.until {
            Some(until) => format!("until {}", self.freeze.window.say(until)),
            None => "with no end in sight".into(),
        };
        format!("nothing is deployed {until}: {}", self.freeze.reason)
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::Verdict;

    use super::*;
    use crate::Window;

    #[test]
    fn a_freeze_refuses_until_it_thaws_and_a_person_may_know_better() {
        let window = Window::weekly("fri 16:00", "mon 08:00", "Europe/Berlin").unwrap();
        let freezes = vec![Freeze { window, reason: "the weekend".into() }];
        let gate = FreezeGate::new(freezes, || std::time::SystemTime::UNIX_EPOCH);
        let saturday = "2026-11-28T12:00:00Z".parse().unwrap();
        let refused = gate.answer(saturday);
        assert_eq!(refused.verdict(), Verdict::Refused);
        insta::assert_snapshot!(refused.findings()[0].message, @"nothing is deployed until Mon 2026-11-30 08:00 Europe/Berlin: the weekend");
        assert_eq!(gate.answer("2026-11-26T12:00:00Z".parse().unwrap()), Report::passed());
        let despite = gate.despite(true).answer(saturday);
        assert_eq!(despite.verdict(), Verdict::Alert);
        insta::assert_snapshot!(despite.findings()[0].message, @"nothing is deployed until Mon 2026-11-30 08:00 Europe/Berlin: the weekend, and --despite-freeze says to deploy");
    }
}
