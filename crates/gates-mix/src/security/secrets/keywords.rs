//! All keywords of all rules, looked for in one pass.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::rule::Rule;

/// Which rules a place in a text is worth a look for.
#[derive(Clone, Debug)]
pub(super) struct Keywords {
    automaton: AhoCorasick,
    /// By the keyword's number: the numbers of its rules.
    rules: Vec<Vec<usize>>,
}

impl Keywords {
    /// Of these rules. `Err` says why they are too many.
    pub(super) fn of(rules: &[Rule]) -> Result<Self, String> {
        let mut known = BTreeMap::<&str, Vec<usize>>::new();
        for (number, rule) in rules.iter().enumerate().filter(|(_, it)| it.regex.is_some()) {
            for keyword in &rule.keywords {
                let numbers = known.entry(keyword).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        // Overlapping matches, so that `token` is seen inside of `access_token`.
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .ascii_case_insensitive(true)
            .build(known.keys());
        let automaton = built.map_err(|wrong| wrong.to_string())?;
        Ok(Self { automaton, rules: known.into_values().collect() })
    }

    /// Each keyword in the text with the rules that have it, in the order of their ends.
    pub(super) fn find(&self, text: &[u8], mut each: impl FnMut(usize, usize, &[usize])) {
        for found in self.automaton.find_overlapping_iter(text) {
            let rules = self.rules.get(found.pattern().as_usize());
            each(found.start(), found.end(), rules.map_or(&[], Vec::as_slice));
        }
    }
}
