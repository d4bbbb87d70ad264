//! The text of a `pipeline.toml` for what was found: each line with its reason.

mod environments;
mod smoke;
mod text;

use std::fmt::Write as _;

use super::project::Project;

pub(super) use text::plain;

/// An environment that is written, and why it is called so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drafted {
    pub(super) name: String,
    pub(super) why: String,
    pub(super) file: String,
}

/// The text, and the environments in it.
pub(super) fn draft(project: &Project) -> (String, Vec<Drafted>) {
    let mut text = String::new();
    let name = plain(&project.name());
    let _ = writeln!(
        text,
        "# How {name} goes to production. `pipeline init` wrote this from what it found in this folder; change what you know better."
    );
    let _ = writeln!(
        text,
        "# `pipeline config` prints every key with its meaning, `pipeline config --explain gates.test.timeout` one of them.\n"
    );
    gates(&mut text, project);
    build(&mut text, project);
    smoke::smoke(&mut text, project);
    let drafted = environments::environments(&mut text, project);
    (text, drafted)
}

fn gates(text: &mut String, project: &Project) {
    if project.mix.is_empty() {
        text.push_str("# There is no mix.exs here, so none of the gates of an Elixir project can run. Any command is a gate, too:\n# [gates.exec.lint]\n# command = [\"scripts/lint\"]\n");
        for gate in ["format", "compile", "credo", "test", "dialyzer"] {
            let _ = writeln!(text, "[gates.{gate}]\nenabled = false");
        }
        text.push('\n');
        return;
    }
    text.push_str("# Gates: `pipeline validate` asks them. `compile` and `test` run always, ");
    text.push_str(if project.formatter {
        "`format` as well.\n"
    } else {
        "`format` needs a .formatter.exs, which is not here:\n[gates.format]\nenabled = false\n"
    });
    text.push_str(
        "[gates.test]\n# Refuse below this coverage, in per cent:\n# min_coverage = 80.0\n",
    );
    match project.dep("credo") {
        Some(place) => { let _ = writeln!(text, "[gates.credo]\nenabled = true     # {}", plain(&place)); }
        None => text.push_str("# Credo is no dependency. Add {:credo, \"~> 1.7\", only: [:dev, :test], runtime: false} to mix.exs, then take these two lines out.\n[gates.credo]\nenabled = false\n"),
    }
    match project.dep("dialyxir") {
        Some(place) => { let _ = writeln!(text, "# Its first run builds a PLT, which takes minutes.\n[gates.dialyzer]\nenabled = true     # {}", plain(&place)); }
        None => text.push_str("# Without dialyxir, Erlang's own dialyzer looks at the compiled modules; its first run takes minutes. To have it: true.\n[gates.dialyzer]\nenabled = false\n"),
    }
    if project.lock {
        text.push_str("# Is anything locked in mix.lock that nobody needs?\n# [gates.unused]\n# enabled = true\n");
    }
    let tools = ["sobelow", "mix_audit"].iter().filter_map(|it| Some((it, project.dep(it)?)));
    let tools: Vec<String> = tools.map(|(it, place)| format!("{it} ({})", plain(&place))).collect();
    if !tools.is_empty() {
        let _ = writeln!(
            text,
            "# Asks {}, and an advisory database over the network. Told, and not blocking, until you take `required` out.\n[gates.security]\nenabled = true\nrequired = false",
            tools.join(" and ")
        );
    }
    text.push('\n');
}

fn build(text: &mut String, project: &Project) {
    if project.flys.is_empty() {
        return;
    }
    if let Some(fly) = project.flys.iter().find(|it| it.image.is_some()) {
        let (image, line) = fly.image.clone().unwrap_or_default();
        let _ = writeln!(
            text,
            "# {}:{line} names an image, {}; so none is built.\n[build]\nwith = \"image\"\n",
            plain(&fly.name),
            plain(&image)
        );
        return;
    }
    let what = if project.dockerfile {
        "the Dockerfile here"
    } else {
        "what fly.toml says; there is no Dockerfile here"
    };
    let _ = writeln!(
        text,
        "# How the image of a release is made, where --image names none: by flyctl, on a builder at Fly.io, from {what}.\n# \"docker\" builds on this machine, \"image\" never builds.\n[build]\nwith = \"flyctl\"\n"
    );
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
