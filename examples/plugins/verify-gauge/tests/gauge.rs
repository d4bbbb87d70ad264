//! The verifier in a whole run: machines of the kit, pages of metrics from real ports.

use std::error::Error;

use async_trait::async_trait;
use pipeline_core::{
    Address, Cause, Conclusion, Consequence, Context, Deployment, EventKind, Evidence, Fault,
    Instance, Outcome, Pipeline, Side, Step, Trigger, TriggerRow, Triggers, Verifier,
};
use pipeline_testkit::{FakeTarget, Heard, MemoryJournal, a_run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use verify_gauge::Gauge;

type Tested = Result<(), Box<dyn Error>>;

/// Tells these metrics on a port of its own, for ever.
async fn tells(page: &'static str, serving: &mut JoinSet<()>) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    serving.spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 4096]).await;
            let answer = format!("HTTP/1.0 200 OK\r\n\r\n{page}");
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    Ok(format!("http://{address}"))
}

/// The kit's machines have no address: this gives those of each side one.
struct Addressed {
    gauge: Gauge,
    old: String,
    new: String,
}

impl Addressed {
    fn at(&self, deployment: &Deployment) -> Deployment {
        let addressed = |it: &Instance| {
            let url = if it.side == Side::New { &self.new } else { &self.old };
            let address = Address { url: url.clone(), headers: [].into() };
            Instance { address: Some(address), ..it.clone() }
        };
        let instances = deployment.instances.iter().map(addressed).collect();
        Deployment { instances, ..deployment.clone() }
    }
}

#[async_trait]
impl Verifier for Addressed {
    async fn baseline(
        &self,
        current: &Deployment,
        cx: &Context,
    ) -> Result<Option<Evidence>, Fault> {
        self.gauge.baseline(&self.at(current), cx).await
    }

    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        self.gauge.verify(&self.at(deployment), cx).await
    }
}

/// A deploy of a release that tells this; how it ended, and what was said of the first stage.
async fn deploy(new: &'static str) -> Result<(Conclusion, Heard), Box<dyn Error>> {
    let mut serving = JoinSet::new();
    let old = tells("queue_length{queue=\"mail\"} 20\n", &mut serving).await?;
    let new = tells(new, &mut serving).await?;
    let gauge = Addressed { gauge: Gauge::of("queue_length"), old, new };
    let table = Triggers::default().row(TriggerRow::new(Trigger::Degraded, Consequence::Rollback));
    let pipeline = Pipeline::to(Step::deployer(FakeTarget::bluegreen(["v1", "v1"])))
        .verifier(Step::verifier("queue", gauge))
        .policy(table)
        .build()?;
    let heard = Heard::new();
    let run = a_run("v2").events(heard.events());
    Ok((pipeline.run(&run, &mut MemoryJournal::new()).await?, heard))
}

#[tokio::test]
async fn a_queue_that_stays_short_passes_and_one_that_grows_takes_the_release_back() -> Tested {
    assert_eq!(deploy("queue_length 31\n").await?.0, Conclusion::Succeeded);
    let (end, heard) = deploy("queue_length 41\n").await?;
    assert_eq!(end, Conclusion::RolledBack);
    let said = "queue (refused: queue_length: 41, at most 40; 20 before the deploy (machine m3)";
    assert!(heard.text().contains(said), "{}", heard.text());
    Ok(())
}

#[tokio::test]
async fn a_machine_that_does_not_tell_it_is_neither_good_nor_bad() -> Tested {
    let (_, heard) = deploy("other 1\n").await?;
    let could_not_tell = heard.kinds().into_iter().any(|kind| {
        matches!(kind, EventKind::Failed { failure } if matches!(failure.cause, Cause::Inconclusive(_)))
    });
    assert!(could_not_tell, "{}", heard.text());
    Ok(())
}

#[tokio::test]
async fn a_machine_that_does_not_answer_is_worth_another_try() -> Tested {
    let free = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let (old, new) = (format!("http://{free}"), "https://shop.test".to_owned());
    let gauge = Addressed { gauge: Gauge::of("queue_length"), old, new };
    let run = a_run("v2");
    let cx = run.context(pipeline_core::Phase::Verify, "queue");
    let instance =
        |side| Instance { id: "m1".into(), side, region: None, serving: true, address: None };
    let deployed = |side| Deployment { instances: vec![instance(side)], ..Deployment::default() };
    assert!(gauge.verify(&deployed(Side::Old), &cx).await.unwrap_err().is_transient());
    let fault = gauge.verify(&deployed(Side::New), &cx).await.unwrap_err();
    assert!(!fault.is_transient() && fault.next_step().is_some(), "{fault}");
    Ok(())
}
