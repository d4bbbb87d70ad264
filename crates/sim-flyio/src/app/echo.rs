//! `/ws`: a connection that is upgraded, whatever to, and then gives back every byte it gets. The
//! protocol itself is not spoken: what comes back are the client's own frames.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONNECTION, HeaderValue, UPGRADE},
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use tokio::io::{copy, split};

/// Where to upgrade.
const PATH: &str = "/ws";

/// The upgrade of one connection, if it is asked for.
#[derive(Clone, Default)]
pub(super) struct Echoes(Arc<Mutex<Option<OnUpgrade>>>);

impl Echoes {
    /// Takes a request that wants to upgrade; what is returned is its answer.
    pub(super) fn take(&self, request: &mut Request<Incoming>) -> Option<Response<Bytes>> {
        let protocol = request.headers().get(UPGRADE).cloned()?;
        if request.uri().path() != PATH {
            return None;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = Some(hyper::upgrade::on(request));
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
        response.headers_mut().insert(UPGRADE, protocol);
        Some(response)
    }

    /// Echoes until the client is done; returns at once if there was no upgrade.
    pub(super) async fn run(&self) {
        let upgrade = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(upgrade) = upgrade else { return };
        if let Ok(upgraded) = upgrade.await {
            let (mut from, mut to) = split(TokioIo::new(upgraded));
            let _ = copy(&mut from, &mut to).await; // the client's end of it is its business
        }
    }
}
