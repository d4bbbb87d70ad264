//! The stores that this process has open: each once, whoever asks for it, so that a server sees no more connections than it must.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use store_sql::{Store, StoreError};
use tokio::sync::Mutex;

use crate::app::wall;

/// How long the end of a process waits for a store to close.
const LAST: Duration = Duration::from_secs(2);

/// The stores, by their addresses. Clones know the same ones.
#[derive(Clone, Default)]
pub(crate) struct Stores(Arc<Mutex<BTreeMap<String, Store>>>);

/// An address may hold a password.
impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stores(…)")
    }
}

impl Stores {
    /// The store at this address; one is made where there is none.
    pub(crate) async fn open(&self, url: &str) -> Result<Store, StoreError> {
        let mut open = self.0.lock().await;
        if let Some(store) = open.get(url) {
            return Ok(store.clone());
        }
        let store = Store::open(url, wall()).await?;
        open.insert(url.to_owned(), store.clone());
        Ok(store)
    }

    /// The same; `None` where there is none yet, and none is made.
    pub(crate) async fn look_into(&self, url: &str) -> Result<Option<Store>, StoreError> {
        let mut open = self.0.lock().await;
        if let Some(store) = open.get(url) {
            return Ok(Some(store.clone()));
        }
        let store = Store::open_existing(url, wall()).await?;
        open.extend(store.iter().map(|it| (url.to_owned(), it.clone())));
        Ok(store)
    }

    /// Closes them: then all of a file is in the file itself, and nothing beside it.
    pub(crate) async fn close(&self) {
        for store in std::mem::take(&mut *self.0.lock().await).into_values() {
            // Whoever still holds a connection has been left at once.
            let _ = tokio::time::timeout(LAST, store.close()).await;
        }
    }
}
