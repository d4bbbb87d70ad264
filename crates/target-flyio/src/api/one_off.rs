//! Calls for machines that run one command: nobody leases them, and they are gone as soon as they have ended.

use std::time::Duration;

use reqwest::Method;

use super::calls::{Api, SECOND_LOOK};
use super::client::Call;
use super::error::ApiError;
use super::machine::Machine;

impl Api {
    /// The machines that this run ever created under this launch id, as far as the platform remembers. Those who
    /// look for several at the same time share one list of all that the run made.
    pub(crate) async fn launched_ever(
        &self,
        run: &str,
        launch: &str,
    ) -> Result<Vec<Machine>, ApiError> {
        let mut call = Call::new(Method::GET, "look for machines of a command", "/machines");
        let wanted = [("metadata.pipeline_run", run), ("include_deleted", "true")];
        call.query.extend(wanted.map(|(key, value)| (key.to_owned(), value.to_owned())));
        // As with any list: that there is no such app has been known to be a lie.
        let found = match self.lists.read_as(&self.host, call.clone()).await {
            Err(error) if error.is_not_found() => {
                tokio::time::sleep(SECOND_LOOK).await;
                self.lists.read_as(&self.host, call).await?
            }
            first => first?,
        };
        Ok(found.iter().filter(|it| it.launch() == Some(launch)).cloned().collect())
    }

    /// Starts a machine that nobody leases.
    pub(crate) async fn start_free(&self, id: &str) -> Result<(), ApiError> {
        self.tell(Call::on(Method::POST, "start", id, "/start")).await
    }

    /// Destroys a machine that nobody leases; one that is gone already is fine.
    pub(crate) async fn destroy_free(&self, id: &str) -> Result<(), ApiError> {
        self.destroy_by(Call::on(Method::DELETE, "destroy", id, "")).await
    }

    /// Waits until a machine has stopped or is gone, at most `slice`.
    pub(crate) async fn wait_for_end(&self, id: &str, slice: Duration) -> Result<(), ApiError> {
        let call = Call::on(Method::GET, "wait for the end of", id, "/wait");
        let ends = [("state", "stopped"), ("state", "destroyed"), ("state", "failed")];
        self.wait_for(call, &ends, slice).await
    }
}
