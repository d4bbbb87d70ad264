//! What users' requests reach. Nothing in the API says that the proxy has learned of a change, so it is
//! asked: the app names its machine in a header of its answers. An app that does not is waited for blindly.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{FutureExt, join_all};
use reqwest::{Client, RequestBuilder};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::config::FlyConfig;
use crate::error::FlyError;

/// The header that pins a request to one machine (fly.io docs: networking, request headers).
pub(crate) const PIN: &str = "fly-force-instance-id";
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time between rounds of questions.
const PAUSE: Duration = Duration::from_millis(100);
/// How many questions at once: a balancer that goes by load spreads them. Ten times a second, whatever the
/// number of machines: fifty questions a second are no load for an app.
const ROUND: usize = 5;
/// How many machines are asked by name at once.
const PINNED: usize = 16;
/// How long the proxy may take to learn what it must.
const LONGEST: Duration = Duration::from_mins(1);

/// How long the proxy may take to learn of one machine before it is told of it again.
const LEARNING: Duration = Duration::from_secs(5);

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
        let needed = answers_needed((old | new).len());
        let (began, mut next) = (Instant::now(), Instant::now());
        let (mut quiet, mut heard) = (None, began);
        // An app that answers slowly is given the time that it needs for so many answers.
        let most = LONGEST + self.config.drain + asking(needed) * 2;
        while began.elapsed() < most {
            let asked = Instant::now();
            let answers = self.round().await;
            if !answers.is_empty() {
                heard = Instant::now();
            } else if heard.elapsed() >= silence {
                return Ok(None);
            }
            if answers.is_empty() || answers.iter().any(|it| old.contains(it)) {
                quiet = None;
            } else {
                let (since, count) = quiet.unwrap_or((asked, 0));
                let count = count + answers.len();
                if since.elapsed() >= self.config.drain && count >= needed {
                    return Ok(Some(since));
                }
                quiet = Some((since, count));
            }
            next = (next + PAUSE).max(Instant::now());
            sleep_until(next).await;
        }
        Err(self.stays("the machines in the proxy's pool alone", LONGEST + self.config.drain))
    }

    /// Those of `machines` that the proxy does not reach by name, although it has had the time to learn.
    pub(crate) async fn unheard_of(&self, machines: &BTreeSet<String>) -> BTreeSet<String> {
        let (began, mut left) = (Instant::now(), machines.clone());
        while !left.is_empty() {
            let asked =
                left.iter().map(|it| async move { (self.is_reached(it).await, it.clone()) });
            let asked = join_all(asked).await;
            left = asked.into_iter().filter(|(reached, _)| !reached).map(|(_, it)| it).collect();
            if began.elapsed() >= LEARNING {
                break;
            }
            sleep(PAUSE).await;
        }
        left
    }

    /// Does a request that is pinned to the machine reach it? Where nobody answers, nothing is known of it;
    /// an app that does not name its machines is believed to have answered unless it is said to have failed.
    async fn is_reached(&self, machine: &str) -> bool {
        let Ok(reply) = self.request(Some(machine)).send().await else { return true };
        match reply.headers().get(&self.config.machine_header) {
            Some(name) => name.as_bytes() == machine.as_bytes(),
            None => !reply.status().is_server_error(),
        }
    }

    /// Those of `machines` to which the proxy hands nothing, not even what is pinned to them: it answers in their place.
    pub(crate) async fn shut(&self, machines: &BTreeSet<String>) -> BTreeSet<String> {
        let asked: Vec<_> = machines
            .iter()
            .map(|it| async move { self.is_shut(it).await.then(|| it.clone()) }.boxed())
            .collect();
        let answers = futures::stream::iter(asked).buffer_unordered(PINNED);
        answers.filter_map(|it| async { it }).collect().await
    }

    /// Only an answer says so; one that is late is asked for again.
    async fn is_shut(&self, machine: &str) -> bool {
        for _ in 0..5 {
            if let Ok(reply) = self.request(Some(machine)).send().await {
                let named = reply.headers().contains_key(&self.config.machine_header);
                return !named && matches!(reply.status().as_u16(), 502..=504);
            }
            sleep(PAUSE).await;
        }
        false
    }

    async fn sees(&self, machines: &BTreeSet<String>, limit: Duration) -> bool {
        let seen = async {
            while !self.round().await.iter().any(|it| machines.contains(it)) {
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

    /// The machines that answer a few requests of users, one for each answer.
    async fn round(&self) -> Vec<String> {
        join_all((0..ROUND).map(|_| self.ask(None))).await.into_iter().flatten().collect()
    }

    /// The machine that answers, if the answer says so.
    async fn ask(&self, pin: Option<&str>) -> Option<String> {
        let reply = self.request(pin).send().await.ok()?;
        Some(reply.headers().get(&self.config.machine_header)?.to_str().ok()?.to_owned())
    }

    fn request(&self, pin: Option<&str>) -> RequestBuilder {
        let config = self.config;
        let base = match pin {
            Some(_) => config.probe_url.as_ref().unwrap_or(&config.url),
            None => &config.url,
        };
        let url = format!("{}{}", base.trim_end_matches('/'), config.probe_path);
        let request = self.http.get(url).timeout(PATIENCE);
        match pin {
            Some(machine) => request.header(PIN, machine),
            None => request,
        }
    }

    fn stays(&self, by: &'static str, after: Duration) -> FlyError {
        FlyError::TrafficStays { url: self.config.url.clone(), by, after }
    }
}

/// How many answers in a row must come from others before one of so many machines, if it got its share of
/// them, would have been missed by less than one chance in a hundred: (1 - 1/n)^k < 0.01, and so
/// k > ln 0.01 / ln(1 - 1/n), which is about 4.6 n.
fn answers_needed(machines: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "machine counts are small"
    )]
    match machines {
        0 | 1 => 1,
        many => (0.01_f64.ln() / (-1.0 / many as f64).ln_1p()).floor() as usize + 1,
    }
}

/// How long it takes to ask for so many answers.
fn asking(answers: usize) -> Duration {
    PAUSE * u32::try_from(answers.div_ceil(ROUND)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::api::Api;
    use crate::fly_toml::FlyToml;

    /// Machine z answers, the others hang.
    fn answer(request: &[u8]) -> &'static [u8] {
        if String::from_utf8_lossy(request).contains("instance-id: z") {
            b"HTTP/1.1 200 OK\r\nx-machine-id: z\r\ncontent-length: 0\r\n\r\n"
        } else {
            b""
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
        let (http, began) = (Api::of(&config).http().clone(), Instant::now());
        let traffic = Traffic { http: &http, config: &config };
        tokio::select! {
            named = traffic.is_named_by(&machines) => assert!(named),
            () = serve => unreachable!("it never ends"),
        }
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    }

    #[test]
    fn a_machine_with_its_share_is_missed_by_less_than_a_chance_in_a_hundred_and_no_more_is_asked()
    {
        for machines in [2_u16, 3, 4, 6, 10, 20, 30, 60, 100, 200, 1_000] {
            let missed = |answers: usize| {
                (0..answers).fold(1.0, |chance, _| chance * (1.0 - 1.0 / f64::from(machines)))
            };
            let needed = answers_needed(machines.into());
            assert!(missed(needed) < 0.01, "{machines}: {needed}");
            assert!(missed(needed - 1) >= 0.01, "{machines}: {needed}");
        }
    }

    #[test]
    fn small_apps_are_asked_enough_within_the_quiet_time_and_large_ones_for_longer() {
        let table = [(1, 1, 100), (3, 12, 300), (6, 26, 600), (20, 90, 1_800), (100, 459, 9_200)];
        for (machines, needed, millis) in table {
            assert_eq!(answers_needed(machines), needed, "{machines}");
            assert_eq!(asking(needed), Duration::from_millis(millis), "{machines}");
        }
    }
}
