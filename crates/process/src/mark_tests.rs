use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use super::*;

/// A process that bears this mark and would stay.
fn bearer(mark: &str) -> Child {
    let mut command = Command::new("sleep");
    command.arg("600").env(VARIABLE, mark).stdin(Stdio::null()).spawn().unwrap()
}

fn this() -> Owner {
    Owner::this().unwrap().clone()
}

#[test]
fn what_bears_the_mark_is_killed_and_nothing_else() {
    let (mine, other) = (Mark::new().unwrap(), Mark::new().unwrap());
    let (mut one, mut two) = (bearer(mine.text()), bearer(other.text()));
    mine.sweep();
    assert_eq!(one.wait().unwrap().signal(), Some(9));
    assert_eq!(two.try_wait().unwrap(), None);
    other.sweep();
    assert_eq!(two.wait().unwrap().signal(), Some(9));
}

#[test]
fn what_the_dead_left_behind_is_killed_although_their_number_is_in_use_again() {
    let (mut ended, this) = (Command::new("true").spawn().unwrap(), this());
    let gone = Owner { pid: ended.id(), start: this.start, ..this };
    ended.wait().unwrap();
    let reused = Owner { start: this.start - 1, ..this };
    let left = [gone, reused].map(|owner| bearer(&format!("{}:7", owner.text())));
    sweep_after_the_dead();
    for mut child in left {
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}

#[test]
fn what_the_living_run_and_what_is_not_understood_is_spared() {
    let this = this();
    let elsewhere = Owner { namespace: this.namespace + 1, start: 1, ..this };
    let marks = [this.text() + ":7", elsewhere.text() + ":7", "1:2:3".into(), "x".into()];
    let spared = marks.map(|mark| bearer(&mark));
    sweep_after_the_dead();
    for mut child in spared {
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_process_whose_parent_has_not_fetched_its_end_is_dead() {
    let mut child = Command::new("true").spawn().unwrap();
    let pid = child.id();
    while start(pid).is_some() {
        std::thread::yield_now();
    }
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    child.wait().unwrap();
}

#[test]
fn an_owner_is_read_as_it_was_written() {
    assert_eq!(Owner::read(&this().text()), Some(this()));
    for foreign in ["", "1:2", "1:2:3:4", "a:b:c", "1:99999999999:3"] {
        assert_eq!(Owner::read(foreign), None, "{foreign}");
    }
}
