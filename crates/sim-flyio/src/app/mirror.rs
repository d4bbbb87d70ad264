//! `/mirror`: says what request it got, header by header, and its body. A request with
//! `x-replay` is sent elsewhere the first time, one with `x-replay-always` each time.

use http_body_util::BodyExt;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
};

const PATH: &str = "/mirror";

/// The answer to a request, if it is one for the mirror.
pub(super) async fn answer(request: &mut Request<Incoming>) -> Option<Response<Bytes>> {
    if request.uri().path() != PATH {
        return None;
    }
    let Ok(body) = request.body_mut().collect().await else {
        let mut broken = Response::new(Bytes::new());
        *broken.status_mut() = StatusCode::BAD_REQUEST;
        return Some(broken);
    };
    let headers = request.headers();
    let line = |(name, value): (&_, &hyper::header::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    let mut said: Vec<u8> = headers.iter().map(line).collect::<String>().into_bytes();
    said.push(b'\n');
    said.extend_from_slice(&body.to_bytes());
    let mut response = Response::new(Bytes::from(said));
    let once = headers.get("x-replay").filter(|_| !headers.contains_key("fly-replay-src"));
    if let Some(replay) = headers.get("x-replay-always").or(once) {
        response.headers_mut().insert("fly-replay", replay.clone());
    }
    Some(response)
}
