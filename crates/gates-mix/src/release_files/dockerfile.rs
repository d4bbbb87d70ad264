//! The six steps from sources to a release in an image: what runs Elixir, dependencies, compilation, assets,
//! `mix release`, and an image with nothing but the release.

use pipeline_core::{Finding, Level};

use super::faults;
use super::instructions::read;
use super::stages::{Stage, Stages};

/// What lies beside a Dockerfile, and how it is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Are there assets to build: a folder `assets`, also of an application of an umbrella?
    pub assets: bool,
    /// Does `mix.lock` lock anything?
    pub dependencies: bool,
    /// Is there a `.dockerignore`?
    pub ignores: bool,
    /// The stage that is built; the last if not said.
    pub target: Option<String>,
}

/// What a Dockerfile of an Elixir project could do better: advisory findings, by line.
///
/// Values of secrets are never repeated. What a script does that the Dockerfile runs is not seen.
///
/// ```
/// use gates_mix::{Beside, lint_dockerfile};
///
/// let text = "FROM elixir:latest\nCOPY . .\nRUN MIX_ENV=prod mix release\nUSER nobody\n";
/// let found = lint_dockerfile("Dockerfile", text, &Beside { ignores: true, ..Beside::default() });
/// let rules: Vec<_> = found.iter().filter_map(|it| it.rule.as_deref()).collect();
/// assert_eq!(rules, ["dockerfile/runtime", "dockerfile/latest"]);
/// assert_eq!(found[0].place().as_deref(), Some("Dockerfile:1"));
/// ```
#[must_use]
pub fn lint_dockerfile(file: &str, text: &str, beside: &Beside) -> Vec<Finding> {
    let stages = Stages::of(read(text));
    let look = Look { stages: &stages, beside };
    let mut found = Vec::new();
    if let Some(last) = stages.last(beside.target.as_deref()) {
        found.extend(look.steps(last));
        found.extend(faults::of(&stages, last));
    }
    if !beside.ignores {
        found.push(Advice {
            line: 1,
            rule: "dockerignore",
            message: "there is no .dockerignore: all of the folder goes to the builder, with what was built here and with local secrets".into(),
            remedy: "write one with at least .git, _build, deps, node_modules and .env",
        });
    }
    found.sort_by_key(|it| it.line);
    found.into_iter().map(|it| it.finding(file)).collect()
}

/// Something to do better, with its line.
#[derive(Debug)]
pub(super) struct Advice {
    pub(super) line: u32,
    pub(super) rule: &'static str,
    pub(super) message: String,
    pub(super) remedy: &'static str,
}

impl Advice {
    fn finding(self, file: &str) -> Finding {
        let finding = Finding::warning(self.message)
            .rule(format!("dockerfile/{}", self.rule))
            .remedy(self.remedy)
            .at(file, self.line);
        Finding { level: Level::Advisory, ..finding }
    }
}

struct Look<'a> {
    stages: &'a Stages,
    beside: &'a Beside,
}

impl Look<'_> {
    fn steps(&self, last: &Stage) -> Vec<Advice> {
        let steps = [
            self.base(),
            self.dependencies(),
            self.compilation(),
            self.assets(),
            self.release(),
            self.runtime(last),
        ];
        steps.into_iter().flatten().collect()
    }

    fn base(&self) -> Option<Advice> {
        // What nobody here knows may be anything.
        let may_be = |it: &Stage| it.image.contains('$') || is_elixir(it);
        (!self.stages.all.iter().any(may_be)).then(|| Advice {
            line: self.begin(),
            rule: "base",
            message: "no stage stands on an image with Elixir".into(),
            remedy: "begin with an image of hexpm/elixir, which names Elixir, Erlang and the system by version",
        })
    }

    fn dependencies(&self) -> Option<Advice> {
        let missing = self.beside.dependencies && self.stages.that_runs("deps.get").is_none();
        missing.then(|| Advice {
            line: self.begin(),
            rule: "deps",
            message: "no step gets the dependencies".into(),
            remedy: "add RUN mix deps.get --only prod, right after mix.exs and mix.lock were copied",
        })
    }

    /// `mix release` compiles as well.
    fn compilation(&self) -> Option<Advice> {
        let compiles = ["compile", "release"].iter().any(|it| self.stages.that_runs(it).is_some());
        (!compiles).then(|| Advice {
            line: self.begin(),
            rule: "compile",
            message: "no step compiles the project".into(),
            remedy: "add RUN mix compile, after the sources were copied",
        })
    }

    fn assets(&self) -> Option<Advice> {
        let tasks = ["assets.deploy", "phx.digest"];
        let built = tasks.iter().any(|it| self.stages.that_runs(it).is_some());
        (self.beside.assets && !built).then(|| Advice {
            line: self.begin(),
            rule: "assets",
            message: "no step builds the assets".into(),
            remedy: "add RUN mix assets.deploy before mix release",
        })
    }

    fn release(&self) -> Option<Advice> {
        self.stages.that_runs("release").is_none().then(|| Advice {
            line: self.begin(),
            rule: "release",
            message: "no step makes a release".into(),
            remedy: "add RUN mix release, and copy what it makes into the last stage",
        })
    }

    /// What runs must not be what builds.
    fn runtime(&self, last: &Stage) -> Option<Advice> {
        let builder = self.stages.that_runs("release")?;
        let chain = self.stages.chain(last);
        let is_builder = chain.iter().any(|it| it.line == builder.line);
        let has_tools = chain.iter().any(|it| is_elixir(it));
        (is_builder || has_tools).then(|| Advice {
            line: last.line,
            rule: "runtime",
            message: "the image that runs holds the tools that build: compiler, sources and all".into(),
            remedy: "end with a stage on a small image of the same system, and copy the release into it with COPY --from",
        })
    }

    /// The first stage: where a step is missing there is no better place.
    fn begin(&self) -> u32 {
        self.stages.all.first().map_or(1, |it| it.line)
    }
}

/// An image with Elixir, or one into which it is installed.
fn is_elixir(stage: &Stage) -> bool {
    let installers = ["apk add", "apt-get", "apt ", "asdf ", "mise ", "dnf ", "nix"];
    let installs = |it: &str| it.contains("elixir") && installers.iter().any(|by| it.contains(by));
    let mut runs = stage.instructions.iter().filter(|it| it.name == "RUN");
    stage.image.to_lowercase().contains("elixir") || runs.any(|it| installs(&it.rest))
}

#[cfg(test)]
#[path = "dockerfile_tests.rs"]
mod tests;
