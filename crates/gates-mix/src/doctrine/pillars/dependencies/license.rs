//! Licences of packages, as their Hex metadata names them.

use std::path::Path;

/// What is known of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is one of those that nobody has to ask about.
    Allowed,
    /// Somebody has to look at it.
    Review,
    /// It cannot be taken.
    Prohibited,
}

/// The licences of a package below `deps`; `None` where nobody says.
pub(super) fn of_package(dir: &Path, name: &str) -> Option<Vec<String>> {
    let metadata = dir.join("deps").join(name).join("hex_metadata.config");
    let licenses = licenses(&std::fs::read_to_string(metadata).ok()?);
    (!licenses.is_empty()).then_some(licenses)
}

/// The licences in Hex metadata: `{<<"licenses">>,[<<"MIT">>]}.`
fn licenses(metadata: &str) -> Vec<String> {
    let Some((_, rest)) = metadata.split_once("{<<\"licenses\">>,") else { return Vec::new() };
    let list = rest.split(']').next().unwrap_or_default();
    let texts = list.split("<<\"").skip(1).filter_map(|it| it.split('"').next());
    texts.map(ToOwned::to_owned).collect()
}

/// Judges a licence by its SPDX name or what people write for it. Of `A OR B`, the better one counts.
pub(super) fn judge(license: &str, allowed: &[String], prohibited: &[String]) -> Verdict {
    let verdict = |it: &str| {
        let name = plain(it);
        if allowed.iter().any(|it| plain(it) == name) {
            Verdict::Allowed
        } else if prohibited.iter().any(|it| name.starts_with(&plain(it))) {
            Verdict::Prohibited
        } else {
            Verdict::Review
        }
    };
    let verdicts: Vec<_> = license.split(" OR ").map(verdict).collect();
    let has = |wanted| verdicts.contains(&wanted);
    match (has(Verdict::Allowed), has(Verdict::Review)) {
        (true, _) => Verdict::Allowed,
        (_, true) => Verdict::Review,
        _ => Verdict::Prohibited,
    }
}

/// A name without what people write differently: `Apache License, v2.0` and `Apache-2.0` are one.
fn plain(license: &str) -> String {
    let lower = license.to_ascii_lowercase();
    let words = lower
        .split(|it: char| !it.is_ascii_alphanumeric())
        .filter(|it| !matches!(*it, "" | "the" | "license" | "licence" | "version"));
    let unversioned = |it: &str| match it.strip_prefix('v') {
        Some(number) if number.starts_with(|it: char| it.is_ascii_digit()) => number.to_owned(),
        _ => it.to_owned(),
    };
    let name: String = words.map(unversioned).collect();
    match name.as_str() {
        "apache2" => "apache20".to_owned(),
        "mpl2" => "mpl20".to_owned(),
        "newbsd" | "bsd3" => "bsd3clause".to_owned(),
        "simplifiedbsd" | "bsd2" => "bsd2clause".to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctrine::pillars::Deps;

    #[test]
    fn licences_are_judged_however_they_are_written() {
        let deps = Deps::default();
        for (license, expected) in [
            ("MIT", Verdict::Allowed),
            ("Apache License, Version 2.0", Verdict::Allowed),
            ("Apache v2.0", Verdict::Allowed),
            ("BSD-3-Clause", Verdict::Allowed),
            ("The Unlicense", Verdict::Allowed),
            ("GPL-3.0-or-later OR MIT", Verdict::Allowed),
            ("LGPL-3.0", Verdict::Review),
            ("BSD", Verdict::Review),
            ("", Verdict::Review),
            ("GPL-2.0-only", Verdict::Prohibited),
            ("AGPL-3.0", Verdict::Prohibited),
            ("GNU GPLv3", Verdict::Review),
            ("BUSL-1.1", Verdict::Prohibited),
        ] {
            assert_eq!(judge(license, &deps.allowed, &deps.prohibited), expected, "{license}");
        }
    }

    #[test]
    fn metadata_is_read() {
        let said =
            "{<<\"name\">>,<<\"x\">>}.\n{<<\"licenses\">>,[<<\"MIT\">>,\n  <<\"GPL-2.0\">>]}.\n";
        assert_eq!(licenses(said), ["MIT", "GPL-2.0"]);
        assert!(licenses("{<<\"name\">>").is_empty());
    }
}
