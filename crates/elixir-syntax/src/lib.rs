//! Reads Elixir source text into a syntax tree, fast: text, docs and comments told apart, every call and clause in its place.
//!
//! The tree is close to what `Code.string_to_quoted/2` gives, and is held against it on real code. Nothing is expanded or
//! evaluated: `x |> f()` is a pipe, `alias` is a call.
//!
//! ```
//! use elixir_syntax::{Tag, Tree};
//!
//! let tree = Tree::parse("def greet(name), do: \"Hello #{name}\" # politely");
//! let def = tree.root().kid(0).unwrap();
//! assert_eq!(def.name(), "def");
//! assert_eq!(def.body("do").unwrap().tag(), Tag::Str);
//! assert_eq!(tree.comments().next().unwrap().text(), "politely");
//! ```

mod code;
mod comment;
mod lex;
mod node;
mod op;
mod parse;
mod token;
mod tree;

pub use code::{
    Attribute, Call, Callee, Code, Doc, Function, FunctionKind, Module, ModuleKind, Use,
};
pub use comment::Comment;
pub use node::{Descendants, Kids, Node, Tag};
pub use op::Op;
pub use tree::{SyntaxError, Tree};
