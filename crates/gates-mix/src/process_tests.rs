use nix::errno::Errno;
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use pipeline_core::CancelSource;
use secrecy::SecretString;

use super::*;
use crate::clean::Redactor;
use crate::testing::Heard;

/// Far longer than anything here takes, so that waiting for it would be seen.
const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn the_exit_code_and_both_streams_come_back() {
    let script = "echo out; echo err >&2; exit 3";
    let joined = sh(script).await;
    assert_eq!((joined.exit, &*joined.stdout, &*joined.stderr), (Exit::Code(3), "out\nerr\n", ""));
    let apart = Command { streams: Streams::Apart, ..command(script) };
    let apart = run_here(&apart, &Heard::default().context()).await.unwrap();
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
    let ended = run_here(&command, &Heard::default().context()).await.unwrap();
    assert_eq!(ended.stdout, "yes none\n");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let cx = Heard::default().context();
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
    let (heard, source) = (Heard::default(), CancelSource::new());
    let command = Command { grace: Duration::from_millis(200), ..command(stubborn) };
    let cx = heard.context_until(source.token());
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
    let (heard, source) = (Heard::default(), CancelSource::new());
    let command = Command { grace: LONG, ..command(polite) };
    let cx = heard.context_until(source.token());
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
    let heard = Heard::default();
    let (command, cx) = (command(stubborn), heard.context());
    let group = match select(pin!(run_here(&command, &cx)), pin!(group_of(&heard))).await {
        Either::Left((ended, _)) => panic!("{ended:?}"),
        Either::Right((group, _run_dropped_here)) => group,
    };
    gone(group).await;
}

#[tokio::test]
async fn a_child_left_behind_neither_survives_nor_holds_the_run() {
    let heard = Heard::default();
    let command = command("sleep 600 & echo $$");
    let ended = run_here(&command, &heard.context()).await.unwrap();
    assert_eq!(ended.exit, Exit::Code(0));
    assert!(ended.took < LONG);
    gone(group_of(&heard).await).await;
}

#[tokio::test]
async fn secrets_and_escape_sequences_reach_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("deep/step.log");
    let script =
        r"printf '\033[31mhunter\033[0m22 \033]0;title\007shown\n'; printf 'no newline hunter22'";
    let redactor = Redactor::new(&[SecretString::from("hunter22".to_owned())]);
    let heard = Heard::default();
    let cx = heard.context();
    let output = Output::new(&redactor, Some(&log), &cx).unwrap();
    let ended = run(&command(script), output, &cx).await.unwrap();
    let lines = ["[redacted] shown", "no newline [redacted]"];
    assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), lines);
    assert_eq!(heard.notes(), lines);
    assert_eq!(std::fs::read_to_string(log).unwrap().lines().collect::<Vec<_>>(), lines);
}

#[tokio::test]
async fn an_endless_output_takes_bounded_memory() {
    let ended = sh("head -c 3000000 /dev/zero | tr '\\0' x; yes | head -n 900000; echo end").await;
    assert!(ended.stdout.len() < 2_000_000, "{}", ended.stdout.len());
    assert!(ended.stdout.starts_with("xxx") && ended.stdout.ends_with("y\nend\n"));
}

async fn sh(script: &str) -> Ended {
    run_here(&command(script), &Heard::default().context()).await.unwrap()
}

async fn run_here(command: &Command, cx: &Context) -> Result<Ended, Error> {
    let redactor = Redactor::default();
    run(command, Output::new(&redactor, None, cx)?, cx).await
}

fn command(script: &str) -> Command {
    Command {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        dir: ".".into(),
        env: BTreeMap::new(),
        streams: Streams::Joined,
        grace: Duration::from_secs(5),
    }
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

/// Looks until there is something, for at most ten seconds.
async fn until<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    for _ in 0..1_000 {
        if let Some(seen) = look() {
            return Some(seen);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}
