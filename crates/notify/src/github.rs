//! The status of the commit that was deployed, at GitHub.

use async_trait::async_trait;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use thiserror::Error;

use crate::channel::{Channel, NotDelivered};
use crate::http::{self, ClientError};
use crate::notice::{Notice, Topic, short};

/// GitHub takes no longer description.
const LONGEST: usize = 140;

/// Why no status can be set.
#[derive(Debug, Error)]
pub enum RepositoryError {
    /// The name is none.
    #[error("`{0}` is no repository: write it as OWNER/NAME")]
    Name(String),
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Sets the status of the run's commit in the context `pipeline/ENVIRONMENT`: `success` where the release serves, `failure` where it did
/// not come or went back, `error` where a person is needed. See
/// [the API](https://docs.github.com/en/rest/commits/statuses#create-a-commit-status); the token needs `statuses: write`.
#[derive(Debug)]
pub struct GithubStatus {
    name: String,
    api: String,
    repository: String,
    token: SecretString,
    client: Client,
}

impl GithubStatus {
    /// For commits of this repository, `OWNER/NAME`.
    pub fn new(repository: &str, token: SecretString) -> Result<Self, RepositoryError> {
        if !is_repository(repository) {
            return Err(RepositoryError::Name(repository.to_owned()));
        }
        Ok(Self {
            name: format!("github {repository}"),
            api: "https://api.github.com".into(),
            repository: repository.to_owned(),
            token,
            client: http::client()?,
        })
    }

    /// Another address of the API, such as that of GitHub Enterprise.
    #[must_use]
    pub fn api(mut self, base: &str) -> Self {
        base.trim_end_matches('/').clone_into(&mut self.api);
        self
    }
}

/// Can it be the name of a repository: letters, digits and `-_.` on both sides of one slash?
#[must_use]
pub fn is_repository(name: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty()
            && !matches!(part, "." | "..")
            && part.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.'))
    };
    name.split_once('/').is_some_and(|(owner, name)| fits(owner) && fits(name))
}

#[async_trait]
impl Channel for GithubStatus {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), NotDelivered> {
        let commit = notice.revision.as_deref().filter(|it| is_commit(it));
        let Some(commit) = commit else {
            return Err(NotDelivered::ForGood("the run's commit is not known".into()));
        };
        let url = format!("{}/repos/{}/statuses/{commit}", self.api, self.repository);
        let request = self
            .client
            .post(url)
            .bearer_auth(self.token.expose_secret())
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .json(&status(notice));
        http::send(request).await
    }
}

fn is_commit(revision: &str) -> bool {
    revision.len() >= 40 && revision.bytes().all(|it| it.is_ascii_hexdigit())
}

/// The status: pure.
fn status(notice: &Notice) -> Value {
    let state = match notice.topic {
        // The run has not ended: what it comes to is told then.
        Topic::Alert => "pending",
        Topic::Success => "success",
        Topic::Failure | Topic::Rollback => "failure",
        Topic::Stuck => "error",
    };
    let mut status = json!({
        "state": state,
        "context": format!("pipeline/{}", notice.environment),
        "description": short(&notice.title, LONGEST),
    });
    if let Some(url) = &notice.url {
        status["target_url"] = json!(url);
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_two_names() {
        for (name, is) in [
            ("acme/shop", true),
            ("acme/shop.ex", true),
            ("acme", false),
            ("acme/", false),
            ("acme/shop/x", false),
            ("acme/..", false),
            ("acme/a?b", false),
        ] {
            assert_eq!(is_repository(name), is, "{name}");
        }
        assert!(is_commit(&"a".repeat(40)) && !is_commit("HEAD") && !is_commit("../../x"));
    }
}
