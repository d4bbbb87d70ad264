//! Is each crate ready to publish? Its package is made as `cargo publish` would make it, and looked into.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use crate::shell::{output, run};

/// Packages of sources alone are far below this. More is a fixture that went along.
const MOST_BYTES: u64 = 512 * 1024;

/// What a package must have beside its sources.
const WANTED: [&str; 4] = ["Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Members of the workspace that nobody publishes, beside the examples of plug-ins.
const PRIVATE: [&str; 4] = ["pipeline-tests", "pipeline-examples", "deploy-shop", "xtask"];

/// A crate under `crates/`.
struct Published {
    name: String,
    folder: PathBuf,
}

/// Makes all packages, looks into each, and builds the first that would be published from its package alone.
pub(crate) fn check() -> Result<(), String> {
    let version = version()?;
    let private = private()?;
    let left_out = private.iter().flat_map(|it| ["--exclude", it.as_str()]);
    let fixed = ["package", "--workspace", "--no-verify", "--allow-dirty", "--offline", "--quiet"];
    let args: Vec<&str> = fixed.into_iter().chain(["--target-dir", "target/packages"]).collect();
    run("cargo", &[args, left_out.collect()].concat())?;
    let published = published()?;
    let wrong: Vec<String> =
        published.iter().map(|it| look_into(it, &version)).collect::<Result<Vec<_>, _>>()?.concat();
    if !wrong.is_empty() {
        return Err(format!("not ready to publish:\n  {}", wrong.join("\n  ")));
    }
    say(&format!("{} packages are ready to publish", published.len()));
    run("cargo", &["package", "-p", "pipeline-core", "--allow-dirty", "--offline", "--quiet"])
}

/// What is wrong with one package.
fn look_into(published: &Published, version: &str) -> Result<Vec<String>, String> {
    let Published { name, folder } = published;
    let archive = format!("target/packages/package/{name}-{version}.crate");
    let listed = output("tar", &["-tzf", &archive]);
    let listed = listed.ok_or_else(|| format!("{archive} cannot be listed; is `tar` there?"))?;
    let top = format!("{name}-{version}/");
    let files: Vec<&str> = listed.lines().filter_map(|it| it.strip_prefix(&top)).collect();
    let bytes = fs::metadata(&archive).map_err(|error| said(&archive, &error))?.len();
    let mut wrong = missing(&files);
    if bytes > MOST_BYTES {
        wrong.push(format!("it has {bytes} bytes, and at most {MOST_BYTES} are meant"));
    }
    let is_source = |it: &&&str| Path::new(it).extension().is_some_and(|it| it == "rs");
    for file in files.iter().filter(is_source) {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).map_err(|error| said(&path.display(), &error))?;
        wrong.extend(strays(file, &text, &files));
    }
    Ok(wrong.into_iter().map(|it| format!("{name}: {it}")).collect())
}

fn missing(files: &[&str]) -> Vec<String> {
    let missing = WANTED.iter().filter(|wanted| !files.contains(wanted));
    missing.map(|it| format!("{it} is not in the package")).collect()
}

/// What a source includes that the package does not have: it would not compile at a stranger's.
fn strays(file: &str, text: &str, files: &[&str]) -> Vec<String> {
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let strays = included(text).filter_map(|target| {
        let path = resolved(&folder.join(target));
        let there = path.as_deref().is_some_and(|it| files.contains(&it));
        // Tests are not compiled where a package is used; outside the crate they must not look all the same.
        let fine = there || (is_test(file) && path.is_some());
        (!fine).then(|| format!("{file} includes {target}, which is not in the package"))
    });
    strays.collect()
}

/// The literal paths of `include_str!` and its kin.
fn included(text: &str) -> impl Iterator<Item = &str> {
    let kin = ["include_str!(\"", "include_bytes!(\"", "include!(\""];
    kin.into_iter()
        .flat_map(|opening| text.split(opening).skip(1).filter_map(|rest| rest.split('"').next()))
}

/// The path without `..`; `None` where it leaves the crate.
fn resolved(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::ParentDir => drop(parts.pop()?),
            _ => {}
        }
    }
    Some(parts.join("/"))
}

fn is_test(file: &str) -> bool {
    file.ends_with("tests.rs") || file.split('/').any(|it| it == "tests" || it == "corpus")
}

fn published() -> Result<Vec<Published>, String> {
    let folders = folders("crates")?;
    let named = folders.into_iter().map(|folder| Ok(Published { name: name(&folder)?, folder }));
    named.collect()
}

fn private() -> Result<Vec<String>, String> {
    let plugins = folders("examples/plugins").unwrap_or_default();
    let plugins = plugins.iter().map(|it| name(it)).collect::<Result<Vec<_>, _>>()?;
    Ok(PRIVATE.into_iter().map(str::to_owned).chain(plugins).collect())
}

fn folders(parent: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(parent).map_err(|error| said(&parent, &error))?;
    let mut folders: Vec<PathBuf> = entries.flatten().map(|it| it.path()).collect();
    folders.retain(|it| it.join("Cargo.toml").is_file());
    folders.sort();
    Ok(folders)
}

fn name(folder: &Path) -> Result<String, String> {
    key(&folder.join("Cargo.toml"), "name")
}

fn version() -> Result<String, String> {
    key(Path::new("Cargo.toml"), "version")
}

/// The first `key = "value"` of a manifest.
fn key(manifest: &Path, key: &str) -> Result<String, String> {
    let text = fs::read_to_string(manifest).map_err(|error| said(&manifest.display(), &error))?;
    let opening = format!("{key} = \"");
    let value = text.lines().find_map(|line| line.strip_prefix(&opening)?.strip_suffix('"'));
    value.map(str::to_owned).ok_or_else(|| format!("{} has no `{key}`", manifest.display()))
}

fn said(what: &dyn std::fmt::Display, error: &io::Error) -> String {
    format!("{what}: {error}")
}

#[expect(clippy::print_stderr, reason = "a chore talks to its terminal")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_from_outside_the_package_is_a_stray() {
        let files = ["src/lib.rs", "src/quality/run.rs", "src/elixir/run.exs"];
        let fine = "const A: &str = include_str!(\"../elixir/run.exs\");";
        assert_eq!(strays("src/quality/run.rs", fine, &files), [""; 0]);
        for target in ["../../../../examples/shop/mix.exs", "../fixtures/a.json", "gone.txt"] {
            let text = format!("include_bytes!(\"{target}\")");
            let said = format!("src/quality/run.rs includes {target}, which is not in the package");
            assert_eq!(strays("src/quality/run.rs", &text, &files), [said]);
        }
    }

    #[test]
    fn a_test_may_read_what_stays_in_the_repository_but_nothing_outside_its_crate() {
        let fixture = "include_str!(\"../fixtures/a.json\")";
        assert_eq!(strays("src/tests.rs", fixture, &[]), [""; 0]);
        assert_eq!(strays("src/tests.rs", "include_str!(\"../../other/a\")", &[]).len(), 1);
    }

    #[test]
    fn what_a_package_must_have_is_named() {
        assert_eq!(missing(&["Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE"]), [""; 0]);
        assert_eq!(missing(&["Cargo.toml"]).len(), 3);
    }
}
