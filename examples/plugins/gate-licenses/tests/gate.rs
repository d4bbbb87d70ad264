//! The gate as a run asks it, on folders as `mix deps.get` leaves them.

use std::error::Error;
use std::fs;
use std::sync::Arc;

use gate_licenses::Licenses;
use pipeline_core::{GateAnswer, Gates, Release, Run, RunId, Step, Trust, Verdict};
use pipeline_testkit::MemoryCache;
use tempfile::TempDir;

type Tested = Result<(), Box<dyn Error>>;

const LOCK: &str = "%{\n  \"jason\": {:hex, :jason, \"1.4.4\", \"c5\"},\n}\n";

/// A project with one package of this licence.
fn project(license: &str) -> Result<TempDir, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    fs::create_dir_all(dir.path().join("deps/jason"))?;
    fs::write(dir.path().join("mix.lock"), LOCK)?;
    let metadata = format!("{{<<\"licenses\">>,[{license}]}}.\n");
    fs::write(dir.path().join("deps/jason/hex_metadata.config"), metadata)?;
    Ok(dir)
}

async fn ask(gates: &Gates, dir: &TempDir) -> GateAnswer {
    let run = Run::new(RunId::new("run-1"), Release::new("v1"), dir.path());
    gates.check(&run).await.remove(0)
}

fn gates(allowed: &[&str], cache: &MemoryCache) -> Result<Gates, Box<dyn Error>> {
    let gate = Licenses::allow(allowed.iter().copied());
    let gates = Gates::builder().gate(Step::gate("licenses", gate));
    Ok(gates.cache(Arc::new(cache.clone()), Trust::Declared).build()?)
}

#[tokio::test]
async fn a_licence_is_allowed_or_not_and_none_is_neither() -> Tested {
    for (license, verdict) in [
        ("<<\"Apache-2.0\">>", Verdict::Passed),
        ("<<\"AGPL-3.0\">>,<<\"MIT\">>", Verdict::Passed),
        ("<<\"AGPL-3.0\">>", Verdict::Refused),
        ("", Verdict::Inconclusive),
    ] {
        let dir = project(license)?;
        let answer = ask(&gates(&["MIT", "Apache-2.0"], &MemoryCache::new())?, &dir).await;
        let report = answer.outcome.expect("nobody stopped it")?;
        assert_eq!(report.verdict(), verdict, "{license}");
        if verdict != Verdict::Passed {
            assert_eq!(report.findings()[0].place().as_deref(), Some("mix.lock:2"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_no_answer_and_says_what_to_do() -> Tested {
    let dir = project("<<\"MIT\">>")?;
    fs::remove_file(dir.path().join("deps/jason/hex_metadata.config"))?;
    let gates = gates(&["MIT"], &MemoryCache::new())?;
    let fault = ask(&gates, &dir).await.outcome.expect("nobody stopped it").unwrap_err();
    assert!(fault.to_string().contains("deps/jason/hex_metadata.config"), "{fault}");
    assert!(!fault.is_transient());
    assert!(fault.next_step().is_some_and(|it| it.contains("mix deps.get")));
    Ok(())
}

#[tokio::test]
async fn the_same_is_not_asked_twice_and_other_limits_are() -> Tested {
    let dir = project("<<\"MIT\">>")?;
    let cache = MemoryCache::new();
    assert!(!ask(&gates(&["MIT"], &cache)?, &dir).await.cached);
    assert!(
        ask(&gates(&["MIT"], &cache)?, &dir).await.cached,
        "it declares all that it depends on"
    );
    assert!(!ask(&gates(&["Apache-2.0"], &cache)?, &dir).await.cached);
    Ok(())
}
