//! Commands inside machines, and what runs there.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sim_flyio::Image;

use crate::stage::{Stage, config, eventually, reference};

async fn exec(stage: &Stage, path: &str, body: Value) -> (u16, Value) {
    stage.post(format!("{path}/exec"), body).await
}

#[tokio::test]
async fn a_command_runs_in_the_environment_of_the_machine_and_tells_how_it_ended() {
    let stage = Stage::new().await;
    let secrets = json!({ "values": { "SHOP_TOKEN": "oolong" } });
    stage.post("/v1/apps/shop/secrets", secrets).await;
    let path = stage.started(config("v1")).await;
    let script = "cat; echo $SHOP_TOKEN $FLY_MACHINE_ID; test -n \"$PORT\" && echo no >&2; exit 3";
    let body = json!({ "command": ["sh", "-c", script], "stdin": "hello " });
    let (status, ran) = exec(&stage, &path, body).await;
    let id = stage.truth(&path).id;
    let wanted = json!({
        "exit_code": 3,
        "exit_signal": 0,
        "stdout": format!("hello oolong {id}\n"),
        "stderr": "no\n",
    });
    assert_eq!((status, ran), (200, wanted));
    let (_, old) = exec(&stage, &path, json!({ "cmd": "sh -c 'kill -9 $$'" })).await;
    assert_eq!((&old["exit_code"], &old["exit_signal"]), (&json!(137), &json!(9)));
}

#[tokio::test]
async fn what_cannot_be_run_is_refused() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let table = [
        (json!({}), 400, "command is required"),
        (json!({ "command": ["/no/such/program"] }), 400, "'/no/such/program'"),
        (json!({ "command": ["no-such-program"] }), 400, "'no-such-program'"),
        (json!({ "command": ["true"], "container": "x" }), 400, "containers"),
        (json!({ "command": ["true"], "timeout": 301 }), 400, "at most 300"),
        (json!({ "cmd": "echo 'open" }), 400, "open quote"),
    ];
    for (body, status, what) in table {
        let (found, refused) = exec(&stage, &path, body).await;
        assert_eq!(found, status, "{refused}");
        assert!(refused["error"].as_str().unwrap().contains(what), "{refused}");
    }
    let body = json!({ "command": ["true"] });
    stage.act(format!("{path}/lease?ttl=30")).await;
    let (status, refused) = exec(&stage, &path, body.clone()).await;
    assert_eq!(status, 409, "{refused}");
    let idle = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    assert_eq!(exec(&stage, &idle, body).await.0, 412);
    assert_eq!(stage.get(format!("{idle}/ps")).await.0, 412);
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_killed_and_the_machine_lives_on() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let before = stage.truth(&path).pid;
    let began = Instant::now();
    let body = json!({ "command": ["sleep", "300"], "timeout": 1 });
    let (status, refused) = exec(&stage, &path, body).await;
    assert_eq!(status, 408, "{refused}");
    assert!(began.elapsed() < Duration::from_secs(150));
    let sleeps = async || {
        let (_, processes) = stage.get(format!("{path}/ps")).await;
        commands(&processes).iter().any(|command| command.contains("sleep"))
    };
    eventually("the end of the command", async || (!sleeps().await).then_some(())).await;
    assert_eq!((stage.truth(&path).state, stage.truth(&path).pid), ("started".to_owned(), before));
}

#[tokio::test]
async fn a_command_ends_with_its_machine() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let (ran, ()) = tokio::join!(
        exec(&stage, &path, json!({ "command": ["sleep", "300"], "timeout": 60 })),
        async {
            eventually("the command", async || {
                let (_, processes) = stage.get(format!("{path}/ps")).await;
                commands(&processes).iter().any(|command| command == "sleep 300").then_some(())
            })
            .await;
            stage.act(format!("{path}/stop")).await;
        }
    );
    assert_eq!((ran.0, &ran.1["exit_signal"]), (200, &json!(9)), "{ran:?}");
}

#[tokio::test]
async fn processes_are_real_and_listen_at_the_port_inside_only_when_they_really_do() {
    let stage = Stage::new().await;
    let mut deaf = config("v1");
    let script = "sleep 300 & wait";
    stage.sim.register_image(Image::new(reference("deaf"), ["/bin/sh", "-c", script]));
    deaf["image"] = json!(reference("deaf"));
    let deaf = stage.started(deaf).await;
    let path = stage.started(config("v1")).await;
    let main = eventually("somebody who listens", async || {
        let (_, processes) = stage.get(format!("{path}/ps")).await;
        processes[0]["listen_sockets"].get(0).is_some().then(|| processes[0].clone())
    })
    .await;
    assert_eq!(main["listen_sockets"], json!([{ "proto": "tcp", "address": "0.0.0.0:8080" }]));
    assert_eq!(main["pid"], json!(stage.truth(&path).pid));
    assert!(main["rss"].as_u64().unwrap() > 100_000, "{main}");
    let both = eventually("two processes", async || {
        let (_, processes) = stage.get(format!("{deaf}/ps?sort_by=command&order=desc")).await;
        let commands = commands(&processes);
        let became = commands.iter().any(|it| it == "sleep 300"); // not a fork of the shell any more
        let told =
            commands.len() == 2 && became && !commands.iter().any(|it| it.contains("setpriv"));
        told.then_some(processes)
    })
    .await;
    assert_eq!(commands(&both), ["sleep 300", "/bin/sh -c sleep 300 & wait"]);
    assert_eq!((&both[0]["listen_sockets"], &both[1]["listen_sockets"]), (&json!([]), &json!([])));
    assert_eq!(stage.get(format!("{deaf}/ps?sort_by=beauty")).await.0, 400);
}

fn commands(processes: &Value) -> Vec<String> {
    let processes = processes.as_array().into_iter().flatten();
    processes.map(|process| process["command"].as_str().unwrap().to_owned()).collect()
}
