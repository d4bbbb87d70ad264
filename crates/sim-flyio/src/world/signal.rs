//! Signal names as the Machines API spells them.

use nix::sys::signal::Signal;
use serde_json::Value;

/// What stops a machine that does not say (fly.io docs: configuration, `kill_signal`).
pub(crate) const DEFAULT: i32 = Signal::SIGINT as i32;

/// The names that a stop request may carry (fly.io API description: `StopRequest`).
const STOPS: [Signal; 7] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGKILL,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTERM,
];
/// Those that only a signal request may (same description: `SignalRequest`).
const OTHERS: [Signal; 7] = [
    Signal::SIGABRT,
    Signal::SIGALRM,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGPIPE,
    Signal::SIGSEGV,
    Signal::SIGTRAP,
];

/// The signal of a configuration: `SIGSTOP` too, which only the configuration reference knows.
pub(crate) fn of_config(value: &Value) -> Option<i32> {
    read(value, STOPS.into_iter().chain([Signal::SIGSTOP]))
}

/// The signal of a stop or restart request.
pub(crate) fn of_stop(value: &Value) -> Option<i32> {
    read(value, STOPS.into_iter())
}

/// The signal of a signal request.
pub(crate) fn of_request(value: &Value) -> Option<i32> {
    read(value, STOPS.into_iter().chain(OTHERS))
}

/// Reads a name, with or without `SIG`, or a number; `None` if it is not among `known`.
fn read(value: &Value, mut known: impl Iterator<Item = Signal>) -> Option<i32> {
    let wanted = match value {
        Value::String(name) => known.find(|signal| {
            let known = signal.as_str();
            name == known || Some(name.as_str()) == known.strip_prefix("SIG")
        }),
        Value::Number(number) => known.find(|known| number.as_i64() == Some(*known as i64)),
        _ => None,
    };
    wanted.map(|signal| signal as i32)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn signals_are_read_by_name_and_by_number() {
        assert_eq!(of_stop(&json!("SIGTERM")), Some(15));
        assert_eq!(of_stop(&json!("TERM")), Some(15));
        assert_eq!(of_stop(&json!(9)), Some(9));
        assert_eq!(of_request(&json!(0)), None);
    }

    #[test]
    fn each_place_knows_signals_of_its_own() {
        let readers = [of_config, of_stop, of_request];
        let known = |name: &str| readers.map(|read| read(&json!(name)).is_some());
        assert_eq!(known("SIGINT"), [true, true, true]);
        assert_eq!(known("SIGSTOP"), [true, false, false]);
        assert_eq!(known("SIGABRT"), [false, false, true]);
        assert_eq!(known("SIGCONT"), [false, false, false]);
    }
}
