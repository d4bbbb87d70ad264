//! What a gate does where only some files are meant: the changed ones.

use std::collections::BTreeSet;
use std::path::Path;

use pipeline_core::{Finding, Level, Report, Verdict};

/// Those of the changed files that are still in the project at `dir`, and that `meant` takes by their names.
pub(crate) fn there(dir: &Path, changed: &[String], meant: impl Fn(&str) -> bool) -> Vec<String> {
    let files = changed.iter().map(|file| file.strip_prefix("./").unwrap_or(file));
    let files = files.filter(|file| meant(file) && dir.join(file).is_file());
    files.collect::<BTreeSet<_>>().into_iter().map(ToOwned::to_owned).collect()
}

/// What a report says of these files alone. Findings without a file stay: they may be about any.
///
/// A refusal without a finding that blocks becomes a pass, or an alert where something is left to tell. The
/// numbers go, because they count what is outside as well; so do checks, which no gate of Mix has.
pub(crate) fn only_in(report: &Report, files: &[String]) -> Report {
    if report.verdict() == Verdict::Inconclusive {
        return report.clone();
    }
    let files: BTreeSet<_> = files.iter().collect();
    let inside = |it: &&Finding| it.file.as_ref().is_none_or(|file| files.contains(file));
    let findings: Vec<_> = report.findings().iter().filter(inside).cloned().collect();
    let told = match report.verdict() {
        Verdict::Passed => findings.into_iter().fold(Report::passed(), Report::finding),
        Verdict::Refused if findings.iter().any(|it| it.level == Level::Blocking) => {
            Report::refused_if_any(findings)
        }
        _ => alert_if_any(findings),
    };
    report.all_evidence().iter().cloned().fold(told, Report::evidence)
}

fn alert_if_any(findings: Vec<Finding>) -> Report {
    let mut findings = findings.into_iter();
    match findings.next() {
        None => Report::passed(),
        Some(first) => findings.fold(Report::alert(first), Report::finding),
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::Evidence;

    use super::*;

    #[test]
    fn a_refusal_counts_only_where_it_is_about_these_files() {
        let blocks = |file: &str| Finding::error("no").in_file(file);
        let tells = |file: &str| Finding { level: Level::Advisory, ..blocks(file) };
        for (findings, verdict, left) in [
            (vec![blocks("lib/a.ex"), blocks("lib/b.ex")], Verdict::Refused, 1),
            (vec![blocks("lib/b.ex")], Verdict::Passed, 0),
            (vec![blocks("lib/b.ex"), tells("lib/a.ex")], Verdict::Alert, 1),
            (vec![blocks("lib/b.ex"), Finding::error("somewhere")], Verdict::Refused, 1),
            (vec![blocks("lib/b.ex"), blocks("lib/a.ex.bak")], Verdict::Passed, 0),
        ] {
            let report = Report::refused_if_any(findings).number("issues", 2.0);
            let report = report.evidence(Evidence::new("log", "gate.log"));
            let only = only_in(&report, &["lib/a.ex".to_owned()]);
            assert_eq!((only.verdict(), only.findings().len()), (verdict, left), "{report:?}");
            assert!(only.numbers().is_empty() && only.all_evidence() == report.all_evidence());
        }
    }

    #[test]
    fn what_is_no_refusal_never_becomes_one() {
        let outside = || Finding::warning("hm").in_file("lib/b.ex");
        for (report, verdict) in [
            (Report::passed().finding(outside()), Verdict::Passed),
            (Report::alert(outside()), Verdict::Passed),
            (Report::alert(outside()).finding(Finding::note("x")), Verdict::Alert),
            (Report::inconclusive(outside()), Verdict::Inconclusive),
        ] {
            assert_eq!(only_in(&report, &[]).verdict(), verdict, "{report:?}");
        }
    }

    #[test]
    fn files_that_are_gone_or_of_another_kind_are_not_meant() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["a.ex", "b.ex", "README.md"] {
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let changed = ["./b.ex", "b.ex", "a.ex", "gone.ex", "README.md", ""].map(ToOwned::to_owned);
        let meant = there(dir.path(), &changed, |file| file != "README.md");
        assert_eq!(meant, ["a.ex", "b.ex"]);
    }
}
