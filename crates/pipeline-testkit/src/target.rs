//! A target in memory: machines that run a version, changed one effect at a time.
//!
//! It is stricter than a real one: what is not its own, or comes in the wrong order, is refused.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pipeline_core::{Context, Fault};

use crate::death::Death;
use crate::world::{Effect, Machine, World};

/// Machines in memory. Cloning gives another handle to the same machines.
///
/// ```
/// use pipeline_core::{Pipeline, Step};
/// use pipeline_testkit::{FakeTarget, MemoryJournal, a_run};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let target = FakeTarget::bluegreen(["v1"]);
/// let pipeline = Pipeline::to(Step::deployer(target.clone())).build()?;
/// pipeline.run(&a_run("v2"), &mut MemoryJournal::new()).await?;
/// assert_eq!(target.live(), [("m2".to_owned(), "v2".to_owned(), true)]);
/// assert_eq!(target.history(), [
///     "create a machine with v2", "send traffic to m2", "send no traffic to m1", "destroy m1",
/// ]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct FakeTarget {
    pub(crate) name: String,
    pub(crate) way: Way,
    pub(crate) wanted: usize,
    takes: Duration,
    mishap: Option<(usize, Mishap)>,
    death: Death,
    world: Arc<Mutex<World>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Rolling,
    Canary,
    BlueGreen,
}

#[derive(Clone, Debug)]
enum Mishap {
    DiesBefore,
    DiesAfter,
    Fails(Fault),
    FailsFrom(Fault),
}

impl FakeTarget {
    /// Machines with these versions, changed one after the other in one stage.
    pub fn rolling(versions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Way::Rolling, versions)
    }

    /// Machines with these versions: one is changed, then, as a second stage, the rest.
    pub fn canary(versions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Way::Canary, versions)
    }

    /// Machines with these versions; new ones are made beside them (`green`), get the traffic (`switch`),
    /// and the old ones are removed (`settle`).
    pub fn bluegreen(versions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Way::BlueGreen, versions)
    }

    /// The same with another name; `fake:shop` if nobody says one.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Each effect takes this long by tokio's clock.
    #[must_use]
    pub fn slow(self, takes: Duration) -> Self {
        Self { takes, ..self }
    }

    /// The run dies before effect number `n`, counted from 1 over all runs, happens.
    #[must_use]
    pub fn dying_before(self, n: usize) -> Self {
        Self { mishap: Some((n, Mishap::DiesBefore)), ..self }
    }

    /// The run dies after effect number `n`, counted from 1, has happened, before anybody hears of it.
    #[must_use]
    pub fn dying_after(self, n: usize) -> Self {
        Self { mishap: Some((n, Mishap::DiesAfter)), ..self }
    }

    /// Effect number `n`, counted from 1, fails once and does nothing.
    #[must_use]
    pub fn failing_at(self, n: usize, fault: Fault) -> Self {
        Self { mishap: Some((n, Mishap::Fails(fault))), ..self }
    }

    /// Effect number `n`, counted from 1, and all after it fail: the platform is down.
    #[must_use]
    pub fn failing_from(self, n: usize, fault: Fault) -> Self {
        Self { mishap: Some((n, Mishap::FailsFrom(fault))), ..self }
    }

    /// The same machines, for the process that resumes: nothing goes wrong any more.
    #[must_use]
    pub fn revived(&self) -> Self {
        Self { mishap: None, death: Death::new(), ..self.clone() }
    }

    /// Says when the run dies.
    #[must_use]
    pub fn death(&self) -> Death {
        self.death.clone()
    }

    /// Every machine: its name, its version, and whether users' requests reach it.
    #[must_use]
    pub fn live(&self) -> Vec<(String, String, bool)> {
        let live = |it: &Machine| (it.id.clone(), it.version.clone(), it.serving);
        self.world().machines.iter().map(live).collect()
    }

    /// The versions that users may meet now; more than one is a mixture.
    #[must_use]
    pub fn serving(&self) -> Vec<String> {
        let world = self.world();
        let serving = world.machines.iter().filter(|it| it.serving).map(|it| it.version.clone());
        serving.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// How many effects there were.
    #[must_use]
    pub fn effects(&self) -> usize {
        self.world().history.len()
    }

    /// Every effect there was, in words.
    #[must_use]
    pub fn history(&self) -> Vec<String> {
        self.world().history.clone()
    }

    /// How often a run gave back what it held.
    #[must_use]
    pub fn finished(&self) -> usize {
        self.world().finished
    }

    fn new(way: Way, versions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let world = World::of(versions);
        Self {
            name: "fake:shop".into(),
            way,
            wanted: world.machines.len().max(1),
            takes: Duration::ZERO,
            mishap: None,
            death: Death::new(),
            world: Arc::new(Mutex::new(world)),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the effects one by one; between two of them it can be asked to stop.
    pub(crate) async fn perform(&self, effects: Vec<Effect>, cx: &Context) -> Result<(), Fault> {
        for effect in effects {
            if cx.is_cancelled() {
                return Err(Fault::cancelled());
            }
            if !self.takes.is_zero() {
                tokio::time::sleep(self.takes).await;
            }
            self.perform_one(&effect).await?;
        }
        Ok(())
    }

    async fn perform_one(&self, effect: &Effect) -> Result<(), Fault> {
        let number = {
            let mut world = self.world();
            world.tried += 1;
            world.tried
        };
        let mishap = self.mishap.as_ref().filter(|(n, mishap)| match mishap {
            Mishap::FailsFrom(_) => number >= *n,
            _ => number == *n,
        });
        match mishap {
            Some((_, Mishap::DiesBefore)) => self.death.comes().await,
            Some((_, Mishap::DiesAfter)) => {
                self.world().apply(effect);
                self.death.comes().await;
            }
            Some((_, Mishap::Fails(fault) | Mishap::FailsFrom(fault))) => {
                return Err(fault.clone());
            }
            None => self.world().apply(effect),
        }
        Ok(())
    }
}
