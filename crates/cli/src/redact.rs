//! Strikes secrets out of whatever is shown, streamed or kept.

use std::borrow::Cow;

use pipeline_core::{Event, EventKind, Observer};
use secrecy::{ExposeSecret, SecretString};

/// What stands in a secret's place.
const STRUCK: &str = "[secret]";

/// Values that must never be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Very short values are left out: striking out "1" would destroy every text.
    pub(crate) fn new(values: impl IntoIterator<Item = SecretString>) -> Self {
        Self(values.into_iter().filter(|it| it.expose_secret().len() >= 6).collect())
    }

    /// The text without any secret.
    pub(crate) fn strike<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.iter().map(ExposeSecret::expose_secret).fold(Cow::Borrowed(text), |text, secret| {
            if text.contains(secret) { text.replace(secret, STRUCK).into() } else { text }
        })
    }

    /// The event without any secret, in whichever of its texts.
    fn strike_event<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        if self.0.is_empty() {
            return Cow::Borrowed(event);
        }
        let Ok(mut value) = serde_json::to_value(&event.kind) else { return Cow::Borrowed(event) };
        if !self.strike_value(&mut value) {
            return Cow::Borrowed(event);
        }
        let kind = serde_json::from_value(value).unwrap_or_else(|_| unreadable());
        Cow::Owned(Event { kind, ..event.clone() })
    }

    /// Strikes secrets out of every text of a JSON value; says whether there was any.
    pub(crate) fn strike_value(&self, value: &mut serde_json::Value) -> bool {
        match value {
            serde_json::Value::String(text) => match self.strike(text) {
                Cow::Borrowed(_) => false,
                Cow::Owned(struck) => {
                    *text = struck;
                    true
                }
            },
            serde_json::Value::Array(items) => {
                items.iter_mut().fold(false, |any, it| self.strike_value(it) | any)
            }
            serde_json::Value::Object(map) => {
                map.values_mut().fold(false, |any, it| self.strike_value(it) | any)
            }
            _ => false,
        }
    }
}

/// A secret stood where it changed the event's shape: better nothing than that.
fn unreadable() -> EventKind {
    EventKind::Noted { step: "pipeline".into(), message: STRUCK.into() }
}

/// Lets an observer hear events without secrets.
pub(crate) struct Discreet<O> {
    pub(crate) secrets: Secrets,
    pub(crate) observer: O,
}

impl<O: Observer> Observer for Discreet<O> {
    fn observe(&mut self, event: &Event) {
        self.observer.observe(&self.secrets.strike_event(event));
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_secret_is_struck_out_of_every_text_of_an_event() {
        let secrets = Secrets::new([SecretString::from("hunter22"), SecretString::from("1")]);
        let kind = EventKind::Noted { step: "smoke".into(), message: "Bearer hunter22, 1".into() };
        let event = Event { seq: 1, at: SystemTime::UNIX_EPOCH, kind };
        let struck = secrets.strike_event(&event).into_owned();
        let message = "Bearer [secret], 1".into();
        assert_eq!(struck.kind, EventKind::Noted { step: "smoke".into(), message });
    }
}
