//! What the stand-in for flyctl and docker is to do, and what it saw.

use std::path::Path;

use serde_json::{Value, json};

/// Tells the stand-in, which is run in `dir`, what to do when it is run.
pub fn script(dir: &Path, acts: &[Value]) {
    std::fs::write(dir.join("stand-in.json"), json!(acts).to_string()).expect("a script");
}

/// How the stand-in was called, call by call.
#[must_use]
pub fn calls(dir: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(dir.join("stand-in.seen")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What flyctl says when a remote builder pushed an image of this digest.
#[must_use]
pub fn built(digest: &str) -> Vec<Value> {
    vec![
        json!({ "say": "==> Building image" }),
        json!({ "say": "#9 [builder 5/6] RUN mix release" }),
        json!({ "say": format!("#12 pushing manifest for {{reference}}@{digest} 0.4s done") }),
        json!({ "say": "--> Building image done" }),
        json!({ "say": "image: {reference}" }),
        json!({ "say": "image size: 48 MB" }),
    ]
}
