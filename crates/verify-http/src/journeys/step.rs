//! One try of one step.

use reqwest::Method;

use super::browser::Browser;
use super::compose::set;
use super::config::{Action, Capture, JourneyStep};
use super::exchange::Shown;
use super::socket::{self, Socket};
use super::template::Template;
use super::wrong::Wrong;
use crate::expect::Expect;
use crate::place::Request;
use crate::response::Response;

impl Browser<'_> {
    /// Does what the step says; keeps what it captures.
    pub(super) async fn take_step(&mut self, step: &JourneyStep) -> Result<(), Wrong> {
        let response = match &step.action {
            Action::Request { method, path, body } => {
                let (request, shown) = self.compose_whole(step, method, (path, body))?;
                let response = self.ask(request, shown, step.redirects).await?;
                wanted(&step.expect, &response)?;
                response
            }
            Action::WebSocket { .. } => self.talk(step).await?,
            Action::Live { page, socket, receive } => {
                self.join_live(step, page, (socket, receive)).await?
            }
        };
        step.captures.iter().try_for_each(|it| self.capture(it, &response))
    }

    fn capture(&mut self, capture: &Capture, response: &Response) -> Result<(), Wrong> {
        let (name, from) = (&capture.name, &capture.from);
        let found = from.all(response).map_err(|error| {
            Wrong::Unknown(format!(
                "answered {}, but `{name}` cannot be captured: {error}",
                response.status
            ))
        })?;
        let Some(first) = found.into_iter().next() else {
            let status = response.status;
            return Err(Wrong::Failed(format!(
                "answered {status} without {from}, which `{name}` captures"
            )));
        };
        self.values.capture(name, first);
        Ok(())
    }

    /// Opens a WebSocket, sends and waits. What is captured is captured from the last message that was waited for.
    async fn talk(&mut self, step: &JourneyStep) -> Result<Response, Wrong> {
        let Action::WebSocket { path, protocols, send, receive } = &step.action else {
            return Err(Wrong::Unknown("is no WebSocket".into()));
        };
        let (mut request, mut shown) = self.compose(step, &Method::GET, path)?;
        if step.csrf {
            let token = self.csrf()?;
            request.url.query_pairs_mut().append_pair("_csrf_token", &token);
            shown.line.push_str("?_csrf_token=[secret]");
        }
        let (mut last, mut socket) = self.open((request, shown), protocols, &step.expect).await?;
        for message in send {
            socket.send(self.values.fill(message)).await.map_err(Wrong::Failed)?;
        }
        for wanted in receive {
            last = self.wait_for(&mut socket, wanted, &last).await?;
        }
        socket.close().await;
        Ok(last)
    }

    /// Asks for a WebSocket and proves that it is one.
    pub(super) async fn open(
        &mut self,
        (mut request, shown): (Request, Shown),
        protocols: &[String],
        expect: &Expect,
    ) -> Result<(Response, Socket), Wrong> {
        let origin = self.route.origin();
        if !request.headers.contains_key("origin") {
            set(&mut request, "origin", &origin)?;
        }
        let key = socket::ask_for(&mut request.headers, protocols);
        let (response, stream) = self.connect(request, shown).await?;
        wanted(expect, &response)?;
        let Some(stream) = stream else {
            let why = if response.status == 403 {
                format!("; does its `check_origin` allow {origin}?")
            } else {
                String::new()
            };
            let status = response.status;
            return Err(Wrong::Failed(format!("answered {status} and opened no WebSocket{why}")));
        };
        socket::proven(&response, &key).map_err(Wrong::Failed)?;
        Ok((response, Socket::over(stream).await))
    }

    /// Reads messages until one is as wanted.
    pub(super) async fn wait_for(
        &mut self,
        socket: &mut Socket,
        wanted: &Expect,
        opened: &Response,
    ) -> Result<Response, Wrong> {
        loop {
            let bytes = socket.receive().await.map_err(Wrong::Failed)?;
            let message = Response { body: bytes.to_vec(), ..opened.clone() };
            self.exchange.message(message.text());
            if wanted.differences(&message).is_empty() {
                return Ok(message);
            }
        }
    }

    /// What a step was at when its time was over, in words that follow the request.
    pub(super) fn at(&self) -> String {
        match (&self.exchange.response, self.exchange.brought) {
            (None, _) => "did not answer".into(),
            (Some(response), 0) if response.status == 101 => {
                "opened a WebSocket, but brought no message".into()
            }
            (Some(response), number) if response.status == 101 => {
                format!(
                    "opened a WebSocket, but none of its messages, {number} so far, was as wanted"
                )
            }
            (Some(response), _) => format!("answered {}, but was not done", response.status),
        }
    }
}

/// Is it as wanted?
pub(super) fn wanted(expect: &Expect, response: &Response) -> Result<(), Wrong> {
    let differences = expect.differences(response);
    if differences.is_empty() { Ok(()) } else { Err(Wrong::Differs(differences)) }
}

/// A template for a path that is known already.
pub(super) fn known(path: &str) -> Template {
    Template::literal(path)
}
