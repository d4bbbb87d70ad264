//! The words of a line: `jsonpath "$.id" == 4`.

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// As it stands: a keyword, an operator, a number.
    Bare(String),
    /// What stood in quotation marks.
    Text(String),
    /// What stood between slashes.
    Regex(String),
}

/// The words of a line, without its comment; or what is wrong.
pub(super) fn words(line: &str) -> Result<Vec<Word>, String> {
    let (mut words, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() && !rest.starts_with('#') {
        let (word, after) = match rest.chars().next() {
            Some('"') => quoted(&rest[1..], '"').map(|(it, after)| (Word::Text(it), after))?,
            Some('/') => quoted(&rest[1..], '/').map(|(it, after)| (Word::Regex(it), after))?,
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (Word::Bare(rest[..end].to_owned()), &rest[end..])
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

/// Up to the closing mark; a regular expression keeps its backslashes.
fn quoted(text: &str, mark: char) -> Result<(String, &str), String> {
    let (mut read, mut chars) = (String::new(), text.char_indices());
    while let Some((at, it)) = chars.next() {
        match it {
            _ if it == mark => return Ok((read, &text[at + it.len_utf8()..])),
            '\\' => match (chars.next().map(|(_, it)| it), mark) {
                (Some('/'), '/') => read.push('/'),
                (Some(next), '/') => read.extend(['\\', next]),
                (Some('n'), _) => read.push('\n'),
                (Some('t'), _) => read.push('\t'),
                (Some(next @ ('"' | '\\' | '#')), _) => read.push(next),
                _ => {
                    return Err("has an escape that is not supported; \\\" \\\\ \\n \\t are".into());
                }
            },
            _ => read.push(it),
        }
    }
    Err(format!("has a {mark} without its other"))
}
