//! How much of a deployment is watched, and that less is told.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_is_not_wholly_new_is_watched_for_ten_seconds() {
    let (old, new) = (Side::Old, Side::New);
    let canary = shop(vec![instance("a", old, true), instance("b", new, true)]);
    let before = shop(vec![instance("a", old, true)]);
    for (deployment, phase) in [(&canary, Phase::Verify), (&before, Phase::Restore)] {
        let began = Instant::now();
        let report = watched(|_, _| Does::Answers(200, ""), deployment, phase).await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 9);
        assert_eq!(report.verdict(), Verdict::Passed);
        assert!(report.checks()[0].message.contains("(only the first 10 s: "), "{report:?}");
    }
    let switched = shop(vec![instance("a", old, false), instance("b", new, true)]);
    assert_eq!(extent(&switched, Phase::Verify), Extent::Window);
    // Somebody asks how what runs is doing.
    assert_eq!(extent(&before, Phase::Verify), Extent::Window);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_public_is_not_watched_and_that_is_told() {
    let heard = Heard::new();
    let green = shop(vec![instance("a", Side::Old, true), instance("b", Side::New, false)]);
    let watch = Watch::with(WatchConfig::new("/health"), server(|_, _| Does::Hangs)).unwrap();
    let cx = a_run("v2").events(heard.events()).context(Phase::Verify, "watch");
    let report = watch.verify(&green, &cx).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Passed);
    insta::assert_snapshot!(format!("{}\n{}", lines(&report), heard.lines().join("\n")), @r"
    Passed GET /health: was not watched: users do not reach it yet
      watch: nothing was watched: users do not reach it yet
    ");
    // Users reach it, and nobody says where: nothing is known.
    let mut nowhere = shop(vec![instance("b", Side::New, true)]);
    (nowhere.url, nowhere.instances[0].address) = (None, None);
    let report = watch.verify(&nowhere, &cx).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Inconclusive);
    insta::assert_snapshot!(report.findings()[0].message, @"nothing of v2 can be watched: it has no address");
}
