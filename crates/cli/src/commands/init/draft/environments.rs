//! The environments, one for each fly.toml.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::fly::{FlyFile, is_production};
use super::super::project::Project;
use super::Drafted;
use super::text::{host, key, plain, quoted};

pub(super) fn environments(text: &mut String, project: &Project) -> Vec<Drafted> {
    let mut drafted: Vec<Drafted> = Vec::new();
    for fly in &project.flys {
        let (mut name, mut why) = fly.environment();
        if drafted.iter().any(|it| it.name == name) {
            let app = fly.app.as_ref().map_or("app", |(app, _)| app);
            why = format!("{name} is {} already", drafted[0].file);
            name = unused(app, &drafted);
        }
        environment(text, project, (fly, &name, &why));
        drafted.push(Drafted { name, why, file: fly.name.clone() });
    }
    if project.flys.is_empty() {
        text.push_str("# There is no fly.toml: nothing to deploy to yet. `fly launch --no-deploy` writes one; then `pipeline init --force` finds it.\n# `pipeline verify local` looks at what runs on this machine.\n[environments.local]\ntarget = \"none\"\nurl = \"http://127.0.0.1:4000\"     # Phoenix's own port\n");
        drafted.push(Drafted {
            name: "local".into(),
            why: "there is no fly.toml".into(),
            file: String::new(),
        });
    } else if !drafted.iter().any(|it| is_production(&it.name)) {
        let app = project.flys.iter().find_map(|it| it.app.as_ref()).map_or("my-app", |(it, _)| it);
        let stem = app.rsplit_once(['-', '_']).map_or(app, |(it, _)| it);
        let _ = writeln!(
            text,
            "# No file for production was found. If there is such an app:\n# [environments.production]\n# app = {}\n# config = \"fly.toml\"     # or a fly.production.toml of its own\n# url = {}\n# confirm = true          # or \"app\": type the app's name",
            quoted(stem),
            quoted(&format!("https://{stem}.fly.dev"))
        );
    }
    drafted
}

fn unused(app: &str, drafted: &[Drafted]) -> String {
    let taken: BTreeSet<&str> = drafted.iter().map(|it| &*it.name).collect();
    let mut name = app.to_owned();
    while taken.contains(&*name) {
        name.push_str("-2");
    }
    name
}

fn environment(text: &mut String, project: &Project, (fly, name, why): (&FlyFile, &str, &str)) {
    let file = plain(&fly.name);
    let _ = writeln!(text, "[environments.{}]     # {}", key(name), plain(why));
    let guess = || (project.name().replace('_', "-"), format!("a guess: {file} names no app"));
    let told = fly.app.as_ref().map(|(app, line)| (app.clone(), format!("{file}:{line}")));
    let (app, place) = told.unwrap_or_else(guess);
    let _ = writeln!(text, "app = {}     # {place}", quoted(&app));
    let _ = writeln!(text, "config = {}", quoted(&fly.name));
    let _ = writeln!(
        text,
        "url = {}     # if users come by another name, write that",
        quoted(&format!("https://{}.fly.dev", host(&app)))
    );
    strategy(text, fly);
    if is_production(name) {
        text.push_str(
            "confirm = true     # type `yes` before a deploy; \"app\" wants the app's name\n",
        );
    }
    if let Some((command, line)) = &fly.release_command {
        let _ = writeln!(
            text,
            "# {file}:{line} runs `{}` before the first machine is touched.",
            plain(command)
        );
    }
    if fly.trouble.is_some() {
        let _ = writeln!(text, "# {file} cannot be deployed as it is: `pipeline lint` says why.");
    }
    text.push('\n');
}

fn strategy(text: &mut String, fly: &FlyFile) {
    let file = plain(&fly.name);
    let _ = match (&fly.volume, &fly.strategy, &fly.port) {
        (Some((volume, line)), _, _) => writeln!(
            text,
            "strategy = \"rolling\"     # {file}:{line} mounts the volume {}, which bluegreen cannot move; canary can, too",
            plain(volume)
        ),
        (None, Some((strategy, line)), _)
            if ["rolling", "canary", "bluegreen", "immediate"].contains(&&**strategy) =>
        {
            writeln!(text, "strategy = {}     # {file}:{line}", quoted(strategy))
        }
        (None, _, Some(_)) => writeln!(
            text,
            "strategy = \"bluegreen\"     # new machines beside the old ones, and back in seconds; rolling and canary need no second set"
        ),
        (None, _, None) => writeln!(
            text,
            "strategy = \"rolling\"     # {file} serves nothing, so there is no traffic to switch"
        ),
    };
}
