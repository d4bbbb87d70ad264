//! A scripted server, and what a report of it reads like.

use std::sync::Mutex;

use async_trait::async_trait;
use pipeline_core::{Address, Instance, Phase, Side};
use pipeline_testkit::{Heard, a_run};
use reqwest::header::{HeaderName, HeaderValue};

use super::super::*;
use crate::client::{Ask, Asked, Unanswered, Upgraded};
use crate::place::Request;
use crate::response::{Response, response};

/// What was asked, as the server sees it.
#[derive(Clone, Debug)]
pub(super) struct Asks {
    pub(super) line: String,
    pub(super) machine: String,
    pub(super) cookie: String,
    pub(super) csrf: String,
    pub(super) body: String,
    /// How often this line was asked before.
    pub(super) before: usize,
    request: Request,
}

pub(super) type Answer = Result<Response, Unanswered>;
pub(super) type Opened = (Answer, Option<Upgraded>);

/// Answers by a script and remembers what it was asked.
pub(super) struct Server<F, S> {
    does: F,
    opens: S,
    asked: Mutex<Vec<Asks>>,
}

/// One that opens no WebSocket.
type Plain<F> = Server<F, fn(&Asks) -> Opened>;

pub(super) fn server<F>(does: F) -> Arc<Plain<F>>
where
    F: Fn(&Asks) -> Answer + Send + Sync,
{
    opening(does, |_| (Ok(response(404, "")), None))
}

pub(super) fn opening<F, S>(does: F, opens: S) -> Arc<Server<F, S>>
where
    F: Fn(&Asks) -> Answer + Send + Sync,
    S: Fn(&Asks) -> Opened + Send + Sync,
{
    Arc::new(Server { does, opens, asked: Mutex::default() })
}

impl<F, S> Server<F, S> {
    pub(super) fn lines(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|it| it.line.clone()).collect()
    }

    fn note(&self, request: &Request) -> Asks {
        let header = |name: &str| {
            let value = request.headers.get(name).and_then(|it| it.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let query = request.url.query().map(|it| format!("?{it}")).unwrap_or_default();
        let line = format!("{} {}{query}", request.method, request.url.path());
        let mut asked = self.asked.lock().unwrap();
        let asks = Asks {
            machine: header("fly-force-instance-id"),
            cookie: header("cookie"),
            csrf: header("x-csrf-token"),
            body: String::from_utf8(request.body.clone().unwrap_or_default()).unwrap(),
            before: asked.iter().filter(|it| it.line == line).count(),
            line,
            request: request.clone(),
        };
        asked.push(asks.clone());
        asks
    }
}

impl Asks {
    pub(super) fn header(&self, name: &str) -> &str {
        self.request.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }
}

#[async_trait]
impl<F, S> Ask for Server<F, S>
where
    F: Fn(&Asks) -> Answer + Send + Sync,
    S: Send + Sync,
{
    async fn ask(&self, request: &Request) -> Asked {
        (self.does)(&self.note(request))
    }
}

#[async_trait]
impl<F, S> Connect for Server<F, S>
where
    F: Fn(&Asks) -> Answer + Send + Sync,
    S: Fn(&Asks) -> Opened + Send + Sync,
{
    async fn connect(&self, request: &Request) -> Result<(Response, Option<Upgraded>), Unanswered> {
        let (answer, stream) = (self.opens)(&self.note(request));
        Ok((answer?, stream))
    }
}

pub(super) fn html(body: &str) -> Response {
    with(response(200, body), "content-type", "text/html; charset=utf-8")
}

pub(super) fn to(location: &str) -> Response {
    with(response(302, ""), "location", location)
}

pub(super) fn with(mut response: Response, name: &'static str, value: &str) -> Response {
    response.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    response
}

pub(super) fn text(text: &str) -> Template {
    text.parse().unwrap()
}

pub(super) fn get(path: &str) -> JourneyStep {
    JourneyStep::get(text(path))
}

/// A deployment that users reach, with these new machines.
pub(super) fn shop(machines: &[&str]) -> Deployment {
    let instance = |id: &&str| Instance {
        id: (*id).into(),
        side: Side::New,
        region: None,
        serving: true,
        address: Some(Address {
            url: "https://shop.test".into(),
            headers: [("fly-force-instance-id".to_owned(), (*id).to_owned())].into(),
        }),
    };
    Deployment {
        version: "v2".into(),
        url: Some("https://shop.test".into()),
        instances: machines.iter().map(instance).collect(),
        ..Deployment::default()
    }
}

pub(super) async fn walk(journeys: Vec<Journey>, asker: Arc<dyn Connect>) -> Outcome {
    walk_at(journeys, asker, &[]).await.0
}

/// The outcome, and what people heard on the way.
pub(super) async fn walk_at(
    journeys: Vec<Journey>,
    asker: Arc<dyn Connect>,
    machines: &[&str],
) -> (Outcome, String) {
    let heard = Heard::new();
    let journeys = Journeys::with(journeys, asker).expect("the journeys are good");
    let cx = a_run("v2").events(heard.events()).context(Phase::Verify, "journeys");
    (journeys.verify(&shop(machines), &cx).await, heard.text())
}

pub(super) fn lines(report: &Report) -> String {
    let checks = report.checks().iter().map(|it| {
        let machine = it.instance.as_deref().unwrap_or("public");
        format!("{:?} {} [{machine}]: {}", it.verdict, it.name, it.message)
    });
    checks.collect::<Vec<_>>().join("\n")
}
