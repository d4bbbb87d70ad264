//! Callers who mean no good, numbers that nobody needs, and starts that fail half way.

use std::net::TcpListener;

use reqwest::Method;
use serde_json::{Value, json};
use sim_flyio::{Image, Listen, SimConfig, SimFly};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::stage::{MACHINES, Stage, client, config, eventually, reference};

/// Sends bytes as they are; returns what comes back until the end.
async fn raw(url: &str, text: &str) -> String {
    let mut stream = TcpStream::connect(url.replace("http://", "")).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read).await; // a connection that breaks has said nothing
    String::from_utf8_lossy(&read).into_owned()
}

async fn status(stage: &Stage, (method, path, body): (&str, &str, &str)) -> u16 {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        stage.sim.token(),
        body.len()
    );
    let reply = raw(&stage.sim.api_url(), &request).await;
    let code = reply.split(' ').nth(1).and_then(|code| code.parse().ok());
    let shown: String = body.chars().take(80).collect();
    code.unwrap_or_else(|| panic!("no answer to {method} {path} {shown}: {reply}"))
}

#[tokio::test]
async fn every_absurd_call_is_answered() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    let nested = format!("{{\"query\": \"{}\"}}", "{a".repeat(200_000));
    let deep = "[".repeat(100_000);
    let long = "18000000000000000000s".repeat(2);
    let lazy = format!(
        "{{\"config\":{{\"image\":\"x\",\"checks\":{{\"a\":{{\"type\":\"tcp\",\"port\":1,\"grace_period\":\"{long}\"}}}}}}}}"
    );
    let stop = format!("{{\"timeout\":\"{long}\"}}");
    let of = |action: &str| format!("{path}{action}");
    let table = [
        ("POST", "/graphql".to_owned(), &*nested, 200),
        ("POST", "/graphql".to_owned(), &*deep, 400),
        ("POST", MACHINES.to_owned(), &*deep, 400),
        ("POST", MACHINES.to_owned(), &*lazy, 400),
        ("GET", format!("{MACHINES}?cursor=-7fffffffffffffff.a"), "", 400),
        ("GET", format!("{MACHINES}?limit=18446744073709551616"), "", 400),
        ("GET", "/v1/orgs/personal/machines?cursor=-8000000000000000.a".to_owned(), "", 400),
        ("GET", of("/wait?timeout=18446744073709551615"), "", 400),
        ("GET", of("/events?limit=-1"), "", 400),
        ("POST", of("/lease?ttl=18446744073709551615"), "", 201),
        ("GET", of("/lease"), "", 200),
        ("POST", of("/stop"), &*stop, 400),
        ("POST", of("/exec"), "{\"cmd\":\"a\",\"timeout\":18446744073709551615}", 400),
        ("GET", "/v1/apps/%00/machines/%00".to_owned(), "", 404),
        ("GET", "/v1/apps/%ff/machines".to_owned(), "", 400),
        ("GET", format!("{MACHINES}/%00%ff"), "", 400),
        (
            "POST",
            "/_sim/faults".to_owned(),
            "{\"fault\":\"boot=crash:99999999999999999999999h\"}",
            400,
        ),
    ];
    for (method, path, body, wanted) in table {
        assert_eq!(status(&stage, (method, &path, body)).await, wanted, "{method} {path}");
    }
    assert_eq!(stage.get(MACHINES).await.0, 200);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_and_taken_down() {
    let stage = Stage::new().await;
    let url = stage.sim.api_url() + MACHINES;
    let request = client().post(url).bearer_auth(stage.sim.token());
    let response = request.body(vec![b' '; (10 << 20) + 1]).send().await.unwrap();
    assert_eq!(response.status(), 413);
    assert!(response.headers().contains_key("fly-request-id"));
    let call = stage.sim.journal().pop().expect("it was a call");
    assert_eq!((call.method.as_str(), call.status), ("POST", Some(413)));
}

#[tokio::test]
async fn a_configuration_of_many_megabytes_is_one_too() {
    let stage = Stage::new().await;
    let mut large = config("v1");
    large["metadata"]["note"] = json!("x".repeat(5 << 20));
    let path = stage.create(json!({ "config": large, "skip_launch": true })).await;
    assert_eq!(stage.truth(&path).config, large);
}

#[tokio::test]
async fn times_by_another_clock_stay_within_what_clocks_can_show() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    for fault in ["events=skew:+2562047788015h", "events=skew:-2562047788015h"] {
        stage.sim.inject(fault.parse().unwrap());
        assert_eq!(status(&stage, ("GET", &format!("{path}/events"), "")).await, 200, "{fault}");
    }
}

#[tokio::test]
async fn whoever_has_no_token_meets_no_fault() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    stage.sim.inject("get@1=409-lease:1h".parse().unwrap());
    let url = stage.sim.api_url() + &path;
    assert_eq!(client().get(url).send().await.unwrap().status(), 401);
    assert_eq!(stage.truth(&path).lease, None);
    assert_eq!(stage.sim.faults()[0].met, 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_secret_is_said_without_it() {
    let stage = Stage::new().await;
    let secrets = "/v1/apps/shop/secrets";
    for body in [json!({ "values": "hush-hush" }), json!({ "values": { "A": ["hush-hush"] } })] {
        let (status, refused) = stage.post(secrets, body).await;
        assert_eq!(status, 400);
        assert!(!refused.to_string().contains("hush-hush"), "{refused}");
    }
    let (_, refused) = stage.post(format!("{secrets}/A"), json!({ "value": ["hush-hush"] })).await;
    assert!(!refused.to_string().contains("hush-hush"), "{refused}");
}

#[tokio::test]
async fn a_deleted_app_is_in_no_list() {
    let stage = Stage::new().await;
    stage.started(config("v1")).await;
    let site = stage.sim.app_url("shop").await.unwrap();
    client().get(&site).send().await.unwrap();
    assert_eq!(stage.delete("/v1/apps/shop").await.0, 202);
    let query = json!({ "query": "{ apps { nodes { name } } }" });
    let (_, apps) = stage.post("/graphql", query).await;
    assert_eq!(apps["data"]["apps"]["nodes"], json!([]));
    eventually("users to be told", async || {
        (client().get(&site).send().await.unwrap().status() == 404).then_some(())
    })
    .await;
}

#[tokio::test]
async fn memory_that_would_last_for_ever_does() {
    let stage = Stage::new().await;
    let image = Image::inside(reference("calm"));
    stage.sim.register_image(image.env([("MEMORY_GROWTH_MB_S", "1")]));
    let mut config = config("calm");
    config["guest"] = json!({ "memory_mb": u64::MAX });
    let machine = stage.started(config).await;
    assert_eq!(stage.truth(&machine).state, "started");
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_learns_nothing_and_stops_nothing_is_one_too() {
    for time in [std::time::Duration::ZERO, std::time::Duration::MAX] {
        let config = SimConfig {
            propagation: time,
            autostop_every: time,
            queue_timeout: time,
            boot: std::time::Duration::ZERO,
            ..SimConfig::default()
        };
        let stage = Stage::exactly(config).await;
        stage.sim.register_image(Image::inside(reference("in")));
        let mut idle = crate::stage::config("in");
        idle["services"][0]["autostop"] = json!("stop");
        let machine = stage.started(idle).await;
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        let wanted = if time.is_zero() { "stopped" } else { "started" };
        assert_eq!(stage.truth(&machine).state, wanted, "{time:?}");
    }
}

#[tokio::test]
async fn a_start_that_fails_half_way_leaves_no_port_open() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let (api, proxy) = (free.local_addr().unwrap(), taken.local_addr().unwrap());
    drop(free);
    let listen = Listen { api_port: api.port(), proxy_port: proxy.port(), ..Listen::default() };
    let error = SimFly::start(SimConfig { listen, ..SimConfig::default() }).await.unwrap_err();
    assert!(error.to_string().contains("proxy"), "{error}");
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(api).await.is_err(), "somebody still listens there");
}

#[tokio::test]
async fn a_request_line_with_a_query_and_no_path_is_relayed() {
    let stage = Stage::new().await;
    stage.started(config("v1")).await;
    let visit = || async {
        let url = stage.sim.app_url("shop").await.unwrap();
        raw(&url, "GET http://shop?x=1 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").await
    };
    eventually("an answer", async || {
        stage.visit("/", &[]).await.ok().filter(|it| it.status().is_success())
    })
    .await;
    let url = stage.sim.app_url("shop").await.unwrap();
    let odd = visit().await;
    assert!(odd.starts_with("HTTP/1.1 200") && odd.contains("Shop v1"), "{odd}");
    let star = raw(&url, "OPTIONS * HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").await;
    assert!(star.starts_with("HTTP/1.1 "), "{star}");
}

#[tokio::test]
async fn a_client_that_breaks_off_its_own_request_has_lost_nothing() {
    let stage = Stage::new().await;
    stage.started(config("v1")).await;
    eventually("an answer", async || {
        stage.visit("/", &[]).await.ok().filter(|it| it.status().is_success())
    })
    .await;
    let before = stage.sim.ledger("shop");
    let url = stage.sim.app_url("shop").await.unwrap();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(url.replace("http://", "")).await.unwrap();
        let head = "POST /mirror HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nhalf of it";
        stream.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        drop(stream);
    }
    let after = eventually("the end of them", async || {
        let ledger = stage.sim.ledger("shop");
        (ledger.requests == before.requests + 20 && ledger.in_flight == 0).then_some(ledger)
    })
    .await;
    assert_eq!(after.lost, before.lost);
}

#[tokio::test]
async fn a_signal_that_a_program_does_not_catch_ends_it_inside_the_simulator_too() {
    let stage = Stage::new().await;
    stage.sim.register_image(Image::inside(reference("in")));
    for tag in ["in", "v1"] {
        let mut config = config(tag);
        config["restart"] = json!({ "policy": "no" });
        let machine = stage.started(config).await;
        eventually("its checks", async || {
            let checks = stage.truth(&machine).checks;
            (checks[0].status == "passing").then_some(())
        })
        .await;
        let (status, _) =
            stage.post(format!("{machine}/signal"), json!({ "signal": "SIGUSR1" })).await;
        assert_eq!(status, 200);
        stage.wait(&machine, "stopped").await;
        let exit: Value = stage.event(&machine, "exit").await["request"]["exit_event"].clone();
        assert_eq!((&exit["guest_signal"], &exit["exit_code"]), (&json!(10), &json!(138)), "{tag}");
    }
    assert_eq!(stage.call(Method::GET, MACHINES, None).await.0, 200);
}

#[tokio::test]
async fn when_a_shutdown_is_over_nobody_listens_any_more() {
    let stage = Stage::new().await;
    stage.started(config("v1")).await;
    let ports = [stage.sim.api_url(), stage.sim.proxy_url()];
    stage.sim.shutdown().await;
    for port in ports {
        let address = port.replace("http://", "");
        assert!(std::net::TcpStream::connect(&address).is_err(), "{port} is open");
    }
}
