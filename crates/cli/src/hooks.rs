//! Where tests reach in: a process of the test suite may wrap the journal, to die at a chosen write.

use std::sync::OnceLock;

use pipeline_core::Journal;

/// Wraps a journal.
pub type WrapJournal = fn(Box<dyn Journal>) -> Box<dyn Journal>;

static WRAP: OnceLock<WrapJournal> = OnceLock::new();

/// Wraps every journal of this process from now on. For tests; the first call wins.
pub fn wrap_journals(wrap: WrapJournal) {
    let _ = WRAP.set(wrap);
}

pub(crate) fn wrap(journal: Box<dyn Journal>) -> Box<dyn Journal> {
    match WRAP.get() {
        Some(wrap) => wrap(journal),
        None => journal,
    }
}
