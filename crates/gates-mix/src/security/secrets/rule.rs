//! One rule, compiled.

use std::ops::Range;
use std::sync::Arc;

use regex::bytes::{Captures, Regex};

use super::allow::{Allow, Match, Wrong};
use super::entropy::{entropy, is_typed};
use super::format::RuleText;
use super::lazy::Lazy;
use super::re2;
use super::reach::Reach;

/// What to look for, and what of it is no secret.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) regex: Option<Lazy>,
    pub(super) path: Option<Regex>,
    /// In lower case; none = it is tried on every text.
    pub(super) keywords: Vec<String>,
    pub(super) reach: Reach,
    /// Where in the expression the secret stands; 0 = the first group that matched something, or all of it.
    group: usize,
    /// What the secret's entropy must be above, in bits for each byte.
    entropy: f64,
    /// Those of the file for this rule come after its own.
    pub(super) allows: Vec<Arc<Allow>>,
    nature: Nature,
}

/// How the scanner treats a rule.
#[derive(Clone, Copy, Debug, Default)]
struct Nature {
    /// Found by a name beside it alone: less sure than any other.
    generic: bool,
    /// One of ours.
    ours: bool,
    /// The secret must have a digit, as Gitleaks asks of rules with such names.
    digit: bool,
}

impl Nature {
    fn of(text: &RuleText) -> Self {
        let named = text.id.starts_with("generic");
        let generic = named || text.tags.iter().any(|it| it == "generic");
        Self { generic, ours: text.ours, digit: named && !text.ours }
    }
}

impl Rule {
    pub(super) fn compile(text: &RuleText) -> Result<Self, Wrong> {
        let optional = |key: &'static str, pattern: Option<&String>| {
            pattern.map(|it| re2::compile(it).map_err(|wrong| (key, wrong))).transpose()
        };
        if text.regex.is_none() && text.path.is_none() {
            return Err(("regex", "it has neither a regex nor a path".into()));
        }
        let regex = regex(text)?;
        let group = text.secretgroup.unwrap_or_default();
        let allows = text.allowlists().map(|it| Allow::compile(it).map(Arc::new));
        // Ours are written as they are understood.
        let read_as = |it: &String| if text.ours { it.clone() } else { re2::read_as(it) };
        let reach = text.regex.as_ref().map_or(Reach::Lines(0), |it| Reach::of(&read_as(it)));
        Ok(Self {
            id: text.id.clone(),
            description: described(text).to_owned(),
            regex,
            path: optional("path", text.path.as_ref())?,
            keywords: text
                .keywords
                .iter()
                .filter(|it| !it.is_empty())
                .map(|it| it.to_lowercase())
                .collect(),
            reach,
            group,
            entropy: text.entropy.unwrap_or_default(),
            allows: allows.collect::<Result<_, _>>()?,
            nature: Nature::of(text),
        })
    }

    /// Less sure than the others, and so not told where another one found the same.
    pub(super) fn is_generic(&self) -> bool {
        self.nature.generic
    }

    /// Is the path one of those that it is about?
    pub(super) fn is_about(&self, path: &str) -> bool {
        self.path.as_ref().is_none_or(|it| it.is_match(path.as_bytes()))
    }

    /// Where in the text the secret of a match stands.
    pub(super) fn secret(&self, found: &Captures<'_>) -> Option<Range<usize>> {
        let mut groups = found.iter().skip(1).flatten();
        let group = match self.group {
            0 => groups.find(|it| !it.is_empty()).or_else(|| found.get(0)),
            group => found.get(group),
        };
        group.map(|it| it.range()).filter(|it| !it.is_empty())
    }

    /// Is it a secret indeed?
    pub(super) fn means(&self, found: &Match<'_>) -> bool {
        let Nature { generic, ours, digit } = self.nature;
        let regular = self.entropy > 0.0 && entropy(found.secret) <= self.entropy;
        let typed = ours && (is_typed(found.secret) || is_its_user(found.whole, found.secret));
        let remark = ours && generic && is_comment(found.line);
        let wordy = digit && !found.secret.iter().any(u8::is_ascii_digit);
        !regular && !typed && !remark && !wordy && !self.allows.iter().any(|it| it.allows(found))
    }
}

/// Its expression; one of a user's own is compiled at once.
fn regex(text: &RuleText) -> Result<Option<Lazy>, Wrong> {
    let Some(pattern) = &text.regex else { return Ok(None) };
    if text.ours {
        return Ok(Some(Lazy::ours(pattern)));
    }
    let regex = Lazy::checked(pattern).map_err(|wrong| ("regex", wrong))?;
    let group = text.secretgroup.unwrap_or_default();
    if regex.get().is_some_and(|it| group >= it.captures_len()) {
        return Err(("secretGroup", format!("the regex has no group {group}")));
    }
    Ok(Some(regex))
}

fn described(text: &RuleText) -> &str {
    if text.description.is_empty() { &text.id } else { &text.description }
}

/// `scheme://shop:shop@`: who is called like his password has none.
fn is_its_user(whole: &[u8], secret: &[u8]) -> bool {
    let user = [b"://", secret, b":", secret, b"@"].concat();
    aho_corasick::AhoCorasick::new([user]).is_ok_and(|it| it.is_match(whole))
}

/// Is it a line of comment in any of the usual languages, or an example in a document?
fn is_comment(line: &[u8]) -> bool {
    const BEGINS: [&[u8]; 9] = [b"iex>", b"...>", b"#", b"//", b"/*", b"* ", b"<!--", b"-- ", b";"];
    let line = line.trim_ascii_start();
    BEGINS.iter().any(|it| line.starts_with(it))
}
