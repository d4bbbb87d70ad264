//! The scanner: bytes in, secrets out.

use std::ops::Range;

use super::allow::Match;
use super::lazy::Lazy;
use super::place::{Place, lines};
use super::rule::Rule;
use super::rules::SecretRules;
use super::secret::Secret;
use super::windows::windows;

/// A match that means a secret.
struct Hit {
    rule: usize,
    secret: Range<usize>,
}

/// A file as its path and its bytes.
#[derive(Clone, Copy)]
struct Text<'a> {
    path: &'a str,
    bytes: &'a [u8],
}

/// All secrets in these bytes, in their order.
pub(super) fn scan(rules: &SecretRules, path: &str, bytes: &[u8]) -> Vec<Secret> {
    let (mut hits, text) = (Vec::new(), Text { path, bytes });
    windows(&rules.rules, &rules.keywords, bytes, |number, window| {
        let rule = &rules.rules[number];
        matches(rule, text, window, |secret| hits.push(Hit { rule: number, secret }));
    });
    let secret = |hit: Hit| {
        let place = Place::of(&hit.secret, bytes);
        Secret::new(&rules.rules[hit.rule], &bytes[hit.secret], place)
    };
    surest(hits, &rules.rules).into_iter().map(secret).collect()
}

fn matches(rule: &Rule, text: Text<'_>, window: Range<usize>, mut each: impl FnMut(Range<usize>)) {
    let Some(regex) = rule.regex.as_ref().and_then(Lazy::get) else { return };
    let seen = &text.bytes[..window.end];
    // Most windows hold nothing, and to know that is cheaper than to know where.
    if !regex.is_match_at(seen, window.start) || !rule.is_about(text.path) {
        return;
    }
    let mut at = window.start;
    while let Some(found) = (at <= seen.len()).then(|| regex.captures_at(seen, at)).flatten() {
        let Some(whole) = found.get(0) else { return };
        let secret = rule.secret(&found);
        // What ends a match, such as a space, may begin the next one.
        let end = secret.as_ref().map_or(whole.end(), |it| it.end);
        at = end.max(whole.start() + 1);
        if let Some(secret) = secret.filter(|it| rule.means(&asked(text, it, whole))) {
            each(secret);
        }
    }
}

fn asked<'a>(text: Text<'a>, secret: &Range<usize>, whole: regex::bytes::Match<'a>) -> Match<'a> {
    Match {
        path: text.path,
        secret: &text.bytes[secret.clone()],
        whole: whole.as_bytes(),
        line: &text.bytes[lines(&whole.range(), text.bytes)],
    }
}

/// Of those that overlap, the one of the surest rule: no generic one before any other, then the one that stands first.
fn surest(mut hits: Vec<Hit>, rules: &[Rule]) -> Vec<Hit> {
    hits.sort_by_key(|it| (rules[it.rule].is_generic(), it.rule, it.secret.start));
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        let overlaps =
            |it: &Hit| it.secret.start < hit.secret.end && hit.secret.start < it.secret.end;
        if !kept.iter().any(overlaps) {
            kept.push(hit);
        }
    }
    kept.sort_by_key(|it| it.secret.start);
    kept
}
