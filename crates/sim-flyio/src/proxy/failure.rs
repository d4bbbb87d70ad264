//! Why there is no answer of a machine: a status and a text, in the manner of Fly.io's proxy
//! (fly.io docs: monitoring/error-codes).

use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{CONTENT_TYPE, HeaderValue},
};

use super::{headers, relay::Answer};

/// A request that the proxy answers itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

impl Failure {
    /// 404
    pub(super) fn unknown_app() -> Self {
        Self { status: StatusCode::NOT_FOUND, text: "no app of this name".to_owned() }
    }

    /// 503: nobody could take the request.
    pub(super) fn unavailable(text: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, text: text.into() }
    }

    /// 502: somebody should have taken the request and did not, or broke off.
    pub(super) fn broken(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_GATEWAY, text: text.into() }
    }

    /// The answer of a machine that is made to fail.
    pub(super) fn made(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, text: format!("{status}: a fault of the simulator") }
    }

    pub(super) fn answer(self, id: HeaderValue) -> Response<Answer> {
        let body = Full::new(Bytes::from(self.text + "\n"));
        let mut response = Response::new(Answer::Own(body));
        *response.status_mut() = self.status;
        headers::towards_client(response.headers_mut(), id);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        response
    }
}
