//! The words of a GraphQL query.

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Name(String),
    Text(String),
    Number(String),
    Mark(char),
}

/// Takes a query apart. Commas mean nothing, and notes are left out.
pub(super) fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = length(first, rest)?;
        let (word, after) = rest.split_at(end);
        rest = after.trim_start();
        match first {
            '#' | ',' => {}
            '"' => words.push(Word::Text(word[1..end - 1].to_owned())),
            _ if begins_number(first) => words.push(Word::Number(word.to_owned())),
            _ if begins_name(first) => words.push(Word::Name(word.to_owned())),
            mark => words.push(Word::Mark(mark)),
        }
    }
    Ok(words)
}

/// How many bytes the word at the beginning of `rest` has.
fn length(first: char, rest: &str) -> Result<usize, String> {
    let up_to = |ends: fn(char) -> bool| rest.find(ends).unwrap_or(rest.len());
    Ok(match first {
        '#' => up_to(|c| c == '\n'),
        '"' => 2 + rest[1..].find('"').ok_or("a text has no end")?,
        _ if begins_number(first) => up_to(|c| !(c.is_ascii_alphanumeric() || "+-.".contains(c))),
        _ if begins_name(first) => up_to(|c| !(c.is_ascii_alphanumeric() || c == '_')),
        mark => mark.len_utf8(),
    })
}

fn begins_number(first: char) -> bool {
    first.is_ascii_digit() || first == '-'
}

fn begins_name(first: char) -> bool {
    first.is_ascii_alphabetic() || first == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_taken_apart_at_spaces_and_marks() {
        let told = |text: &str| words(text).map(|words| format!("{words:?}"));
        let table = [
            ("a:b_1", r#"[Name("a"), Mark(':'), Name("b_1")]"#),
            (
                "(x: \"a b\", -1.5)",
                r#"[Mark('('), Name("x"), Mark(':'), Text("a b"), Number("-1.5"), Mark(')')]"#,
            ),
            ("a # b\n ...", r#"[Name("a"), Mark('.'), Mark('.'), Mark('.')]"#),
            (" ä ", "[Mark('ä')]"),
            ("", "[]"),
        ];
        for (text, wanted) in table {
            assert_eq!(told(text).unwrap(), wanted, "{text}");
        }
        assert!(words("\"no end").is_err());
    }
}
