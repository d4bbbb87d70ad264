//! Joins a page of Phoenix `LiveView` as its script does: the page, its WebSocket, and one message on it.
//!
//! Messages are those of Phoenix's second serializer, `[join_ref, ref, topic, event, payload]`
//! (phoenix, `assets/js/phoenix/serializer.js`); the first one of a view is sent by `View` of
//! `phoenix_live_view`, `assets/js/phoenix_live_view/view.ts`, and answered in `lib/phoenix_live_view/channel.ex`.

use reqwest::Method;
use serde_json::{Value, json};

use super::body::Body;
use super::browser::Browser;
use super::config::JourneyStep;
use super::page::{LiveRoot, csrf_token, live_root};
use super::socket::Socket;
use super::step::{known, wanted};
use super::template::Template;
use super::wrong::Wrong;
use crate::expect::Expect;
use crate::response::Response;

/// Any text does, so long as the answer has the same.
const REF: &str = "4";

impl Browser<'_> {
    /// Gets the page, joins it, and gives back the page: that is what captures read.
    pub(super) async fn join_live(
        &mut self,
        step: &JourneyStep,
        page: &Template,
        (socket, receive): (&Template, &[Expect]),
    ) -> Result<Response, Wrong> {
        let (request, shown) = self.compose_whole(step, &Method::GET, (page, &Body::None))?;
        let response = self.ask(request, shown, step.redirects).await?;
        wanted(&step.expect, &response)?;
        let html = String::from_utf8_lossy(&response.body).into_owned();
        let Some(root) = live_root(&html) else {
            let words = "is no LiveView: no element of its page has `data-phx-session`";
            return Err(Wrong::Failed(format!("answered {}, but {words}", response.status)));
        };
        let token = csrf_token(&html);
        let (opened, mut channel) = self.open_channel(step, socket, token.as_deref()).await?;
        let message = self.join_message(&root, token.as_deref());
        channel.send(message).await.map_err(Wrong::Failed)?;
        self.joined(&mut channel, &root, &opened).await?;
        for wanted in receive {
            self.wait_for(&mut channel, wanted, &opened).await?;
        }
        channel.close().await;
        Ok(response)
    }

    async fn open_channel(
        &mut self,
        step: &JourneyStep,
        socket: &Template,
        token: Option<&str>,
    ) -> Result<(Response, Socket), Wrong> {
        let path = known(&self.values.fill(socket));
        let (mut request, shown) = self.compose(step, &Method::GET, &path)?;
        let query = token.map(|it| ("_csrf_token", it)).into_iter().chain([("vsn", "2.0.0")]);
        request.url.query_pairs_mut().extend_pairs(query);
        let opened = self.open((request, shown), &[], &Expect::default()).await;
        opened.map_err(|wrong| in_words(wrong, &self.values.show(socket)))
    }

    fn join_message(&self, root: &LiveRoot, token: Option<&str>) -> String {
        let page = self.page_url();
        let params = json!({ "_csrf_token": token, "_mounts": 0, "_mount_attempts": 0 });
        let payload = json!({
            "url": page.as_str(),
            "params": params,
            "session": root.session,
            "static": root.assigned,
            "sticky": false,
        });
        json!([REF, REF, topic(root), "phx_join", payload]).to_string()
    }

    /// Waits for the answer to the join.
    async fn joined(
        &mut self,
        channel: &mut Socket,
        root: &LiveRoot,
        opened: &Response,
    ) -> Result<(), Wrong> {
        loop {
            let message = self.wait_for(channel, &Expect::default(), opened).await;
            let message = message.map_err(|wrong| in_words(wrong, &topic(root)))?;
            let Ok(message) = serde_json::from_slice::<Value>(&message.body) else { continue };
            if message[1] == REF && message[3] == "phx_reply" {
                return answered(&message[4]).map_err(Wrong::Failed);
            }
            if matches!(message[3].as_str(), Some("phx_error" | "phx_close")) {
                let words = "joined, but the view ended at once: its process crashed";
                return Err(Wrong::Failed(words.into()));
            }
        }
    }
}

fn topic(root: &LiveRoot) -> String {
    format!("lv:{}", root.id)
}

/// What the answer to a join says.
fn answered(reply: &Value) -> Result<(), String> {
    if reply["status"] == "ok" {
        return Ok(());
    }
    let response = &reply["response"];
    for kind in ["redirect", "live_redirect"] {
        if let Some(to) = response[kind]["to"].as_str() {
            return Err(format!(
                "answered, but its join was redirected to {to}; if the page itself was not, its socket \
                 may lack the session: see `connect_info`"
            ));
        }
    }
    let reason = response["reason"].as_str().map_or_else(|| response.to_string(), str::to_owned);
    let meaning = match reason.as_str() {
        "stale" => {
            ": its session could not be verified; look at the session cookie, the CSRF token in \
             `connect_info` and whether all machines have the same SECRET_KEY_BASE"
        }
        "unauthorized" => ": the page's address is in another live_session, or in none",
        "join crashed" => ": the view crashed; the application's log says why",
        _ => "",
    };
    Err(format!("answered, but its join was refused: {reason}{meaning}"))
}

/// What is wrong with the channel, as what is wrong with the page.
fn in_words(wrong: Wrong, channel: &str) -> Wrong {
    match wrong {
        Wrong::Failed(words) => Wrong::Failed(format!("answered, but {channel} {words}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_join_says_why_and_what_to_look_at() {
        let said = |response: Value| {
            answered(&json!({ "status": "error", "response": response })).unwrap_err()
        };
        insta::assert_snapshot!(said(json!({ "reason": "stale" })),
            @"answered, but its join was refused: stale: its session could not be verified; look at the session cookie, the CSRF token in `connect_info` and whether all machines have the same SECRET_KEY_BASE");
        insta::assert_snapshot!(said(json!({ "reason": "unauthorized" })),
            @"answered, but its join was refused: unauthorized: the page's address is in another live_session, or in none");
        insta::assert_snapshot!(said(json!({ "reason": "join crashed" })),
            @"answered, but its join was refused: join crashed: the view crashed; the application's log says why");
        insta::assert_snapshot!(said(json!({ "redirect": { "to": "/login" } })),
            @"answered, but its join was redirected to /login; if the page itself was not, its socket may lack the session: see `connect_info`");
        insta::assert_snapshot!(said(json!({ "live_redirect": { "to": "/a", "kind": "push" } })),
            @"answered, but its join was redirected to /a; if the page itself was not, its socket may lack the session: see `connect_info`");
        insta::assert_snapshot!(said(json!({ "odd": 1 })),
            @r#"answered, but its join was refused: {"odd":1}"#);
        assert_eq!(answered(&json!({ "status": "ok", "response": {} })), Ok(()));
    }
}
