//! Allow-lists: what a rule matches and is no secret all the same.

use aho_corasick::AhoCorasick;
use regex::bytes::Regex;

use super::format::AllowText;
use super::re2;

/// A match, with all that an allow-list may ask about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match<'a> {
    pub(super) path: &'a str,
    pub(super) secret: &'a [u8],
    pub(super) whole: &'a [u8],
    pub(super) line: &'a [u8],
}

/// One allow-list, compiled.
#[derive(Clone, Debug)]
pub(super) struct Allow {
    /// Must all kinds of criteria that it has be met, or one of them?
    all: bool,
    commits: Vec<String>,
    paths: Vec<Regex>,
    regexes: Vec<Regex>,
    target: Target,
    stopwords: Option<AhoCorasick>,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Secret,
    Match,
    Line,
}

/// Which key is wrong, and what is wrong with it.
pub(super) type Wrong = (&'static str, String);

impl Allow {
    pub(super) fn compile(text: &AllowText) -> Result<Self, Wrong> {
        let compiled = |key: &'static str, patterns: &[String]| {
            let each = patterns
                .iter()
                .map(|it| re2::compile(it).map_err(|wrong| (key, format!("`{it}`: {wrong}"))));
            each.collect::<Result<Vec<_>, _>>()
        };
        let empty = text.commits.is_empty() && text.paths.is_empty() && text.regexes.is_empty();
        if empty && text.stopwords.is_empty() {
            return Err((
                "allowlist",
                "it allows nothing: it needs commits, paths, regexes or stopwords".into(),
            ));
        }
        Ok(Self {
            all: condition(text.condition.as_deref())?,
            commits: text.commits.iter().map(|it| it.to_lowercase()).collect(),
            paths: compiled("paths", &text.paths)?,
            regexes: compiled("regexes", &text.regexes)?,
            target: target(text.regextarget.as_deref())?,
            stopwords: stopwords(&text.stopwords)?,
        })
    }

    /// Does it allow whatever this file holds?
    pub(super) fn allows_file(&self, path: &str) -> bool {
        let alone = self.regexes.is_empty() && self.stopwords.is_none() && self.commits.is_empty();
        (!self.all || alone) && any(&self.paths, path.as_bytes())
    }

    /// Does it allow whatever this commit brought?
    pub(super) fn allows_commit(&self, commit: &str) -> bool {
        !self.all && self.commits.iter().any(|it| commit.starts_with(it.as_str()))
    }

    pub(super) fn allows(&self, found: &Match<'_>) -> bool {
        let subject = match self.target {
            Target::Secret => found.secret,
            Target::Match => found.whole,
            Target::Line => found.line,
        };
        let words = self.stopwords.as_ref();
        let criteria = [
            // In a file that lies there, nobody knows the commit.
            (!self.commits.is_empty()).then_some(false),
            (!self.paths.is_empty()).then(|| any(&self.paths, found.path.as_bytes())),
            (!self.regexes.is_empty()).then(|| any(&self.regexes, subject)),
            words.map(|it| it.is_match(found.secret)),
        ];
        let mut asked = criteria.into_iter().flatten();
        if self.all { asked.all(|it| it) } else { asked.any(|it| it) }
    }
}

fn any(patterns: &[Regex], text: &[u8]) -> bool {
    patterns.iter().any(|it| it.is_match(text))
}

fn condition(said: Option<&str>) -> Result<bool, Wrong> {
    match said.map(str::to_uppercase).as_deref() {
        None | Some("" | "OR" | "||") => Ok(false),
        Some("AND" | "&&") => Ok(true),
        Some(other) => Err(("condition", format!("`{other}` is neither OR nor AND"))),
    }
}

fn target(said: Option<&str>) -> Result<Target, Wrong> {
    match said.map(str::to_lowercase).as_deref() {
        None | Some("" | "secret") => Ok(Target::Secret),
        Some("match") => Ok(Target::Match),
        Some("line") => Ok(Target::Line),
        Some(other) => Err(("regexTarget", format!("`{other}` is none of secret, match and line"))),
    }
}

fn stopwords(words: &[String]) -> Result<Option<AhoCorasick>, Wrong> {
    if words.is_empty() {
        return Ok(None);
    }
    let built = AhoCorasick::builder().ascii_case_insensitive(true).build(words);
    built.map(Some).map_err(|wrong| ("stopwords", wrong.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(text: &str) -> Result<Allow, Wrong> {
        Allow::compile(&toml::from_str(text).unwrap())
    }

    const FOUND: Match<'_> = Match {
        path: "config/dev.exs",
        secret: b"hunter22",
        whole: b"password: \"hunter22\"",
        line: b"  password: \"hunter22\", # local",
    };

    #[test]
    fn one_kind_of_criterion_is_enough_unless_all_are_asked_for() {
        let cases = [
            ("paths = ['dev']", true),
            ("paths = ['prod']", false),
            ("paths = ['prod']\nregexes = ['hunter']", true),
            ("condition = 'AND'\npaths = ['prod']\nregexes = ['hunter']", false),
            ("condition = 'AND'\npaths = ['dev']\nregexes = ['hunter']", true),
            ("condition = 'AND'\npaths = ['dev']\ncommits = ['abc']", false),
            ("regexes = ['password']", false),
            ("regexes = ['password']\nregextarget = 'match'", true),
            ("regexes = ['local']\nregextarget = 'match'", false),
            ("regexes = ['local']\nregextarget = 'line'", true),
            ("stopwords = ['HUNTER']", true),
        ];
        for (text, expected) in cases {
            assert_eq!(allow(text).unwrap().allows(&FOUND), expected, "{text}");
        }
    }

    #[test]
    fn files_and_commits_are_allowed_as_a_whole_only_where_nothing_else_is_asked() {
        let cases = [
            ("paths = ['dev']", true),
            ("paths = ['dev']\nregexes = ['x']", true),
            ("condition = 'AND'\npaths = ['dev']", true),
            ("condition = 'AND'\npaths = ['dev']\nregexes = ['x']", false),
        ];
        for (text, expected) in cases {
            assert_eq!(allow(text).unwrap().allows_file("config/dev.exs"), expected, "{text}");
        }
        assert!(allow("commits = ['ABC']").unwrap().allows_commit("abcdef"));
        assert!(!allow("commits = ['abd']").unwrap().allows_commit("abcdef"));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_key() {
        for (text, key) in [
            ("description = 'x'", "allowlist"),
            ("paths = ['(']", "paths"),
            ("regexes = ['(']", "regexes"),
            ("regexes = ['x']\nregextarget = 'file'", "regexTarget"),
            ("regexes = ['x']\ncondition = 'XOR'", "condition"),
        ] {
            assert_eq!(allow(text).unwrap_err().0, key, "{text}");
        }
    }
}
