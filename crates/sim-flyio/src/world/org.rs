//! Everything an organization has: its machines and volumes across all apps.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    World,
    app::{App, known_organization},
    list::{said, value_of},
    machine::Machine,
    page::{Cut, Page},
    refusal::Refusal,
    volume::Volume,
};
use crate::clock::{Millis, rfc3339};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct OrgQuery {
    page: Page,
    states: Vec<String>,
    region: Option<String>,
    include_deleted: bool,
    summary: bool,
    /// Leaves out what has not changed since; a cursor takes precedence.
    updated_after: Option<Millis>,
}

impl OrgQuery {
    pub(crate) fn read(query: &[(String, String)], now: Millis) -> Result<Self, Refusal> {
        let get = |name: &str| value_of(query, name);
        let states = get("state").into_iter().flat_map(said);
        let page = Page::read(query, now)?.limited();
        let since = get("updated_after").filter(|_| page.is_first()).map(time).transpose()?;
        Ok(Self {
            page,
            states: states.map(str::to_owned).collect(),
            region: get("region").filter(|region| !region.is_empty()).map(str::to_owned),
            include_deleted: get("include_deleted") == Some("true"),
            summary: get("summary") == Some("true"),
            updated_after: since,
        })
    }

    fn admits(&self, one: &One) -> bool {
        let named = self.states.iter().any(|state| state == one.state);
        (self.states.is_empty() || named)
            && (self.include_deleted || !one.deleted)
            && self.region.as_ref().is_none_or(|region| region == one.region)
            && self.updated_after.is_none_or(|since| one.updated_at > since)
    }

    /// The reply: the page under `name`, and where it ends.
    fn reply(&self, name: &str, found: Vec<(One<'_>, Value)>, now: Millis) -> Value {
        let admitted = found.into_iter().filter(|(one, _)| self.admits(one));
        let placed =
            admitted.map(|(one, shown)| (format!("{:016x}-{}", one.updated_at, one.id), shown));
        let Cut { items, next } = self.page.cut(placed.collect(), now);
        let mut reply = Map::new();
        if let Some(last) = items.last() {
            reply.insert(format!("last_{}_id", &name[..name.len() - 1]), last["id"].clone());
            reply.insert("last_updated_at".to_owned(), last["updated_at"].clone());
        }
        reply.extend(next.map(|cursor| ("next_cursor".to_owned(), json!(cursor))));
        reply.insert(name.to_owned(), Value::Array(items));
        Value::Object(reply)
    }
}

/// What the filters look at.
struct One<'a> {
    id: &'a str,
    state: &'a str,
    region: &'a str,
    deleted: bool,
    updated_at: Millis,
}

impl World {
    pub(crate) fn org_machines(&self, slug: &str, query: &OrgQuery) -> Result<Value, Refusal> {
        known_organization(Some(slug))?;
        let now = self.host.now;
        let machines = self.living_apps().flat_map(|app| app.machines.values());
        let readable = machines.filter(|machine| machine.is_readable(now));
        let found =
            readable.map(|machine| (one_machine(machine), machine_json(machine, query.summary)));
        let mut reply = query.reply("machines", found.collect(), now);
        reply["error_regions"] = json!([]);
        Ok(reply)
    }

    pub(crate) fn org_volumes(&self, slug: &str, query: &OrgQuery) -> Result<Value, Refusal> {
        known_organization(Some(slug))?;
        let now = self.host.now;
        let all =
            self.living_apps().flat_map(|app| app.visible_volumes(now).map(move |it| (app, it)));
        let found =
            all.map(|(app, volume)| (one_volume(volume, now), volume_json(app, volume, now)));
        Ok(query.reply("volumes", found.collect(), now))
    }

    /// The apps that were not deleted.
    pub(crate) fn living_apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values().filter(|app| !app.deleted)
    }
}

fn one_machine(machine: &Machine) -> One<'_> {
    One {
        id: &machine.id,
        state: machine.state.as_str(),
        region: &machine.region,
        deleted: machine.is_destroyed(),
        updated_at: machine.updated_at,
    }
}

fn one_volume(volume: &Volume, now: Millis) -> One<'_> {
    One {
        id: &volume.id,
        state: volume.state(now),
        region: &volume.region,
        deleted: volume.is_deleted(),
        updated_at: volume.updated_at(),
    }
}

fn machine_json(machine: &Machine, summary: bool) -> Value {
    let mut shown = json!({
        "app_name": machine.app,
        "id": machine.id,
        "name": machine.name,
        "state": machine.state,
        "region": machine.region,
        "instance_id": machine.version().id,
        "version": machine.version().id,
        "private_ip": machine.private_ip(),
        "created_at": rfc3339(machine.created_at),
        "updated_at": rfc3339(machine.updated_at),
    });
    if !summary && !machine.is_unreachable() {
        let config = machine.config().0;
        let keys = ["guest", "image", "metadata"].into_iter().filter(|key| !config[*key].is_null());
        let few = keys.map(|key| (key.to_owned(), config[key].clone()));
        shown["config"] = Value::Object(few.collect());
    }
    shown
}

fn volume_json(app: &App, volume: &Volume, now: Millis) -> Value {
    let mut shown = volume.to_json(app.holder(&volume.id), now);
    shown["app_name"] = json!(app.name);
    shown["updated_at"] = json!(rfc3339(volume.updated_at()));
    shown
}

fn time(text: &str) -> Result<Millis, Refusal> {
    let read = text.parse::<Timestamp>().map(Timestamp::as_millisecond);
    read.map_err(|_| Refusal::invalid("updated_after must be a time as in RFC 3339"))
}
