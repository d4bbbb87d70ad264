//! The pillars, one folder or file each.

mod docs;
mod nmnd;
mod nwb;
mod otel;
mod perf;
mod seal;
mod tach;
mod values;
mod words;
mod zero;

use super::pillar::Pillar;

pub use docs::Docs;
pub use nmnd::Nmnd;
pub use nwb::Nwb;
pub use otel::Otel;
pub use perf::Perf;
pub use seal::Seal;
pub use tach::Tach;
pub use zero::Zero;

/// What a team decided about single rules.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Is every sleep told, and an atom that is made of a literal?
    pub strict: bool,
}

/// All pillars that can be evaluated, the gravest first.
#[must_use]
pub fn standard(settings: &Settings) -> Vec<Box<dyn Pillar>> {
    let strict = settings.strict;
    vec![
        Box::new(Zero { strict_sleep: strict, strict_literals: strict }),
        Box::new(Seal::default()),
        Box::new(Perf),
        Box::new(Tach::default()),
        Box::new(Docs::default()),
        Box::new(Nmnd::default()),
        Box::new(Otel),
        Box::new(Nwb),
    ]
}

#[cfg(test)]
mod tests {
    use elixir_syntax::{Code, Tree};
    use proptest::prelude::*;

    use super::*;
    use crate::doctrine::{Codebase, Elixir, Found, Role, Source};

    const WORDS: [&str; 62] = [
        "defmodule",
        "A",
        "do",
        "end",
        "def",
        "defp",
        "defmacro",
        "f",
        "(",
        ")",
        "x",
        ",",
        "\\\\",
        "@doc",
        "@moduledoc",
        "@spec",
        "@type",
        "@tag",
        "@impl",
        "@deprecated",
        "::",
        "false",
        "true",
        "\"t\"",
        ":skip",
        "use",
        "GenServer",
        "rescue",
        "->",
        "_",
        "raise",
        "if",
        "cond",
        "case",
        "legacy_x",
        "|>",
        "# TODO",
        "# naive é",
        "\n",
        " ",
        "quote",
        "change",
        "execute",
        "&",
        "/",
        "1",
        "Mox",
        ".",
        "IO.inspect",
        "dbg",
        "[",
        "]",
        ":telemetry.execute",
        "alias",
        "when",
        "=",
        "{:error, :not_implemented}",
        "defexception",
        "when",
        "unquote(",
        "é",
        "http://localhost",
    ];

    fn look_at(text: &str) {
        let tree = Tree::parse(text);
        for (path, role) in [
            ("lib/a/b_parser.ex", Role::Lib),
            ("test/a_test.exs", Role::Test),
            ("priv/repo/migrations/1_a.exs", Role::Script),
        ] {
            let elixir = Some(Elixir { tree: &tree, code: Code::of(&tree) });
            let bytes = text.as_bytes();
            let source = Source { path, app: Some("a"), role, bytes, text, elixir, markup: None };
            let codebase = Codebase { partial: true, ..Codebase::default() };
            for pillar in standard(&Settings::default()) {
                pillar.file(&source, &codebase, &mut Found::in_file(&source));
            }
        }
    }

    proptest! {
        #[test]
        fn foreign_text_never_makes_a_pillar_panic(text: String) {
            look_at(&text);
        }

        #[test]
        fn code_that_makes_no_sense_never_does_either(
            words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..60),
        ) {
            look_at(&words.join(" "));
            look_at(&words.concat());
        }
    }
}
