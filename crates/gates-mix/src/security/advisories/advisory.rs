//! One advisory about one package, from whatever database.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pipeline_process::{clean, one_line};
use semver::Version;

use super::severity::Rating;
use super::version::Requirement;

/// The longest title, in bytes.
const LONGEST: usize = 200;
/// The longest name of an advisory.
const LONGEST_ID: usize = 80;

/// What an advisory says of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Advisory {
    /// The name it is best known by.
    pub(crate) id: String,
    /// Its other names.
    pub(crate) aliases: BTreeSet<String>,
    pub(crate) package: String,
    pub(crate) title: String,
    pub(crate) rating: Rating,
    pub(crate) vulnerable: Requirement,
    /// The first versions, one for each line of releases, that have it no more.
    pub(crate) fixed: Vec<Version>,
    /// When the database changed it last, as far as it says.
    pub(crate) changed: Option<Timestamp>,
}

impl Advisory {
    /// Does it go by this name?
    pub(crate) fn is(&self, name: &str) -> bool {
        self.names().any(|it| it.eq_ignore_ascii_case(name))
    }

    /// All its names, the best known first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.id].into_iter().chain(&self.aliases).map(String::as_str)
    }

    /// The name that people look up: its CVE, or else its own.
    pub(crate) fn known_as(&self) -> &str {
        self.names().find(|it| it.starts_with("CVE-")).unwrap_or(&self.id)
    }

    /// The nearest version above this one that has it no more.
    pub(crate) fn fixed_above(&self, version: &Version) -> Option<&Version> {
        let good =
            |it: &&Version| it.cmp_precedence(version).is_gt() && !self.vulnerable.matches(it);
        self.fixed.iter().filter(good).min_by(|one, two| one.cmp_precedence(two))
    }

    /// Both as one: vulnerable is what either calls so, and it is as bad as the worse says.
    fn with(self, other: Self) -> Self {
        let (mut first, second) =
            if rank(&self.id) <= rank(&other.id) { (self, other) } else { (other, self) };
        first.aliases.extend(second.aliases);
        first.aliases.insert(second.id);
        first.aliases.remove(&first.id);
        if first.vulnerable != second.vulnerable {
            first.vulnerable = Requirement::Any(vec![first.vulnerable, second.vulnerable]);
        }
        first.fixed.extend(second.fixed);
        first.fixed.sort();
        first.fixed.dedup();
        first.rating = match (first.rating, second.rating) {
            (Rating::Unrated, known) | (known, Rating::Unrated) => known,
            (one, two) => one.max(two),
        };
        first.changed = first.changed.max(second.changed);
        if first.title.is_empty() {
            first.title = second.title;
        }
        first
    }
}

/// Advisories about the same package that share a name are one.
pub(crate) fn merged(advisories: impl IntoIterator<Item = Advisory>) -> Vec<Advisory> {
    let mut merged: Vec<Advisory> = Vec::new();
    for advisory in advisories {
        let same = |it: &mut Advisory| {
            it.package == advisory.package && it.names().any(|name| advisory.is(name))
        };
        let same: Vec<_> = merged.extract_if(.., same).collect();
        merged.push(same.into_iter().fold(advisory, Advisory::with));
    }
    merged.sort_by(|one, two| (&one.package, &one.id).cmp(&(&two.package, &two.id)));
    merged
}

/// Which name is the best known.
fn rank(id: &str) -> (usize, &str) {
    let known = ["GHSA-", "EEF-", "CVE-"].iter().position(|it| id.starts_with(it));
    (known.unwrap_or(usize::MAX), id)
}

/// A name that may stand in a rule and in a file's name; `None` for anything else.
pub(crate) fn id(text: &str) -> Option<String> {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_.:".contains(it);
    let good = !text.is_empty() && !text.starts_with('.') && text.len() <= LONGEST_ID;
    (good && text.chars().all(plain)).then(|| text.to_owned())
}

/// A title in one line, as it may be shown.
pub(crate) fn title(text: &str) -> String {
    one_line(&clean(text.as_bytes()), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::advisories::version::version;

    fn advisory(id: &str, aliases: &[&str], rating: Rating, range: &str) -> Advisory {
        Advisory {
            id: id.into(),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            package: "shop".into(),
            title: format!("of {id}"),
            rating,
            vulnerable: Requirement::parse_range(range).unwrap(),
            fixed: range.split("< ").skip(1).filter_map(version).collect(),
            changed: None,
        }
    }

    #[test]
    fn those_that_share_a_name_are_one_whatever_their_order() {
        let ghsa = advisory("GHSA-a", &["CVE-1"], Rating::Medium, ">= 1.0.0, < 1.2.0");
        let eef = advisory("EEF-CVE-1", &["CVE-1"], Rating::High, ">= 0.9.0, < 1.2.0");
        let cve = advisory("CVE-1", &[], Rating::Unrated, "< 0.5.0");
        let other = advisory("GHSA-b", &["CVE-2"], Rating::Low, "< 9.0.0");
        let elsewhere = Advisory { package: "other".into(), ..ghsa.clone() };
        let all = [ghsa, eef, cve, other, elsewhere];
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 3, 4, 1]] {
            let merged = merged(order.map(|it| all[it].clone()));
            let ids: Vec<_> = merged.iter().map(|it| (&*it.package, &*it.id)).collect();
            assert_eq!(ids, [("other", "GHSA-a"), ("shop", "GHSA-a"), ("shop", "GHSA-b")]);
            let one = &merged[1];
            assert_eq!(one.names().collect::<Vec<_>>(), ["GHSA-a", "CVE-1", "EEF-CVE-1"]);
            assert_eq!((one.rating, one.title.as_str()), (Rating::High, "of GHSA-a"));
            let hit =
                ["0.4.0", "0.9.0", "1.1.0"].map(|it| one.vulnerable.matches(&version(it).unwrap()));
            assert_eq!(hit, [true; 3]);
            assert_eq!(one.known_as(), "CVE-1");
        }
    }

    #[test]
    fn the_nearest_version_above_is_the_one_to_upgrade_to() {
        let range = |it: &str| Requirement::parse_range(it).unwrap();
        let lines = [">= 1.3.0, < 1.3.2", ">= 1.2.0, < 1.2.3", "< 1.0.4"].map(range);
        let fixed = ["1.3.2", "1.2.3", "1.0.4"].map(|it| version(it).unwrap());
        let base = advisory("GHSA-a", &[], Rating::High, "< 1.0.0");
        let advisory =
            Advisory { vulnerable: Requirement::Any(lines.into()), fixed: fixed.into(), ..base };
        for (at, wanted) in [("1.3.0", "1.3.2"), ("1.2.0", "1.2.3"), ("0.9.0", "1.0.4")] {
            let fixed = advisory.fixed_above(&version(at).unwrap()).unwrap();
            assert_eq!(fixed.to_string(), wanted, "{at}");
        }
        assert_eq!(advisory.fixed_above(&version("2.0.0").unwrap()), None);
    }

    #[test]
    fn a_name_is_a_plain_word() {
        assert!(["GHSA-2q6v-32mr-8p8x", "EEF-CVE-2030-1"].iter().all(|it| id(it).is_some()));
        for bad in ["", "../x", "a/b", "a b", "..", &"a".repeat(81)] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }
}
