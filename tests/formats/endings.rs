//! The files are there however a command ended, and a place for them that cannot be is told before anything starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline_tests::World;
use serde_json::Value;
use sim_flyio::{ApiRequest, Phase, Verdict};
use tokio::sync::Notify;

use crate::{configure, pictures, world};

fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path().join(name)).expect(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_written_is_refused_before_anything_starts() {
    let world = world().await;
    world.write("taken", "");
    std::fs::create_dir(world.path().join("folder")).unwrap();
    let image = world.image("v2", &[]);
    for (flag, place) in [("--junit", "taken/junit.xml"), ("--sarif", "folder")] {
        let ran = world.run(&["deploy", "staging", "--image", &image, flag, place]).await.expect(2);
        assert!(ran.stderr.contains(&format!("{flag} {place}: cannot be written")), "{ran}");
    }
    assert!(!world.path().join(".pipeline").exists(), "no store was made");
    assert_eq!(world.settled(2).await, Ok("v1".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_only_look_write_them_too() {
    let world = world().await;
    configure(&world, "[gates.exec.words]\ncommand = [\"false\"]\n");
    let args = ["validate", "--junit", "v.xml", "--sarif", "v.sarif"];
    world.run(&args).await.expect(10);
    let [pass] = &pictures::junit(&read(&world, "v.xml"))[..] else { panic!("one phase") };
    assert_eq!((pass.phase.as_str(), pass.verdict.as_str()), ("validate", "refused"));
    assert_eq!((pass.steps[0].name.as_str(), pass.steps[0].verdict.as_str()), ("words", "refused"));
    let log: Value = serde_json::from_str(&read(&world, "v.sarif")).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "pipeline.toml", "it has no file of its own");

    let ran =
        world.run(&["verify", "staging", "--junit", "w.xml", "--events", "-"]).await.expect(0);
    let [pass] = &pictures::junit(&read(&world, "w.xml"))[..] else { panic!("one phase") };
    assert_eq!((pass.phase.as_str(), pass.verdict.as_str()), ("verify", "passed"));
    assert_eq!(
        pictures::junit(&read(&world, "w.xml")),
        crate::picture::of_account(&pictures::ndjson(&ran.stdout))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_left_at_once_has_written_what_was_known() {
    let world = world().await;
    let image = world.image("v2", &[]);
    let reached = Arc::new(Notify::new());
    let (told, asked) = (Arc::clone(&reached), AtomicU64::new(0));
    world.sim.on_api_call(move |request: &ApiRequest| {
        let is_one = request.phase == Phase::Before && request.method == "POST";
        // The image is looked for before there is a run, and then by the run.
        if is_one && asked.fetch_add(1, Ordering::Relaxed) > 0 {
            told.notify_one();
            return Verdict::Delay(Duration::from_secs(5));
        }
        Verdict::Proceed
    });
    let args = ["deploy", "staging", "--image", &image, "--junit", "left.xml"];
    let child = world.spawn(&args, &[]);
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
    let child = World::reached(&reached, child).await;
    let ended = World::ended(child);
    tokio::pin!(ended);
    // Twice leaves at once; the first one has to be heard before the second.
    let ran = loop {
        // It may be gone already.
        let _ = kill(pid, Signal::SIGINT);
        tokio::select! {
            ran = &mut ended => break ran,
            () = tokio::time::sleep(Duration::from_millis(300)) => {}
        }
    };
    assert_eq!(ran.code, Some(130), "{ran}");
    let passes = pictures::junit(&read(&world, "left.xml"));
    let last = passes.last().expect("it had begun");
    let open: Vec<_> = last.steps.iter().map(|it| it.verdict.as_str()).collect();
    assert_eq!((last.took_ms, &open[..]), (None, &["open"][..]), "{passes:#?} {ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_is_printed_as_it_is() {
    let ran = world().await.run(&["schema", "events"]).await.expect(0);
    assert_eq!(ran.stdout, pipeline_formats::EVENTS_SCHEMA);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_any_of_them() {
    let world = world().await;
    let image = world.image("v2", &[("FAIL_PATH", "/dashboard")]);
    let secret = pipeline_tests::SECRET;
    configure(
        &world,
        &format!(
            "[gates.exec.leak]\nrequired = false\ncommand = [\"sh\", \"-c\", \"echo token {secret}; exit 1\"]\n"
        ),
    );
    let files = ["j.xml", "s.sarif", "page.md", "out.txt"];
    let path = |name: &str| world.path().join(name).display().to_string();
    let vars = [("GITHUB_STEP_SUMMARY", path("page.md")), ("GITHUB_OUTPUT", path("out.txt"))];
    let vars: Vec<_> = vars.iter().map(|(name, it)| (*name, it.as_str())).collect();
    let args = ["deploy", "staging", "--image", &image, "--junit", "j.xml", "--sarif", "s.sarif"];
    let ran =
        world.run_with(&[&args[..], &["--github", "always"]].concat(), &vars).await.expect(30);
    assert!(!ran.to_string().contains(secret), "{ran}");
    for file in files {
        let text = read(&world, file);
        assert!(!text.contains(secret) && !text.is_empty(), "{file}: {text}");
        assert!(file == "out.txt" || text.contains("redacted"), "{file}: {text}");
    }
}
