//! A deploy by each strategy, of a good release and of bad ones, with every fault of the simulator at every call,
//! and with a death at every call: each ends wholly old or wholly new, and says the truth.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod address;
mod cases;
mod effects;
mod judge;
mod play;
mod scene;
mod sweep;
mod truth;

use address::{Address, Course};
use play::{Played, play, rehearse};

#[test]
fn sweeps() {
    #[expect(clippy::disallowed_methods, reason = "it is for whoever looks at all of them")]
    let all = std::env::var("MATRIX").is_ok_and(|it| it == "all");
    #[expect(clippy::disallowed_methods, reason = "it is for whoever looks at all of them")]
    let only = std::env::var("MATRIX_ONLY").unwrap_or_default();
    let extent = if all { cases::Extent::All } else { cases::Extent::Slice };
    let began = std::time::Instant::now();
    let mut cases = Vec::new();
    for course in Course::all() {
        let (_, counts) = rehearse(course);
        cases.extend(cases::of(course, &counts, extent));
    }
    cases.retain(|it| it.to_string().contains(&only));
    println!("{} cases", cases.len());
    let outcomes = sweep::sweep(&cases);
    println!("{}", sweep::table(&outcomes));
    for it in outcomes.iter().filter(|it| !it.amiss.is_empty()) {
        println!("WRONG {} {:?} {:?}", it.address, it.end, it.amiss);
    }
    for it in sweep::given_up(&outcomes) {
        println!("GIVEN UP {} {:?}", it.address, it.end);
    }
    println!("{:?}", began.elapsed());
}

#[test]
fn probe() {
    for course in Course::all() {
        let began = std::time::Instant::now();
        let (played, counts) = rehearse(course);
        println!("{course}: {:?} {:?} {:?} {:?}", played.end, played.took, counts.calls, began.elapsed());
        println!("   total {} {:?} leases {:?}", counts.calls.values().sum::<u64>(), counts.occasions, played.truth.leases);
        println!("   not old {:?}\n not new {:?}", played.truth.not_old, played.truth.not_new);
    }
}

#[test]
fn single() {
    #[expect(clippy::disallowed_methods, reason = "it is for whoever looks at one case")]
    let Ok(text) = std::env::var("MATRIX_CASE") else { return };
    let address: Address = text.parse().unwrap();
    let Some(played) = play(&address) else { println!("nothing to take back"); return };
    show(&played);
    println!("{:#?}", judge::judge(&address, &played));
}

fn show(played: &Played) {
    for call in &played.calls {
        println!("{} {} {}{}{} {:?} {:?}", call.at, call.method, call.path, if call.query.is_empty() {""} else {"?"}, call.query, call.status, call.fault);
    }
    for (at, event) in &played.events { println!("{at:?} {event:?}"); }
    for machine in &played.truth.machines { println!("{machine}"); }
    println!("{:?} after {:?}", played.end, played.took);
}
