//! What is on the screen while gates run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use insta::assert_snapshot;
use pipeline_tests::Terminal;
use sim_flyio::{ApiRequest, Verdict};

use crate::stage::{Stage, without_times};

/// Gates of which the first two run, one waits for both, and two have names that are long.
const GATES: [(&str, &[&str]); 4] = [
    ("spell", &[]),
    ("licences-of-all-dependencies", &[]),
    ("score", &["spell", "licences-of-all-dependencies"]),
    ("last", &["score"]),
];

/// Is every row within 40 columns, and something cut?
fn narrow(screen: &str) -> bool {
    screen.contains('…') && screen.lines().all(|row| row.chars().count() <= 40)
}

/// Is the last row drawn? A screen can be looked at while it is.
fn whole(screen: &str) -> bool {
    ["nothing is touched", "^C stops"].iter().any(|end| screen.trim_end().ends_with(end))
}

/// Waits until both gates that can run do.
async fn both_hold(terminal: &Terminal) -> String {
    let hold = |it: &str| whole(it) && it.matches("holding on").count() == 2;
    terminal.until("two gates that hold on", hold).await
}

/// No row that moved may be left over, and what was printed is there once.
fn assert_clean(all: &str, once: &[&str]) {
    for mark in ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", "Ctrl-C stops", "waits for"]
    {
        assert!(!all.contains(mark), "{mark} is left over:\n{all}");
    }
    for line in once {
        assert_eq!(all.matches(line).count(), 1, "{line}:\n{all}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gates_that_run_and_wait_stand_below_those_that_are_done() {
    let stage = Stage::set(&GATES, "").await;
    let terminal = stage.start(&["validate", "staging"], (100, 30));
    let _times = without_times();
    assert_snapshot!(both_hold(&terminal).await, @r"
    validate

      * licences-of-all-dependencies [S]   holding on licences-of-all-dependencies
      * spell [S]   holding on spell
      · last                                   waits for score
      · score                                  waits for licences-of-all-dependencies, spell
      validate [S] · Ctrl-C stops, nothing is touched
    ");
    assert!(terminal.has_cursor(), "there is nothing to restore for whoever is killed");
    stage.let_go("spell", 0);
    let screen = terminal.until("one is done", |it| {
        whole(it) && it.contains("✓") && it.matches("holding on").count() == 1
    });
    assert_snapshot!(screen.await, @r"
    validate
      ✓ spell [S]

      * licences-of-all-dependencies [S]   holding on licences-of-all-dependencies
      · last                                   waits for score
      · score                                  waits for licences-of-all-dependencies
      validate [S] · Ctrl-C stops, nothing is touched
    ");
    for gate in ["licences-of-all-dependencies", "score"] {
        stage.let_go(gate, 0);
    }
    stage.let_go("last", 1);
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 10, "{all}");
    assert_clean(&all, &["spell", "score", "✗"]);
    assert_snapshot!(all, @r"
    validate
      ✓ spell [S]
      ✓ licences-of-all-dependencies [S]
      ✓ score [S]
      ✗ last [S]
          `./hold last` said no (exit code 1): holding on last
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_terminal_shows_what_it_can_and_a_resize_loses_nothing() {
    let stage = Stage::set(&GATES, "").await;
    let terminal = stage.start(&["validate", "staging"], (40, 12));
    both_hold(&terminal).await;
    stage.let_go("spell", 0);
    let _times = without_times();
    let one = |it: &str| {
        narrow(it) && whole(it) && it.contains("✓") && it.matches("holding on").count() == 1
    };
    assert_snapshot!(terminal.until("one is done", one).await, @r"
    validate
      ✓ spell [S]

      * licences-of-… [S]   holding on…
      · last                    waits for …
      · score                   waits for …
      validate [S] · ^C stops
    ");
    terminal.resize((100, 30));
    terminal.until("wide rows", |it| it.contains("waits for licences-of-all-dependencies")).await;
    // tmux breaks rows anew up to a quarter of a second before it tells of the new size: what is drawn meanwhile may leave
    // rows behind, and loses none.
    terminal.resize((40, 24));
    terminal.until("narrow rows", |it| narrow(it) && it.contains("^C stops")).await;
    for gate in ["licences-of-all-dependencies", "score", "last"] {
        stage.let_go(gate, 0);
    }
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 0, "{all}");
    for line in
        ["✓ spell", "✓ licences", "✓ score", "✓ last", "Every gate that must pass has passed."]
    {
        assert_eq!(all.matches(line).count(), 1, "{line}:\n{all}");
    }
    let end = all.lines().rev().take(5).collect::<Vec<_>>().join("\n");
    assert!(!end.contains("^C"), "what moved is gone:\n{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_gates_never_take_more_rows_than_there_are() {
    let names: Vec<String> = (10..40).map(|number| format!("check-{number}")).collect();
    let gates: Vec<(&str, &[&str])> =
        names.iter().map(|it| (it.as_str(), &[] as &[&str])).collect();
    let stage = Stage::set(&gates, "").await;
    let terminal = stage.start(&["validate", "staging"], (60, 12));
    let _times = without_times();
    let screen = terminal.until("gates that wait", |it| it.contains("more wait")).await;
    assert!(screen.lines().count() <= 12, "{screen}");
    assert_eq!(screen.lines().next(), Some("validate"), "{screen}");
    for name in &names {
        stage.let_go(name, 0);
    }
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 0, "{all}");
    assert_clean(&all, &names.iter().map(String::as_str).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colour_is_where_it_is_wanted_and_nowhere_else() {
    let stage = Stage::set(&[("spell", &[])], "").await;
    stage.let_go("spell", 0);
    let coloured = |args: &'static [&'static str],
                    vars: &'static [(&'static str, &'static str)]| {
        let terminal = stage.start_with(args, (80, 24), vars);
        async move {
            terminal.ended().await;
            terminal.all_coloured()
        }
    };
    let plain = coloured(&["validate"], &[("NO_COLOR", "1")]).await;
    assert!(plain.contains("✓ spell") && !plain.contains('\x1b'), "{plain:?}");
    let never = coloured(&["validate", "--color", "never"], &[]).await;
    assert!(!never.contains('\x1b'), "{never:?}");
    let dumb = coloured(&["validate"], &[("TERM", "dumb")]).await;
    assert!(dumb.contains("… spell") && !dumb.contains('\x1b'), "{dumb:?}");
    let usual = coloured(&["validate"], &[]).await;
    assert!(usual.contains("\x1b[32m✓"), "{usual:?}");
    let always = coloured(&["validate", "--color=always"], &[("NO_COLOR", "1"), ("CI", "1")]).await;
    assert!(always.contains("\x1b[32m✓") && always.contains("… spell"), "{always:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_is_said_before_anybody_is_asked() {
    let stage = Stage::set(&[], "").await;
    let image = stage.world.image("v2", &[]);
    let said = stage.world.path().join("said");
    // How much had been said when the first call came; one more than that, so that 0 is "no call".
    let before = Arc::new(AtomicU64::new(0));
    let (path, first) = (said.clone(), Arc::clone(&before));
    stage.world.sim.on_api_call(move |_: &ApiRequest| {
        let length = std::fs::metadata(&path).map_or(0, |it| it.len());
        let _ = first.compare_exchange(0, length + 1, Ordering::SeqCst, Ordering::SeqCst);
        Verdict::Proceed
    });
    for args in [
        &["deploy", "staging", "--image", &image][..],
        &["plan", "staging", "--image", &image],
        &["status", "staging"],
        &["verify", "staging"],
    ] {
        before.store(0, Ordering::SeqCst);
        let out = std::fs::File::create(&said).expect("the folder can be written");
        stage.world.run_into(args, out).await;
        let length = before.load(Ordering::SeqCst);
        assert!(
            length > 1,
            "{args:?}: {length}\n{}",
            std::fs::read_to_string(&said).unwrap_or_default()
        );
    }
}
