//! Erlang's spelling into Elixir's, for the eyes of those who wrote the code: `'Elixir.Foo':bar/1` is `Foo.bar/1`.

/// The text as Elixir would write it. What is not recognised stays as it is.
pub(super) fn in_elixir(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((elixir, after)) = map(rest) {
            told.push_str(elixir);
            rest = after;
            continue;
        }
        let (word, after) = match first {
            '\'' => quoted(rest, '\''),
            '"' => quoted(rest, '"'),
            _ if is_word(first) => bare(rest),
            _ => rest.split_at(first.len_utf8()),
        };
        let (module, after) = call(word, after);
        told.push_str(&spelled(word, module));
        if module {
            told.push('.');
            // The name of the function or the type is no atom: it has neither quotes nor a colon.
            let (name, after) =
                if after.starts_with('\'') { quoted(after, '\'') } else { bare(after) };
            told.push_str(name.trim_matches('\''));
            rest = after;
        } else {
            rest = after;
        }
    }
    told
}

/// The marks of a map: `#{a := b}` is `%{a => b}`.
fn map(text: &str) -> Option<(&'static str, &str)> {
    let marks = [("#{", "%{"), (":=", " => "), ("=>", " => ")];
    marks.iter().find_map(|(erlang, elixir)| Some((*elixir, text.strip_prefix(erlang)?)))
}

/// Is `word` a module whose function or type follows? Then what follows the colon.
fn call<'a>(word: &str, after: &'a str) -> (bool, &'a str) {
    let is_atom = word.starts_with(|it: char| it == '\'' || it.is_lowercase());
    let name = after.strip_prefix(':').filter(|_| is_atom);
    match name.filter(|it| it.starts_with(|it: char| it == '\'' || it == '_' || it.is_lowercase()))
    {
        Some(name) => (true, name),
        None => (false, after),
    }
}

fn spelled(word: &str, module: bool) -> String {
    if let Some(atom) = word.strip_prefix('\'') {
        return self::atom(atom.strip_suffix('\'').unwrap_or(atom));
    }
    if module {
        return format!(":{word}");
    }
    variable(word).unwrap_or(word).to_owned()
}

/// `'Elixir.Foo'`, `'ok'`, `'true'`, `'two words'` without the quotes.
fn atom(name: &str) -> String {
    if let Some(module) = name.strip_prefix("Elixir.") {
        return module.to_owned();
    }
    let plain = name.starts_with(|it: char| it.is_alphabetic() || it == '_');
    match name {
        "true" | "false" | "nil" => name.to_owned(),
        _ if plain && name.chars().all(is_word) => format!(":{name}"),
        _ => format!(":\"{name}\""),
    }
}

/// `_name@1`, as the compiler calls the variable `name`.
fn variable(word: &str) -> Option<&str> {
    let (name, version) = word.strip_prefix('_')?.rsplit_once('@')?;
    (!name.is_empty() && version.chars().all(|it| it.is_ascii_digit())).then_some(name)
}

/// A quoted word with its quotes, and the rest. Without an end, the quote alone.
fn quoted(text: &str, quote: char) -> (&str, &str) {
    let mut escaped = false;
    for (at, it) in text.char_indices().skip(1) {
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if it == quote => return text.split_at(at + 1),
            _ => {}
        }
    }
    text.split_at(1)
}

fn bare(text: &str) -> (&str, &str) {
    text.split_at(text.find(|it| !is_word(it)).unwrap_or(text.len()))
}

fn is_word(it: char) -> bool {
    it.is_alphanumeric() || "_@?!".contains(it)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn erlang_is_spelled_as_elixir_is_written() {
        for (erlang, elixir) in [
            ("'Elixir.Shop.Types':wrong/1", "Shop.Types.wrong/1"),
            ("'Elixir.Shop':'exists?'('not_a_list')", "Shop.exists?(:not_a_list)"),
            ("(behaviour 'Elixir.GenServer')", "(behaviour GenServer)"),
            ("erlang:'+'('a',1)", ":erlang.+(:a,1)"),
            ("lists:map(fun((_) -> any()),[any()])", ":lists.map(fun((_) -> any()),[any()])"),
            ("#{'a':=1, 'b'=>'true'}", "%{:a => 1, :b => true}"),
            ("{'x', _n@1} and _x@1::1", "{:x, n} and x::1"),
            ("<<_:8,_:_*8>>", "<<_:8,_:_*8>>"),
            ("'two words' and \"it's 'x'\"", ":\"two words\" and \"it's 'x'\""),
            ("the 1st argument: (atom())", "the 1st argument: (atom())"),
            ("an 'unended", "an :\"\"unended"),
        ] {
            assert_eq!(in_elixir(erlang), elixir, "{erlang}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "('|\"|:|\\\\|_|@|Elixir\\.|a|1|ż|\\PC){0,30}") {
            let _ = in_elixir(&text);
        }
    }
}
