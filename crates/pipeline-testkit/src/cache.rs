//! A cache of gates' answers in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pipeline_core::{Asked, Earlier, GateCache, Inputs, Recalled, Remembered, Run};

/// Remembers by what gates declare, and looks at no file. Cloning gives another handle to the same memory.
///
/// ```
/// use std::sync::Arc;
///
/// use pipeline_core::{Gates, Inputs, Step, Trust};
/// use pipeline_testkit::{Answer, MemoryCache, ScriptedGate, a_run};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// // It is asked once: its second answer comes from the cache.
/// let gate = ScriptedGate::new([Answer::pass()]).reads(Inputs::default());
/// let gates = Gates::builder()
///     .gate(Step::gate("format", gate))
///     .cache(Arc::new(MemoryCache::new()), Trust::All)
///     .build()?;
/// assert!(!gates.check(&a_run("v1")).await[0].cached);
/// assert!(gates.check(&a_run("v1")).await[0].cached);
/// # Ok::<(), pipeline_core::BuildError>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryCache {
    kept: Arc<Mutex<Kept>>,
}

/// By gate: what it read, and what it answered.
type Kept = BTreeMap<String, (Option<Inputs>, Remembered)>;

impl MemoryCache {
    /// Remembers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The gates whose answers were kept, by name.
    #[must_use]
    pub fn gates(&self) -> Vec<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn known(&self, asked: &Asked) -> Recalled {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((inputs, remembered)) = kept.get(&asked.gate) else { return Recalled::default() };
        let same = inputs.is_some() && *inputs == asked.inputs;
        Recalled {
            answer: same.then(|| remembered.clone()),
            earlier: Some(Earlier {
                took_ms: remembered.took_ms,
                numbers: remembered.report.numbers().clone(),
            }),
        }
    }
}

#[async_trait]
impl GateCache for MemoryCache {
    async fn recall(&self, asked: &[Asked], _: &Run) -> Vec<Recalled> {
        asked.iter().map(|it| self.known(it)).collect()
    }

    async fn keep(&self, asked: &Asked, answer: &Remembered, _: &Run) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(asked.gate.clone(), (asked.inputs.clone(), answer.clone()));
    }
}
