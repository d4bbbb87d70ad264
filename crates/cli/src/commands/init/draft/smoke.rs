//! The pages that a deploy is verified by.

use std::fmt::Write as _;

use super::super::project::Project;
use super::super::router::Route;
use super::text::{plain, quoted};

/// So many pages are checked beside the root and the health endpoints; others are proposed.
const PAGES: usize = 3;

/// A path to check, and where it was found.
struct Checked {
    path: String,
    places: Vec<String>,
    doubt: Option<String>,
    health: bool,
}

pub(super) fn smoke(text: &mut String, project: &Project) {
    let checks = checked(project);
    if checks.is_empty() {
        text.push_str("# No page was found that could be asked for. Name some, for each stage of a deploy is verified by them:\n# [[verify.smoke.checks]]\n# path = \"/\"\n\n");
        return;
    }
    text.push_str("# What must answer 200 after each stage of a deploy, through the public address and on each machine. Try it on what runs now before a\n# deploy rests on it: `pipeline verify ENV`.\n");
    let (sure, unsure) = split(checks);
    for check in &sure {
        let _ = writeln!(
            text,
            "[[verify.smoke.checks]]\npath = {}     # {}",
            quoted(&check.path),
            plain(&check.places.join(", "))
        );
        if check.health {
            text.push_str("# json = true      # if its answer is JSON\n");
        }
    }
    if sure.iter().any(|it| it.path == "/") {
        text.push_str("# If \"/\" leads to another page: redirects = 1 follows, status = 302 wants just that.\n");
    }
    if !unsure.is_empty() {
        text.push_str("# Found as well, and left out:\n");
    }
    for check in &unsure {
        let doubt = check.doubt.as_deref().unwrap_or("enough are checked");
        let _ = writeln!(
            text,
            "# [[verify.smoke.checks]]\n# path = {}     # {}: {}",
            quoted(&check.path),
            plain(&check.places.join(", ")),
            plain(doubt)
        );
    }
    after(text, &sure);
}

/// The watch, and what could be measured.
fn after(text: &mut String, sure: &[Checked]) {
    let best = sure.iter().find(|it| it.health);
    let _ = match best {
        Some(health) => writeln!(
            text,
            "\n# The minute after the switch: this one is probed all the time.\n[verify.watch]\npath = {}",
            quoted(&health.path)
        ),
        None => writeln!(
            text,
            "\n# No health endpoint was found. With one, the minute after the switch is watched:\n# [verify.watch]\n# path = \"/health\""
        ),
    };
    let page = sure.iter().find(|it| !it.health).or(best);
    if let Some(page) = page {
        let _ = writeln!(
            text,
            "\n# Latency against the old release; takes up to three minutes a stage:\n# [[verify.performance.endpoints]]\n# path = {}\n",
            quoted(&page.path)
        );
    }
}

/// Those that are checked, health first, and those that are only proposed.
fn split(checks: Vec<Checked>) -> (Vec<Checked>, Vec<Checked>) {
    let (mut sure, mut unsure, mut pages) = (Vec::new(), Vec::new(), 0);
    for check in checks {
        let more = check.health || check.path == "/" || pages < PAGES;
        if check.doubt.is_none() && more {
            pages += usize::from(!check.health && check.path != "/");
            sure.push(check);
        } else {
            unsure.push(check);
        }
    }
    (sure, unsure)
}

/// The paths of Fly.io's own checks and of the routers, each once: health endpoints, the root, the others.
fn checked(project: &Project) -> Vec<Checked> {
    let mut all: Vec<Checked> = Vec::new();
    let mut add = |path: &str, place: String, doubt: Option<String>, health: bool| {
        match all.iter_mut().find(|it| it.path == path) {
            Some(known) => {
                known.health |= health;
                // What Fly.io asks all the time answers.
                known.doubt = known.doubt.take().filter(|_| doubt.is_some());
                known.places.push(place);
            }
            None => all.push(Checked { path: path.to_owned(), places: vec![place], doubt, health }),
        }
    };
    for fly in &project.flys {
        for (path, line) in &fly.checks {
            add(path, format!("{}:{line}", fly.name), None, true);
        }
    }
    for router in &project.routers {
        for route in &router.routes {
            let Route { path, line, doubt } = route;
            add(path, format!("{}:{line}", router.file), doubt.clone(), route.health().is_some());
        }
    }
    all.sort_by_key(|it| (!it.health, it.path != "/"));
    all
}
