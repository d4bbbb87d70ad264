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
        let (mut at, mut place) = (range.start, Place::Text);
        while at < range.end {
            let rest = &self.text[at..range.end];
            if rest.starts_with(b"<%") {
                at = self.tag(at, range.end);
            } else if braces && rest[0] == b'{' && place.has_braces() {
                at = self.braces(at, range.end);
            } else {
                let length;
                (place, length) = place.step(rest);
                at += length;
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
            let marker = match rest.get(2..4) {
                Some(b"==") => 2,
                Some([b'=' | b'|' | b'/', _]) => 1,
                _ => 0,
            };
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

/// Where in markup something stands. Braces are code in texts and as values in tags only.
#[derive(Clone, Copy)]
enum Place {
    Text,
    /// In `<name …>`; after it comes what is no markup, up to this end.
    Tag(Option<&'static str>),
    /// In a value between these quotes.
    Quoted(u8, Option<&'static str>),
    /// In a comment, a script or a style, up to this end.
    Foreign(&'static str),
}

impl Place {
    fn has_braces(self) -> bool {
        matches!(self, Self::Text | Self::Tag(_))
    }

    /// Where the rest stands after so many bytes of it.
    fn step(self, rest: &[u8]) -> (Self, usize) {
        let next = match (self, rest[0]) {
            (Self::Foreign(end), _) if starts(rest, end) => return (Self::Text, end.len()),
            (Self::Text, b'<') => of_tag(rest),
            (Self::Tag(after), b'>') => after.map_or(Self::Text, Self::Foreign),
            (Self::Tag(after), quote @ (b'"' | b'\'')) => Self::Quoted(quote, after),
            (Self::Quoted(quote, after), byte) if quote == byte => Self::Tag(after),
            _ => self,
        };
        (next, 1)
    }
}

/// What the `<` begins.
fn of_tag(rest: &[u8]) -> Place {
    if rest.starts_with(b"<!--") {
        return Place::Foreign("-->");
    }
    let foreign = [("<script", "</script"), ("<style", "</style")];
    let end = foreign.into_iter().find(|(open, _)| starts(rest, open)).map(|it| it.1);
    match rest.get(1) {
        Some(b'.' | b':' | b'/' | b'a'..=b'z' | b'A'..=b'Z') => Place::Tag(end),
        _ => Place::Text,
    }
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
            ("<script src={@a}>{ b }</script><!-- {@c} <%= @d %> -->{@e}", ";@a; ; @d ; ;@e;"),
            ("<p x=\"{ it's: 1 }\" y='{\"z\"}' {@a}>it's {@b} < {@c}</p>", ";@a; ;@b; ;@c;"),
            ("<%== @a %>", "; @a ;"),
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
