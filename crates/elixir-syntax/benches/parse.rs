//! How fast sources become trees: `ELIXIR_SOURCES=FOLDER cargo bench -p elixir-syntax`, or the example application.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark measures, and says what it measured"
)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use elixir_syntax::Tree;

fn collect(dir: &Path, sources: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|it| it == "ex" || it == "exs") {
            sources.extend(std::fs::read_to_string(path));
        }
    }
}

fn main() {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    let root = std::env::var_os("ELIXIR_SOURCES").map_or_else(own, PathBuf::from);
    let mut sources = Vec::new();
    collect(&root, &mut sources);
    let bytes: usize = sources.iter().map(String::len).sum();
    let rounds = (40_000_000 / bytes.max(1)).max(1);
    let mut nodes = 0;
    let began = Instant::now();
    for _ in 0..rounds {
        nodes += sources
            .iter()
            .map(|it| Tree::parse(it.as_str()).root().descendants().count())
            .sum::<usize>();
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let megabytes = (bytes * rounds) as f64 / 1e6;
    println!(
        "{} files, {megabytes:.1} MB, {nodes} nodes: {:.1} MB/s on one core",
        sources.len(),
        megabytes / seconds
    );
}
