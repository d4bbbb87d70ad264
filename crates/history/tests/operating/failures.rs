//! "Failures are rising": three rules side by side. The first one is the rule in use.

use pipeline_history::{Course, rising};
use pipeline_stats::trend::wilson;
use store_sql::RunOutcome;

use crate::histories::{history, share};

/// The chance that each of so many deploys fails, the oldest first.
type Chances = Vec<f64>;

fn drawn(chances: &Chances, random: &mut fastrand::Rng) -> Vec<bool> {
    chances.iter().map(|it| random.f64() < *it).collect()
}

/// Mann–Kendall on the outcomes, as the answer has it.
fn by_trend(failed: &[bool]) -> bool {
    let outcome = |it: &bool| if *it { RunOutcome::Fail } else { RunOutcome::Pass };
    let runs = history(failed.iter().map(|it| (outcome(it), 60_000)));
    rising(&runs, failed.len()).numbers.course == Course::Rising
}

fn halves(failed: &[bool]) -> [(u64, u64); 2] {
    let (older, newer) = failed.split_at(failed.len() / 2);
    [older, newer].map(|half| (half.iter().filter(|it| **it).count() as u64, half.len() as u64))
}

/// Wilson's intervals of the two halves, 95 % each, do not overlap.
fn by_intervals(failed: &[bool]) -> bool {
    let [(old, of), (new, from)] = halves(failed);
    wilson(old, of, 0.95).1 < wilson(new, from, 0.95).0
}

/// Fisher's exact test on the two halves, two-sided, at 2 %.
fn by_fisher(failed: &[bool]) -> bool {
    let [(old, of), (new, from)] = halves(failed);
    let (bad, all) = (old + new, of + from);
    let chance = |new: u64| -> f64 { choose(from, new) * choose(of, bad - new) / choose(all, bad) };
    let possible = bad.saturating_sub(of)..=bad.min(from);
    let seen = chance(new) * (1.0 + 1e-9);
    let p: f64 = possible.map(chance).filter(|it| *it <= seen).sum();
    p < 0.02 && new * of > old * from
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn choose(n: u64, k: u64) -> f64 {
    (1..=k).map(|it| (n - k + it) as f64 / it as f64).product()
}

type Rule = fn(&[bool]) -> bool;

const RULES: [Rule; 3] = [by_trend, by_fisher, by_intervals];

#[expect(clippy::print_stdout, reason = "the table is what the test is for")]
fn table(name: &str, chances: &Chances) -> [f64; 3] {
    let told = RULES.map(|rule| share(2_000, 7, |random| rule(&drawn(chances, random))));
    let [trend, fisher, intervals] = told;
    println!("  {name}: {trend:.3}, {fisher:.3}, {intervals:.3}");
    told
}

#[test]
fn failures_that_do_not_rise_are_hardly_ever_called_rising() {
    println!("called rising, where nothing changes: Mann-Kendall, Fisher, intervals apart");
    for deploys in [20, 50, 100] {
        for rate in [0.02, 0.05, 0.10, 0.30, 0.50] {
            let [trend, ..] =
                table(&format!("{deploys} deploys, rate {rate:.2}"), &vec![rate; deploys]);
            assert!(trend <= 0.015, "{trend}");
        }
    }
}

#[test]
fn rising_failures_are_found_best_by_the_rule_in_use() {
    println!("called rising, where they rise: Mann-Kendall, Fisher, intervals apart");
    let line = |deploys: u32, from: f64, to: f64| -> Chances {
        (0..deploys).map(|it| from + (to - from) * f64::from(it) / f64::from(deploys - 1)).collect()
    };
    let step = |old: f64, new: f64| -> Chances {
        (0..50).map(|it| if it < 25 { old } else { new }).collect()
    };
    table("20 deploys, 2 % to 50 %", &line(20, 0.02, 0.5));
    let [trend, fisher, _] = table("50 deploys, 2 % to 50 %", &line(50, 0.02, 0.5));
    assert!(trend > fisher && trend > 0.4, "{trend} {fisher}");
    let [trend, fisher, _] = table("100 deploys, 2 % to 50 %", &line(100, 0.02, 0.5));
    assert!(trend > fisher && trend > 0.8, "{trend} {fisher}");
    table("50 deploys, 5 % and from the 26th on 40 %", &step(0.05, 0.4));
    table("50 deploys, 2 % to 20 %", &line(50, 0.02, 0.2));
}
