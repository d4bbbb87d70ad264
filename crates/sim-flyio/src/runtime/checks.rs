//! Health checks, run against the process of a machine for as long as it lives.

use std::{sync::Arc, time::Duration};

use http_body_util::Empty;
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    select,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Connection, Platform};
use crate::world::{Address, Boot, CheckSpec, Fact, Ports, Probe};

/// Starts all checks of a boot; they stop when the set is dropped.
pub(super) fn start(platform: &Arc<Platform>, boot: &Boot, ports: &Ports) -> JoinSet<()> {
    let mut running = JoinSet::new();
    for spec in &boot.checks {
        let (platform, key, spec) = (Arc::clone(platform), boot.key.clone(), spec.clone());
        let (number, address) = (boot.number, ports[&spec.port]);
        running.spawn(async move {
            let pace = Pace::new(&spec, platform.config.check_speed);
            sleep(pace.grace).await;
            loop {
                let (passing, output) = probe(&platform, &spec, address).await;
                let name = spec.name.clone();
                platform.note(&key, Fact::Checked { boot: number, name, passing, output });
                sleep(pace.interval).await;
            }
        });
    }
    running
}

/// How often a check runs, after it was sped up.
#[derive(Debug, PartialEq)]
struct Pace {
    grace: Duration,
    interval: Duration,
}

impl Pace {
    fn new(spec: &CheckSpec, speed: f64) -> Self {
        let sped_up = |time: Duration| {
            let seconds = time.as_secs_f64() / speed;
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
        };
        Self { grace: sped_up(spec.grace), interval: sped_up(spec.interval) }
    }
}

/// Asks once: whether it passes, and what was seen.
async fn probe(platform: &Platform, spec: &CheckSpec, address: Address) -> (bool, String) {
    let asked = async {
        let stream = platform.dial(address).await?;
        match &spec.probe {
            Probe::Tcp => Ok((true, "Success".to_owned())),
            Probe::Http { .. } => http(spec, stream).await,
        }
    };
    let answer: Result<_, Box<dyn std::error::Error + Send + Sync>> =
        match timeout(spec.timeout, asked).await {
            Ok(answer) => answer,
            Err(_) => return (false, format!("no answer within {:?}", spec.timeout)),
        };
    answer.unwrap_or_else(|error| (false, format!("connect: {error}")))
}

type Answer = Result<(bool, String), Box<dyn std::error::Error + Send + Sync>>;

async fn http(spec: &CheckSpec, stream: Connection) -> Answer {
    let Probe::Http { method, path, headers } = &spec.probe else { unreachable!("asked for http") };
    let mut request = Request::builder().method(method.as_str()).uri(path);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header("host", format!("127.0.0.1:{}", spec.port));
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.header("user-agent", "Consul Health Check").body(Empty::<Bytes>::new())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let response = sender.send_request(request);
    tokio::pin!(response);
    let response = select! {
        biased;
        response = &mut response => response?,
        // What was read before the end is the answer all the same.
        _ = connection => response.await?,
    };
    let status = response.status();
    Ok((status.is_success(), described(method, path, status)))
}

fn described(method: &str, path: &str, status: StatusCode) -> String {
    format!("{method} {path}: {status}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn checks_keep_their_proportions_at_every_speed() {
        let check = json!({ "type": "tcp", "port": 1, "grace_period": "100000h" });
        let config = json!({ "image": "x", "checks": { "a": check } });
        let spec = &CheckSpec::of(crate::world::Config(&config)).unwrap()[0];
        let second = Duration::from_secs(1);
        let fast = Pace { grace: 36_000_000 * second, interval: second * 3 / 2 };
        assert_eq!(Pace::new(spec, 10.0), fast);
        assert_eq!(Pace::new(spec, f64::MIN_POSITIVE).interval, Duration::MAX);
    }
}
