//! Those who are told, as they are configured.

use pipeline_notify::{About, GithubStatus, Notifier, Program, Slack, Subscription, Webhook};
use secrecy::SecretString;

use crate::app::{Setting, wall};
use crate::config::{FromEnv, Notify, NotifyTo};
use crate::error::chain;
use crate::render::Tone;
use crate::wire::provenance::origin;

/// Begins to listen for those who are told of this environment. Who cannot be told is named, and costs nobody a deploy.
pub(crate) fn notifier(setting: Setting<'_>) -> Notifier {
    let Setting { app, config, environment } = setting;
    let mut subscriptions = Vec::new();
    for notify in config.notify.iter().filter(|it| it.hears_of(&environment.name)) {
        match subscription(setting, notify) {
            Ok(made) => subscriptions.push(made.on(notify.on.iter().copied())),
            Err(why) => app.say(Tone::Warn, &format!("  ! nobody is told by {why}")),
        }
    }
    let about = About { environment: environment.name.clone(), url: origin(app) };
    Notifier::start(about, subscriptions)
}

/// A channel, or why there is none.
fn subscription(setting: Setting<'_>, notify: &Notify) -> Result<Subscription, String> {
    match &notify.to {
        NotifyTo::Webhook { url, secret } => {
            let name = format!("webhook (${})", url.0);
            let wrong = |error: &dyn std::error::Error| format!("{name}: {}", chain(error));
            let mut webhook =
                Webhook::new(&name, set(&name, url)?, wall()).map_err(|error| wrong(&error))?;
            if let Some(secret) = secret {
                webhook = webhook.secret(set(&name, secret)?);
            }
            Ok(Subscription::new(webhook))
        }
        NotifyTo::Slack { url } => {
            let name = format!("slack (${})", url.0);
            let slack = Slack::new(&name, set(&name, url)?);
            Ok(Subscription::new(slack.map_err(|error| format!("{name}: {}", chain(&error)))?))
        }
        NotifyTo::Command(words) => {
            let program = Program::new(words.clone(), setting.config.dir.clone());
            Ok(Subscription::new(program.map_err(|error| format!("a command: {error}"))?))
        }
        NotifyTo::Github { repository, token, api } => {
            let name = format!("github {repository}");
            let status = GithubStatus::new(repository, set(&name, token)?);
            let status = status.map_err(|error| format!("{name}: {}", chain(&error)))?;
            Ok(Subscription::new(match api {
                Some(base) => status.api(base),
                None => status,
            }))
        }
    }
}

fn set(name: &str, (variable, value): &FromEnv) -> Result<SecretString, String> {
    value.clone().ok_or_else(|| format!("{name}: the variable {variable} is not set"))
}
