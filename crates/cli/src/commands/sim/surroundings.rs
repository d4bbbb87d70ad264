//! What points flyctl and pipeline at the simulator.

use std::path::Path;

use sim_flyio::SimFly;

use crate::app::{App, Surroundings};

/// What else to know. The alias is not exported: every program of that terminal would lose the net. Port 9 is closed
/// as a rule.
pub(super) const ADVICE: &str = "\
# no DNS knows these apps: deploy with --dns-checks=false, or flyctl waits a minute and warns
# flyctl alone asks the net for feature flags, too; to keep it from that:
# alias flyctl='HTTPS_PROXY=http://127.0.0.1:9 flyctl'";

/// Names and values of variables. flyctl prefers `FLY_ACCESS_TOKEN`: a real one must not be sent here. The rest keeps
/// flyctl from calling home, and from the settings and the agent of its user.
pub(super) fn surroundings(sim: &SimFly, home: &Path) -> Vec<(&'static str, String)> {
    let api = sim.api_url();
    let quiet = [
        ("FLY_CONFIG_DIR", home.display().to_string()),
        ("FLY_NO_UPDATE_CHECK", "1".into()),
        ("FLY_NO_INCIDENTS_CHECK", "1".into()),
        ("FLY_SEND_METRICS", "0".into()),
        ("FLY_METRICS_BASE_URL", api.clone()),
        ("FLY_SYNTHETICS_AGENT", "0".into()),
        ("FLY_SYNTHETICS_BASE_URL", api),
        ("FLY_TRACE_COLLECTOR_URL", "127.0.0.1".into()),
    ];
    whereabouts(sim).into_iter().chain(quiet).collect()
}

/// Where Fly.io is, and the token for it, by all the names that flyctl and pipeline know: none of them may be left to
/// point at the real one.
fn whereabouts(sim: &SimFly) -> [(&'static str, String); 5] {
    let (api, token) = (sim.api_url(), sim.token().to_owned());
    [
        ("FLY_FLAPS_BASE_URL", api.clone()),
        ("FLY_API_BASE_URL", api.clone()),
        ("FLY_UIEX_BASE_URL", api),
        ("FLY_API_TOKEN", token.clone()),
        ("FLY_ACCESS_TOKEN", token),
    ]
}

/// A command, as if it had been typed where these point at the simulator; `more` goes before what is there.
pub(crate) fn inside(
    app: &App,
    sim: &SimFly,
    more: impl IntoIterator<Item = (&'static str, String)>,
) -> App {
    let own = whereabouts(sim);
    let mut vars = app.around.vars.clone();
    vars.extend(own.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)));
    let around = Surroundings { vars, ..app.around.clone() };
    App { global: app.global.clone(), around }
}

/// A value as a shell reads it.
pub(super) fn quoted(value: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "/:._-".contains(it);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_where_a_shell_would_take_them_apart() {
        let table = [
            ("http://127.0.0.1:9", "http://127.0.0.1:9"),
            ("/tmp/a b", "'/tmp/a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ];
        for (value, wanted) in table {
            assert_eq!(quoted(value), wanted);
        }
    }
}
