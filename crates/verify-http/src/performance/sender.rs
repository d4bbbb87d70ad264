//! Sends requests when they are due, whatever became of those before: an open loop.
//!
//! A closed loop, which waits for an answer before it asks again, shows a stall once; users meet it as often as they
//! come. So the times are planned in advance, and a latency counts from the moment a request should have left.

mod line;
mod load;
mod plan;
mod pool;
mod route;

use std::collections::{BTreeMap, VecDeque};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{Either, join_all, select};
use futures::stream::FuturesUnordered;
use http_body_util::Empty;
use reqwest::header::{HOST, HeaderValue, USER_AGENT};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

pub(crate) use self::line::Answer;
pub use self::load::{Load, LoadReport};
pub(crate) use self::plan::Plan;
pub(crate) use self::pool::Missed;
pub(crate) use self::route::Routes;

use self::line::Outgoing;
use self::plan::Departure;
use self::pool::Pool;
use crate::error::Error;
use crate::place::Request;

/// How it introduces itself.
const AGENT: &str = concat!("pipeline/", env!("CARGO_PKG_VERSION"));

/// How late a timer may be.
const COARSE: Duration = Duration::from_millis(2);

/// What came of one request.
#[derive(Debug)]
pub(crate) struct Shot {
    pub(crate) stream: usize,
    /// Which request of its stream, from 0.
    pub(crate) number: usize,
    /// When it should have left, since the beginning.
    pub(crate) due: Duration,
    /// How much later it left: this side's fault.
    pub(crate) late: Duration,
    /// From when it should have left to the last byte.
    pub(crate) took: Duration,
    pub(crate) answer: Result<Answer, Missed>,
}

/// Takes what comes back, and says what is still wanted. `now` is the time since the beginning.
pub(crate) trait Course: Send {
    /// The streams that want requests now.
    fn wanted(&mut self, now: Duration) -> Vec<usize>;
    /// When to ask again, if nothing comes back before; `None` when nothing is wanted any more.
    fn wakes(&self, now: Duration) -> Option<Duration>;
    /// Takes an answer.
    fn take(&mut self, shot: Shot, now: Duration);
}

/// Sends requests to streams: each is one request, or some that take turns.
pub(crate) struct Sender {
    streams: Vec<Vec<Target>>,
    pools: Vec<Arc<Pool>>,
    timeout: Duration,
}

#[derive(Clone)]
struct Target {
    request: Outgoing,
    pool: Arc<Pool>,
}

type Flying = FuturesUnordered<Pin<Box<dyn Future<Output = Option<Shot>> + Send>>>;

impl Sender {
    /// Finds the ways to all of them.
    pub(crate) async fn new(
        streams: Vec<Vec<Request>>,
        routes: &Routes,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let mut pools = BTreeMap::new();
        let mut made = Vec::new();
        for requests in streams {
            let mut targets = Vec::new();
            for request in requests {
                let origin = request.url.origin().ascii_serialization();
                if !pools.contains_key(&origin) {
                    let route = routes.find(&request.url).await?;
                    pools.insert(origin.clone(), Arc::new(Pool::new(route)));
                }
                let pool = pools[&origin].clone();
                targets.push(Target { request: outgoing(&request)?, pool });
            }
            made.push(targets);
        }
        Ok(Self { streams: made, pools: pools.into_values().collect(), timeout })
    }

    /// Opens connections, so that the first requests need not wait for them.
    pub(crate) async fn open(&self) {
        let each = self.streams.len().div_ceil(self.pools.len().max(1)).clamp(2, 8);
        join_all(self.pools.iter().map(|pool| pool.fill(each))).await;
    }

    /// What it took to connect, each time.
    pub(crate) fn connects(&self) -> Vec<Duration> {
        self.pools.iter().flat_map(|pool| pool.connects()).collect()
    }

    /// Sends what the plan says until nothing more is wanted. What is under way then is dropped.
    pub(crate) async fn run(&self, mut plan: Plan, course: &mut dyn Course) {
        let mut flight = Flight::new(self);
        let (mut queue, mut resting) = (VecDeque::new(), true);
        while let Some(wakes) = course.wakes(flight.now()) {
            let now = flight.now();
            let wanted = course.wanted(now);
            queue.retain(|it: &Departure| wanted.contains(&it.stream));
            if queue.is_empty() && !wanted.is_empty() {
                // Only a rest is no lateness: what this side missed, it sends late, and that is seen. Where it was
                // stopped altogether, the requests of the round that it was stopped in are late enough to see it by.
                if resting || plan.is_behind(now) {
                    plan.not_before(now);
                }
                queue.extend(plan.round(&wanted));
            }
            resting = queue.is_empty();
            let due = queue.front().map(|it| it.at);
            let next = due.map_or(wakes, |due| due.min(wakes));
            match flight.first(next).await {
                Some(shot) => course.take(shot, flight.now()),
                None if due == Some(next) => flight.depart(queue.pop_front()),
                None => {}
            }
        }
    }
}

/// The requests that are under way.
struct Flight<'s> {
    sender: &'s Sender,
    began: Instant,
    /// How many left, by stream.
    numbers: Vec<usize>,
    flying: Flying,
}

impl<'s> Flight<'s> {
    fn new(sender: &'s Sender) -> Self {
        let (began, flying) = (Instant::now(), Flying::new());
        Self { sender, began, numbers: vec![0; sender.streams.len()], flying }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn depart(&mut self, departure: Option<Departure>) {
        let Some(Departure { stream, at: due }) = departure else { return };
        let number = self.numbers[stream];
        self.numbers[stream] += 1;
        let targets = &self.sender.streams[stream];
        let Target { request, pool } = targets[number % targets.len()].clone();
        let (late, scheduled) = (self.now().saturating_sub(due), self.began + due);
        let deadline = scheduled + self.sender.timeout;
        if pool.wants_spare() {
            let pool = pool.clone();
            self.flying.push(Box::pin(async move {
                pool.spare().await;
                None
            }));
        }
        self.flying.push(Box::pin(async move {
            let answer = pool.ask(&request, deadline).await;
            Some(Shot { stream, number, due, late, took: scheduled.elapsed(), answer })
        }));
    }

    /// What comes back until then; `None` when it is time.
    async fn first(&mut self, until: Duration) -> Option<Shot> {
        let until = self.began + until;
        loop {
            if self.flying.is_empty() {
                exactly(until).await;
                return None;
            }
            let timer = pin!(exactly(until));
            // The timer is asked first: what is due leaves before anything that came back is looked at.
            match select(timer, self.flying.next()).await {
                Either::Left(_) => return None,
                Either::Right((Some(Some(shot)), _)) => return Some(shot),
                Either::Right((Some(None) | None, _)) => {}
            }
        }
    }
}

/// Waits more exactly than a timer, which is up to two milliseconds late: it rounds up, and so does the system under
/// it. The last moments are waited in turns with everything else that is to be done.
async fn exactly(until: Instant) {
    sleep_until(until.checked_sub(COARSE).unwrap_or(until)).await;
    loop {
        let now = Instant::now();
        if now >= until {
            return;
        }
        yield_now().await;
        // Only a test's time stands still.
        if Instant::now() == now {
            return sleep_until(until).await;
        }
    }
}

fn outgoing(request: &Request) -> Result<Outgoing, Error> {
    let url = &request.url;
    let refused = |reason: String| Error::Url { url: url.to_string(), reason };
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let host = HeaderValue::try_from(host).map_err(|error| refused(error.to_string()))?;
    let mut made = hyper::Request::builder()
        .method(request.method.clone())
        .uri(path)
        .body(Empty::new())
        .map_err(|error| refused(error.to_string()))?;
    let headers = made.headers_mut();
    headers.insert(HOST, host);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    // Said last: who configures a header means it.
    headers.extend(request.headers.clone());
    Ok(made)
}

#[cfg(test)]
mod tests;
