//! The report of real runs, looked at by a real browser: at a desk and on a phone, in the light and in the dark, on
//! paper; and the same pages live.

mod browser;
mod live;
mod page;
mod picture;

use pipeline_tests::{World, WorldConfig};

/// What a test prints that somebody wrote to do harm.
const HOSTILE: &str =
    "<script>document.title='pwned'</script> \u{202e}txt.exe\u{1b}[2J \"onload='x' & 'so'";

/// Who deploys, by a name that turns around what is read.
const WHO: &str = "mallory\u{202e}nimda<b>";

/// A project that measures latency, watches, and has gates of its own.
async fn world() -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    let config = WorldConfig { program, strategy: "rolling", machines: 1 };
    let world = World::start(config).await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).expect("it is there");
    let gates = "[gates.exec.notes]\ncommand = [\"cat\", \"notes.txt\"]\nread = \"regex\"\npattern = \"(?m)^BAD: (?<message>.*)$\"\n\
                 [gates.exec.quick]\ncommand = [\"true\"]\n[gates.exec.late]\ncommand = [\"true\"]\nneeds = [\"quick\"]\n";
    let measured = "[verify.performance]\nrate = 25.0\nbaseline_requests = 40\nper_machine = false\n\
                    [[verify.performance.endpoints]]\npath = \"/\"\n\
                    [verify.watch]\npath = \"/api/v1/health\"\nwindow = \"10s\"\nevery = \"250ms\"\nper_machine = false\n\
                    [rollback]\nwindow = \"0s\"\n";
    // What is shown is looked at here, not how a busy machine measures itself: that it could not is told, and decides nothing.
    let busy = ["inconclusive", "latency_rollback", "error_rate", "health_down"]
        .map(|it| format!("[[rollback.triggers]]\nwhen = \"{it}\"\naction = \"alert\"\n"))
        .concat();
    world.write("pipeline.toml", &format!("{toml}\n{gates}\n{measured}{busy}"));
    world.write("notes.txt", "all is well\n");
    world
}

/// A good release, a broken one that is taken back, one that a gate refuses with words that mean harm.
async fn three_runs(world: &World) {
    let good = world.image("v2", &[]);
    world.run(&["deploy", "staging", "--image", &good]).await.expect(0);
    let broken = world.image("v3", &[("FAIL_PATH", "/dashboard")]);
    world.run(&["deploy", "staging", "--image", &broken]).await.expect(30);
    world.write("notes.txt", &format!("BAD: {HOSTILE}\n"));
    world.run_with(&["deploy", "staging", "--image", &good], &[("USER", WHO)]).await.expect(10);
}
