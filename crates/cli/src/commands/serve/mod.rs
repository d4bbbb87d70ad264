//! `pipeline serve`: the pages of `pipeline report`, live, read-only, on this machine alone.

mod guard;
mod pages;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::json;
use store_sql::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::args::Serve;
use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::session::open_store;
use crate::signals;

/// How long an end waits for answers that are under way.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What every page is made from, read anew for each.
pub(super) struct Source {
    app: App,
    config: Config,
    store: Store,
    limit: u32,
}

pub(crate) async fn run(app: &App, args: Serve) -> Result<Exit, CliError> {
    let config = app.config()?;
    let store = open_store(&config).await?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        CliError::usage(format!("--listen {}: {error}", args.listen))
            .hint("choose another port, or 127.0.0.1:0 for any that is free")
    })?;
    let address = listener.local_addr().map_err(|error| CliError::usage(error.to_string()))?;
    let url = format!("http://{address}/");
    let source = Arc::new(Source { app: app.clone(), config, store, limit: args.limit });
    let router = Router::new().fallback(answer).with_state(source);
    if app.json() {
        app.object(&app.secrets(None), json!({ "schema": 1, "url": url }))?;
    } else {
        app.fact(&url)?;
        app.say(Tone::Dim, "read-only, for this machine alone; Ctrl-C ends it");
    }
    serve(listener, router).await;
    Ok(Exit::Good)
}

/// Serves until somebody asks to stop; what is being answered then is answered to the end, for a while.
async fn serve(listener: TcpListener, router: Router) {
    let (stop, mut stopped) = watch::channel(false);
    let asked = async move {
        // It never goes wrong: the sender lives until below.
        let _ = stopped.wait_for(|it| *it).await;
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(asked);
    let end = async {
        signals::either().await;
        let _ = stop.send(true);
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        _ = server.into_future() => {}
        () = end => {}
    }
}

async fn answer(State(source): State<Arc<Source>>, request: Request) -> Response {
    let refused = guard::refused(request.method(), request.headers());
    let response = match refused {
        Some(refused) => refused,
        None => pages::of(&source, request.uri().path()).await,
    };
    guard::sealed(response)
}
