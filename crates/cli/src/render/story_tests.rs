use super::*;

#[test]
fn a_way_back_says_how_soon_users_had_the_old_release_again() {
    let report = |ms: f64| Report::passed().number("traffic_back_ms", ms);
    assert_eq!(numbers(&report(804.0)), ["traffic back after 0.8s"]);
    assert_eq!(numbers(&report(63_000.0)), ["traffic back after 1m 03s"]);
    assert_eq!(numbers(&Report::passed()), Vec::<String>::new());
}
