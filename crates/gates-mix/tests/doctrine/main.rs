//! The doctrine against a labelled corpus: for every rule, code that breaks it and code that only looks as if it did.
//!
//! A case is `corpus/CODE/rule.txt`: files, each after a line `==> path`. A line that ends in `#<- CODE/rule` breaks the rule, one
//! that ends in `#<- ok` looks as if it did; at the end of `==> path` it is said of the file as a whole. The marks are taken
//! out before anything reads the files.

mod changes;
mod corpus;

use std::collections::BTreeSet;
use std::fmt::Write;

use corpus::{Case, Place};
use gates_mix::doctrine::{Doctrine, Scope, Settings, standard};

/// Rules that are not about the text of files: they have tests of their own.
const TESTED_ELSEWHERE: [&str; 2] = ["TACH/e2e", "TACH/regression"];

/// Where a rule is broken as the doctrine sees it.
fn seen(case: &Case) -> BTreeSet<Place> {
    let dir = case.write();
    let doctrine = Doctrine::new(standard(&Settings::default()));
    let scanned = doctrine.scan(dir.path(), &Scope::All, &|| false).expect("the case can be read");
    let of_rule = scanned.violations.iter().filter(|it| it.rule == case.rule);
    of_rule.map(|it| (it.path.clone(), it.line)).collect()
}

#[test]
fn every_rule_finds_what_breaks_it_and_nothing_else() {
    let (mut table, mut faults) = (String::new(), String::new());
    for case in corpus::cases() {
        let seen = seen(&case);
        let (right, missed) =
            (seen.intersection(&case.broken).count(), case.broken.difference(&seen));
        let wrong: Vec<_> = seen.difference(&case.broken).collect();
        let missed: Vec<_> = missed.collect();
        #[expect(clippy::cast_precision_loss, reason = "a case has a few lines")]
        let ratio = |part: usize, all: usize| if all == 0 { 1.0 } else { part as f64 / all as f64 };
        let (recall, precision) = (ratio(right, case.broken.len()), ratio(right, seen.len()));
        let (broken, alike) = (case.broken.len(), case.alike);
        let _ = writeln!(
            table,
            "{:28} {broken:3} broken {alike:3} alike  recall {recall:.3}  precision {precision:.3}",
            case.rule
        );
        if recall < 0.98 || precision < 0.98 || broken < 5 || alike < 5 {
            let _ = writeln!(
                faults,
                "{}: {broken} broken, {alike} alike, missed {missed:?}, wrongly told {wrong:?}",
                case.rule
            );
        }
    }
    println!("{table}");
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn every_rule_has_a_case() {
    let have: BTreeSet<_> = corpus::cases().into_iter().map(|it| it.rule).collect();
    let rules = standard(&Settings::default()).into_iter().flat_map(|it| it.rules());
    let lack: Vec<_> =
        rules.map(|it| it.code.to_string()).filter(|it| !have.contains(it)).collect();
    let lack: Vec<_> = lack.iter().filter(|it| !TESTED_ELSEWHERE.contains(&it.as_str())).collect();
    assert!(lack.is_empty(), "these have none: {lack:?}");
}
