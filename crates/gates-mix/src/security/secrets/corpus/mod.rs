//! The labelled corpus: for each rule, tokens of its shape in the places where they are found, and what only looks like them.
//!
//! Tokens are made up when the test runs, from a fixed seed; the repository holds shapes alone.

mod shapes;

use std::collections::BTreeMap;
use std::fmt::Write;

use self::shapes::{Case, Dice, cases};
use super::{Secret, SecretRules};

/// So many tokens of each shape in each place.
const TOKENS: usize = 8;
const ASKED: f64 = 0.98;

/// What a rule did: found what it should, missed it, found what is none.
#[derive(Default)]
struct Score {
    hits: u32,
    misses: u32,
    false_hits: u32,
    silent: u32,
}

impl Score {
    fn recall(&self) -> f64 {
        f64::from(self.hits) / f64::from((self.hits + self.misses).max(1))
    }

    fn precision(&self) -> f64 {
        f64::from(self.hits) / f64::from((self.hits + self.false_hits).max(1))
    }
}

/// What all rules did.
struct Corpus {
    rules: SecretRules,
    scores: BTreeMap<String, Score>,
    told: String,
}

#[test]
fn every_rule_finds_its_tokens_and_nothing_else() {
    let rules = SecretRules::built_in().unwrap();
    let mut corpus = Corpus { rules, scores: BTreeMap::new(), told: String::new() };
    let mut dice = Dice::new();
    for case in cases() {
        for _ in 0..TOKENS {
            for (path, text) in case.violations(&mut dice) {
                corpus.violation(&case, &path, &text);
            }
            for text in case.look_alikes(&mut dice) {
                corpus.look_alike(&case.rule, "lib/shop.ex", &text);
            }
        }
    }
    for (path, text) in shapes::innocent() {
        corpus.look_alike("", path, &text);
    }
    let weak = corpus.weak();
    println!("{}", corpus.told);
    assert!(weak.is_empty(), "below {ASKED}, or without five cases of each kind: {weak:?}");
}

impl Corpus {
    fn violation(&mut self, case: &Case, path: &str, text: &str) {
        let found = self.rules.scan(path, text.as_bytes());
        let own = found.iter().filter(|it| it.rule == case.rule).count();
        let score = self.scores.entry(case.rule.clone()).or_default();
        if own == 1 {
            score.hits += 1;
        } else {
            score.misses += 1;
            writeln!(self.told, "missed by {}: {path}: {text}", case.rule).unwrap();
        }
        let others = found.iter().filter(|it| it.rule != case.rule);
        others.for_each(|it| self.false_hit(it, text));
    }

    fn look_alike(&mut self, rule: &str, path: &str, text: &str) {
        if !rule.is_empty() {
            self.scores.entry(rule.to_owned()).or_default().silent += 1;
        }
        for found in self.rules.scan(path, text.as_bytes()) {
            self.false_hit(&found, text);
        }
    }

    fn false_hit(&mut self, found: &Secret, text: &str) {
        self.scores.entry(found.rule.clone()).or_default().false_hits += 1;
        writeln!(self.told, "false hit of {}: {text}", found.rule).unwrap();
    }

    /// Tells a line for each rule, and says which ones are too weak.
    fn weak(&mut self) -> Vec<String> {
        let (none, mut weak) = (Score::default(), Vec::new());
        for id in self.rules.ids() {
            let score = self.scores.get(id).unwrap_or(&none);
            let (of, silent) = (score.hits + score.misses, score.silent);
            let (recall, precision) = (score.recall(), score.precision());
            writeln!(
                self.told,
                "{id:<26} {of:>4} tokens, recall {recall:.3}; {silent:>4} look-alikes, precision {precision:.3}"
            )
            .unwrap();
            if recall < ASKED || precision < ASKED || of < 5 || silent < 5 {
                weak.push(id.to_owned());
            }
        }
        weak
    }
}

#[test]
fn nothing_that_is_told_of_a_secret_holds_it() {
    let rules = SecretRules::built_in().unwrap();
    let mut dice = Dice::new();
    for case in cases() {
        let token = case.token(&mut dice);
        for (path, text) in case.around(&token, &mut dice) {
            for secret in rules.scan(&path, text.as_bytes()) {
                let json = serde_json::to_string(&secret).unwrap();
                let told = format!("{secret:?} {secret:#?} {json} {}", secret.message());
                for part in token.split_inclusive(|it: char| !it.is_alphanumeric()) {
                    let known = case.rule.contains(part) || secret.description.contains(part);
                    assert!(part.len() < 9 || known || !told.contains(part), "{}", case.rule);
                }
                assert!(secret.shown.chars().count() <= 5, "{}", case.rule);
            }
        }
    }
}

#[test]
fn line_endings_and_what_stands_around_change_nothing() {
    let rules = SecretRules::built_in().unwrap();
    let mut dice = Dice::new();
    for case in cases() {
        for (path, text) in case.violations(&mut dice) {
            let alone = rules.scan(&path, text.as_bytes());
            let windows = rules.scan(&path, text.replace('\n', "\r\n").as_bytes());
            assert_eq!(alone, windows, "{}", case.rule);
            let below =
                format!("{}{text}\n{}", "defmodule Shop do\n".repeat(300), "end\n".repeat(300));
            let mut moved = rules.scan(&path, below.as_bytes());
            for secret in &mut moved {
                secret.line -= 300;
            }
            assert_eq!(alone, moved, "{}", case.rule);
        }
    }
}
