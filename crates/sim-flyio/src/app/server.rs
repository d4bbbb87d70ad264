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
    sync::watch,
    time::{Instant, sleep},
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
    drop(listener);
    let _ = ending.send(true); // no connection is left to hear it: as good
    let rest = async { while connections.next().await.is_some() {} };
    tokio::join!(rest, sleep(app.drain));
    Ok(())
}

/// Serves a connection; when all is ending, up to the end of the request it is in. One that was
/// upgraded is closed then.
async fn connection(life: Arc<Life>, stream: Connection, mut ending: watch::Receiver<bool>) {
    let echoes = Echoes::default();
    let upgraded = echoes.clone();
    let requests = Arc::new(AtomicU64::new(0));
    let service = service_fn(move |mut request: hyper::Request<Body>| {
        let (life, upgraded) = (Arc::clone(&life), upgraded.clone());
        let number = requests.fetch_add(1, Ordering::Relaxed) + 1;
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
        _ = ending.wait_for(|ending| *ending) => false,
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
