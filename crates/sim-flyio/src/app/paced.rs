//! Answers and bodies that take their time.

use std::{convert::Infallible, time::Duration};

use futures::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response, Uri,
    body::{Bytes, Frame},
};
use tokio::time::sleep;

/// The path of a long request.
pub(super) const SLOW: &str = "/slow";

/// How long the answer to a request takes beyond all others: so many milliseconds as `/slow?ms=` says.
pub(super) fn pause(uri: &Uri) -> Duration {
    let asked = uri.query().filter(|_| uri.path() == SLOW);
    let millis = asked.and_then(|query| query.strip_prefix("ms=")?.parse().ok());
    Duration::from_millis(millis.unwrap_or_default())
}

/// The body of an answer, whole or in two halves.
pub(super) type Paced = UnsyncBoxBody<Bytes, Infallible>;

/// Sends the second half of `body` so much later than the first; at once if that is zero.
pub(super) fn paced(response: Response<Bytes>, pause: Duration) -> Response<Paced> {
    response.map(|body| {
        if pause.is_zero() {
            return Full::new(body).boxed_unsync();
        }
        let halves = [body.slice(..body.len() / 2), body.slice(body.len() / 2..)];
        let halves = stream::iter(halves.into_iter().enumerate());
        let frames = halves.then(move |(place, half)| async move {
            if place > 0 {
                sleep(pause).await;
            }
            Ok(Frame::data(half))
        });
        StreamBody::new(frames).boxed_unsync()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_request_says_how_long_it_takes() {
        let table = [("/slow?ms=1500", 1500), ("/slow", 0), ("/slow?ms=x", 0), ("/?ms=9", 0)];
        for (uri, millis) in table {
            assert_eq!(pause(&Uri::from_static(uri)), Duration::from_millis(millis), "{uri}");
        }
    }
}
