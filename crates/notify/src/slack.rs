//! An incoming webhook of Slack, or of what takes the same.

use async_trait::async_trait;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::channel::{Channel, NotDelivered};
use crate::http::{self, ClientError};
use crate::notice::{Notice, Topic, short};

/// Slack takes no longer text in a block.
const LONGEST_BLOCK: usize = 2900;

/// Posts each notice as a short message: `text` for notifications and for programs that know no blocks (Mattermost, Discord's `/slack`
/// addresses), and blocks.
#[derive(Debug)]
pub struct Slack {
    name: String,
    url: SecretString,
    client: Client,
}

impl Slack {
    /// Posts to this incoming webhook; its address is a secret.
    pub fn new(name: impl Into<String>, url: SecretString) -> Result<Self, ClientError> {
        Ok(Self { name: name.into(), url, client: http::client()? })
    }
}

#[async_trait]
impl Channel for Slack {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), NotDelivered> {
        http::send(self.client.post(self.url.expose_secret()).json(&message(notice))).await
    }
}

/// The message: pure.
fn message(notice: &Notice) -> Value {
    let title = format!("{} {}", mark(notice.topic), escaped(&notice.title));
    let details: Vec<String> =
        notice.details.iter().map(|it| format!("• {}", escaped(it))).collect();
    let mut body = format!("*{title}*");
    if !details.is_empty() {
        body = format!("{body}\n{}", details.join("\n"));
    }
    let mut small = vec![escaped(&notice.environment), escaped(&notice.target)];
    small.extend(notice.revision.as_deref().map(|it| escaped(short(it, 12).trim_end_matches('…'))));
    small.extend(notice.url.as_deref().map(|it| format!("<{}|more>", escaped(it))));
    let text = |text: String| json!({ "type": "mrkdwn", "text": short(&text, LONGEST_BLOCK) });
    json!({
        "text": title,
        "blocks": [
            { "type": "section", "text": text(body) },
            { "type": "context", "elements": [text(small.join(" · "))] },
        ],
    })
}

fn mark(topic: Topic) -> &'static str {
    match topic {
        Topic::Alert => "⚠️",
        Topic::Failure => "❌",
        Topic::Rollback => "↩️",
        Topic::Stuck => "🚨",
        Topic::Success => "✅",
    }
}

/// What would be taken for a link or a mention.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::notice;

    #[test]
    fn a_message_says_it_in_text_and_blocks_and_mentions_nobody() {
        let notice = Notice {
            details: vec!["GET / answered 500 <!channel> & more".into()],
            url: Some("https://ci.example/1".into()),
            ..notice(Topic::Rollback)
        };
        insta::assert_snapshot!(format!("{:#}", message(&notice)), @r#"
        {
          "blocks": [
            {
              "text": {
                "text": "*↩️ v2 went back*\n• GET / answered 500 &lt;!channel&gt; &amp; more",
                "type": "mrkdwn"
              },
              "type": "section"
            },
            {
              "elements": [
                {
                  "text": "production · flyio:shop · 176c66117 · <https://ci.example/1|more>",
                  "type": "mrkdwn"
                }
              ],
              "type": "context"
            }
          ],
          "text": "↩️ v2 went back"
        }
        "#);
    }

    #[test]
    fn a_message_is_no_longer_than_slack_takes() {
        let notice = Notice { details: vec!["&".repeat(300); 6], ..notice(Topic::Stuck) };
        let message = message(&notice);
        assert!(message["blocks"][0]["text"]["text"].as_str().unwrap().len() <= 3000);
    }
}
