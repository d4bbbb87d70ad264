//! The pure part, as tables.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::super::config::WatchLimits;
use super::super::errors::Errors;
use super::super::strand::Strand;
use super::*;

/// A strand of answers in seconds of the schedule: `.` good, `x` bad, `d` database, `?` not asked, ` ` none yet.
fn proof(answers: &str, every: u64, limits: &WatchLimits) -> String {
    let mut strand = Strand::new(true);
    for (number, answer) in answers.chars().enumerate() {
        let seen = match answer {
            '.' => Seen::Good(Duration::from_millis(12)),
            'x' => Seen::Bad("answered 500, wanted 200".into()),
            'd' => Seen::Database("says that its database is down".into()),
            '?' => Seen::Blind(Error::NoCryptoProvider),
            _ => continue,
        };
        let planned = Duration::from_secs(number as u64 * every);
        let probed = Probed { number, planned, over: planned, seen };
        if let Some(proof) = strand.take(probed, limits) {
            return format!("{number} {}", proof.trigger);
        }
    }
    format!("none, gap {}", strand.longest_gap().as_secs())
}

#[test]
fn the_health_endpoint_is_down_after_too_many_in_a_row_or_too_long() {
    let limits = WatchLimits::default();
    let patient = WatchLimits { consecutive: NonZeroUsize::new(99).unwrap(), ..limits.clone() };
    let table = [
        (".....", 1, &limits, "none, gap 0"),
        (".xxx.", 1, &limits, "none, gap 4"),
        (".xxxx", 1, &limits, "4 health_down"),
        ("xxxx", 1, &limits, "3 health_down"),
        (".xx.xx.xx.", 1, &limits, "none, gap 3"),
        (".xx?xx.", 1, &limits, "none, gap 6"),
        (".xx xx.", 1, &limits, "none, gap 6"),
        (".xxxxxxxxxxx", 1, &patient, "none, gap 11"),
        (".xxxxxxxxxxxx", 1, &patient, "12 health_down"),
        (".xxx.", 5, &limits, "none, gap 20"),
        (".xxxx", 5, &patient, "4 health_down"),
        ("d.d.d", 1, &limits, "none, gap 2"),
        (".dd", 1, &limits, "2 database"),
        (".xd.", 1, &limits, "none, gap 3"),
        (".xdxx", 1, &limits, "4 health_down"),
    ];
    for (answers, every, limits, wanted) in table {
        assert_eq!(proof(answers, every, limits), wanted, "{answers}");
    }
}

/// Feeds requests, one each `every` seconds, until they are too many.
fn too_many(answers: &str, every: u64) -> Option<String> {
    let (mut errors, limits) = (Errors::default(), WatchLimits::default());
    answers.chars().enumerate().find_map(|(number, answer)| {
        let planned = Duration::from_secs(number as u64 * every);
        let words = errors.take(planned, answer == 'x', &limits)?;
        Some(format!("{number}: {words}"))
    })
}

#[test]
fn a_rate_of_errors_counts_from_twenty_requests_on_or_when_it_goes_on() {
    assert_eq!(too_many(&"x.".repeat(9), 1), None);
    insta::assert_snapshot!(too_many(&"x.".repeat(10), 1).unwrap(), @"19: 10 of 20 requests failed (50.0 %), more than 5.0 %");
    assert_eq!(too_many(&format!("x{}", ".".repeat(19)), 1), None);
    // 1 of 100 and then another: still below 5 %, and not going on.
    let once = format!("{}x{}x{}", ".".repeat(99), ".".repeat(10), ".".repeat(70));
    assert_eq!(too_many(&once, 1), None);
    // 2 in each twenty seconds of two requests each: 2.5 %, and going on.
    let on = format!("{}{}", ".".repeat(120), format!("x{}", ".".repeat(19)).repeat(4));
    insta::assert_snapshot!(too_many(&on, 1).unwrap(), @"160: 3 of 60 requests failed over the last minute (5.0 %), some in each third of it, more than 1.0 %");
}

#[test]
fn what_could_never_fail_or_never_pass_is_refused() {
    let refused = |change: fn(&mut WatchConfig)| {
        let mut config = WatchConfig::new("/health");
        change(&mut config);
        config.check().unwrap_err().to_string()
    };
    let told = [
        refused(|it| it.path = "health".into()),
        refused(|it| it.also = vec!["/".into(), "/health".into()]),
        refused(|it| it.window = Duration::ZERO),
        refused(|it| it.limits.latency = Some(Duration::ZERO)),
        refused(|it| it.limits.error_rate = 5.0),
        refused(|it| it.limits.sustained_error_rate = f64::NAN),
        refused(|it| it.window = Duration::from_secs(30)),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    `path` is "health"; begin it with a slash
    `also` names "/health", which is watched already
    `window` is zero; give it a duration, such as "5s"
    `latency` is zero; give it a duration, such as "5s"
    `error_rate` is 5; it is a part of all requests, above 0 and up to 1, such as 0.05
    `sustained_error_rate` is NaN; it is a part of all requests, above 0 and up to 1, such as 0.05
    a `window` of 30s with a probe `every` 5s makes 14 requests, and a rate of errors is judged from 20 on; raise `window` or lower `every`
    "#);
    assert_eq!(WatchConfig::new("/health").check(), Ok(()));
}

proptest! {
    #[test]
    fn the_order_of_answers_does_not_matter_to_a_proof(answers in "[.xd?]{1,12}", seed: u64) {
        let numbered: Vec<_> = answers.chars().enumerate().collect();
        let mut mixed = numbered.clone();
        mixed.sort_by_key(|it| (it.0 as u64 + 1).wrapping_mul(seed | 1) % 97);
        let proven = |order: &[(usize, char)]| {
            let (mut strand, limits) = (Strand::new(true), WatchLimits::default());
            order.iter().any(|(number, answer)| {
                let seen = match answer {
                    '.' => Seen::Good(Duration::ZERO),
                    'x' => Seen::Bad(String::new()),
                    'd' => Seen::Database(String::new()),
                    _ => Seen::Blind(Error::NoCryptoProvider),
                };
                let planned = Duration::from_secs(*number as u64);
                strand.take(Probed { number: *number, planned, over: planned, seen }, &limits).is_some()
            })
        };
        prop_assert_eq!(proven(&numbered), proven(&mixed));
    }
}
