//! `pipeline man`: the manual, a page for each command.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man as Page;

use crate::app::App;
use crate::args::{Arguments, Man};
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;

pub(crate) fn run(app: &App, args: &Man) -> Result<Exit, CliError> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    // Names pages as man does: pipeline-deploy(1).
    command.build();
    let Some(dir) = &args.out else {
        app.fact(page(&command)?.trim_end())?;
        return Ok(Exit::Good);
    };
    let dir = app.around.cwd.join(dir);
    std::fs::create_dir_all(&dir).map_err(|error| unwritable(&dir, &error))?;
    let mut pages = Vec::new();
    write(&command, &dir, &mut pages)?;
    for path in &pages {
        app.fact(path)?;
    }
    app.say(Tone::Dim, &format!("{} pages; `man -M` wants them in a folder man1", pages.len()));
    Ok(Exit::Good)
}

/// The page of a command and those of its subcommands.
fn write(command: &Command, dir: &Path, pages: &mut Vec<String>) -> Result<(), CliError> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let path = dir.join(format!("{name}.1"));
    std::fs::write(&path, page(command)?).map_err(|error| unwritable(&path, &error))?;
    pages.push(path.display().to_string());
    let visible = command.get_subcommands().filter(|it| !it.is_hide_set());
    visible.into_iter().try_for_each(|it| write(it, dir, pages))
}

fn page(command: &Command) -> Result<String, CliError> {
    let mut page = Vec::new();
    Page::new(command.clone()).render(&mut page).map_err(|error| {
        CliError::new(Exit::Bug, format!("the manual page cannot be made: {error}"))
    })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::usage(format!("{}: cannot be written: {error}", path.display()))
        .hint("name a folder that you may write to with --out")
}
