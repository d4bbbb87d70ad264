//! How fast the doctrine is: `cargo bench -p gates-mix --bench doctrine`.
//!
//! A generated umbrella of 15,000 modules in 110 applications, in a git repository, is looked at as a whole and with one changed file. With
//! `DOCTRINE_PROJECT=FOLDER` it looks at a project of yours instead, beside `mix credo --strict` (where there is Credo) and beside a
//! pipeline of greps for the same words, in one run; the ratios are what counts.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark measures, and says what it measured"
)]

mod project;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gates_mix::doctrine::{Doctrine, Scanned, Scope, Settings, standard};

/// What somebody would grep for instead.
const WORDS: [&str; 6] = [
    r"String\.to_atom",
    r"rescue\s*_",
    "binary_to_term",
    r"length(.*) *== *0",
    r"Repo\.all",
    r"TODO\|FIXME",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::var_os("DOCTRINE_PROJECT") {
        Some(folder) => beside_others(Path::new(&folder)),
        None => generated(),
    }
}

fn scan(dir: &Path, scope: &Scope) -> Result<(Scanned, Duration), Box<dyn std::error::Error>> {
    let doctrine = Doctrine::new(standard(&Settings::default()));
    let began = Instant::now();
    let scanned = doctrine.scan(dir, scope, &|| false)?;
    Ok((scanned, began.elapsed()))
}

fn generated() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let bytes = project::write(dir.path(), 110, 15_000)?;
    git(dir.path(), &["init", "-q", "-b", "main"])?;
    git(dir.path(), &["add", "-A"])?;
    git(
        dir.path(),
        &[
            "-c",
            "user.name=bench",
            "-c",
            "user.email=bench@example.com",
            "commit",
            "-qm",
            "chore: all",
        ],
    )?;
    let mut scanned = None;
    for round in 1..=3 {
        let (all, took) = scan(dir.path(), &Scope::All)?;
        let (files, lines, found) = (all.files, all.lines, all.violations.len());
        let (megabytes, seconds, memory) = (megabytes(bytes), took.as_secs_f64(), most_memory());
        println!(
            "round {round}: {files} files, {lines} lines, {megabytes:.1} MB: {seconds:.3} s; {found} violations; at most {memory} MB"
        );
        scanned = Some(all);
    }
    for it in scanned.iter().flat_map(|it| &it.pillars) {
        println!("  {:<8} {:>6} ms on all threads", it.code, it.took.as_millis());
    }
    one_changed(dir.path())
}

fn one_changed(dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let changed: PathBuf = dir.join("apps/app000/lib/app000/order_order_0.ex");
    let text = std::fs::read_to_string(&changed)?;
    std::fs::write(&changed, text + "# changed\n")?;
    for _ in 0..3 {
        let (scanned, took) = scan(dir, &Scope::Changed { base: None })?;
        println!(
            "--changed: {} of 15,000 files: {:.1} ms",
            scanned.files,
            took.as_secs_f64() * 1e3
        );
    }
    Ok(())
}

fn beside_others(dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let (scanned, ours) = scan(dir, &Scope::All)?;
    println!("{}: {} files, {} lines of Elixir", dir.display(), scanned.files, scanned.lines);
    println!(
        "doctrine            {:>9.3} s   {} violations",
        ours.as_secs_f64(),
        scanned.violations.len()
    );
    let greps = timed(|| {
        WORDS.iter().try_for_each(|word| run(dir, "grep", &["-rnE", "--include=*.ex", word, "."]))
    })?;
    println!(
        "{} greps             {:>9.3} s   {:.1} times ours",
        WORDS.len(),
        greps.as_secs_f64(),
        ratio(greps, ours)
    );
    let credo = timed(|| run(dir, "mix", &["credo", "--strict", "--mute-exit-status"]))?;
    println!(
        "mix credo --strict  {:>9.3} s   {:.0} times ours",
        credo.as_secs_f64(),
        ratio(credo, ours)
    );
    Ok(())
}

fn timed(work: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<Duration> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed())
}

fn run(dir: &Path, program: &str, args: &[&str]) -> std::io::Result<()> {
    Command::new(program)
        .args(args)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map(|_| ())
}

fn git(dir: &Path, args: &[&str]) -> std::io::Result<()> {
    let status = Command::new("git").args(args).current_dir(dir).status()?;
    if status.success() { Ok(()) } else { Err(std::io::Error::other("git failed")) }
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The most memory that this process ever had, in MB, as Linux tells it.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.map_or("?".to_owned(), |it| (it / 1024).to_string())
}
