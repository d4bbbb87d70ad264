//! NCLB: numbers that a page claims are those of the project.

use std::sync::LazyLock;

use globset::GlobSet;
use pipeline_core::Level;
use regex::Regex;

use super::page::{Page, Prose};
use crate::doctrine::{Codebase, Found, Pillar, Role, Rule};

const COUNT: Rule = Rule::advisory(
    "NCLB/count",
    "correct the number, or leave it out: what nobody counts is wrong soon",
);

/// A number of things, with what stands before it. Thousands may be parted.
static CLAIM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let number = r"(?P<number>\d{1,3}(?:[,.'_\u{a0}\u{202f}]\d{3})+|\d+)";
    let what = r"(?:umbrella\s+)?(?P<what>apps|agents|commands|source\s+files|test\s+files)";
    Regex::new(&format!(r"(?i)(?P<before>(?:[^\s.;:!?]+\s+){{0,2}}\S*?){number}\s+{what}\b")).ok()
});

/// Words that make a number one that is not meant exactly.
const ABOUT: [&str; 22] = [
    "over",
    "about",
    "around",
    "approximately",
    "approx",
    "approx.",
    "nearly",
    "almost",
    "roughly",
    "than",
    "least",
    "most",
    "to",
    "under",
    "below",
    "above",
    "circa",
    "ca.",
    "some",
    "first",
    "last",
    "every",
];

/// The pillar NCLB.
#[derive(Clone, Debug)]
pub struct Nclb {
    /// The pages whose claims are looked at, relative to the project.
    pub pages: Vec<String>,
    /// The files that are agents; claims about agents are not looked at without them.
    pub agents: Option<GlobSet>,
    /// The files that are commands; as with agents.
    pub commands: Option<GlobSet>,
}

impl Default for Nclb {
    fn default() -> Self {
        let pages = ["CLAUDE.md", "README.md", "AGENTS.md", "docs/ARCHITECTURE.md"];
        Self { pages: pages.map(ToOwned::to_owned).to_vec(), agents: None, commands: None }
    }
}

impl Pillar for Nclb {
    fn code(&self) -> &'static str {
        "NCLB"
    }

    fn name(&self) -> &'static str {
        "No Claim Left Behind"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn rules(&self) -> Vec<Rule> {
        vec![COUNT]
    }

    fn not_applicable(&self, codebase: &Codebase) -> Option<String> {
        let has_none = !self.pages.iter().any(|it| codebase.has(it));
        has_none.then(|| format!("there is none of {}", self.pages.join(", ")))
    }

    /// Also where only changed files are meant: what makes a claim wrong is a change elsewhere.
    fn project(&self, codebase: &Codebase, found: &mut Found) {
        for page in self.pages.iter().filter(|it| codebase.has(it)) {
            let text = std::fs::read_to_string(codebase.dir.join(page)).unwrap_or_default();
            let prose = Page::of(&text).prose;
            for claim in prose.iter().flat_map(claims) {
                let actual = self.count(&claim.what, codebase);
                let Some(actual) = actual.filter(|it| *it != claim.number) else { continue };
                let before = text.get(..claim.at).unwrap_or_default();
                let line = u32::try_from(before.matches('\n').count() + 1).ok();
                let message = format!("claims {} {}; there are {actual}", claim.number, claim.what);
                found.path(&COUNT, page, line, message);
            }
        }
    }
}

impl Nclb {
    /// How many there are; `None` for what is not counted.
    fn count(&self, what: &str, codebase: &Codebase) -> Option<usize> {
        let matching = |globs: &Option<GlobSet>| {
            globs.as_ref().map(|it| codebase.files.keys().filter(|path| it.is_match(path)).count())
        };
        match what {
            "apps" => codebase.umbrella.then_some(codebase.apps.len()),
            "agents" => matching(&self.agents),
            "commands" => matching(&self.commands),
            "source files" => Some(codebase.of_role(Role::Lib).count()),
            _ => Some(codebase.of_role(Role::Test).count()),
        }
    }
}

struct Claim {
    number: usize,
    what: String,
    /// Where it stands in the page, in bytes.
    at: usize,
}

fn claims(prose: &Prose) -> Vec<Claim> {
    let Some(pattern) = CLAIM.as_ref() else { return Vec::new() };
    let claim = |it: regex::Captures| {
        let number = it.name("number")?;
        let before = it.name("before").map_or("", |it| it.as_str());
        if !is_exact(before) {
            return None;
        }
        let digits: String = number.as_str().chars().filter(char::is_ascii_digit).collect();
        let what: Vec<_> = it["what"].split_whitespace().collect();
        let at = prose.span(number.range()).start;
        Some(Claim { number: digits.parse().ok()?, what: what.join(" ").to_lowercase(), at })
    };
    pattern.captures_iter(&prose.text).filter_map(claim).collect()
}

/// Is a number meant exactly after these words?
fn is_exact(before: &str) -> bool {
    let touching = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    // `(12`, but not `~12`, `1.12`, `v12`, `5-12`.
    let stands_alone = touching.chars().all(|it| "([{*\"'“‘=".contains(it));
    let mut words = before.split_whitespace().rev();
    let last = if touching.is_empty() { words.next() } else { words.nth(1) }.unwrap_or_default();
    let is_about = |word: &str| ABOUT.contains(&word.to_lowercase().as_str());
    stands_alone && !is_about(last) && !last.ends_with(['<', '>', '~', '≈', '≥', '≤'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_exact_numbers_of_things() {
        for (text, expected) in [
            ("It has 12 apps.", "12 apps"),
            ("14,978 source files and 90 umbrella apps", "14978 source files, 90 apps"),
            ("(3 Agents)", "3 agents"),
            ("**94** umbrella\napps", "94 apps"),
            ("over 12 apps, more than 5 commands, at least 3 agents", ""),
            ("~12 apps, >90 agents, > 90 agents, 12+ apps, 10-12 apps", ""),
            ("Phoenix 1.7 apps, v2 apps", ""),
            ("`12 apps` and 12 apples", ""),
            ("    12 apps\n", ""),
            ("up to 12 apps", ""),
        ] {
            let page = Page::of(text);
            let found: Vec<_> = page
                .prose
                .iter()
                .flat_map(claims)
                .map(|it| format!("{} {}", it.number, it.what))
                .collect();
            assert_eq!(found.join(", "), expected, "{text}");
        }
    }
}
