//! A journal in memory that can die or fail at any of its records.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pipeline_core::{Fault, Journal, Record};

use crate::death::Death;

/// Keeps records as a durable journal does: what is kept went through text and back. Cloning gives another
/// handle to the same records.
///
/// ```
/// use pipeline_core::{Journal, Record};
/// use pipeline_testkit::MemoryJournal;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut journal = MemoryJournal::new();
/// journal.append(&Record::GatesPassed).await?;
/// assert_eq!(journal.records(), [Record::GatesPassed]);
/// # Ok::<(), pipeline_core::Fault>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    records: Arc<Mutex<Vec<Record>>>,
    mishap: Option<(usize, Mishap)>,
    appended: usize,
    death: Death,
}

#[derive(Clone, Debug)]
enum Mishap {
    DiesBefore,
    DiesAfter,
    Fails(Fault),
}

impl MemoryJournal {
    /// An empty journal that works.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A journal that holds these records already.
    pub fn with(records: impl IntoIterator<Item = Record>) -> Self {
        let records = Arc::new(Mutex::new(records.into_iter().collect()));
        Self { records, ..Self::default() }
    }

    /// The run dies before append number `n`, counted from 1, keeps its record.
    #[must_use]
    pub fn dying_before(self, n: usize) -> Self {
        Self { mishap: Some((n, Mishap::DiesBefore)), ..self }
    }

    /// The run dies after append number `n`, counted from 1, has kept its record, before the run hears of it.
    #[must_use]
    pub fn dying_after(self, n: usize) -> Self {
        Self { mishap: Some((n, Mishap::DiesAfter)), ..self }
    }

    /// Append number `n`, counted from 1, keeps nothing and fails.
    #[must_use]
    pub fn failing_at(self, n: usize, fault: Fault) -> Self {
        Self { mishap: Some((n, Mishap::Fails(fault))), ..self }
    }

    /// The same records, for the process that resumes: nothing goes wrong any more.
    #[must_use]
    pub fn revived(&self) -> Self {
        Self { records: self.records.clone(), ..Self::default() }
    }

    /// What was kept.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says when the run dies.
    #[must_use]
    pub fn death(&self) -> Death {
        self.death.clone()
    }

    fn keep(&self, record: &Record) {
        let text = serde_json::to_string(record).expect("a record can be written as text");
        let read = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("the record {text} cannot be read back: {error}"));
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(read);
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(&mut self, record: &Record) -> Result<(), Fault> {
        self.appended += 1;
        match self.mishap.as_ref().filter(|(n, _)| *n == self.appended) {
            Some((_, Mishap::Fails(fault))) => return Err(fault.clone()),
            Some((_, Mishap::DiesBefore)) => self.death.comes().await,
            Some((_, Mishap::DiesAfter)) => {
                self.keep(record);
                self.death.comes().await;
            }
            None => {}
        }
        self.keep(record);
        Ok(())
    }
}
