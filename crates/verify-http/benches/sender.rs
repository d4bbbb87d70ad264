//! How punctual the sender is, and what it costs as a load engine. Prints numbers; on a busy machine they say nothing.
//!
//! `cargo bench -p verify-http --bench sender` with `wrk` and `oha` in the path compares with them, on the same server;
//! `-- punctuality` at its end leaves that out.

#![expect(clippy::print_stdout, reason = "a program that prints numbers")]

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use pipeline_core::{Clock, Deployment, Phase};
use pipeline_testkit::a_run;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use verify_http::{Endpoint, Load, Performance, PerformanceConfig};

type Received = Arc<Mutex<Vec<SystemTime>>>;
type Any<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Any<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    match arguments.as_slice() {
        [word, url, seconds] if word == "load" => load(url, seconds.parse()?),
        _ => {
            let (url, received) = server()?;
            punctuality(&url, &received)?;
            if arguments.first().is_none_or(|it| it != "punctuality") {
                engines(&url, 5)?;
            }
            Ok(())
        }
    }
}

/// At 50 requests a second, how late are they received?
fn punctuality(url: &str, received: &Received) -> Any<()> {
    let config = PerformanceConfig {
        rate: 50.0,
        baseline_requests: 1_000,
        endpoints: vec![Endpoint::get("/")],
        ..PerformanceConfig::default()
    };
    let deployment =
        Deployment { version: "v1".into(), url: Some(url.into()), ..Deployment::default() };
    let verifier = Performance::new(config, Arc::new(now))?;
    let cx = a_run("v1").context(Phase::Verify, "bench");
    let series = runtime()?.block_on(verifier.measure(&deployment, &cx))?;
    let due = series.iter().flat_map(|it| &it.samples).map(|it| it.at_us);
    let received = std::mem::take(&mut *received.lock().map_err(|_| "the server panicked")?);
    let since =
        |it: &SystemTime| it.duration_since(SystemTime::UNIX_EPOCH).map(|it| it.as_micros());
    let mut errors: Vec<i128> = Vec::new();
    for (due, received) in due.zip(&received) {
        errors.push(i128::try_from(since(received)?)? - i128::from(due));
    }
    errors.sort_unstable();
    let at = |share: usize| errors[(errors.len() - 1) * share / 1_000];
    println!("schedule error at 50 requests/s, {} requests, by the server's clock:", errors.len());
    println!("  p50 {} us, p90 {} us, p99 {} us, most {} us", at(500), at(900), at(990), at(1_000));
    Ok(())
}

/// Requests a second, and processor time for each, one thread and 50 connections.
fn engines(url: &str, seconds: u64) -> Any<()> {
    let me = std::env::current_exe()?.display().to_string();
    let lasting = format!("{seconds}s");
    let engines: [(&str, Vec<&str>); 3] = [
        ("ours", vec![&me, "load", url, &lasting[..lasting.len() - 1]]),
        ("wrk", vec!["wrk", "-t1", "-c50", "-d", &lasting, url]),
        ("oha", vec!["oha", "--no-tui", "-c", "50", "-z", &lasting, url]),
    ];
    for round in 1..=3 {
        for (name, command) in &engines {
            match run(command) {
                None => println!("round {round}: {name} is not installed"),
                Some((text, cpu)) => match rate(&text) {
                    Some(rate) => println!(
                        "round {round}: {name}: {rate:.0} requests/s, {:.1} us of processor time each",
                        cpu.as_secs_f64() * 1e6 / (rate * f64::from(u32::try_from(seconds)?))
                    ),
                    None => println!("round {round}: {name} printed no rate: {text}"),
                },
            }
        }
    }
    Ok(())
}

/// What a command prints, and the processor time it took.
fn run(command: &[&str]) -> Option<(String, Duration)> {
    let before = children_cpu()?;
    let (program, arguments) = command.split_first()?;
    let output = Command::new(program).args(arguments).stderr(Stdio::inherit()).output().ok()?;
    let cpu = children_cpu()?.saturating_sub(before);
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), cpu))
}

/// The number after `Requests/sec:`, which all three print.
fn rate(text: &str) -> Option<f64> {
    let line = text.lines().find(|it| it.trim_start().starts_with("Requests/sec"))?;
    line.split_whitespace().last()?.parse().ok()
}

/// User and system time of all children that have ended, in ticks of 10 ms (fields 16 and 17 of `/proc/PID/stat`).
fn children_cpu() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(16)? + ticks(17)?)))
}

fn load(url: &str, seconds: u64) -> Any<()> {
    let load = Load { url: url.into(), connections: 50, lasting: Duration::from_secs(seconds) };
    let report = runtime()?.block_on(load.run())?;
    let rate = f64::from(u32::try_from(report.answered)?) / report.took.as_secs_f64();
    println!("Requests/sec: {rate:.1}\nfailed: {}", report.failed);
    Ok(())
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

#[expect(clippy::disallowed_methods, reason = "a program has a clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Answers everything with "hello", on a thread of its own, and keeps when each request came.
fn server() -> Any<(String, Received)> {
    let (received, (tell, told)) = (Received::default(), std::sync::mpsc::channel());
    let kept = received.clone();
    std::thread::spawn(move || {
        let Ok(runtime) = runtime() else { return };
        runtime.block_on(async move {
            let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else { return };
            let _ = listener.local_addr().map(|it| tell.send(format!("http://{it}/")));
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(hello(stream, kept.clone()));
            }
        });
    });
    Ok((told.recv()?, received))
}

async fn hello(mut stream: TcpStream, received: Received) {
    let _ = stream.set_nodelay(true);
    let mut buffer = [0; 4096];
    // The requests of all three are small enough to come in one piece.
    while let Ok(1..) = stream.read(&mut buffer).await {
        let at = Clock::now(&now);
        if let Ok(mut received) = received.lock()
            && received.len() < 2_000
        {
            received.push(at);
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}
