//! Atoms are never freed: whoever makes them of foreign text fills the table until the machine goes down.

use elixir_syntax::{Call, Node, Tag};

use super::super::names::is_head;
use super::super::values::{Origin, origin};
use super::Look;
use crate::doctrine::{Found, Rule};

const TO_ATOM: Rule = Rule::blocking(
    "ZERO/to-atom",
    "use String.to_existing_atom/1, or look the text up in a map of what you expect",
);
const TO_ATOM_ERL: Rule = Rule::blocking(
    "ZERO/to-atom-erl",
    "use the form for existing atoms, or look the text up in a map of what you expect",
);
const ATOM_KEYS: Rule =
    Rule::advisory("ZERO/atom-keys", "use keys: :atoms!, or leave the keys as strings");

pub(super) const RULES: [Rule; 3] = [TO_ATOM, TO_ATOM_ERL, ATOM_KEYS];

/// Other functions that make atoms, by module and name.
const MAKERS: [(&str, &str); 3] =
    [(":erlang", "binary_to_atom"), (":erlang", "list_to_atom"), ("List", "to_atom")];

impl Look<'_, '_> {
    pub(super) fn atoms(&self, call: &Call, strict: bool, found: &mut Found) {
        let code = &self.elixir.code;
        if call.name.starts_with("decode") || matches!(call.name, "parse" | "parse!") {
            let keys = call.args().last().and_then(keys_of);
            if let Some(keys) = keys.filter(|it| it.text() == ":atoms" && !is_head(call.node)) {
                let told = format!("{} makes an atom of every key that it is sent", call.name);
                found.node(&ATOM_KEYS, keys, told);
            }
            return;
        }
        let rule = if code.is_call(call, "String", "to_atom") {
            &TO_ATOM
        } else if MAKERS.iter().any(|(module, name)| code.is_call(call, module, name)) {
            &TO_ATOM_ERL
        } else {
            return;
        };
        let is_constant = call.arg(0).is_some_and(|it| origin(it) < Origin::Runtime);
        if !strict && (is_constant || self.at_compile_time(call)) {
            return;
        }
        let name = format!("{}.{}", call.module().unwrap_or("String"), call.name);
        let told =
            format!("{name}/{} makes an atom of any text, and atoms are never freed", call.arity());
        let violation = found.node(rule, call.node, told);
        if self.gently {
            violation.advisory();
        }
    }

    /// `:"…#{…}"` and `~w(#{…})a`
    pub(super) fn interpolated_atoms(&self, found: &mut Found) {
        let tree = self.elixir.tree;
        if !tree.source().contains("#{") {
            return;
        }
        for node in tree.root().descendants().filter(|it| makes_atoms(*it)) {
            if origin(node) < Origin::Runtime || !runs(node) {
                continue;
            }
            let told = "this makes an atom of whatever is put in, and atoms are never freed";
            let violation = found.node(&TO_ATOM_ERL, node, told);
            if self.gently {
                violation.advisory();
            }
        }
    }
}

/// The option `keys`, written as `keys: …` or as `{:keys, …}`.
fn keys_of(options: Node<'_>) -> Option<Node<'_>> {
    let is_pair =
        |it: &Node| it.tag() == Tag::Tuple && it.kid(0).is_some_and(|it| it.text() == ":keys");
    options.value("keys").or_else(|| {
        let mut listed = options.kids().filter(|_| options.tag() == Tag::List);
        listed.find(is_pair)?.kid(1)
    })
}

fn makes_atoms(node: Node) -> bool {
    match node.tag() {
        Tag::QuotedAtom => node.kids().len() > 0,
        Tag::Sigil => node.sigil() == "w" && node.kids().len() > 0 && node.text().ends_with('a'),
        _ => false,
    }
}

/// Is it in a function, and neither in a macro nor in what is quoted or unquoted?
fn runs(node: Node) -> bool {
    let calls = || node.ancestors().filter(|it| it.tag() == Tag::Call);
    let compiled = ["defmacro", "defmacrop", "quote", "unquote"];
    calls().any(|it| matches!(it.name(), "def" | "defp"))
        && !calls().any(|it| compiled.contains(&it.name()))
}
