//! What the gates of a real project cost, and whether they say what the tools say.
//!
//! ```text
//! cargo run -p pipeline-tests --bin bench_gates -- target/release/pipeline FOLDER…
//! ```
//!
//! In each folder (a Mix project with its dependencies compiled, Credo and Dialyxir among them) it runs the five commands one
//! after another from nothing, then `pipeline validate` from nothing, then again with nothing changed, then with one
//! file changed. It prints the exit code of each command beside the gate's verdict, the number of findings of both, and
//! the ratios of the times: all of it from one run. The project's own build folders and `.pipeline` are removed.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The five commands, and the gate of each.
const COMMANDS: [(&str, &[&str]); 5] = [
    ("format", &["format", "--check-formatted"]),
    ("compile", &["compile", "--warnings-as-errors", "--force"]),
    ("credo", &["credo", "--strict"]),
    ("test", &["test", "--cover"]),
    ("dialyzer", &["dialyzer"]),
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [pipeline, folders @ ..] = &arguments[..] else {
        println!("bench_gates PIPELINE FOLDER…");
        return;
    };
    let pipeline =
        fs::canonicalize(pipeline).expect("the first argument is the command `pipeline`");
    for folder in folders {
        bench(&pipeline, Path::new(folder));
    }
}

fn bench(pipeline: &Path, dir: &Path) {
    println!("\n{}", dir.display());
    from_nothing(dir);
    let tools: Vec<_> = COMMANDS.iter().map(|(gate, args)| tool(gate, args, dir)).collect();
    let one_by_one: Duration = tools.iter().map(|it| it.took).sum();
    from_nothing(dir);
    let cold = validate(pipeline, dir);
    for tool in &tools {
        println!("{}", compared(tool, &cold.answer));
    }
    let warm = validate(pipeline, dir);
    println!("\n  one after another      {one_by_one:>8.1?}");
    println!(
        "  pipeline validate      {:>8.1?}   ratio {:.2}",
        cold.took,
        ratio(cold.took, one_by_one)
    );
    println!(
        "  again, nothing changed {:>8.2?}   ratio {:.4}",
        warm.took,
        ratio(warm.took, cold.took)
    );
    println!("    asked again: {}", asked(&warm.answer));
    for (what, file) in [("one test changed", "test"), ("one source changed", "lib")] {
        if let Some(file) =
            first_source(&dir.join(file)).or_else(|| first_source(&dir.join("apps")))
        {
            let before = fs::read_to_string(&file).expect("a source is text");
            fs::write(&file, format!("{before}\n# touched\n")).expect("a source can be written");
            let changed = validate(pipeline, dir);
            fs::write(&file, before).expect("a source can be written");
            println!("  {what}: {:>8.1?}   asked again: {}", changed.took, asked(&changed.answer));
        }
    }
}

/// What a command said of itself.
struct Tool {
    gate: &'static str,
    code: i32,
    findings: Option<u64>,
    took: Duration,
}

fn tool(gate: &'static str, args: &[&str], dir: &Path) -> Tool {
    let began = Instant::now();
    let output = Command::new("mix").args(args).current_dir(dir).stdin(Stdio::null()).output();
    let output = output.expect("mix runs");
    let took = began.elapsed();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Tool { gate, code: output.status.code().unwrap_or(-1), findings: counted(gate, &text), took }
}

/// How many findings a tool itself counts or lists.
fn counted(gate: &str, text: &str) -> Option<u64> {
    let lines = |begin: &str| text.lines().filter(|it| it.starts_with(begin)).count() as u64;
    let before = |line: &str, word: &str| -> Option<u64> {
        line.split(word).next()?.trim().rsplit([' ', ',']).next()?.parse().ok()
    };
    match gate {
        "format" => Some(lines("  * ")),
        "compile" => Some(lines("warning: ")),
        "credo" => {
            let line = text.lines().find(|it| it.contains("mods/funs, found"))?;
            let found = line.split("found ").nth(1)?;
            Some(found.split(", ").filter_map(|it| it.split(' ').next()?.parse::<u64>().ok()).sum())
        }
        "test" => {
            let failed = text.lines().filter(|it| it.contains(" failure"));
            Some(failed.filter_map(|line| before(line, " failure")).sum())
        }
        _ => {
            let line = text.lines().find(|it| it.starts_with("Total errors: "))?;
            let number = |it: &str| it.split([',', ':']).nth(1)?.trim().parse::<u64>().ok();
            Some(
                number(line)?
                    - line
                        .split("Skipped:")
                        .nth(1)
                        .and_then(|it| it.trim().split(',').next()?.parse().ok())
                        .unwrap_or(0),
            )
        }
    }
}

/// One run of `pipeline validate`.
struct Run {
    answer: Value,
    took: Duration,
}

fn validate(pipeline: &Path, dir: &Path) -> Run {
    let began = Instant::now();
    let args = ["--format", "json", "--quiet", "validate"];
    let output = Command::new(pipeline).args(args).current_dir(dir).stdin(Stdio::null()).output();
    let took = began.elapsed();
    let output = output.expect("pipeline runs");
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Run { answer, took }
}

fn compared(tool: &Tool, answer: &Value) -> String {
    let gate = gates(answer).find(|it| it["name"] == tool.gate).unwrap_or(&Value::Null);
    let ours = gate["verdict"]
        .as_str()
        .map_or_else(|| format!("fault: {}", gate["fault"]["message"]), ToOwned::to_owned);
    let findings = gate["findings"].as_array().map_or(0, Vec::len);
    let said = tool.findings.map_or("?".into(), |it| it.to_string());
    let same = (tool.code == 0) == (ours == "passed" || ours == "alert");
    format!(
        "  {:<9} {:>6.1?}  exit {:<3} {said:>5} findings | {:>6.1}s {ours:<8} {findings:>5} findings{}",
        tool.gate,
        tool.took,
        tool.code,
        gate["took_ms"].as_f64().unwrap_or_default() / 1000.0,
        if same { "" } else { "   DIFFERS" }
    )
}

fn asked(answer: &Value) -> String {
    let names =
        gates(answer).filter(|it| it["cached"] == false).filter_map(|it| it["name"].as_str());
    let names: Vec<_> = names.collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn gates(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["gates"].as_array().into_iter().flatten()
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

/// Removes what was built of the project itself, and all that `pipeline` keeps.
fn from_nothing(dir: &Path) {
    let apps = fs::read_dir(dir.join("apps")).into_iter().flatten().flatten();
    let mut own: Vec<_> = apps.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    own.extend(dir.file_name().map(|it| it.to_string_lossy().into_owned()));
    for environment in ["dev", "test"] {
        for app in &own {
            let _ = fs::remove_dir_all(dir.join("_build").join(environment).join("lib").join(app));
        }
    }
    let _ = fs::remove_dir_all(dir.join(".pipeline"));
    let _ = fs::remove_dir_all(dir.join("cover"));
}

/// Any source below a folder, the first by name.
fn first_source(dir: &Path) -> Option<std::path::PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(dir).ok()?.flatten().map(|it| it.path()).collect();
    entries.sort();
    entries.iter().find_map(|path| {
        if path.is_dir() {
            return first_source(path);
        }
        path.extension().is_some_and(|it| it == "ex" || it == "exs").then(|| path.clone())
    })
}
