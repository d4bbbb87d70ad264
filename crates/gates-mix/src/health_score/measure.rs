//! What other gates said, as components of the score. Pure: an answer that is missing, or says less than is needed, is
//! not measured, and never taken for good.

use std::collections::BTreeMap;

use pipeline_core::{Answers, Report, Verdict};

use super::component::Component;
use super::score::Measured;

/// A value and how it was measured, or why it was not.
type Value = Result<(f64, String), String>;

/// The numbers of a gate.
type Numbers = BTreeMap<String, f64>;

/// All components that other gates can tell of.
pub(super) fn of_answers(answers: &Answers) -> Vec<Measured> {
    let heard = Heard(answers);
    let values = [
        (Component::Compilation, heard.compilation()),
        (Component::Coverage, heard.coverage()),
        (Component::Doctrine, heard.doctrine()),
        (Component::Dependencies, heard.dependencies()),
        (Component::Security, heard.security()),
        (Component::Quality, heard.quality()),
    ];
    values.into_iter().map(|(component, value)| measured(component, value)).collect()
}

pub(super) fn measured(component: Component, value: Value) -> Measured {
    match value {
        Ok((value, how)) => Measured::value(component, value, how),
        Err(why) => Measured::unknown(component, why),
    }
}

/// Does the compiler refuse the code? Then what lies in the build folder is older than it.
pub(super) fn does_not_compile(answers: &Answers) -> bool {
    let compiled = Heard(answers).report("compile");
    compiled.is_ok_and(|report| report.numbers().get("errors").is_some_and(|it| *it > 0.0))
}

struct Heard<'a>(&'a Answers);

impl<'a> Heard<'a> {
    /// What a gate answered, or why there is nothing to read.
    fn report(&self, gate: &str) -> Result<&'a Report, String> {
        match self.0.get(gate).map(|it| &**it) {
            None => Err(format!("the gate {gate} did not run")),
            Some(Err(fault)) => Err(format!("the gate {gate} could not tell: {}", fault.message())),
            Some(Ok(report)) => Ok(report),
        }
    }

    /// 100 without warnings, 50 with, 0 where it does not compile.
    fn compilation(&self) -> Value {
        let report = self.report("compile")?;
        let count = |name: &str| report.numbers().get(name).copied().unwrap_or(0.0);
        match report.verdict() {
            Verdict::Passed | Verdict::Alert => Ok((100.0, "compiles without warnings".into())),
            Verdict::Refused if count("errors") > 0.0 => Ok((0.0, "does not compile".into())),
            Verdict::Refused => Ok((50.0, "compiles with warnings".into())),
            Verdict::Inconclusive => Err("the gate compile could not tell".into()),
        }
    }

    /// The coverage that the tests measured; without one, how many modules have tests. Tests that have no coverage because
    /// they could not run say nothing of the second kind either.
    fn coverage(&self) -> Value {
        let silent = match self.report("test") {
            Err(why) if self.0.contains_key("test") => return Err(why),
            Err(why) => why,
            Ok(report) => match report.numbers().get("coverage") {
                Some(coverage) => {
                    return Ok((*coverage, "lines that mix test --cover reached".into()));
                }
                None if !report.lets_pass() => return Err("the tests came to no coverage".into()),
                None => "the tests measure no coverage".into(),
            },
        };
        let doctrine = self.report("doctrine").ok();
        match doctrine.and_then(|it| it.numbers().get("tach_ratio")) {
            Some(ratio) => {
                Ok((ratio * 100.0, format!("modules with a test file, because {silent}")))
            }
            None => Err(silent),
        }
    }

    /// Pillars that are kept, of those that were looked at.
    fn doctrine(&self) -> Value {
        let numbers = self.report("doctrine")?.numbers();
        let passed = number(numbers, "doctrine", "pillars_passed")?;
        let evaluated = number(numbers, "doctrine", "pillars_evaluated")?;
        if evaluated <= 0.0 {
            return Err("the gate doctrine looked at no pillar".into());
        }
        Ok((100.0 * passed / evaluated, format!("{passed} of {evaluated} pillars kept")))
    }

    /// 0 with any critical or high advisory; else 100 less 10 for each other advisory, 5 for each retired package and 1
    /// for each that is a major version behind.
    fn dependencies(&self) -> Value {
        let numbers = self.report("security")?.numbers();
        let advisories = Advisories::of(numbers)?;
        if advisories.grave > 0.0 {
            return Ok((
                0.0,
                counted(
                    advisories.grave,
                    "critical or high advisory",
                    "critical or high advisories",
                ),
            ));
        }
        let (retired, behind) = (numbers.get("retired"), numbers.get("outdated_majors"));
        let told = [
            Some(counted(advisories.other, "advisory", "advisories")),
            Some(retired.map_or("retired packages unknown".into(), |it| format!("{it} retired"))),
            behind.map(|it| format!("{it} a major version behind")),
        ];
        let lost = 10.0 * advisories.other
            + 5.0 * retired.copied().unwrap_or(0.0)
            + behind.copied().unwrap_or(0.0);
        let told: Vec<_> = told.into_iter().flatten().collect();
        Ok(((100.0 - lost).max(0.0), told.join(", ")))
    }

    /// The mean of two: is the pillar SEAL kept (100 or 0), and are there advisories (100 none, 0 a critical or high one,
    /// 50 others)?
    fn security(&self) -> Value {
        let seal = number(self.report("doctrine")?.numbers(), "doctrine", "seal_passed")?;
        let advisories = Advisories::of(self.report("security")?.numbers())?;
        let safe = match (advisories.grave > 0.0, advisories.other > 0.0) {
            (true, _) => 0.0,
            (false, true) => 50.0,
            (false, false) => 100.0,
        };
        let (kept, word) = if seal >= 1.0 { (100.0, "kept") } else { (0.0, "not kept") };
        let told = counted(advisories.grave + advisories.other, "advisory", "advisories");
        Ok((f64::midpoint(kept, safe), format!("pillar SEAL {word}, {told}")))
    }

    /// 100 less 5 for each issue of Credo's category warning and 1 for each other.
    fn quality(&self) -> Value {
        let numbers = self.report("credo")?.numbers();
        let issues = number(numbers, "credo", "issues")?;
        // Where only some files were looked at there are no categories.
        let warnings = number(numbers, "credo", "issues/warning")?;
        let lost = 5.0 * warnings + (issues - warnings).max(0.0);
        let told = counted(issues, "issue", "issues");
        Ok(((100.0 - lost).max(0.0), format!("{told} of Credo, {warnings} of them warnings")))
    }
}

/// Known vulnerabilities of dependencies, by how bad they are.
struct Advisories {
    /// Critical and high ones.
    grave: f64,
    /// Medium and low ones.
    other: f64,
}

impl Advisories {
    fn of(numbers: &Numbers) -> Result<Self, String> {
        let count = |name| number(numbers, "security", name);
        let (grave, other) =
            (count("critical")? + count("high")?, count("medium")? + count("low")?);
        Ok(Self { grave, other })
    }
}

fn number(numbers: &Numbers, gate: &str, name: &str) -> Result<f64, String> {
    let known = numbers.get(name).copied();
    known.ok_or_else(|| format!("the gate {gate} does not say {}", name.replace('_', " ")))
}

/// `no advisories`, `1 advisory`, `3 advisories`.
fn counted(count: f64, one: &str, many: &str) -> String {
    match count {
        it if it <= 0.0 => format!("no {many}"),
        it if (it - 1.0).abs() < f64::EPSILON => format!("1 {one}"),
        it => format!("{it} {many}"),
    }
}

#[cfg(test)]
#[path = "measure_tests.rs"]
mod tests;
