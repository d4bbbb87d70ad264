//! The Rust of the guide, of the README and of the other pages, as documentation tests: `cargo test -p pipeline-examples --doc`.

include!(concat!(env!("OUT_DIR"), "/snippets.rs"));
