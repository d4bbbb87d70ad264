//! The users: 500 requests a second over connections that are kept, long requests, and `WebSocket`s, all
//! counted by the users themselves.
//!
//! The load is an open loop: every request has its time, whatever became of those before it. Lost is a
//! request that gets no whole answer with a status below 500, for whatever reason; nothing is sent twice.
//!
//! A `WebSocket` may be closed by the server at any time, for its machine has to go some day. Then the user
//! opens another at once, and sends a message that was not answered before the close once more: that is what
//! every client does, for a close says that nothing more is answered. Lost is an exchange that is not
//! answered on the next connection either, one that comes back wrong, and a connection that is refused.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::wire::{Answer, Connection, Socket};

/// How many users there are. Each has its connections and a `WebSocket`.
pub(crate) const USERS: u32 = 20;
/// How many requests a second they send together.
pub(crate) const RATE: u32 = 500;
/// How many of them have a long request under way all the time.
const PATIENT: u32 = 4;
/// How long a long request takes.
pub(crate) const LONG: Duration = Duration::from_secs(10);
/// How often a message is sent over each `WebSocket`.
const TALK: Duration = Duration::from_secs(1);
/// Nobody waits longer for a short answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What users got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) sent: u64,
    pub(crate) answered: u64,
    pub(crate) long: u64,
    pub(crate) messages: u64,
    /// How often a `WebSocket` was closed by the server and opened again.
    pub(crate) reopened: u64,
    pub(crate) lost: Vec<String>,
    /// The longest time between two good answers to short requests.
    pub(crate) gap: Duration,
    /// When the last short request was sent that each release answered.
    pub(crate) last: BTreeMap<String, Instant>,
    before: Option<Instant>,
}

/// The users, until they are sent home.
#[derive(Debug)]
pub(crate) struct Users {
    account: Arc<Mutex<Account>>,
    working: JoinSet<()>,
}

impl Users {
    pub(crate) fn come(address: SocketAddr) -> Self {
        let account = Arc::<Mutex<Account>>::default();
        let mut working = JoinSet::new();
        let began = Instant::now();
        for number in 0..USERS {
            let user = User { address, account: account.clone() };
            let first = began + Duration::from_secs(1) / RATE * number;
            working.spawn(user.clone().browse(first));
            working.spawn(user.clone().talk(first));
            if number < PATIENT {
                working.spawn(user.wait(first));
            }
        }
        Self { account, working }
    }

    /// What they got so far.
    pub(crate) fn account(&self) -> Account {
        self.account.lock().unwrap().clone()
    }

    /// Sends them home at a moment when everything short is answered.
    pub(crate) fn go(mut self) -> Account {
        self.working.abort_all();
        self.account()
    }
}

#[derive(Clone, Debug)]
struct User {
    address: SocketAddr,
    account: Arc<Mutex<Account>>,
}

impl User {
    fn note(&self, enter: impl FnOnce(&mut Account)) {
        enter(&mut self.account.lock().unwrap());
    }

    /// Short requests on a schedule, over as few connections as will do.
    async fn browse(self, first: Instant) {
        let every = Duration::from_secs(1) * USERS / RATE;
        let (mut next, mut free, mut under_way) = (first, Vec::new(), FuturesUnordered::new());
        loop {
            tokio::select! {
                biased;
                Some(back) = under_way.next() => free.extend(back),
                () = sleep_until(next) => {
                    under_way.push(self.ask(free.pop()));
                    next += every;
                }
            }
        }
    }

    async fn ask(&self, connection: Option<Connection>) -> Option<Connection> {
        let sent = Instant::now();
        self.note(|it| it.sent += 1);
        let asked = timeout(PATIENCE, once(self.address, connection, "/")).await;
        let (connection, answer) = match asked {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => return self.without(&error.to_string()),
            Err(_) => return self.without("no answer in time"),
        };
        if answer.status >= 500 {
            return self.without(&format!("answered with {}", answer.status));
        }
        self.note(|it| {
            it.answered += 1;
            let now = Instant::now();
            let gap = it.before.map_or(Duration::ZERO, |before| now - before);
            (it.gap, it.before) = (it.gap.max(gap), Some(now));
            let last = it.last.entry(answer.version).or_insert(sent);
            *last = sent.max(*last);
        });
        Some(connection)
    }

    /// A connection is not used again after something was lost on it.
    fn without<T>(&self, why: &str) -> Option<T> {
        self.lose(why.to_owned());
        None
    }

    fn lose(&self, why: String) {
        self.note(|it| it.lost.push(why));
    }

    /// One long request after another.
    async fn wait(self, first: Instant) {
        sleep_until(first).await;
        let (mut connection, path) = (None, format!("/slow?ms={}", LONG.as_millis()));
        loop {
            let asked = once(self.address, connection.take(), &path).await;
            connection = match asked {
                Ok((kept, answer)) if answer.status < 500 => {
                    self.note(|it| it.long += 1);
                    Some(kept)
                }
                Ok((_, answer)) => self.without(&format!("long: answered with {}", answer.status)),
                Err(error) => self.without(&format!("long: {error}")),
            };
            if connection.is_none() {
                sleep(TALK).await; // nobody asks on and on where nothing answers
            }
        }
    }

    /// A message a second.
    async fn talk(self, first: Instant) {
        sleep_until(first).await;
        let mut socket = self.dial().await;
        loop {
            tokio::select! {
                biased;
                closed = closes(socket.as_mut()) => {
                    if let Err(error) = closed {
                        self.lose(format!("socket: {error}"));
                    }
                    self.note(|it| it.reopened += 1);
                    socket = self.dial().await;
                }
                () = sleep(TALK) => self.say(&mut socket).await,
            }
        }
    }

    /// One exchange; once more on a new connection if the server closes this one meanwhile.
    async fn say(&self, socket: &mut Option<Socket>) {
        for _ in 0..2 {
            if socket.is_none() {
                *socket = self.dial().await;
            }
            let Some(open) = socket else { return };
            match timeout(PATIENCE, open.echo(b"how are you?")).await {
                Ok(Ok(true)) => return self.note(|it| it.messages += 1),
                Ok(Ok(false)) => self.note(|it| it.reopened += 1),
                Ok(Err(error)) => return self.lose(format!("socket: {error}")),
                Err(_) => return self.lose("socket: no echo in time".into()),
            }
            *socket = None;
        }
        self.lose("socket: closed twice before an answer".into());
    }

    async fn dial(&self) -> Option<Socket> {
        let dialled = async { Connection::open(self.address).await?.upgrade().await };
        match dialled.await {
            Ok(socket) => Some(socket),
            Err(error) => self.without(&format!("socket: {error}")),
        }
    }
}

async fn closes(socket: Option<&mut Socket>) -> std::io::Result<()> {
    match socket {
        Some(socket) => socket.closes().await,
        None => std::future::pending().await,
    }
}

async fn once(
    address: SocketAddr,
    connection: Option<Connection>,
    path: &str,
) -> std::io::Result<(Connection, Answer)> {
    let mut connection = match connection {
        Some(connection) => connection,
        None => Connection::open(address).await?,
    };
    let answer = connection.get(path).await?;
    Ok((connection, answer))
}
