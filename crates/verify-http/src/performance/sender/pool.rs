//! Connections to one origin: some are opened ahead, each is kept, and there is always one to spare.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::line::{Answer, Broken, Line, Outgoing};
use super::route::Route;
use crate::error::Error;

/// How many connections wait for a request that comes while others are under way.
const SPARE: usize = 2;

/// How long to wait for the first connections before requests leave all the same.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long one may take to open.
const TOO_LONG: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Missed {
    /// Not in time.
    TimedOut,
    /// The other side did not answer; in words that follow the request.
    Silent(String),
    /// This side could not ask.
    Blind(Error),
}

/// Connections to one origin.
pub(crate) struct Pool {
    route: Route,
    idle: Mutex<Vec<Line>>,
    /// How many are being opened to spare.
    opening: AtomicUsize,
    /// How long it took to connect, TLS included.
    connects: Mutex<Vec<Duration>>,
}

impl Pool {
    pub(crate) fn new(route: Route) -> Self {
        Self {
            route,
            idle: Mutex::default(),
            opening: AtomicUsize::new(0),
            connects: Mutex::default(),
        }
    }

    /// Opens connections until there are `count`, as far as that goes quickly.
    pub(super) async fn fill(&self, count: usize) {
        let missing = count.saturating_sub(self.idle());
        let opening = futures::future::join_all((0..missing).map(|_| self.spare()));
        let _ = timeout(PATIENCE, opening).await;
    }

    /// Are there too few connections that wait?
    pub(super) fn wants_spare(&self) -> bool {
        self.idle() + self.opening.load(Ordering::Relaxed) < SPARE
    }

    /// Opens one more. Why it does not open, the next request will tell.
    pub(super) async fn spare(&self) {
        let _opening = Opening::new(&self.opening);
        if let Ok(Ok(line)) = timeout(TOO_LONG, self.open()).await {
            self.put(line);
        }
    }

    /// What it took to connect so far.
    pub(super) fn connects(&self) -> Vec<Duration> {
        lock(&self.connects).clone()
    }

    /// The answer, if it comes until `deadline`.
    pub(super) async fn ask(
        &self,
        request: &Outgoing,
        deadline: Instant,
    ) -> Result<Answer, Missed> {
        timeout_at(deadline, self.ask_on_any(request)).await.unwrap_or(Err(Missed::TimedOut))
    }

    async fn ask_on_any(&self, request: &Outgoing) -> Result<Answer, Missed> {
        loop {
            let kept = lock(&self.idle).pop();
            let mut line = match kept {
                Some(line) => line,
                None => self.open().await.map_err(|error| self.unreached(&error))?,
            };
            match line.ask(request).await {
                Ok(answer) => {
                    self.put(line);
                    return Ok(answer);
                }
                // Ends: only a connection that answered before can be stale, and each is tried once.
                Err(Broken::Stale) => {}
                Err(Broken::Silent(words)) => return Err(Missed::Silent(words)),
            }
        }
    }

    async fn open(&self) -> io::Result<Line> {
        let began = Instant::now();
        let line = Line::open(&self.route).await?;
        lock(&self.connects).push(began.elapsed());
        Ok(line)
    }

    fn put(&self, line: Line) {
        if line.is_open() {
            lock(&self.idle).push(line);
        }
    }

    fn idle(&self) -> usize {
        lock(&self.idle).len()
    }

    fn unreached(&self, error: &io::Error) -> Missed {
        match error.kind() {
            kind @ (io::ErrorKind::NetworkDown | io::ErrorKind::NetworkUnreachable) => {
                let host = self.route.host.clone();
                Missed::Blind(Error::Network { host, source: kind.into() })
            }
            io::ErrorKind::Other | io::ErrorKind::InvalidData => {
                Missed::Silent(format!("did not answer over TLS: {error}"))
            }
            kind => Missed::Silent(format!("did not answer: {kind}")),
        }
    }
}

/// Counts as one that is being opened, until it is dropped.
struct Opening<'c>(&'c AtomicUsize);

impl<'c> Opening<'c> {
    fn new(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Nothing panics while it is held, so what is inside is whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
