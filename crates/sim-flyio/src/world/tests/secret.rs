//! Secrets: versions, digests, and what machines see of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Effect, SecretText, SecretsQuery, lifecycle::State};
use super::{Story, config};

impl Story {
    /// Writes secrets; returns the version of the vault.
    fn secrets(&mut self, values: Value) -> u64 {
        let values: BTreeMap<String, Option<SecretText>> = serde_json::from_value(values).unwrap();
        self.world.write_secrets("shop", values).unwrap()["version"].as_u64().unwrap()
    }

    /// The environment of the boot that was asked for last.
    fn environment(&mut self) -> BTreeMap<String, String> {
        let mut boots =
            self.world.host.take_effects().into_iter().filter_map(|effect| match effect {
                Effect::Boot(boot) => Some(boot.env),
                _ => None,
            });
        boots.next_back().expect("a boot")
    }
}

#[test]
fn every_write_grows_the_version_and_replies_hold_digests_instead_of_values() {
    let mut story = Story::started(&config("v1"));
    assert_eq!(story.secrets(json!({ "A": "hush", "B": "b" })), 1);
    assert_eq!(story.secrets(json!({ "B": null })), 2);
    let show = SecretsQuery { min_version: 2, show: true };
    let listed = story.world.list_secrets("shop", SecretsQuery::default()).unwrap();
    assert_eq!(listed["secrets"].as_array().unwrap().len(), 1);
    assert_eq!(listed["secrets"][0]["digest"].as_str().unwrap().len(), 16);
    assert!(!listed.to_string().contains("hush"));
    assert_eq!(story.world.secret(("shop", "A"), show).unwrap()["value"], "hush");
    let early = SecretsQuery { min_version: 3, show: false };
    assert_eq!(story.world.list_secrets("shop", early).unwrap_err().status, 412);
    assert_eq!(story.world.remove_secret("shop", "A").unwrap()["version"], 3);
    assert_eq!(story.world.remove_secret("shop", "A").unwrap_err().status, 404);
    let bad = [("1A".to_owned(), None)].into();
    assert_eq!(story.world.write_secrets("shop", bad).unwrap_err().status, 400);
}

#[test]
fn secrets_win_over_the_configuration_and_lose_against_the_platform() {
    let mut story = Story::started(&config("v1"));
    story.secrets(json!({ "A": "secret", "FLY_REGION": "moon" }));
    story.effects();
    let mut config = config("v1");
    config["env"] = json!({ "A": "plain", "B": "plain" });
    story.update(json!({ "config": config })).unwrap();
    story.exits(1, 0);
    let env = story.environment();
    assert_eq!((&*env["A"], &*env["B"], &*env["FLY_REGION"]), ("secret", "plain", "ord"));
    story.boots(2);
    story.update(json!({ "config": config, "skip_secrets": true })).unwrap();
    story.exits(2, 0);
    assert_eq!(story.environment()["A"], "plain");
}

#[test]
fn a_machine_waits_for_the_version_of_the_vault_that_it_wants() {
    let mut story = Story::with(json!({ "config": config("v1"), "min_secrets_version": 2 }));
    assert_eq!((story.state(), story.effects()), (State::Starting, vec![]));
    story.secrets(json!({ "A": "1" }));
    assert_eq!(story.effects(), Vec::<String>::new());
    story.secrets(json!({ "A": "2" }));
    assert_eq!(story.environment()["A"], "2");
    story.secrets(json!({ "A": "3" }));
    assert_eq!(story.effects(), Vec::<String>::new(), "once is enough");
    story.boots(1);
    assert_eq!(story.state(), State::Started);
}

#[test]
fn no_debug_output_shows_a_value() {
    let mut story = Story::started(&config("v1"));
    story.secrets(json!({ "A": "hush-hush" }));
    story.update(json!({ "config": config("v2") })).unwrap();
    story.exits(1, 0);
    assert!(!format!("{:?}", story.world).contains("hush-hush"), "a boot is among its effects");
}
