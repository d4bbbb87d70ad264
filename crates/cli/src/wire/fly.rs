//! The Fly.io target of an environment.

use std::path::Path;

use secrecy::SecretString;
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy, Unreachable};

use crate::app::{App, Setting};
use crate::config::{self, Config, Environment, Fly};
use crate::error::{CliError, chain};

/// The target as the configuration has it, to look at or to deploy to.
pub(crate) fn fly_target(setting: Setting<'_>) -> Result<FlyTarget, CliError> {
    let fly = setting.environment.fly()?;
    Ok(FlyTarget::new(fly_config(setting, fly, fly_toml(setting.config, fly)?)?))
}

/// The target's name, in the store and everywhere else.
pub(crate) fn target_name(environment: &Environment) -> String {
    match &environment.target {
        config::Target::Fly(fly) => format!("flyio:{}", fly.app),
        config::Target::None => format!("none:{}", environment.name),
    }
}

pub(super) fn fly_toml(config: &Config, fly: &Fly) -> Result<FlyToml, CliError> {
    let path = config.dir.join(&fly.config);
    FlyToml::read(&path).map_err(|error| CliError::usage(chain(&error)))
}

/// For a target whose journal says what its machines shall be: the file may be another one by now, or none.
/// Where it can be read, it says how long to wait for them.
pub(super) fn no_fly_toml() -> Result<FlyToml, CliError> {
    FlyToml::parse(Path::new("fly.toml"), "").map_err(|error| CliError::usage(chain(&error)))
}

pub(super) fn fly_token(app: &App) -> Result<SecretString, CliError> {
    app.token().ok_or_else(|| {
        CliError::usage("there is no token for Fly.io: FLY_API_TOKEN is not set")
            .hint("`fly tokens create deploy` makes one; set FLY_API_TOKEN to it")
    })
}

pub(super) fn fly_config(
    setting: Setting<'_>,
    fly: &Fly,
    toml: FlyToml,
) -> Result<FlyConfig, CliError> {
    let Setting { app, environment, .. } = setting;
    let token = fly_token(app)?;
    let url = environment.url.clone().unwrap_or_else(|| format!("https://{}.fly.dev", fly.app));
    let mut config = FlyConfig::new(&fly.app, url, token, toml);
    for (name, base) in [
        ("FLY_FLAPS_BASE_URL", &mut config.api_url),
        ("FLY_API_BASE_URL", &mut config.graphql_base),
        ("FLY_UIEX_BASE_URL", &mut config.uiex_base),
    ] {
        if let Some(other) = address(app, name)? {
            *base = other;
        }
    }
    config.probe_url.clone_from(&fly.probe_url);
    config.strategy = fly.strategy.map_or(config.strategy, strategy);
    config.unreachable = match fly.unreachable {
        config::Unreachable::Abort => Unreachable::Abort,
        config::Unreachable::Skip => Unreachable::Skip,
    };
    (config.deadline, config.bake) = (fly.deadline, fly.bake);
    (config.ha, config.paced) = (fly.ha, fly.paced);
    config.wait_timeout = fly.wait_timeout.or(config.wait_timeout);
    config.lease_ttl = fly.lease_ttl;
    config.poll = fly.poll;
    config.drain = fly.drain;
    Ok(config)
}

/// Where one of Fly.io's APIs is instead, if the variable says so.
fn address(app: &App, name: &str) -> Result<Option<String>, CliError> {
    let Some(address) = app.var(name) else { return Ok(None) };
    if reqwest::Url::parse(address).is_err() {
        return Err(CliError::usage(format!("{name} is no address"))
            .hint("write it as http://HOST:PORT or https://HOST"));
    }
    Ok(Some(address.trim_end_matches('/').to_owned()))
}

/// The configured strategy in the target's words.
pub(crate) fn strategy(configured: config::Strategy) -> Strategy {
    match configured {
        config::Strategy::Rolling => Strategy::Rolling,
        config::Strategy::Canary => Strategy::Canary,
        config::Strategy::BlueGreen => Strategy::BlueGreen,
        config::Strategy::Immediate => Strategy::Immediate,
    }
}
