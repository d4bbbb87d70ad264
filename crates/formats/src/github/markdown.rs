//! Text that says what it says in Markdown, whatever stands in it.

/// A text on one line, in which nothing is Markdown or HTML.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (number, word) in text.split_whitespace().enumerate() {
        if number > 0 {
            out.push(' ');
        }
        for it in word.chars().filter(|it| !it.is_control() && !is_sly(*it)) {
            match it {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '@' => out.push_str("&#64;"), // names nobody
                '#' => out.push_str("&#35;"), // refers to no issue
                ':' => out.push_str("&#58;"), // links to nothing
                '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '+' | '-' | '.'
                | '!' | '|' | '~' | '$' | '=' => {
                    out.push('\\');
                    out.push(it);
                }
                it => out.push(it),
            }
        }
    }
    out
}

/// A text on one line within an element of HTML, where nothing is Markdown.
pub(super) fn html(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let clean = words.join(" ").replace(|it: char| it.is_control() || is_sly(it), "");
    clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Turns text around, or hides it.
fn is_sly(it: char) -> bool {
    matches!(it, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_only_text() {
        assert_eq!(html("a-b <c>\n&\u{202e}"), "a-b &lt;c&gt; &amp;");
        let hostile = "<img src=x onerror=alert(1)>\n| a | [x](javascript:1) `b` **c** @octocat #1 https://e.example \u{202e}\u{1b}[31m";
        insta::assert_snapshot!(plain(hostile), @r"&lt;img src\=x onerror\=alert\(1\)&gt; \| a \| \[x\]\(javascript&#58;1\) \`b\` \*\*c\*\* &#64;octocat &#35;1 https&#58;//e\.example \[31m");
    }
}
