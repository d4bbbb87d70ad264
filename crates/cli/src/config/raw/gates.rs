//! `[gates]` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Doctrine, Over, Security, Text};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Gates {
    pub(in crate::config) fail_fast: Option<bool>,
    pub(in crate::config) parallel: Option<Spanned<u32>>,
    pub(in crate::config) cache: Option<Text>,
    pub(in crate::config) format: Gate,
    pub(in crate::config) compile: Gate,
    pub(in crate::config) credo: Gate,
    pub(in crate::config) test: Test,
    pub(in crate::config) dialyzer: Gate,
    pub(in crate::config) unused: Gate,
    pub(in crate::config) cycles: Cycles,
    pub(in crate::config) doctrine: Doctrine,
    pub(in crate::config) security: Security,
    #[serde(rename = "health-score")]
    pub(in crate::config) health_score: HealthScore,
    pub(in crate::config) exec: BTreeMap<String, Spanned<Exec>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Gate {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) required: Option<bool>,
    pub(in crate::config) timeout: Option<Text>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Test {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) required: Option<bool>,
    pub(in crate::config) timeout: Option<Text>,
    pub(in crate::config) min_coverage: Option<Spanned<f64>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Cycles {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) required: Option<bool>,
    pub(in crate::config) timeout: Option<Text>,
    pub(in crate::config) max: Option<usize>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct HealthScore {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) required: Option<bool>,
    pub(in crate::config) timeout: Option<Text>,
    pub(in crate::config) min_score: Option<Spanned<f64>>,
    pub(in crate::config) profile: Option<Text>,
    pub(in crate::config) weights: Option<Spanned<BTreeMap<Text, f64>>>,
    pub(in crate::config) allow_unmeasured: Option<bool>,
    pub(in crate::config) with: Option<Text>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Exec {
    pub(in crate::config) command: Option<Spanned<Vec<String>>>,
    pub(in crate::config) inputs: Option<Vec<Text>>,
    pub(in crate::config) environment: Option<Vec<String>>,
    pub(in crate::config) env: BTreeMap<String, String>,
    pub(in crate::config) read: Option<Text>,
    pub(in crate::config) report: Option<Text>,
    pub(in crate::config) pattern: Option<Text>,
    pub(in crate::config) refuse_codes: Option<Vec<i32>>,
    pub(in crate::config) needs: Option<Vec<String>>,
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) required: Option<bool>,
    pub(in crate::config) timeout: Option<Text>,
}

impl Over for Gates {
    fn over(self, base: &Self) -> Self {
        Self {
            fail_fast: self.fail_fast.or(base.fail_fast),
            parallel: self.parallel.or_else(|| base.parallel.clone()),
            cache: self.cache.or_else(|| base.cache.clone()),
            format: self.format.over(&base.format),
            compile: self.compile.over(&base.compile),
            credo: self.credo.over(&base.credo),
            test: self.test.over(&base.test),
            dialyzer: self.dialyzer.over(&base.dialyzer),
            unused: self.unused.over(&base.unused),
            cycles: self.cycles.over(&base.cycles),
            doctrine: self.doctrine.over(&base.doctrine),
            security: self.security.over(&base.security),
            health_score: self.health_score.over(&base.health_score),
            exec: exec_over(self.exec, &base.exec),
        }
    }
}

/// Gates of both; where both name one, key by key.
fn exec_over(
    own: BTreeMap<String, Spanned<Exec>>,
    base: &BTreeMap<String, Spanned<Exec>>,
) -> BTreeMap<String, Spanned<Exec>> {
    let mut all = base.clone();
    for (name, exec) in own {
        let span = exec.span();
        let merged = match base.get(&name) {
            Some(base) => exec.into_inner().over(base.get_ref()),
            None => exec.into_inner(),
        };
        all.insert(name, Spanned::new(span, merged));
    }
    all
}

impl Over for Gate {
    fn over(self, base: &Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            required: self.required.or(base.required),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
        }
    }
}

impl Over for Test {
    fn over(self, base: &Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            required: self.required.or(base.required),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
            min_coverage: self.min_coverage.or_else(|| base.min_coverage.clone()),
        }
    }
}

impl Over for Cycles {
    fn over(self, base: &Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            required: self.required.or(base.required),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
            max: self.max.or(base.max),
        }
    }
}

impl Over for HealthScore {
    fn over(self, base: &Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            required: self.required.or(base.required),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
            min_score: self.min_score.or_else(|| base.min_score.clone()),
            profile: self.profile.or_else(|| base.profile.clone()),
            // Weights are one whole: those of another place would not sum to 1 with these.
            weights: self.weights.or_else(|| base.weights.clone()),
            allow_unmeasured: self.allow_unmeasured.or(base.allow_unmeasured),
            with: self.with.or_else(|| base.with.clone()),
        }
    }
}

impl Over for Exec {
    fn over(self, base: &Self) -> Self {
        let mut env = base.env.clone();
        env.extend(self.env);
        Self {
            command: self.command.or_else(|| base.command.clone()),
            inputs: self.inputs.or_else(|| base.inputs.clone()),
            environment: self.environment.or_else(|| base.environment.clone()),
            env,
            read: self.read.or_else(|| base.read.clone()),
            report: self.report.or_else(|| base.report.clone()),
            pattern: self.pattern.or_else(|| base.pattern.clone()),
            refuse_codes: self.refuse_codes.or_else(|| base.refuse_codes.clone()),
            needs: self.needs.or_else(|| base.needs.clone()),
            enabled: self.enabled.or(base.enabled),
            required: self.required.or(base.required),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
        }
    }
}
