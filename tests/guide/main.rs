//! The documentation is held to what it says: links lead somewhere, and every snippet is read, parsed, compared or run.
//!
//! What a fenced block is, its info string says:
//!
//! * `toml`: a whole `pipeline.toml`. `toml fly.toml`, `toml Cargo.toml`: such a file. `toml sim`: a world for `pipeline sim`.
//! * `console`: lines after `$ ` are commands; those of `pipeline` are parsed. `console run`: they are run, one after the other, in a copy
//!   of `examples/shop` beside a simulated Fly.io; the lines below a command are what it says, in that order (see `compare.rs`).
//! * `rust`: compiled and run as a documentation test of the crate in `examples` (see its `build.rs`). With `ignore file=PATH`: a
//!   piece of that file, word for word.
//! * `json`: one object, or one a line; events among them are held to their schema.
//! * `text`, `sh`, `bash`, none, or indented: lines that begin with `pipeline` or `$ pipeline` are parsed.
//!
//! Nothing else: what nobody reads may say anything.

mod commands;
mod compare;
mod json;
mod links;
mod markdown;
mod run;
mod snippets;

use std::path::{Path, PathBuf};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the repository is there")
}
