//! Common faults of Dockerfiles: slow builds, the wrong environment, root, secrets that stay, images that change.

use super::dockerfile::Advice;
use super::instructions::Instruction;
use super::stages::{Stage, Stages, runs};

/// Sources, as they are copied.
const SOURCES: [&str; 5] = [".", "*", "lib", "apps", "web"];
/// Words in the name of a variable that holds a secret.
const SECRET_WORDS: [&str; 7] =
    ["SECRET", "SECRETS", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "CREDENTIALS"];
/// The same in two words.
const SECRET_KEYS: [&str; 5] =
    ["API_KEY", "PRIVATE_KEY", "ACCESS_KEY", "AUTH_KEY", "ENCRYPTION_KEY"];
/// At the end of a name that only says where a secret is, or what it is called.
const NO_SECRET: [&str; 7] = ["FILE", "PATH", "DIR", "NAME", "ID", "TTL", "ENV"];

/// All faults of a file of which `last` is the stage that runs.
pub(super) fn of(stages: &Stages, last: &Stage) -> Vec<Advice> {
    let mut found = Vec::new();
    found.extend(stages.all.iter().filter_map(cache));
    found.extend(mix_env(stages));
    found.extend(root(stages, last));
    let inside = stages.all.iter().flat_map(|it| &it.instructions);
    found.extend(stages.before.iter().chain(inside).flat_map(secrets));
    found.extend(stages.all.iter().filter_map(|it| latest(stages, it)));
    found
}

/// Sources that are copied before the dependencies are got: every change gets and compiles them anew.
fn cache(stage: &Stage) -> Option<Advice> {
    let gets = stage.instructions.iter().position(|it| runs(it, "deps.get"))?;
    let copies = stage.instructions[..gets].iter().find(|it| copies_sources(it))?;
    Some(Advice {
        line: copies.line,
        rule: "cache",
        message: "sources are copied before `mix deps.get`, so every change of them gets and compiles all dependencies anew"
            .into(),
        remedy: "copy mix.exs and mix.lock first (of an umbrella, those of all applications), get the dependencies, then copy the rest",
    })
}

fn copies_sources(it: &Instruction) -> bool {
    let copies = ["COPY", "ADD"].contains(&&*it.name) && it.flag("--from").is_none();
    let arguments = it.arguments();
    let Some((_, sources)) = arguments.split_last() else { return false };
    let bare = |path: &String| {
        let path =
            path.trim_matches(['[', ']', ',']).trim_start_matches("./").trim_end_matches('/');
        if path.is_empty() { ".".to_owned() } else { path.to_owned() }
    };
    copies && sources.iter().map(bare).any(|it| SOURCES.contains(&&*it))
}

/// The release must be made where `MIX_ENV` is `prod`, or another environment of that kind.
fn mix_env(stages: &Stages) -> Option<Advice> {
    let builder = stages.that_runs("release")?;
    let chain = stages.chain(builder);
    let all = chain.iter().flat_map(|it| &it.instructions).chain(&stages.before);
    let mut said = all.flat_map(environments);
    let makes = builder.instructions.iter().find(|it| runs(it, "release"))?;
    (!said.any(|it| !matches!(&*it, "dev" | "test"))).then(|| Advice {
        line: makes.line,
        rule: "mix-env",
        message: "`mix release` runs without MIX_ENV=prod: it makes a release of the development environment".into(),
        remedy: "add ENV MIX_ENV=prod above the first mix",
    })
}

/// What `MIX_ENV` is set to; without a value, whoever builds says it.
fn environments(it: &Instruction) -> Vec<String> {
    if it.name == "RUN" {
        let words = it.words();
        let set = words.iter().filter_map(|word| word.strip_prefix("MIX_ENV="));
        return set.map(|it| it.trim_end_matches([';', '&']).to_owned()).collect();
    }
    if !["ENV", "ARG"].contains(&&*it.name) {
        return Vec::new();
    }
    let set = it.settings().into_iter().filter(|(name, _)| name == "MIX_ENV");
    set.map(|(_, value)| value.unwrap_or_default()).collect()
}

fn root(stages: &Stages, last: &Stage) -> Option<Advice> {
    let chain = stages.chain(last);
    if chain.iter().any(|it| it.image.contains("nonroot")) {
        return None;
    }
    let user =
        chain.iter().find_map(|it| it.instructions.iter().rev().find(|it| it.name == "USER"));
    let is_root = |it: &Instruction| {
        let name = it.rest.split(':').next().unwrap_or_default().trim();
        matches!(name, "root" | "0")
    };
    let line = match user {
        None => last.line,
        Some(user) if is_root(user) => user.line,
        Some(_) => return None,
    };
    Some(Advice {
        line,
        rule: "root",
        message: "the release runs as root".into(),
        remedy: "add USER with a user of its own, such as nobody, and give it what it writes to with COPY --chown",
    })
}

/// Variables and arguments stay in the image, for everybody who has it.
fn secrets(it: &Instruction) -> Vec<Advice> {
    let settings = match &*it.name {
        "ENV" | "ARG" => it.settings(),
        _ => Vec::new(),
    };
    let is_secret = |(name, value): &(String, Option<String>)| {
        let empty = it.name == "ENV" && value.as_deref().is_none_or(str::is_empty);
        !empty && (names_a_secret(name) || value.as_deref().is_some_and(has_password))
    };
    let advice = |(name, _): (String, _)| Advice {
        line: it.line,
        rule: "secret",
        message: format!(
            "{} {name} stays in the image, where everybody who has it can read it",
            it.name
        ),
        remedy: "give secrets to what runs (fly secrets set), and to a step of the build with RUN --mount=type=secret",
    };
    settings.into_iter().filter(is_secret).map(advice).collect()
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    let words: Vec<_> = name.split('_').collect();
    let ends = words.last().is_some_and(|it| NO_SECRET.contains(it));
    let is_key = SECRET_KEYS.iter().any(|key| format!("_{name}_").contains(&format!("_{key}_")));
    !ends && (is_key || words.iter().any(|it| SECRET_WORDS.contains(it)))
}

/// `scheme://user:password@host`, written out.
fn has_password(value: &str) -> bool {
    let user = value.split_once("://").and_then(|(_, rest)| rest.split_once('@')).map(|it| it.0);
    let password = user.and_then(|it| it.split_once(':')).map(|it| it.1);
    password.is_some_and(|it| !it.is_empty() && !it.contains(['/', '$']))
}

/// An image by a tag that moves: tomorrow's build is another one.
fn latest(stages: &Stages, stage: &Stage) -> Option<Advice> {
    let image = &stage.image;
    let known = !image.contains('$') && image != "scratch" && !stages.is_stage(image);
    let name = image.rsplit('/').next().unwrap_or(image);
    let moves = !image.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    (known && !image.is_empty() && moves).then(|| Advice {
        line: stage.line,
        rule: "latest",
        message: format!("{image} is another image whenever somebody pushes one: the same sources build differently tomorrow"),
        remedy: "name the version, best with its digest",
    })
}
