//! Signal names as the Machines API spells them.

use nix::sys::signal::Signal;
use serde_json::Value;

/// What stops a machine that does not say (fly.io docs: configuration, `kill_signal`).
pub(crate) const DEFAULT: i32 = Signal::SIGINT as i32;

/// The names that a stop request may carry (fly.io API description: `SignalRequest`), and `SIGSTOP`, which
/// only the configuration reference knows.
const KNOWN: [Signal; 8] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGKILL,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTERM,
    Signal::SIGSTOP,
];

/// Reads the signal of a request, which may not be `SIGSTOP`.
pub(crate) fn read_asked(value: &Value) -> Option<i32> {
    read(value).filter(|signal| *signal != Signal::SIGSTOP as i32)
}

/// Reads the signal of a configuration:
/// a name, with or without `SIG`, or a number; `None` is no signal that Fly.io knows.
pub(crate) fn read(value: &Value) -> Option<i32> {
    let wanted = match value {
        Value::String(name) => KNOWN.into_iter().find(|signal| {
            let known = signal.as_str();
            name == known || Some(name.as_str()) == known.strip_prefix("SIG")
        }),
        Value::Number(number) => KNOWN.into_iter().find(|s| number.as_i64() == Some(*s as i64)),
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
        assert_eq!(read(&json!("SIGTERM")), Some(15));
        assert_eq!(read(&json!("TERM")), Some(15));
        assert_eq!(read(&json!(9)), Some(9));
        assert_eq!(read(&json!("SIGSEGV")), None);
        assert_eq!(read(&json!(0)), None);
    }
}
