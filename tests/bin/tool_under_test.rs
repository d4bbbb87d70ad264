//! Plays flyctl and docker: does what `stand-in.json` in its folder says, act by act, and notes in
//! `stand-in.seen`, one JSON object a line, how it was called.

use std::fs;
use std::io::Write;
use std::process::ExitCode;
use std::thread::park;

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    note(&args);
    let script = fs::read_to_string("stand-in.json").expect("a script");
    let script: Vec<Value> = serde_json::from_str(&script).expect("a list of acts");
    for act in script {
        if let Some(code) = play(&act, &args) {
            return ExitCode::from(code);
        }
    }
    ExitCode::SUCCESS
}

/// One act; a code ends the play.
fn play(act: &Value, args: &[String]) -> Option<u8> {
    let (name, value) = act.as_object().and_then(|it| it.iter().next()).expect("an act");
    let text = value.as_str().unwrap_or_default();
    match name.as_str() {
        "say" => say(format!("{}\n", filled(text, args)).as_bytes()),
        "bytes" => say(&serde_json::from_value::<Vec<u8>>(value.clone()).expect("bytes")),
        "say_var" => say(format!("{}\n", var(text).unwrap_or_default()).as_bytes()),
        "say_file" => say(&fs::read(settings().join(text)).expect("the file")),
        "flood" => {
            for at in 0..value.as_u64().unwrap_or(0) {
                say(format!("line {at}\n").as_bytes());
            }
        }
        "metadata" => {
            let path = after("--metadata-file", args).expect("a place for it");
            fs::write(path, filled(text, args)).expect("it can be written");
        }
        "ignore_sigterm" => {
            let mut set = SigSet::empty();
            set.add(Signal::SIGTERM);
            set.thread_block().expect("a signal can be blocked");
        }
        "die" => kill(Pid::this(), Signal::SIGKILL).expect("it can be killed"),
        "hang" => loop {
            park();
        },
        "exit" => return u8::try_from(value.as_u64().unwrap_or(1)).ok(),
        other => panic!("there is no act {other}"),
    }
    None
}

/// As flyctl and docker do, on standard error. Nobody there to hear it is no reason to stop.
fn say(bytes: &[u8]) {
    let _ = std::io::stderr().write_all(bytes);
}

/// The label and the whole name of the image, as they were asked for.
fn filled(text: &str, args: &[String]) -> String {
    let app = after("--app", args).unwrap_or_default();
    let label = after("--image-label", args);
    let named = label.map(|label| format!("registry.fly.io/{app}:{label}"));
    let reference = named.or_else(|| after("--tag", args).map(str::to_owned)).unwrap_or_default();
    let label = reference.rsplit(':').next().unwrap_or_default();
    text.replace("{reference}", &reference).replace("{label}", label)
}

fn after<'a>(flag: &str, args: &'a [String]) -> Option<&'a str> {
    let at = args.iter().position(|it| it == flag)?;
    args.get(at + 1).map(String::as_str)
}

fn note(args: &[String]) {
    let file = fs::OpenOptions::new().create(true).append(true).open("stand-in.seen");
    let names =
        ["FLY_API_TOKEN", "FLY_ACCESS_TOKEN", "DOCKER_CONFIG", "NO_COLOR", "BUILDKIT_PROGRESS"];
    let env: Vec<_> = names.into_iter().filter(|name| var(name).is_some()).collect();
    let seen =
        json!({ "args": args, "pid": std::process::id(), "env": env, "settings": settings() });
    writeln!(file.expect("the folder can be written"), "{seen}").expect("it can be noted");
}

fn settings() -> std::path::PathBuf {
    var("DOCKER_CONFIG").unwrap_or_default().into()
}

#[expect(clippy::disallowed_methods, reason = "a program reads its own environment")]
fn var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
