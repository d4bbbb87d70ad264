//! Which files Credo may be given by name, so that it says of them what it says when it looks at all.

use std::fs;
use std::path::Path;

use super::config::Config;

/// More files than this are not given by name.
const MOST: usize = 500;
/// What makes a pattern of a path.
const PATTERN: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];

/// Those of the changed files that Credo looks at; `None` where it must look at all.
pub(super) fn given(changed: &[String], dir: &Path, config: &Config) -> Option<Vec<String>> {
    let lock = fs::read_to_string(dir.join("mix.lock")).ok()?;
    if !takes_files(&lock) || changed.len() > MOST || changed.iter().any(|it| is_strange(it)) {
        return None;
    }
    let included = config.included()?;
    let patterns: Vec<_> = included.iter().map(|it| pattern(it)).collect::<Option<_>>()?;
    let looked_at = |file: &&String| patterns.iter().any(|it| covers(it, file));
    Some(changed.iter().filter(looked_at).cloned().collect())
}

/// Is it locked to 1.7 or newer? Before, Credo looks at the first file only.
fn takes_files(lock: &str) -> bool {
    let version = || {
        let (_, rest) = lock.split_once("\"credo\": {:hex, :credo, \"")?;
        let mut parts = rest.split(['.', '"', '-']).map(str::parse::<u32>);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    };
    version().is_some_and(|version| version >= (1, 7))
}

/// Would Credo read more into it than a name: an option, a pattern, the place of an issue?
fn is_strange(file: &str) -> bool {
    file.starts_with('-') || file.contains(PATTERN) || file.contains([':', ','])
}

/// The parts of a path in which `*` stands for any one; `None` where other patterns are in it.
fn pattern(included: &str) -> Option<Vec<&str>> {
    let parts = included.split('/').filter(|part| !["", "."].contains(part));
    let plain = |part: &str| part == "*" || !(part == ".." || part.contains(PATTERN));
    let parts = parts.map(|part| plain(part).then_some(part));
    if included.starts_with('/') { None } else { parts.collect() }
}

/// Is it the file, or a folder above it? No pattern stands for a name that begins with a dot.
fn covers(pattern: &[&str], file: &str) -> bool {
    let mut parts = file.split('/');
    let hidden = |part: &str| part.starts_with('.');
    let mut is = |want: &str| {
        parts.next().is_some_and(|part| want == part || (want == "*" && !hidden(part)))
    };
    pattern.iter().all(|want| is(want)) && !parts.any(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "%{\n  \"credo\": {:hex, :credo, \"1.7.10\", \"6e64f\", [:mix], [], \"hexpm\", \"71fbc\"},\n}\n";

    fn given_with(lock: &str, config: &str, changed: &[&str]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mix.lock"), lock).unwrap();
        let changed: Vec<_> = changed.iter().map(ToString::to_string).collect();
        Some(given(&changed, dir.path(), &Config::saying(config))?.join(" "))
    }

    #[test]
    fn files_are_given_to_a_credo_that_takes_them() {
        for (version, takes) in [
            ("1.7.0", true),
            ("1.7.0-rc.1", true),
            ("1.10.1", true),
            ("2.0.0", true),
            ("1.6.7", false),
            ("0.9.0", false),
            ("x", false),
        ] {
            let lock = LOCK.replace("1.7.10", version);
            assert_eq!(given_with(&lock, "", &["lib/a.ex"]).is_some(), takes, "{version}");
        }
        assert_eq!(given_with("%{}", "", &["lib/a.ex"]), None);
        let none = tempfile::tempdir().unwrap();
        assert_eq!(given(&[], none.path(), &Config::default()), None);
    }

    #[test]
    fn files_that_are_not_included_are_left_out() {
        let changed = ["lib/a.ex", "mix.exs", "apps/a/lib/b.ex", "apps/a/priv/c.exs", ".credo.exs"];
        for (config, given) in [
            ("", Some("lib/a.ex apps/a/lib/b.ex")),
            (
                "included: [\"mix.exs\", \"./apps/\"]",
                Some("mix.exs apps/a/lib/b.ex apps/a/priv/c.exs"),
            ),
            ("included: [\".\"]", Some("lib/a.ex mix.exs apps/a/lib/b.ex apps/a/priv/c.exs")),
            ("included: [\".credo.exs\"]", Some(".credo.exs")),
            ("included: [\"*\"]", Some("lib/a.ex mix.exs apps/a/lib/b.ex apps/a/priv/c.exs")),
            ("included: [\"doc\"]", Some("")),
            ("included: [\"{lib,src}/\"]", None),
            ("included: [\"lib/**/*.ex\"]", None),
            ("included: [\"../shared\"]", None),
            ("included: [\"/srv/shop/lib\"]", None),
        ] {
            assert_eq!(given_with(LOCK, config, &changed).as_deref(), given, "{config}");
        }
    }

    #[test]
    fn names_that_credo_reads_otherwise_are_not_given() {
        for file in ["-v.ex", "lib/[a].ex", "lib/a.ex:3", "lib/a*.ex", "lib/a,b.ex"] {
            assert_eq!(given_with(LOCK, "", &["lib/a.ex", file]), None, "{file}");
        }
        let many: Vec<_> = (0..=MOST).map(|it| format!("lib/{it}.ex")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(given_with(LOCK, "", &many), None);
        assert!(given_with(LOCK, "", &many[..MOST]).is_some());
    }
}
