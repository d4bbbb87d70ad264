//! `[gates.doctrine]`: what a team decided about rules, and its own.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gates_mix::doctrine::{Choice, Levels, Matcher, Pattern, Rule, With};
use globset::{Glob, GlobSet, GlobSetBuilder};
use pipeline_core::Level;
use toml::Spanned;

use super::gates::Usually;
use super::{Check, Checked, malformed};
use crate::config::Doctrine;
use crate::config::raw::{self, Text};
use crate::error::{ConfigError, SourceFile};

const RULE_KEYS: &str =
    "a rule has id, message, remedy, level, code or comment or text, files, except";

impl Check<'_> {
    pub(super) fn doctrine(&self, raw: raw::Doctrine) -> Checked<Doctrine> {
        let gate = raw::Gate { enabled: raw.enabled, required: raw.required, timeout: raw.timeout };
        let own = raw.rules.unwrap_or_default();
        let mut rules =
            own.into_iter().map(|it| rule(self.file, it)).collect::<Checked<Vec<_>>>()?;
        if let Some(folder) = &raw.rules_folder {
            rules.extend(self.rules_of(folder)?);
        }
        Ok(Doctrine {
            gate: self.gate(&gate, Duration::from_mins(5), Usually::Off)?,
            with: self.with(raw.with.as_ref())?,
            only: raw.only.unwrap_or_default().into_iter().map(Spanned::into_inner).collect(),
            exclude: globs(self.file, &raw.exclude.unwrap_or_default())?,
            demand_reasons: raw.demand_reasons.unwrap_or(false),
            levels: self.levels(&raw.levels)?,
            strict: raw.strict.unwrap_or(false),
            rules,
        })
    }

    fn with(&self, raw: Option<&Text>) -> Checked<With> {
        match raw.map(|it| (it.span(), it.get_ref().as_str())) {
            None | Some((_, "native")) => Ok(With::Native),
            Some((_, "mix")) => Ok(With::Mix),
            Some((_, "both")) => Ok(With::Both),
            Some((span, other)) => Err(self
                .error(Some(span), format!("nobody looks at the doctrine with `{other}`"))
                .hint("with is \"native\", \"mix\" (the project's own mix check.doctrines) or \"both\"")),
        }
    }

    fn levels(&self, raw: &std::collections::BTreeMap<String, Text>) -> Checked<Levels> {
        let choice = |(code, level): (&String, &Text)| match level.get_ref().as_str() {
            "off" => Ok((code.clone(), Choice::Off)),
            "advisory" => Ok((code.clone(), Choice::Advisory)),
            "blocking" => Ok((code.clone(), Choice::Blocking)),
            other => Err(self
                .error(Some(level.span()), format!("there is no level `{other}`"))
                .hint("levels are \"off\", \"advisory\" and \"blocking\"")),
        };
        Ok(Levels::new(raw.iter().map(choice).collect::<Checked<_>>()?))
    }

    /// The rules in the files of a folder, in the order of their names.
    fn rules_of(&self, folder: &Text) -> Checked<Vec<Arc<Pattern>>> {
        let dir = self.file.path.parent().unwrap_or(Path::new(".")).join(folder.get_ref());
        let entries = std::fs::read_dir(&dir).map_err(|why| {
            self.error(
                Some(folder.span()),
                format!("the folder {} cannot be read: {why}", folder.get_ref()),
            )
            .hint("make it, or take rules_folder out")
        })?;
        let mut files: Vec<_> = entries.flatten().map(|it| it.path()).collect();
        files.retain(|it| it.extension().is_some_and(|it| it == "toml"));
        files.sort();
        let mut rules = Vec::new();
        for path in files {
            let text = std::fs::read_to_string(&path).map_err(|why| {
                self.error(Some(folder.span()), format!("{} cannot be read: {why}", path.display()))
            })?;
            let file = SourceFile { path, text };
            let raw: raw::RulesFile =
                toml::from_str(&file.text).map_err(|error| malformed(&file, &error, RULE_KEYS))?;
            for it in raw.rules {
                rules.push(rule(&file, it)?);
            }
        }
        Ok(rules)
    }
}

fn rule(file: &SourceFile, written: Spanned<raw::Rule>) -> Checked<Arc<Pattern>> {
    let (span, raw) = (written.span(), written.into_inner());
    let level = match raw.level.as_ref().map(|it| (it.span(), it.get_ref().as_str())) {
        None | Some((_, "blocking")) => Level::Blocking,
        Some((_, "advisory")) => Level::Advisory,
        Some((span, other)) => {
            let message = format!("there is no level `{other}`");
            return Err(ConfigError::at(file, Some(span), message)
                .hint("levels are \"blocking\" and \"advisory\""));
        }
    };
    let matcher = matcher(file, &raw, span)?;
    Ok(Arc::new(Pattern {
        rule: Rule { code: Cow::Owned(raw.id.into_inner()), level, remedy: Cow::Owned(raw.remedy) },
        message: raw.message,
        matcher,
        files: raw.files.map(|it| globs(file, &it)).transpose()?,
        except: globs(file, &raw.except)?,
    }))
}

fn matcher(file: &SourceFile, raw: &raw::Rule, span: std::ops::Range<usize>) -> Checked<Matcher> {
    match (&raw.code, &raw.comment, &raw.text) {
        (Some(code), None, None) => Matcher::code(code.get_ref()).map_err(|why| {
            ConfigError::at(file, Some(code.span()), why)
                .hint("write one expression; `_` and `...` are gaps")
        }),
        (None, Some(comment), None) => Ok(Matcher::Comment(regex(file, comment)?)),
        (None, None, Some(text)) => Ok(Matcher::Text(regex(file, text)?)),
        _ => {
            let message = "a rule looks for one thing: code, comment or text";
            Err(ConfigError::at(file, Some(span), message).hint("add code = \"IO.inspect(...)\""))
        }
    }
}

fn regex(file: &SourceFile, written: &Text) -> Checked<regex::Regex> {
    let built = regex::RegexBuilder::new(written.get_ref()).multi_line(true).build();
    built.map_err(|why| {
        let why = why.to_string();
        let last = why.lines().last().unwrap_or_default().to_owned();
        ConfigError::at(file, Some(written.span()), "this is no regular expression").hint(last)
    })
}

/// Globs of files; those of a folder reach all below it.
fn globs(file: &SourceFile, written: &[Text]) -> Checked<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for it in written {
        let glob = Glob::new(it.get_ref());
        let glob = glob.map_err(|why| ConfigError::at(file, Some(it.span()), why.to_string()));
        set.add(glob?);
    }
    set.build().map_err(|why| ConfigError::at(file, None, why.to_string()))
}
