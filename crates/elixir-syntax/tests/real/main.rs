//! Held against Elixir itself: what `Code.string_to_quoted` makes of a text, and what we make of it, as one outline.

mod outline;

use std::path::{Path, PathBuf};
use std::process::Command;

use elixir_syntax::Tree;

/// Sources that stand where `ELIXIR_SOURCES` says, or our own.
fn sources() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test says so")]
    let given = std::env::var_os("ELIXIR_SOURCES").map(PathBuf::from);
    let ours = || vec![own.join("tests/real/sources"), own.join("../../examples/shop")];
    let mut open = given.map_or_else(ours, |it| vec![it]);
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["_build", "deps", "node_modules", ".git"].contains(&name.as_str()) {
            let entries = std::fs::read_dir(path).expect("the folder can be read");
            open.extend(entries.flatten().map(|it| it.path()));
        } else if path.extension().is_some_and(|it| it == "ex" || it == "exs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What Elixir makes of each file, in files of `out` named by number.
fn ask_elixir(files: &[PathBuf], out: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/outline.exs");
    let list = out.join("files");
    let lines: Vec<_> = files.iter().map(|it| it.display().to_string()).collect();
    std::fs::write(&list, lines.join("\n")).expect("the list can be written");
    let status = Command::new("elixir").arg(script).arg(&list).arg(out).status();
    assert!(status.expect("this test needs elixir").success());
}

#[test]
fn every_source_is_read_as_elixir_reads_it() {
    let out = tempfile::tempdir().unwrap();
    let files = sources();
    ask_elixir(&files, out.path());
    let (mut same, mut refused, mut lines) = (0, 0, 0);
    let mut different = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let source = std::fs::read_to_string(file).unwrap();
        let theirs = std::fs::read_to_string(out.path().join(number.to_string())).unwrap();
        lines += source.lines().count();
        let tree = Tree::parse(source);
        if theirs.starts_with("ERROR") {
            refused += 1;
            continue;
        }
        let ours = outline::of(&tree);
        if ours == theirs && tree.errors().is_empty() {
            same += 1;
        } else {
            different.push(explain(file, &tree, &ours, &theirs));
        }
    }
    println!(
        "{} files, {lines} lines: {same} read alike, {refused} that Elixir refuses",
        files.len()
    );
    different.truncate(12);
    assert!(different.is_empty(), "these differ:\n{}", different.join("\n"));
    assert!(same > 0);
}

/// The first line on which the two differ.
fn explain(file: &Path, tree: &Tree, ours: &str, theirs: &str) -> String {
    let errors: Vec<_> = tree.errors().iter().take(2).map(ToString::to_string).collect();
    let pairs = ours.lines().zip(theirs.lines()).enumerate();
    let first = pairs.into_iter().find(|(_, (our, their))| our != their);
    let (at, (our, their)) = first.unwrap_or((0, ("(shorter)", "(longer)")));
    format!(
        "{} {errors:?}\n  outline line {}\n  ours   {our}\n  theirs {their}",
        file.display(),
        at + 1
    )
}
