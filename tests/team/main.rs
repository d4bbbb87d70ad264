//! A team on one store: a real server of `PostgreSQL`, two checkouts, and a deploy that dies on one machine and ends on another.

#![cfg(test)]

use pipeline_tests::postgres::{PASSWORD, Postgres};
use pipeline_tests::{World, WorldConfig};
use serde_json::Value;

const VARIABLE: &str = "PIPELINE_STORE_URL";

async fn world(store: &str) -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    let config = WorldConfig { program, strategy: "rolling", machines: 2 };
    let world = World::start(config).await.with_short_leases();
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    world.write("pipeline.toml", &format!("[store]\n{store}\n\n{toml}"));
    world
}

/// What looks back says of all runs and of the last one, without the moment at which it was asked.
async fn told(world: &World, vars: &[(&str, &str)]) -> [Value; 3] {
    let ask = async |command: &str| {
        world.run_with(&[command, "--format", "json"], vars).await.expect(0).json()
    };
    let mut trends = ask("trends").await;
    trends["environments"][0]["dora"]["to"].take();
    [ask("history").await, ask("show").await, trends]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_that_dies_on_one_machine_is_resumed_on_another() {
    let server = Postgres::shared();
    let database = server.database();
    let url = server.tcp_url("postgres", PASSWORD, &database);
    let vars = [(VARIABLE, url.as_str())];
    let world = world(&format!("url_env = \"{VARIABLE}\"")).await;
    let image = world.image("v2", &[]);
    let deploy = ["deploy", "staging", "--image", &image];
    let die = [(VARIABLE, url.as_str()), ("PIPELINE_TEST_DIE", "after:3")];
    let died = world.run_with(&deploy, &die).await;
    assert_eq!(died.code, None, "{died}");

    // To the other machine it is somebody on a host that it cannot look at.
    let elsewhere = "host = 'build-7', machine = 'another boot', expires = expires + 600000";
    server.sql(&database, &format!("UPDATE locks SET {elsewhere}"));
    std::fs::create_dir(world.path().join("checkout")).unwrap();
    for file in ["pipeline.toml", "fly.toml"] {
        std::fs::copy(world.path().join(file), world.path().join("checkout").join(file)).unwrap();
    }
    let resume = ["resume", "--config", "checkout/pipeline.toml"];
    let refused = world.run_with(&resume, &vars).await.expect(12);
    assert!(refused.stderr.contains("tester on build-7"), "it names the holder: {refused}");
    assert!(refused.stderr.contains(", until "), "it names the expiry: {refused}");

    // As if all that had passed.
    server.sql(&database, "UPDATE locks SET expires = expires - 630000");
    let resumed = world.run_with(&resume, &vars).await.expect(0);
    assert_eq!(world.settled(2).await, Ok("v2".into()), "{resumed}");
    for checkout in ["pipeline.toml", "checkout/pipeline.toml"] {
        let history = world.run_with(&["history", "--config", checkout], &vars).await.expect(0);
        assert!(
            history.stdout.starts_with("v1: ") && history.stdout.contains("| PASS |"),
            "{history}"
        );
    }
    let [_, shown, trends] = told(&world, &vars).await;
    assert_eq!(shown["conclusion"], "succeeded", "{shown:#}");
    assert_eq!(trends["environments"][0]["dora"]["deploys"], 1, "{trends:#}");
    assert!(!world.path().join(".pipeline/pipeline.db").exists());
    let info = world.run_with(&["store", "info"], &vars).await.expect(0);
    for ran in [died, refused, resumed, info] {
        assert!(!ran.to_string().contains(PASSWORD), "{ran}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_used_is_told_before_anything_is_changed() {
    let server = Postgres::shared();
    let world = world(&format!("url_env = \"{VARIABLE}\"")).await;
    let image = world.image("v2", &[]);
    let deploy = ["deploy", "staging", "--image", &image];
    let unset = world.run(&deploy).await.expect(2);
    assert!(unset.stderr.contains("PIPELINE_STORE_URL is not set"), "{unset}");
    let nobody = format!("postgres://ada:{PASSWORD}@127.0.0.1:1/pipeline");
    let wrong = server.tcp_url("postgres", "no-hunter22", "postgres");
    let missing = server.tcp_url("postgres", PASSWORD, "nowhere");
    for url in [nobody, wrong, missing] {
        let ran = world.run_with(&deploy, &[(VARIABLE, &url)]).await.expect(75);
        assert!(!ran.to_string().contains("hunter22"), "{ran}");
    }
    // Gates need no store.
    world.run(&["validate", "staging"]).await.expect(0);
    assert_eq!(world.settled(2).await, Ok("v1".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_makes_no_tables_and_a_file_becomes_a_database_with_all_that_is_in_it() {
    let server = Postgres::shared();
    let database = server.database();
    let url = server.url(&database);
    let vars = [(VARIABLE, url.as_str())];
    let world = world("").await;
    let image = world.image("v2", &[]);
    world.run(&["deploy", "staging", "--image", &image]).await.expect(0);
    let before = told(&world, &[]).await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    world.write(
        "pipeline.toml",
        &toml.replace("[store]\n", &format!("[store]\nurl_env = \"{VARIABLE}\"\n")),
    );
    world.run_with(&["plan", "staging", "--image", &image], &vars).await.expect(0);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(server.answer(&database, tables), "0");

    let import = ["store", "import", "sqlite:.pipeline/pipeline.db", "--format", "json"];
    let brought = world.run_with(&import, &vars).await.expect(0).json();
    assert_eq!((&brought["runs"], &brought["first"]), (&1.into(), &"v1".into()), "{brought:#}");
    let again = world.run_with(&import, &vars).await.expect(0).json();
    assert_eq!((&again["runs"], &again["known"]), (&0.into(), &1.into()), "{again:#}");
    assert_eq!(told(&world, &vars).await, before);
    // What rollback needs came along.
    let three = world.image("v3", &[]);
    world.run_with(&["deploy", "staging", "--image", &three], &vars).await.expect(0);
    world.run_with(&["rollback", "staging"], &vars).await.expect(0);
    assert_eq!(world.settled(2).await, Ok("v2".into()));
    let shown = world.run_with(&["show"], &vars).await.expect(0);
    assert!(shown.stdout.starts_with("v3: "), "{shown}");
    let trends = world.run_with(&["trends", "staging"], &vars).await.expect(0);
    assert!(trends.stdout.starts_with("staging: "), "{trends}");
    let prune = ["store", "prune", "--keep", "0", "--format", "json"];
    let pruned = world.run_with(&prune, &vars).await.expect(0).json();
    assert_eq!(pruned["runs"], 0, "good runs stay: {pruned:#}");
    world.run_with(&["store", "prune"], &vars).await.expect(2);
}
