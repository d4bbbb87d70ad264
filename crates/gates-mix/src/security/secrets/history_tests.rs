//! Against the real git.

use std::fs;
use std::path::Path;
use std::process::Command;

use pipeline_core::Fault;
use tempfile::TempDir;

use super::{History, SecretRules, SecretsError, history, tracked};

fn git(dir: &Path, args: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(identity).args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn repository() -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "--quiet", "--initial-branch=main"]);
    dir
}

fn commit(dir: &Path, path: &str, text: &[u8]) -> String {
    let file = dir.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    git(dir, &["add", "--all"]);
    git(dir, &["commit", "--quiet", "--message", path]);
    git(dir, &["rev-parse", "HEAD"])
}

fn token(letter: char) -> String {
    ["t = \"gl", "pat-8xQz3RvL1mTn5WyK7bD", &letter.to_string(), "\"\n"].concat()
}

fn places(history: &History) -> Vec<(&str, &str, u32)> {
    let places = history.secrets.iter();
    places.map(|it| (it.commit.as_str(), it.path.as_str(), it.secret.line)).collect()
}

#[tokio::test]
async fn a_secret_that_was_removed_is_found_in_the_first_commit_that_had_it() {
    let dir = repository();
    let dir = dir.path();
    let rules = SecretRules::built_in().unwrap();
    commit(dir, "README.md", b"# shop\n");
    let first = commit(dir, "config/prod.exs", token('A').as_bytes());
    commit(dir, "config/prod.exs", format!("# moved\n{}", token('A')).as_bytes());
    commit(dir, "config/prod.exs", b"import Config\n");
    commit(dir, "image.png", format!("\0{}", token('B')).as_bytes());
    git(dir, &["switch", "--quiet", "--create", "side"]);
    let side = commit(dir, "lib/a b \u{fc}.ex", token('C').as_bytes());
    git(dir, &["switch", "--quiet", "main"]);
    let found = history(dir, &rules).await.unwrap();
    assert_eq!(
        places(&found),
        [(first.as_str(), "config/prod.exs", 1), (side.as_str(), "lib/a b \u{fc}.ex", 1)]
    );
    assert_eq!((found.looked_at, found.too_large), (6, 0));
    let small = history(dir, &rules.largest(20)).await.unwrap();
    assert_eq!((small.secrets.len(), small.too_large), (0, 4));
}

#[tokio::test]
async fn commits_can_be_allowed() {
    let dir = repository();
    let first = commit(dir.path(), "a.ex", token('A').as_bytes());
    let second = commit(dir.path(), "b.ex", token('B').as_bytes());
    let text = format!("[extend]\nuseDefault = true\n[allowlist]\ncommits = ['{first}']\n");
    let file = TempDir::new().unwrap();
    let file = file.path().join("gitleaks.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    let found = history(dir.path(), &SecretRules::load(&file).unwrap()).await.unwrap();
    assert_eq!(places(&found), [(second.as_str(), "b.ex", 1)]);
}

#[tokio::test]
async fn many_files_and_large_ones_do_not_block_the_pipes() {
    let dir = repository();
    for number in 0..300 {
        let text = format!("{number}\n{}", "defmodule Shop do\n".repeat(number * 10));
        fs::write(dir.path().join(format!("{number}.ex")), text).unwrap();
    }
    commit(dir.path(), "last.ex", token('A').as_bytes());
    let found = history(dir.path(), &SecretRules::built_in().unwrap()).await.unwrap();
    assert_eq!((found.looked_at, found.secrets.len()), (301, 1));
}

#[tokio::test]
async fn what_is_not_whole_is_refused() {
    let rules = SecretRules::built_in().unwrap();
    let outside = TempDir::new().unwrap();
    let error = history(outside.path(), &rules).await.unwrap_err();
    assert!(matches!(error, SecretsError::NoRepository { .. }), "{error}");
    let error = tracked(outside.path()).await.unwrap_err();
    assert!(Fault::from(error).next_step().unwrap().contains("git init"));
    let dir = repository();
    commit(dir.path(), "a.ex", b"1\n");
    commit(dir.path(), "a.ex", b"2\n");
    let from = format!("file://{}", dir.path().display());
    git(outside.path(), &["clone", "--quiet", "--depth=1", &from, "shallow"]);
    let error = history(&outside.path().join("shallow"), &rules).await.unwrap_err();
    assert!(matches!(error, SecretsError::Shallow { .. }), "{error}");
    let error = history(&outside.path().join("nowhere"), &rules).await.unwrap_err();
    assert!(matches!(error, SecretsError::NoGit { .. }), "{error}");
    assert!(history(repository().path(), &rules).await.unwrap().secrets.is_empty());
}

#[tokio::test]
async fn tracked_files_are_those_that_are_files() {
    let dir = repository();
    let dir = dir.path();
    fs::write(dir.join(".gitignore"), "ignored\n").unwrap();
    fs::write(dir.join("ignored"), "").unwrap();
    std::os::unix::fs::symlink("a b \u{fc}.ex", dir.join("link")).unwrap();
    commit(dir, "lib/a b \u{fc}.ex", b"");
    fs::write(dir.join("untracked"), "").unwrap();
    assert_eq!(tracked(dir).await.unwrap(), [".gitignore", "lib/a b \u{fc}.ex"]);
    assert_eq!(tracked(&dir.join("lib")).await.unwrap(), ["a b \u{fc}.ex"]);
}
