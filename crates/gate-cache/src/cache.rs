//! The cache itself: recalls, keeps, and says why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use pipeline_core::{Asked, GateCache, Recalled, Remembered, Run};

use crate::answers::{Answers, is_answer};
use crate::change::changes;
use crate::digest::Digest;
use crate::disk;
use crate::error::Error;
use crate::listing::Listing;
use crate::look::{Look, Looked};
use crate::memory::Memory;
use crate::why::Why;

/// Remembers answers of gates in a folder. Cheap to clone; clones share what they know.
///
/// Several processes may use one folder at once: each file is written whole, and the last one wins. What it cannot read
/// or write it warns of, once in a run. Its work goes to threads that may block, and is finished when a run is cancelled.
#[derive(Clone, Debug)]
pub struct FileCache {
    folder: PathBuf,
    environment: Arc<BTreeMap<String, Digest>>,
    clock: fn(&Path) -> Result<i64, Error>,
    memory: Arc<Mutex<Memory>>,
}

impl FileCache {
    /// The cache in this folder, such as `.pipeline/cache/gates`. It is made when something is kept.
    ///
    /// No gate should read it: it changes while gates run.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let (environment, memory) = (Arc::default(), Arc::default());
        Self { folder: folder.into(), environment, clock: disk::now, memory }
    }

    /// The environment variables that gates see. One that is not here counts as not set. Values are not kept, only their
    /// digests.
    #[must_use]
    pub fn environment(mut self, variables: BTreeMap<String, String>) -> Self {
        let digest = |(name, value): (String, String)| (name, Digest::of(value.as_bytes()));
        self.environment = Arc::new(variables.into_iter().map(digest).collect());
        self
    }

    /// Why this gate would be asked in this run, or not. Keeps no answer.
    pub async fn why(&self, asked: &Asked, run: &Run) -> Why {
        let reason = "the look at it did not end".to_owned();
        let (cache, asked, run) = (self.clone(), asked.clone(), run.clone());
        let why = aside(move || cache.why_now(&asked, &run)).await;
        why.unwrap_or(Why::CannotLook { reason })
    }

    fn recall_now(&self, asked: &[Asked], run: &Run) -> Vec<Recalled> {
        let mut memory = self.lock();
        let looked = self.look(asked, run, &mut memory);
        tell_hidden(asked, &looked, run);
        let mut before = BTreeMap::new();
        let mut recalled = Vec::new();
        for (asked, looked) in asked.iter().zip(looked) {
            let answers = Answers::of(&asked.gate, &self.folder);
            let earlier = memory.settle(answers.earlier(), run);
            let mut answer = None;
            if let Looked::Seen(listing) = looked {
                answer = memory.settle(answers.get(listing.fingerprint(&asked.gate)), run);
                before.insert(asked.gate.clone(), listing);
            }
            recalled.push(Recalled { answer, earlier });
        }
        memory.run(run).before = before;
        recalled
    }

    fn keep_now(&self, asked: &Asked, answer: &Remembered, run: &Run) {
        let mut memory = self.lock();
        let answers = Answers::of(&asked.gate, &self.folder);
        memory.settle(answers.went(answer), run);
        let before = memory.run(run).before.remove(&asked.gate);
        let Some(before) = before.filter(|_| is_answer(answer)) else { return };
        let looked = self.look(std::slice::from_ref(asked), run, &mut memory);
        tell_hidden(std::slice::from_ref(asked), &looked, run);
        let Some(Looked::Seen(now)) = looked.into_iter().next() else { return };
        if before == now {
            memory.settle(answers.put(answer, &now), run);
        } else {
            tell_changed(&asked.gate, &before, &now, run);
        }
    }

    fn why_now(&self, asked: &Asked, run: &Run) -> Why {
        let mut memory = self.lock();
        let looked = self.look(std::slice::from_ref(asked), run, &mut memory);
        let listing = match looked.into_iter().next() {
            Some(Looked::Seen(listing)) => listing,
            Some(Looked::Hidden(reason)) => return Why::CannotLook { reason },
            Some(Looked::Undeclared) | None => return Why::NeverCached,
        };
        let answers = Answers::of(&asked.gate, &self.folder);
        let known = memory.settle(answers.get(listing.fingerprint(&asked.gate)), run);
        if let Some(Remembered { report, at, took_ms }) = known {
            let (verdict, complete) = (report.verdict(), listing.complete);
            return Why::Known { at, took_ms, verdict, complete };
        }
        match memory.settle(answers.compared(), run) {
            None => Why::NoEarlier,
            Some(then) => {
                Why::Unknown { changes: changes(&then.listing, &listing), compared_with: then.at }
            }
        }
    }

    /// Looks at what these gates read, with what the index knows.
    fn look(&self, asked: &[Asked], run: &Run, memory: &mut Memory) -> Vec<Looked> {
        if asked.iter().all(|it| it.inputs.is_none()) {
            return asked.iter().map(|_| Looked::Undeclared).collect();
        }
        let index = memory.take_index(&self.folder);
        let mut index = memory.settle(index, run);
        let failed = OnceLock::new();
        let clock = || (self.clock)(&self.folder).map_err(|error| failed.set(error)).ok();
        let environment = &*self.environment;
        let look = Look { workdir: &run.workdir, environment, clock: &clock };
        let looked = look.at(asked, &mut index);
        memory.settle(failed.into_inner().map_or(Ok(()), Err), run);
        let put = memory.put_index(index, &self.folder);
        memory.settle(put, run);
        looked
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl GateCache for FileCache {
    async fn recall(&self, asked: &[Asked], run: &Run) -> Vec<Recalled> {
        let nothing = vec![Recalled::default(); asked.len()];
        let (cache, asked, run) = (self.clone(), asked.to_vec(), run.clone());
        aside(move || cache.recall_now(&asked, &run)).await.unwrap_or(nothing)
    }

    async fn keep(&self, asked: &Asked, answer: &Remembered, run: &Run) {
        let (cache, asked, answer, run) =
            (self.clone(), asked.clone(), answer.clone(), run.clone());
        aside(move || cache.keep_now(&asked, &answer, &run)).await;
    }
}

/// Does what blocks on a thread where it may. `None` where it did not end: the process is about to end, or it panicked.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::debug!(%error, "the gates' cache did not end its work")).ok()
}

/// Says of which gates it could not be told what they read.
fn tell_hidden(asked: &[Asked], looked: &[Looked], run: &Run) {
    let mut hidden: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (asked, looked) in asked.iter().zip(looked) {
        if let Looked::Hidden(why) = looked {
            hidden.entry(why).or_default().push(format!("`{}`", asked.gate));
        }
    }
    for (why, gates) in hidden {
        run.warn(format!(
            "what {} reads is not known, so no answer is kept: {why}",
            gates.join(", ")
        ));
    }
}

/// Says that what a gate reads did not stay as it was.
fn tell_changed(gate: &str, before: &Listing, now: &Listing, run: &Run) {
    let changes = changes(before, now);
    tracing::debug!(gate, ?changes, "what the gate reads changed while it ran");
    let first = changes.first().map(ToString::to_string).unwrap_or_default();
    let more = match changes.len() {
        0 | 1 => String::new(),
        many => format!(", and {} more", many - 1),
    };
    run.warn(format!(
        "what `{gate}` reads changed while it ran: its answer is not remembered ({first}{more})"
    ));
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
