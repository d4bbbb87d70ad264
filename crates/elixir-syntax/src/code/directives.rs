//! `alias`, `import` and `use`: what names mean from here on.

use std::borrow::Cow;

use super::call::Callee;
use super::definitions::arities;
use super::module::Use;
use super::scope::Import;
use super::walk::Walk;
use crate::node::{Node, Tag};

impl<'t> Walk<'t> {
    pub(super) fn alias(&mut self, node: Node<'t>, scope: usize) {
        let Some(target) = node.args().next() else { return };
        let renamed = node.value("as").filter(|it| it.tag() == Tag::Alias).map(Node::name);
        if target.tag() == Tag::MultiAlias {
            let mut kids = target.kids();
            let Some(base) = kids.next().and_then(|it| self.module_name(it, scope)) else { return };
            for kid in kids.filter(|it| it.tag() == Tag::Alias) {
                let whole = Cow::Owned(format!("{base}.{}", kid.name()));
                self.code.scopes.get(scope).aliases.push((last_segment(kid.name()), whole));
            }
            return;
        }
        let Some(whole) = self.module_name(target, scope) else { return };
        let short = renamed.unwrap_or_else(|| last_segment(target.text()));
        self.code.scopes.get(scope).aliases.push((short, whole));
    }

    pub(super) fn import(&mut self, node: Node<'t>, scope: usize) {
        let Some(module) = node.args().next().and_then(|it| self.module_name(it, scope)) else {
            return;
        };
        let listed = |key: &str| node.value(key).filter(|it| it.tag() == Tag::List).map(arities);
        let (only, except) = (listed("only"), listed("except").unwrap_or_default());
        self.code.scopes.get(scope).imports.push(Import { module, only, except });
    }

    pub(super) fn uses(&mut self, node: Node<'t>, scope: usize) {
        let module = node.args().next().and_then(|it| self.module_name(it, scope));
        let (Some(module), Some(user)) = (module, self.code.scopes.module(scope)) else { return };
        if self.code.scopes.function(scope).is_none() {
            self.code.modules[user].uses.push(Use { module, node });
        }
    }

    fn module_name(&self, node: Node<'t>, scope: usize) -> Option<Cow<'t, str>> {
        match self.callee(node, scope) {
            Callee::Module(module) => Some(module),
            Callee::Local | Callee::Value(_) => None,
        }
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
