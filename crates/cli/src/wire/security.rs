//! The security scan of a project, as it is configured.

use std::collections::BTreeMap;

use gates_mix::doctrine::pillars::Seal;
use gates_mix::doctrine::{Choice, Doctrine, DoctrineGate, Levels};
use gates_mix::{MixProject, Osv, Past, SecretRules, Security, Source, Unsafe};

use crate::app::wall;
use crate::config::{self, Advisories, Config};
use crate::error::{CliError, chain};

/// The gate, with its source of advisories and its looks at the project's own files.
pub(super) fn security(
    project: &MixProject,
    gates: &config::Gates,
    config: &Config,
) -> Result<Security, CliError> {
    let configured = &gates.security;
    let source = match &configured.advisories {
        Advisories::Folder(folder) => Source::Folder(config.dir.join(folder)),
        Advisories::Osv { url, max_age, max_stale } => {
            let osv = Osv::new().copy_dir(config.dir.join(".pipeline/cache/advisories"));
            let osv = osv.max_age(*max_age).max_stale(*max_stale);
            Source::Osv(match url {
                Some(url) => osv.base(url),
                None => osv,
            })
        }
    };
    let rules = secret_rules(configured, config)?;
    let gate =
        Security::new(project.clone(), wall()).source(source).policy(configured.policy.clone());
    let gate = if configured.retired { gate } else { gate.without_retired() };
    let gate = match &rules {
        Some(rules) if configured.history => gate.scan(Past::new(rules.clone())),
        _ => gate,
    };
    let mut levels: BTreeMap<_, _> =
        gates.doctrine.levels.iter().map(|(code, it)| (code.to_owned(), it)).collect();
    if !configured.secrets {
        levels.insert("SEAL/secret".to_owned(), Choice::Off);
    }
    let seal = Doctrine::new(vec![Box::new(Seal { secrets: rules })])
        .levels(Levels::new(levels))
        .exclude(gates.doctrine.exclude.clone())
        .demand_reasons(gates.doctrine.demand_reasons);
    Ok(gate.scan(Unsafe::new(DoctrineGate::new(project.clone(), seal))))
}

/// Our own rules, or those of the team's file.
pub(super) fn secret_rules(
    configured: &config::Security,
    config: &Config,
) -> Result<Option<SecretRules>, CliError> {
    let rules = match &configured.gitleaks {
        Some(file) => SecretRules::load(&config.dir.join(file)),
        None if configured.history => SecretRules::built_in(),
        None => return Ok(None),
    };
    rules.map(Some).map_err(|error| {
        CliError::usage(chain(&error))
            .hint("mend the file, or take `gitleaks` out of [gates.security]")
    })
}
