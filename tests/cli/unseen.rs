//! What must be seen nowhere, and what must be obeyed by nobody.

use super::first::marks;
use super::world;

const HOOK: &str = "https://hooks.example/sentinel-hook";
const PASSWORD: &str = "sentinel-password";

/// A gate that prints what it finds around it.
const LEAK: &str = r#"
[store]
url_env = "STORE"

[[notify]]
slack_env = "HOOK"

[gates.exec.leak]
command = ["sh", "-c", "echo $HOOK; echo $STORE; echo $PIPELINE_URL_STAGING"]
"#;

#[tokio::test]
async fn a_gate_that_prints_secrets_leaves_none_in_its_log() {
    let world = world().await;
    let config = std::fs::read_to_string(world.path().join("pipeline.toml")).expect("it is there");
    world.write("pipeline.toml", &format!("{config}{LEAK}"));
    let store = format!("postgres://ada:{PASSWORD}-of-the-store@db.example/runs");
    let url = format!("https://ada:{PASSWORD}-of-the-url@shop.example");
    let vars = [("HOOK", HOOK), ("STORE", &store), ("PIPELINE_URL_STAGING", &url)];
    let ran = world.run_with(&["validate", "--only", "leak"], &vars).await.expect(0);
    let log = std::fs::read_to_string(world.path().join(".pipeline/logs/leak.log")).expect("a log");
    assert!(log.contains("@db.example/runs") && log.contains("@shop.example"), "{log}");
    assert!(!log.contains("sentinel"), "{log}");
    assert!(!ran.to_string().contains("sentinel"), "{ran}");
}

#[tokio::test]
async fn doctor_tells_no_password_of_an_address() {
    let world = world().await;
    let url = world.url().replace("://", &format!("://ada:{PASSWORD}@"));
    let vars = [("PIPELINE_URL_STAGING", url.as_str())];
    let ran = world.run_with(&["doctor", "staging"], &vars).await;
    assert!(ran.stdout.contains("verification goes to http"), "{ran}");
    assert!(!ran.to_string().contains(PASSWORD) && !ran.stdout.contains("ada@"), "{ran}");
    // Nor where it cannot be used.
    let vars = [("PIPELINE_URL_STAGING", "ada:sentinel-password@shop.example")];
    let ran = world.run_with(&["doctor", "staging"], &vars).await;
    assert!(ran.to_string().contains("PIPELINE_URL_STAGING"), "{ran}");
    assert!(!ran.to_string().contains(PASSWORD), "{ran}");
}

#[tokio::test]
async fn doctor_looks_at_the_clock_without_a_token() {
    let args = ["doctor", "staging", "--format", "json"];
    let ran = world().await.run_with(&args, &[("FLY_API_TOKEN", "")]).await.expect(10);
    let marks = marks(&ran);
    assert_eq!(marks.get("token").map(String::as_str), Some("bad"), "{ran}");
    assert!(marks.contains_key("clock"), "{ran}");
}

#[tokio::test]
async fn what_is_wrong_is_no_command_of_a_workflow() {
    let world = world().await;
    let vars = [("GITHUB_ACTIONS", "true")];
    let environment = "x\n::error::pwned";
    for args in [&["plan", environment][..], &[environment], &["show", environment]] {
        let ran = world.run_with(args, &vars).await.expect(2);
        assert!(ran.stderr.contains("pwned"), "{ran}");
        assert!(!ran.stderr.lines().any(|it| it.trim_start().starts_with("::")), "{ran}");
    }
    world.write(
        "pipeline.toml",
        "[gates.exec.\"a\\n::error::pwned\"]\ncommand = 1\n##[error]pwned\n",
    );
    let ran = world.run_with(&["validate"], &vars).await.expect(2);
    assert!(ran.stderr.contains("pwned"), "{ran}");
    assert!(!ran.stderr.lines().any(|it| it.trim_start().starts_with("::")), "{ran}");
    assert!(!ran.stderr.contains("##["), "{ran}");
}

#[tokio::test]
async fn a_configuration_of_others_gives_the_terminal_no_orders() {
    let world = world().await;
    world.write("pipeline.toml", "# \u{1b}[2J\u{9b}2J\u{202e}\nbad = \"\u{1b}]0;pwned\u{7}\"\n");
    let ran = world.run(&["validate", "--color", "always"]).await.expect(2);
    // The colours are ours.
    assert!(ran.stderr.contains("\u{1b}[") && ran.stderr.contains("pwned"), "{ran}");
    let orders = ["\u{1b}[2J", "\u{1b}]", "\u{7}", "\u{9b}", "\u{202e}"];
    assert!(!orders.iter().any(|it| ran.stderr.contains(it)), "{:?}", ran.stderr);
}

#[tokio::test]
async fn no_color_is_understood() {
    let ran = world().await.run(&["history", "--no-color"]).await.expect(0);
    assert!(!ran.stderr.contains('\u{1b}'), "{ran}");
}
