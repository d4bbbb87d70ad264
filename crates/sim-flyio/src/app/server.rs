//! The application at work: it listens, answers, and ends when told to.

use std::{
    convert::Infallible,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::stream::{FuturesUnordered, StreamExt};
use hyper::{body::Incoming as Body, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    select,
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

use super::{
    AppError, Behaviour,
    chance::Chance,
    echo::Echoes,
    listener::Incoming,
    mirror,
    paced::{paced, pause},
    pages::{self, Asked},
    told::Told,
};
use crate::{dice::Dice, runtime::Connection};

/// How long after the end was told a connection without any request is given for its first: who
/// has just connected is about to ask. Less than the platform leaves to a machine that it
/// stops, if nobody says otherwise.
const FIRST_WORDS: Duration = Duration::from_secs(2);

/// Where an application lives.
pub(crate) struct Place {
    pub(crate) dice: Dice,
    pub(crate) incoming: Incoming,
    pub(crate) told: Told,
    pub(crate) says: Says,
}

/// Where it prints to.
pub(crate) enum Says {
    Stdout,
    Log(Box<dyn Fn(String) + Send + Sync>),
}

impl Says {
    /// Prints a line. Nobody may be reading, which is no reason to fail.
    fn say(&self, line: String) {
        match self {
            Self::Stdout => drop(writeln!(io::stdout(), "{line}")),
            Self::Log(log) => log(line),
        }
    }
}

/// What the connections of one life share.
struct Life {
    app: Arc<Behaviour>,
    chance: Chance,
    began: Instant,
}

/// Lives until it is told to end or has crashed as planned; returns the exit code. A release
/// command does its work and ends.
pub(crate) async fn live(app: Arc<Behaviour>, place: Place) -> Result<u8, AppError> {
    let Place { dice, incoming, mut told, says } = place;
    if let Some(release) = app.release {
        return Ok(release_command(&app, release, (&mut told, &says)).await);
    }
    let crash = app.crash;
    let life = Arc::new(Life { app, chance: Chance::new(dice), began: Instant::now() });
    select! {
        biased;
        code = crashed(crash) => Ok(code),
        result = run(&life, incoming, &mut told) => result.map(|()| 0),
    }
}

/// Says what it does, and takes its time.
async fn release_command(
    app: &Behaviour,
    (time, code): (Duration, u8),
    (told, says): (&mut Told, &Says),
) -> u8 {
    says.say(format!("release command of version {}: begins", app.version));
    select! {
        biased;
        () = sleep(time) => {}
        () = told.wait(app.ignores_term) => return 0,
    }
    says.say(format!("release command of version {}: ends with {code}", app.version));
    code
}

async fn crashed(crash: Option<(Duration, u8)>) -> u8 {
    match crash {
        Some((after, code)) => {
            sleep(after).await;
            code
        }
        None => std::future::pending().await,
    }
}

async fn run(life: &Arc<Life>, incoming: Incoming, told: &mut Told) -> Result<(), AppError> {
    let app = &life.app;
    select! {
        biased;
        () = sleep(app.boot_delay) => {}
        () = told.wait(app.ignores_term) => return Ok(()),
    }
    let mut listener = incoming.listen().await?;
    let (ending, _) = watch::channel(false);
    let mut connections = FuturesUnordered::new();
    loop {
        select! {
            biased;
            () = told.wait(app.ignores_term) => break,
            Some(()) = connections.next() => {}
            accepted = listener.accept() => if let Ok(stream) = accepted {
                connections.push(connection(Arc::clone(life), stream, ending.subscribe()));
            },
        }
    }
    for stream in listener.close() {
        connections.push(connection(Arc::clone(life), stream, ending.subscribe()));
    }
    let _ = ending.send(true); // no connection is left to hear it: as good
    let rest = async { while connections.next().await.is_some() {} };
    tokio::join!(rest, sleep(app.drain));
    Ok(())
}

/// Serves a connection; when all is ending, up to the end of the request it is in, or of its
/// first. One that was upgraded is closed then.
async fn connection(life: Arc<Life>, stream: Connection, mut ending: watch::Receiver<bool>) {
    let echoes = Echoes::default();
    let upgraded = echoes.clone();
    let requests = Arc::new(AtomicU64::new(0));
    let asked = Arc::new(Notify::new());
    let asks = Arc::clone(&asked);
    let service = service_fn(move |mut request: hyper::Request<Body>| {
        let (life, upgraded) = (Arc::clone(&life), upgraded.clone());
        let number = requests.fetch_add(1, Ordering::Relaxed) + 1;
        asks.notify_one();
        async move {
            if let Some(switch) = upgraded.take(&mut request) {
                return Ok(paced(switch, Duration::ZERO));
            }
            let mut answer = life.answer(&mut request).await;
            answer.headers_mut().insert("x-request-of-connection", number.into());
            Ok::<_, Infallible>(paced(answer, life.app.stream))
        }
    });
    let mut server = http1::Builder::new();
    let served = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let served = served.with_upgrades();
    tokio::pin!(served);
    let over = select! {
        biased;
        _ = served.as_mut() => true,
        () = may_end(&mut ending, &asked) => false,
    };
    if !over {
        served.as_mut().graceful_shutdown();
        let _ = served.as_mut().await; // the client's end of it is the client's business
    }
    select! {
        biased;
        () = echoes.run() => {}
        _ = ending.wait_for(|ending| *ending) => {}
    }
}

/// Returns when all is ending and the connection has been asked something, or will not be.
async fn may_end(ending: &mut watch::Receiver<bool>, asked: &Notify) {
    let _ = ending.wait_for(|ending| *ending).await; // that nobody can tell any more is as good
    let _ = timeout(FIRST_WORDS, asked.notified()).await; // either will do
}

impl Life {
    async fn answer(
        &self,
        request: &mut hyper::Request<Body>,
    ) -> hyper::Response<hyper::body::Bytes> {
        let latency = self.chance.latency(&self.app) + pause(request.uri());
        if !latency.is_zero() {
            sleep(latency).await;
        }
        if let Some(answer) = mirror::answer(request).await {
            return pages::named(&self.app, answer);
        }
        let asked = Asked {
            path: request.uri().path(),
            headers: request.headers(),
            up: self.began.elapsed(),
            fails: self.chance.fails(&self.app),
        };
        pages::answer(&self.app, asked)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// Runs a connection, beside what its client does, from the moment when all is ending.
    async fn at_the_end(client: impl AsyncFnOnce(DuplexStream)) -> Duration {
        let app = Arc::new(Behaviour::read(&BTreeMap::new()).unwrap());
        let (chance, began) = (Chance::new(Dice::new(Some(1), 0)), Instant::now());
        let (_ending, told) = watch::channel(true);
        let (ours, theirs) = duplex(4096);
        let life = Arc::new(Life { app, chance, began });
        tokio::join!(connection(life, Connection::Pipe(theirs), told), client(ours));
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_was_just_made_gets_its_first_answer_and_is_closed() {
        let took = at_the_end(async |mut client| {
            sleep(FIRST_WORDS / 2).await;
            client.write_all(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n").await.unwrap();
            let mut said = String::new();
            client.read_to_string(&mut said).await.unwrap();
            assert!(said.starts_with("HTTP/1.1 200"), "{said}");
        });
        assert_eq!(took.await, FIRST_WORDS / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_does_not_keep_it_from_ending() {
        let took = at_the_end(async |mut client| {
            assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        });
        assert_eq!(took.await, FIRST_WORDS);
    }
}
