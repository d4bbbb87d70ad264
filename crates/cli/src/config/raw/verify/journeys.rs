//! `[[verify.journeys]]` as it is written.

use serde::Deserialize;

use crate::config::raw::Text;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Journey {
    pub(in crate::config) name: Text,
}
