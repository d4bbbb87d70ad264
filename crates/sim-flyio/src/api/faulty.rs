//! Carries out what faults do to a call, and takes the call down in the journal.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use tokio::time::{Instant, sleep};

use super::{Api, reply, serve::Hangup};
use crate::{
    ApiCall, ApiRequest,
    clock::rfc3339_millis,
    faults::{After, Answer, Plan, Stop},
    runtime::{CurrentCall, Platform, during},
    world::{Target, names_of},
};

/// A line of the journal. It ends when it is told to or, if the caller went away before, when it
/// is dropped.
#[derive(Debug)]
pub(super) struct Line {
    platform: Arc<Platform>,
    seq: u64,
    began: Instant,
}

impl Line {
    /// Takes a call down and gives it its number.
    pub(super) fn begin(platform: &Arc<Platform>, call: &mut ApiRequest, nonce: bool) -> Self {
        let (app, machine) = names_of(&call.path);
        let holder = app.zip(machine).and_then(|named| holder(platform, named));
        call.seq = platform.journal.begin(ApiCall {
            at: rfc3339_millis(platform.clock.now()),
            method: call.method.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            nonce,
            holder,
            app: app.map(str::to_owned),
            machine: machine.map(str::to_owned),
            ..ApiCall::default()
        });
        Self { platform: Arc::clone(platform), seq: call.seq, began: Instant::now() }
    }

    pub(super) fn end(self, status: Option<u16>) {
        self.platform.journal.end(self.seq, status, self.began.elapsed());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.platform.journal.end(self.seq, None, self.began.elapsed());
    }
}

fn holder(platform: &Platform, (app, machine): (&str, &str)) -> Option<String> {
    platform.read(|world| {
        let machine = world.read(Target { app, machine, nonce: None }).ok()?;
        machine.lease(world.host.now).map(|lease| lease.owner.clone())
    })
}

/// The faults of a call that was let through.
#[derive(Debug)]
pub(super) struct Faults {
    platform: Arc<Platform>,
    path: String,
    age: Option<Duration>,
    after: Vec<After>,
    lease_lost: Option<Duration>,
}

impl Api {
    /// Lets a call meet the faults; the error is the answer of one that ended it. A call without the
    /// token meets none: it is over before anything can befall it.
    pub(super) async fn meet_faults(
        &self,
        call: &ApiRequest,
        has_token: bool,
    ) -> Result<Faults, Response> {
        let plan = if has_token { self.platform.foresee(call) } else { Plan::default() };
        let Plan { names, delay, stop, age, after, lease_lost, marks: _ } = plan;
        for name in &names {
            self.platform.journal.fault(call.seq, name);
        }
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if let Some(stop) = stop {
            return Err(stopped(stop));
        }
        let (platform, path) = (Arc::clone(&self.platform), call.path.clone());
        Ok(Faults { platform, path, age, after, lease_lost })
    }
}

impl Faults {
    /// Does the work of the call.
    pub(super) async fn during<T>(&self, seq: u64, work: impl Future<Output = T>) -> T {
        during(CurrentCall { seq, age: self.age }, work).await
    }

    /// Does to the answer what is left to do.
    pub(super) async fn after(&mut self, mut response: Response) -> Response {
        if let Some(after) = self.lease_lost.take() {
            self.platform.commit(|world| world.lose_lease_later(&self.path, after));
        }
        for fault in self.after.drain(..) {
            response = match fault {
                After::Slow(time) => {
                    sleep(time).await;
                    response
                }
                After::Stop(stop) => return stopped(stop),
                After::Empty => reply::changed(response, reply::empty).await,
                After::Hide(machines) => {
                    reply::changed(response, |body| reply::hide(body, &machines)).await
                }
                After::Skew(ms) => reply::skewed(response, ms, self.platform.clock.now()).await,
                After::Malformed => reply::malformed(response).await,
            };
        }
        response
    }
}

fn stopped(stop: Stop) -> Response {
    let (status, mut response) = match stop {
        Stop::Reset => return Hangup::response(),
        Stop::Answer(Answer::Json(status, body)) => (status, Json(body).into_response()),
        Stop::Answer(Answer::Html(status, page)) => {
            let mut response = page.into_response();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            (status, response)
        }
    };
    *response.status_mut() = StatusCode::from_u16(status).expect("faults have HTTP statuses");
    response
}
