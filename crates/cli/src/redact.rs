//! Strikes secrets out of whatever is shown, streamed or kept.

use std::borrow::Cow;
use std::cmp::Reverse;

use async_trait::async_trait;
use pipeline_core::{Event, EventKind, Fault, Journal, Observer, Record};
use secrecy::{ExposeSecret, SecretString};

use crate::render::tame_line;

/// What stands in a secret's place.
const STRUCK: &str = "[secret]";

/// Values that must never be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Very short values are left out: striking out "1" would destroy every text. A value of several lines is struck
    /// in one line as well, as what others say is shown.
    pub(crate) fn new(values: impl IntoIterator<Item = SecretString>) -> Self {
        let shown = |it: SecretString| [tame_line(it.expose_secret()).into(), it];
        let all = values.into_iter().flat_map(shown);
        let mut all: Vec<_> = all.filter(|it| it.expose_secret().len() >= 6).collect();
        // The longest first: one may be the beginning of another, whose rest would be seen.
        all.sort_by(|one, other| order(one).cmp(&order(other)));
        all.dedup_by(|one, other| one.expose_secret() == other.expose_secret());
        Self(all)
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

    /// The record; if it is a failure, without any secret. A run goes on from its other records, which are kept as
    /// they are.
    fn strike_record<'r>(&self, record: &'r Record) -> Cow<'r, Record> {
        let fails = matches!(
            record,
            Record::Failed { .. } | Record::RestoreFailed { .. } | Record::Rejected { .. }
        );
        let mut struck = Cow::Borrowed(record);
        // One by one: a value that is also a word of the record's own shape is none that could be struck.
        for secret in self.0.iter().filter(|_| fails) {
            let Ok(mut value) = serde_json::to_value(&*struck) else { continue };
            if Self(vec![secret.clone()]).strike_value(&mut value)
                && let Ok(record) = serde_json::from_value(value)
            {
                struck = Cow::Owned(record);
            }
        }
        struck
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

/// The longer a secret is, the sooner it is struck.
fn order(secret: &SecretString) -> (Reverse<usize>, &str) {
    let text = secret.expose_secret();
    (Reverse(text.len()), text)
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

/// Lets a journal keep failures without secrets: a fault may quote what a crashing program has printed.
pub(crate) struct DiscreetJournal<J> {
    pub(crate) secrets: Secrets,
    pub(crate) journal: J,
}

#[async_trait]
impl<J: Journal> Journal for DiscreetJournal<J> {
    async fn append(&mut self, record: &Record) -> Result<(), Fault> {
        self.journal.append(&self.secrets.strike_record(record)).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use pipeline_core::{Cause, Failure, Phase};

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

    #[test]
    fn a_secret_that_another_begins_with_leaves_nothing_of_that_one() {
        let secrets =
            Secrets::new(["hunter22", "hunter22-and-more", "-----BEGIN\nkey"].map(Into::into));
        assert_eq!(secrets.strike("hunter22-and-more, hunter22"), "[secret], [secret]");
        assert_eq!(secrets.strike("-----BEGIN\nkey, -----BEGIN key"), "[secret], [secret]");
    }

    /// Keeps what it is given.
    #[derive(Default)]
    struct Kept(Vec<Record>);

    #[async_trait]
    impl Journal for Kept {
        async fn append(&mut self, record: &Record) -> Result<(), Fault> {
            self.0.push(record.clone());
            Ok(())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("it last said:\nDATABASE_URL=postgres://hunter22@db")]
    struct LastWords;

    #[tokio::test]
    async fn a_secret_that_a_crashing_machine_printed_is_in_no_record() {
        let cause = || Cause::Fault(Fault::permanent(LastWords).hint("ask hunter22"));
        let failure = || Failure {
            phase: Phase::Deploy,
            step: "roll".into(),
            cause: cause(),
            whole: false,
            untouched: false,
        };
        // A secret that is a word of the record's own shape must not cost the record.
        let secrets = ["hunter22", "deploy", "permanent"].map(SecretString::from);
        let mut journal =
            DiscreetJournal { secrets: Secrets::new(secrets), journal: Kept::default() };
        let records = [
            Record::Failed { failure: failure() },
            Record::RestoreFailed { failure: failure() },
            Record::Rejected { failures: vec![failure()] },
        ];
        for record in &records {
            journal.append(record).await.unwrap();
        }
        let kept = &journal.journal.0;
        let text = serde_json::to_string(kept).unwrap();
        assert!(!text.contains("hunter22") && text.contains("postgres://[secret]@db"), "{text}");
        let names = |all: &[Record]| all.iter().map(Record::name).collect::<Vec<_>>();
        assert_eq!(names(kept), names(&records));
    }
}
