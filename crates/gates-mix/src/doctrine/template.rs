//! The Elixir in markup: everything else is blanked out, so that code stays where it stands.

use elixir_syntax::{Tag, Tree};

/// The code of a template, at its places. With `braces`, `{…}` is code as well, as in `.heex`.
pub(super) fn code_of(text: &str, braces: bool) -> String {
    let mut blanked = Blanked::new(text);
    blanked.markup(0..text.len(), braces);
    blanked.into_text()
}

/// The code in all `~H` of a file, at its places; `None` where there is none.
pub(super) fn code_of_sigils(tree: &Tree) -> Option<String> {
    if !tree.source().contains("~H") {
        return None;
    }
    let mut blanked = Blanked::new(tree.source());
    let sigils = tree.root().descendants().filter(|it| it.tag() == Tag::Sigil && it.sigil() == "H");
    for sigil in sigils {
        let start = sigil.name_start();
        blanked.markup(start..start + sigil.name().len(), true);
    }
    Some(blanked.into_text())
}

struct Blanked<'t> {
    text: &'t [u8],
    out: Vec<u8>,
}

impl<'t> Blanked<'t> {
    fn new(text: &'t str) -> Self {
        let blank = |it: u8| if it == b'\n' { b'\n' } else { b' ' };
        Self { text: text.as_bytes(), out: text.bytes().map(blank).collect() }
    }

    fn into_text(self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    fn markup(&mut self, range: std::ops::Range<usize>, braces: bool) {
        let mut at = range.start;
        // In scripts and styles braces are their own.
        let mut foreign: Option<&str> = None;
        while at < range.end {
            let rest = &self.text[at..range.end];
            if rest.starts_with(b"<%") {
                at = self.tag(at, range.end);
            } else if let Some(end) = foreign.filter(|end| starts(rest, end)) {
                foreign = None;
                at += end.len();
            } else if braces && foreign.is_none() && rest[0] == b'{' {
                at = self.braces(at, range.end);
            } else {
                foreign = foreign.or_else(|| foreign_end(rest));
                at += 1;
            }
        }
    }

    /// `<%= … %>`: where it ends.
    fn tag(&mut self, at: usize, end: usize) -> usize {
        let rest = &self.text[at..end];
        let is_said =
            rest.starts_with(b"<%%") || rest.starts_with(b"<%#") || rest.starts_with(b"<%!--");
        let closed = find(rest, if rest.starts_with(b"<%!--") { b"--%>" } else { b"%>" });
        let Some(length) = closed else { return end };
        if !is_said {
            let marker = usize::from(matches!(rest.get(2), Some(b'=' | b'|' | b'/')));
            self.keep(at + 2 + marker..at + length);
        }
        at + length + 2
    }

    /// `{…}`: where it ends.
    fn braces(&mut self, at: usize, end: usize) -> usize {
        let rest = &self.text[at..end];
        if rest.starts_with(b"{!--") {
            return find(rest, b"--}").map_or(end, |it| at + it + 3);
        }
        let (mut depth, mut quoted, mut index) = (0_u32, false, 0);
        while index < rest.len() {
            match rest[index] {
                b'\\' if quoted => index += 1,
                b'"' => quoted = !quoted,
                b'{' if !quoted => depth += 1,
                b'}' if !quoted => {
                    depth -= 1;
                    if depth == 0 {
                        self.keep(at + 1..at + index);
                        return at + index + 1;
                    }
                }
                _ => {}
            }
            index += 1;
        }
        end
    }

    /// Code, parted from what is around it.
    fn keep(&mut self, code: std::ops::Range<usize>) {
        self.out[code.start - 1] = b';';
        self.out[code.clone()].copy_from_slice(&self.text[code.clone()]);
        if let Some(after) = self.out.get_mut(code.end) {
            *after = b';';
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|it| it == what)
}

fn starts(text: &[u8], with: &str) -> bool {
    text.get(..with.len()).is_some_and(|it| it.eq_ignore_ascii_case(with.as_bytes()))
}

/// What ends the element that begins here, if its content is no markup.
fn foreign_end(rest: &[u8]) -> Option<&'static str> {
    if rest[0] != b'<' {
        return None;
    }
    [("<script", "</script"), ("<style", "</style")]
        .into_iter()
        .find(|(open, _)| starts(rest, open))
        .map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        let code = code_of(text, true);
        assert_eq!(code.len(), text.len(), "{code}");
        let words: Vec<_> = code.split_whitespace().filter(|it| *it != ";").collect();
        words.join(" ").replace(['\n'], " ")
    }

    #[test]
    fn only_code_is_left_and_it_can_be_read() {
        for (text, expected) in [
            (
                "<p><%= if length(@a) > 0 do %>x<% else %>y<% end %></p>",
                "; if length(@a) > 0 do ; else ; end ;",
            ),
            (
                "<p class={[\"a\", @b]} :for={x <- @list}>{x.name}</p>",
                ";[\"a\", @b]; ;x <- @list; ;x.name;",
            ),
            ("<script>if (a) { b() }</script>{@c}", ";@c;"),
            ("<%# no %> <%% neither %> <%!-- nor --%> {!-- this --}", ""),
            ("{\"}\" <> @a} é <%= @b %>", ";\"}\" <> @a; ; @b ;"),
            ("<%= unclosed", ""),
        ] {
            let joined = code(text);
            let squeezed = joined.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(
                squeezed,
                expected.split_whitespace().filter(|it| *it != ";").collect::<Vec<_>>().join(" "),
                "{text}"
            );
            assert!(Tree::parse(code_of(text, true)).errors().is_empty(), "{text}");
        }
    }

    #[test]
    fn sigils_are_found_in_code() {
        let tree = Tree::parse(
            "def render(assigns) do\n  ~H\"\"\"\n  <p :if={length(@a) == 0}>é</p>\n  \"\"\"\nend\n",
        );
        let code = code_of_sigils(&tree).unwrap();
        assert_eq!(code.find("length"), tree.source().find("length"));
        assert!(!code.contains("def"));
    }
}
