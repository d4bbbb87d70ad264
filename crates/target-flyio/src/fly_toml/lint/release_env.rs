//! `rel/env.sh.eex`: how the nodes of an Elixir release are named and find each other. A node name that is
//! the same on every machine makes two releases take each other for one during a deploy.

use std::collections::BTreeSet;
use std::path::Path;

use pipeline_core::Severity;

use super::{Lint, Place};
use crate::fly_toml::FlyToml;

/// What is another one on every machine (fly.io docs: runtime-environment).
const OWN: [&str; 6] =
    ["FLY_MACHINE_ID", "FLY_ALLOC_ID", "FLY_PRIVATE_IP", "fly-local-6pn", "hostname", "HOSTNAME"];
/// Those of them that are an IPv6 address.
const ADDRESS: [&str; 2] = ["FLY_PRIVATE_IP", "fly-local-6pn"];

/// One assignment of a shell script.
struct Assignment<'a> {
    line: usize,
    column: usize,
    name: &'a str,
    value: &'a str,
}

/// What `[env]` says of the same.
pub(super) fn lint_env(toml: &FlyToml) -> Option<Lint> {
    let node = variable(toml, "RELEASE_NODE")?;
    let key = "env.RELEASE_NODE";
    (!names_its_machine(node))
        .then(|| Lint::warning("release-node", toml.at(key), same(node), NODE_REMEDY))
}

/// What the script says.
pub(super) fn lint(toml: &FlyToml, path: &Path, text: &str) -> Vec<Lint> {
    let script = Script { toml, path, assignments: assignments(text), text };
    let mut lints = Vec::new();
    lints.extend(script.node());
    lints.extend(script.distribution());
    lints.extend(script.protocol());
    lints.extend(script.cluster());
    lints
}

const NODE_REMEDY: &str = "name the machine in it: export RELEASE_NODE=\"${FLY_APP_NAME}-${FLY_MACHINE_ID}@${FLY_PRIVATE_IP}\"";

fn same(node: &str) -> String {
    format!(
        "RELEASE_NODE is {node} on every machine, so that old and new release take each other for one"
    )
}

fn names_its_machine(value: &str) -> bool {
    OWN.iter().any(|own| value.contains(own))
}

fn variable<'a>(toml: &'a FlyToml, name: &str) -> Option<&'a str> {
    toml.groups.values().find_map(|spec| spec.env.get(name)).map(String::as_str)
}

struct Script<'a> {
    toml: &'a FlyToml,
    path: &'a Path,
    assignments: Vec<Assignment<'a>>,
    text: &'a str,
}

impl<'a> Script<'a> {
    fn node(&self) -> Option<Lint> {
        let node = self.last("RELEASE_NODE")?;
        let same_everywhere = !names_its_machine(&self.meaning(node));
        same_everywhere
            .then(|| Lint::warning("release-node", self.at(node), same(node.value), NODE_REMEDY))
    }

    /// A host that is an address needs long names.
    fn distribution(&self) -> Option<Lint> {
        let node = self.last("RELEASE_NODE").filter(|it| self.is_address(it))?;
        (!self.has_long_names()).then(|| {
            let message =
                "the node is named by its address, which short names cannot be".to_owned();
            let remedy = "add export RELEASE_DISTRIBUTION=name";
            Lint::warning("release-distribution", self.at(node), message, remedy)
        })
    }

    /// Machines see each other by IPv6 alone.
    fn protocol(&self) -> Option<Lint> {
        let at = self.last("RELEASE_NODE").filter(|it| self.is_address(it));
        let at = at.or_else(|| self.last("RELEASE_DISTRIBUTION").filter(|it| is_long(it.value)));
        let at = at?;
        let said = self.code().any(|line| line.contains("inet6_tcp"))
            || variable(self.toml, "ERL_AFLAGS").is_some_and(|it| it.contains("inet6_tcp"));
        (!said).then(|| {
            let message =
                "nodes reach each other by IPv6 only, and Erlang speaks IPv4 unless told \
                           otherwise, here or in vm.args.eex"
                    .to_owned();
            let remedy = "add export ERL_AFLAGS=\"-proto_dist inet6_tcp\"";
            Lint::warning("erl-aflags", self.at(at), message, remedy)
        })
    }

    fn cluster(&self) -> Option<Lint> {
        let at = self.last("RELEASE_DISTRIBUTION").filter(|it| is_long(it.value))?;
        let name = "DNS_CLUSTER_QUERY";
        let said = self.last(name).is_some() || variable(self.toml, name).is_some();
        (!said).then(|| {
            let message = format!("{name} is set neither here nor in [env]: nodes find no others");
            let remedy = "add export DNS_CLUSTER_QUERY=\"${FLY_APP_NAME}.internal\", unless a secret \
                          or a library of yours does that";
            let severity = Severity::Note;
            Lint { severity, ..Lint::warning("dns-cluster", self.at(at), message, remedy) }
        })
    }

    fn has_long_names(&self) -> bool {
        self.last("RELEASE_DISTRIBUTION").is_some_and(|it| is_long(it.value))
            || variable(self.toml, "RELEASE_DISTRIBUTION").is_some_and(is_long)
    }

    fn is_address(&self, node: &Assignment<'_>) -> bool {
        let meaning = self.meaning(node);
        ADDRESS.iter().any(|it| meaning.contains(it))
    }

    fn last(&self, name: &str) -> Option<&Assignment<'a>> {
        self.assignments.iter().rev().find(|it| it.name == name)
    }

    /// A value together with those of the script's own variables that it names, and so on.
    fn meaning(&self, node: &Assignment<'a>) -> String {
        let (mut text, mut seen) = (node.value.to_owned(), BTreeSet::from([node.name]));
        while let Some(next) = self.assignments.iter().find(|it| {
            let plain = text.contains(&format!("${}", it.name));
            !seen.contains(it.name) && (plain || text.contains(&format!("${{{}", it.name)))
        }) {
            seen.insert(next.name);
            for same in self.assignments.iter().filter(|it| it.name == next.name) {
                text.push(' ');
                text.push_str(same.value);
            }
        }
        text
    }

    /// The lines that are no comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.trim_start().starts_with('#'))
    }

    fn at(&self, node: &Assignment<'_>) -> Place {
        Place { file: self.path.to_owned(), line: node.line, column: node.column }
    }
}

fn is_long(distribution: &str) -> bool {
    distribution.trim_matches(['"', '\'']) == "name"
}

/// Every `NAME=VALUE` and `export NAME=VALUE` that begins a line.
fn assignments(text: &str) -> Vec<Assignment<'_>> {
    text.lines().enumerate().filter_map(|(number, line)| assignment(number + 1, line)).collect()
}

fn assignment(number: usize, line: &str) -> Option<Assignment<'_>> {
    let code = line.trim_start();
    let column = line.chars().count() - code.chars().count() + 1;
    let code = code.strip_prefix("export ").unwrap_or(code).trim();
    let (name, value) = code.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(Assignment { line: number, column, name, value })
}
