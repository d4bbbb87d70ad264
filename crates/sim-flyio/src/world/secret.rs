//! The vault of an app: secrets, and a version that grows with every write.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Target, World, effect::Host, lifecycle::State, machine::Machine, refusal::Refusal};
use crate::{
    clock::{Millis, rfc3339},
    digest::sha256,
};

/// The value of a secret, which no debug output shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct SecretText(String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

#[derive(Clone, Debug)]
struct Secret {
    value: SecretText,
    digest: String,
    created_at: Millis,
    updated_at: Millis,
}

/// All secrets of an app.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    version: u64,
    secrets: BTreeMap<String, Secret>,
}

/// What a version of a machine wants of the vault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SecretsAsk {
    /// It boots when the vault has reached this version, not before.
    pub(crate) min_version: u64,
    /// It gets no secrets.
    pub(crate) skip: bool,
}

/// What a read of the vault asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SecretsQuery {
    pub(crate) min_version: u64,
    pub(crate) show: bool,
}

impl Secret {
    fn to_json(&self, name: &str, show: bool) -> Value {
        let mut shown = json!({
            "name": name,
            "digest": self.digest,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
        });
        if show {
            shown["value"] = json!(self.value.0);
        }
        shown
    }
}

impl Vault {
    /// Puts a value in, or takes one out.
    fn write(&mut self, name: &str, value: Option<SecretText>, now: Millis) {
        let Some(value) = value else {
            self.secrets.remove(name);
            return;
        };
        let created_at = self.secrets.get(name).map_or(now, |old| old.created_at);
        // Sixteen digits, as the platform shows them.
        let digest = sha256(format!("{name}\0{}", value.0).as_bytes())[7..23].to_owned();
        let secret = Secret { value, digest, created_at, updated_at: now };
        self.secrets.insert(name.to_owned(), secret);
    }

    fn shown(&self, show: bool) -> Value {
        self.secrets.iter().map(|(name, secret)| secret.to_json(name, show)).collect()
    }

    fn reached(&self, min_version: u64) -> Result<(), Refusal> {
        let (has, wants) = (self.version, min_version);
        let why = format!("secrets version is {has}, which is less than min_version {wants}");
        (has >= wants).then_some(()).ok_or_else(|| Refusal::precondition(why))
    }
}

impl Machine {
    /// What the vault gives to the environment of the current version; `None` while the vault has
    /// not reached the version that the machine wants.
    pub(crate) fn secrets(&self, host: &Host) -> Option<BTreeMap<String, String>> {
        let (ask, none) = (self.version().secrets, Vault::default());
        let vault = host.vaults.get(&self.app).unwrap_or(&none);
        vault.reached(ask.min_version).ok()?;
        let given = vault.secrets.iter().filter(|_| !ask.skip);
        Some(given.map(|(name, secret)| (name.clone(), secret.value.0.clone())).collect())
    }

    /// Whether it stands still only because the vault was at `version`.
    fn waited_at(&self, version: u64) -> bool {
        self.stands_by() && self.version().secrets.min_version > version
    }

    /// Whether it is to start and nothing has been asked for that would start it.
    pub(super) fn stands_by(&self) -> bool {
        self.state == State::Starting && self.vm.is_none()
    }
}

impl World {
    pub(crate) fn list_secrets(&self, app: &str, ask: SecretsQuery) -> Result<Value, Refusal> {
        let secrets = self.vault(app, ask)?.map_or(json!([]), |vault| vault.shown(ask.show));
        Ok(json!({ "secrets": secrets }))
    }

    pub(crate) fn secret(
        &self,
        (app, name): (&str, &str),
        ask: SecretsQuery,
    ) -> Result<Value, Refusal> {
        let found = self.vault(app, ask)?.and_then(|vault| vault.secrets.get(name));
        let secret = found.ok_or_else(|| Refusal::not_found("secret"))?;
        Ok(secret.to_json(name, ask.show))
    }

    pub(crate) fn write_secrets(
        &mut self,
        app: &str,
        values: BTreeMap<String, Option<SecretText>>,
    ) -> Result<Value, Refusal> {
        let mut reply = self.put_secrets(app, values)?;
        reply["secrets"] = self.host.vaults[app].shown(false);
        Ok(reply)
    }

    pub(crate) fn set_secret(
        &mut self,
        (app, name): (&str, &str),
        value: SecretText,
    ) -> Result<Value, Refusal> {
        let mut reply = self.put_secrets(app, [(name.to_owned(), Some(value))].into())?;
        let shown = self.secret((app, name), SecretsQuery::default())?;
        for key in ["name", "digest", "created_at", "updated_at"] {
            reply[key] = shown[key].clone();
        }
        Ok(reply)
    }

    pub(crate) fn remove_secret(&mut self, app: &str, name: &str) -> Result<Value, Refusal> {
        self.secret((app, name), SecretsQuery::default())?;
        self.put_secrets(app, [(name.to_owned(), None)].into())
    }

    /// Writes all values or, if a name is bad, none. `None` removes a secret. The reply holds the
    /// version that the vault has then, in both spellings that clients read.
    fn put_secrets(
        &mut self,
        app: &str,
        values: BTreeMap<String, Option<SecretText>>,
    ) -> Result<Value, Refusal> {
        self.app(app)?;
        values.keys().try_for_each(|name| valid_name(name))?;
        let now = self.host.now;
        let vault = self.host.vaults.entry(app.to_owned()).or_default();
        for (name, value) in values {
            vault.write(&name, value, now);
        }
        vault.version += 1;
        let version = vault.version;
        self.wake(app, version - 1);
        Ok(json!({ "version": version, "Version": version }))
    }

    /// The vault of an app, if anything was ever written to it.
    fn vault(&self, app: &str, ask: SecretsQuery) -> Result<Option<&Vault>, Refusal> {
        self.app(app)?;
        let vault = self.host.vaults.get(app);
        vault.unwrap_or(&Vault::default()).reached(ask.min_version)?;
        Ok(vault)
    }

    fn leave_word(&mut self, app: &str, machine: &str) {
        let machines = self.apps.get_mut(app).map(|app| &mut app.machines);
        if let Some(machine) = machines.and_then(|machines| machines.get_mut(machine)) {
            machine.boot_after_all();
        }
    }

    /// Boots the machines that were waiting for the version after `before`.
    fn wake(&mut self, app: &str, before: u64) {
        let machines = self.apps[app].machines.values();
        let waiting = machines.filter(|machine| machine.waited_at(before));
        let waiting: Vec<String> = waiting.map(|machine| machine.id.clone()).collect();
        for machine in &waiting {
            match self.touch(Target { app, machine, nonce: None }) {
                Ok((machine, host)) => machine.boot(host),
                // A host that is cut off hears of it when it is back.
                Err(_) => self.leave_word(app, machine),
            }
        }
    }
}

/// A secret becomes a variable of the environment.
fn valid_name(name: &str) -> Result<(), Refusal> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let starts = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    let why = format!("secret name '{name}' may have letters, digits and underscores only");
    (starts && name.bytes().all(fits)).then_some(()).ok_or_else(|| Refusal::invalid(why))
}
