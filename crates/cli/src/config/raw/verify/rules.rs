//! What an answer must be, as it is written: the same keys wherever something is asked.

use std::collections::BTreeMap;

use toml::{Spanned, Value};

use super::{SmokeCheck, Step};
use crate::config::raw::Text;

/// A value with its place in the file.
pub(in crate::config) type Written = Spanned<Value>;

/// The keys of one request that are about its answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Rules<'r> {
    pub(in crate::config) status: Option<&'r Written>,
    pub(in crate::config) json: bool,
    pub(in crate::config) json_path: &'r BTreeMap<String, Written>,
    pub(in crate::config) response_headers: &'r BTreeMap<String, Written>,
    pub(in crate::config) matches: Option<&'r Written>,
    pub(in crate::config) not_matches: Option<&'r Written>,
    pub(in crate::config) schema: Option<&'r Text>,
    pub(in crate::config) took_at_most: Option<&'r Text>,
    pub(in crate::config) body_at_most: Option<&'r Spanned<usize>>,
}

impl SmokeCheck {
    pub(in crate::config) fn rules(&self) -> Rules<'_> {
        Rules {
            status: self.status.as_ref(),
            json: self.json,
            json_path: &self.json_path,
            response_headers: &self.response_headers,
            matches: self.matches.as_ref(),
            not_matches: self.not_matches.as_ref(),
            schema: self.schema.as_ref(),
            took_at_most: self.took_at_most.as_ref(),
            body_at_most: self.body_at_most.as_ref(),
        }
    }
}

impl Step {
    pub(in crate::config) fn rules(&self) -> Rules<'_> {
        Rules {
            status: self.status.as_ref(),
            json: false,
            json_path: &self.json_path,
            response_headers: &self.response_headers,
            matches: self.matches.as_ref(),
            not_matches: self.not_matches.as_ref(),
            schema: self.schema.as_ref(),
            took_at_most: self.took_at_most.as_ref(),
            body_at_most: self.body_at_most.as_ref(),
        }
    }
}
