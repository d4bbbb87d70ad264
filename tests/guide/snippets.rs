//! Every block has a reader. TOML is such as its reader takes; Rust is compiled, or a piece of a file that is.

use std::fs;
use std::path::Path;

use target_flyio::FlyToml;

use crate::markdown::{Block, pages};
use crate::root;

/// Does a test read blocks of this kind? Those of TOML and of Rust look at their further words themselves.
fn has_a_reader(block: &Block) -> bool {
    let more: Vec<&str> = block.info.iter().skip(1).map(String::as_str).collect();
    match block.language() {
        "toml" | "rust" => true,
        "console" => more.is_empty() || more == ["run"],
        "" | "text" | "sh" | "bash" | "json" => more.is_empty(),
        _ => false,
    }
}

#[test]
fn every_block_is_of_a_kind_that_a_test_reads() {
    let pages = pages();
    let blocks = pages.iter().flat_map(|it| &it.blocks).filter(|it| !has_a_reader(it));
    let wrong: Vec<_> = blocks
        .map(|it| {
            let info = it.info.join(" ");
            format!("{}: nobody reads `{info}`; see tests/guide/main.rs", it.place)
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_toml_block_is_taken_by_its_reader() {
    let project = tempfile::tempdir().expect("a folder");
    crate::run::copy_shop(project.path());
    let pages = pages();
    let blocks = pages.iter().flat_map(|it| &it.blocks).filter(|it| it.language() == "toml");
    let read: Vec<_> = blocks.map(|it| (it, wrong_toml(it, project.path()))).collect();
    let wrong: Vec<_> = read
        .iter()
        .filter_map(|(block, wrong)| Some(format!("{}: {}", block.place, wrong.as_ref()?)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(read.len() > 5, "only {} blocks were found", read.len());
}

fn wrong_toml(block: &Block, project: &Path) -> Option<String> {
    match block.info.get(1).map(String::as_str) {
        None => {
            let path = project.join("pipeline.toml");
            fs::write(&path, &block.text).expect("the file can be written");
            pipeline_cli::check_config(&path).err()
        }
        Some("fly.toml") => {
            FlyToml::parse(Path::new("fly.toml"), &block.text).err().map(|it| it.to_string())
        }
        Some("Cargo.toml" | "mise.toml" | "book.toml" | "sim") => {
            toml::from_str::<toml::Table>(&block.text).err().map(|it| it.to_string())
        }
        Some(other) => Some(format!("nobody reads `toml {other}`; see tests/guide/main.rs")),
    }
}

#[test]
fn every_piece_of_rust_is_compiled_or_stands_in_a_file_that_is() {
    let mut wrong = Vec::new();
    for block in pages().iter().flat_map(|it| &it.blocks).filter(|it| it.language() == "rust") {
        let file = block.info.iter().find_map(|it| it.strip_prefix("file="));
        match (block.says("ignore"), file) {
            (false, None) => {}
            (true, Some(file)) => wrong.extend(not_in(file, block)),
            _ => wrong.push(format!("{}: say `ignore file=PATH`, or neither", block.place)),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Pieces apart by a line `// …` must follow each other in the file. How far they are indented there does not matter.
fn not_in(file: &str, block: &Block) -> Option<String> {
    let Ok(source) = fs::read_to_string(root().join(file)) else {
        return Some(format!("{}: there is no {file}", block.place));
    };
    let source = flat(&source);
    let mut rest = source.as_str();
    for piece in block.text.split("// …\n") {
        let piece = flat(piece);
        let Some(at) = rest.find(&piece) else {
            return Some(format!(
                "{}: this does not stand in {file} (there):\n{piece}",
                block.place
            ));
        };
        rest = &rest[at + piece.len()..];
    }
    None
}

fn flat(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    lines.join("\n")
}

#[test]
fn a_wrong_snippet_is_found() {
    let project = tempfile::tempdir().expect("a folder");
    let block = |info: &str, text: &str| Block {
        place: "a.md:1".into(),
        info: info.split(' ').map(str::to_owned).collect(),
        text: text.into(),
    };
    for (info, text) in [
        ("toml", "[gates.tset]\nenabled = true\n"),
        ("toml fly.toml", "app = 1\n"),
        ("toml Cargo.toml", "[dependencies\n"),
        ("toml other", "a = 1\n"),
    ] {
        assert!(wrong_toml(&block(info, text), project.path()).is_some(), "{info}: {text}");
    }
    for (info, known) in [
        ("console run", true),
        ("console rnu", false),
        ("text", true),
        ("jsno", false),
        ("json5", false),
        ("elixir", false),
    ] {
        assert_eq!(has_a_reader(&block(info, "")), known, "{info}");
    }
    let file = "examples/plugins/policy-budget/src/lib.rs";
    assert!(not_in(file, &block("rust", "pub struct Budget {\n// …\nfn weigh(&self")).is_none());
    assert!(not_in(file, &block("rust", "fn weigh(&self\n// …\npub struct Budget {")).is_some());
    assert!(not_in(file, &block("rust", "pub struct Budgets {\n")).is_some());
}
