//! The application as a process: it listens, answers, and ends when told to.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io,
    net::Ipv4Addr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::{
    errno::Errno,
    sys::signal::kill,
    unistd::{Pid, getppid},
};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinSet,
    time::{interval, sleep},
};

use super::{Behaviour, echo::Echoes, mirror, paced::paced, pages};

/// How often it looks whether its parent is still there.
const PARENT_CHECK: Duration = Duration::from_millis(500);

/// Why the application cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// A variable of the environment holds no number.
    #[error("{key} is '{value}', which is not a number in range")]
    Variable {
        /// Its name.
        key: &'static str,
        /// What it holds.
        value: String,
    },
    /// The port cannot be listened on.
    #[error("port {port} cannot be listened on")]
    Listen {
        /// From `PORT`.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// Signals cannot be received.
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
}

/// Runs the application that `env` describes until it is told to end (`SIGTERM`, `SIGINT`), its
/// parent is gone, or it crashes as planned. On a signal it takes no new connection, finishes
/// what it has begun, and ends with 0.
pub async fn serve(env: BTreeMap<String, String>) -> Result<ExitCode, AppError> {
    let app = Arc::new(Behaviour::read(&env)?);
    let mut told = Told::new()?;
    let crash = async {
        match app.crash {
            Some((after, code)) => {
                sleep(after).await;
                ExitCode::from(code)
            }
            None => std::future::pending().await,
        }
    };
    select! {
        code = crash => Ok(code),
        () = orphaned(&app) => Ok(ExitCode::SUCCESS),
        result = run(&app, &mut told) => result.map(|()| ExitCode::SUCCESS),
    }
}

/// The signals that tell it to end.
struct Told {
    terminate: Signal,
    interrupt: Signal,
}

impl Told {
    fn new() -> Result<Self, AppError> {
        let listen = |kind| signal(kind).map_err(AppError::Signals);
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn wait(&mut self, app: &Behaviour) {
        loop {
            select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
            if !app.ignores_term {
                return;
            }
        }
    }
}

/// Returns when another process has become the parent, or the simulator is gone.
async fn orphaned(app: &Behaviour) {
    let parent = getppid();
    let simulator = app.simulator.map_or(parent, Pid::from_raw);
    let mut tick = interval(PARENT_CHECK);
    while getppid() == parent && kill(simulator, None) != Err(Errno::ESRCH) {
        tick.tick().await;
    }
}

async fn run(app: &Arc<Behaviour>, told: &mut Told) -> Result<(), AppError> {
    select! {
        () = sleep(app.boot_delay) => {}
        () = told.wait(app) => return Ok(()),
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, app.port)).await;
    let listener = listener.map_err(|source| AppError::Listen { port: app.port, source })?;
    let (ending, _) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        select! {
            () = told.wait(app) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let _ = stream.set_nodelay(true); // only slower without
                connections.spawn(connection(Arc::clone(app), stream, ending.subscribe()));
            },
        }
    }
    drop(listener);
    let _ = ending.send(true); // no connection is left to hear it: as good
    let rest = async { while connections.join_next().await.is_some() {} };
    tokio::join!(rest, sleep(app.drain));
    Ok(())
}

/// Serves a connection; when all is ending, up to the end of the request it is in. One that was
/// upgraded is closed then.
async fn connection(app: Arc<Behaviour>, stream: TcpStream, mut ending: watch::Receiver<bool>) {
    let echoes = Echoes::default();
    let upgraded = echoes.clone();
    let requests = Arc::new(AtomicU64::new(0));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let (app, upgraded) = (Arc::clone(&app), upgraded.clone());
        let number = requests.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            if let Some(switch) = upgraded.take(&mut request) {
                return Ok(paced(switch, Duration::ZERO));
            }
            sleep(app.latency).await;
            let mut answer = match mirror::answer(&mut request).await {
                Some(answer) => pages::named(&app, answer),
                None => pages::answer(&app, request.uri().path(), request.headers()),
            };
            answer.headers_mut().insert("x-request-of-connection", number.into());
            Ok::<_, Infallible>(paced(answer, app.stream))
        }
    });
    let mut server = http1::Builder::new();
    let served = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let served = served.with_upgrades();
    tokio::pin!(served);
    let over = select! {
        _ = served.as_mut() => true,
        _ = ending.wait_for(|ending| *ending) => false,
    };
    if !over {
        served.as_mut().graceful_shutdown();
        let _ = served.as_mut().await; // the client's end of it is the client's business
    }
    select! {
        () = echoes.run() => {}
        _ = ending.wait_for(|ending| *ending) => {}
    }
}
