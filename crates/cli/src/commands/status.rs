//! `pipeline status ENV`: what runs where, and who holds the lock.

use std::fmt::Write as _;

use pipeline_core::Fault;
use serde_json::{Value, json};
use store_sql::Holder;
use target_flyio::MachineStatus;

use crate::app::{App, Setting};
use crate::args::Environment;
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::open_store;
use crate::{whoami, wire};

pub(crate) async fn run(app: &App, args: Environment) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    let environment = setting.environment;
    let fly = wire::fly_target(setting)?;
    let _waiting = app.waiting(&format!("asking what runs in {}", environment.name));
    let machines = fly.status().await.map_err(Fault::from)?;
    let store = open_store(&config).await?;
    let target = format!("flyio:{}", environment.fly()?.app);
    // Whoever is dead for certain holds nothing: what it left is told below.
    let lock = store.holder(&target).await?.filter(|it| !whoami::is_gone(&store, &it.owner));
    let secrets = setting.secrets();
    if app.json() {
        app.object(&secrets, object(&environment.name, &machines, lock.as_ref()))?;
    } else {
        let text = words(&environment.name, &machines, lock.as_ref());
        app.fact(secrets.strike(text.trim_end()).as_ref())?;
        if let Some(open) = store.unfinished(&target).await?.filter(|_| lock.is_none()) {
            app.fact(&format!("{0} was interrupted: `pipeline resume {0}` goes on", open.version))?;
        }
    }
    Ok(Exit::Good)
}

/// The version and the image that all machines share; `None` when they differ.
fn shared(machines: &[MachineStatus], of: fn(&MachineStatus) -> &str) -> Option<&str> {
    let first = machines.first().map(of)?;
    machines.iter().all(|it| of(it) == first).then_some(first)
}

fn object(environment: &str, machines: &[MachineStatus], lock: Option<&Holder>) -> Value {
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
        "lock": lock.map(|it| json!({
            "owner": it.owner.to_string(), "since": it.since.to_string(), "until": it.until.to_string(),
        })),
    })
}

fn words(environment: &str, machines: &[MachineStatus], lock: Option<&Holder>) -> String {
    let mut text = match shared(machines, |it| &it.version) {
        Some(version) => format!("{environment}: {version}\n"),
        None if machines.is_empty() => format!("{environment}: nothing runs\n"),
        None => format!("{environment}: more than one release\n"),
    };
    for machine in machines {
        let passing = machine.checks.iter().filter(|it| it.status == "passing").count();
        let checks = format!("{passing}/{} checks", machine.checks.len());
        let cordoned = if machine.cordoned { ", cordoned" } else { "" };
        let _ = writeln!(
            text,
            "  {}  {:<4} {:<9} {:<6} {}{cordoned}  {}",
            machine.id, machine.region, machine.state, machine.version, checks, machine.image
        );
    }
    if let Some(holder) = lock {
        let Holder { owner, since, until, .. } = holder;
        let _ = writeln!(text, "locked by {owner} since {since:.0}, until {until:.0}");
    }
    text
}
