//! Text that is not Elixir: an error with its place, and what can be read is read.

use elixir_syntax::{Tag, Tree};
use proptest::prelude::*;

fn errors(source: &str) -> Vec<String> {
    Tree::parse(source).errors().iter().map(ToString::to_string).collect()
}

fn calls(tree: &Tree, name: &str) -> usize {
    tree.root().descendants().filter(|it| it.tag() == Tag::Remote && it.name() == name).count()
}

#[test]
fn an_error_names_its_place() {
    for (source, error) in [
        ("foo(1", "line 1, column 6: a comma or the closing bracket should stand here"),
        ("a +\n\n", "line 3, column 1: the file ends in the middle of an expression"),
        ("def a do\n  1\n", "line 3, column 1: the file ends in the middle of an expression"),
        ("1\nend\n", "line 2, column 1: this `end` closes nothing"),
        ("x = \"abc", "line 1, column 6: this text has no end"),
        ("<<<<<<< HEAD\na\n", "line 1, column 1: an operator without anything before it"),
        ("foo \u{7}", "line 1, column 5: a line should end here"),
    ] {
        assert_eq!(errors(source).first().map(String::as_str), Some(error), "{source}");
    }
}

#[test]
fn after_an_error_it_goes_on_with_the_next_definition() {
    let tree = Tree::parse(
        "defmodule A do\n  def a, do: foo(1, ]\n  def b(x), do: String.to_atom(x)\nend\n",
    );
    assert!(!tree.errors().is_empty());
    assert_eq!(calls(&tree, "to_atom"), 1);
}

#[test]
fn what_is_nested_too_deeply_is_an_error_and_no_crash() {
    for open in ["(", "[", "{", "foo(", "fn -> ", "a = [", "%{a: ", "\"#{", "!", "- "] {
        let source = open.repeat(100_000);
        assert!(!errors(&source).is_empty(), "{open}");
    }
    assert!(errors(&vec!["\"a\""; 50_000].join(" <> ")).is_empty());
    assert!(errors(&vec!["a()"; 50_000].join(" |> ")).is_empty());
}

const WORDS: [&str; 44] = [
    "a", "B", "do", "end", "fn", "->", "(", ")", "[", "]", "{", "}", "%", "%{", "<<", ">>", ",",
    ";", ".", "..", "@", "&", "&1", "|>", "=", "=>", "\"", "'", "\"\"\"", "#{", "~s(", "~S\"", ":",
    "a:", ":b", "not", "in", "when", "rescue", "else", "?", "\\", "\n", " ",
];

proptest! {
    #[test]
    fn foreign_text_never_makes_it_panic(source: String) {
        let tree = Tree::parse(source.as_str());
        prop_assert!(tree.root().descendants().count() >= 1);
        for comment in tree.comments() {
            prop_assert!(comment.raw().starts_with('#'));
        }
    }

    #[test]
    fn neither_do_words_of_elixir_in_any_order(words in prop::collection::vec(0..WORDS.len(), 0..60)) {
        let source: String = words.into_iter().map(|it| WORDS[it]).collect();
        let tree = Tree::parse(source.as_str());
        for node in tree.root().descendants() {
            prop_assert!(source.get(node.span()).is_some(), "{:?}", node.span());
            prop_assert!(node.parent().is_none_or(|it| it.kids().any(|kid| kid == node)));
        }
    }

    #[test]
    fn a_tree_that_is_cut_off_anywhere_is_still_a_tree(at in 0..4_000_usize) {
        let source = include_str!("real/sources/tricky.ex");
        let cut = source.get(..at.min(source.len())).unwrap_or(source);
        prop_assert!(Tree::parse(cut).root().descendants().count() >= 1);
    }
}
