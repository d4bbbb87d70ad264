//! What `pipeline init` says: what it found, what it did not, and what to do next.

use super::draft::{Drafted, plain};
use super::fly::{FlyFile, is_production};
use super::project::Project;

/// What was found, a line each.
pub(super) fn found(project: &Project) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((file, top)) = project.mix.first() {
        let apps: Vec<String> = project.mix.iter().filter_map(|(_, it)| it.app.clone()).collect();
        let what = match &top.apps_path {
            Some(_) => {
                format!("an umbrella of {}: {}", many(apps.len(), "application"), apps.join(", "))
            }
            None => format!("the application {}", top.app.as_deref().unwrap_or("without a name")),
        };
        let tools = ["credo", "dialyxir", "sobelow", "mix_audit", "excoveralls"];
        let tools: Vec<&str> = tools.into_iter().filter(|it| project.dep(it).is_some()).collect();
        let with =
            if tools.is_empty() { String::new() } else { format!(", with {}", tools.join(", ")) };
        let release = top.releases.first().map(|it| format!("; release {it}")).unwrap_or_default();
        lines.push(row(file, &format!("{what}{with}{release}")));
    }
    lines.extend(project.flys.iter().map(of_fly));
    for router in &project.routers {
        let open = router.routes.iter().filter(|it| it.doubt.is_none()).count();
        let health = router.routes.iter().filter(|it| it.health().is_some()).map(|it| &*it.path);
        let health: Vec<&str> = health.collect();
        let health = if health.is_empty() {
            String::new()
        } else {
            format!("; health at {}", health.join(", "))
        };
        lines.push(row(
            &router.file,
            &format!(
                "{} without parameters, {open} of them open to all{health}",
                many(router.routes.len(), "GET route")
            ),
        ));
    }
    if project.dockerfile {
        lines.push(row("Dockerfile", "the image is made from it"));
    }
    lines
}

/// What a `fly.toml` says.
fn of_fly(fly: &FlyFile) -> String {
    let app = fly.app.as_ref().map_or("no app".to_owned(), |(app, _)| format!("app {app}"));
    let port = fly.port.map(|(port, _)| format!("port {port}"));
    let region = fly.region.as_ref().map(|(it, _)| it.clone());
    let checks = fly.checks.iter().map(|(path, _)| format!("check {path}"));
    let volume = fly.volume.as_ref().map(|_| "a volume".to_owned());
    let facts = [app].into_iter().chain(region).chain(port).chain(checks).chain(volume);
    let facts = facts.collect::<Vec<_>>().join(", ");
    let trouble = fly.trouble.as_ref().map(|it| format!("; cannot be deployed as it is: {it}"));
    row(&fly.name, &format!("{facts}{}", trouble.unwrap_or_default()))
}

/// What was not found, and what that means.
pub(super) fn missing(project: &Project, drafted: &[Drafted]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |name: &str, what: &str| lines.push(row(name, what));
    if project.mix.is_empty() {
        add("mix.exs", "no gates of an Elixir project");
    }
    if project.flys.is_empty() {
        add("fly.toml", "nothing to deploy to; `fly launch --no-deploy` writes one");
    } else if !drafted.iter().any(|it| is_production(&it.name)) {
        add(
            "production",
            "no fly.production.toml, and no app by that name; a draft is in the comments",
        );
    }
    for file in &project.odd_routers {
        add(
            file,
            "neither a router of Phoenix nor of Plug: add its pages as [[verify.smoke.checks]]",
        );
    }
    if !project.mix.is_empty() && project.routers.is_empty() && project.odd_routers.is_empty() {
        add("router", "no Phoenix or Plug router: add your pages as [[verify.smoke.checks]]");
    }
    let health = project.routers.iter().flat_map(|it| &it.routes).any(|it| it.health().is_some());
    if !health && project.flys.iter().all(|it| it.checks.is_empty()) {
        add(
            "health",
            "no health endpoint: with one, Fly.io and the watch see when a machine is not well",
        );
    }
    lines
}

/// What to do next.
pub(super) fn next(project: &Project, drafted: &[Drafted]) -> Vec<String> {
    let name = drafted.first().map_or("staging", |it| &*it.name);
    let mut lines = Vec::new();
    let mut add = |command: &str, what: &str| lines.push(format!("{command:<32}{what}"));
    add("pipeline doctor", "what is missing on this machine");
    if !project.mix.is_empty() {
        add("pipeline validate", "the gates");
    }
    if !project.flys.is_empty() {
        let name = if name.contains(' ') { format!("'{name}'") } else { name.to_owned() };
        add("pipeline lint", "what of fly.toml will hurt");
        add(
            &format!("pipeline rehearse {name}"),
            "a deploy to a simulated Fly.io; touches nothing real",
        );
        add(&format!("pipeline plan {name}"), "what a real one would do; needs a token");
    }
    lines
}

fn row(name: &str, what: &str) -> String {
    plain(&format!("{name:<17} {what}"))
}

fn many(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
