use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::*;

/// A process that shows this mark and would stay.
fn bearer(mark: &str) -> Child {
    let mut command = sleep();
    let child = command.env(VARIABLE, mark).spawn().unwrap();
    // `spawn` returns while the kernel still puts the program in its place.
    while mark_of(&folder_of(&child), later()).as_deref() != Some(mark) {
        thread::yield_now();
    }
    child
}

fn sleep() -> Command {
    let mut command = Command::new("sleep");
    command.arg("600").stdin(Stdio::null());
    command
}

/// More than anything here takes.
fn later() -> Instant {
    Instant::now() + Duration::from_mins(2)
}

fn folder_of(child: &Child) -> PathBuf {
    format!("/proc/{}", child.id()).into()
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
        thread::yield_now();
    }
    assert!(folder_of(&child).exists());
    assert!(!is_in_exec(&folder_of(&child)));
    child.wait().unwrap();
}

#[test]
fn a_process_in_the_middle_of_exec_is_looked_at_again() {
    let folder = tempfile::tempdir().unwrap();
    let [environ, stat] = ["environ", "stat"].map(|name| folder.path().join(name));
    symlink("/bin/sleep", folder.path().join("exe")).unwrap();
    fs::write(&environ, "").unwrap();
    assert!(Command::new("mkfifo").arg(&stat).status().unwrap().success());
    thread::spawn(move || {
        // It is opened when somebody reads it, after an environment that was empty; the next look finds one.
        let mut stat = fs::File::options().write(true).open(&stat).unwrap();
        fs::write(&environ, format!("A=1\0{VARIABLE}=mine\0")).unwrap();
        writeln!(stat, "1 (a) b) R{}", " 0".repeat(49)).unwrap();
    });
    assert_eq!(mark_of(folder.path(), later()).as_deref(), Some("mine"));
}

#[test]
fn what_has_no_environment_is_not_waited_for() {
    let mut bare = sleep().env_clear().spawn().unwrap();
    while is_in_exec(&folder_of(&bare)) {
        thread::yield_now();
    }
    assert_eq!(environment(&folder_of(&bare), later()), Some(Vec::new()));
    bare.kill().unwrap();
    bare.wait().unwrap();
}

#[test]
fn an_owner_is_read_as_it_was_written() {
    assert_eq!(Owner::read(&this().text()), Some(this()));
    for foreign in ["", "1:2", "1:2:3:4", "a:b:c", "1:99999999999:3"] {
        assert_eq!(Owner::read(foreign), None, "{foreign}");
    }
}
