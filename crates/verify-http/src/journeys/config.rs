//! What a journey is: its steps, what each of them sends, and what it should bring.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;

use super::body::Body;
use super::check::{self, JourneyError};
use super::template::Template;
use super::variable::Variable;
use crate::expect::Expect;
use crate::extract::Extract;

/// What a user does, step by step. Cookies, captured values and the page that came last go from step to step.
#[derive(Clone, Debug)]
pub struct Journey {
    /// What people call it.
    pub name: String,
    /// Is a failure a refusal? If not, it is an alert.
    pub required: bool,
    /// Walk it on each instance that has an address, too, not only the way users go?
    pub per_instance: bool,
    /// Secrets, by the names of their placeholders: `password`, or `env.SHOP_PASSWORD`.
    pub secrets: BTreeMap<String, Variable>,
    /// The steps, in order.
    pub steps: Vec<JourneyStep>,
}

/// One step of a journey.
#[derive(Clone, Debug)]
pub struct JourneyStep {
    /// What people call it; its request if nobody says.
    pub name: Option<String>,
    /// What it does.
    pub action: Action,
    /// Headers to send, beside those that a browser would.
    pub headers: Vec<(String, Template)>,
    /// Cookies to set before it, as a script of the page would.
    pub cookies: Vec<(String, Template)>,
    /// Send the CSRF token of the page that came last, as the header `x-csrf-token` and, in a form, as the field
    /// `_csrf_token`? It is the value of `input[name=_csrf_token]`, else the content of `meta[name=csrf-token]`.
    pub csrf: bool,
    /// How many redirects to follow; those of another host never.
    pub redirects: u32,
    /// What the answer must be.
    pub expect: Expect,
    /// What to keep of the answer.
    pub captures: Vec<Capture>,
    /// How often to try again when it fails, a second later each time.
    pub retries: u32,
    /// How long one try may take, redirects and messages included.
    pub timeout: Duration,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Sends a request.
    Request {
        /// How.
        method: Method,
        /// Where, from the root.
        path: Template,
        /// With what.
        body: Body,
    },
    /// Opens a WebSocket.
    WebSocket {
        /// Where, from the root.
        path: Template,
        /// Subprotocols to offer.
        protocols: Vec<String>,
        /// Messages to send once it is open.
        send: Vec<Template>,
        /// Messages that must come, in this order; others may come between.
        receive: Vec<Expect>,
    },
    /// Gets a page of Phoenix `LiveView` and joins it over its WebSocket, as its script does in a browser.
    Live {
        /// The page, from the root.
        page: Template,
        /// Its WebSocket, from the root.
        socket: Template,
        /// Messages that must come once it is joined, in this order; others may come between.
        receive: Vec<Expect>,
    },
}

/// What to keep of an answer.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The placeholder's name from now on.
    pub name: String,
    /// Where it stands. Of several, the first is kept.
    pub from: Extract,
}

impl Journey {
    /// A required journey, walked the way users go.
    pub fn new(name: impl Into<String>, steps: Vec<JourneyStep>) -> Self {
        let (required, per_instance, secrets) = (true, false, BTreeMap::new());
        Self { name: name.into(), required, per_instance, secrets, steps }
    }

    /// Gives it a secret: `{{name}}` stands for the value of the variable.
    #[must_use]
    pub fn secret(mut self, name: impl Into<String>, variable: Variable) -> Self {
        self.secrets.insert(name.into(), variable);
        self
    }

    /// Refuses what could never pass, and what could never fail.
    pub fn check(&self) -> Result<(), JourneyError> {
        check::check_one(self)
    }

    /// The longest that one walk may take, retries and the second walk included.
    #[must_use]
    pub fn longest(&self) -> Duration {
        let step = |it: &JourneyStep| {
            it.timeout.saturating_mul(it.retries.saturating_add(1)) + super::PAUSE * it.retries
        };
        let once: Duration = self.steps.iter().map(step).sum();
        once.saturating_mul(2) + super::PAUSE
    }
}

impl JourneyStep {
    /// `GET path`, which must answer `200`.
    #[must_use]
    pub fn get(path: Template) -> Self {
        Self::of(Action::Request { method: Method::GET, path, body: Body::None }, 200)
    }

    /// `POST path` with a form, which must answer `302`.
    #[must_use]
    pub fn post(path: Template, form: Vec<(String, Template)>) -> Self {
        let body = Body::Form(form);
        Self::of(Action::Request { method: Method::POST, path, body }, 302)
    }

    /// Opens a WebSocket, which must answer `101`.
    #[must_use]
    pub fn websocket(path: Template) -> Self {
        let (protocols, send, receive) = Default::default();
        Self::of(Action::WebSocket { path, protocols, send, receive }, 101)
    }

    /// Joins a page of Phoenix `LiveView`, which must answer `200` and then the join with `ok`.
    #[must_use]
    pub fn live(page: Template) -> Self {
        let socket = Template::literal("/live/websocket");
        Self::of(Action::Live { page, socket, receive: Vec::new() }, 200)
    }

    /// Any step: no redirects, no retries, 10 s.
    #[must_use]
    pub fn of(action: Action, status: u16) -> Self {
        Self {
            name: None,
            action,
            headers: Vec::new(),
            cookies: Vec::new(),
            csrf: false,
            redirects: 0,
            expect: Expect::status([status]),
            captures: Vec::new(),
            retries: 0,
            timeout: Duration::from_secs(10),
        }
    }

    /// The request in words, such as `POST /login`, with its placeholders.
    #[must_use]
    pub fn endpoint(&self) -> String {
        match &self.action {
            Action::Request { method, path, .. } => format!("{method} {path}"),
            Action::WebSocket { path, .. } => format!("WebSocket {path}"),
            Action::Live { page, .. } => format!("LiveView {page}"),
        }
    }

    /// Its name, or its request.
    #[must_use]
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.endpoint())
    }

    /// The names of all placeholders that it fills in.
    #[must_use]
    pub fn placeholders(&self) -> BTreeSet<String> {
        self.templates().iter().flat_map(Template::names).map(str::to_owned).collect()
    }

    /// All templates that it fills in.
    pub(super) fn templates(&self) -> Vec<Template> {
        let set = self.headers.iter().chain(&self.cookies);
        let mut all: Vec<_> = set.map(|(_, value)| value.clone()).collect();
        match &self.action {
            Action::Request { path, body, .. } => {
                all.push(path.clone());
                all.extend(body.templates());
            }
            Action::WebSocket { path, send, .. } => {
                all.push(path.clone());
                all.extend(send.iter().cloned());
            }
            Action::Live { page, socket, .. } => all.extend([page.clone(), socket.clone()]),
        }
        all
    }
}
