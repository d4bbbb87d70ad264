//! One seed, one history: random scripts of calls, visits, faults and pauses, played twice.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sim_flyio::{ApiCall, Image, Ledger, MachineView, SimConfig};

use crate::stage::{MACHINES, Stage, config, path, reference};

/// Everything that a script got to see.
#[derive(Debug, PartialEq)]
struct History {
    told: Vec<String>,
    journal: Vec<ApiCall>,
    ledger: Ledger,
    machines: Vec<MachineView>,
}

/// What a script does next follows from these.
struct Script(u64);

impl Script {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    fn config(&mut self) -> Value {
        let mut config =
            config(self.one(&["calm", "calm", "slow", "crash", "deaf", "greedy", "none"]));
        config["restart"] = json!({ "policy": self.one(&["no", "always", "on-failure"]) });
        config["guest"] = json!({ "memory_mb": 256 });
        config["stop_config"] = json!({ "timeout": self.one(&["50ms", "1s"]) });
        let service = &mut config["services"][0];
        service["autostart"] = json!(self.roll(2) == 0);
        service["autostop"] = json!(self.one(&["off", "stop", "suspend"]));
        service["concurrency"] = json!({
            "type": self.one(&["requests", "connections"]),
            "soft_limit": 1,
            "hard_limit": 2,
        });
        config
    }

    fn launch(&mut self) -> Value {
        let mut launch = json!({ "config": self.config() });
        match self.roll(6) {
            0 => launch["skip_launch"] = json!(true),
            1 => launch["min_secrets_version"] = json!(self.roll(3)),
            2 => launch["lease_ttl"] = json!(1),
            3 => launch["skip_service_registration"] = json!(true),
            _ => {}
        }
        launch
    }

    /// The boot time is 50 ms, and so is the unit of all pauses: what can come at the same time
    /// does.
    fn pause(&mut self) -> Duration {
        Duration::from_millis(50 * [0, 1, 1, 2, 20, 100][self.roll(6)])
    }
}

const FAULTS: [&str; 12] = [
    "boot%0.3=crash:50ms",
    "boot%0.2=flap:1s",
    "boot%0.2=oom:100ms",
    "any%0.1=slow:50ms",
    "get%0.3=stale:200ms",
    "update%0.3=pull-fails",
    "update%0.3=autostop",
    "create%0.3=lag:2",
    "destroy%0.5=hangs:1s",
    "lease%0.5=lease-lost:50ms",
    "list%0.3=empty",
    "stop%0.5=host-unreachable:100ms",
];

async fn stage(seed: u64) -> Stage {
    let config = SimConfig {
        seed: Some(seed),
        starts_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        autostop_every: Duration::from_millis(1500),
        queue_timeout: Duration::from_millis(300),
        propagation: Duration::from_millis(100),
        check_speed: 10.0,
        ..SimConfig::default()
    };
    let stage = Stage::exactly(config).await;
    let images: [(&str, &[(&str, &str)]); 5] = [
        ("calm", &[]),
        ("slow", &[("LATENCY_MS", "40"), ("LATENCY_SPREAD", "0.8"), ("ERROR_RATE", "0.3")]),
        ("crash", &[("CRASH_AFTER_MS", "500"), ("STREAM_MS", "50")]),
        ("deaf", &[("IGNORE_TERM", "1"), ("BOOT_DELAY_MS", "50")]),
        ("greedy", &[("MEMORY_MB", "100"), ("MEMORY_GROWTH_MB_S", "40"), ("DRAIN_MS", "50")]),
    ];
    for (tag, env) in images {
        let env = env.iter().copied().chain([("APP_VERSION", tag)]);
        stage.sim.register_image(Image::inside(reference(tag)).env(env));
    }
    stage
}

/// One step; what came of it.
async fn step(stage: &Stage, script: &mut Script) -> String {
    let machines = stage.sim.machines("shop");
    let machine = match machines.len() {
        0 => path("00000000000000"),
        count => path(&machines[script.roll(count)].id),
    };
    let call = async |method, at: String, body| {
        format!("{:?}", stage.try_call(method, &at, (body, None)).await.ok())
    };
    match script.roll(12) {
        0 | 1 => call(Method::POST, MACHINES.to_owned(), Some(script.launch())).await,
        2 | 3 => call(Method::POST, machine, Some(script.launch())).await,
        4 | 5 => {
            let action = script.one(&["start", "stop", "restart", "suspend", "cordon", "uncordon"]);
            call(Method::POST, format!("{machine}/{action}"), None).await
        }
        6 => call(Method::DELETE, format!("{machine}?force=true"), None).await,
        7 => {
            let what = script.one(&["", "/events", "/versions", "/wait?timeout=1", "/lease"]);
            call(Method::GET, format!("{machine}{what}"), None).await
        }
        8 => {
            let body = json!({ "values": { "A": script.roll(100).to_string() } });
            call(Method::POST, "/v1/apps/shop/secrets".to_owned(), Some(body)).await
        }
        9 => call(Method::POST, format!("{machine}/lease?ttl=1"), None).await,
        _ => {
            let pause = script.pause();
            let together = async {
                tokio::time::sleep(pause).await;
                call(Method::POST, format!("{machine}/stop"), None).await
            };
            let (first, second, stopped) =
                tokio::join!(visit(stage, "/"), visit(stage, "/mirror"), together);
            format!("{first}\n{second}\n{stopped}")
        }
    }
}

async fn visit(stage: &Stage, at: &str) -> String {
    let Ok(response) = stage.visit(at, &[]).await else { return "broken".to_owned() };
    let names = ["x-machine-id", "x-machine-version", "x-request-of-connection", "fly-request-id"];
    let headers: Vec<_> = names.iter().map(|name| response.headers().get(*name).cloned()).collect();
    format!(
        "{} {headers:?}, {} bytes",
        response.status(),
        response.text().await.unwrap_or_default().len()
    )
}

async fn play(seed: u64) -> History {
    let (stage, mut script) = (stage(seed).await, Script(seed));
    let mut told = Vec::new();
    for _ in 0..script.roll(3) {
        stage.sim.inject(FAULTS[script.roll(FAULTS.len())].parse().unwrap());
    }
    for _ in 0..60 {
        told.push(step(&stage, &mut script).await);
        tokio::time::sleep(script.pause()).await;
    }
    let (journal, ledger) = (stage.sim.journal(), stage.sim.ledger("shop"));
    let machines = stage.sim.machines("shop");
    stage.sim.shutdown().await;
    History { told, journal, ledger, machines }
}

#[tokio::test(start_paused = true)]
async fn a_random_script_makes_the_same_history_each_time() {
    for seed in 0..10 {
        let (first, second) = (play(seed).await, play(seed).await);
        for (at, (one, other)) in first.told.iter().zip(&second.told).enumerate() {
            assert_eq!(one, other, "seed {seed}, step {at}");
        }
        assert_eq!(first, second, "seed {seed}");
    }
}
