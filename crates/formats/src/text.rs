//! Words that several formats share.

use pipeline_core::{Fault, Finding};

/// A length of time as history lines write it: `0.4s`, `12.0s`, `4m 12s`, `1h 02m 03s`.
#[must_use]
pub fn took(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{}.{}s", seconds, ms % 1000 / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m {:02}s", seconds / 3600, seconds % 3600 / 60, seconds % 60),
    }
}

/// The first line that says anything.
pub(crate) fn headline(text: &str) -> &str {
    text.lines().map(str::trim).find(|it| !it.is_empty()).unwrap_or_default()
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// A finding as plain text: its place, what it is, what to do.
pub(crate) fn finding(it: &Finding) -> String {
    let mut text = it.place().map(|place| format!("{place}: ")).unwrap_or_default();
    text += &it.message;
    if let Some(rule) = &it.rule {
        text.extend([" [", rule, "]"]);
    }
    if let Some(remedy) = &it.remedy {
        text.extend(["\n  next: ", remedy]);
    }
    text
}

/// A fault as plain text: what happened, what it came from, what to do.
pub(crate) fn fault(it: &Fault) -> String {
    let mut lines = vec![it.message().to_owned()];
    lines.extend(it.causes().iter().map(|cause| format!("  {cause}")));
    lines.extend(it.next_step().map(|next| format!("  next: {next}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_short_and_exact_enough() {
        let table = [
            (0, "0.0s"),
            (449, "0.4s"),
            (59_999, "59.9s"),
            (252_000, "4m 12s"),
            (3_723_000, "1h 02m 03s"),
        ];
        for (ms, text) in table {
            assert_eq!(took(ms), text);
        }
    }
}
