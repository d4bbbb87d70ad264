//! One case from its beginning to its end, on a thread and a clock of its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use pipeline_core::{
    Cancel, Conclusion, Event, EventKind, Events, Fault, Journal, Record, Release, Run, RunError,
    RunId, State,
};
use sim_flyio::{ApiCall, FaultPoint, Phase, Verdict};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::address::{Address, Course, Mishap, Way};
use crate::scene::Scene;
use crate::truth::Truth;

/// No run takes so long, whatever befalls it.
const ENDLESS: Duration = Duration::from_hours(2);

/// What happens to machines rather than to calls, with an effect that can be put there.
const OCCASIONS: [(&str, &str); 5] = [
    ("boot", "crash"),
    ("create", "stuck"),
    ("update", "autostop"),
    ("uncordon", "unseen"),
    ("destroy", "hangs"),
];

/// All that a case showed.
pub(crate) struct Played {
    pub(crate) end: Result<Conclusion, String>,
    pub(crate) truth: Truth,
    pub(crate) records: Vec<Record>,
    pub(crate) events: Vec<(Duration, EventKind)>,
    /// The calls since the run began.
    pub(crate) calls: Vec<ApiCall>,
    /// Did the fault strike, or the death come?
    pub(crate) struck: bool,
    /// How long the run took on its own clock.
    pub(crate) took: Duration,
}

/// What a run without any fault asked of the platform: how often what was called, and how often what happened
/// to machines.
pub(crate) struct Counts {
    pub(crate) calls: BTreeMap<&'static str, u64>,
    pub(crate) occasions: BTreeMap<&'static str, u64>,
}

/// Plays a case, on the thread that calls; `None` if there is nothing to take back.
pub(crate) fn play(address: &Address) -> Option<Played> {
    on_own_clock(async {
        let scene = Scene::set(address.course).await;
        Play::begin(&scene).case(address).await
    })
}

/// Plays a course without any fault.
pub(crate) fn rehearse(course: Course) -> (Played, Counts) {
    on_own_clock(async {
        let scene = Scene::set(course).await;
        for (point, effect) in OCCASIONS {
            scene.sim.inject(format!("{point}%0={effect}").parse().unwrap());
        }
        let play = Play::begin(&scene);
        let end = play.run(None).await;
        let mut calls = BTreeMap::new();
        for call in play.calls().iter().filter(|it| !it.is_event()) {
            *calls.entry(call.action().expect("all calls have names")).or_insert(0) += 1;
        }
        let met = scene.sim.faults();
        let occasions = OCCASIONS.iter().zip(met).map(|((point, _), it)| (*point, it.met));
        let counts = Counts { calls, occasions: occasions.collect() };
        (play.over(end, true).await, counts)
    })
}

fn on_own_clock<T>(work: impl Future<Output = T>) -> T {
    fastrand::seed(11);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap().block_on(work)
}

/// A run in a scene.
struct Play<'s> {
    scene: &'s Scene,
    began: Instant,
    /// How many calls there were before.
    calls_before: usize,
    events: Arc<Mutex<Vec<(Duration, EventKind)>>>,
    kept: Kept,
}

/// A journal that outlives the process that writes it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Record>>>);

#[async_trait]
impl Journal for Kept {
    async fn append(&mut self, record: &Record) -> Result<(), Fault> {
        // What is journalled is read back as text.
        let text = serde_json::to_string(record).unwrap();
        self.0.lock().unwrap().push(serde_json::from_str(&text).unwrap());
        Ok(())
    }
}

impl<'s> Play<'s> {
    fn begin(scene: &'s Scene) -> Self {
        let calls_before = scene.sim.journal().len();
        let (events, kept) = (Arc::default(), Kept::default());
        Self { scene, began: Instant::now(), calls_before, events, kept }
    }

    async fn case(self, address: &Address) -> Option<Played> {
        let Mishap::Death { way, .. } = &address.mishap else {
            self.scene.sim.inject(address.mishap.to_string().parse().unwrap());
            let end = self.run(None).await;
            let struck = self.scene.sim.faults()[0].fired > 0;
            return Some(self.over(end, struck).await);
        };
        let death = self.kill_at(&address.mishap);
        let died = tokio::select! {
            biased;
            () = death.notified() => true,
            _ = self.run(None) => false,
        };
        self.scene.sim.on_api_call(|_| Verdict::Proceed);
        let state = State::replay(&self.records()).unwrap();
        if *way == Way::Back && !state.can_turn_back() {
            return None;
        }
        let end = self.run(Some(*way)).await;
        Some(self.over(end, died).await)
    }

    /// Rings at the call, which is then held up for so long that nobody hears of its end.
    fn kill_at(&self, mishap: &Mishap) -> Arc<Notify> {
        let Mishap::Death { call, count, .. } = mishap.clone() else { unreachable!() };
        let (death, phase) = (Arc::new(Notify::new()), Phase::from(mishap));
        let (bell, met) = (death.clone(), AtomicU64::new(0));
        self.scene.sim.on_api_call(move |asked| {
            let action = FaultPoint::action(&asked.method, &asked.path);
            if asked.phase != phase || action != Some(&call) {
                return Verdict::Proceed;
            }
            if met.fetch_add(1, Ordering::Relaxed) + 1 == count {
                bell.notify_one();
                return Verdict::Delay(Duration::from_mins(10));
            }
            Verdict::Proceed
        });
        death
    }

    /// One process: a new pipeline and a new target, and what an earlier one has journalled.
    async fn run(&self, comes_back: Option<Way>) -> Result<Conclusion, String> {
        let pipeline = self.scene.pipeline();
        let (run, mut journal) = (self.named(), self.kept.clone());
        let records = self.records();
        let ended = async {
            match comes_back {
                None => pipeline.run(&run, &mut journal).await,
                Some(Way::On) => pipeline.resume(&run, &records, &mut journal).await,
                Some(Way::Back) => pipeline.turn_back(&run, &records, &mut journal).await,
            }
        };
        match timeout(ENDLESS, ended).await {
            Ok(end) => end.map_err(|error: RunError| error.to_string()),
            Err(_) => Err("it never ended".to_owned()),
        }
    }

    fn named(&self) -> Run {
        let (heard, began) = (self.events.clone(), self.began);
        let hears = move |event: &Event| {
            heard.lock().unwrap().push((began.elapsed(), event.kind.clone()));
        };
        let events = Events::new(|| SystemTime::UNIX_EPOCH, vec![Box::new(hears)]);
        Run::new(RunId::new("run-1"), Release::new("v2"), ".")
            .events(events)
            .cancel(Cancel::never())
    }

    fn records(&self) -> Vec<Record> {
        self.kept.0.lock().unwrap().clone()
    }

    fn calls(&self) -> Vec<ApiCall> {
        self.scene.sim.journal().split_off(self.calls_before)
    }

    async fn over(&self, end: Result<Conclusion, String>, struck: bool) -> Played {
        let (took, calls) = (self.began.elapsed(), self.calls());
        let truth = Truth::of(self.scene).await;
        let events = self.events.lock().unwrap().clone();
        Played { end, truth, records: self.records(), events, calls, struck, took }
    }
}
