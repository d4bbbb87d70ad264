//! Tables about reading machines.

use serde_json::json;

use super::*;

fn machine(value: Value) -> Machine {
    serde_json::from_value(value).unwrap()
}

fn exit(code: i64, oom: bool, requested: bool, restarting: bool) -> Value {
    json!({"type": "exit", "request": {"exit_event": {
        "exit_code": code, "guest_exit_code": code, "guest_signal": -1, "oom_killed": oom,
        "requested_stop": requested, "restarting": restarting,
    }}})
}

#[test]
fn nulls_and_missing_keys_are_empty() {
    let read = machine(
        json!({"id": "a", "cordoned": null, "checks": null, "events": null, "image_ref": null, "more": 1}),
    );
    assert_eq!((read.cordoned, read.checks.len(), read.full_image()), (false, 0, String::new()));
}

#[test]
fn an_image_is_compared_by_digest_where_there_is_one() {
    let it =
        machine(json!({"config": {"image": "r/shop:v2"}, "image_ref": {"digest": "sha256:2"}}));
    let table = [
        ("r/shop:v2", true),
        ("r/shop:v2@sha256:2", true),
        ("r/shop@sha256:2", true),
        ("r/shop:v2@sha256:1", false),
        ("r/shop:v1", false),
        ("r/shop:v", false),
    ];
    for (wanted, runs) in table {
        assert_eq!(it.runs(wanted), runs, "{wanted}");
    }
    assert_eq!(it.full_image(), "r/shop:v2@sha256:2");
}

#[test]
fn a_crash_is_what_will_not_mend_itself_since_the_last_change() {
    let update = json!({"type": "update"});
    let start = json!({"type": "start"});
    let table = [
        (vec![], None),
        (
            vec![exit(1, false, false, false), start.clone(), update.clone()],
            Some("it exited with code 1"),
        ),
        (vec![exit(1, false, false, true), start.clone(), update.clone()], None),
        (
            vec![
                start.clone(),
                exit(1, false, false, true),
                start.clone(),
                exit(2, false, false, true),
                update.clone(),
            ],
            Some("it exited with code 1"),
        ),
        (
            vec![start.clone(), exit(137, true, false, true), update.clone()],
            Some("it ran out of memory"),
        ),
        (vec![exit(1, false, true, false), start.clone(), update.clone()], None),
        (vec![exit(0, false, false, false), start.clone(), update.clone()], None),
        (vec![start, update, exit(1, false, false, false)], None),
    ];
    for (events, crash) in table {
        let it = machine(json!({"events": events}));
        assert_eq!(it.crash().as_deref(), crash, "{events:?}");
    }
}

#[test]
fn health_needs_a_report_where_checks_are_configured() {
    let checked = json!({"services": [{"checks": [{"type": "http"}]}]});
    let table = [
        (json!({}), json!([]), true),
        (checked.clone(), json!([]), false),
        (checked.clone(), json!([{"name": "a", "status": "passing"}]), true),
        (checked.clone(), json!([{"name": "a", "status": "warning"}]), false),
        (checked.clone(), json!([{"name": "bg_deployments_compat-1", "status": "passing"}]), false),
        (
            checked,
            json!([{"name": "a", "status": "passing"}, {"name": "b", "status": "critical"}]),
            false,
        ),
    ];
    for (config, checks, healthy) in table {
        let it = machine(json!({"config": config, "checks": checks}));
        assert_eq!(it.is_healthy(), healthy, "{checks}");
    }
}

#[test]
fn foreign_machines_are_told_with_the_reason() {
    let of = |metadata: Value| machine(json!({"config": {"metadata": metadata}})).foreign();
    assert_eq!(of(json!({"fly_platform_version": "v2", "fly_process_group": "app"})), None);
    assert!(of(json!({})).unwrap().contains("fly_platform_version"));
    let reserved = json!({"fly_platform_version": "v2", "fly_process_group": "fly_app_console"});
    assert!(of(reserved).unwrap().contains("fly_app_console"));
}
