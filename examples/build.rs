//! Makes documentation tests of the Rust in the guide, the README and the other pages: `src/lib.rs` includes them.
//!
//! A comment `<!-- rust … -->` right before a block is what surrounds it: the block stands where the comment says `...`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/guide"] {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        pages.extend(
            entries.map(|it| it.path()).filter(|it| it.extension().is_some_and(|it| it == "md")),
        );
    }
    pages.sort();
    let code: String = pages.iter().map(page).collect();
    #[expect(clippy::disallowed_methods, reason = "cargo tells build scripts this way")]
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("snippets.rs"), code).expect("OUT_DIR can be written");
}

/// A module for each block of a page.
fn page(path: &PathBuf) -> String {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path).unwrap_or_default();
    let name = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
    let name: String =
        name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect();
    let mut code = String::new();
    for (line, info, snippet) in snippets(&text) {
        let fenced = format!("```{info}\n{snippet}```");
        let name = name.to_lowercase();
        let _ = writeln!(code, "#[doc = {fenced:?}]\npub mod {name}_line_{line} {{}}");
    }
    code.replace("pub mod ", "pub mod page_")
}

/// The blocks that are to be compiled, with their first lines and what surrounds them.
fn snippets(text: &str) -> Vec<(usize, String, String)> {
    let (mut found, mut around) = (Vec::new(), None);
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if line == "<!-- rust" {
            let comment = lines.by_ref().map(|it| it.1).take_while(|it| *it != "-->");
            around = Some(comment.fold(String::new(), |text, line| text + line + "\n"));
        } else if let Some(info) = line.strip_prefix("```") {
            let block = lines.by_ref().map(|it| it.1).take_while(|it| *it != "```");
            let block = block.fold(String::new(), |text, line| text + line + "\n");
            let around = around.take().unwrap_or_else(|| "...\n".into());
            if info.starts_with("rust") && !info.contains("ignore") {
                let info = info.replace(' ', ",");
                found.push((number, info, around.replace("...\n", &block)));
            }
        } else if !line.is_empty() {
            around = None;
        }
    }
    found
}
