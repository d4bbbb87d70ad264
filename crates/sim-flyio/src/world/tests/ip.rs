//! IP assignments.

use serde_json::{Value, json};

use super::{Story, config};

impl Story {
    fn assign(&mut self, app: &str, body: Value) -> Result<Value, String> {
        let ask = serde_json::from_value(body).unwrap();
        let given = self.world.assign_ip(app, &ask);
        given.map_err(|refusal| format!("{} {}", refusal.status, refusal.error))
    }
}

#[test]
fn addresses_are_given_once_and_come_back_when_they_are_released() {
    let mut story = Story::started(&config("v1"));
    story.world.create_app("other").unwrap();
    let mut given = |app: &str, kind: &str| story.assign(app, json!({ "type": kind })).unwrap();
    assert_eq!(given("shop", "v4")["ip"], "203.0.113.1");
    assert_eq!(given("other", "v4")["ip"], "203.0.113.2");
    assert_eq!(given("shop", "v6")["ip"], "2001:db8::1");
    assert_eq!(given("shop", "private_v6")["ip"], "fdaa:0:1:0:1::1");
    for app in ["shop", "other"] {
        let shared = given(app, "shared_v4");
        assert_eq!((&shared["ip"], &shared["shared"]), (&json!("198.51.100.1"), &json!(true)));
    }
    story.world.release_ip("shop", "2001:0db8:0::1").unwrap();
    assert_eq!(story.world.list_ips("shop").unwrap()["ips"].as_array().unwrap().len(), 3);
    assert_eq!(story.world.release_ip("shop", "203.0.113.2").unwrap_err().status, 404);
    assert_eq!(story.assign("shop", json!({ "type": "v6" })).unwrap()["ip"], "2001:db8::1");
}

#[test]
fn addresses_that_cannot_be_given_are_refused() {
    let mut story = Story::started(&config("v1"));
    story.assign("shop", json!({ "type": "shared_v4" })).unwrap();
    let table = [
        (json!({ "type": "shared_v4" }), "422"),
        (json!({ "type": "v5" }), "400 invalid_argument: unknown ip type 'v5'"),
        (json!({}), "400 invalid_argument: unknown ip type ''"),
        (json!({ "type": "v4", "region": "xyz" }), "400"),
        (json!({ "type": "v4", "org_slug": "theirs" }), "404 organization not found"),
    ];
    for (body, wanted) in table {
        let refused = story.assign("shop", body).unwrap_err();
        assert!(refused.starts_with(wanted), "{refused}");
    }
    for _ in 0..254 {
        story.assign("shop", json!({ "type": "v4" })).unwrap();
    }
    assert!(story.assign("shop", json!({ "type": "v4" })).unwrap_err().starts_with("422"));
}
