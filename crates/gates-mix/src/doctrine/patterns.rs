//! A team's own rules, as data: a piece of Elixir with gaps, a call, words in a comment.

use std::collections::BTreeMap;
use std::sync::Arc;

use elixir_syntax::{Call, Code, Node, Tag, Tree};
use globset::GlobSet;
use pipeline_core::Level;
use regex::Regex;

use super::codebase::Codebase;
use super::error::DoctrineError;
use super::found::Found;
use super::pillar::Pillar;
use super::rule::Rule;
use super::source::{Role, Source};

/// What a rule of a team looks for.
#[derive(Debug)]
pub enum Matcher {
    /// A piece of Elixir: `_` stands for anything, `...` for any arguments. `String.to_atom(_)` finds the call whether it is piped, captured,
    /// aliased or imported.
    Code(Tree),
    /// Words in a comment.
    Comment(Regex),
    /// Words anywhere in a file, line by line.
    Text(Regex),
}

impl Matcher {
    /// A piece of Elixir with gaps.
    pub fn code(pattern: &str) -> Result<Self, String> {
        let tree = Tree::parse(pattern);
        match tree.errors().first() {
            Some(error) => Err(format!("`{pattern}` is no Elixir: {error}")),
            None if tree.root().kids().len() != 1 => {
                Err(format!("`{pattern}` should be one expression"))
            }
            None => Ok(Self::Code(tree)),
        }
    }
}

/// A rule of a team.
#[derive(Debug)]
pub struct Pattern {
    /// Its code, level and remedy.
    pub rule: Rule,
    /// What to say where it is not kept.
    pub message: String,
    /// What it looks for.
    pub matcher: Matcher,
    /// The files it looks at; code that is released, if not said.
    pub files: Option<GlobSet>,
    /// Files it does not look at.
    pub except: GlobSet,
}

/// The pillars that these rules make, one for each code before a slash. A rule may belong to a pillar of ours only by another name.
pub fn team(
    patterns: Vec<Arc<Pattern>>,
    taken: &[&str],
) -> Result<Vec<Box<dyn Pillar>>, DoctrineError> {
    let mut pillars: BTreeMap<String, Vec<Arc<Pattern>>> = BTreeMap::new();
    for pattern in patterns {
        let code = pattern.rule.pillar().to_owned();
        let whole = pattern.rule.code.to_string();
        let wrong =
            |what: &str| DoctrineError::Rules { place: whole.clone(), what: what.to_owned() };
        let is_code = !code.is_empty()
            && code.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
        if !is_code || !whole.contains('/') {
            return Err(wrong("a rule is named PILLAR/rule-name, with the pillar in capitals"));
        }
        if taken.contains(&code.as_str()) {
            return Err(wrong(
                "this pillar is there already: give your rules a code of their own, such as TEAM",
            ));
        }
        pillars.entry(code).or_default().push(pattern);
    }
    let pillar = |(code, patterns)| Box::new(Team { code, patterns }) as Box<dyn Pillar>;
    Ok(pillars.into_iter().map(pillar).collect())
}

struct Team {
    code: String,
    patterns: Vec<Arc<Pattern>>,
}

impl Pillar for Team {
    fn code(&self) -> &str {
        &self.code
    }

    fn name(&self) -> &'static str {
        "Rules of the team"
    }

    fn level(&self) -> Level {
        let blocks = self.patterns.iter().any(|it| it.rule.level == Level::Blocking);
        if blocks { Level::Blocking } else { Level::Advisory }
    }

    fn rules(&self) -> Vec<Rule> {
        self.patterns.iter().map(|it| it.rule.clone()).collect()
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        for pattern in &self.patterns {
            let meant = match &pattern.files {
                Some(files) => files.is_match(source.path),
                None => source.role == Role::Lib,
            };
            if meant && !pattern.except.is_match(source.path) {
                pattern.look(source, found);
            }
        }
    }
}

impl Pattern {
    fn look(&self, source: &Source, found: &mut Found) {
        match (&self.matcher, &source.elixir) {
            (Matcher::Code(wanted), Some(elixir)) => {
                let Some(wanted) = wanted.root().kid(0) else { return };
                for node in finds(wanted, elixir.tree, &elixir.code) {
                    found.node(&self.rule, node, self.message.clone());
                }
            }
            (Matcher::Comment(words), Some(elixir)) => {
                for comment in elixir.tree.comments().filter(|it| words.is_match(it.text())) {
                    found.span(&self.rule, comment.span(), self.message.clone());
                }
            }
            (Matcher::Text(words), _) => {
                for hit in words.find_iter(source.text) {
                    found.span(&self.rule, hit.range(), self.message.clone());
                }
            }
            (Matcher::Code(_) | Matcher::Comment(_), None) => {}
        }
    }
}

/// The places where code is as wanted.
fn finds<'t>(wanted: Node, tree: &'t Tree, code: &Code<'t>) -> Vec<Node<'t>> {
    match wanted.tag() {
        Tag::Call | Tag::Remote => {
            let calls = code.calls().filter(|it| !code.is_quoted(it));
            calls.filter(|it| is_wanted_call(wanted, code, it)).map(|it| it.node).collect()
        }
        _ => tree.root().descendants().filter(|it| fits(wanted, *it)).collect(),
    }
}

fn is_wanted_call(wanted: Node, code: &Code, call: &Call) -> bool {
    let name = wanted.name();
    let reaches = match wanted.receiver() {
        Some(module) => code.is_call(call, module.text(), name),
        None => call.name == name && call.module().is_none(),
    };
    if !reaches {
        return false;
    }
    let args: Vec<_> = wanted.args().collect();
    if call.is_capture() {
        let any = args.iter().any(|it| it.tag() == Tag::Ellipsis);
        return args.iter().all(|it| is_gap(*it)) && (any || args.len() == call.arity());
    }
    all_fit(&args, &call.args().collect::<Vec<_>>())
}

fn is_gap(node: Node) -> bool {
    node.tag() == Tag::Ellipsis || node.tag() == Tag::Var && node.name() == "_"
}

fn all_fit(wanted: &[Node], given: &[Node]) -> bool {
    match wanted.iter().position(|it| it.tag() == Tag::Ellipsis) {
        None => {
            wanted.len() == given.len()
                && wanted.iter().zip(given).all(|(want, it)| fits(*want, *it))
        }
        Some(at) => {
            let (before, after) = (&wanted[..at], &wanted[at + 1..]);
            given.len() >= before.len() + after.len()
                && before.iter().zip(given).all(|(want, it)| fits(*want, *it))
                && after.iter().rev().zip(given.iter().rev()).all(|(want, it)| fits(*want, *it))
        }
    }
}

fn fits(wanted: Node, given: Node) -> bool {
    if is_gap(wanted) {
        return true;
    }
    let alike = wanted.tag() == given.tag() && wanted.op() == given.op();
    let kids = |it: Node<'_>| it.kids().len();
    // What has no parts is compared as it is written.
    if kids(wanted) == 0 && kids(given) == 0 {
        return alike && wanted.text() == given.text();
    }
    let (wants, gives): (Vec<_>, Vec<_>) = (wanted.kids().collect(), given.kids().collect());
    alike && wanted.name() == given.name() && all_fit(&wants, &gives)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pattern: &str, source: &str) -> Vec<u32> {
        let Ok(Matcher::Code(wanted)) = Matcher::code(pattern) else { panic!("{pattern}") };
        let tree = Tree::parse(source);
        let code = Code::of(&tree);
        finds(wanted.root().kid(0).unwrap(), &tree, &code).into_iter().map(Node::line).collect()
    }

    #[test]
    fn a_pattern_finds_code_whichever_way_it_is_written() {
        let source = "alias IO, as: Out\nIO.inspect(x)\nx |> IO.inspect()\nOut.inspect(x, label: \"a\")\nEnum.each(xs, &IO.inspect/1)\n\"IO.inspect(x)\"\n# IO.inspect(x)\n";
        assert_eq!(lines("IO.inspect(...)", source), [2, 3, 4, 5]);
        assert_eq!(lines("IO.inspect(_)", source), [2, 3, 5]);
        assert_eq!(lines("IO.inspect(_, label: _)", source), [4]);
        assert_eq!(lines("_ == nil", "a == nil\nb == 1\nif c.d == nil, do: 1"), [1, 3]);
        assert_eq!(lines("if(not _, ...)", "if not a, do: 1\nif a, do: 1"), [1]);
        assert_eq!(lines("dbg(...)", "dbg(x)\nx |> dbg\ndbg()\nFoo.dbg(x)"), [1, 2, 3]);
        assert_eq!(lines("{:ok, _}", "{:ok, 1}\n{:ok, 1, 2}\n{:error, 1}"), [1]);
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        Matcher::code("foo(").unwrap_err();
        Matcher::code("a; b").unwrap_err();
    }
}
