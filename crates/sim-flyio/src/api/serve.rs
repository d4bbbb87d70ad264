//! Serving the router on a connection, with answers that break it instead.

use std::{convert::Infallible, fmt};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use hyper::{
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpStream;

/// Marks a response that must not be sent: the connection breaks in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hangup;

impl Hangup {
    pub(super) fn response() -> Response {
        let mut response = ().into_response();
        response.extensions_mut().insert(Self);
        response
    }
}

impl fmt::Display for Hangup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is broken on purpose")
    }
}

impl std::error::Error for Hangup {}

/// Serves one connection to its end.
pub(crate) async fn serve(router: Router, stream: TcpStream) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let request: Request = request.map(Body::new);
        let answer = router.call(request);
        async move {
            let answer: Result<Response, Infallible> = answer.await;
            let Ok(response) = answer;
            match response.extensions().get::<Hangup>() {
                Some(hangup) => Err(*hangup),
                None => Ok(response),
            }
        }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = served.await; // a client that went away is its own business
}
