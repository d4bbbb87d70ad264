//! Stores the events of a run as they are told. Best effort: it never makes the run wait, nor fail.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline_core::{Event, Observer, RunId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::connection::PATIENCE;
use crate::error::StoreError;
use crate::patience::OUTAGE;
use crate::store::Store;

/// The most events that are written in one transaction.
const BATCH: usize = 500;

/// An observer that stores what it hears. Clones hear for the same run; give one to the run's events and
/// [`close`](Self::close) the other when the run is over. When the last one is dropped unclosed, the
/// writing stops where it is.
#[derive(Clone, Debug)]
pub struct Recorder {
    run: RunId,
    inbox: UnboundedSender<Message>,
    writer: Arc<Mutex<JoinSet<Result<(), StoreError>>>>,
}

#[derive(Debug)]
enum Message {
    Heard(Event),
    Close,
}

impl Store {
    /// A recorder for a run. To be called within a Tokio runtime, on which it writes.
    #[must_use]
    pub fn recorder(&self, run: &RunId) -> Recorder {
        let (inbox, messages) = unbounded_channel();
        let mut writer = JoinSet::new();
        writer.spawn(write(self.clone(), run.clone(), messages));
        Recorder { run: run.clone(), inbox, writer: Arc::new(Mutex::new(writer)) }
    }
}

impl Recorder {
    /// Writes what was heard so far, then stops. Tells the first error there was.
    pub async fn close(self) -> Result<(), StoreError> {
        // If the writer has stopped already, its result says why.
        let _ = self.inbox.send(Message::Close);
        let mut writer = self.take_writer();
        match writer.join_next().await {
            Some(Ok(written)) => written,
            Some(Err(_)) => Err(StoreError::WriterStopped { run: self.run.to_string() }),
            None => Ok(()),
        }
    }

    fn take_writer(&self) -> JoinSet<Result<(), StoreError>> {
        mem::take(&mut *self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Recorder {
    fn observe(&mut self, event: &Event) {
        // After `close` nobody listens any more, and that is as it should be.
        let _ = self.inbox.send(Message::Heard(event.clone()));
    }
}

/// Writes batches until it is told to stop. An error does not stop it: what comes later may be stored.
async fn write(
    store: Store,
    run: RunId,
    mut messages: UnboundedReceiver<Message>,
) -> Result<(), StoreError> {
    let (mut result, mut away) = (Ok(()), false);
    let mut batch = Vec::with_capacity(BATCH);
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let mut events = Vec::with_capacity(batch.len());
        let mut open = true;
        for message in batch.drain(..) {
            match message {
                Message::Heard(event) if open => events.push(event),
                Message::Heard(_) => {}
                Message::Close => open = false,
            }
        }
        // A server that stayed away so long is not waited for so long again.
        let patience = if away { PATIENCE } else { OUTAGE };
        let written = store.put_events(&run, &events, patience).await;
        away = written.as_ref().is_err_and(StoreError::is_away);
        result = result.and(written);
        if !open {
            // What cannot be packed stays as it is, and is read so.
            result = if away { result } else { result.and(store.pack(&run).await) };
            break;
        }
    }
    result
}
