//! What the application answers.

use std::time::Duration;

use hyper::{
    HeaderMap, Response, StatusCode,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use super::{Behaviour, paced::SLOW};

/// A request, and when it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) path: &'a str,
    pub(super) headers: &'a HeaderMap,
    /// How long the application has been up.
    pub(super) up: Duration,
    /// It fails by chance.
    pub(super) fails: bool,
}

/// The answer to a request.
pub(super) fn answer(app: &Behaviour, asked: Asked<'_>) -> Response<Bytes> {
    let response = if asked.fails || app.fails.as_deref() == Some(asked.path) {
        let status = StatusCode::from_u16(app.fail_status);
        page(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "Something went wrong")
    } else if let Some(pages) = &app.pages {
        let status = pages.get(asked.path).and_then(|status| StatusCode::from_u16(*status).ok());
        health(app, status.unwrap_or_default())
    } else {
        page_of(app, asked)
    };
    named(app, response)
}

/// Says who gives an answer.
pub(super) fn named(app: &Behaviour, mut response: Response<Bytes>) -> Response<Bytes> {
    let (machine, machine_version) = &app.machine;
    let told = [
        ("x-machine-id", machine),
        ("x-machine-version", machine_version),
        ("x-app-version", &app.version),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn page_of(app: &Behaviour, asked: Asked<'_>) -> Response<Bytes> {
    match asked.path {
        "/" | SLOW => page(StatusCode::OK, &format!("Shop {}", app.version)),
        "/dashboard" if is_allowed(app, asked.headers) => page(StatusCode::OK, "Dashboard"),
        "/dashboard" => page(StatusCode::UNAUTHORIZED, "Sign in first"),
        "/api/v1/health" if app.health.passes(asked.up) => health(app, StatusCode::OK),
        "/api/v1/health" => health(app, StatusCode::SERVICE_UNAVAILABLE),
        "/api/v1/status" => {
            let version = &app.version;
            json_page(StatusCode::OK, &json!({ "name": "shop", "version": version, "orders": 3 }))
        }
        _ => page(StatusCode::NOT_FOUND, "Not found"),
    }
}

fn health(app: &Behaviour, status: StatusCode) -> Response<Bytes> {
    let well = app.health_status.as_deref().unwrap_or("ok");
    let said = if status == StatusCode::OK { well } else { "failing" };
    let (machine, machine_version) = &app.machine;
    let mut body = json!({
        "status": said,
        "version": app.version,
        "machine": machine,
        "machine_version": machine_version,
    });
    if let Some(database) = &app.database {
        body["checks"] = json!({ "database": database });
    }
    json_page(status, &body)
}

fn is_allowed(app: &Behaviour, headers: &HeaderMap) -> bool {
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = sent.and_then(|sent| sent.strip_prefix("Bearer "));
    !app.token.0.is_empty() && token == Some(&app.token.0)
}

fn page(status: StatusCode, title: &str) -> Response<Bytes> {
    let html = format!("<!doctype html><title>{title}</title><h1>{title}</h1>\n");
    response(status, "text/html; charset=utf-8", html)
}

fn json_page(status: StatusCode, body: &Value) -> Response<Bytes> {
    response(status, "application/json", body.to_string())
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::{
        super::{HealthScript, Token},
        *,
    };

    fn status(app: &Behaviour, path: &str, token: Option<&str>) -> u16 {
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        let asked = Asked { path, headers: &headers, up: Duration::ZERO, fails: false };
        answer(app, asked).status().as_u16()
    }

    #[test]
    fn pages_answer_as_their_behaviour_says() {
        let good = Behaviour { token: Token("t".into()), fail_status: 500, ..Behaviour::default() };
        let sick = Behaviour { health: HealthScript::failing(), ..good.clone() };
        let broken = Behaviour { fails: Some("/dashboard".into()), ..good.clone() };
        let pages = Some([("/login".to_owned(), 302)].into());
        let stand_in = Behaviour { pages, ..good.clone() };
        let table = [
            (&good, "/", None, 200),
            (&good, "/dashboard", Some("t"), 200),
            (&good, "/dashboard", Some("wrong"), 401),
            (&good, "/dashboard", None, 401),
            (&Behaviour::default(), "/dashboard", Some(""), 401),
            (&good, "/api/v1/health", None, 200),
            (&good, "/api/v1/status", None, 200),
            (&good, "/nowhere", None, 404),
            (&sick, "/api/v1/health", None, 503),
            (&broken, "/dashboard", Some("t"), 500),
            (&broken, "/", None, 200),
            (&stand_in, "/login", None, 302),
            (&stand_in, "/anything", None, 200),
        ];
        for (app, path, token, wanted) in table {
            assert_eq!(status(app, path, token), wanted, "{path} {token:?} {app:?}");
        }
    }
}
