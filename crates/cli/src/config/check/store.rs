//! `[store]`.

use std::path::Path;

use store_sql::StoreError;
use toml::Spanned;

use super::{Check, Checked};
use crate::config::{StoreUrl, raw};

/// Where it is if nothing is said.
const USUAL: &str = "sqlite:.pipeline/pipeline.db";

impl Check<'_> {
    pub(super) fn store_url(&self, raw: &raw::Store, dir: &Path) -> Checked<StoreUrl> {
        match (&raw.url, &raw.url_env) {
            (Some(_), Some(variable)) => Err(self
                .error(Some(variable.span()), "the store's address stands in two places")
                .hint("say url or url_env, not both")),
            (None, Some(variable)) => self.store_of_variable(variable.get_ref(), dir),
            (url, None) => {
                let written = url.as_ref().map_or(USUAL, |it| it.get_ref());
                let span = url.as_ref().map(Spanned::span);
                // Whoever may read this file must not be able to log in with it.
                if !store_sql::secrets_of(written).is_empty() {
                    return Err(self.error(span, "a password stands in the configuration").hint(
                        "write url_env = \"PIPELINE_STORE_URL\" and set that variable to this address, or leave the \
                         password to PGPASSWORD or ~/.pgpass; and change the password if others have seen it",
                    ));
                }
                self.store_at(written, dir).map_err(|why| {
                    self.error(span, why.to_string())
                        .hint("write url = \"sqlite:PATH\", or \"postgres://USER@HOST/DATABASE\"")
                })
            }
        }
    }

    pub(super) fn keep(&self, raw: &raw::Store) -> Checked<Option<u32>> {
        match &raw.keep {
            Some(it) if *it.get_ref() == 0 => Err(self
                .error(Some(it.span()), "keep counts from 1")
                .hint("leave it out to keep the events and samples of every run")),
            keep => Ok(keep.as_ref().map(|it| *it.get_ref())),
        }
    }

    fn store_of_variable(&self, variable: &str, dir: &Path) -> Checked<StoreUrl> {
        let Some(written) = self.vars.get(variable).filter(|it| !it.is_empty()) else {
            // Not every command needs the store, such as the gates of a change from outside.
            return Ok(StoreUrl::Unset(variable.to_owned()));
        };
        self.store_at(written, dir)
            .map_err(|why| self.error(None, format!("the variable {variable}: {why}")))
    }

    #[expect(clippy::unused_self, reason = "it belongs to the others")]
    fn store_at(&self, written: &str, dir: &Path) -> Result<StoreUrl, StoreError> {
        let url = match written.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite:{}", dir.join(path).display()),
            None => written.to_owned(),
        };
        store_sql::place_of(&url)?;
        Ok(StoreUrl::Known(url))
    }
}
