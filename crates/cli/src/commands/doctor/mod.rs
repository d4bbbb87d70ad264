//! `pipeline doctor [ENV]`: what is missing here, and how to mend it. It looks, and changes nothing: not even a store is made.

mod check;
mod env;
mod fly;
mod project;
mod store;
mod tools;

use std::fmt::Write as _;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, join_all, ready};
use serde_json::json;

use crate::app::App;
use crate::args::Doctor;
use crate::config::{Config, Environment, FILE_NAME, Target};
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::{Tone, paint, tame, tame_line};
use check::{Check, Mark};

/// A look that may take its time, but not long.
type Look<'a> = LocalBoxFuture<'a, Vec<Check>>;

pub(crate) async fn run(app: &App, args: Doctor) -> Result<Exit, CliError> {
    let config = app.config();
    let chosen = match (&config, &args.environment) {
        (Ok(config), Some(name)) => vec![config.environment(name)?],
        (Ok(config), None) => config.environments.values().collect(),
        (Err(_), _) => Vec::new(),
    };
    let groups = match &config {
        Ok(config) => look(app, config, &chosen).await,
        // Where no configuration is, the machine can be looked at all the same.
        Err(error) => vec![
            (FILE_NAME.to_owned(), vec![unusable(error)]),
            ("this machine".to_owned(), tools::git(app).await),
        ],
    };
    let secrets = app.secrets(config.as_ref().ok());
    if app.json() {
        let rows =
            groups.iter().flat_map(|(group, checks)| checks.iter().map(move |it| it.object(group)));
        app.object(&secrets, json!({ "schema": 1, "checks": rows.collect::<Vec<_>>() }))?;
    } else {
        let text = words(&groups, app.around.colour);
        app.fact(secrets.strike(text.trim_end()).as_ref())?;
    }
    let all = || groups.iter().flat_map(|(_, checks)| checks);
    let (tone, text) = summary(all());
    app.say(tone, &text);
    Ok(exit(all()))
}

/// All looks at once, each within its own time.
async fn look(app: &App, config: &Config, chosen: &[&Environment]) -> Vec<(String, Vec<Check>)> {
    let mut looks: Vec<(String, Vec<Look<'_>>)> = vec![
        ("this machine".into(), tools::looks(app, config, chosen)),
        (
            "the project".into(),
            vec![
                project::look(app, config).boxed_local(),
                store::look(config, chosen).boxed_local(),
            ],
        ),
    ];
    for environment in chosen {
        let mut of = vec![
            ready(env::look(app, environment)).boxed_local(),
            fly::url(environment).boxed_local(),
        ];
        if let Target::Fly(fly) = &environment.target {
            of.insert(0, ready(env::lint(config, environment, fly)).boxed_local());
            of.insert(1, fly::look(app, config, environment).boxed_local());
        }
        looks.push((environment.name.clone(), of));
    }
    let groups = looks.into_iter().map(|(name, looks)| async {
        (name, join_all(looks).await.into_iter().flatten().collect())
    });
    join_all(groups).await
}

fn unusable(error: &CliError) -> Check {
    let hint = error.object()["error"]["hint"].as_str().unwrap_or_default().to_owned();
    Check::bad("pipeline.toml", error.to_string()).mend(match hint.as_str() {
        "" => "any other command shows its place",
        hint => hint,
    })
}

fn words(groups: &[(String, Vec<Check>)], colour: bool) -> String {
    let mut text = String::new();
    for (group, checks) in groups {
        let _ = writeln!(text, "{}", paint(Tone::Head, &tame_line(group), colour));
        for check in checks {
            let mark = paint(check.mark.tone(), check.mark.sign(), colour);
            let (name, message) = (tame_line(&check.name), tame_line(&check.message));
            let _ = writeln!(text, "  {mark} {name:<13} {message}");
            if let Some(remedy) = &check.remedy {
                let _ = writeln!(text, "      {}", tame(remedy));
            }
        }
    }
    text
}

fn summary<'c>(checks: impl Iterator<Item = &'c Check>) -> (Tone, String) {
    let (mut bad, mut unknown, mut warn) = (0, 0, 0);
    for check in checks {
        match check.mark {
            Mark::Bad => bad += 1,
            Mark::Unknown => unknown += 1,
            Mark::Warn => warn += 1,
            Mark::Good => {}
        }
    }
    let more = if warn == 0 { String::new() } else { format!("; {warn} worth a look") };
    match (bad, unknown) {
        (0, 0) => (Tone::Good, format!("Nothing is missing{more}.")),
        (0, _) => (Tone::Warn, format!("{unknown} could not be told{more}.")),
        _ => (Tone::Bad, format!("{bad} to mend{more}.")),
    }
}

fn exit<'c>(checks: impl Iterator<Item = &'c Check>) -> Exit {
    checks.fold(Exit::Good, |exit, check| match (exit, check.mark) {
        (Exit::Refused, _) | (_, Mark::Bad) => Exit::Refused,
        (_, Mark::Unknown) => Exit::CouldNotTell,
        (exit, _) => exit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_gives_the_terminal_no_orders_and_the_marks_keep_their_colours() {
        let check = Check::bad("lock", "locked by ada\x1b[2J\u{9b}2J").mend("wait\x1b[2J");
        let groups = [("staging".to_owned(), vec![check])];
        let plain = words(&groups, false);
        assert!(!plain.contains(['\x1b', '\u{9b}']), "{plain:?}");
        let coloured = words(&groups, true);
        assert!(coloured.contains("\x1b[31m") && !coloured.contains("\x1b[2J"), "{coloured:?}");
    }
}
