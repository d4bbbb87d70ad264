//! The last lines of a machine's log, to be shown beside what went wrong.

use reqwest::Method;
use serde::Deserialize;

use super::{Platform, at_best};
use crate::api::client::Call;
use crate::api::error::ApiError;

/// How many lines are kept: what a person reads, not the log.
const KEPT: usize = 50;

/// One line, of the program or of the host about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LogLine {
    /// When, as Fly.io says it: RFC 3339.
    pub timestamp: String,
    /// For example `info`.
    pub level: String,
    /// What it says.
    pub message: String,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    attributes: LogLine,
}

impl Platform {
    /// The newest lines of one machine, newest last, fifty at most. A line that is on its way is not waited
    /// for; a log that cannot be read is asked for three times, with little patience.
    ///
    /// # Errors
    /// When the log could not be read.
    pub async fn logs(&self, machine: &str) -> Result<Vec<LogLine>, ApiError> {
        let what = format!("read the log of machine {machine}");
        let path = format!("/api/v1/apps/{}/logs", self.rest.app);
        let mut call = at_best(Call::new(Method::GET, &what, &path));
        call.query.push(("instance".to_owned(), machine.to_owned()));
        let page: Page = self.rest.send(&call).await?;
        Ok(newest(page))
    }
}

fn newest(page: Page) -> Vec<LogLine> {
    let from = page.data.len().saturating_sub(KEPT);
    page.data.into_iter().skip(from).map(|entry| entry.attributes).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_lines_are_kept_and_come_last() {
        let line = |number: usize| json!({"id": number, "attributes": {"message": number.to_string(), "meta": {}}});
        let page = json!({"data": (0..120).map(line).collect::<Vec<_>>(), "meta": {}});
        let lines = newest(serde_json::from_value(page).unwrap());
        let (first, last) = (lines.first().unwrap(), lines.last().unwrap());
        assert_eq!((lines.len(), &*first.message, &*last.message), (KEPT, "70", "119"));
    }
}
