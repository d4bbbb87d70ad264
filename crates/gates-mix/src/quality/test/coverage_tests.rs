use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::testing::captures;

#[test]
fn rows_are_read_from_the_tables_of_all_versions() {
    for (line, found) in [
        ("    83.33% | Total", Some(("Total", 83.33))),
        ("|    100.00% | Total      |", Some(("Total", 100.0))),
        ("   100.00% | Shop.Total", Some(("Shop.Total", 100.0))),
        ("     0.00% | :\"Elixir.odd | name\"", Some((":\"Elixir.odd | name\"", 0.0))),
        ("   999.00% | Total", None),
        ("       x% | Total", None),
        ("   100.00% | ", None),
    ] {
        assert_eq!(row(line), found, "{line}");
    }
    for (line, found) in [
        (" 83.3% lib/shop.ex               12        6        1", Some(("lib/shop.ex", 83.3))),
        ("100.0% of all tests passed today", None),
        ("100.0% a 1 2", None),
        ("100.0% a 1 2 3 4", None),
    ] {
        assert_eq!(row_of_excoveralls(line), found, "{line}");
    }
}

#[test]
fn each_application_has_its_table_and_its_limit() {
    let text = "==> alpha\n 100.00% | Total\n==> beta\nPercentage | Module\n-----------|---\n 7.58% | Beta\n-----------|---\n \
                7.58% | Total\n\nCoverage test failed, threshold not met:\n\n    Coverage:    7.58%\n    Threshold:  90.00%\n";
    let alpha = Coverage { app: Some("alpha".into()), total: 100.0, ..Coverage::default() };
    let beta = Coverage {
        app: Some("beta".into()),
        total: 7.58,
        below: Some(90.0),
        modules: vec![("Beta".into(), 7.58)],
    };
    assert_eq!(read(text), [alpha, beta]);
}

#[test]
fn a_module_may_be_called_total_and_rows_outside_of_tables_are_none() {
    let text = "10.00% | Forged\nPercentage | Module\n----|----\n 50.00% | Total\n 70.00% | Shop\n----|----\n 60.00% | \
                Total\n 20.00% | Forged\n";
    let rows = [("Total".to_owned(), 50.0), ("Shop".to_owned(), 70.0)];
    assert_eq!(read(text), [Coverage { total: 60.0, modules: rows.into(), ..Coverage::default() }]);
}

const EXCOVERALLS: &str = "----------------
COV    FILE                                        LINES RELEVANT   MISSED
100.0% lib/shop.ex                                     9        2        0
 50.0% lib/shop/cart.ex                               14        4        2
[TOTAL]  66.7%
----------------
FAILED: Expected minimum coverage of 90%, got 66.7%.
";

#[test]
fn excoveralls_tells_of_files() {
    let rows = [("lib/shop.ex".to_owned(), 100.0), ("lib/shop/cart.ex".to_owned(), 50.0)];
    let below = Some(90.0);
    assert_eq!(
        read(EXCOVERALLS),
        [Coverage { app: None, total: 66.7, below, modules: rows.into() }]
    );
}

#[test]
fn what_is_told_is_the_least_covered() {
    let rows: Vec<_> = (0..700).map(|it| (format!("Shop.M{it:03}"), f64::from(it) / 7.0)).collect();
    let table = Coverage { modules: rows, ..Coverage::default() };
    let told = evidence(&[table], &Layout::default()).unwrap().value;
    assert_eq!(told.as_object().unwrap().len(), MOST_TOLD + 1);
    assert_eq!((&told["modules"], &told["Shop.M007"]), (&700.into(), &1.0.into()));
    assert!(told.get("Shop.M500").is_none());
    assert_eq!(evidence(&[Coverage::default()], &Layout::default()), None);
}

#[test]
fn every_table_of_a_real_mix_is_told_module_by_module() {
    let mut told = String::new();
    for capture in captures("test") {
        if let Some(evidence) = evidence(&read(&capture.answer.text), &capture.layout) {
            writeln!(told, "{}: {}", capture.name, evidence.value).unwrap();
        }
    }
    insta::assert_snapshot!(told, @r#"
    clean_export_coverage: {"Shop":100.0,"Shop.Cart":75.0}
    low_coverage_export: {"Shop":100.0,"Shop.Cart":75.0}
    umbrella-cover_clean: {"alpha":{"Alpha":100.0},"beta":{"Beta":100.0},"gamma":{"Gamma":100.0}}
    umbrella-cover_export_clean: {"Alpha":100.0,"Beta":100.0,"Gamma":100.0}
    umbrella-cover_export_findings: {"Alpha":100.0,"Beta":100.0,"Beta.Extra":0.0,"Gamma":50.0}
    v1.14.0-clean_cover: {"Shop":100.0,"Shop.Cart":75.0}
    v1.14.0-failing_cover: {"Shop":100.0,"Shop.Cart":75.0,"Shop.Server":100.0,"Shop.Smells":0.0,"Shop.Typed":0.0,"Shop.Types":0.0,"Shop.Unformatted":0.0,"Shop.Warns":0.0}
    v1.15.8-clean_cover: {"Shop":100.0,"Shop.Cart":75.0}
    v1.17.3-clean_cover: {"Shop":100.0,"Shop.Cart":75.0}
    v1.17.3-failing_cover: {"Shop":100.0,"Shop.Cart":75.0,"Shop.Server":100.0,"Shop.Smells":0.0,"Shop.Typed":0.0,"Shop.Types":0.0,"Shop.Unformatted":0.0,"Shop.Warns":0.0}
    v1.18.4-clean_cover: {"Shop":100.0,"Shop.Cart":100.0}
    v1.18.4-failing_cover: {"Shop":100.0,"Shop.Cart":100.0,"Shop.Server":100.0,"Shop.Smells":0.0,"Shop.Typed":0.0,"Shop.Types":0.0,"Shop.Unformatted":0.0,"Shop.Warns":0.0}
    v1.20.3-clean_cover: {"Shop":100.0,"Shop.Cart":100.0}
    "#);
}

proptest! {
    #[test]
    fn no_row_makes_it_panic_and_all_is_told_in_per_cent(
        text in "(Percentage \\| Module\n|-----\\|---\n|==> |COV FILE\n|\\[TOTAL\\]|[0-9]{0,3}(\\.[0-9])?%| \\| |Total|\\PC| 1 2 3|\n|\u{0}){0,60}",
        apps in any::<bool>(),
    ) {
        let apps = apps.then(|| ("a".to_owned(), "apps/a".to_owned()));
        let layout = Layout { apps: apps.into_iter().collect(), ..Layout::default() };
        let tables = read(&text);
        let all = tables.iter().flat_map(|it| it.modules.iter().map(|it| it.1).chain([it.total]));
        for percent in all {
            prop_assert!((0.0..=100.0).contains(&percent));
        }
        prop_assert!(evidence(&tables, &layout).is_none_or(|it| it.value.is_object()));
    }
}
