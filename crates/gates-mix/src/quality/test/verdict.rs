//! From what the tests said to the gate's answer.

use std::collections::BTreeMap;

use pipeline_core::{Finding, Report};

use super::coverage::{self, Coverage};
use super::suite::{Failed, Suite};
use super::text;
use crate::diagnostics::{self, Diagnostic, Spot, Weight};
use crate::error::{Error, Trouble};
use crate::layout::{Layout, Place};
use crate::mix::Answer;
use crate::quality::compile;
use crate::trouble::{self, Crash};

/// Of how many applications the coverage is told.
const MOST_APPS: usize = 100;

/// What the tests are judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) layout: &'a Layout,
    /// In per cent of all lines; `None` leaves it to Mix.
    pub(super) min_coverage: Option<f64>,
}

/// What the answer of `mix test --cover` says, with the suites that our formatter told.
pub(super) fn read(answer: &Answer, told: &[Suite], rules: &Rules<'_>) -> Result<Report, Error> {
    let printed = text::read(&answer.text);
    let suites = if told.is_empty() { &printed } else { told };
    let coverage = coverage::read(&answer.text);
    let total = total(suites, &coverage);
    let mut findings = failures(suites, rules.layout);
    findings.extend(uncompiled(answer, rules.layout, !findings.is_empty())?);
    findings.extend(too_little(&coverage, total, rules));
    let ran: u64 = suites.iter().map(Suite::ran).sum();
    if findings.is_empty() {
        complete(answer, suites, &coverage, rules)?;
        if rules.min_coverage.is_some() && total.is_none() && ran > 0 {
            return Err(answer.unreadable("it names no total coverage to compare with the limit"));
        }
    }
    let report = match ran {
        0 if findings.is_empty() => Report::inconclusive(none_ran()),
        _ => Report::refused_if_any(findings),
    };
    let report = numbered(report, suites, total);
    let report = each_covered(report, &coverage, rules.layout);
    Ok(coverage::evidence(&coverage, rules.layout).into_iter().fold(report, Report::evidence))
}

/// Refuses to take silence for success: every suite must have ended, and the exit code must agree.
fn complete(
    answer: &Answer,
    suites: &[Suite],
    coverage: &[Coverage],
    rules: &Rules<'_>,
) -> Result<(), Error> {
    // Mix and ExCoveralls hold it to be too little.
    let below = match answer.code {
        1 => coverage.iter().any(|it| it.below.is_some()),
        code => code == 3,
    };
    if answer.code != 0 && !(below && rules.min_coverage.is_some()) {
        return Err(match trouble::read(&answer.text, rules.layout) {
            Some(trouble) => answer.trouble(trouble),
            None => answer.unreadable("it names no test that failed"),
        });
    }
    if answer.text.lines().any(|line| line.starts_with("Aborting test suite")) {
        return Err(answer.unreadable("the tests were aborted"));
    }
    if let Some(suite) = suites.iter().find(|suite| !suite.ended) {
        let of = suite.app.as_ref().map_or(String::new(), |app| format!(" of {app}"));
        return Err(answer.unreadable(format!("the tests{of} did not come to their end")));
    }
    if suites.iter().any(|suite| suite.failures + suite.invalid > 0) {
        return Err(answer.unreadable("it counts failures that it does not name"));
    }
    if suites.is_empty() && !text::NONE.iter().any(|it| answer.text.contains(it)) {
        return Err(answer.unreadable("it does not say how many tests ran"));
    }
    Ok(())
}

fn failures(suites: &[Suite], layout: &Layout) -> Vec<Finding> {
    let of = |suite: &Suite| {
        let finding = |it: &Failed| failure(it, suite.app.as_deref(), layout);
        suite.failed.iter().map(finding).collect::<Vec<_>>()
    };
    let mut findings: Vec<_> = suites.iter().flat_map(of).collect();
    // Tests run in random order; reports should not.
    findings.sort_by(|one, two| (&one.file, one.line).cmp(&(&two.file, two.line)));
    findings
}

fn failure(failed: &Failed, app: Option<&str>, layout: &Layout) -> Finding {
    let place = failed.file.as_ref().map(|file| (file, layout.place(file, app)));
    let (file, app) = match place {
        Some((_, Place::Own { file, app })) => (Some(file), app),
        Some((file, Place::Foreign)) => (Some(file.clone()), None),
        None => (None, None),
    };
    let message = match failed.message.as_str() {
        "" => failed.name.clone(),
        message => format!("{}: {message}", failed.name),
    };
    let again = file.as_ref().map(|file| match failed.starts {
        Some(line) => format!("run `mix test {file}:{line}`"),
        None => format!("run `mix test {file}`"),
    });
    let finding = Finding::error(message).rule("test/failure");
    Finding { file, line: failed.line, app, remedy: again, ..finding }
}

/// Files that kept tests from running. Test files are the gate's own question, and so a refusal; the project's
/// sources are the question of another gate, and here a fault, unless the answer is "no" already.
fn uncompiled(answer: &Answer, layout: &Layout, refused: bool) -> Result<Vec<Finding>, Error> {
    if answer.code == 0 {
        return Ok(Vec::new());
    }
    let errors: Vec<_> = errors(&answer.text, layout);
    let (tests, sources): (Vec<_>, Vec<_>) = errors.into_iter().partition(is_of_tests);
    if let Some(first) = sources.first().filter(|_| tests.is_empty() && !refused) {
        let place = first.spot.as_ref().map_or("a file".into(), Spot::text);
        let message = first.message.clone();
        return Err(answer.trouble(Trouble::DoesNotCompile { place, message }));
    }
    let tests = tests
        .iter()
        .map(|it| Finding { rule: Some("test/compile".into()), ..compile::finding(it) });
    Ok(tests.chain(sources.iter().map(compile::finding)).collect())
}

/// Compiler errors, or the crash of a file such as `test_helper.exs` that is run and not compiled.
fn errors(text: &str, layout: &Layout) -> Vec<Diagnostic> {
    if text.lines().any(|line| line.starts_with("== Compilation error in file ")) {
        let found = diagnostics::read(text, layout);
        return found.into_iter().filter(|it| it.weight == Weight::Error).collect();
    }
    let Some(Crash { message, spot: Some(spot) }) = trouble::crash(text, layout) else {
        return Vec::new();
    };
    let crash = Diagnostic { weight: Weight::Error, message, spot: Some(spot), app: None };
    Some(crash).filter(is_of_tests).into_iter().collect()
}

fn is_of_tests(diagnostic: &Diagnostic) -> bool {
    let file = diagnostic.spot.as_ref().map_or("", |spot| &spot.file);
    file.starts_with("test/") || file.contains("/test/")
}

/// Below our limit, or, where we have none, below Mix's.
fn too_little(coverage: &[Coverage], total: Option<f64>, rules: &Rules<'_>) -> Vec<Finding> {
    let finding = |of: String, is: f64, limit: f64| {
        Finding::error(format!("coverage{of} is {is:.2} %, the limit is {limit:.2} %"))
            .rule("test/coverage")
            .remedy("test what is not covered: see the folder `cover`")
    };
    match (rules.min_coverage, total) {
        (Some(limit), Some(total)) if total < limit => vec![finding(String::new(), total, limit)],
        (Some(_), _) => Vec::new(),
        (None, _) => {
            let below = coverage.iter().filter_map(|it| Some((it, it.below?)));
            let below = below.map(|(it, limit)| {
                let app = it.app.clone().filter(|app| rules.layout.apps.contains_key(app));
                let of = app.as_ref().map_or(String::new(), |app| format!(" of {app}"));
                Finding { app, ..finding(of, it.total, limit) }
            });
            below.collect()
        }
    }
}

/// The coverage of all: what is printed where that is about all, else from the lines of all applications.
fn total(suites: &[Suite], coverage: &[Coverage]) -> Option<f64> {
    let begun = || suites.iter().filter(|it| it.tests > 0);
    // Of several applications ExCoveralls prints the first only.
    if let [only] = coverage
        && (only.app.is_none() || begun().count() <= 1)
    {
        return Some(only.total);
    }
    let lines: Option<Vec<_>> = begun().map(|it| it.lines).collect();
    let (covered, missed) = lines?.into_iter().reduce(|one, two| (one.0 + two.0, one.1 + two.1))?;
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 lines")]
    let percent = |of: u64, all: u64| if all == 0 { 100.0 } else { of as f64 * 100.0 / all as f64 };
    Some(percent(covered, covered + missed))
}

fn none_ran() -> Finding {
    Finding::warning("no test ran")
        .rule("test/none")
        .remedy("add tests, or look whether filters exclude all of them")
}

fn numbered(report: Report, suites: &[Suite], total: Option<f64>) -> Report {
    let sum = |of: fn(&Suite) -> u64| suites.iter().map(of).sum::<u64>();
    let counts = [
        ("tests", sum(|it| it.tests)),
        ("failures", sum(|it| it.failures)),
        ("invalid", sum(|it| it.invalid)),
        ("skipped", sum(|it| it.skipped)),
        ("excluded", sum(|it| it.excluded)),
    ];
    let mut begun = suites.iter().filter(|it| it.tests > 0);
    let seed = begun.find_map(|it| it.seed).map(|seed| ("seed", seed));
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 tests")]
    let number = |report: Report, (name, count): (&str, u64)| report.number(name, count as f64);
    let report = counts.into_iter().chain(seed).fold(report, number);
    match total {
        Some(total) => report.number("coverage", rounded(total)),
        None => report,
    }
}

/// The coverage of each application, where there are several. Tests may print any name: no more are taken than
/// the umbrella has, or, where its applications are not known, than any umbrella has.
fn each_covered(report: Report, coverage: &[Coverage], layout: &Layout) -> Report {
    let known = |app: &String| layout.apps.is_empty() || layout.apps.contains_key(app);
    let each = coverage.iter().filter(|_| coverage.len() > 1);
    let each = each.filter_map(|it| Some((it.app.as_ref().filter(|app| known(app))?, it.total)));
    let each = each.collect::<BTreeMap<_, _>>().into_iter();
    let each = each.take(layout.apps.len().max(MOST_APPS));
    each.fold(report, |report, (app, total)| report.number(format!("coverage/{app}"), total))
}

/// To two decimals, as Mix prints it.
fn rounded(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}
