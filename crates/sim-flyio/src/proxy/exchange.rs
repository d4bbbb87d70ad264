//! One request and its answer.

use std::sync::Arc;

use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
};

use super::{
    Proxy, Scope, backend,
    headers::{self, Client},
    ledger::{Entry, Lost},
    pick::candidates,
    relay::{Answer, Relay, Source},
};
use crate::{runtime::Connection, world::Route};

/// Why there is no answer of a machine: a status and a text, in the manner of Fly.io's proxy
/// (fly.io docs: monitoring/error-codes).
struct Failure {
    status: StatusCode,
    text: String,
}

impl Failure {
    fn unavailable(text: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, text: text.into() }
    }

    fn broken(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_GATEWAY, text: text.into() }
    }
}

impl Proxy {
    /// Answers a request, one way or the other.
    pub(super) async fn exchange(
        &self,
        scope: &Scope,
        client: Client,
        mut request: Request<Incoming>,
    ) -> Response<Answer> {
        let id = self.platform.request_id();
        let id = HeaderValue::from_str(&id).expect("request ids are plain text");
        let Some(app) = self.app(scope, &request) else {
            let text = "no app of this name";
            return own(Failure { status: StatusCode::NOT_FOUND, text: text.to_owned() }, id);
        };
        let pinned = headers::forced_instance(request.headers());
        let entry = self.ledgers.open(&app, self.described(&request), pinned.is_some());
        headers::towards_app(request.headers_mut(), client, &id);
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse::<Uri>().expect("a path of a URI is a URI");
        match self.relay((&app, pinned.as_deref()), request, entry).await {
            Ok(mut response) => {
                headers::towards_client(response.headers_mut(), id);
                response.map(|relay| Answer::Relayed(Box::new(relay)))
            }
            Err(failure) => own(failure, id),
        }
    }

    fn app(&self, scope: &Scope, request: &Request<Incoming>) -> Option<String> {
        let app = match scope {
            Scope::App(app) => app,
            Scope::ByHost => headers::app_of(request.headers())?,
        };
        self.platform.read(|world| world.app(app).is_ok()).then(|| app.to_owned())
    }

    fn described(&self, request: &Request<Incoming>) -> Lost {
        Lost {
            at_ms: self.platform.clock.now(),
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            machine: None,
            why: String::new(),
        }
    }

    async fn relay(
        &self,
        (app, pinned): (&str, Option<&str>),
        request: Request<Incoming>,
        mut entry: Entry,
    ) -> Result<Response<Relay>, Failure> {
        let found = self.reach(app, pinned).await;
        let (route, stream) = found.inspect_err(|failure| self.lose(&mut entry, failure))?;
        let machine = &route.key.machine;
        let load = self.loads.add(machine);
        entry.taken_by(machine);
        if let Some(failure) = self.traffic_fault(&route, &mut entry) {
            return Err(failure);
        }
        let sent = backend::send(stream, request).await;
        let why = |error| Failure::broken(format!("PU02: machine {machine} broke off: {error}"));
        let sent = sent.map_err(why).inspect_err(|failure| self.lose(&mut entry, failure));
        let (response, driver) = sent?;
        entry.head(response.status().as_u16());
        let platform = Arc::clone(&self.platform);
        Ok(response.map(|body| Relay::new(Source { body, driver }, entry, load, platform)))
    }

    /// A machine that is made to fail answers without being asked; an answer all the same.
    fn traffic_fault(&self, route: &Route, entry: &mut Entry) -> Option<Failure> {
        let status = self.platform.traffic_fault(&route.key)?;
        entry.head(status);
        entry.answered();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Some(Failure { status, text: format!("{status}: a fault of the simulator") })
    }

    fn lose(&self, entry: &mut Entry, failure: &Failure) {
        entry.lost(self.platform.clock.now(), failure.text.clone());
    }

    /// Finds a machine that accepts a connection. One that refuses has seen nothing of the
    /// request, so another one is tried; after this, nothing is tried again.
    async fn reach(&self, app: &str, pinned: Option<&str>) -> Result<(Route, Connection), Failure> {
        let candidates = self.loads.order(candidates(&self.platform.routes(app), pinned));
        let mut refused = Vec::new();
        for route in candidates {
            let address = route.address.expect("candidates have addresses");
            match backend::connect(&self.platform, address).await {
                Ok(stream) => return Ok((route, stream)),
                Err(error) => refused.push(format!("{} ({error})", route.key.machine)),
            }
        }
        Err(match pinned {
            _ if !refused.is_empty() => {
                Failure::broken(format!("PR04: no connection to {}", refused.join(", ")))
            }
            Some(machine) => Failure::unavailable(format!("machine {machine} cannot be reached")),
            None => Failure::unavailable("PR01: no known healthy instances found for route"),
        })
    }
}

fn own(failure: Failure, id: HeaderValue) -> Response<Answer> {
    let body = Full::new(Bytes::from(failure.text + "\n"));
    let mut response = Response::new(Answer::Own(body));
    *response.status_mut() = failure.status;
    headers::towards_client(response.headers_mut(), id);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
