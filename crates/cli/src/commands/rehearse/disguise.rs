//! What of an environment's verification a rehearsal can do: nothing real is asked, and nothing real is told.

use std::collections::BTreeMap;

use secrecy::SecretString;
use verify_http::{Expect, Measure, Variable};

use crate::config::{Config, Confirm, Target};

/// What stands for secrets that verifiers send: real ones have no business here.
const STAND_IN: &str = "made-up-for-this-rehearsal";

/// Takes everything real out of the configuration. What the verifiers send is what the machines are told.
pub(super) fn disguise(config: &mut Config, name: &str, env: &mut BTreeMap<String, String>) {
    // Nobody is told of what does not happen.
    config.notify.clear();
    let Some(environment) = config.environments.get_mut(name) else { return };
    environment.confirm = Confirm::Never;
    if let Target::Fly(fly) = &mut environment.target {
        fly.probe_url = None;
    }
    let mut made_up = |name: &str| -> SecretString {
        env.entry(name.to_owned()).or_insert_with(|| STAND_IN.to_owned()).clone().into()
    };
    let verify = &mut environment.verify;
    for check in &mut verify.smoke.checks {
        // The simulator has neither the site's certificate nor builds that know what they are.
        (check.tls_expires_after, check.echo) = (None, None);
    }
    let smoke = verify.smoke.checks.iter_mut().filter_map(|it| it.bearer.as_mut());
    let latency = verify.performance.endpoints.iter_mut().filter_map(|it| it.bearer.as_mut());
    for (name, secret) in smoke.chain(latency).chain(&mut verify.watch.bearer) {
        *secret = Some(made_up(name));
    }
    for secret in verify.journeys.iter_mut().flat_map(|it| it.0.secrets.values_mut()) {
        *secret = Variable::named(secret.name(), Some(made_up(secret.name())));
    }
}

/// The stand-in answers with the status that is wanted, and with some JSON: of what else is wanted it knows nothing. How
/// many journeys are left out, for it knows none of them.
pub(super) fn simplify(config: &mut Config, name: &str) -> usize {
    let Some(environment) = config.environments.get_mut(name) else { return 0 };
    let verify = &mut environment.verify;
    for check in &mut verify.smoke.checks {
        let Expect { status, json, .. } = std::mem::take(&mut check.expect);
        check.expect = Expect { status, json, ..Expect::default() };
    }
    for endpoint in &mut verify.performance.endpoints {
        (endpoint.status, endpoint.measure) = (None, Measure::Whole);
    }
    std::mem::take(&mut verify.journeys).len()
}
