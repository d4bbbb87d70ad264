//! `[deploy]`: in which order, how fast, and what runs once before the first machine is touched.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::groups::Shared;
use super::reader::Section;
use super::vm::read_guest;
use super::{FlyToml, FlyTomlError, words};
use crate::config::Strategy;

/// How long a release command may run where the file does not say (flyctl: `deploy/machines.go`).
const RELEASE_TIMEOUT: Duration = Duration::from_mins(5);
/// The group of the machine that runs it (fly-go: `machine_types.go`).
const RELEASE_GROUP: &str = "fly_app_release_command";

/// A command that runs on a machine of its own before the first machine gets the new release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReleaseSpec {
    /// The command in words; the image's entrypoint comes before it.
    pub(crate) command: Vec<String>,
    /// The command as it is written, for people.
    pub(crate) line: String,
    /// How long it may run; `None` is for ever.
    pub(crate) timeout: Option<Duration>,
    /// The machine's configuration, without an image; with a size only where the file gives it one.
    pub(crate) config: Value,
}

/// Reads `[deploy]` into what the file says.
pub(super) fn read_deploy(
    toml: &mut FlyToml,
    root: &Section<'_>,
    shared: &Shared,
) -> Result<(), FlyTomlError> {
    let Some(section) = root.section("deploy")? else { return Ok(()) };
    let known = ["rolling", "bluegreen", "canary", "immediate"];
    toml.strategy = section.one_of("strategy", &known)?.map(|name| match &*name {
        "bluegreen" => Strategy::BlueGreen,
        "canary" => Strategy::Canary,
        "immediate" => Strategy::Immediate,
        _ => Strategy::Rolling,
    });
    toml.max_unavailable = section.number("max_unavailable")?;
    if toml.max_unavailable.is_some_and(|it| it <= 0.0) {
        return Err(section.error("max_unavailable", "must be greater than 0, such as 0.33 or 1"));
    }
    toml.wait_timeout = section.duration_with_unit("wait_timeout")?;
    toml.release = read_release(&section, shared)?;
    if section.text("seed_command")?.is_some_and(|it| !it.is_empty()) {
        let why = "is not run: flyctl runs it once, when `fly launch` makes a database";
        section.warn("seed_command", why);
    }
    section.finish();
    Ok(())
}

fn read_release(
    section: &Section<'_>,
    shared: &Shared,
) -> Result<Option<ReleaseSpec>, FlyTomlError> {
    let timeout = read_timeout(section)?;
    let guest = match section.section("release_command_vm")? {
        Some(vm) => {
            let guest = read_guest(&vm, shared.spec.host.as_deref())?;
            vm.finish();
            Some(guest)
        }
        None => None,
    };
    let Some(line) = section.text("release_command")?.filter(|it| !it.trim().is_empty()) else {
        return Ok(None);
    };
    let Some(command) = words::split(&line) else {
        return Err(section.error("release_command", "has a quote that is not closed"));
    };
    let mut config = shared.one_off(RELEASE_GROUP, "RELEASE_COMMAND");
    config["init"]["cmd"] = json!(command);
    let files: Vec<&Value> = shared.files.iter().map(|it| &it.config).collect();
    if !files.is_empty() {
        config["files"] = json!(files);
    }
    if let Some(stop) = &shared.spec.stop {
        config["stop_config"] = stop.clone();
    }
    if let Some(guest) = guest {
        config["guest"] = guest;
    }
    Ok(Some(ReleaseSpec { command, line, timeout, config }))
}

/// `none` is for ever, as flyctl's flag of that name has it.
fn read_timeout(section: &Section<'_>) -> Result<Option<Duration>, FlyTomlError> {
    let key = "release_command_timeout";
    if let Ok(Some(word)) = section.text(key)
        && word == "none"
    {
        return Ok(None);
    }
    Ok(Some(section.duration_with_unit(key)?.unwrap_or(RELEASE_TIMEOUT)))
}
