//! Where journeys are walked, how often, and how they end.

use pipeline_core::{CancelSource, FaultKind, Phase, Side, Verdict};
use pipeline_testkit::a_run;
use tokio::time::Instant;

use super::super::*;
use super::form::{phoenix, sign_in};
use super::server::*;
use crate::client::Unanswered;
use crate::error::Error;
use crate::response::response;

#[tokio::test(start_paused = true)]
async fn each_machine_is_walked_only_where_asked_for_and_answers_for_itself() {
    let journey = Journey { per_instance: true, ..Journey::new("home", vec![get("/")]) };
    let server = server(|asks: &Asks| {
        Ok(match asks.machine.as_str() {
            "bad" => response(500, ""),
            "other" => with(response(200, ""), "fly-machine-id", "148e"),
            _ => response(200, ""),
        })
    });
    let journeys = vec![journey, Journey::new("public only", vec![get("/")])];
    let (outcome, _) = walk_at(journeys, server, &["148e", "bad", "other"]).await;
    insta::assert_snapshot!(lines(&outcome.unwrap()), @r"
    Passed home [public]: 1 step in 0 ms
    Passed public only [public]: 1 step in 0 ms
    Passed home [148e]: 1 step in 0 ms
    Refused home [bad]: step 1 of 1, GET /: answered 500, wanted 200
    Inconclusive home [other]: step 1 of 1, GET /: was answered by another machine, 148e
    ");
}

#[tokio::test(start_paused = true)]
async fn before_the_switch_one_machine_stands_for_the_way_of_users() {
    let mut before = shop(&["green-1", "green-2", "blue"]);
    before.instances[2].side = Side::Old;
    before.instances.iter_mut().for_each(|it| it.serving = it.side == Side::Old);
    let journeys = vec![
        Journey::new("home", vec![get("/")]),
        Journey { per_instance: true, ..Journey::new("each", vec![get("/")]) },
    ];
    let journeys = Journeys::with(journeys, server(|_: &Asks| Ok(response(200, "")))).unwrap();
    let cx = a_run("v2").context(Phase::Verify, "journeys");
    let report = journeys.verify(&before, &cx).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Passed home [green-1]: 1 step in 0 ms
    Passed each [green-1]: 1 step in 0 ms
    Passed each [green-2]: 1 step in 0 ms
    ");
}

#[tokio::test(start_paused = true)]
async fn a_step_is_tried_again_as_often_as_it_says() {
    let server = server(|asks: &Asks| Ok(response(if asks.before < 2 { 503 } else { 200 }, "")));
    let began = Instant::now();
    let step = JourneyStep { retries: 2, ..get("/search") };
    let report = walk(vec![Journey::new("search", vec![step])], server).await.unwrap();
    insta::assert_snapshot!(lines(&report), @"Passed search [public]: 1 step in 2000 ms");
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_is_refused_after_two_walks_within_the_longest() {
    struct Hangs;
    #[async_trait]
    impl crate::client::Ask for Hangs {
        async fn ask(&self, _: &crate::place::Request) -> crate::client::Asked {
            std::future::pending().await
        }
    }
    #[async_trait]
    impl Connect for Hangs {
        async fn connect(
            &self,
            _: &crate::place::Request,
        ) -> Result<(crate::response::Response, Option<crate::client::Upgraded>), Unanswered>
        {
            std::future::pending().await
        }
    }
    let began = Instant::now();
    let journey = Journey::new("home", vec![JourneyStep { retries: 1, ..get("/") }]);
    let longest = journey.longest();
    let report = walk(vec![journey], Arc::new(Hangs)).await.unwrap();
    insta::assert_snapshot!(lines(&report),
        @"Refused home [public]: step 1 of 1, GET /: did not answer within 10s");
    assert_eq!(began.elapsed(), Duration::from_secs(2 * (10 + 1 + 10) + 1));
    assert_eq!(began.elapsed(), longest);
}

#[tokio::test(start_paused = true)]
async fn not_being_able_to_ask_is_a_fault_unless_something_was_seen_to_be_wrong() {
    fn unresolved() -> Answer {
        let source = std::io::Error::other("no such host");
        Err(Unanswered::Blind(Error::Dns { host: "shop.test".into(), source }))
    }
    let home = || Journey::new("home", vec![get("/")]);
    let fault = walk(vec![home()], server(|_: &Asks| unresolved())).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Transient);
    let half = server(|asks: &Asks| match asks.line.as_str() {
        "GET /" => unresolved(),
        _ => Ok(response(500, "")),
    });
    let journeys = vec![home(), Journey::new("search", vec![get("/search")])];
    let report = walk(journeys, half).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Inconclusive home [public]: step 1 of 1, GET /: could not be asked: the name `shop.test` could not be resolved
    Refused search [public]: step 1 of 1, GET /search: answered 500, wanted 200
    ");
    assert_eq!(report.findings()[0].rule.as_deref(), Some("inconclusive"));
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_once_when_asked_to() {
    let source = CancelSource::new();
    let journeys =
        Journeys::with(vec![sign_in()], server(|_: &Asks| Ok(response(500, "")))).unwrap();
    let cx = a_run("v2").cancel(source.token()).context(Phase::Verify, "journeys");
    let deployment = shop(&[]);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        source.cancel();
    };
    let (outcome, ()) = futures::future::join(journeys.verify(&deployment, &cx), stop).await;
    assert_eq!(outcome, Err(Fault::cancelled()));
}

#[tokio::test]
async fn where_nothing_can_be_walked_nothing_is_known() {
    let journeys = Journeys::with(vec![sign_in()], server(phoenix)).unwrap();
    let mut deployment = shop(&["148e"]);
    (deployment.instances[0].address, deployment.instances[0].serving) = (None, false);
    let cx = a_run("v2").context(Phase::Verify, "journeys");
    let report = journeys.verify(&deployment, &cx).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Inconclusive);
    insta::assert_snapshot!(report.findings()[0].message,
        @"no journey of v2 can be walked: users do not reach it, and no instance has an address");
}
