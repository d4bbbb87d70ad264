//! `[[notify]]`.

use std::collections::BTreeSet;

use pipeline_notify::{Topic, is_repository};
use toml::Spanned;

use super::{Check, Checked};
use crate::config::raw::Text;
use crate::config::{Notify, NotifyTo, raw};
use crate::error::did_you_mean;

/// How to say where to.
const ONE_OF: &str = "say one of: webhook_env, slack_env, command, or repository with token_env";

impl Check<'_> {
    /// `known`: the environments there are.
    pub(super) fn notify(&self, raw: Spanned<raw::Notify>, known: &[&str]) -> Checked<Notify> {
        let (span, raw) = (raw.span(), raw.into_inner());
        let on = match &raw.on {
            Some(words) => words.iter().map(|it| self.topic(it)).collect::<Checked<_>>()?,
            None => usual(raw.repository.is_some()),
        };
        let environments = raw.environments.clone().unwrap_or_default();
        let environments =
            environments.into_iter().map(|it| self.known(it, known)).collect::<Checked<_>>()?;
        Ok(Notify { on, environments, to: self.notify_to(raw, span)? })
    }

    fn notify_to(&self, raw: raw::Notify, span: std::ops::Range<usize>) -> Checked<NotifyTo> {
        let strays = [
            (&raw.secret_env, raw.webhook_env.is_some(), "secret_env", "webhook_env"),
            (&raw.token_env, raw.repository.is_some(), "token_env", "repository"),
            (&raw.api, raw.repository.is_some(), "api", "repository"),
        ];
        for (key, has_its_own, name, own) in strays {
            if let (Some(key), false) = (key, has_its_own) {
                return Err(self.error(Some(key.span()), format!("{name} belongs to {own}")));
            }
        }
        match (raw.webhook_env, raw.slack_env, raw.command, raw.repository) {
            (Some(url), None, None, None) => {
                let secret = raw.secret_env.map(|it| self.secret(it.into_inner()));
                Ok(NotifyTo::Webhook { url: self.secret(url), secret })
            }
            (None, Some(url), None, None) => Ok(NotifyTo::Slack { url: self.secret(url) }),
            (None, None, Some(command), None) => {
                if command.get_ref().first().is_none_or(String::is_empty) {
                    return Err(self.error(Some(command.span()), "this command names no program"));
                }
                Ok(NotifyTo::Command(command.into_inner()))
            }
            (None, None, None, Some(repository)) => {
                self.github(&repository, raw.token_env, raw.api.as_ref())
            }
            (None, None, None, None) => {
                Err(self.error(Some(span), "this notifier does not say where to").hint(ONE_OF))
            }
            _ => Err(self.error(Some(span), "this notifier says where to twice").hint(ONE_OF)),
        }
    }

    fn github(
        &self,
        repository: &Text,
        token: Option<Text>,
        api: Option<&Text>,
    ) -> Checked<NotifyTo> {
        let name = repository.get_ref();
        if !is_repository(name) {
            return Err(self
                .error(Some(repository.span()), format!("`{name}` is no repository"))
                .hint("write it as OWNER/NAME"));
        }
        let api = api.map(|it| self.checked_url(it)).transpose()?;
        let token = token.map_or_else(|| "GITHUB_TOKEN".to_owned(), Spanned::into_inner);
        Ok(NotifyTo::Github { repository: name.clone(), token: self.secret(token), api })
    }

    fn topic(&self, raw: &Text) -> Checked<Topic> {
        Topic::named(raw.get_ref()).ok_or_else(|| {
            let known = Topic::ALL.map(Topic::as_str).join(", ");
            self.error(Some(raw.span()), format!("nobody can be told on `{}`", raw.get_ref()))
                .hint(format!("on takes: {known}"))
        })
    }

    fn known(&self, raw: Text, known: &[&str]) -> Checked<String> {
        if known.contains(&raw.get_ref().as_str()) {
            return Ok(raw.into_inner());
        }
        let message = format!("there is no environment `{}`", raw.get_ref());
        let error = self.error(Some(raw.span()), message);
        Err(match did_you_mean(raw.get_ref(), known.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("the environments are: {}", known.join(", "))),
        })
    }
}

/// What is told if nobody says what: a status says how it ended, people want to hear of trouble.
fn usual(status: bool) -> BTreeSet<Topic> {
    let unwanted = if status { Topic::Alert } else { Topic::Success };
    Topic::ALL.into_iter().filter(|it| *it != unwanted).collect()
}
