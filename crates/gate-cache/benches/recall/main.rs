//! How long the cache takes for a project of 15,000 files and 120 MB, with the gates of an Elixir umbrella.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use gate_cache::FileCache;
use pipeline_core::{Asked, GateCache, Inputs, Remembered, Report};
use pipeline_testkit::a_run;

const APPS: usize = 10;
const FILES_OF_APP: usize = 1_500;
const SIZE: usize = 8 * 1024;
/// Of the applications, whose files Mix builds and which no gate reads.
const BUILT: usize = 3_000;

#[tokio::main]
async fn main() {
    let project = tempfile::tempdir().unwrap();
    write_project(project.path());
    let folder = project.path().join(".pipeline/cache/gates");
    let mut run = a_run("v1");
    run.workdir = project.path().into();
    let asked: Vec<_> =
        ["compile", "test", "format", "credo", "dialyzer", "sobelow"].map(gate).into();

    timed("cold recall, files just written", &folder, &asked, &run).await;
    // Files are known by their times once they are two seconds old.
    std::thread::sleep(Duration::from_secs(3));
    timed("first recall after that", &folder, &asked, &run).await;
    for _ in 0..3 {
        timed("warm recall, another process", &folder, &asked, &run).await;
    }
    let warm = FileCache::at(&folder);
    warm.recall(&asked, &run).await;
    let began = Instant::now();
    warm.recall(&asked, &run).await;
    println!("{:<40} {:>8.1?}", "warm recall, the same process", began.elapsed());
    for asked in &asked {
        let answer =
            Remembered { report: Report::passed(), at: SystemTime::UNIX_EPOCH, took_ms: 1 };
        let began = Instant::now();
        warm.keep(asked, &answer, &run).await;
        println!("keep {:<35} {:>8.1?}", asked.gate, began.elapsed());
    }
    timed("warm recall with answers", &folder, &asked, &run).await;
    for file in [".index", "test/listing.json"] {
        println!("{file:<40} {:>8} bytes", fs::metadata(folder.join(file)).unwrap().len());
    }
}

async fn timed(what: &str, folder: &Path, asked: &[Asked], run: &pipeline_core::Run) {
    let cache = FileCache::at(folder);
    let began = Instant::now();
    let recalled = cache.recall(asked, run).await;
    let known = recalled.iter().filter(|it| it.answer.is_some()).count();
    println!("{what:<40} {:>8.1?}  {known} of {} known", began.elapsed(), asked.len());
}

/// As `gates-mix` declares it: folders of each application, or everything that ends so.
fn gate(name: &str) -> Asked {
    let folders = ["lib/**", "src/**", "include/**", "config/**", "priv/**", "test/**", "mix.exs"];
    let of_app = |app: usize| folders.map(|folder| format!("apps/app{app}/{folder}"));
    let files: Vec<String> = match name {
        "format" => ["**/*.ex", "**/*.exs", "**/*.heex", "**/.formatter.exs", "mix.lock"]
            .map(Into::into)
            .into(),
        _ => (0..APPS).flat_map(of_app).chain(folders.map(Into::into)).collect(),
    };
    Asked { gate: name.into(), inputs: Some(Inputs { files, ..Inputs::default() }) }
}

fn write_project(at: &Path) {
    write(at, "mix.exs", 0);
    write(at, "mix.lock", 0);
    for app in 0..APPS {
        write(at, &format!("apps/app{app}/mix.exs"), app);
        for file in 0..FILES_OF_APP {
            let kind = if file % 3 == 0 { "test" } else { "lib" };
            write(at, &format!("apps/app{app}/{kind}/part{}/file{file}.ex", file % 50), file);
        }
    }
    for file in 0..BUILT {
        write(at, &format!("_build/dev/lib/app{}/ebin/file{file}.beam", file % APPS), file);
    }
}

fn write(at: &Path, name: &str, content: usize) {
    let path = at.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("{content:08}").repeat(SIZE / 8)).unwrap();
}
