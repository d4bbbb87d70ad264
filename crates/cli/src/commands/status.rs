//! `pipeline status ENV`: what runs where, and who holds the lock.

use std::fmt::Write as _;

use pipeline_core::Fault;
use serde_json::{Value, json};
use store_sql::{Holder, RunRow};
use target_flyio::MachineStatus;

use crate::app::{App, Setting};
use crate::args::Environment;
use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::tame_line;
use crate::session::look_into_store;
use crate::{whoami, wire};

pub(crate) async fn run(app: &App, args: Environment) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    let environment = setting.environment;
    let fly = wire::fly_target(setting)?;
    let _waiting = app.waiting(&format!("asking what runs in {}", environment.name));
    let machines = fly.status().await.map_err(Fault::from)?;
    let known = known(&config, &format!("flyio:{}", environment.fly()?.app)).await?;
    let secrets = setting.secrets();
    if app.json() {
        app.object(&secrets, object(&environment.name, &machines, &known))?;
    } else {
        let text = words(&environment.name, &machines, &known);
        app.fact(secrets.strike(text.trim_end()).as_ref())?;
    }
    Ok(Exit::Good)
}

/// What the store knows of a target.
#[derive(Default)]
struct Known {
    /// Who changes it now.
    lock: Option<Holder>,
    /// What nobody has ended.
    interrupted: Option<RunRow>,
}

async fn known(config: &Config, target: &str) -> Result<Known, CliError> {
    let Some(store) = look_into_store(config).await? else { return Ok(Known::default()) };
    // Whoever is dead for certain holds nothing.
    let lock = store.holder(target).await?.filter(|it| !whoami::is_gone(&store, &it.owner));
    let interrupted = store.unfinished(target).await?.filter(|_| lock.is_none());
    Ok(Known { lock, interrupted })
}

/// The version and the image that all machines share; `None` when they differ.
fn shared(machines: &[MachineStatus], of: fn(&MachineStatus) -> &str) -> Option<&str> {
    let first = machines.first().map(of)?;
    machines.iter().all(|it| of(it) == first).then_some(first)
}

fn object(environment: &str, machines: &[MachineStatus], known: &Known) -> Value {
    let rows: Vec<Value> = machines
        .iter()
        .map(|it| {
            json!({
                "id": it.id, "region": it.region, "state": it.state, "version": it.version,
                "image": it.image, "cordoned": it.cordoned, "checks": it.checks,
            })
        })
        .collect();
    json!({
        "schema": 1,
        "environment": environment,
        "release": shared(machines, |it| &it.version),
        "image": shared(machines, |it| &it.image),
        "machines": rows,
        "lock": known.lock.as_ref().map(|it| json!({
            "owner": it.owner.to_string(), "since": it.since.to_string(), "until": it.until.to_string(),
        })),
        "interrupted": known.interrupted.as_ref().map(|it| json!({ "run": it.id, "version": it.version })),
    })
}

fn words(environment: &str, machines: &[MachineStatus], known: &Known) -> String {
    let mut text = match shared(machines, |it| &it.version) {
        Some(version) => format!("{environment}: {}\n", tame_line(version)),
        None if machines.is_empty() => format!("{environment}: nothing runs\n"),
        None => format!("{environment}: more than one release\n"),
    };
    for machine in machines {
        let passing = machine.checks.iter().filter(|it| it.status == "passing").count();
        let checks = format!("{passing}/{} checks", machine.checks.len());
        let cordoned = if machine.cordoned { ", cordoned" } else { "" };
        let MachineStatus { id, region, state, version, image, .. } = machine;
        let [id, region, state, version, image] =
            [id, region, state, version, image].map(|it| tame_line(it));
        let _ = writeln!(
            text,
            "  {id}  {region:<4} {state:<9} {version:<6} {checks}{cordoned}  {image}"
        );
    }
    if let Some(holder) = &known.lock {
        let Holder { owner, since, until, .. } = holder;
        let owner = tame_line(&owner.to_string());
        let _ = writeln!(text, "locked by {owner} since {since:.0}, until {until:.0}");
    }
    if let Some(RunRow { version, .. }) = &known.interrupted {
        let version = tame_line(version);
        let _ = writeln!(text, "{version} was interrupted: `pipeline resume {version}` goes on");
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use store_sql::Owner;

    use super::*;

    #[test]
    fn whoever_holds_the_lock_gives_the_terminal_no_orders_and_forges_no_line() {
        let owner = Owner {
            who: "ada\x1b[2J".into(),
            host: "b\u{9b}2J\nv9 was interrupted".into(),
            machine: None,
            pid: 7,
            run: None,
        };
        let (since, until) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let lock = Some(Holder { owner, fence: 1, since, until });
        let machine = MachineStatus {
            id: "a".into(),
            region: "fra".into(),
            state: "started".into(),
            version: "v1\n\x1b[2J".into(),
            image: "shop\u{202e}".into(),
            cordoned: false,
            checks: Vec::new(),
        };
        let text = words("staging", &[machine], &Known { lock, interrupted: None });
        assert!(!text.contains(['\x1b', '\u{9b}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().count(), 3, "{text}");
    }
}
