//! What an application says about itself in the body of its health endpoint. Pure.
//!
//! Shapes that are understood, in `checks`, `dependencies` or at the top: `{"database": "ok"}`, `{"database": {"status": "ok"}}`,
//! `{"database": false}`, `{"database": {"error": "timeout"}}`, a list of `{"name": "database", "status": "ok"}`, and the
//! `{"postgres:connections": [{"status": "pass"}]}` of health+json (draft-inadarei-api-health-check).

use serde_json::Value;

/// What people call the database of an application.
const DATABASES: [&str; 7] = ["database", "db", "repo", "ecto", "postgres", "postgresql", "sql"];
/// Words that say that something is down.
const DOWN: [&str; 14] = [
    "error",
    "down",
    "unhealthy",
    "fail",
    "failed",
    "failing",
    "critical",
    "unreachable",
    "unavailable",
    "disconnected",
    "timeout",
    "offline",
    "not_ok",
    "false",
];
/// Where the parts of an application stand in a body.
const PARTS: [&str; 4] = ["checks", "dependencies", "components", "services"];

/// What an application says is wrong with it, the worst first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ill {
    /// It does not reach its database; the part in its own words, such as `"database": "error"`.
    Database(String),
    /// It calls itself unhealthy.
    Unhealthy,
    /// It calls itself degraded.
    Degraded,
}

/// The worst that a body says, if it is JSON and says anything.
pub(crate) fn ill(body: &[u8]) -> Option<Ill> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let overall = match body.get("status").and_then(word).as_deref() {
        Some("degraded") => Some(Ill::Degraded),
        Some("unhealthy") => Some(Ill::Unhealthy),
        _ => None,
    };
    database(&body).map(Ill::Database).into_iter().chain(overall).min()
}

impl Ill {
    /// In words that follow "answered 200, ".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Database(part) => format!("says that its database is down ({part})"),
            Self::Unhealthy => "calls itself unhealthy".into(),
            Self::Degraded => "calls itself degraded".into(),
        }
    }
}

/// The part that says that the database is down.
fn database(body: &Value) -> Option<String> {
    // At the top only what can be nothing else: bodies of any kind have a `repo`.
    let top = ["database", "db"].into_iter().filter_map(|name| Some((name, body.get(name)?)));
    let parts = PARTS.iter().filter_map(|name| body.get(name)).flat_map(named);
    let mut databases = top.chain(parts.filter(|(name, _)| is_database(name)));
    let (name, part) = databases.find(|(_, part)| is_down(part))?;
    Some(format!("{}: {part}", Value::from(name)))
}

/// The parts of a map, or of a list of parts that have names.
fn named(parts: &Value) -> Vec<(&str, &Value)> {
    match parts {
        Value::Object(parts) => parts.iter().map(|(name, part)| (name.as_str(), part)).collect(),
        Value::Array(parts) => {
            parts.iter().filter_map(|it| Some((it.get("name")?.as_str()?, it))).collect()
        }
        _ => Vec::new(),
    }
}

fn is_database(name: &str) -> bool {
    let name = name.split(':').next().unwrap_or_default().to_ascii_lowercase();
    DATABASES.contains(&name.as_str())
}

fn is_down(part: &Value) -> bool {
    match part {
        Value::Array(parts) => parts.iter().any(is_down),
        Value::Object(fields) => {
            let says = ["status", "state", "ok", "healthy"].iter().find_map(|it| fields.get(*it));
            let error = || fields.get("error").is_some_and(|it| !it.is_null() && it != false);
            says.map_or_else(error, is_down)
        }
        plain => word(plain).is_some_and(|it| DOWN.contains(&it.as_str())),
    }
}

/// A text, or a truth, in small letters.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_ascii_lowercase()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(body: &str) -> String {
        ill(body.as_bytes()).map_or_else(|| "well".into(), |it| it.words())
    }

    #[test]
    fn a_body_says_how_its_application_is() {
        assert_eq!(words(r#"{"status": "healthy"}"#), "well");
        assert_eq!(words(r#"{"status": "Degraded"}"#), "calls itself degraded");
        assert_eq!(words(r#"{"status": "unhealthy"}"#), "calls itself unhealthy");
        for other in
            ["", "<html>", "[]", "7", r#"{"status": 7}"#, r#"{"status": {"status": "degraded"}}"#]
        {
            assert_eq!(words(other), "well", "{other}");
        }
    }

    #[test]
    fn a_database_that_is_down_is_found_in_every_shape() {
        let down = [
            r#"{"database": "error"}"#,
            r#"{"db": false}"#,
            r#"{"status": "ok", "checks": {"cache": "ok", "database": "down"}}"#,
            r#"{"status": "degraded", "checks": {"database": {"status": "error"}}}"#,
            r#"{"checks": {"Repo": {"error": "timeout"}}}"#,
            r#"{"checks": {"database": {"ok": false}}}"#,
            r#"{"dependencies": [{"name": "postgres", "status": "DOWN"}]}"#,
            r#"{"checks": {"postgres:connections": [{"status": "pass"}, {"status": "fail"}]}}"#,
        ];
        for body in down {
            assert!(matches!(ill(body.as_bytes()), Some(Ill::Database(_))), "{body}");
        }
        insta::assert_snapshot!(words(down[3]),
            @r#"says that its database is down ("database": {"status":"error"})"#);
    }

    #[test]
    fn a_database_that_is_up_or_no_database_at_all_is_not() {
        let up = [
            r#"{"database": "ok"}"#,
            r#"{"repo": "down"}"#,
            r#"{"database": null, "db": 7}"#,
            r#"{"checks": {"database": {"status": "ok", "error": "none lately"}}}"#,
            r#"{"checks": {"mail": "down", "database": "connected"}}"#,
            r#"{"checks": "down", "components": [{"status": "down"}]}"#,
            r#"{"checks": {"database": {"error": null, "latency_ms": 4}}}"#,
        ];
        for body in up {
            assert_eq!(words(body), "well", "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn foreign_bytes_never_panic(body: Vec<u8>) {
            ill(&body);
        }
    }
}
