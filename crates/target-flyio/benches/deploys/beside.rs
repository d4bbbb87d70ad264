//! Ours and flyctl in real time, each on a simulator of its own with the same settings.

use std::path::Path;

use crate::shop::{Shop, name};
use crate::{DAY, STRATEGIES, ratio, really};

/// What is deployed in real time, which takes minutes.
const SIZES: [u32; 3] = [1, 3, 10];

/// Deploys with both; `asked` names the strategies, all of them if none.
pub(crate) fn beside(program: &Path, asked: &[String]) {
    println!("deploys in real time; flyctl without smoke checks and DNS checks");
    println!("ours lets a canary prove itself for a minute, which flyctl does not");
    println!("strategy   machines      ours    flyctl  ratio  calls");
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|it| it == name);
    for strategy in STRATEGIES.into_iter().filter(|it| wanted(name(*it))) {
        for machines in SIZES {
            let ours = really(async || Shop::with(DAY, machines).await.ours(strategy).await);
            let theirs =
                really(async || Shop::with(DAY, machines).await.flyctl(program, strategy).await);
            let (name, ratio) = (name(strategy), ratio(ours.time, theirs.time));
            let calls = [&ours, &theirs].map(|it| it.calls.values().sum::<usize>());
            let (ours, theirs) = (ours.time.as_secs_f64(), theirs.time.as_secs_f64());
            println!(
                "{name:<10} {machines:>8} {ours:>8.1}s {theirs:>8.1}s {ratio:>6.2}  {} and {}",
                calls[0], calls[1]
            );
        }
    }
}
