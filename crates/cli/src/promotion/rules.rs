//! The rules of an environment as gates, and what they say before anybody is asked.

use std::fmt::Write as _;
use std::time::Duration;

use gates_release::{Candidate, FreezeGate, PromotionGate, PromotionRules, TreeGate, upcoming};
use jiff::Timestamp;
use pipeline_core::{
    Clock, Conclusion, Failure, Finding, Gate, GateAnswer, Gates, Limits, Release, Report, Run,
    RunId, Step, Verdict, failures,
};
use pipeline_process::Redactor;

use super::look::Now;
use crate::app::{Setting, wall};
use crate::config::{FREEZE, PROMOTION, TREE};
use crate::error::CliError;
use crate::exit::Exit;

/// How long git, a remote or another environment may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What must be true before this deploy.
#[derive(Clone, Debug)]
pub(crate) struct Rules<'a> {
    setting: Setting<'a>,
    /// What it brings from another environment.
    pub(crate) promoted: Option<Candidate>,
    despite_freeze: bool,
}

impl<'a> Rules<'a> {
    pub(crate) fn of(setting: Setting<'a>, promoted: Option<Candidate>) -> Self {
        Self { setting, promoted, despite_freeze: false }
    }

    /// Says that a person wants it although it is frozen.
    pub(crate) fn despite_freeze(self, despite_freeze: bool) -> Self {
        Self { despite_freeze, ..self }
    }

    /// Each as a gate.
    pub(crate) fn gates(&self) -> Result<Vec<Step<dyn Gate>>, CliError> {
        let Setting { app, config, environment } = self.setting;
        let rules = &environment.promotion;
        let mut gates = Vec::new();
        if rules.from.is_some() || self.promoted.is_some() {
            gates.push(Step::gate(PROMOTION, self.promotion()?));
        }
        if !rules.tree.is_empty() {
            let redactor = Redactor::new(&app.secret_values(Some(config)));
            let gate = TreeGate::new(rules.tree.clone(), redactor);
            gates.push(Step::gate(TREE, gate));
        }
        if !rules.freezes.is_empty() {
            let gate = FreezeGate::new(rules.freezes.clone(), wall());
            gates.push(Step::gate(FREEZE, gate.despite(self.despite_freeze)));
        }
        Ok(gates.into_iter().map(|it| it.limits(Limits::once().timeout(PATIENCE))).collect())
    }

    fn promotion(&self) -> Result<PromotionGate, CliError> {
        let environment = self.setting.environment;
        let rules = &environment.promotion;
        let gate = PromotionGate::new(PromotionRules {
            to: environment.name.clone(),
            from: rules.from.clone(),
            same_revision: rules.same_revision,
            max_age: rules.max_age,
            must_run: rules.must_run,
        });
        match &self.promoted {
            None => Ok(gate),
            Some(candidate) => {
                let now = Now::of(self.setting, &candidate.environment)?;
                Ok(gate.bringing(candidate.clone(), now))
            }
        }
    }

    /// What they say now. The deploy asks them again.
    pub(crate) async fn ask(&self) -> Result<Answered, CliError> {
        let mut gates = Gates::builder();
        for gate in self.gates()? {
            gates = gates.gate(gate);
        }
        let gates = gates.build().map_err(|error| CliError::usage(error.to_string()))?;
        let dir = &self.setting.config.dir;
        let run = Run::new(RunId::new("rules"), Release::new("the new release"), dir);
        let answers = gates.check(&run).await;
        let failures = failures(&answers, &run);
        Ok(Answered { answers, failures, next_freeze: self.next_freeze() })
    }

    /// When the next freeze begins, and why; told where there is none now.
    fn next_freeze(&self) -> Option<String> {
        let now = Timestamp::try_from(wall().now()).ok()?;
        let (freeze, at) = upcoming(&self.setting.environment.promotion.freezes, now)?;
        Some(format!("the next begins {}: {}", freeze.window.say(at), freeze.reason))
    }
}

/// What the rules said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered {
    pub(crate) answers: Vec<GateAnswer>,
    failures: Vec<Failure>,
    next_freeze: Option<String>,
}

impl Answered {
    /// The code of a deploy that goes no further than them.
    pub(crate) fn exit(&self) -> Exit {
        if self.failures.is_empty() {
            return Exit::Good;
        }
        Exit::of_run(Conclusion::Rejected, &self.failures)
    }

    /// The refusal, where there is one.
    pub(crate) fn refused(&self, environment: &str) -> Option<CliError> {
        let found = self.answers.iter().filter_map(|it| it.outcome.as_ref()?.as_ref().ok());
        let not_good = found.filter(|it| !it.lets_pass()).flat_map(Report::findings);
        let first = not_good.clone().next();
        let mut said: Vec<String> = not_good.map(|it| it.message.clone()).collect();
        let faults = self.answers.iter().filter_map(|it| it.outcome.as_ref()?.as_ref().err());
        said.extend(faults.map(|it| it.message().to_owned()));
        if self.failures.is_empty() {
            return None;
        }
        let message = format!("{environment} does not let this pass: {}", said.join("; "));
        let error = CliError::new(self.exit(), message);
        Some(match first.and_then(|it| it.remedy.as_deref()) {
            Some(remedy) => error.hint(remedy),
            None => error.hint(format!("`pipeline plan {environment}` shows every rule")),
        })
    }

    /// A line for each rule, and what it found, for a plan.
    pub(crate) fn words(&self) -> String {
        let mut text = String::new();
        for (number, answer) in self.answers.iter().enumerate() {
            let head = if number == 0 { "rules" } else { "" };
            let (mark, said) = self.said(answer);
            let _ = writeln!(text, "  {head:<10} {mark} {:<10} {said}", answer.name);
            for finding in answer.outcome.iter().flatten().flat_map(Report::findings) {
                let _ = writeln!(text, "  {:<10}     {}", "", finding.message);
                if let Finding { remedy: Some(remedy), .. } = finding {
                    let _ = writeln!(text, "  {:<10}       next: {remedy}", "");
                }
            }
        }
        let lines = text.lines().map(str::trim_end);
        lines.fold(String::new(), |all, line| all + line + "\n")
    }

    fn said(&self, answer: &GateAnswer) -> (char, String) {
        match answer.outcome.as_ref() {
            None => ('-', "not asked".into()),
            Some(Err(fault)) => ('?', fault.to_string()),
            Some(Ok(report)) => match report.verdict() {
                Verdict::Passed if answer.name == FREEZE => {
                    ('✓', self.next_freeze.clone().unwrap_or_default())
                }
                Verdict::Passed => ('✓', String::new()),
                Verdict::Alert => ('!', String::new()),
                Verdict::Inconclusive => ('?', String::new()),
                Verdict::Refused => ('✗', String::new()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Cause, Fault, Phase};

    use super::*;

    fn answered(outcomes: Vec<(&str, Result<Report, Fault>)>) -> Answered {
        let answer = |(name, outcome): (&str, Result<Report, Fault>)| GateAnswer {
            name: name.into(),
            required: true,
            outcome: Some(outcome),
            took_ms: 0,
            cached: false,
        };
        let answers: Vec<_> = outcomes.into_iter().map(answer).collect();
        let failures = failures(&answers, &Run::new(RunId::new("r"), Release::new("v1"), "."));
        Answered { answers, failures, next_freeze: Some("the next begins on Friday: rest".into()) }
    }

    #[test]
    fn a_plan_shows_every_rule_and_a_refusal_names_what_mends_it() {
        let no = Finding::error("1 file is not as committed: M mix.exs").remedy("commit them");
        let silent = Fault::permanent(std::io::Error::other("git could not be asked"));
        let all = answered(vec![
            (PROMOTION, Ok(Report::alert(Finding::warning("history alone says so")))),
            (TREE, Ok(Report::refused(no.clone()))),
            (FREEZE, Ok(Report::passed())),
        ]);
        insta::assert_snapshot!(all.words(), @r"
        rules      ! promotion
                       history alone says so
                   ✗ tree
                       1 file is not as committed: M mix.exs
                         next: commit them
                   ✓ freeze     the next begins on Friday: rest
        ");
        insta::assert_snapshot!(all.refused("production").unwrap().render(false), @r"
        error: production does not let this pass: 1 file is not as committed: M mix.exs
          next: commit them
        ");
        assert_eq!(all.exit(), Exit::NotAllowed);
        let unknown = answered(vec![(TREE, Err(silent.clone()))]);
        assert_eq!(unknown.exit(), Exit::CouldNotTell);
        insta::assert_snapshot!(unknown.refused("production").unwrap().render(false), @r"
        error: production does not let this pass: git could not be asked
          next: `pipeline plan production` shows every rule
        ");
        let both = answered(vec![(TREE, Err(silent)), (FREEZE, Ok(Report::refused(no)))]);
        assert_eq!(both.exit(), Exit::NotAllowed);
        let none = answered(vec![(FREEZE, Ok(Report::passed()))]);
        assert!(none.refused("production").is_none() && none.exit() == Exit::Good);
    }

    #[test]
    fn a_gate_of_a_team_that_refuses_is_no_rule() {
        let failure = Failure {
            phase: Phase::Validate,
            step: "test".into(),
            cause: Cause::Refused(vec![Finding::error("1 test failed")]),
            whole: false,
            untouched: false,
        };
        assert_eq!(Exit::of_run(Conclusion::Rejected, &[failure]), Exit::Refused);
    }
}
