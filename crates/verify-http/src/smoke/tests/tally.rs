//! What answers amount to, as tables.

use super::*;
use crate::SmokeCheck;
use crate::client::Asked;
use crate::redact::Secrets;
use crate::response::response;

const TWICE: NonZeroU32 = NonZeroU32::new(2).expect("2 is not 0");

fn ok() -> Response {
    response(200, "")
}

fn down() -> Response {
    response(503, "starting")
}

fn silent() -> Asked {
    Err(Unanswered::Silent("did not answer: connection refused".into()))
}

fn blind() -> Asked {
    let source = std::io::Error::other("no such host");
    Err(Unanswered::Blind(Error::Dns { host: "shop.test".into(), source }))
}

fn end(answers: Vec<Asked>) -> String {
    let (mut tally, secrets) = (Tally::new(TWICE, None), Secrets::default());
    let check = SmokeCheck::get("/");
    let standard =
        Standard { check: &check, instance: None, build: None, now: None, secrets: &secrets };
    for asked in answers {
        tally.take(&standard, asked.map(Answer::at_once));
    }
    match tally.end(Duration::from_mins(1)) {
        End::Judged(judged, _) => format!("{:?}: {}", judged.verdict, judged.message),
        End::Blind(error) => format!("fault: {error}"),
    }
}

#[test]
fn enough_good_answers_in_a_row_pass_whatever_came_before() {
    insta::assert_snapshot!(end(vec![Ok(ok()), Ok(ok())]),
        @"Passed: answered 200, 2 times in a row");
    insta::assert_snapshot!(end(vec![Ok(down()), Ok(ok()), silent(), Ok(ok()), Ok(ok())]),
        @"Passed: answered 200, 2 times in a row");
}

#[test]
fn one_degraded_answer_in_the_row_is_an_alert() {
    let degraded = || Ok(response(200, r#"{"status": "degraded"}"#));
    insta::assert_snapshot!(end(vec![degraded(), Ok(ok())]),
        @"Alert: answered 200, but calls itself degraded, 2 times in a row");
    insta::assert_snapshot!(end(vec![Ok(ok()), degraded()]),
        @"Alert: answered 200, but calls itself degraded, 2 times in a row");
    // A bad answer ends the row, and what was said in it.
    insta::assert_snapshot!(end(vec![degraded(), Ok(down()), Ok(ok()), Ok(ok())]),
        @"Passed: answered 200, 2 times in a row");
}

#[test]
fn the_last_answer_is_the_finding() {
    insta::assert_snapshot!(end(vec![silent(), Ok(ok()), Ok(down())]),
        @"Refused: answered 503, wanted 200");
    insta::assert_snapshot!(end(vec![Ok(down()), silent()]),
        @"Refused: did not answer: connection refused");
    insta::assert_snapshot!(end(vec![Ok(down()), blind()]),
        @"fault: the name `shop.test` could not be resolved");
}

#[test]
fn what_is_not_steady_is_not_good() {
    insta::assert_snapshot!(end(vec![Ok(down()), Ok(ok())]),
        @"Refused: answered 200, but only 1 of 2 times in a row within 60s; before, it answered 503, wanted 200");
    insta::assert_snapshot!(end(vec![Ok(ok())]),
        @"Inconclusive: answered 200, but only 1 of 2 times in a row within 60s");
    insta::assert_snapshot!(end(vec![blind(), Ok(ok())]),
        @"Inconclusive: answered 200, but only 1 of 2 times in a row within 60s; before, it could not be asked: the name `shop.test` could not be resolved");
}

#[test]
fn nothing_asked_is_nothing_known() {
    insta::assert_snapshot!(end(vec![]),
        @"Inconclusive: was not asked within 60s; raise `within`");
}

#[test]
fn enough_bad_answers_in_a_row_need_no_end_of_the_window() {
    let (check, secrets) = (SmokeCheck::get("/"), Secrets::default());
    let standard =
        Standard { check: &check, instance: None, build: None, now: None, secrets: &secrets };
    let decided_after = |enough: Option<u32>, answers: Vec<Asked>| {
        let mut tally = Tally::new(TWICE, enough.and_then(NonZeroU32::new));
        answers.into_iter().zip(1..).find_map(|(asked, number)| {
            tally.take(&standard, asked.map(Answer::at_once));
            tally.is_decided().then_some(number)
        })
    };
    let bad = || vec![Ok(down()), silent(), Ok(down()), silent()];
    assert_eq!(decided_after(Some(3), bad()), Some(3));
    assert_eq!(decided_after(None, bad()), None, "the window is waited for");
    let once_good = vec![Ok(down()), silent(), Ok(ok()), Ok(down()), silent(), Ok(down())];
    assert_eq!(decided_after(Some(3), once_good), Some(6), "a good one begins anew");
    let unseen = vec![Ok(down()), blind(), blind(), Ok(down()), blind()];
    assert_eq!(decided_after(Some(3), unseen), None, "what was not seen is no answer");
}
