use std::path::Path;
use std::time::{Duration, SystemTime};

use pipeline_core::{CancelSource, FaultKind, Finding, Report, Verdict};

use super::*;
use crate::testing::{context, context_until, finding_as_text};

const LOCK: &str = "%{\n  \"shop\": {:hex, :shop, \"1.0.0\"},\n}";
const ADVISORY: &str = "id: GHSA-a\npackage: shop\nseverity: high\ntitle: T\nvulnerable_version_ranges:\n  - < 2.0.0\n";

/// A project with this `mix.exs` and this lock, and a folder of advisories beside it.
fn project(mix_exs: &str, lock: Option<&str>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("advisories")).unwrap();
    fs::write(dir.path().join("mix.exs"), mix_exs).unwrap();
    fs::write(dir.path().join("advisories/a.yml"), ADVISORY).unwrap();
    if let Some(lock) = lock {
        fs::write(dir.path().join("mix.lock"), lock).unwrap();
    }
    dir
}

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_004)
}

/// The gate, without Hex.
fn gate(dir: &Path) -> Security {
    let project = MixProject::at(dir).program("/nowhere/mix");
    Security::new(project, noon).without_retired().source(Source::Folder(dir.join("advisories")))
}

fn told(outcome: Outcome) -> String {
    match outcome {
        Err(fault) => format!("fault: {fault} ({})", fault.next_step().unwrap_or_default()),
        Ok(report) => {
            let findings = report.findings().iter().map(finding_as_text);
            format!("{:?} {}", report.verdict(), findings.collect::<Vec<_>>().join("; "))
        }
    }
}

#[tokio::test]
async fn the_lock_is_compared_without_mix() {
    let dir = project("[{:shop, \"~> 1.0\"}]", Some(LOCK));
    assert_eq!(
        told(gate(dir.path()).check(&context()).await),
        "Refused mix.lock:2 security/GHSA-a: shop 1.0.0: T (high, GHSA-a) -> \
         no version without it is known here: read the advisory"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_a_fault() {
    for (mix_exs, lock, wanted) in [
        ("[{:shop, \"~> 1.0\"}]", None, "fault: there is no mix.lock (run `mix deps.get`"),
        ("[app: :shop]", None, "Passed "),
        (
            "[app: :shop]",
            Some("%{"),
            "fault: mix.lock:1: the file ends in the middle of an expression (mend mix.lock",
        ),
        ("[app: :shop]", Some("%{}"), "Passed "),
        (
            "[app: :shop]",
            Some("<<<<<<< ours\n%{}"),
            "fault: mix.lock:1: a merge conflict is not resolved (resolve",
        ),
    ] {
        let dir = project(mix_exs, lock);
        let told = told(gate(dir.path()).check(&context()).await);
        assert!(told.starts_with(wanted), "{told}");
    }
}

#[tokio::test]
async fn tasks_are_run_where_the_project_has_their_tools() {
    for package in ["mix_audit", "sobelow"] {
        let dir = project(&format!("[{{:{package}, \"~> 1.0\"}}]"), Some(LOCK));
        let told = told(gate(dir.path()).check(&context()).await);
        // The vulnerable version blocks whatever else nobody can tell.
        assert!(told.starts_with("Refused ") && told.contains("could not tell: "), "{told}");
    }
}

struct Secrets;

#[async_trait]
impl Scan for Secrets {
    fn files(&self) -> Vec<String> {
        vec!["**/*.env".into()]
    }

    async fn scan(&self, _: &Context) -> Outcome {
        Ok(Report::refused(Finding::error("a key").rule("secret/x").at("a.env", 1))
            .number("secrets", 1.0))
    }
}

#[tokio::test]
async fn another_look_is_part_of_the_answer() {
    let dir = project("[app: :shop]", Some("%{}"));
    let gate = gate(dir.path()).scan(Secrets);
    let report = gate.check(&context()).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Refused);
    assert_eq!(report.numbers()["secrets"].to_bits(), 1.0_f64.to_bits());
    assert!(gate.inputs(&context()).unwrap().files.contains(&"**/*.env".to_owned()));
}

#[tokio::test]
async fn it_stops_when_it_is_asked_to() {
    let source = CancelSource::new();
    source.cancel();
    let dir = project("[app: :shop]", Some(LOCK));
    let fault = gate(dir.path()).check(&context_until(source.token())).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Cancelled);
}

#[test]
fn its_answer_is_of_a_day_of_these_advisories_and_of_this_policy() {
    let dir = project("[app: :shop]", Some(LOCK));
    let inputs = |gate: Security| gate.inputs(&context()).unwrap();
    let before = inputs(gate(dir.path()));
    assert!(!before.complete && before.files.contains(&"mix.lock".to_owned()));
    assert_eq!(before.settings["day"], "2027-01-15");
    let policy = Policy { block_at: crate::Rating::Low, ..Policy::default() };
    let tomorrow = || noon() + Duration::from_hours(24);
    let later = Security::new(MixProject::at(dir.path()), tomorrow);
    fs::write(dir.path().join("advisories/b.yml"), ADVISORY).unwrap();
    for (after, key) in [
        (inputs(gate(dir.path()).policy(policy)), "policy"),
        (inputs(gate(dir.path())), "advisories.0"),
        (inputs(later), "day"),
    ] {
        assert_ne!(after.settings.get(key), before.settings.get(key), "{key}");
    }
}
