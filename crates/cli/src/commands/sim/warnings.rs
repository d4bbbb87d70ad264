//! What the simulator has to say while it runs: it has no terminal, so it says it by `tracing`.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::metadata::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::app::App;
use crate::render::{Tone, paint};

/// The crate whose warnings are shown.
const SIMULATOR: &str = "sim_flyio";

/// Shows the simulator's warnings on standard error from now on, each of them once.
pub(crate) fn show(app: &App) {
    let warnings = Warnings { colour: app.around.colour, said: Mutex::default() };
    // One that is there already, of a program that embeds the command, knows what it wants.
    let _ = tracing::subscriber::set_global_default(warnings);
}

/// Hears events of one crate and writes each new one down.
struct Warnings {
    colour: bool,
    said: Mutex<BTreeSet<String>>,
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with(SIMULATOR)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        let mut words = Words::default();
        event.record(&mut words);
        let text = words.text();
        let Ok(mut said) = self.said.lock() else { return };
        if said.insert(text.clone()) {
            let text = paint(Tone::Warn, &format!("  ! {text}"), self.colour);
            let _ = writeln!(std::io::stderr(), "{text}"); // nobody there to hear it
        }
    }

    // Spans are of no interest here.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event in words: its message, and its fields after it.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Words {
    fn text(self) -> String {
        match (self.message.as_str(), self.fields.as_str()) {
            (message, "") => message.to_owned(),
            (message, fields) => format!("{message}:{fields}"),
        }
    }
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_the_simulator_are_heard_once_and_nothing_else_is() {
        let warnings = std::sync::Arc::new(Warnings { colour: false, said: Mutex::default() });
        tracing::subscriber::with_default(std::sync::Arc::clone(&warnings), || {
            for _ in 0..2 {
                tracing::warn!(target: "sim_flyio::api", method = %"GET", field = "x", "not simulated");
            }
            tracing::info!(target: "sim_flyio::api", "chatter");
            tracing::warn!(target: "sqlx", "slow");
        });
        let said: Vec<String> = warnings.said.lock().unwrap().iter().cloned().collect();
        assert_eq!(said, ["not simulated: method=GET field=x"]);
    }
}
