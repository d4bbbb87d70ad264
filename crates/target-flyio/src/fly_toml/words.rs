//! Splitting a command line into words, as a POSIX shell would, without expanding anything.

/// The words of `line`; `None` where a quote is not closed.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    let mut chars = line.chars();
    while let Some(next) = chars.next() {
        match (quote, next) {
            (Some(open), end) if open == end => quote = None,
            (None, open @ ('"' | '\'')) => {
                quote = Some(open);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn lines_are_split_as_a_shell_would() {
        let table: [(&str, Option<&[&str]>); 7] = [
            ("", Some(&[])),
            ("bin/server  start", Some(&["bin/server", "start"])),
            (r#"sh -c "a 'b' c""#, Some(&["sh", "-c", "a 'b' c"])),
            (r#"a\ b "c\"d" '' "#, Some(&["a b", "c\"d", ""])),
            (r"'a\b'", Some(&[r"a\b"])),
            ("'open", None),
            ("a\\", None),
        ];
        for (line, words) in table {
            let words = words.map(|words| words.iter().map(ToString::to_string).collect());
            assert_eq!(split(line), words, "{line}");
        }
    }
}
