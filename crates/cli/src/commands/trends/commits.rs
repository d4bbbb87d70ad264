//! When commits were made, as far as git knows them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use jiff::Timestamp;

/// The times of the commits of these names; those that git does not know are left out, and all of them where there is no git.
pub(super) async fn made_at(dir: &Path, revisions: &[&str]) -> BTreeMap<String, Timestamp> {
    let names: Vec<&str> = revisions.iter().copied().filter(|it| is_name(it)).collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let asked = tokio::process::Command::new("git")
        .args(["log", "--no-walk=unsorted", "--ignore-missing", "--format=%H %ct"])
        .arg("--end-of-options")
        .args(&names)
        .arg("--")
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match asked.await {
        Ok(output) => read(&String::from_utf8_lossy(&output.stdout), &names),
        Err(_) => BTreeMap::new(),
    }
}

/// A commit's name. Others are no question for git: they could be options, or mean something else tomorrow.
fn is_name(revision: &str) -> bool {
    (7..=64).contains(&revision.len()) && revision.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Lines of a whole name and seconds since 1970, for names that may be shorter.
fn read(lines: &str, names: &[&str]) -> BTreeMap<String, Timestamp> {
    let commit = |line: &str| {
        let (name, seconds) = line.split_once(' ')?;
        Some((name.to_owned(), Timestamp::from_second(seconds.trim().parse().ok()?).ok()?))
    };
    let known: Vec<(String, Timestamp)> = lines.lines().filter_map(commit).collect();
    let time = |name: &str| known.iter().find(|(whole, _)| whole.starts_with(name));
    names.iter().filter_map(|it| Some(((*it).to_owned(), time(it)?.1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_read_and_only_names_of_commits_are_asked_for() {
        let lines = "4f1c2ab0000000000000000000000000000000aa 1774449120\nnonsense\nx y\n";
        let known = read(lines, &["4f1c2ab", "0123456"]);
        assert_eq!(known.len(), 1);
        assert_eq!(known["4f1c2ab"].to_string(), "2026-03-25T14:32:00Z");
        for odd in ["", "HEAD", "--output=/etc/passwd", "4f1c", "4f1c2ab; rm", "main"] {
            assert!(!is_name(odd), "{odd}");
        }
        assert!(is_name("4f1c2ab"));
    }
}
