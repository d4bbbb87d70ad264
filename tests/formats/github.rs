//! What GitHub is told, and that nothing a tool prints is taken for a command.

use pipeline_tests::World;

use crate::{configure, world};

fn paths(world: &World) -> [(&'static str, String); 3] {
    let path = |name: &str| world.path().join(name).display().to_string();
    [
        ("GITHUB_ACTIONS", "true".into()),
        ("GITHUB_STEP_SUMMARY", path("summary.md")),
        ("GITHUB_OUTPUT", path("output")),
    ]
}

/// The values in a file of `GITHUB_OUTPUT`, as the runner reads it.
fn output(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut values = Vec::new();
    while let Some(line) = lines.next() {
        let (name, end) = line.split_once("<<").expect("a name and a delimiter");
        let value: Vec<&str> = lines.by_ref().take_while(|it| *it != end).collect();
        values.push((name.to_owned(), value.join("\n")));
    }
    values
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_gets_groups_annotations_a_page_and_outputs() {
    let world = world().await;
    let image = world.image("v2", &[("FAIL_PATH", "/dashboard"), ("FAIL_STATUS", "500")]);
    let vars = paths(&world);
    let vars: Vec<_> = vars.iter().map(|(name, it)| (*name, it.as_str())).collect();
    world.write("summary.md", "# said before\n");
    let args = ["deploy", "staging", "--image", &image, "--format", "json"];
    let ran = world.run_with(&args, &vars).await.expect(30);
    let object = ran.json();
    let commands: Vec<&str> = ran.stderr.lines().filter(|it| it.starts_with("::")).collect();
    for group in ["validate", "deploy", "verify", "restore"] {
        assert!(commands.contains(&format!("::group::{group}").as_str()), "{ran}");
    }
    let count = |start: &str| commands.iter().filter(|it| it.starts_with(start)).count();
    assert_eq!(count("::group::"), count("::endgroup::"), "{ran}");
    assert!(
        commands
            .iter()
            .any(|it| it.starts_with("::error title=smoke%3A smoke::GET /dashboard: answered 500")),
        "{ran}"
    );
    assert!(count("::error") + count("::warning") + count("::notice") <= 10, "{ran}");
    let page = std::fs::read_to_string(world.path().join("summary.md")).unwrap();
    assert!(page.starts_with("# said before\n### ↩️ v"), "{page}");
    let output = output(&std::fs::read_to_string(world.path().join("output")).unwrap());
    let text = |key: &str| match &object[key] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let wanted = [
        ("outcome", "ROLLBACK".to_owned()),
        ("conclusion", "rolled_back".into()),
        ("version", text("version")),
        ("run", text("run")),
        ("image", text("image")),
        ("exit_code", "30".into()),
        ("duration_ms", text("duration_ms")),
    ];
    assert_eq!(output, wanted.map(|(name, it)| (name.to_owned(), it)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_of_a_workflow_there_is_none_of_it() {
    let world = world().await;
    let path = world.path().join("output").display().to_string();
    let vars = [("GITHUB_OUTPUT", path.as_str())];
    let ran = world.run_with(&["validate"], &vars).await.expect(0);
    assert!(!ran.stderr.contains("::"), "{ran}");
    let vars = [("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", path.as_str())];
    let ran = world.run_with(&["validate", "--github", "never"], &vars).await.expect(0);
    assert!(!ran.stderr.contains("::"), "{ran}");
    assert!(!world.path().join("output").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tool_prints_is_no_command() {
    let world = world().await;
    let says = "echo ::add-mask::e; echo '   ::stop-commands::x'; echo 'a ##[error]b'; echo '::error::%0Ay'; exit 1";
    configure(&world, &format!("[gates.exec.hostile]\ncommand = [\"sh\", \"-c\", \"{says}\"]\n"));
    let vars = paths(&world);
    let vars: Vec<_> = vars.iter().map(|(name, it)| (*name, it.as_str())).collect();
    let ran = world.run_with(&["validate", "--verbose"], &vars).await.expect(10);
    let ours = ["::group::validate", "::endgroup::", "::error title=hostile%3A exit-code::"];
    for line in ran.stderr.lines().filter(|it| it.trim_start().starts_with("::")) {
        assert!(ours.iter().any(|it| line.starts_with(it)), "{line} in {ran}");
    }
    let told = ran.stderr.lines().filter(|it| !it.starts_with("::"));
    assert!(told.into_iter().all(|it| !it.contains("##[")), "{ran}");
    assert!(ran.stderr.contains("add-mask"), "it is told all the same: {ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_is_told_of_what_never_began() {
    let world = world().await;
    let vars = paths(&world);
    let vars: Vec<_> = vars.iter().map(|(name, it)| (*name, it.as_str())).collect();
    world.run_with(&["deploy", "stagin"], &vars).await.expect(2);
    let output = output(&std::fs::read_to_string(world.path().join("output")).unwrap());
    assert!(output.contains(&("exit_code".into(), "2".into())), "{output:?}");
    assert!(output.contains(&("outcome".into(), "FAIL".into())), "{output:?}");
    let page = std::fs::read_to_string(world.path().join("summary.md")).unwrap();
    assert!(page.contains("there is no environment"), "{page}");
}
