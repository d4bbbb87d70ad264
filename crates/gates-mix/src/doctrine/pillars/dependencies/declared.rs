//! The dependencies that a `mix.exs` declares, as far as its text tells.

use elixir_syntax::{Code, Function, Module, Node, Op, Tag};

/// One dependency: `{:name, "requirement", options}` or `name: "requirement"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared<'t> {
    /// Its application.
    pub(super) name: &'t str,
    /// All of it.
    pub(super) node: Node<'t>,
    /// The requirement as it is written.
    pub(super) requirement: Option<Node<'t>>,
    options: Option<Node<'t>>,
}

impl<'t> Declared<'t> {
    /// `None` for what is no dependency.
    fn of(node: Node<'t>) -> Option<Self> {
        let name = node.kid(0).filter(|it| matches!(it.tag(), Tag::Atom | Tag::QuotedAtom))?;
        let is_options = |it: &Node| matches!(it.tag(), Tag::Keywords | Tag::List);
        let rest = || node.kids().skip(1);
        Some(Self {
            name: name.name(),
            node,
            requirement: rest().next().filter(|it| !is_options(it)),
            options: rest().next_back().filter(is_options),
        })
    }

    /// The value of an option.
    pub(super) fn option(&self, key: &str) -> Option<Node<'t>> {
        self.options.and_then(|it| it.value(key))
    }

    /// Is the option `true`?
    pub(super) fn is(&self, key: &str) -> bool {
        self.option(key).is_some_and(|it| it.tag() == Tag::Atom && it.name() == "true")
    }

    /// Is it another part of the project itself?
    pub(super) fn is_own(&self) -> bool {
        self.option("path").is_some() || self.is("in_umbrella")
    }

    /// The repository it comes from, if it is no package.
    pub(super) fn git(&self) -> Option<Node<'t>> {
        self.option("git").or_else(|| self.option("github"))
    }
}

/// What a `mix.exs` declares.
#[derive(Debug, Default)]
pub(super) struct Declarations<'t> {
    /// The dependencies.
    pub(super) all: Vec<Declared<'t>>,
    /// What adds dependencies that only running it would tell.
    pub(super) unread: Vec<Node<'t>>,
    /// The file with the locked versions, where it is not `mix.lock`.
    pub(super) lockfile: Option<&'t str>,
}

/// Reads what `deps:` in `project/0` comes to.
pub(super) fn read<'t>(code: &Code<'t>) -> Declarations<'t> {
    let mut reader = Reader { code, entered: Vec::new(), found: Declarations::default() };
    let project = code.functions().iter().find(|it| it.name == "project" && it.arity == 0);
    let options = project.and_then(Function::node).and_then(|it| it.body("do")).and_then(last);
    reader.found.lockfile = options.and_then(|it| it.value("lockfile")).and_then(Node::literal);
    match options.and_then(|it| it.value("deps")) {
        Some(deps) => reader.node(deps),
        None => reader.function("deps"),
    }
    reader.found
}

/// What a body comes to: its last expression.
fn last(body: Node) -> Option<Node> {
    if matches!(body.tag(), Tag::Section | Tag::Block) {
        body.kids().next_back()
    } else {
        Some(body)
    }
}

struct Reader<'c, 't> {
    code: &'c Code<'t>,
    /// Functions that were entered, so that one that calls itself ends.
    entered: Vec<&'t str>,
    found: Declarations<'t>,
}

impl<'t> Reader<'_, 't> {
    /// What comes to a list of dependencies, or to one.
    fn node(&mut self, node: Node<'t>) {
        match node.tag() {
            Tag::List | Tag::DoBlock => node.kids().for_each(|it| self.node(it)),
            Tag::Tuple | Tag::Pair => self.dependency(node),
            Tag::Binary => self.operation(node),
            Tag::Section | Tag::Block | Tag::Clause => {
                node.kids().next_back().into_iter().for_each(|it| self.node(it));
            }
            Tag::Call => self.call(node),
            Tag::Remote => self.remote(node),
            Tag::Var => self.variable(node),
            Tag::Unary if node.is_op(Op::At) => self.attribute(node),
            _ => {}
        }
    }

    fn dependency(&mut self, node: Node<'t>) {
        let Some(declared) = Declared::of(node) else { return self.found.unread.push(node) };
        if declared
            .requirement
            .is_some_and(|it| matches!(it.tag(), Tag::Call | Tag::Var | Tag::Remote))
        {
            self.found.unread.push(node);
        }
        self.found.all.push(declared);
    }

    fn operation(&mut self, node: Node<'t>) {
        let (Some(left), Some(right)) = (node.kid(0), node.kid(1)) else { return };
        match node.op() {
            Some(Op::PlusPlus | Op::Bar | Op::OrOr) => {
                self.node(left);
                self.node(right);
            }
            Some(Op::MinusMinus) => self.node(left),
            Some(Op::Pipe) => {
                let before = self.seen();
                self.node(left);
                if self.seen() == before {
                    self.node(right);
                }
            }
            _ => self.node(right),
        }
    }

    fn call(&mut self, node: Node<'t>) {
        match node.name() {
            "if" | "unless" => {
                ["do", "else"]
                    .into_iter()
                    .filter_map(|it| node.body(it))
                    .for_each(|it| self.node(it));
            }
            "case" | "cond" | "with" => {
                let sections = node.do_block().into_iter().flat_map(Node::kids);
                sections.flat_map(Node::kids).for_each(|it| self.node(it));
            }
            "for" => node.body("do").into_iter().for_each(|it| self.node(it)),
            name => {
                // A function that is given dependencies changes them, as `Enum.filter` does; of other arguments nothing is known.
                let (all, unread) = (self.found.all.len(), self.found.unread.len());
                node.args().for_each(|it| self.node(it));
                if self.found.all.len() > all {
                    return;
                }
                self.found.unread.truncate(unread);
                if self.is_defined(name) {
                    self.function(name);
                } else {
                    self.found.unread.push(node);
                }
            }
        }
    }

    fn remote(&mut self, node: Node<'t>) {
        let of_the_language =
            |it: Node| matches!(it.name(), "Enum" | "List" | "Keyword" | "Kernel");
        if node.receiver().is_some_and(of_the_language) {
            node.args().for_each(|it| self.node(it));
        } else {
            self.found.unread.push(node);
        }
    }

    /// A function without arguments, or something bound before.
    fn variable(&mut self, node: Node<'t>) {
        if self.is_defined(node.name()) {
            return self.function(node.name());
        }
        let bodies = node.ancestors().filter(|it| matches!(it.tag(), Tag::Section | Tag::Block));
        let is_bound = |it: &Node| {
            it.is_op(Op::Match)
                && it.span().end <= node.span().start
                && it.kid(0).is_some_and(|it| it.tag() == Tag::Var && it.name() == node.name())
        };
        for bound in bodies.flat_map(Node::kids).filter(is_bound) {
            bound.kid(1).into_iter().for_each(|it| self.node(it));
        }
    }

    fn attribute(&mut self, node: Node<'t>) {
        let name = node.kid(0).map_or("", Node::name);
        match attribute(self.code.modules(), name) {
            Some(value) => self.node(value),
            None => self.found.unread.push(node),
        }
    }

    fn function(&mut self, name: &'t str) {
        if self.entered.contains(&name) {
            return;
        }
        self.entered.push(name);
        let clauses =
            self.code.functions().iter().filter(|it| it.name == name).flat_map(|it| &it.clauses);
        for body in clauses.filter_map(|it| it.body("do")) {
            self.node(body);
        }
    }

    fn is_defined(&self, name: &str) -> bool {
        self.code.functions().iter().any(|it| it.name == name)
    }

    fn seen(&self) -> usize {
        self.found.all.len() + self.found.unread.len()
    }
}

/// The value of an attribute of any of these modules.
pub(super) fn attribute<'t>(modules: &[Module<'t>], name: &str) -> Option<Node<'t>> {
    modules.iter().flat_map(|it| &it.attributes).find(|it| it.name == name).map(|it| it.value)
}

#[cfg(test)]
mod tests {
    use elixir_syntax::Tree;

    use super::*;

    /// The names, and after `|` what could not be read.
    fn names(body: &str) -> String {
        let text = format!("defmodule A.MixProject do\n{body}\nend\n");
        let tree = Tree::parse(text);
        let code = Code::of(&tree);
        let found = read(&code);
        let names: Vec<_> = found.all.iter().map(|it| it.name).collect();
        let unread: Vec<_> = found.unread.iter().map(|it| it.text()).collect();
        format!("{} | {}", names.join(" "), unread.join(" "))
    }

    #[test]
    fn the_list_is_found_however_it_is_put_together() {
        for (body, expected) in [
            (
                "def project, do: [app: :a, deps: deps()]\ndefp deps, do: [{:x, \"~> 1.0\"}, y: \"~> 2.0\"]",
                "x y | ",
            ),
            ("def project do\n[app: :a, deps: [{:x, \"1.0\", only: :dev}]]\nend", "x | "),
            (
                "defp deps do\nbase = [{:x, \"1.0\"}]\nbase ++ more(:y)\nend\ndefp more(:y), do: [{:y, \"1.0\"}]\ndefp more(_), do: []",
                "x y | ",
            ),
            (
                "defp deps do\n[{:x, \"1.0\"}] ++ if Mix.env() == :dev do\n[{:y, \"1.0\"}]\nelse\n[{:z, \"1.0\"}]\nend\nend",
                "x y z | ",
            ),
            (
                "def project, do: [deps: with_lock(deps())]\ndefp deps, do: [{:x, \"1.0\"}]\ndefp with_lock(all), do: for(it <- all, do: put_elem(it, 1, \"2\"))",
                "x | ",
            ),
            (
                "@deps [{:x, \"1.0\"}]\ndef project, do: [deps: @deps |> Enum.reject(&is_nil/1)]",
                "x | ",
            ),
            ("def project, do: [deps: Shared.deps() ++ [{:x, \"1.0\"}]]", "x | Shared.deps()"),
            ("def project, do: [deps: [{:x, version()}]]", "x | {:x, version()}"),
            ("def project, do: [deps: deps()]\ndefp deps, do: deps()", " | "),
            (
                "def project, do: [aliases: [deps: [{:no, \"1.0\"}]], deps: [{:x, \"1.0\"} | rest()]]",
                "x | rest()",
            ),
        ] {
            assert_eq!(names(body), expected, "{body}");
        }
    }
}
