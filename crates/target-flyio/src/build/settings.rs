//! Docker's settings for one build: the user's own, and beside them the key to Fly.io's registry.
//!
//! Docker reads its settings from one folder. For a build it gets a folder of its own, in which everything but
//! `config.json` is a link to what the user has: contexts, builders and plug-ins stay within reach, nothing of
//! the user's is written, and the key lies on disk, for this user's eyes only, no longer than the build takes.
//! What was killed with SIGKILL leaves the folder behind.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;

use secrecy::SecretString;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::error::BuildError;
use super::key::docker_auth;

const FILE: &str = "config.json";

/// Makes the folder, which goes with the value that is given back.
pub(super) fn make(
    users: Option<&Path>,
    registry: &str,
    token: &SecretString,
) -> Result<TempDir, BuildError> {
    let temporary = std::env::temp_dir();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| BuildError::Settings { path, source }
    };
    let folder = tempfile::Builder::new()
        .prefix("pipeline-docker-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(failed(&temporary))?;
    let file = users.map(|it| it.join(FILE));
    let text = match &file {
        Some(file) => read(file).map_err(failed(file))?,
        None => None,
    };
    let source = file.as_deref().unwrap_or(&temporary);
    let settings = with_key(text.as_deref(), registry, token).map_err(failed(source))?;
    write(&folder.path().join(FILE), &settings).map_err(failed(folder.path()))?;
    if let Some(users) = users {
        link(users, folder.path()).map_err(failed(users))?;
    }
    Ok(folder)
}

/// The user's settings with the key added. A store of keys that the user has would not know ours, so the
/// registry is taken out of it: an empty name means the file itself (docker: cli/config/configfile/file.go,
/// `getConfiguredCredentialStore`).
fn with_key(users: Option<&str>, registry: &str, token: &SecretString) -> io::Result<String> {
    let mut settings: Map<String, Value> = match users {
        Some(text) if !text.trim().is_empty() => serde_json::from_str(text)?,
        _ => Map::new(),
    };
    let key = json!({ "auth": docker_auth(token) });
    for (section, value) in [("auths", key), ("credHelpers", json!(""))] {
        let section = settings.entry(section).or_insert_with(|| json!({}));
        if let Some(section) = section.as_object_mut() {
            section.insert(registry.to_owned(), value);
        } else {
            *section = json!({ registry: value });
        }
    }
    Ok(Value::Object(settings).to_string())
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn link(from: &Path, to: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name() != FILE {
            symlink(fs::canonicalize(from)?.join(entry.file_name()), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> SecretString {
        SecretString::from("FlyV1 abc".to_owned())
    }

    fn keyed(users: Option<&str>) -> Value {
        let text = with_key(users, "registry.fly.io", &token()).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_key_is_added_and_everything_else_stays() {
        let ours = json!({ "auth": "eDphYmM=" });
        let alone = json!({ "auths": { "registry.fly.io": ours }, "credHelpers": { "registry.fly.io": "" } });
        for users in [None, Some(""), Some("{}"), Some(r#"{"auths": null, "credHelpers": []}"#)] {
            assert_eq!(keyed(users), alone, "{users:?}");
        }
        let users = json!({
            "auths": { "ghcr.io": { "auth": "x" }, "registry.fly.io": { "auth": "old" } },
            "credsStore": "desktop",
            "credHelpers": { "gcr.io": "gcloud" },
            "currentContext": "far",
            "cliPluginsExtraDirs": ["/opt"],
        });
        let made = keyed(Some(&users.to_string()));
        assert_eq!(made["auths"], json!({ "ghcr.io": { "auth": "x" }, "registry.fly.io": ours }));
        assert_eq!(made["credHelpers"], json!({ "gcr.io": "gcloud", "registry.fly.io": "" }));
        for same in ["credsStore", "currentContext", "cliPluginsExtraDirs"] {
            assert_eq!(made[same], users[same]);
        }
    }

    #[test]
    fn the_folder_is_for_one_pair_of_eyes_links_to_the_rest_and_goes() {
        let users = tempfile::tempdir().unwrap();
        fs::create_dir(users.path().join("contexts")).unwrap();
        fs::write(users.path().join("contexts/far"), "here").unwrap();
        fs::write(users.path().join(FILE), r#"{"currentContext": "far"}"#).unwrap();
        let folder = make(Some(users.path()), "registry.fly.io", &token()).unwrap();
        let path = folder.path().to_owned();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join(FILE))), (0o700, 0o600));
        assert_eq!(fs::read_to_string(path.join("contexts/far")).unwrap(), "here");
        drop(folder);
        assert!(!path.exists());
        let left = fs::read_to_string(users.path().join(FILE)).unwrap();
        assert_eq!(left, r#"{"currentContext": "far"}"#);
        assert!(users.path().join("contexts/far").exists(), "only the link has gone");
    }

    #[test]
    fn a_user_without_settings_is_no_trouble_and_one_with_broken_ones_is_told() {
        assert!(make(None, "registry.fly.io", &token()).is_ok());
        let nowhere = tempfile::tempdir().unwrap().path().join("gone");
        assert!(make(Some(&nowhere), "registry.fly.io", &token()).is_ok());
        let users = tempfile::tempdir().unwrap();
        fs::write(users.path().join(FILE), "{").unwrap();
        let error = make(Some(users.path()), "registry.fly.io", &token()).unwrap_err();
        assert!(error.to_string().ends_with("config.json"), "{error}");
    }
}
