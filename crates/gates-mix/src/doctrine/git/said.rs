//! What git prints, read: pure.

use std::collections::{BTreeMap, BTreeSet};

use super::Commit;
use crate::doctrine::codebase::Change;

/// The answer of `git diff --name-status -z`, cut at its zeros: a letter, then a name, or two where it was renamed or copied.
pub(super) fn name_status(said: &[String]) -> BTreeMap<String, Change> {
    let mut changed = BTreeMap::new();
    let mut words = said.iter();
    while let Some(status) = words.next() {
        let name = if status.starts_with(['R', 'C']) { words.nth(1) } else { words.next() };
        let change = if status.starts_with(['A', 'C']) { Change::Added } else { Change::Modified };
        changed.extend(name.map(|it| (it.clone(), change)));
    }
    changed
}

/// The new lines of each file in the answer of `git diff -U0`.
pub(super) fn added_lines(said: &str) -> BTreeMap<String, BTreeSet<u32>> {
    let mut lines: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut file = None;
    for line in said.lines() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            file = Some(name.trim_end_matches('\t').to_owned());
        } else if let Some((first, count)) = line.strip_prefix("@@ ").and_then(hunk) {
            let file = file.clone().unwrap_or_default();
            lines.entry(file).or_default().extend(first..first.saturating_add(count));
        }
    }
    lines
}

/// `-1,2 +3,4 @@ …`: the first new line, and how many.
fn hunk(text: &str) -> Option<(u32, u32)> {
    let new = text.split(' ').find_map(|it| it.strip_prefix('+'))?;
    let (first, count) = new.split_once(',').unwrap_or((new, "1"));
    Some((first.parse().ok()?, count.parse().ok()?))
}

pub(super) fn commits(said: &str) -> Vec<Commit> {
    let commit = |text: &str| {
        let parts: Vec<_> = text.splitn(6, '\u{1f}').collect();
        let [id, parents, author, subject, message, numbers] = parts[..] else { return None };
        let numbers: Vec<_> = numbers.lines().filter_map(numstat).collect();
        Some(Commit {
            id: id.to_owned(),
            author: author.to_owned(),
            subject: subject.to_owned(),
            message: message.trim_end().to_owned(),
            is_merge: parents.split_whitespace().count() > 1,
            lines: numbers.iter().map(|it| it.0).sum(),
            files: numbers.into_iter().map(|it| it.1).collect(),
        })
    };
    said.split('\u{1e}').filter_map(commit).collect()
}

/// `3<TAB>1<TAB>lib/a.ex`: how many lines changed, and the file; of a renamed one its new name.
fn numstat(line: &str) -> Option<(usize, String)> {
    let mut parts = line.splitn(3, '\t');
    let (added, removed, name) = (parts.next()?, parts.next()?, parts.next()?);
    // Binary files have `-`.
    let number = |it: &str| it.parse::<usize>().unwrap_or(0);
    let name = match (name.split_once('{'), name.split_once(" => ")) {
        (Some((before, rest)), Some(_)) => {
            let (renamed, after) = rest.split_once('}').unwrap_or((rest, ""));
            let new = renamed.split_once(" => ").map_or(renamed, |it| it.1);
            format!("{before}{new}{after}").replace("//", "/")
        }
        (None, Some((_, new))) => new.to_owned(),
        _ => name.to_owned(),
    };
    Some((number(added) + number(removed), name))
}

/// The contents in the answer of `git cat-file --batch`.
pub(super) fn blobs(said: &[u8], expected: usize) -> Vec<Vec<u8>> {
    let mut rest = said;
    let mut blobs = Vec::with_capacity(expected);
    while blobs.len() < expected {
        let Some(end) = rest.iter().position(|it| *it == b'\n') else { break };
        let header = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let size = header
            .rsplit(' ')
            .next()
            .and_then(|it| it.parse::<usize>().ok())
            .filter(|_| header.contains(" blob "));
        let size = size.unwrap_or(0).min(rest.len());
        blobs.push(rest[..size].to_vec());
        if header.contains(" blob ") {
            rest = rest.get(size + 1..).unwrap_or_default();
        }
    }
    blobs.resize(expected, Vec::new());
    blobs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_read() {
        let said = ["M", "lib/a.ex", "R090", "lib/old.ex", "lib/new.ex", "A", "lib/b.ex"]
            .map(ToOwned::to_owned);
        let changed = name_status(&said);
        assert_eq!(changed["lib/new.ex"], Change::Modified);
        assert_eq!(changed["lib/b.ex"], Change::Added);
        assert!(!changed.contains_key("lib/old.ex"));

        let lines = added_lines(
            "+++ b/lib/a.ex\n@@ -1 +1,2 @@ x\n+a\n+b\n@@ -9,0 +11 @@\n+c\n+++ b/b c\t\n@@ -1,2 +0,0 @@\n",
        );
        assert_eq!(lines["lib/a.ex"], BTreeSet::from([1, 2, 11]));
        assert!(lines["b c"].is_empty());

        let log = "\u{1e}abc\u{1f}p q\u{1f}Jo\u{1f}Merge x\u{1f}Merge x\n\u{1f}\n\u{1e}def\u{1f}p\u{1f}Jo\u{1f}fix: a\u{1f}fix: a\n\nb\n\u{1f}\n\n3\t1\tlib/a.ex\n-\t-\tpriv/{old => new}/a.png\n2\t0\told.ex => new.ex\n";
        let commits = commits(log);
        assert!(commits[0].is_merge);
        assert_eq!(commits[1].message, "fix: a\n\nb");
        assert_eq!(commits[1].files, ["lib/a.ex", "priv/new/a.png", "new.ex"]);
        assert_eq!(commits[1].lines, 6);

        let said = b"1234 blob 3\nab\n\n:./gone missing\n5678 blob 1\nx\n";
        assert_eq!(blobs(said, 3), [b"ab\n".to_vec(), Vec::new(), b"x".to_vec()]);
    }
}
