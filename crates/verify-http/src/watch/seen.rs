//! What one probe has seen. Pure.

use std::time::Duration;

use crate::client::{Asked, Unanswered};
use crate::error::Error;
use crate::health::{Ill, ill};

/// One probe, when it was planned and when it was over, from the beginning of the watch.
#[derive(Debug)]
pub(super) struct Probed {
    /// Its number in the schedule.
    pub(super) number: usize,
    pub(super) planned: Duration,
    pub(super) over: Duration,
    pub(super) seen: Seen,
}

/// What it has seen.
#[derive(Debug)]
pub(super) enum Seen {
    /// A good answer, and how long it took.
    Good(Duration),
    /// A good answer of an application that calls itself degraded.
    Degraded(Duration),
    /// A bad one or none, in words that follow the request.
    Bad(String),
    /// An answer, good or bad, that says that the database is down.
    Database(String),
    /// This side could not ask.
    Blind(Error),
}

impl Seen {
    /// What an answer of the health endpoint amounts to.
    pub(super) fn of_health(asked: Asked) -> Self {
        let response = match asked {
            Ok(response) => response,
            Err(Unanswered::Silent(words)) => return Self::Bad(words),
            Err(Unanswered::Blind(error)) => return Self::Blind(error),
        };
        let (status, ill) = (response.status, ill(&response.body));
        match (status, ill) {
            (_, Some(ill @ Ill::Database(_))) => {
                Self::Database(format!("answered {status} and {}", ill.words()))
            }
            (200, None) => Self::Good(response.took),
            (200, Some(Ill::Degraded)) => Self::Degraded(response.took),
            (200, Some(ill)) => Self::Bad(format!("answered 200, but {}", ill.words())),
            _ => Self::Bad(format!("answered {status}, wanted 200")),
        }
    }

    /// What an answer of any other path amounts to: that it comes, and is no failure of the server.
    pub(super) fn of_page(asked: Asked) -> Self {
        match asked {
            Ok(response) if response.status < 500 => Self::Good(response.took),
            Ok(response) => Self::Bad(format!("answered {}", response.status)),
            Err(Unanswered::Silent(words)) => Self::Bad(words),
            Err(Unanswered::Blind(error)) => Self::Blind(error),
        }
    }

    /// Did the request fail? `None` if it was not asked.
    pub(super) fn failed(&self) -> Option<bool> {
        match self {
            Self::Good(_) | Self::Degraded(_) => Some(false),
            Self::Bad(_) | Self::Database(_) => Some(true),
            Self::Blind(_) => None,
        }
    }

    /// What is wrong, in words that follow the request.
    pub(super) fn complaint(&self) -> Option<String> {
        match self {
            Self::Good(_) => None,
            Self::Degraded(_) => Some(format!("answered 200, but {}", Ill::Degraded.words())),
            Self::Bad(words) | Self::Database(words) => Some(words.clone()),
            Self::Blind(error) => Some(format!("could not be asked: {error}")),
        }
    }
}
