//! Fly.io: the token, the app, the clocks; and the address where users come.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use target_flyio::{ApiError, FlyError};

use super::check::{Check, PATIENCE, within};
use crate::address::without_login;
use crate::app::{App, Setting, wall};
use crate::config::{Config, Environment, Fly};
use crate::error::chain;
use crate::wire;

/// How to make a token, for the app.
fn make_one(fly: &Fly) -> String {
    format!(
        "`fly tokens create deploy --app {}` makes one; export FLY_API_TOKEN=\"FlyV1 fm2_…\", all of what it prints; in CI as a secret",
        fly.app
    )
}

pub(super) async fn look(app: &App, config: &Config, environment: &Environment) -> Vec<Check> {
    let Ok(fly) = environment.fly() else { return Vec::new() };
    let mut checks = match app.token() {
        None => vec![
            Check::bad("token", "neither FLY_API_TOKEN nor FLY_ACCESS_TOKEN is set")
                .mend(make_one(fly)),
        ],
        Some(token) => vec![
            shape(token.expose_secret())
                .unwrap_or_else(|why| Check::bad("token", why).mend(make_one(fly))),
            may_read(Setting { app, config, environment }, fly).await,
        ],
    };
    // Everybody may ask what time it is.
    checks.push(clock(app).await);
    if let Some(other) = app.var("FLY_FLAPS_BASE_URL") {
        checks.push(
            Check::warn(
                "platform",
                format!(
                    "FLY_FLAPS_BASE_URL is set: {} is asked instead of Fly.io",
                    without_login(other)
                ),
            )
            .mend("unset it to go to Fly.io"),
        );
    }
    checks
}

/// Does the API show the app's machines to whoever has this token?
async fn may_read(setting: Setting<'_>, fly: &Fly) -> Check {
    let target = match wire::fly_target(setting) {
        Ok(target) => target,
        // fly.toml is told of elsewhere.
        Err(error) => return Check::unknown("app", error.to_string()).mend("mend that first"),
    };
    let app = &fly.app;
    match within("app", PATIENCE, target.status()).await {
        Err(late) => late,
        Ok(Err(error)) => refused(&error, fly),
        Ok(Ok(machines)) => Check::good(
            "app",
            match machines.first() {
                None => format!("the token may read {app}; nothing runs there yet"),
                Some(one) => format!(
                    "the token may read {app}: machines {}, {}",
                    machines.len(),
                    one.version
                ),
            },
        ),
    }
}

/// Does it look like a token? What it holds is never told.
fn shape(token: &str) -> Result<Check, String> {
    let bare =
        token.strip_prefix("FlyV1 ").or_else(|| token.strip_prefix("Bearer ")).unwrap_or(token);
    if token.trim() != token || token.starts_with(['"', '\'']) {
        return Err("it begins or ends with a space, a line break or a quote".into());
    }
    if bare.chars().any(|it| !it.is_ascii_graphic()) {
        return Err(
            "it has a character that no token has: was it copied whole, on one line?".into()
        );
    }
    let kinds = [
        ("fm2_", "a macaroon"),
        ("fm1r_", "a macaroon"),
        ("fm1a_", "a macaroon"),
        ("fo1_", "a personal token"),
    ];
    let kind = kinds.iter().find(|(prefix, _)| bare.split(',').any(|it| it.starts_with(prefix)));
    Ok(match kind {
        Some((_, kind)) => Check::good("token", format!("set; {kind}")),
        None => Check::warn("token", "set; of a kind that is not known here")
            .mend("see below whether it is accepted"),
    })
}

fn refused(error: &FlyError, fly: &Fly) -> Check {
    let app = &fly.app;
    match error {
        FlyError::Api(ApiError::Unauthorized { .. }) => {
            Check::bad("app", format!("Fly.io does not accept the token for {app}"))
                .mend(make_one(fly))
        }
        FlyError::Api(ApiError::NotFound { .. }) => {
            Check::bad("app", format!("there is no app {app}, or the token may not see it")).mend(
                format!(
                    "`fly apps create {app}` makes it; or mend app = \"{app}\" in pipeline.toml"
                ),
            )
        }
        other => Check::unknown("app", chain(other))
            .mend("look at https://status.flyio.net, and at your network"),
    }
}

/// The clock of this machine against the one of who is asked.
async fn clock(app: &App) -> Check {
    let api = app.var("FLY_FLAPS_BASE_URL").unwrap_or("https://api.machines.dev");
    let asked = async {
        let answer = client()?.get(api).send().await.ok()?;
        let date = answer.headers().get("date")?.to_str().ok()?;
        rfc2822::parse(date).ok().map(|it| it.timestamp())
    };
    match within("clock", PATIENCE, asked).await {
        Err(late) => late,
        Ok(None) => {
            Check::unknown("clock", "nobody says what time it is").mend("is the API in reach?")
        }
        Ok(Some(theirs)) => {
            let now = Timestamp::try_from(pipeline_core::Clock::now(&wall())).unwrap_or(theirs);
            judge_clock(now.duration_since(theirs).unsigned_abs(), now > theirs)
        }
    }
}

/// A Date has whole seconds, and the answer takes its time.
fn judge_clock(off: Duration, ahead: bool) -> Check {
    let way = if ahead { "ahead of" } else { "behind" };
    let told = format!("{} s {way} Fly.io's", off.as_secs());
    let remedy = "set the clock, best by NTP: leases and tokens are valid by it";
    match off.as_secs() {
        0..=3 => Check::good("clock", "as Fly.io's"),
        4..=30 => Check::warn("clock", told).mend(remedy),
        _ => Check::bad("clock", told).mend(remedy),
    }
}

/// Does the address where users come answer at all?
pub(super) async fn url(environment: &Environment) -> Vec<Check> {
    let Some(url) = &environment.url else { return Vec::new() };
    let asked = async { client()?.get(url).send().await.ok().map(|it| it.status()) };
    let url = without_login(url);
    vec![match within("url", PATIENCE, asked).await {
        Err(late) => late,
        Ok(Some(status)) if status.is_server_error() => {
            Check::warn("url", format!("{url} answers {status}"))
                .mend("is what runs there well? Its old release is what a new one is compared with")
        }
        Ok(Some(status)) => Check::good("url", format!("{url} answers {status}")),
        Ok(None) => Check::warn("url", format!("{url} does not answer"))
            .mend("before the first deploy nothing does; else is it right in pipeline.toml?"),
    }]
}

fn client() -> Option<reqwest::Client> {
    reqwest::Client::builder().redirect(Policy::none()).build().ok()
}

#[cfg(test)]
mod tests {
    use super::super::check::Mark;
    use super::*;

    #[test]
    fn a_token_is_judged_by_its_shape_and_never_told() {
        for (token, mark) in [
            ("FlyV1 fm2_abc,fm2_def", Some(Mark::Good)),
            ("fo1_abc", Some(Mark::Good)),
            ("another", Some(Mark::Warn)),
            ("\"fm2_abc\"", None),
            ("fm2_abc ", None),
            ("fm2_a\nbc", None),
            ("fm2_ä", None),
        ] {
            let said = shape(token);
            assert_eq!(said.as_ref().ok().map(|it| it.mark), mark, "{token}");
            let told = said.map_or_else(|why| why, |it| it.message);
            assert!(!told.contains("abc") && !told.contains("another"), "{told}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_told_with_its_way() {
        for (seconds, ahead, mark, message) in [
            (2, true, Mark::Good, "as Fly.io's"),
            (12, true, Mark::Warn, "12 s ahead of Fly.io's"),
            (90, false, Mark::Bad, "90 s behind Fly.io's"),
        ] {
            let check = judge_clock(Duration::from_secs(seconds), ahead);
            assert_eq!((check.mark, check.message.as_str()), (mark, message));
        }
    }
}
