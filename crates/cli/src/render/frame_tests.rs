use pipeline_core::EventKind;

use super::*;
use crate::render::board::tests::{Told, begins, ends, notes, planned, run_started, starts, waits};

fn drawn(told: &Told, rows: usize, columns: usize) -> String {
    let size = Size { rows, columns };
    let view = View { now: told.now, size, names: 12, turn: 0 };
    let frame = frame(&told.board, view);
    let text = |line: &Line| line.iter().map(|it| it.1.as_str()).collect::<String>();
    let lines: Vec<String> = frame.iter().map(text).collect();
    assert!(lines.len() < rows, "{lines:#?}");
    assert!(lines.iter().all(|it| measure_text_width(it) < columns), "{lines:#?}");
    lines.iter().flat_map(|it| ["|", it, "\n"]).collect()
}

fn gates() -> Told {
    use Phase::{Deploy, Validate, Verify};
    let progress = |done, total| EventKind::Progressed { step: "test".into(), done, total };
    Told::new()
        .after(0, run_started())
        .after(0, planned(&[(Validate, 65_000), (Deploy, 30_000), (Verify, 20_000)]))
        .after(0, begins(Validate))
        .after(0, waits("credo", &["compile"]))
        .after(0, waits("health-score", &["credo", "test", "doctrine"]))
        .after(0, starts(Validate, "compile", Some(9_000)))
        .after(0, starts(Validate, "test", Some(60_000)))
        .after(0, starts(Validate, "doctrine", None))
        .after(3_000, progress(31, Some(95)))
        .after(1_200, notes("compile", "Compiling 日本語 🚀 lib/shop_web/controllers/page_controller.ex (ShopWeb.PageController)"))
}

#[test]
fn what_runs_what_waits_and_the_whole_run() {
    insta::assert_snapshot!(drawn(&gates(), 30, 100), @r"
    |
    |  ⠋ compile         4.2s   ~5s left   Compiling 日本語 🚀 lib/shop_web/controllers/page_controller…
    |  ⠋ test            4.2s   ━━━─────────   31 of 95   ~56s left
    |  ⠋ doctrine        4.2s
    |  · credo                  waits for compile
    |  · health-score           waits for credo, test, doctrine
    |  validate 4s · run 4s · about 1m 51s left · Ctrl-C stops, nothing is touched
    ");
}

#[test]
fn a_small_terminal_shows_what_it_can() {
    insta::assert_snapshot!(drawn(&gates(), 12, 40), @r"
    |
    |  ⠋ compile         4.2s   ~5s left   …
    |  ⠋ test            4.2s   31 of 95   …
    |  ⠋ doctrine        4.2s
    |  · credo                  waits for c…
    |  · health-score           waits for c…
    |  validate 4s · run 4s
    |  about 1m 51s left · ^C stops
    ");
    insta::assert_snapshot!(drawn(&gates(), 7, 60), @r"
    |  ⠋ compile         4.2s   ~5s left   Compiling 日本語 🚀 …
    |  ⠋ test            4.2s   31 of 95   ~56s left
    |  … 1 more runs, 2 more wait
    |  validate 4s · run 4s · about 1m 51s left
    ");
    for rows in 2..12 {
        for columns in 2..44 {
            drawn(&gates(), rows, columns);
        }
    }
}

#[test]
fn while_nothing_runs_the_phase_does() {
    use Phase::{Deploy, Validate, Verify};
    let told = Told::new()
        .after(0, run_started())
        .after(0, planned(&[(Validate, 1_000), (Verify, 9_000)]))
        .after(0, begins(Validate))
        .after(8_500, ends(Validate, 8_500))
        .after(0, begins(Deploy));
    insta::assert_snapshot!(drawn(&told, 30, 90), @r"
    |
    |  ⠋ deploy          0.0s   looking at what runs
    |  deploy 0s · run 8s · about 9s left · Ctrl-C stops, nothing is touched
    ");
    let told = told.after(400, notes("performance", "measuring what runs now"));
    insta::assert_snapshot!(drawn(&told, 30, 90), @r"
    |
    |  ⠋ performance     0.4s   measuring what runs now
    |  deploy 0s · run 8s · about 9s left · Ctrl-C stops, nothing is touched
    ");
}

#[test]
fn what_takes_longer_than_usual_says_so() {
    use Phase::Validate;
    let told = Told::new()
        .after(0, run_started())
        .after(0, planned(&[(Validate, 65_000)]))
        .after(0, begins(Validate))
        .after(0, starts(Validate, "dialyzer", Some(60_000)))
        .after(130_000, notes("dialyzer", "Checking"));
    insta::assert_snapshot!(drawn(&told, 30, 100), @r"
    |
    |  ⠋ dialyzer      2m 10s   usually 1m 00s   Checking
    |  validate 2m 10s, usually 1m 05s · run 2m 10s · longer than usual
    |  Ctrl-C stops, nothing is touched
    ");
}

#[test]
fn many_gates_fit_into_few_rows() {
    let many = (0..40).fold(Told::new().after(0, begins(Phase::Validate)), |told, number| {
        let name = format!("exec.check-{number}");
        let kind =
            if number < 4 { starts(Phase::Validate, &name, None) } else { waits(&name, &[]) };
        told.after(0, kind)
    });
    insta::assert_snapshot!(drawn(&many, 14, 60), @r"
    |
    |  ⠋ exec.check-0    0.0s
    |  ⠋ exec.check-1    0.0s
    |  ⠋ exec.check-2    0.0s
    |  ⠋ exec.check-3    0.0s
    |  · exec.check-4           waits for its turn
    |  · exec.check-5           waits for its turn
    |  … 34 more wait
    |  validate 0s · Ctrl-C stops, nothing is touched
    ");
}
