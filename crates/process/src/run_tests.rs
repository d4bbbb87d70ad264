use nix::errno::Errno;
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use pipeline_core::{Cancel, CancelSource, Phase};
use pipeline_testkit::{Heard, a_run};
use secrecy::SecretString;

use super::*;
use crate::clean::Redactor;
use crate::command::{Leftovers, Streams};

/// Far longer than anything here takes, so that waiting for it would be seen.
const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn the_exit_code_and_both_streams_come_back() {
    let script = "echo out; echo err >&2; exit 3";
    let joined = sh(script).await;
    assert_eq!((joined.exit, &*joined.stdout, &*joined.stderr), (Exit::Code(3), "out\nerr\n", ""));
    let apart = Command { streams: Streams::Apart, ..command(script) };
    let apart = run_here(&apart, &context(&Heard::new())).await.unwrap();
    assert_eq!((&*apart.stdout, &*apart.stderr), ("out\n", "err\n"));
}

#[tokio::test]
async fn a_kill_by_somebody_else_is_not_ours() {
    assert_eq!(sh("kill -9 $$").await.exit, Exit::Signal(9));
}

#[tokio::test]
async fn it_has_no_standard_input_and_only_the_environment_it_should() {
    let env = [("GIVEN".to_owned(), Some("yes".into())), ("HOME".to_owned(), None)];
    let command = Command { env: env.into(), ..command("cat; echo $GIVEN ${HOME-none}") };
    let ended = run_here(&command, &context(&Heard::new())).await.unwrap();
    assert_eq!(ended.stdout, "yes none\n");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let cx = context(&Heard::new());
    let missing = Command { program: "/no/such/mix".into(), ..command("") };
    assert!(matches!(run_here(&missing, &cx).await, Err(Error::NotFound { .. })));
    let nowhere = Command { dir: "/no/such/folder".into(), ..command("") };
    assert!(matches!(run_here(&nowhere, &cx).await, Err(Error::NoFolder { .. })));
    let no_program = Command { program: "/etc/passwd".into(), ..command("") };
    assert!(matches!(run_here(&no_program, &cx).await, Err(Error::Start { .. })));
}

#[tokio::test]
async fn stopping_reaches_the_whole_group_even_when_it_ignores_sigterm() {
    let stubborn =
        "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $$; wait; wait";
    let (heard, source) = (Heard::new(), CancelSource::new());
    let command = Command { grace: Duration::from_millis(200), ..command(stubborn) };
    let cx = until_asked(&heard, source.token());
    let stop = async {
        let group = group_of(&heard).await;
        source.cancel();
        group
    };
    let (ended, group) = join(run_here(&command, &cx), stop).await;
    assert_eq!(ended.unwrap().exit, Exit::Stopped);
    gone(group).await;
}

#[tokio::test]
async fn what_ends_well_after_sigterm_was_still_stopped_by_us() {
    let polite = "trap 'echo bye; exit 0' TERM; echo $$; while :; do sleep 0.05; done";
    let (heard, source) = (Heard::new(), CancelSource::new());
    let command = Command { grace: LONG, ..command(polite) };
    let cx = until_asked(&heard, source.token());
    let stop = async {
        group_of(&heard).await;
        source.cancel();
    };
    let (ended, ()) = join(run_here(&command, &cx), stop).await;
    let ended = ended.unwrap();
    assert_eq!(ended.exit, Exit::Stopped);
    assert!(ended.stdout.ends_with("bye\n") && ended.took < LONG, "{ended:?}");
}

#[tokio::test]
async fn dropping_the_run_kills_the_whole_group() {
    let stubborn =
        "trap '' TERM HUP; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $$; wait";
    let heard = Heard::new();
    let (command, cx) = (command(stubborn), context(&heard));
    let group = match select(pin!(run_here(&command, &cx)), pin!(group_of(&heard))).await {
        Either::Left((ended, _)) => panic!("{ended:?}"),
        Either::Right((group, _run_dropped_here)) => group,
    };
    gone(group).await;
}

#[tokio::test]
async fn a_child_left_behind_neither_survives_nor_holds_the_run() {
    let heard = Heard::new();
    let command = command("sleep 600 & echo $$");
    let ended = run_here(&command, &context(&heard)).await.unwrap();
    assert_eq!(ended.exit, Exit::Code(0));
    assert!(ended.took < LONG);
    gone(group_of(&heard).await).await;
}

#[tokio::test]
async fn a_child_in_another_session_stays_or_goes_as_the_command_says() {
    // It ends once its child, which waits for ever, has a session of its own.
    let script = "mkfifo up never; setsid sh -c 'echo $$; exec > /dev/null 2>&1; echo > up; read -r _ < never' & read -r _ < up";
    for leftovers in [Leftovers::Spared, Leftovers::Killed] {
        let dir = tempfile::tempdir().unwrap();
        let heard = Heard::new();
        let command = Command { leftovers, dir: dir.path().into(), ..command(script) };
        let ended = run_here(&command, &context(&heard)).await.unwrap();
        assert_eq!(ended.exit, Exit::Code(0));
        let session = group_of(&heard).await;
        if leftovers == Leftovers::Spared {
            killpg(session, Signal::SIGKILL).expect("it is still there");
        }
        gone(session).await;
    }
}

#[tokio::test]
async fn dropping_the_run_kills_what_has_left_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let heard = Heard::new();
    let script = "mkfifo never; setsid sh -c 'echo $$; read -r _ < never' & wait";
    let leftovers = Leftovers::Killed;
    let command = Command { leftovers, dir: dir.path().into(), ..command(script) };
    let cx = context(&heard);
    let session = match select(pin!(run_here(&command, &cx)), pin!(group_of(&heard))).await {
        Either::Left((ended, _)) => panic!("{ended:?}"),
        Either::Right((session, _run_dropped_here)) => session,
    };
    gone(session).await;
}

#[tokio::test]
async fn secrets_and_escape_sequences_reach_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("deep/step.log");
    let script =
        r"printf '\033[31mhunter\033[0m22 \033]0;title\007shown\n'; printf 'no newline hunter22'";
    let redactor = Redactor::new(&[SecretString::from("hunter22".to_owned())]);
    let heard = Heard::new();
    let cx = context(&heard);
    let output = Output::new(&redactor, Some(&log), &cx).unwrap();
    let ended = run(&command(script), output, &cx).await.unwrap();
    let lines = ["[redacted] shown", "no newline [redacted]"];
    assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), lines);
    assert_eq!(heard.notes(), lines);
    assert_eq!(std::fs::read_to_string(log).unwrap().lines().collect::<Vec<_>>(), lines);
}

/// The clock stands still but for the wait for the rest of the output, which is over at once.
#[tokio::test(start_paused = true)]
async fn a_line_without_end_is_kept_although_the_pipe_is_still_held() {
    let dir = tempfile::tempdir().unwrap();
    let script = "mkfifo up never; setsid sh -c 'echo $$; echo > up; read -r _ < never' & read -r _ < up; printf 'no end'";
    let heard = Heard::new();
    let command = Command { dir: dir.path().into(), ..command(script) };
    let ended = run_here(&command, &context(&heard)).await.unwrap();
    let session = Pid::from_raw(heard.notes()[0].parse().unwrap());
    killpg(session, Signal::SIGKILL).expect("it is still there");
    assert_eq!(ended.stdout, format!("{session}\nno end\n"));
    assert_eq!(heard.notes().last().unwrap(), "no end");
}

#[tokio::test]
async fn an_endless_output_takes_bounded_memory() {
    let ended = sh("head -c 3000000 /dev/zero | tr '\\0' x; yes | head -n 900000; echo end").await;
    assert!(ended.stdout.len() < 2_000_000, "{}", ended.stdout.len());
    assert!(ended.stdout.starts_with("xxx") && ended.stdout.ends_with("y\nend\n"));
}

#[tokio::test]
async fn a_document_comes_back_as_it_was_and_is_told_to_nobody() {
    let script = r"printf 'a\033[1m\r\n\000\377b'; echo beside >&2";
    let heard = Heard::new();
    let (cx, redactor) = (context(&heard), Redactor::default());
    let output = || Output::new(&redactor, None, &cx).unwrap().quiet();
    let apart = Command { streams: Streams::Apart, ..command(script) };
    let ended = run(&apart, output().whole(1_000), &cx).await.unwrap();
    assert_eq!(ended.whole, b"a\x1b[1m\r\n\0\xffb");
    assert_eq!((&*ended.stderr, heard.notes()), ("beside\n", vec!["beside".to_owned()]));
    let cut = run(&apart, output().whole(3), &cx).await.unwrap();
    assert_eq!((&*cut.whole, &*cut.stdout), (&b"a\x1b["[..], "a\n\u{fffd}b\n"));
}

async fn sh(script: &str) -> Ended {
    run_here(&command(script), &context(&Heard::new())).await.unwrap()
}

async fn run_here(command: &Command, cx: &Context) -> Result<Ended, Error> {
    let redactor = Redactor::default();
    run(command, Output::new(&redactor, None, cx)?, cx).await
}

fn command(script: &str) -> Command {
    Command { args: vec!["-c".into(), script.into()], ..Command::new("sh", ".") }
}

fn context(heard: &Heard) -> Context {
    until_asked(heard, Cancel::never())
}

fn until_asked(heard: &Heard, cancel: Cancel) -> Context {
    a_run("v1").events(heard.events()).cancel(cancel).context(Phase::Validate, "step")
}

/// The group's number, which the scripts print first.
async fn group_of(heard: &Heard) -> Pid {
    until(|| heard.notes().first().and_then(|note| note.parse().ok()))
        .await
        .map(Pid::from_raw)
        .unwrap()
}

async fn gone(group: Pid) {
    let gone = || (killpg(group, None) == Err(Errno::ESRCH)).then_some(());
    assert!(until(gone).await.is_some(), "the group {group} is still there");
}

/// Looks until there is something, for at most two minutes.
async fn until<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    for _ in 0..12_000 {
        if let Some(seen) = look() {
            return Some(seen);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}
