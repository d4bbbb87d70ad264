//! Whether an answer is what was wanted. Pure.

use pipeline_core::Verdict;
use serde_json::Value;

use crate::config::SmokeCheck;
use crate::response::Response;

/// Headers in which an application may say which machine it runs on.
pub(crate) const MACHINE_HEADERS: [&str; 3] =
    ["fly-machine-id", "x-fly-machine-id", "x-machine-id"];

/// What an answer is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// In words that follow the request: "answered 500, wanted 200".
    pub(crate) message: String,
}

/// Judges an answer to `check`, asked of `instance` if of one alone.
///
/// A body is JSON with `"status": "unhealthy"` or `"degraded"` says so itself, whatever its `2xx` says.
pub(crate) fn judge(check: &SmokeCheck, instance: Option<&str>, response: &Response) -> Judgement {
    let (verdict, message) = elsewhere(instance, response)
        .or_else(|| wrong_status(check, response))
        .or_else(|| wrong_body(check, response))
        .or_else(|| unwell(response))
        .unwrap_or((Verdict::Passed, format!("answered {}", response.status)));
    Judgement { verdict, message }
}

type Found = Option<(Verdict, String)>;

/// An answer of another machine proves nothing about this one.
fn elsewhere(instance: Option<&str>, response: &Response) -> Found {
    let wanted = instance?;
    let answered = MACHINE_HEADERS.iter().find_map(|name| response.header(name))?;
    (answered != wanted).then(|| {
        (Verdict::Inconclusive, format!("was answered by another machine, {}", clip(answered)))
    })
}

fn wrong_status(check: &SmokeCheck, response: &Response) -> Found {
    if response.status == check.status {
        return None;
    }
    let to = response.header("location").map(|to| format!(" to {}", clip(to))).unwrap_or_default();
    Some((Verdict::Refused, format!("answered {}{to}, wanted {}", response.status, check.status)))
}

fn wrong_body(check: &SmokeCheck, response: &Response) -> Found {
    if !check.json {
        return None;
    }
    if response.cut {
        let message = "answered more than 1 MiB, too much to tell whether it is JSON";
        return Some((Verdict::Inconclusive, message.into()));
    }
    let error = serde_json::from_slice::<Value>(&response.body).err()?;
    let message = if response.body.is_empty() {
        format!("answered {} without a body, wanted JSON", response.status)
    } else {
        format!("answered {}, but not in JSON: {error}", response.status)
    };
    Some((Verdict::Refused, message))
}

fn unwell(response: &Response) -> Found {
    if !(200..300).contains(&response.status) {
        return None;
    }
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let status = body.get("status")?.as_str()?.to_ascii_lowercase();
    let verdict = match status.as_str() {
        "unhealthy" => Verdict::Refused,
        "degraded" => Verdict::Alert,
        _ => return None,
    };
    Some((verdict, format!("answered {}, but calls itself {status}", response.status)))
}

fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::response;

    fn words(check: &SmokeCheck, response: &Response) -> String {
        let judged = judge(check, Some("148e"), response);
        format!("{:?}: {}", judged.verdict, judged.message)
    }

    fn with(mut response: Response, name: &'static str, value: &str) -> Response {
        response.headers.insert(name, value.parse().unwrap());
        response
    }

    #[test]
    fn the_status_is_wanted_exactly() {
        let root = SmokeCheck::get("/");
        insta::assert_snapshot!(words(&root, &response(200, "<html>")), @"Passed: answered 200");
        insta::assert_snapshot!(words(&root, &response(500, "")),
            @"Refused: answered 500, wanted 200");
        insta::assert_snapshot!(words(&root, &response(204, "")),
            @"Refused: answered 204, wanted 200");
        insta::assert_snapshot!(words(&root, &with(response(302, ""), "location", "/login")),
            @"Refused: answered 302 to /login, wanted 200");
        let moved = root.clone().status(302);
        insta::assert_snapshot!(words(&moved, &response(302, "")), @"Passed: answered 302");
        insta::assert_snapshot!(words(&moved, &response(200, "")),
            @"Refused: answered 200, wanted 302");
    }

    #[test]
    fn json_is_wanted_only_where_asked_for() {
        let (any, json) = (SmokeCheck::get("/"), SmokeCheck::get("/").json());
        insta::assert_snapshot!(words(&any, &response(200, "{")), @"Passed: answered 200");
        insta::assert_snapshot!(words(&json, &response(200, "[1]")), @"Passed: answered 200");
        insta::assert_snapshot!(words(&json, &response(200, "<html>")),
            @"Refused: answered 200, but not in JSON: expected value at line 1 column 1");
        insta::assert_snapshot!(words(&json, &response(200, "")),
            @"Refused: answered 200 without a body, wanted JSON");
        let huge = Response { cut: true, ..response(200, "[1,") };
        insta::assert_snapshot!(words(&json, &huge),
            @"Inconclusive: answered more than 1 MiB, too much to tell whether it is JSON");
        insta::assert_snapshot!(words(&any, &huge), @"Passed: answered 200");
    }

    #[test]
    fn a_body_that_says_it_is_unwell_is_believed() {
        let health = SmokeCheck::get("/health");
        let says = |status: &str| response(200, &format!(r#"{{"status": "{status}"}}"#));
        insta::assert_snapshot!(words(&health, &says("healthy")), @"Passed: answered 200");
        insta::assert_snapshot!(words(&health, &says("Degraded")),
            @"Alert: answered 200, but calls itself degraded");
        insta::assert_snapshot!(words(&health, &says("unhealthy")),
            @"Refused: answered 200, but calls itself unhealthy");
        let page = health.status(503);
        let down = Response { status: 503, ..says("unhealthy") };
        insta::assert_snapshot!(words(&page, &down), @"Passed: answered 503");
    }

    #[test]
    fn another_machines_answer_proves_nothing() {
        let root = SmokeCheck::get("/");
        let answered = |id| with(response(500, ""), "fly-machine-id", id);
        insta::assert_snapshot!(words(&root, &answered("9080")),
            @"Inconclusive: was answered by another machine, 9080");
        insta::assert_snapshot!(words(&root, &answered("148e")),
            @"Refused: answered 500, wanted 200");
        // Where users' requests go, any machine may answer.
        assert_eq!(judge(&root, None, &answered("9080")).verdict, Verdict::Refused);
    }
}
