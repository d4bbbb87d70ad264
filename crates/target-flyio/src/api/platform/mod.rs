//! The platform beside the machines, on a host of its own: releases, images, logs. Nothing here changes a
//! machine, and nothing a deploy needs to be right rests on it but whether an image exists.

mod images;
mod logs;
mod releases;

use std::time::Duration;

use reqwest::Client;

pub use images::FoundImage;
pub use logs::LogLine;
pub use releases::{NewRelease, RecordedRelease, ReleaseRef, ReleaseStatus};

use super::client::{Call, Host};
use super::retry::Class;
use super::token::{Audience, authorization};
use crate::config::FlyConfig;

/// How long an answer may take that no deploy rests on.
const LITTLE_PATIENCE: Duration = Duration::from_secs(5);

/// What Fly.io's web API knows of one app. It has no documented rate limits; it is asked little.
#[derive(Clone, Debug)]
pub struct Platform {
    rest: Host,
    graphql: Host,
}

impl Platform {
    pub(crate) fn of(config: &FlyConfig, http: &Client) -> Self {
        let host = |base: &str, audience| Host {
            http: http.clone(),
            root: base.trim_end_matches('/').to_owned(),
            app: config.app.clone(),
            authorization: authorization(&config.token, audience),
            budget: None,
        };
        Self {
            rest: host(&config.uiex_base, Audience::Rest),
            graphql: host(&config.graphql_base, Audience::GraphQl),
        }
    }
}

/// The same call, with little patience and few tries.
fn at_best(call: Call) -> Call {
    Call { class: Class::BestEffort, patience: LITTLE_PATIENCE, ..call }
}
