//! What users' requests reach. Nothing in the API says that the proxy has learned of a change, so it is
//! asked: the app names its machine in a header of its answers. An app that does not is waited for blindly.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{FutureExt, join_all};
use reqwest::Client;
use tokio::time::{Instant, sleep, timeout};

use crate::config::FlyConfig;
use crate::error::FlyError;

/// The header that pins a request to one machine (fly.io docs: networking, request headers).
pub(crate) const PIN: &str = "fly-force-instance-id";
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time between rounds of questions.
const PAUSE: Duration = Duration::from_millis(100);
/// How many questions at once: a balancer that goes by load spreads them.
const ROUND: usize = 4;
/// How many machines are asked by name at once.
const PINNED: usize = 16;
/// How long the proxy may take to learn what it must.
const LONGEST: Duration = Duration::from_mins(1);

/// The public side of an app.
#[derive(Clone, Debug)]
pub(crate) struct Traffic<'a> {
    pub(crate) http: &'a Client,
    pub(crate) config: &'a FlyConfig,
}

impl Traffic<'_> {
    /// Waits until users reach one of `new`.
    pub(crate) async fn arrives(&self, new: &BTreeSet<String>) -> Result<(), FlyError> {
        if !self.is_named_by(new).await {
            sleep(self.config.blind_drain).await;
            return Ok(());
        }
        if self.sees(new, LONGEST).await {
            return Ok(());
        }
        Err(self.stays("the machines that were let in", LONGEST))
    }

    /// Gives the proxy time to learn that `machines` are back. Not seeing them is no failure: a balancer
    /// may have no reason to choose them.
    pub(crate) async fn returns(&self, machines: &BTreeSet<String>) {
        if self.is_named_by(machines).await {
            // What is seen at once may be what the proxy knew from before.
            sleep(self.config.drain / 2).await;
            self.sees(machines, self.config.drain / 2).await;
        } else {
            sleep(self.config.drain).await;
        }
    }

    /// Waits until nothing was answered by `old` for a while, and something was by others.
    pub(crate) async fn leaves(
        &self,
        old: &BTreeSet<String>,
        new: &BTreeSet<String>,
    ) -> Result<(), FlyError> {
        self.left(old, new, LONGEST * 2).await.map(drop)
    }

    /// The same, and since when it is so; `None` once nobody at all has answered for so long: then those
    /// that should take over cannot be reached.
    pub(crate) async fn left(
        &self,
        old: &BTreeSet<String>,
        new: &BTreeSet<String>,
        silence: Duration,
    ) -> Result<Option<Instant>, FlyError> {
        // One side or the other has been known to the proxy for long enough to be asked by name.
        if !self.is_named_by(&(old | new)).await {
            sleep(self.config.blind_drain).await;
            return Ok(Some(Instant::now()));
        }
        let began = Instant::now();
        let (mut quiet, mut heard) = (None, began);
        while began.elapsed() < LONGEST + self.config.drain {
            let answers = self.round().await;
            if !answers.is_empty() {
                heard = Instant::now();
            } else if heard.elapsed() >= silence {
                return Ok(None);
            }
            if answers.is_empty() || !answers.is_disjoint(old) {
                quiet = None;
            } else {
                let since = *quiet.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.config.drain {
                    return Ok(Some(since));
                }
            }
            sleep(PAUSE).await;
        }
        Err(self.stays("the machines in the proxy's pool alone", LONGEST + self.config.drain))
    }

    async fn sees(&self, machines: &BTreeSet<String>, limit: Duration) -> bool {
        let seen = async {
            while self.round().await.is_disjoint(machines) {
                sleep(PAUSE).await;
            }
        };
        timeout(limit, seen).await.is_ok()
    }

    /// Does a request that is pinned to one of them come back with its name?
    async fn is_named_by(&self, machines: &BTreeSet<String>) -> bool {
        for _ in 0..if machines.is_empty() { 0 } else { 5 } {
            // Side by side: those that hang must not keep those that answer from being heard.
            let asked: Vec<_> = machines
                .iter()
                .map(|it| async move { Some(self.ask(Some(it)).await? == *it) }.boxed())
                .collect();
            let mut answers = futures::stream::iter(asked).buffer_unordered(PINNED);
            while let Some(answer) = answers.next().await {
                if let Some(named) = answer {
                    return named;
                }
            }
            sleep(PAUSE).await;
        }
        false
    }

    /// The machines that answer a few requests of users.
    async fn round(&self) -> BTreeSet<String> {
        join_all((0..ROUND).map(|_| self.ask(None))).await.into_iter().flatten().collect()
    }

    /// The machine that answers, if the answer says so.
    async fn ask(&self, pin: Option<&str>) -> Option<String> {
        let config = self.config;
        let base = match pin {
            Some(_) => config.probe_url.as_ref().unwrap_or(&config.url),
            None => &config.url,
        };
        let url = format!("{}{}", base.trim_end_matches('/'), config.probe_path);
        let mut request = self.http.get(url).timeout(PATIENCE);
        if let Some(machine) = pin {
            request = request.header(PIN, machine);
        }
        let reply = request.send().await.ok()?;
        Some(reply.headers().get(&config.machine_header)?.to_str().ok()?.to_owned())
    }

    fn stays(&self, by: &'static str, after: Duration) -> FlyError {
        FlyError::TrafficStays { url: self.config.url.clone(), by, after }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::api::http_client;
    use crate::fly_toml::FlyToml;

    /// Machine z answers, the others hang.
    fn answer(request: &[u8]) -> &'static [u8] {
        match String::from_utf8_lossy(request).contains("instance-id: z") {
            true => b"HTTP/1.1 200 OK\r\nx-machine-id: z\r\ncontent-length: 0\r\n\r\n",
            false => b"",
        }
    }

    #[tokio::test(start_paused = true)]
    async fn machines_that_hang_do_not_hide_the_one_that_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = FlyConfig::new("shop", url, "t".to_owned(), FlyToml::default());
        let serve = async {
            let mut open = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut text = vec![0; 1024];
                let read = stream.read(&mut text).await.unwrap();
                stream.write_all(answer(&text[..read])).await.unwrap();
                open.push(stream);
            }
        };
        let machines = ["a", "b", "c", "z"].map(str::to_owned).into();
        let (http, began) = (http_client(), Instant::now());
        let traffic = Traffic { http: &http, config: &config };
        tokio::select! {
            named = traffic.is_named_by(&machines) => assert!(named),
            () = serve => unreachable!("it never ends"),
        }
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    }
}
