//! How names and texts of other files stand in ours: nothing in them is obeyed.

use std::fmt::Write as _;

/// A name as the key of a table.
pub(super) fn key(name: &str) -> String {
    let bare = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// A text as TOML has it: a basic string on one line, in which everything can be said.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for it in text.chars() {
        match it {
            '"' | '\\' => quoted.extend(['\\', it]),
            it if hidden(it) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(it));
            }
            it => quoted.push(it),
        }
    }
    quoted + "\""
}

/// What is not seen, or turns around what is seen (Unicode: bidirectional controls).
fn hidden(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Letters, digits and dashes: what a host's name is made of.
pub(super) fn host(app: &str) -> String {
    app.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').collect()
}

/// A text for a comment: one line, and nothing that a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let clean: String = text.chars().map(|it| if hidden(it) { ' ' } else { it }).collect();
    pipeline_process::cut(&clean, 200).to_owned()
}
