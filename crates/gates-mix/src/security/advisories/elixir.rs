//! Advisories in the YAML layouts of the Elixir community (`packages/NAME/ID.yml`): the first, by hand, which says what
//! is patched, and the present one, dumped from GitHub's database, which says what is vulnerable.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use semver::Version;
use serde::Deserialize;

use super::advisory::{self, Advisory};
use super::severity::Rating;
use super::version::{Op, Requirement, lenient};

/// The keys of both layouts. `mix deps.audit` tells of its advisories with the same ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Document {
    id: String,
    package: String,
    disclosure_date: Option<String>,
    cve: Option<String>,
    title: Option<String>,
    severity: Option<String>,
    vulnerable_version_ranges: Option<List>,
    first_patched_versions: Option<List>,
    patched_versions: Option<List>,
    unaffected_versions: Option<List>,
}

/// A version that was never released is null.
type List = Vec<Option<String>>;

/// Reads one file.
pub(super) fn read(text: &str) -> Result<Advisory, String> {
    let document: Document =
        serde_saphyr::from_str(text).map_err(|error| first_line(&error.to_string()))?;
    document.advisory()
}

impl Document {
    pub(crate) fn advisory(&self) -> Result<Advisory, String> {
        if self.package.is_empty() {
            return Err("it names no package".into());
        }
        let cve = self
            .cve
            .as_deref()
            .filter(|it| !it.is_empty())
            .map(cve)
            .and_then(|it| advisory::id(&it));
        Ok(Advisory {
            id: advisory::id(&self.id).ok_or("its id is no name")?,
            aliases: cve.into_iter().collect(),
            package: self.package.clone(),
            title: advisory::title(self.title.as_deref().unwrap_or_default()),
            rating: self.severity.as_deref().and_then(Rating::of_word).unwrap_or(Rating::Unrated),
            vulnerable: self.vulnerable()?,
            fixed: self.fixed(),
            changed: self.disclosure_date.as_deref().and_then(day),
        })
    }

    /// All versions where it names none.
    fn vulnerable(&self) -> Result<Requirement, String> {
        if let Some(ranges) = &self.vulnerable_version_ranges {
            let ranges: Vec<_> = each(ranges, Requirement::parse_range)?;
            return Ok(if ranges.is_empty() {
                Requirement::EVERY
            } else {
                Requirement::Any(ranges)
            });
        }
        let mut but = Vec::new();
        for list in [&self.patched_versions, &self.unaffected_versions].into_iter().flatten() {
            let parse = |it: &str| Requirement::parse(it).or_else(|| Requirement::parse_range(it));
            but.extend(each(list, parse)?);
        }
        Ok(if but.is_empty() {
            Requirement::EVERY
        } else {
            Requirement::Not(Box::new(Requirement::Any(but)))
        })
    }

    fn fixed(&self) -> Vec<Version> {
        let texts =
            |list: &Option<List>| list.clone().into_iter().flatten().flatten().collect::<Vec<_>>();
        let first = texts(&self.first_patched_versions);
        let patched = texts(&self.patched_versions);
        let patched = patched.iter().filter_map(|it| beginning(&Requirement::parse(it)?));
        first.iter().filter_map(|it| lenient(it)).chain(patched).collect()
    }
}

fn each(
    list: &List,
    parse: impl Fn(&str) -> Option<Requirement>,
) -> Result<Vec<Requirement>, String> {
    let one = |it: &String| parse(it).ok_or_else(|| format!("`{it}` is no requirement"));
    list.iter().flatten().map(one).collect()
}

/// Where `~> 1.0.4` and `>= 1.3.2` begin.
fn beginning(requirement: &Requirement) -> Option<Version> {
    match requirement {
        Requirement::Near { from, .. } | Requirement::Is(Op::GreaterOrEqual | Op::Equal, from) => {
            Some(from.clone())
        }
        Requirement::All(parts) | Requirement::Any(parts) => parts.iter().find_map(beginning),
        _ => None,
    }
}

/// `2030-1000`, as the first layout writes it, is `CVE-2030-1000`.
fn cve(text: &str) -> String {
    if text.starts_with("CVE-") { text.to_owned() } else { format!("CVE-{text}") }
}

fn day(text: &str) -> Option<Timestamp> {
    let day: Date = text.get(..10)?.parse().ok()?;
    Some(day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::security::advisories::version::version;

    fn vulnerable(text: &str, versions: &str) -> Vec<bool> {
        let advisory = read(text).unwrap();
        let matches = |it| advisory.vulnerable.matches(&version(it).unwrap());
        versions.split(' ').map(matches).collect()
    }

    const DUMPED: &str = "---\ndescription: |-\n  Two: lines\n  \n  # of it\ndisclosure_date: 2030-05-08\n\
        first_patched_versions:\n  - 1.3.2\n  - 1.0\n  -\nid: GHSA-aaaa-bbbb-cccc\nlink: https://example.com/x\n\
        package: shop\nseverity: moderate\ntitle: 'Shop: reads without end'\nvulnerable_version_ranges:\n  \
        - '>= 1.3.0, < 1.3.2'\n  - < 1.0.4\n";

    #[test]
    fn the_dumped_layout_says_what_is_vulnerable() {
        assert_eq!(vulnerable(DUMPED, "1.3.1 1.3.2 1.0.3 1.1.0"), [true, false, true, false]);
        let advisory = read(DUMPED).unwrap();
        assert_eq!(
            (advisory.id.as_str(), advisory.rating),
            ("GHSA-aaaa-bbbb-cccc", Rating::Medium)
        );
        assert_eq!(advisory.title, "Shop: reads without end");
        assert_eq!(advisory.changed.unwrap().to_string(), "2030-05-08T00:00:00Z");
        assert_eq!(
            advisory.fixed.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["1.3.2", "1.0.0"]
        );
    }

    #[test]
    fn the_layout_by_hand_says_what_is_not() {
        let text = "id: 0a1b2c\npackage: shop\ndisclosure_date: 2017-02-27\ncve: 2030-1000\nlink: x\ntitle: T\n\
            description: |\n  D\npatched_versions:\n  - ~> 1.0.4\n  - \">= 1.3.2\"\nunaffected_versions:\n  - \"< 0.5.0\"\n";
        assert_eq!(
            vulnerable(text, "0.4.0 0.5.0 1.0.3 1.0.4 1.1.0 1.3.1 1.3.2 2.0.0"),
            [false, true, true, false, true, true, false, false]
        );
        let advisory = read(text).unwrap();
        assert_eq!((advisory.known_as(), advisory.rating), ("CVE-2030-1000", Rating::Unrated));
        let fixed = |at: &str| advisory.fixed_above(&version(at).unwrap()).unwrap().to_string();
        assert_eq!([fixed("0.9.0"), fixed("1.2.0")], ["1.0.4", "1.3.2"]);
        let none = "id: a\npackage: shop\npatched_versions: []\n";
        assert_eq!(vulnerable(none, "0.0.1 9.9.9"), [true, true]);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (text, wanted) in [
            ("id: a\n", "it names no package"),
            ("package: shop\n", "its id is no name"),
            (
                "id: a\npackage: shop\nvulnerable_version_ranges:\n  - all\n",
                "`all` is no requirement",
            ),
            ("id: a\npackage: shop\npatched_versions:\n  - newest\n", "`newest` is no requirement"),
        ] {
            assert_eq!(read(text).unwrap_err(), wanted);
        }
        for text in ["", "a: [", "- a\n- b\n", "id: {a: b}\npackage: shop"] {
            read(text).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z:&*!|>'\"\\[\\]{}#\n -]{0,80}", any: String) {
            let _ = (read(&text), read(&any));
        }
    }
}
