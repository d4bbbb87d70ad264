//! When commits were made, as far as git knows them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;

use jiff::Timestamp;
use tokio::io::AsyncWriteExt as _;

/// The times of the commits of these names; those that git does not know are left out, and all of them where there is no git.
pub(super) async fn made_at(dir: &Path, revisions: &[&str]) -> BTreeMap<String, Timestamp> {
    let names: Vec<&str> = revisions.iter().copied().filter(|it| is_name(it)).collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let said = ask(dir, &names).await.unwrap_or_default();
    read(&said, &names)
}

/// A commit's name. Others are no question for git: they could be options, or mean something else tomorrow.
fn is_name(revision: &str) -> bool {
    (7..=64).contains(&revision.len()) && revision.bytes().all(|it| it.is_ascii_hexdigit())
}

/// One process for all names. `cat-file` gives the commits themselves, in half the time that `log` takes to print their times, and
/// answers every question, also that it does not know.
async fn ask(dir: &Path, names: &[&str]) -> io::Result<Vec<u8>> {
    let mut git = tokio::process::Command::new("git")
        .args(["cat-file", "--batch", "--buffer"])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let input = git.stdin.take();
    let questions: String = names.iter().map(|it| question(it)).collect();
    let tell = async move {
        if let Some(mut input) = input {
            // Where it does not listen to the end, what it says until then is the answer.
            let _ = input.write_all(questions.as_bytes()).await;
        }
    };
    // At once: it stops to listen while nobody reads what it says.
    let (said, ()) = tokio::join!(git.wait_with_output(), tell);
    Ok(said?.stdout)
}

fn question(name: &str) -> String {
    match name.len() {
        40 | 64 => format!("{name}\n"),
        // What is shorter may be the beginning of a file's name as well.
        _ => format!("{name}^{{commit}}\n"),
    }
}

/// One answer a name, in their order.
fn read(mut said: &[u8], names: &[&str]) -> BTreeMap<String, Timestamp> {
    let mut known = BTreeMap::new();
    for name in names {
        let Some((answer, rest)) = next(said) else { break };
        said = rest;
        // A tag has a commit, but not its name.
        let commit = answer.filter(|(whole, _)| whole.starts_with(name));
        if let Some(at) = commit.and_then(|(_, text)| committed(text)) {
            known.insert((*name).to_owned(), at);
        }
    }
    known
}

/// The whole name and the text of a commit.
type Answer<'a> = (&'a str, &'a [u8]);

/// The next answer, if it is a commit, and what is said after it; `None` at the end.
fn next(said: &[u8]) -> Option<(Option<Answer<'_>>, &[u8])> {
    let end = said.iter().position(|it| *it == b'\n')?;
    let (head, rest) = (str::from_utf8(&said[..end]).ok()?, &said[end + 1..]);
    let words: Vec<&str> = head.split(' ').collect();
    let [whole, kind, size] = words[..] else { return Some((None, rest)) };
    let (text, rest) = rest.split_at_checked(size.parse().ok()?)?;
    let commit = (kind == "commit").then_some((whole, text));
    Some((commit, rest.strip_prefix(b"\n")?))
}

/// The committer's line of a commit ends with seconds since 1970 and a time zone.
fn committed(commit: &[u8]) -> Option<Timestamp> {
    let mut head = commit.split(|it| *it == b'\n').take_while(|it| !it.is_empty());
    let line = head.find_map(|it| it.strip_prefix(b"committer "))?;
    let seconds = line.rsplit(|it| *it == b' ').nth(1)?;
    Timestamp::from_second(str::from_utf8(seconds).ok()?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
        author B\u{e9}la <b@example.com> 1 +0000\ncommitter Ada L. <a@example.com> 1774449120 +0100\n\n\
        Subject\n\ncommitter nobody <> 5 +0000\n";

    fn said(whole: &str, kind: &str, text: &str) -> String {
        format!("{whole} {kind} {}\n{text}\n", text.len())
    }

    #[test]
    fn every_name_has_an_answer_and_only_commits_have_a_time() {
        let [a, b, c] = ["4f1c2ab", "5f1c2ab", "6f1c2ab"].map(|it| format!("{it:0<40}"));
        let answers = [
            format!("{a} missing\n"),
            said(&b, "commit", COMMIT),
            "7f1c2ab^{commit} ambiguous\n".into(),
            said(&a, "tag", "object of some commit\n"),
            said(&c, "commit", COMMIT),
            said(&b, "commit", COMMIT),
            said(&c, "commit", "no head\n\ncommitter x 7 +0000\n"),
        ]
        .concat();
        // The sixth means a commit of another name, by a tag.
        let names = [&a, &b, "7f1c2ab", &a, "6f1c2ab", "8f1c2ab", &c];
        let known = read(answers.as_bytes(), &names);
        assert_eq!(known.keys().collect::<Vec<_>>(), [b.as_str(), "6f1c2ab"]);
        assert_eq!(known[&b].to_string(), "2026-03-25T14:32:00Z");
        // What breaks off is known as far as it goes.
        let end = answers.find(&said(&c, "commit", COMMIT)).unwrap() + 100;
        assert_eq!(read(&answers.as_bytes()[..end], &names).len(), 1);
        assert!(read(b"", &names).is_empty());
    }

    #[test]
    fn only_names_of_commits_are_asked_for() {
        for odd in ["", "HEAD", "--output=/etc/passwd", "4f1c", "4f1c2ab; rm", "main"] {
            assert!(!is_name(odd), "{odd}");
        }
        assert!(is_name("4f1c2ab"));
        assert_eq!(question("4f1c2ab"), "4f1c2ab^{commit}\n");
    }
}
