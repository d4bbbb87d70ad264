//! Channels that work, that fail for a while, and that never answer.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use pipeline_core::{Conclusion, EventKind, Events, Pipeline, Step};
use pipeline_testkit::{Answer, FakeTarget, MemoryJournal, ScriptedVerifier, a_run};
use tokio::time::Instant;

use super::*;
use crate::testing::install_tls;
use crate::webhook::Webhook;

/// Answers in this order, then well; counts its tries.
struct Scripted {
    answers: Mutex<Vec<NotDelivered>>,
    tries: Arc<AtomicUsize>,
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = NotDelivered>) -> (Self, Arc<AtomicUsize>) {
        let (mut answers, tries) = (answers.into_iter().collect::<Vec<_>>(), Arc::default());
        answers.reverse();
        (Self { answers: Mutex::new(answers), tries: Arc::clone(&tries) }, tries)
    }
}

#[async_trait]
impl Channel for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn deliver(&self, _: &Notice) -> Result<(), NotDelivered> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        self.answers.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

struct Silent;

#[async_trait]
impl Channel for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }

    async fn deliver(&self, _: &Notice) -> Result<(), NotDelivered> {
        pending().await
    }
}

fn busy() -> NotDelivered {
    NotDelivered::ForNow("it answered 503".into())
}

fn all(channel: impl Channel + 'static) -> Subscription {
    Subscription::new(channel).on(Topic::ALL)
}

/// What was not delivered of this many ends, and how long closing took.
async fn told(subscriptions: Vec<Subscription>, ends: usize) -> (Vec<String>, Duration) {
    let notifier = Notifier::start(About::default(), subscriptions);
    let events = Events::new(|| std::time::UNIX_EPOCH, vec![Box::new(notifier.observer())]);
    for _ in 0..ends {
        events.tell(EventKind::RunFinished { conclusion: Conclusion::Succeeded });
    }
    let began = Instant::now();
    let undelivered = notifier.close(Duration::from_secs(10)).await;
    (undelivered.iter().map(ToString::to_string).collect(), began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_with_growing_pauses() {
    let (channel, tries) = Scripted::new([busy(), busy()]);
    let (undelivered, took) = told(vec![all(channel)], 1).await;
    assert_eq!((undelivered.len(), tries.load(Ordering::SeqCst)), (0, 3));
    assert_eq!(took, Duration::from_millis(500 + 1000));
}

#[tokio::test(start_paused = true)]
async fn what_will_not_pass_is_given_up_at_once_and_told() {
    let (channel, tries) = Scripted::new([NotDelivered::ForGood("it answered 404".into())]);
    let (undelivered, took) = told(vec![all(channel)], 2).await;
    assert_eq!(undelivered, ["scripted was not told (1 notice): it answered 404"]);
    assert_eq!((tries.load(Ordering::SeqCst), took), (2, Duration::ZERO));

    let (channel, tries) = Scripted::new([busy(), busy(), busy(), busy()]);
    let (undelivered, _) = told(vec![all(channel)], 1).await;
    assert_eq!(undelivered, ["scripted was not told (1 notice): it answered 503"]);
    assert_eq!(tries.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_silent_holds_up_neither_the_others_nor_the_end() {
    let (channel, tries) = Scripted::new([]);
    let (undelivered, took) = told(vec![all(Silent), all(channel)], 40).await;
    assert_eq!(took, Duration::from_secs(10));
    assert_eq!(undelivered.len(), 2, "{undelivered:?}");
    assert!(undelivered[0].starts_with("silent was not told (40 notices): "), "{undelivered:?}");
    // Nobody works a queue off before somebody waits: what did not fit into it was dropped, and told.
    assert_eq!(tries.load(Ordering::SeqCst), QUEUE);
    assert_eq!(undelivered[1], "scripted was not told (8 notices): too many notices waited for it");
}

#[tokio::test(start_paused = true)]
async fn nobody_hears_what_they_do_not_want_to() {
    let (channel, tries) = Scripted::new([]);
    let (undelivered, _) = told(vec![Subscription::new(channel)], 3).await;
    assert_eq!((undelivered.len(), tries.load(Ordering::SeqCst)), (0, 0), "success is not told");
}

/// A server that takes every connection and never says a word.
#[tokio::test(start_paused = true)]
async fn a_dead_server_delays_the_end_of_a_run_by_no_more_than_the_bound() {
    install_tls();
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", server.local_addr().unwrap());
    let listening = async {
        let mut taken = Vec::new();
        loop {
            taken.push(server.accept().await);
        }
    };
    let webhook = Webhook::new("webhook", url.into(), || std::time::UNIX_EPOCH).unwrap();
    let notifier = Notifier::start(About::default(), vec![all(webhook)]);
    let target = FakeTarget::rolling(["v1"]);
    let smoke = ScriptedVerifier::new([Answer::alert("slow")]);
    let pipeline = Pipeline::to(Step::deployer(target)).verifier(Step::verifier("smoke", smoke));
    let events = Events::new(|| std::time::UNIX_EPOCH, vec![Box::new(notifier.observer())]);
    let run = async {
        let began = Instant::now();
        let run = a_run("v2").events(events);
        let end = pipeline.build().unwrap().run(&run, &mut MemoryJournal::new()).await.unwrap();
        let ran = began.elapsed();
        let undelivered = notifier.close(Duration::from_secs(3)).await;
        (end, ran, began.elapsed(), undelivered)
    };
    let (end, ran, closed, undelivered) = tokio::select! {
        told = run => told,
        () = listening => unreachable!("it listens for ever"),
    };
    assert_eq!((end, ran), (Conclusion::Succeeded, Duration::ZERO), "the run waited for nobody");
    assert_eq!(closed, Duration::from_secs(3));
    assert_eq!((undelivered.len(), undelivered[0].notices), (1, 2), "{undelivered:?}");
}

#[tokio::test(start_paused = true)]
async fn that_a_run_stopped_half_way_is_told_although_no_event_says_so() {
    let (channel, tries) = Scripted::new([]);
    let about = About { environment: "production".into(), url: None };
    let notifier = Notifier::start(about, vec![Subscription::new(channel)]);
    notifier.broken_off("v2 stopped where it was: the disk is full");
    assert!(notifier.close(Duration::from_secs(5)).await.is_empty());
    assert_eq!(tries.load(Ordering::SeqCst), 1);
    let notice =
        Digest::new(About { environment: "production".into(), url: None }).broken_off("why");
    insta::assert_snapshot!(format!("{} {} {} {:?}", notice.id, notice.topic, notice.title, notice.details),
        @r#"-0-0-broken-off stuck a release stopped half-way in production: a person is needed now ["why", "`pipeline resume a release` goes on, or takes it back with --back"]"#);
}
