//! `[gates]`: which gates there are, and how their answers are read and remembered.

use std::collections::BTreeSet;
use std::time::Duration;

use gate_exec::Reader;
use pipeline_core::Trust;
use toml::Spanned;

use super::{Check, Checked};
use crate::config::raw::{self, Text};
use crate::config::{BUILT_IN, Exec, Gate, Gates, RULES};

const TEN_MINUTES: Duration = Duration::from_mins(10);

/// Is a gate there if nobody says so?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Usually {
    On,
    Off,
}

impl Check<'_> {
    /// `careful`: an environment where only answers that declare everything they depend on are believed again.
    pub(super) fn gates(&self, raw: raw::Gates, careful: bool) -> Checked<Gates> {
        let test = raw::Gate {
            enabled: raw.test.enabled,
            required: raw.test.required,
            timeout: raw.test.timeout,
        };
        let cycles = raw::Gate {
            enabled: raw.cycles.enabled,
            required: raw.cycles.required,
            timeout: raw.cycles.timeout,
        };
        let min_coverage = self.min_coverage(raw.test.min_coverage)?;
        let parallel = match raw.parallel {
            Some(it) if *it.get_ref() == 0 => {
                return Err(self
                    .error(Some(it.span()), "parallel counts from 1")
                    .hint("write 1 for one gate after the other"));
            }
            other => other.map_or(4, Spanned::into_inner),
        };
        let exec = raw.exec.into_iter().map(|(name, it)| Ok((name.clone(), self.exec(&name, it)?)));
        Ok(Gates {
            fail_fast: raw.fail_fast.unwrap_or(false),
            parallel,
            trust: self.trust(raw.cache.as_ref(), careful)?,
            format: self.gate(&raw.format, Duration::from_mins(2), Usually::On)?,
            compile: self.gate(&raw.compile, TEN_MINUTES, Usually::On)?,
            credo: self.gate(&raw.credo, TEN_MINUTES, Usually::On)?,
            test: self.gate(&test, TEN_MINUTES, Usually::On)?,
            min_coverage,
            // The first run on a machine builds the PLT.
            dialyzer: self.gate(&raw.dialyzer, Duration::from_mins(30), Usually::On)?,
            unused: self.gate(&raw.unused, Duration::from_mins(2), Usually::Off)?,
            cycles: self.gate(&cycles, TEN_MINUTES, Usually::Off)?,
            max_cycles: raw.cycles.max.unwrap_or(0),
            doctrine: self.doctrine(raw.doctrine)?,
            security: self.security(raw.security)?,
            health_score: self.health_score(raw.health_score)?,
            exec: exec.collect::<Checked<_>>()?,
        })
    }

    pub(super) fn gate(
        &self,
        raw: &raw::Gate,
        timeout: Duration,
        usually: Usually,
    ) -> Checked<Gate> {
        Ok(Gate {
            enabled: raw.enabled.unwrap_or(usually == Usually::On),
            required: raw.required.unwrap_or(true),
            timeout: self.duration(raw.timeout.as_ref(), timeout)?,
        })
    }

    fn min_coverage(&self, raw: Option<Spanned<f64>>) -> Checked<Option<f64>> {
        match raw {
            Some(it) if !(0.0..=100.0).contains(it.get_ref()) => Err(self
                .error(Some(it.span()), "min_coverage is a percentage, 0 to 100")
                .hint("write it as 80.0; leave it out to have none")),
            other => Ok(other.map(Spanned::into_inner)),
        }
    }

    fn trust(&self, raw: Option<&Text>, careful: bool) -> Checked<Trust> {
        match raw.map(|it| (it.span(), it.get_ref().as_str())) {
            None => Ok(if careful { Trust::Declared } else { Trust::All }),
            Some((_, "all")) => Ok(Trust::All),
            Some((_, "declared")) => Ok(Trust::Declared),
            Some((_, "off")) => Ok(Trust::Nothing),
            Some((span, other)) => Err(self
                .error(Some(span), format!("answers cannot be remembered as `{other}`"))
                .hint("cache is \"all\", \"declared\" or \"off\"")),
        }
    }

    fn exec(&self, name: &str, written: Spanned<raw::Exec>) -> Checked<Exec> {
        let (span, raw) = (written.span(), written.into_inner());
        if BUILT_IN.contains(&name) || RULES.contains(&name) {
            let message = format!("`{name}` is a gate that is there already");
            return Err(self.error(Some(span), message).hint("give this one another name"));
        }
        let command = match &raw.command {
            Some(it) if it.get_ref().first().is_some_and(|program| !program.is_empty()) => {
                it.get_ref().clone()
            }
            Some(it) => return Err(self.error(Some(it.span()), "this command names no program")),
            None => {
                let message = format!("the gate `{name}` has no command");
                let hint = "add command = [\"scripts/check\", \"--strict\"]";
                return Err(self.error(Some(span), message).hint(hint));
            }
        };
        let reader = self.reader(&raw, span)?;
        let gate = raw::Gate { enabled: raw.enabled, required: raw.required, timeout: raw.timeout };
        Ok(Exec {
            gate: self.gate(&gate, TEN_MINUTES, Usually::On)?,
            command,
            inputs: raw.inputs.map(|it| it.into_iter().map(Spanned::into_inner).collect()),
            environment: raw.environment.unwrap_or_default(),
            env: raw.env,
            reader,
            report: raw.report.map(Spanned::into_inner),
            needs: raw.needs.unwrap_or_default(),
        })
    }

    fn reader(&self, raw: &raw::Exec, span: std::ops::Range<usize>) -> Checked<Reader> {
        let refuse = || raw.refuse_codes.clone().map_or(BTreeSet::from([1]), BTreeSet::from_iter);
        match raw.read.as_ref().map(|it| (it.span(), it.get_ref().as_str())) {
            None | Some((_, "exit-code")) => Ok(Reader::ExitCode { refuse: refuse() }),
            Some((_, "sarif")) => Ok(Reader::Sarif),
            Some((_, "junit")) => Ok(Reader::Junit),
            Some((_, "regex")) => match &raw.pattern {
                Some(pattern) => Reader::regex(pattern.get_ref()).map_err(|why| {
                    let error = self.error(Some(pattern.span()), why.to_string());
                    // The pattern itself is shown above; what is wrong with it comes last.
                    let cause = std::error::Error::source(&why).map(ToString::to_string);
                    match cause.as_deref().and_then(|it| it.lines().last()) {
                        Some(cause) => error.hint(cause),
                        None => error,
                    }
                }),
                None => Err(self
                    .error(Some(span), "read = \"regex\" needs a pattern")
                    .hint("add pattern = '^(?<file>[^:]+):(?<line>[0-9]+): (?<message>.*)$'")),
            },
            Some((span, other)) => Err(self
                .error(Some(span), format!("answers cannot be read as `{other}`"))
                .hint("read is \"exit-code\", \"sarif\", \"junit\" or \"regex\"")),
        }
    }
}
