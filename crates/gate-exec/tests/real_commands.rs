//! The gate with real processes: small shell scripts that stand for tools.

use std::fs;
use std::path::Path;
use std::time::Duration;

use futures::future::join;
use gate_exec::{ExecConfig, ExecGate, Reader};
use nix::errno::Errno;
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use pipeline_core::{CancelSource, Context, FaultKind, Gate, Outcome, Phase, Verdict};
use pipeline_testkit::{Heard, a_run};
use secrecy::SecretString;
use tempfile::TempDir;

const CLEAN: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[]}]}"#;
const FOUND: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[{"message":{"text":"bad"}}]}]}"#;

fn sh(script: &str, reader: Reader) -> ExecConfig {
    ExecConfig { reader, ..ExecConfig::new(["sh", "-c", script]) }
}

fn writing(report: &str, script: &str, reader: Reader) -> ExecConfig {
    ExecConfig { report: Some(report.into()), ..sh(script, reader) }
}

fn context(heard: &Heard, cancel: &CancelSource) -> Context {
    a_run("v1").events(heard.events()).cancel(cancel.token()).context(Phase::Validate, "lint")
}

async fn check(dir: &TempDir, config: ExecConfig) -> Outcome {
    let gate = ExecGate::new(dir.path(), config).expect("it could work");
    gate.check(&context(&Heard::new(), &CancelSource::new())).await
}

fn told(outcome: Outcome, dir: &Path) -> String {
    let told = match outcome {
        Ok(report) => {
            let findings = report.findings().iter().map(|it| format!("\n  {}", it.message));
            format!("{:?}{}", report.verdict(), findings.collect::<String>())
        }
        Err(fault) => {
            format!(
                "{:?}: {fault}\n  hint: {}",
                fault.kind(),
                fault.next_step().unwrap_or_default()
            )
        }
    };
    told.replace(&dir.display().to_string(), "DIR")
}

fn verdict(outcome: &Outcome) -> Option<Verdict> {
    outcome.as_ref().ok().map(pipeline_core::Report::verdict)
}

#[tokio::test]
async fn the_exit_code_is_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let said = async |script| told(check(&dir, sh(script, Reader::default())).await, dir.path());
    insta::assert_snapshot!(said("echo fine").await, @"Passed");
    insta::assert_snapshot!(said("echo one; echo two >&2; exit 1").await, @r"
    Refused
      `sh -c echo one; echo two >&2; exit 1` said no (exit code 1): one / two
    ");
    insta::assert_snapshot!(said("echo no such option; exit 2").await, @r"
    Permanent: `sh -c echo no such option; exit 2` ended with exit code 2, which is neither a yes nor a no: no such option
      hint: run `sh -c echo no such option; exit 2` by hand, or add 2 to refuse_codes if it is a no
    ");
    insta::assert_snapshot!(said("echo about to die; kill -9 $$").await, @r"
    Permanent: `sh -c echo about to die; kill -9 $$` was killed by signal 9: about to die
      hint: look for whoever killed it; signal 9 often means that memory ran out
    ");
}

#[tokio::test]
async fn a_program_with_a_slash_is_the_projects() {
    let dir = tempfile::tempdir().unwrap();
    let scripts = dir.path().join("scripts");
    fs::create_dir(&scripts).unwrap();
    let program = "#!/bin/sh\necho \"$PWD $* $MODE ${FLY_API_TOKEN-none}\"\nexit 1\n";
    fs::write(scripts.join("check"), program).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(scripts.join("check"), mode).unwrap();
    let config = ExecConfig {
        env: [("MODE".to_owned(), "strict".to_owned())].into(),
        ..ExecConfig::new(["scripts/check", "a b", "{files}", "$HOME"])
    };
    let here = dir.path().canonicalize().unwrap();
    let gate = ExecGate::new(&here, config).unwrap().without_env("FLY_API_TOKEN");
    let changed = vec!["lib/a.ex".to_owned(), "-x".to_owned()];
    let run = a_run("v1").changed(Some(changed));
    let said = told(gate.check(&run.context(Phase::Validate, "check")).await, &here);
    insta::assert_snapshot!(said, @r"
    Refused
      `scripts/check a b {files} $HOME` said no (exit code 1): DIR a b lib/a.ex ./-x $HOME strict none
    ");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_a_fault() {
    let dir = tempfile::tempdir().unwrap();
    for program in ["no-such-program-anywhere", "scripts/none"] {
        let fault = check(&dir, ExecConfig::new([program])).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Permanent);
        assert!(fault.message().contains(program) && fault.next_step().is_some(), "{fault}");
    }
}

#[tokio::test]
async fn a_document_on_standard_output_is_not_spoilt_by_standard_error() {
    let dir = tempfile::tempdir().unwrap();
    let heard = Heard::new();
    let gate = ExecGate::new(
        dir.path(),
        sh(&format!("echo loading >&2; echo '{FOUND}'; exit 1"), Reader::Sarif),
    );
    let outcome = gate.unwrap().check(&context(&heard, &CancelSource::new())).await;
    assert_eq!(told(outcome, dir.path()), "Refused\n  bad");
    assert_eq!(heard.notes()[1..], ["loading"]);
}

#[tokio::test]
async fn a_document_in_one_long_line_is_read_whole() {
    let dir = tempfile::tempdir().unwrap();
    let result = r#"{"message":{"text":"bad"}},"#.repeat(20_000);
    let long = FOUND.replace(r#"{"message":{"text":"bad"}}"#, result.trim_end_matches(','));
    assert!(long.len() > 500_000);
    fs::write(dir.path().join("long"), long).unwrap();
    let report = check(&dir, sh("cat long", Reader::Sarif)).await.unwrap();
    assert_eq!(report.numbers()["findings"].to_string(), "20000");
}

#[tokio::test]
async fn lines_are_read_from_both_streams_and_told_as_they_come() {
    let dir = tempfile::tempdir().unwrap();
    let reader = Reader::regex("^(?<file>[^:]+):(?<line>[0-9]+): (?<message>.+)").unwrap();
    let many =
        "i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo \"a.ex:$i: m\"; done; echo b.ex:1: e >&2";
    let heard = Heard::new();
    let gate = ExecGate::new(dir.path(), sh(many, reader)).unwrap();
    let report = gate.check(&context(&heard, &CancelSource::new())).await.unwrap();
    let places: Vec<_> =
        report.findings().iter().filter_map(pipeline_core::Finding::place).collect();
    assert_eq!(places, ["a.ex:1", "a.ex:2", "a.ex:3", "b.ex:1"]);
    assert_eq!(heard.notes().len(), 5);
}

#[tokio::test]
async fn of_an_endless_output_no_line_in_the_middle_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    let script = "line=$(head -c 20000 /dev/zero | tr '\\0' x); yes $line | head -n 100; echo BAD; yes $line | head -n 200";
    let outcome = check(&dir, sh(script, Reader::regex("BAD").unwrap())).await;
    assert_eq!(verdict(&outcome), Some(Verdict::Refused));
}

#[tokio::test]
async fn what_is_too_large_is_a_fault() {
    let dir = tempfile::tempdir().unwrap();
    for config in [
        sh("head -c 68000000 /dev/zero", Reader::Junit),
        sh("head -c 68000000 /dev/zero >&2", Reader::regex("BAD").unwrap()),
        writing("out", "head -c 68000000 /dev/zero > out", Reader::Sarif),
    ] {
        let fault = check(&dir, config).await.unwrap_err();
        assert!(fault.message().ends_with("is larger than 64 MiB"), "{fault}");
    }
}

#[tokio::test]
async fn a_report_in_a_file_is_read_and_an_old_one_never() {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("out.sarif");
    fs::write(&report, CLEAN).unwrap();
    let said = async |script: &str| {
        told(check(&dir, writing("out.sarif", script, Reader::Sarif)).await, dir.path())
    };
    insta::assert_snapshot!(said("echo nothing to do").await, @r"
    Permanent: `sh -c echo nothing to do` ended with exit code 0, and it did not write out.sarif: nothing to do
      hint: run `sh -c echo nothing to do` by hand, and look whether it writes what `read` says
    ");
    assert_eq!(said(&format!("echo '{CLEAN}' > out.sarif")).await, "Passed");
    insta::assert_snapshot!(said("echo cannot start >&2; exit 3").await, @r"
    Permanent: `sh -c echo cannot start >&2; exit 3` ended with exit code 3, and it did not write out.sarif: cannot start
      hint: run `sh -c echo cannot start >&2; exit 3` by hand, and look whether it writes what `read` says
    ");
    assert_eq!(said(&format!("echo '{FOUND}' > out.sarif; exit 1")).await, "Refused\n  bad");
    insta::assert_snapshot!(said("mkdir out.sarif").await, @r"
    Permanent: the report DIR/out.sarif could not be read: it is not a file
      hint: name a file that this user may write, read and remove
    ");
    assert!(
        said("exit 0")
            .await
            .starts_with("Permanent: the report DIR/out.sarif could not be removed")
    );
}

#[tokio::test]
async fn secrets_reach_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (heard, logs) = (Heard::new(), dir.path().join("logs"));
    let found = FOUND.replace("bad", "hunter22 is a password");
    let config = sh(&format!("echo using hunter22 >&2; echo '{found}'"), Reader::Sarif);
    let secrets = [SecretString::from("hunter22".to_owned())];
    let gate = ExecGate::new(dir.path(), config).unwrap().secrets(&secrets).log_dir(&logs);
    let report = gate.check(&context(&heard, &CancelSource::new())).await.unwrap();
    assert_eq!(report.findings()[0].message, "[redacted] is a password");
    assert_eq!(report.all_evidence()[0].value, logs.join("lint.log").to_str().unwrap());
    let log = fs::read_to_string(logs.join("lint.log")).unwrap();
    assert!(log.contains("[redacted] is a password") && !log.contains("hunter22"), "{log}");
    assert!(!heard.text().contains("hunter22"));
}

#[tokio::test]
async fn nothing_of_it_outlives_a_request_to_stop() {
    let dir = tempfile::tempdir().unwrap();
    let stubborn =
        "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $$; wait; wait";
    let (heard, source) = (Heard::new(), CancelSource::new());
    let gate = ExecGate::new(dir.path(), sh(stubborn, Reader::default())).unwrap();
    let gate = gate.grace(Duration::from_millis(200));
    let cx = context(&heard, &source);
    let stop = async {
        let group = until(|| heard.notes().get(1)?.parse().ok()).await;
        source.cancel();
        Pid::from_raw(group)
    };
    let (outcome, group) = join(gate.check(&cx), stop).await;
    assert_eq!(outcome.unwrap_err().kind(), FaultKind::Cancelled);
    until(|| (killpg(group, None) == Err(Errno::ESRCH)).then_some(())).await;
}

/// Looks until there is something, for at most two minutes.
async fn until<T>(look: impl Fn() -> Option<T>) -> T {
    for _ in 0..12_000 {
        if let Some(seen) = look() {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to that")
}
