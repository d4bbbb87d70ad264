//! Bodies that take their time.

use std::{convert::Infallible, time::Duration};

use futures::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response,
    body::{Bytes, Frame},
};
use tokio::time::sleep;

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
