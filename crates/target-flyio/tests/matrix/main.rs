//! A deploy by each strategy, of a good release and of bad ones, with every fault of the simulator at every call,
//! and with a death at every call: each ends wholly old or wholly new, and says the truth.
//!
//! `MATRIX=all` plays every call instead of a slice, `MATRIX_ONLY=canary/good` those cases whose address holds
//! that, and `MATRIX_CASE=rolling/good/get@7=503` one case, of which everything is printed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "the table is what a person runs this for")]

mod address;
mod cases;
mod effects;
mod judge;
mod play;
mod scene;
mod sweep;
mod truth;

use address::{Address, Course};
use cases::Extent;
use play::{Played, play, rehearse};
use sweep::Outcome;

/// Cases that have once ended as they may not, or worse than they need: played always.
const FOUND: [&str; 21] = [
    // One list that said there was no such app ended the release command.
    "bluegreen/migrating/list@4=404",
    // After its watch, verifiers were shown a canary as an old list had it, and a good release was taken back.
    "canary/good/list@6=stale:5s",
    // What could not be read was taken for somebody else's work, and "rolled back" was said of a half-way state.
    "rolling/good/boot@1=host-unreachable",
    // What could not be read for a moment was made a second time, and "succeeded" was said of one machine too many.
    "bluegreen/good/wait@1=host-unreachable:10s",
    // One refusal on the way back, and it was stuck.
    "rolling/bad/update@4=404",
    "rolling/bad/uncordon@4=422-capacity",
    // The old image could not be pulled once, or died once, and it was stuck.
    "rolling/bad/update@4=pull-fails",
    "rolling/bad/boot@4=oom",
    // The old image came up badly once, and it was stuck.
    "rolling/bad/boot@4=stuck",
    "rolling/bad/boot@4=unhealthy",
    // The machine of a command was not found at once, and given up.
    "bluegreen/migrating/create@1=lag:2",
    "bluegreen/migrating/create@1=404-after",
    // One refusal when only the old machines were left to remove, and these stayed.
    "bluegreen/good/destroy@1=412",
    "bluegreen/good/stop@1=404",
    // The proxy never learned of a start: it was stuck, or a good release went back.
    "rolling/bad/boot@6=unseen",
    "rolling/good/boot@1=unseen",
    "bluegreen/good/boot@1=unseen",
    // A good release went back because of one answer that was over at once.
    "rolling/good/cordon@1=404",
    "rolling/good/update@1=404",
    "rolling/good/get@1=412",
    "bluegreen/good/create@1=lag:2s",
];

/// One of these for each course: chance, the clock and the order of answers have a part in all of them.
const TWICE: [&str; 4] =
    ["get@3=503", "lease@2=reset-after", "kill-after:lease@2/resume", "list@2=slow:30s"];

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests chooses among the cases")]
fn asked(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

#[test]
fn whatever_fails_at_whatever_call_the_app_ends_wholly_old_or_wholly_new_and_the_run_says_so() {
    if let Some(case) = asked("MATRIX_CASE") {
        return one(&case.parse().unwrap());
    }
    let began = std::time::Instant::now();
    let extent =
        if asked("MATRIX").as_deref() == Some("all") { Extent::All } else { Extent::Slice };
    let only = asked("MATRIX_ONLY").unwrap_or_default();
    let (mut outcomes, mut there_are) = (Vec::new(), 0);
    for course in Course::all() {
        let (rehearsed, counts) = rehearse(course);
        let well = judge::judge_rehearsal(course, &rehearsed);
        assert!(well.is_empty(), "{course} without any fault: {well:#?}");
        there_are += cases::of(course, &counts, Extent::All).len();
        let mut chosen = cases::of(course, &counts, extent);
        chosen.retain(|it| it.to_string().contains(&only));
        let swept = sweep::sweep(&chosen);
        let wrong: Vec<&Outcome> = swept.iter().filter(|it| !it.amiss.is_empty()).collect();
        let told = sweep::wrong(&wrong);
        println!("{course}: {} cases, {:.0?} in all\n{told}", chosen.len(), began.elapsed());
        outcomes.extend(swept);
    }
    let told = format!(
        "{} of {there_are} cases, in {:.0?}\n\n{}\n{}",
        outcomes.len(),
        began.elapsed(),
        sweep::table(&outcomes),
        sweep::given_up(&outcomes),
    );
    println!("{told}");
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/matrix.txt"), &told).unwrap();
    let wrong: Vec<&Outcome> = outcomes.iter().filter(|it| !it.amiss.is_empty()).collect();
    assert!(wrong.is_empty(), "{told}\n{}", sweep::wrong(&wrong));
}

#[test]
fn what_once_ended_badly_ends_well() {
    let found: Vec<Address> = FOUND.iter().map(|it| it.parse().unwrap()).collect();
    let outcomes = sweep::sweep(&found);
    let wrong: Vec<&Outcome> = outcomes.iter().filter(|it| !it.amiss.is_empty()).collect();
    assert!(wrong.is_empty(), "{}", sweep::wrong(&wrong));
}

#[test]
fn the_same_case_played_twice_goes_the_same_way() {
    for (course, mishap) in Course::all().into_iter().zip(TWICE.iter().cycle()) {
        let address = format!("{course}/{mishap}").parse().unwrap();
        let told = || play(&address).map(|it| moments(&story(&it)));
        assert!(told() == told(), "{address} went another way the second time");
    }
}

/// The lines of a story. Calls of one moment go over connections of their own, and which is heard first is
/// nobody's choice.
fn moments(story: &str) -> Vec<String> {
    let mut lines: Vec<String> = story.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Plays one case and shows everything.
fn one(address: &Address) {
    let Some(played) = play(address) else { return println!("{address}: nothing to take back") };
    println!("{}", story(&played));
    let amiss = judge::judge(address, &played);
    assert!(amiss.is_empty(), "{address}: {amiss:#?}");
}

/// What was called, what was told, and what is true in the end.
fn story(played: &Played) -> String {
    let calls = played.calls.iter().map(|it| {
        let query = if it.query.is_empty() { "" } else { "?" };
        let fault = it.fault.as_deref().unwrap_or_default();
        let status = it.status.map_or("none".to_owned(), |it| it.to_string());
        format!("{} {} {}{query}{} {status} {fault}", it.at, it.method, it.path, it.query)
    });
    let events = played.events.iter().map(|(at, it)| format!("{at:?} {it:?}"));
    let lines = calls.chain(events).chain(played.truth.machines.clone());
    let end = format!("{:?} after {:?}", played.end, played.took);
    lines.chain([end]).collect::<Vec<_>>().join("\n")
}
