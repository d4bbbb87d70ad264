//! `pipeline init`: reads the project's files, and writes a `pipeline.toml` that works.

mod draft;
mod fly;
mod mix;
mod project;
mod router;
mod told;
mod written;

use serde_json::json;

use crate::app::App;
use crate::args::Init;
use crate::config::{Config, FILE_NAME};
use crate::error::{CliError, SourceFile};
use crate::exit::Exit;
use crate::render::Tone;
use draft::Drafted;

pub(crate) use project::Project;
pub(crate) use written::is_unignored;

pub(crate) async fn run(app: &App, args: Init) -> Result<Exit, CliError> {
    let project = Project::at(&app.around.cwd);
    if project.is_nothing() {
        let message = format!(
            "there is neither a mix.exs nor a fly.toml in {} or above it, up to its git repository",
            project.root.display()
        );
        return Err(CliError::usage(message).hint("go to the project's folder; `fly launch --no-deploy` writes a fly.toml, and `pipeline config > pipeline.toml` the commented reference to start from"));
    }
    let path = project.root.join(FILE_NAME);
    if path.symlink_metadata().is_ok() && !args.force && !args.dry_run {
        return Err(written::exists(&path));
    }
    let (text, drafted) = draft::draft(&project);
    check(app, &project, &text)?;
    let mut done = Done::default();
    if !args.dry_run {
        let kept = written::write(&project.root, &text, args.force)?;
        done.lines.push(format!("wrote {}", path.display()));
        done.lines.extend(kept.map(|it| format!("kept the old one as {}", it.display())));
        if written::is_unignored(&project.root).await == Some(true) {
            written::ignore(&project.root)?;
            done.lines
                .push("added /.pipeline/ to .gitignore: runs and logs do not belong in git".into());
        }
    }
    tell(app, (&project, &text), &drafted, &done)?;
    Ok(Exit::Good)
}

/// What was written.
#[derive(Debug, Default)]
struct Done {
    lines: Vec<String>,
}

/// What is written can be read: by the same code as ever after.
fn check(app: &App, project: &Project, text: &str) -> Result<(), CliError> {
    let file = SourceFile { path: project.root.join(FILE_NAME), text: text.to_owned() };
    Config::of(&file, &app.around.vars).map(drop).map_err(|error| {
        let why = error.render(false);
        CliError::new(
            Exit::Bug,
            format!("what was drafted cannot be loaded, so nothing is written\n{why}"),
        )
        .hint("please report it, with your fly.toml")
    })
}

fn tell(
    app: &App,
    (project, text): (&Project, &str),
    drafted: &[Drafted],
    done: &Done,
) -> Result<(), CliError> {
    let (found, missing) = (told::found(project), told::missing(project, drafted));
    let written = !done.lines.is_empty();
    if app.json() {
        let environments =
            drafted.iter().map(|it| json!({ "name": it.name, "why": it.why, "config": it.file }));
        let object = json!({
            "schema": 1, "path": project.root.join(FILE_NAME), "written": written, "did": done.lines,
            "environments": environments.collect::<Vec<_>>(), "found": found, "missing": missing, "text": text,
        });
        return app.object(&app.secrets(None), object);
    }
    if !written {
        app.fact(text.trim_end())?;
    }
    app.say(Tone::Head, "Found");
    say_all(app, &found);
    if !missing.is_empty() {
        app.say(Tone::Head, "Not found");
        say_all(app, &missing);
    }
    for line in &done.lines {
        app.say(Tone::Good, line);
    }
    let next = told::next(project, drafted);
    if written {
        app.say(Tone::Head, "Next");
        say_all(app, &next);
    }
    Ok(())
}

fn say_all(app: &App, lines: &[String]) {
    for line in lines {
        app.say(Tone::Plain, &format!("  {line}"));
    }
}
