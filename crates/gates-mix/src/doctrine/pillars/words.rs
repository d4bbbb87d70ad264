//! Words in comments and names.

use elixir_syntax::{Module, Node};

/// The words of a text, each with where it begins; `_` belongs to a word.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_other = |it: char| !it.is_alphanumeric() && it != '_';
    let start = text.as_ptr() as usize;
    text.split(is_other)
        .filter(|it| !it.is_empty())
        .map(move |it| (it.as_ptr() as usize - start, it))
}

/// Where a text says this, in small letters; `-` counts as a blank.
pub(super) fn find(text: &str, phrase: &str) -> Option<usize> {
    let plain = |it: u8| if it == b'-' { b' ' } else { it.to_ascii_lowercase() };
    let same = |part: &[u8]| part.iter().map(|it| plain(*it)).eq(phrase.bytes());
    text.as_bytes().windows(phrase.len()).position(same)
}

/// The last part of a module's name.
pub(super) fn last_part(module: &str) -> &str {
    module.rsplit('.').next().unwrap_or(module)
}

/// Where a module is named by its definition.
pub(super) fn name_of<'t>(module: &Module<'t>) -> Node<'t> {
    module.node.args().next().unwrap_or(module.node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_phrases_are_found() {
        let found: Vec<_> = words("# TODO: ünder_score, x").collect();
        assert_eq!(found, [(2, "TODO"), (8, "ünder_score"), (22, "x")]);
        assert_eq!(find("It is Backwards-Compatible", "backwards compatib"), Some(6));
        assert_eq!(find("é", "backwards"), None);
    }
}
