//! What a file says: names resolved, definitions put together.

use std::fmt::Write;

use elixir_syntax::{Call, Callee, Code, Doc, Tree};

/// Calls that are no definitions and no directives, each with what it reaches.
fn calls(source: &str) -> Vec<String> {
    let tree = Tree::parse(source);
    assert_eq!(tree.errors(), []);
    let code = Code::of(&tree);
    let told = |it: &Call| {
        let module = match &it.callee {
            Callee::Local => String::new(),
            Callee::Module(module) => format!("{module}."),
            Callee::Value(value) => format!("({}).", value.text()),
        };
        format!("{module}{}/{}", it.name, it.arity())
    };
    let dull = ["alias", "import", "require", "use", "def", "defmodule", "defp", "quote", "f"];
    code.calls().filter(|it| !dull.contains(&it.name)).map(told).collect()
}

#[test]
fn names_are_resolved_where_they_stand() {
    for (source, expected) in [
        ("String.to_atom(x)", "String.to_atom/1"),
        ("x |> String.to_atom", "String.to_atom/1"),
        ("x |> to_atom", "to_atom/1"),
        ("x |> a.b.run(1)", "(a.b).run/2"),
        ("&String.to_atom/1", "String.to_atom/1"),
        ("&to_atom/1", "to_atom/1"),
        ("&String.to_atom(&1)", "String.to_atom/1"),
        ("alias A.B\nB.y()\nB.C.g()", "A.B.y/0 A.B.C.g/0"),
        ("alias A.B, as: C\nC.x()\nB.x()", "A.B.x/0 B.x/0"),
        ("alias A.{B, C.D}\nB.x()\nD.x()", "A.B.x/0 A.C.D.x/0"),
        ("alias A.B\nalias B.C\nC.x", "A.B.C.x/0"),
        ("if a do\n  alias A.B\n  B.x()\nend\nB.x()", "if/1 A.B.x/0 B.x/0"),
        (
            "defmodule M do\n  defmodule N do\n  end\n  N.x()\n  __MODULE__.y()\n  __MODULE__.Z.y()\nend",
            "M.N.x/0 M.y/0 M.Z.y/0",
        ),
        ("require Logger, as: L\nL.info(\"a\")", "Logger.info/1"),
        (":erlang.binary_to_term(x, [:safe])", ":erlang.binary_to_term/2"),
        ("conn.assigns.user", ""),
        ("conn.run()", "(conn).run/0"),
        ("Elixir.String.to_atom(x)", "String.to_atom/1"),
        ("for x <- y, do: g(x)", "for/2 g/1"),
    ] {
        assert_eq!(calls(source).join(" "), expected, "{source}");
    }
}

#[test]
fn a_local_call_reaches_what_is_imported() {
    let reaches = |source: &str| {
        let tree = Tree::parse(source);
        let code = Code::of(&tree);
        let call = code.calls().find(|it| it.name == "to_atom").unwrap();
        code.is_call(call, "String", "to_atom")
    };
    assert!(reaches("import String\nto_atom(x)"));
    assert!(reaches("import String, only: [to_atom: 1]\nx |> to_atom()"));
    assert!(reaches("alias String, as: S\nimport S\n&to_atom/1"));
    assert!(!reaches("to_atom(x)"));
    assert!(!reaches("import String, only: [length: 1]\nto_atom(x)"));
    assert!(!reaches("import String, except: [to_atom: 1]\nto_atom(x)"));
    assert!(!reaches(
        "defmodule A do\n  import String\n  def f(x), do: to_atom(x)\n  defp to_atom(x), do: x\nend"
    ));
}

const CART: &str = r#"
defmodule Shop.Cart do
  @moduledoc false
  use GenServer
  @type t :: map
  @typedoc "An item."
  @type item(a) :: a
  @timeout 5_000

  @doc since: "1.0"
  @doc "Adds."
  @spec add(t, item) :: t when item: term
  def add(cart, item \\ nil)
  def add(cart, nil), do: cart
  def add(cart, item) when is_map(cart), do: Map.put(cart, item, 1)

  @impl true
  def init(x), do: {:ok, x}
  @doc false
  defmacro hidden(), do: nil
  def a <~> b, do: {a, b}
  defp own(%{a: b} = c), do: {b, c}

  defimpl String.Chars do
    def to_string(_), do: ""
  end
end
"#;

fn told(code: &Code) -> String {
    let mut told = String::new();
    for module in code.modules() {
        let uses: Vec<_> = module.uses.iter().map(|it| it.module.as_ref()).collect();
        let types: Vec<_> = module.types.iter().map(|it| (it.1, it.2)).collect();
        let attributes: Vec<_> = module.attributes.iter().map(|it| it.name).collect();
        let (name, kind, doc, specs) =
            (&module.name, module.kind, short(module.doc), &module.specs);
        writeln!(
            told,
            "{name} {kind:?} doc={doc} uses={uses:?} types={types:?} {attributes:?} specs={specs:?}"
        )
        .expect("a text takes it");
        for it in code.functions_of(module) {
            let (kind, name, arities, doc) = (it.kind, it.name, it.arities(), short(it.doc));
            let (clauses, callback) = (it.clauses.len(), it.is_callback);
            writeln!(
                told,
                "  {kind:?} {name}/{arities:?} clauses={clauses} doc={doc} callback={callback}"
            )
            .expect("a text takes it");
        }
    }
    told
}

#[test]
fn definitions_are_put_together_with_what_is_said_about_them() {
    let tree = Tree::parse(CART);
    insta::assert_snapshot!(told(&Code::of(&tree)), @r#"
    Shop.Cart Module doc=hidden uses=["GenServer"] types=[("t", false), ("item", true)] ["timeout"] specs=[("add", 2)]
      Public add/1..=2 clauses=3 doc=said callback=false
      Public init/1..=1 clauses=1 doc=missing callback=true
      Macro hidden/0..=0 clauses=1 doc=hidden callback=false
      Public <~>/2..=2 clauses=1 doc=missing callback=false
      Private own/1..=1 clauses=1 doc=missing callback=false
    String.Chars Implementation doc=missing uses=[] types=[] [] specs=[]
      Public to_string/1..=1 clauses=1 doc=missing callback=false
    "#);
}

fn short(doc: Doc) -> &'static str {
    match doc {
        Doc::Missing => "missing",
        Doc::Hidden => "hidden",
        Doc::Said(_) => "said",
    }
}
