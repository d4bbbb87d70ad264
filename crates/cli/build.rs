//! Bundles the sample application, so that `pipeline demo` needs nothing but itself. `shop` is a link to `examples/shop`, and a
//! folder of the published package.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What a build leaves behind is no part of the sample.
const LEFT_OUT: [&str; 5] = ["_build", "deps", "cover", ".pipeline", ".elixir_ls"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("shop");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut code = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root).expect("it was found below the root").display();
        let (name, file) = (name.to_string(), file.display().to_string());
        let _ = writeln!(code, "    ({name:?}, include_bytes!({file:?})),");
    }
    code.push(']');
    #[expect(clippy::disallowed_methods, reason = "cargo tells build scripts this way")]
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&out).join("shop.rs"), code).expect("OUT_DIR can be written");
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    // Telling cargo the folder, not the tree: what a build leaves behind must not start another one.
    println!("cargo::rerun-if-changed={}", dir.display());
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if LEFT_OUT.iter().any(|left| name == *left) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
}
