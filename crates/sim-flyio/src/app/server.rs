//! The application at work: it listens, answers, and ends when told to.

use std::{convert::Infallible, sync::Arc, time::Duration};

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
    listener::Incoming,
    paced::paced,
    pages::{self, Asked},
    told::Told,
};
use crate::{dice::Dice, runtime::Connection};

/// What the connections of one life share.
struct Life {
    app: Arc<Behaviour>,
    chance: Chance,
    began: Instant,
}

/// Lives until it is told to end or has crashed as planned; returns the exit code. A release
/// command does its work and ends.
pub(crate) async fn live(
    app: Arc<Behaviour>,
    dice: Dice,
    incoming: Incoming,
    mut told: Told,
) -> Result<u8, AppError> {
    if let Some((time, code)) = app.release {
        sleep(time).await;
        return Ok(code);
    }
    let crash = app.crash;
    let life = Arc::new(Life { app, chance: Chance::new(dice), began: Instant::now() });
    select! {
        code = crashed(crash) => Ok(code),
        result = run(&life, incoming, &mut told) => result.map(|()| 0),
    }
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
        () = sleep(app.boot_delay) => {}
        () = told.wait(app.ignores_term) => return Ok(()),
    }
    let mut listener = incoming.listen().await?;
    let (ending, _) = watch::channel(false);
    let mut connections = FuturesUnordered::new();
    loop {
        select! {
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

/// Serves a connection; when all is ending, up to the end of the request it is in.
async fn connection(life: Arc<Life>, stream: Connection, mut ending: watch::Receiver<bool>) {
    let service = service_fn(move |request: hyper::Request<Body>| {
        let life = Arc::clone(&life);
        async move { Ok::<_, Infallible>(paced(life.answer(&request).await, life.app.stream)) }
    });
    let mut server = http1::Builder::new();
    let served = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    select! {
        _ = served.as_mut() => return,
        _ = ending.wait_for(|ending| *ending) => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await; // the client's end of it is the client's business
}

impl Life {
    async fn answer(&self, request: &hyper::Request<Body>) -> hyper::Response<hyper::body::Bytes> {
        let latency = self.chance.latency(&self.app);
        if !latency.is_zero() {
            sleep(latency).await;
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
