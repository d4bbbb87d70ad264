//! Refusals as they have been seen, and what they are read as.

use super::*;

fn of(status: u16, body: &str) -> ApiError {
    let date = Some("Fri, 14 Aug 2026 09:57:30 GMT");
    let status = StatusCode::from_u16(status).unwrap();
    let reply = Reply { status, date, body, ..Reply::default() };
    ApiError::of("update machine a of shop", &reply)
}

/// Status, body, what is told, and whether asking again may help.
const REFUSALS: &[(u16, &str, &str, bool)] = &[
    (
        401,
        r#"{"error":"Authenticate: token validation error"}"#,
        "update machine a of shop: Fly.io does not accept the token: Authenticate: token validation error",
        false,
    ),
    (404, r#"{"error":"machine not found"}"#, "update machine a of shop: machine not found", false),
    (408, "", "update machine a of shop: Fly.io gave up waiting: no reason was given", true),
    (
        409,
        r#"{"error":"aborted: machine is replacing: concurrent update in progress"}"#,
        "update machine a of shop: aborted: machine is replacing: concurrent update in progress",
        false,
    ),
    (
        412,
        r#"{"error":"failed_precondition: machine getting replaced, refusing to start"}"#,
        "update machine a of shop: failed_precondition: machine getting replaced, refusing to start",
        false,
    ),
    (
        400,
        r#"{"error":"failed_precondition: unable to start machine from current state: 'created'"}"#,
        "update machine a of shop: failed_precondition: unable to start machine from current state: 'created'",
        false,
    ),
    (
        422,
        r#"{"error":"insufficient memory"}"#,
        "update machine a of shop: Fly.io cannot do it: insufficient memory",
        false,
    ),
    (429, "slow down", "update machine a of shop: too many requests: slow down", true),
    (502, "<html>", "update machine a of shop: Fly.io answered 502: <html>", true),
    (
        400,
        r#"{"status":"error","message":"bad"}"#,
        "update machine a of shop: Fly.io refused with 400: bad",
        false,
    ),
];

#[test]
fn refusals_are_told_apart_by_status_and_words() {
    for &(status, body, text, transient) in REFUSALS {
        let error = of(status, body);
        assert_eq!((error.to_string().as_str(), error.is_transient()), (text, transient));
        assert!(!error.next_step().is_empty());
    }
}

#[test]
fn a_lease_conflict_names_owner_and_expiry_and_how_long_it_is() {
    let error = of(
        409,
        r#"{"error":"aborted: machine ID a lease currently held by ann@tokens.fly.io, expires at 2026-08-14T09:57:35Z"}"#,
    );
    assert_eq!(
        error.to_string(),
        "update machine a of shop: the machine is leased by ann@tokens.fly.io until 2026-08-14T09:57:35Z"
    );
    assert!(matches!(error, ApiError::Leased { left: Some(left), .. } if left.as_secs() == 5));
}
#[test]
fn what_the_platform_itself_failed_at_names_its_request() {
    let told = |status: u16| {
        let status = StatusCode::from_u16(status).unwrap();
        let request = Some("01K2-fra");
        ApiError::of("stop machine a", &Reply { status, request, ..Reply::default() }).to_string()
    };
    let table = [
        (408, "stop machine a: Fly.io gave up waiting: no reason was given (request 01K2-fra)"),
        (504, "stop machine a: Fly.io answered 504: no reason was given (request 01K2-fra)"),
        (404, "stop machine a: no reason was given"),
        (429, "stop machine a: too many requests: no reason was given"),
    ];
    for (status, wanted) in table {
        assert_eq!(told(status), wanted);
    }
}

#[test]
fn a_lease_that_is_not_there_is_told_with_either_status() {
    let table = [
        (404, r#"{"error":"not_found: lease not found"}"#, true),
        (400, r#"{"error":"lease not found"}"#, true),
        (400, r#"{"error":"invalid ttl"}"#, false),
        (409, r#"{"error":"lease currently held by ann"}"#, false),
    ];
    for (status, body, gone) in table {
        assert_eq!(of(status, body).is_lease_gone(), gone, "{status} {body}");
    }
}
