//! Rate limits of the Machines API (fly.io docs: machines/api, rate limits): one request a second
//! for each action and machine, or app, with a burst of three.

use std::{collections::HashMap, sync::Arc, sync::Mutex};

use axum::{
    extract::{OriginalUri, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;

use super::Api;
use crate::{runtime::lock, world::Refusal};

/// So many buckets are kept before the full ones, which say nothing, are looked for.
const CROWD: usize = 1024;

/// How often something may be asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rate {
    per_second: f64,
    burst: f64,
}

const USUAL: Rate = Rate { per_second: 1.0, burst: 3.0 };
const GET_MACHINE: Rate = Rate { per_second: 5.0, burst: 10.0 };
/// A hundred a minute, over all apps.
const DELETE_APP: Rate = Rate { per_second: 100.0 / 60.0, burst: 100.0 };

/// What shares a limit: an action, and the machine or the app that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Limited {
    action: String,
    of: String,
}

impl Limited {
    /// Reads a path like `/v1/apps/{app}/machines/{machine}/metadata/{key}`: names below an action
    /// make no difference to it.
    fn read(method: &Method, path: &str) -> (Self, Rate) {
        let path = path.strip_prefix("/v1").unwrap_or(path);
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (action, of) = match parts[..] {
            ["apps", _] if *method == Method::DELETE => {
                return (Self::new(method, "app", ""), DELETE_APP);
            }
            ["apps", app, "machines", machine] if *method == Method::GET => {
                return (Self::new(method, "machine", &format!("{app}/{machine}")), GET_MACHINE);
            }
            ["apps", app, "machines", machine] => ("machine", format!("{app}/{machine}")),
            ["apps", app, "machines", machine, action, ..] => (action, format!("{app}/{machine}")),
            ["apps", app] => ("app", app.to_owned()),
            ["apps", app, action, ..] => (action, app.to_owned()),
            [of, name, action, ..] => (action, format!("{of}/{name}")),
            _ => (path, String::new()),
        };
        (Self::new(method, action, &of), USUAL)
    }

    fn new(method: &Method, action: &str, of: &str) -> Self {
        Self { action: format!("{method} {action}"), of: of.to_owned() }
    }
}

/// What is left of a burst.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: Rate, at: Instant) -> Self {
        Self { rate, tokens: rate.burst, at }
    }

    fn fill(&mut self, now: Instant) {
        let time = now.duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + time * self.rate.per_second).min(self.rate.burst);
        self.at = now;
    }

    fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.tokens >= self.rate.burst
    }
}

/// All limits of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    known: HashMap<Limited, Bucket>,
    /// How many there may be before the next look for full ones.
    most: usize,
}

impl Buckets {
    fn admits(&mut self, (limited, rate): (Limited, Rate), now: Instant) -> bool {
        if self.known.len() >= self.most.max(CROWD) {
            self.known.retain(|_, bucket| !bucket.is_full(now));
            self.most = self.known.len() * 2;
        }
        let bucket = self.known.entry(limited).or_insert_with(|| Bucket::full(rate, now));
        bucket.take(now)
    }
}

/// Refuses what comes too often, where the simulator was told to.
pub(super) async fn limited(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let original = request.extensions().get::<OriginalUri>();
    let path = original.map_or(request.uri(), |original| &original.0).path();
    let asked = Limited::read(request.method(), path);
    let limits = api.platform.config.rate_limits;
    if limits && !lock(&api.limits.0).admits(asked, Instant::now()) {
        return Refusal::rate_limited().into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(method: &Method, path: &str) -> (String, String, Rate) {
        let (limited, rate) = Limited::read(method, path);
        (limited.action, limited.of, rate)
    }

    #[test]
    fn calls_share_a_limit_by_action_and_machine_or_app() {
        let machine = "/v1/apps/a/machines/m";
        let table = [
            (Method::GET, machine.to_owned(), "GET machine", "a/m", GET_MACHINE),
            (Method::POST, machine.to_owned(), "POST machine", "a/m", USUAL),
            (Method::POST, format!("{machine}/start"), "POST start", "a/m", USUAL),
            (Method::POST, format!("{machine}/metadata/x"), "POST metadata", "a/m", USUAL),
            (Method::GET, "/v1/apps/a/machines".to_owned(), "GET machines", "a", USUAL),
            (Method::PUT, "/v1/apps/a/volumes/v/extend".to_owned(), "PUT volumes", "a", USUAL),
            (Method::DELETE, "/v1/apps/a".to_owned(), "DELETE app", "", DELETE_APP),
            (Method::GET, "/v1/apps".to_owned(), "GET /apps", "", USUAL),
            (Method::GET, "/v1/orgs/o/machines".to_owned(), "GET machines", "orgs/o", USUAL),
        ];
        for (method, path, action, of, rate) in table {
            assert_eq!(read(&method, &path), (action.to_owned(), of.to_owned(), rate), "{path}");
        }
    }

    #[test]
    fn a_burst_is_admitted_and_then_one_a_second() {
        let (mut buckets, start) = (Buckets::default(), Instant::now());
        let mut admitted = |of: &str, millis: u64| {
            let asked = (Limited::new(&Method::POST, "start", of), USUAL);
            buckets.admits(asked, start + Duration::from_millis(millis))
        };
        let burst: Vec<bool> = (0..4).map(|_| admitted("m", 0)).collect();
        assert_eq!(burst, [true, true, true, false]);
        assert!(admitted("another", 0), "each has its own");
        assert!(!admitted("m", 900));
        assert!(admitted("m", 1000) && !admitted("m", 1500) && admitted("m", 2000));
        assert!(admitted("m", 60_000) && admitted("m", 60_000) && admitted("m", 60_000));
        assert!(!admitted("m", 60_000), "rest is not saved beyond a burst");
    }

    #[test]
    fn what_is_not_asked_for_any_more_is_forgotten() {
        let (mut buckets, start) = (Buckets::default(), Instant::now());
        for n in 0..20 * CROWD as u64 {
            let asked = (Limited::new(&Method::GET, "machine", &n.to_string()), GET_MACHINE);
            assert!(buckets.admits(asked, start + Duration::from_millis(n)));
        }
        assert!(buckets.known.len() <= 2 * CROWD, "{}", buckets.known.len());
    }
}
