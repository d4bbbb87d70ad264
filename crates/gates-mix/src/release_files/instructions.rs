//! A Dockerfile as instructions: continuations joined, comments left out, here-documents taken in.

/// What a line is continued with, unless a directive says otherwise.
const ESCAPE: char = '\\';

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Where it begins, from 1.
    pub(super) line: u32,
    /// In capitals, such as `RUN`.
    pub(super) name: String,
    /// All that follows, here-documents included, in one or more lines.
    pub(super) rest: String,
}

impl Instruction {
    /// The words of the rest, without quotes; flags such as `--from=build` are among them.
    pub(super) fn words(&self) -> Vec<String> {
        words(&self.rest)
    }

    /// The value of a flag such as `--from`.
    pub(super) fn flag(&self, name: &str) -> Option<String> {
        let value = |word: String| Some(word.strip_prefix(name)?.strip_prefix('=')?.to_owned());
        self.words().into_iter().find_map(value)
    }

    /// The words that are no flags.
    pub(super) fn arguments(&self) -> Vec<String> {
        self.words().into_iter().filter(|it| !it.starts_with("--")).collect()
    }

    /// What `ENV` and `ARG` set: `NAME=VALUE …`, of the older form `NAME VALUE` the same.
    pub(super) fn settings(&self) -> Vec<(String, Option<String>)> {
        let words = self.words();
        match &words[..] {
            [name, value @ ..] if self.name == "ENV" && !name.contains('=') => {
                vec![(name.clone(), Some(value.join(" ")))]
            }
            words => words.iter().map(|word| setting(word)).collect(),
        }
    }
}

fn setting(word: &str) -> (String, Option<String>) {
    match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word.to_owned(), None),
    }
}

/// All instructions, in order.
pub(super) fn read(text: &str) -> Vec<Instruction> {
    let escape = escape(text);
    let mut lines = (1u32..).zip(text.lines()).peekable();
    let mut found = Vec::new();
    while let Some((line, first)) = lines.next() {
        if is_empty(first) {
            continue;
        }
        let mut whole = String::new();
        let mut next = Some(first);
        while let Some(part) = next {
            let (part, goes_on) = match part.trim_end().strip_suffix(escape) {
                Some(part) => (part, true),
                None => (part, false),
            };
            whole.push_str(part);
            whole.push(' ');
            // Comments and empty lines do not end what is continued.
            while goes_on && lines.peek().is_some_and(|(_, it)| is_empty(it)) {
                lines.next();
            }
            next = if goes_on { lines.next().map(|(_, it)| it) } else { None };
        }
        let Some((name, rest)) = whole.trim().split_once(char::is_whitespace) else { continue };
        let (name, mut rest) = (name.to_uppercase(), rest.trim().to_owned());
        if ["RUN", "COPY", "ADD"].contains(&&*name) {
            for end in here_documents(&rest) {
                for (_, it) in
                    lines.by_ref().take_while(|(_, it)| it.trim_start_matches('\t') != end)
                {
                    rest.push('\n');
                    rest.push_str(it);
                }
            }
        }
        found.push(Instruction { line, name, rest });
    }
    found
}

fn is_empty(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// What the directive `# escape=` says; directives stand before everything else.
fn escape(text: &str) -> char {
    let directives = text.lines().map_while(|line| line.trim().strip_prefix('#'));
    let said = directives.filter_map(|it| it.trim().split_once('='));
    let mut said = said.filter(|(name, _)| name.trim().eq_ignore_ascii_case("escape"));
    said.find_map(|(_, value)| value.trim().chars().next()).unwrap_or(ESCAPE)
}

/// The words that end the here-documents which this begins: `<<EOF`, `<<-"EOF"`.
fn here_documents(rest: &str) -> Vec<String> {
    let begins = rest.split("<<").skip(1).map(|it| it.strip_prefix('-').unwrap_or(it));
    let words = begins.filter_map(|it| {
        let word = it.trim_start_matches(['"', '\'']);
        let end = word.find(|it: char| !(it.is_alphanumeric() || it == '_'));
        let word = &word[..end.unwrap_or(word.len())];
        // `<<<` and a shift of bits are none.
        word.starts_with(|it: char| it.is_alphabetic() || it == '_').then(|| word.to_owned())
    });
    words.collect()
}

/// Words as a shell would split them, without quotes.
fn words(text: &str) -> Vec<String> {
    let (mut all, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for it in text.chars() {
        match (quote, it) {
            (Some(open), _) if it == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(it);
                word.get_or_insert_default();
            }
            (None, _) if it.is_whitespace() => all.extend(word.take()),
            _ => word.get_or_insert_default().push(it),
        }
    }
    all.extend(word);
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> String {
        let lines =
            read(text).into_iter().map(|it| format!("{} {} {:?}", it.line, it.name, it.words()));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn continuations_comments_and_here_documents_are_read() {
        let text = "# syntax=docker/dockerfile:1\n\nfrom elixir:1.18 as build\nRUN apt-get update \\\n  # why not\n\n    && mix deps.get\n\
                    RUN <<EOF\nmix compile\nmix release\nEOF\nENV A=\"b c\" D='e'\nENV F g h\nCOPY --from=build /a /b\n";
        insta::assert_snapshot!(told(text), @r#"
        3 FROM ["elixir:1.18", "as", "build"]
        4 RUN ["apt-get", "update", "&&", "mix", "deps.get"]
        8 RUN ["<<EOF", "mix", "compile", "mix", "release"]
        12 ENV ["A=b c", "D=e"]
        13 ENV ["F", "g", "h"]
        14 COPY ["--from=build", "/a", "/b"]
        "#);
        let all = read(text);
        assert_eq!(
            all[3].settings(),
            [("A".into(), Some("b c".into())), ("D".into(), Some("e".into()))]
        );
        assert_eq!(all[4].settings(), [("F".into(), Some("g h".into()))]);
        assert_eq!(all[5].flag("--from").as_deref(), Some("build"));
        assert_eq!(
            told("# escape=`\nRUN a `\n  b\\\nRUN c"),
            "2 RUN [\"a\", \"b\\\\\"]\n4 RUN [\"c\"]"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            for it in read(&text).iter().chain(&read(&format!("RUN <<E {text}"))) {
                let _ = (it.words(), it.settings(), it.flag("--from"));
            }
        }
    }
}
