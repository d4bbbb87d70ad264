use std::fs;
use std::time::SystemTime;

use pipeline_core::{
    Cancel, CancelSource, Event, EventKind, Events, Fault, FaultKind, Observer, Phase, Release,
    Run, RunId,
};
use pipeline_testkit::{Heard, a_run};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

/// Hands on what is noted.
struct Told(UnboundedSender<String>);

impl Observer for Told {
    fn observe(&mut self, event: &Event) {
        if let EventKind::Noted { message, .. } = &event.kind {
            self.0.send(message.clone()).unwrap();
        }
    }
}

fn context(cancel: Cancel) -> (Context, UnboundedReceiver<String>) {
    let (tell, told) = unbounded_channel();
    let events = Events::new(|| SystemTime::UNIX_EPOCH, vec![Box::new(Told(tell))]);
    let run = Run::new(RunId::new("run-1"), Release::new("v1"), ".");
    (run.events(events).cancel(cancel).context(Phase::Validate, "compile"), told)
}

fn building(name: &str, value: &str) -> Command {
    let env = [(name.to_owned(), Some(value.into()))].into();
    Command { env, ..Command::new("mix", "/shop") }
}

#[tokio::test]
async fn a_folder_in_which_another_process_builds_is_waited_for_and_that_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let (locks, dev) = (dir.path().join("locks"), building("MIX_ENV", "dev"));
    let (cx, mut told) = context(Cancel::never());
    // Each has lanes of its own, as another process would.
    let first = Lanes::default().turn(&dev, Some(&locks), &cx).await.unwrap();
    let other = Lanes::default();
    let mut waiting = Box::pin(other.turn(&dev, Some(&locks), &cx));
    let note = tokio::select! {
        turn = &mut waiting => panic!("{turn:?}"),
        note = told.recv() => note,
    };
    assert_eq!(note.as_deref(), Some("waiting: another pipeline builds in _build/dev"));
    let test = building("MIX_ENV", "test");
    assert!(Lanes::default().turn(&test, Some(&locks), &cx).await.unwrap().is_some());
    first.unwrap().finished();
    assert!(waiting.await.unwrap().is_some());
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn who_waits_for_another_process_can_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let (locks, shared) = (dir.path(), building("MIX_BUILD_PATH", "_build/shared"));
    let source = CancelSource::new();
    let (cx, mut told) = context(source.token());
    let _first = Lanes::default().turn(&shared, Some(locks), &cx).await.unwrap();
    let other = Lanes::default();
    let stop = async {
        assert_eq!(
            told.recv().await.as_deref(),
            Some("waiting: another pipeline builds in /shop/_build/shared")
        );
        source.cancel();
    };
    let (turn, ()) = futures::join!(other.turn(&shared, Some(locks), &cx), stop);
    assert!(turn.unwrap().is_none());
}

#[tokio::test]
async fn a_lock_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let (dev, (cx, _)) = (building("MIX_ENV", "dev"), context(Cancel::never()));
    let turn = Lanes::default().turn(&dev, Some(&file.join("locks")), &cx).await;
    let fault = Fault::from(turn.unwrap_err());
    let path = file.join("locks/build-dev.lock");
    assert_eq!(fault.message(), format!("the lock {} could not be taken", path.display()));
    assert_eq!(fault.kind(), FaultKind::Permanent);
    insta::assert_snapshot!(fault.next_step().unwrap(), @"see that the folder can be written and is on a disk of this machine, or name another one for locks");
}

#[tokio::test]
async fn after_a_task_that_did_not_end_by_itself_the_own_applications_are_built_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (locks, built) = (dir.path().join("locks"), dir.path().join("_build/dev/lib"));
    fs::write(dir.path().join("mix.exs"), "[app: :shop]").unwrap();
    let dev = Command { dir: dir.path().into(), ..building("MIX_ENV", "dev") };
    let next = async || {
        for app in ["shop", "jason"] {
            fs::create_dir_all(built.join(app).join("ebin")).unwrap();
        }
        let heard = Heard::new();
        let cx = a_run("v1").events(heard.events()).context(Phase::Validate, "step");
        let turn = Lanes::default().turn(&dev, Some(&locks), &cx).await.unwrap();
        let there = ["shop", "jason"].map(|app| built.join(app).exists());
        (turn.unwrap(), there, heard.notes())
    };
    for ended in [true, false] {
        let (turn, there, notes) = next().await;
        assert_eq!((there, notes), ([true, true], vec![]));
        if ended { turn.finished() } else { drop(turn) }
    }
    let (turn, there, notes) = next().await;
    assert_eq!(there, [false, true]);
    assert_eq!(notes, ["_build/dev was left half built: the project is compiled anew"]);
    turn.finished();
    assert_eq!(next().await.1, [true, true]);
}
