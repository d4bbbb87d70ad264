//! The official description of the Machines API, and how a reply differs from it.

use std::sync::LazyLock;

use serde_json::Value;

use crate::schema::{Findings, Schemas};

/// The description as Fly.io publishes it (`OpenAPI` 3.0.1, May 2026).
static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../fixtures/fly-machines-openapi.json");
    serde_json::from_str(text).expect("the fixture is JSON")
});

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// An operation of the description.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    responses: &'static Value,
}

/// All operations, in the order of the description.
pub(crate) fn operations() -> Vec<Operation> {
    let paths = DESCRIPTION["paths"].as_object().expect("it has paths");
    let all = paths.iter().flat_map(|(path, methods)| {
        METHODS.iter().filter_map(move |method| {
            let responses = &methods.get(*method)?["responses"];
            Some(Operation { method, path, responses })
        })
    });
    all.collect()
}

/// What a reply has that the description does not give it.
pub(crate) fn differences(
    (method, path): (&str, &str),
    (status, body): (u16, Option<&Value>),
) -> Findings {
    let mut findings = Findings::new();
    let path = path.split('?').next().unwrap_or(path);
    let Some(path) = path.strip_prefix("/v1") else { return findings };
    let operation = operations().into_iter().find(|it| it.is(method, path));
    let Some(operation) = operation else {
        findings.insert(format!("no such operation: {method} {path} ({status})"));
        return findings;
    };
    let response = &operation.responses[status.to_string()];
    if response.is_null() {
        findings.insert(match status {
            400.. => format!("status {status} is not described"),
            _ => format!("status {status} of {} is not described", operation.name()),
        });
    }
    match (operation.schema(status), body) {
        (Some(schema), Some(body)) => {
            Schemas(&DESCRIPTION).validate(&schema, body, ("reply", &mut findings));
        }
        (Some(_), None) => drop(findings.insert(format!("{} has no body", operation.name()))),
        (None, Some(_)) => drop(findings.insert(format!("{} has a body", operation.name()))),
        (None, None) => {}
    }
    findings
}

/// Which keys of the described schemas a reply has.
pub(crate) fn keys((method, path): (&str, &str), (status, body): (u16, &Value)) -> Findings {
    let mut seen = Findings::new();
    let path = path.split('?').next().and_then(|path| path.strip_prefix("/v1"));
    let operation = path.and_then(|path| operations().into_iter().find(|it| it.is(method, path)));
    if let Some(schema) = operation.and_then(|operation| operation.schema(status)) {
        Schemas(&DESCRIPTION).note(&schema, body, ("", &mut seen));
    }
    seen
}

/// The keys that the schemas of `seen` have and that are not among `seen`. Configurations are left
/// out: they are what clients sent.
pub(crate) fn missing(seen: &Findings) -> Findings {
    let schemas = seen.iter().filter_map(|key| key.rsplit_once('.')).map(|(schema, _)| schema);
    let schemas = schemas.filter(|schema| !schema.starts_with("fly."));
    let described = schemas.flat_map(|schema| Schemas(&DESCRIPTION).keys(schema));
    described.filter(|key| !seen.contains(key)).collect()
}

impl Operation {
    /// For example `GET /apps/{app_name}`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// Its path with `fill` in the place of each parameter.
    pub(crate) fn filled(&self, fill: impl Fn(&str) -> String) -> String {
        let parts = self.path.split('/').map(|part| match parameter(part) {
            Some(name) => fill(name),
            None => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }

    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        let (own, asked): (Vec<_>, Vec<_>) =
            (self.path.split('/').collect(), path.split('/').collect());
        let mut pairs = own.iter().zip(&asked);
        self.method.eq_ignore_ascii_case(method)
            && own.len() == asked.len()
            && pairs.all(|(own, asked)| own == asked || parameter(own).is_some())
    }

    /// Every refusal is an error response, described or not.
    fn schema(&self, status: u16) -> Option<Value> {
        let content = self.responses[status.to_string()]["content"].as_object();
        let described = content.and_then(|content| content.values().next());
        let described = described.map(|media| media["schema"].clone());
        let error = || serde_json::json!({ "$ref": "#/components/schemas/ErrorResponse" });
        described.or_else(|| (status >= 400).then(error))
    }
}

fn parameter(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}
