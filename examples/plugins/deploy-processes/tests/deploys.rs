//! Real processes, real connections: what users notice of deploys, rollbacks and crashes. Nothing, it should be.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

use deploy_processes::{Processes, serve};
use pipeline_core::{
    Conclusion, Deployer as _, Deployment, Fault, Finding, Phase, Pipeline, Report, Run, Step,
    verifier_fn,
};
use pipeline_testkit::{MemoryJournal, a_run, unless_dead};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

type Tested = Result<(), Box<dyn Error>>;

/// A folder with releases, and its front.
struct Place {
    dir: TempDir,
    front: String,
    _serving: JoinSet<()>,
}

impl Place {
    async fn with(versions: &[&str]) -> Result<Self, Box<dyn Error>> {
        let dir = tempfile::tempdir()?;
        for version in versions {
            let release = dir.path().join("releases").join(version);
            fs::create_dir_all(&release)?;
            symlink(env!("CARGO_BIN_EXE_hello"), release.join("run"))?;
            fs::write(release.join("version"), version)?;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let front = listener.local_addr()?.to_string();
        let folder = dir.path().to_owned();
        let mut serving = JoinSet::new();
        serving.spawn(async move { drop(serve(listener, folder).await) });
        Ok(Self { dir, front, _serving: serving })
    }

    fn deployer(&self) -> Processes {
        let processes = Processes::in_folder(self.dir.path(), format!("http://{}", self.front));
        processes.patience(Duration::from_mins(2))
    }

    fn pipeline(&self) -> Result<Pipeline, Box<dyn Error>> {
        let smoke = verifier_fn(|deployment, _| async move { smoke(&deployment) });
        let pipeline = Pipeline::to(Step::deployer(self.deployer()));
        Ok(pipeline.verifier(Step::verifier("smoke", smoke)).build()?)
    }

    async fn deploy(&self, version: &str) -> Result<Conclusion, Box<dyn Error>> {
        Ok(self.pipeline()?.run(&a_run(version), &mut MemoryJournal::new()).await?)
    }

    fn pids(&self, instance: &str) -> Vec<nix::unistd::Pid> {
        pids(&self.dir.path().join("instances").join(instance))
    }

    /// What there is: a process a line, with its version.
    fn instances(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let entries = fs::read_dir(self.dir.path().join("instances"))?;
        let mut names = entries
            .map(|it| Ok(it?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<_>, std::io::Error>>()?;
        names.sort();
        Ok(names)
    }
}

impl Drop for Place {
    /// Nothing that was deployed stays behind.
    fn drop(&mut self) {
        for instance in self.instances().unwrap_or_default() {
            for pid in self.pids(&instance) {
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            }
        }
    }
}

fn pids(instance: &Path) -> Vec<nix::unistd::Pid> {
    let mark = format!("PROCESSES_INSTANCE={}", instance.display());
    let entries = fs::read_dir("/proc").expect("this is Linux").flatten();
    let pids = entries.filter_map(|it| it.file_name().to_str()?.parse::<i32>().ok());
    let carries = |pid: &i32| {
        let environment = fs::read(Path::new("/proc").join(pid.to_string()).join("environ"));
        environment.unwrap_or_default().split(|it| *it == 0).any(|it| it == mark.as_bytes())
    };
    pids.filter(carries).map(nix::unistd::Pid::from_raw).collect()
}

/// Asks each process that the deploy brought, past the front.
fn smoke(deployment: &Deployment) -> Result<Report, Fault> {
    let addresses = deployment.subjects().filter_map(|it| it.address.as_ref());
    let answers = addresses.map(|it| get(it.url.trim_start_matches("http://")));
    let answers = answers.collect::<Result<Vec<_>, _>>().map_err(Fault::transient)?;
    let bad = answers.iter().filter(|it| !it.starts_with("HTTP/1.0 200"));
    Ok(Report::refused_if_any(bad.map(|it| Finding::error(it.clone())).collect()))
}

fn get(address: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    connection.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Users who ask all the time; what they saw, each answer once in a row.
struct Users {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU32>,
    seen: Arc<Mutex<Vec<String>>>,
    asking: thread::JoinHandle<()>,
}

impl Users {
    fn of(front: &str) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (front, until) = (front.to_owned(), stop.clone());
        let (counting, seeing) = (asked.clone(), seen.clone());
        let asking = thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                let said = get(&front).unwrap_or_else(|error| format!("lost: {error}"));
                let body = said.rsplit("\r\n").next().unwrap_or_default().to_owned();
                let mut seen = seeing.lock().expect("nobody panics");
                if seen.last() != Some(&body) {
                    seen.push(body);
                }
                counting.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { stop, asked, seen, asking }
    }

    fn asked(&self) -> u32 {
        assert!(!self.asking.is_finished(), "nobody asks any more");
        self.asked.load(Ordering::Relaxed)
    }

    fn went_home(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.asking.join().expect("asking does not panic");
        self.seen.lock().expect("nobody panics").clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_notice_nothing_of_a_good_release_and_never_meet_a_broken_one() -> Tested {
    let place = Place::with(&["v1", "v2", "v3-broken"]).await?;
    assert_eq!(place.deploy("v1").await?, Conclusion::Succeeded);
    let users = Users::of(&place.front);
    // As often as it takes until they asked enough to mean anything: a busy machine has few users in one round.
    while users.asked() <= 50 {
        for (version, before) in [("v2", "v1"), ("v1", "v2")] {
            assert_eq!(place.deploy(version).await?, Conclusion::Succeeded);
            let there = [format!("run-{version}-1"), format!("run-{version}-2")];
            assert_eq!(place.instances()?, there);
            assert_eq!(place.pids(&format!("run-{before}-1")), []);
            assert_eq!(place.pids(&there[0]).len(), 1);
            assert_eq!(place.deploy("v3-broken").await?, Conclusion::RolledBack);
            assert_eq!(place.instances()?, there);
        }
    }
    // Whatever is asked from here on goes where the last deploy led.
    let asked = users.asked();
    while users.asked() < asked + 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let seen = users.went_home();
    // Between two rounds of the file, an answer of the other one may still come.
    assert!(seen.iter().all(|it| it == "v1" || it == "v2"), "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), Some("v1"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_is_still_connected_is_served_before_the_old_process_ends() -> Tested {
    let place = Place::with(&["v1", "v2"]).await?;
    place.deploy("v1").await?;
    // It came by a way that led there when it set out; instances are stopped in the order of their names.
    let last = fs::read_to_string(place.dir.path().join("instances/run-v1-2"))?;
    let last: serde_json::Value = serde_json::from_str(&last)?;
    let address = format!("127.0.0.1:{}", last["port"]);
    let mut user = TcpStream::connect(address)?;
    let served = async {
        while !place.pids("run-v1-1").is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Now nothing keeps the other one but this user.
        tokio::time::sleep(Duration::from_millis(100)).await;
        user.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        user.read_to_string(&mut answer)?;
        drop(user);
        Ok::<_, std::io::Error>(answer)
    };
    let (deployed, answer) = tokio::join!(place.deploy("v2"), served);
    assert_eq!(deployed?, Conclusion::Succeeded);
    assert!(answer?.ends_with("\r\nv1"), "it was cut off");
    assert_eq!(place.pids("run-v1-2"), []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_is_not_there_is_rejected_before_anything_changes() -> Tested {
    let place = Place::with(&["v1"]).await?;
    assert_eq!(place.deploy("v1").await?, Conclusion::Succeeded);
    assert_eq!(place.deploy("v9").await?, Conclusion::Rejected);
    assert_eq!(place.instances()?, ["run-v1-1", "run-v1-2"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_release_that_is_broken_leaves_nothing() -> Tested {
    let place = Place::with(&["v1-broken"]).await?;
    assert_eq!(place.deploy("v1-broken").await?, Conclusion::RolledBack);
    assert_eq!(place.instances()?, [""; 0]);
    assert_eq!(place.pids("run-v1-broken-1"), []);
    Ok(())
}

type Dying = fn(MemoryJournal, usize) -> MemoryJournal;

/// Killed before or after any record, and resumed by another process, a run ends as if nothing had been.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_dies_anywhere_is_finished_by_another() -> Tested {
    let deaths: [Dying; 2] = [MemoryJournal::dying_before, MemoryJournal::dying_after];
    let endings =
        [("v2", Conclusion::Succeeded, "v2"), ("v2-broken", Conclusion::RolledBack, "v1")];
    for (dies, (version, end, serves)) in deaths.iter().flat_map(|it| endings.map(|end| (it, end)))
    {
        for write in 1.. {
            let place = Place::with(&["v1", version]).await?;
            place.deploy("v1").await?;
            let mut journal = dies(MemoryJournal::new(), write);
            let death = journal.death();
            let (pipeline, run) = (place.pipeline()?, a_run(version));
            if let Some(ended) = unless_dead(pipeline.run(&run, &mut journal), &death).await {
                assert_eq!((ended?, write > 5), (end, true), "it died at every record");
                break;
            }
            let records = journal.records();
            let (another, mut journal) = (place.pipeline()?, journal.revived());
            let went_on = another.resume(&run, &records, &mut journal).await?;
            assert_eq!(went_on, end, "{version}: died at record {write}");
            assert!(get(&place.front)?.ends_with(serves), "{version}: died at record {write}");
            assert_eq!(place.instances()?.len(), 2, "{version}: died at record {write}");
        }
    }
    Ok(())
}

/// Doing a stage, or the way back, a second time changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_effect_converges() -> Tested {
    let place = Place::with(&["v1", "v2"]).await?;
    place.deploy("v1").await?;
    let (deployer, run): (_, Run) = (place.deployer(), a_run("v2"));
    let cx = run.context(Phase::Deploy, deployer.target());
    let before = deployer.snapshot(&cx).await?;
    for stage in deployer.stages(&before, &cx).await?.iter().filter(|it| !it.settles) {
        let once = deployer.advance(stage, &before, &cx).await?;
        assert_eq!(deployer.advance(stage, &before, &cx).await?, once, "{}", stage.name);
    }
    let back = deployer.restore(&before, &cx).await?;
    assert_eq!(deployer.restore(&before, &cx).await?, back);
    assert_eq!(Some(&back), before.current.as_ref());
    Ok(())
}
