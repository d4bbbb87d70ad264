//! What every call goes through: token, journal, hooks, request id.

use std::sync::Arc;

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{OriginalUri, Request, State},
    http::{Method, StatusCode, header::AUTHORIZATION, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    Api,
    faulty::Line,
    hook::{ApiRequest, Phase, Verdict},
    serve::Hangup,
};
use crate::{request_id::REQUEST_ID, runtime::lock, world::Refusal};

/// The lease nonce of a request.
pub(super) const NONCE: &str = "fly-machine-lease-nonce";
/// Far more than any machine configuration.
pub(super) const BODY_MAX: usize = 10 << 20;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("refusals have HTTP statuses");
        (status, Json(self.to_json())).into_response()
    }
}

/// Lets only those in who know the token.
pub(super) async fn only_with_token(
    State(api): State<Arc<Api>>,
    request: Request,
    next: Next,
) -> Response {
    if api.knows(&request) { next.run(request).await } else { unauthenticated() }
}

fn unauthenticated() -> Response {
    Refusal::unauthenticated().into_response()
}

/// Journals a call, asks the hook before and after it, and names it.
pub(super) async fn around(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await;
    let mut seen = ApiRequest {
        seq: 0,
        method: parts.method.to_string(),
        path: path_of(&parts),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: body.as_ref().ok().and_then(|body| serde_json::from_slice(body).ok()),
        phase: Phase::Before,
        status: None,
    };
    let line = Line::begin(&api.platform, &mut seen, parts.headers.contains_key(NONCE));
    let mut response = match body {
        Ok(body) => api.decide(seen, Request::from_parts(parts, Body::from(body)), next).await,
        Err(_) => Refusal::too_long(BODY_MAX).into_response(), // or its sender is gone
    };
    let broken = response.extensions().get::<Hangup>().is_some();
    line.end((!broken).then(|| response.status().as_u16()));
    response.headers_mut().insert(REQUEST_ID, api.platform.request_id());
    response
}

/// The path as the client sent it: nesting cuts the prefix off.
fn path_of(parts: &Parts) -> String {
    let original = parts.extensions.get::<OriginalUri>();
    original.map_or(&parts.uri, |original| &original.0).path().to_owned()
}

impl Api {
    fn knows(&self, request: &Request) -> bool {
        let sent = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        sent.and_then(|sent| sent.strip_prefix("Bearer ")) == Some(&self.platform.config.token)
    }

    async fn decide(&self, mut seen: ApiRequest, request: Request, next: Next) -> Response {
        let mut breaks = false;
        match self.ask(&seen) {
            Verdict::Proceed => {}
            Verdict::Answer { status, body } => return answer(status, body),
            Verdict::ResetBeforeCommit => return Hangup::response(),
            Verdict::ResetAfterCommit => breaks = true,
            Verdict::Delay(time) => tokio::time::sleep(time).await,
        }
        let known = self.knows(&request);
        let mut faults = match self.meet_faults(&seen, known).await {
            Ok(faults) => faults,
            Err(response) => return response,
        };
        let work = async { if known { next.run(request).await } else { unauthenticated() } };
        let response = faults.during(seen.seq, work).await;
        if breaks {
            return Hangup::response();
        }
        (seen.phase, seen.status) = (Phase::After, Some(response.status().as_u16()));
        match self.ask(&seen) {
            Verdict::Proceed => {}
            Verdict::Answer { status, body } => return answer(status, body),
            Verdict::ResetBeforeCommit | Verdict::ResetAfterCommit => return Hangup::response(),
            Verdict::Delay(time) => tokio::time::sleep(time).await,
        }
        faults.after(response).await
    }

    fn ask(&self, seen: &ApiRequest) -> Verdict {
        let hook = lock(&self.hook).clone();
        let verdict = hook.map_or(Verdict::Proceed, |hook| (hook.0)(seen));
        if let Some(fault) = verdict.fault() {
            self.platform.journal.fault(seen.seq, &fault);
        }
        verdict
    }
}

fn answer(status: u16, body: serde_json::Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(body)).into_response()
}

/// Says plainly what is missing here rather than there.
pub(super) async fn not_simulated(method: Method, OriginalUri(uri): OriginalUri) -> Refusal {
    tracing::warn!(%method, %uri, "not simulated");
    Refusal::not_simulated(method.as_str(), uri.path())
}
