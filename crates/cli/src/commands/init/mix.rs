//! What `mix.exs` says, as far as it stands there and need not be run.

use elixir_syntax::{Code, Function, Node, Tag, Tree};

/// One `mix.exs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MixFile {
    /// The application's name.
    pub(super) app: Option<String>,
    /// The folder of the applications of an umbrella.
    pub(super) apps_path: Option<String>,
    /// The version of Elixir that it asks for.
    pub(super) elixir: Option<String>,
    /// The dependencies, with their lines.
    pub(super) deps: Vec<(String, u32)>,
    /// The releases.
    pub(super) releases: Vec<String>,
}

impl MixFile {
    pub(super) fn read(text: &str) -> Self {
        let tree = Tree::parse(text);
        let code = Code::of(&tree);
        let project = function(&code, "project");
        let Some(settings) = project.and_then(last) else { return Self::default() };
        let text = |key: &str| settings.value(key).and_then(Node::literal).map(str::to_owned);
        let app = settings.value("app").filter(|it| it.tag() == Tag::Atom);
        Self {
            app: app.map(|it| it.name().to_owned()),
            apps_path: text("apps_path"),
            elixir: text("elixir"),
            deps: settings.value("deps").map(|it| deps(resolve(&code, it))).unwrap_or_default(),
            releases: settings
                .value("releases")
                .map(|it| keys(resolve(&code, it)))
                .unwrap_or_default(),
        }
    }

    /// The line of a dependency.
    pub(super) fn dep(&self, name: &str) -> Option<u32> {
        self.deps.iter().find(|(it, _)| it == name).map(|(_, line)| *line)
    }
}

/// The body of a function without parameters.
fn function<'t>(code: &Code<'t>, name: &str) -> Option<Node<'t>> {
    let found = code.functions().iter().find(|it| it.name == name && it.arity == 0);
    found.and_then(Function::node)?.body("do")
}

/// `deps()` is what that function says.
fn resolve<'t>(code: &Code<'t>, value: Node<'t>) -> Node<'t> {
    let called = matches!(value.tag(), Tag::Call | Tag::Var) && value.args().next().is_none();
    let body = called.then(|| function(code, value.name())).flatten();
    body.unwrap_or(value)
}

/// The value of a body: its last expression.
fn last(body: Node<'_>) -> Option<Node<'_>> {
    match body.tag() {
        Tag::Section | Tag::Block => body.kids().next_back(),
        _ => Some(body),
    }
}

/// `{:name, …}`, wherever it stands: lists of dependencies are often made of several.
fn deps(value: Node<'_>) -> Vec<(String, u32)> {
    let tuples = value.descendants().filter(|it| it.tag() == Tag::Tuple);
    let named = tuples.filter_map(|it| it.kid(0)).filter(|it| it.tag() == Tag::Atom);
    named.map(|it| (it.name().to_owned(), it.line())).collect()
}

fn keys(value: Node<'_>) -> Vec<String> {
    let Some(list) = last(value) else { return Vec::new() };
    let pairs = list.kids().filter(|it| it.tag() == Tag::Pair);
    let named = pairs.filter_map(|it| it.kid(0)).filter(|it| it.tag() == Tag::Atom);
    named.map(|it| it.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_says_who_it_is_and_what_it_needs() {
        let text = r#"
defmodule Tea.MixProject do
  use Mix.Project

  def project do
    [
      app: :tea,
      version: "0.1.0",
      elixir: "~> 1.15",
      aliases: aliases(),
      deps: deps()
    ]
  end

  def application, do: [mod: {Tea.Application, []}]

  defp deps do
    [
      {:phoenix, "~> 1.7"},
      {:credo, "~> 1.7", only: [:dev, :test], runtime: false}
    ] ++ [{:own, path: "../own"}]
  end

  defp aliases, do: [setup: ["deps.get"]]
end
"#;
        let mix = MixFile::read(text);
        assert_eq!((mix.app.as_deref(), mix.elixir.as_deref()), (Some("tea"), Some("~> 1.15")));
        assert_eq!((mix.dep("credo"), mix.dep("own"), mix.dep("tea")), (Some(20), Some(21), None));
    }

    #[test]
    fn an_umbrella_says_where_its_applications_are() {
        let mix = MixFile::read(include_str!("../../../shop/mix.exs"));
        assert_eq!(mix.apps_path.as_deref(), Some("apps"));
        assert_eq!((mix.releases, mix.deps, mix.app), (vec!["shop".to_owned()], vec![], None));
    }

    #[test]
    fn what_is_no_elixir_says_nothing() {
        for text in
            ["", "def project do", "\u{0}\u{feff}}}}", "defmodule A do\n def project, do: nil\nend"]
        {
            assert_eq!(MixFile::read(text), MixFile::default(), "{text:?}");
        }
    }
}
