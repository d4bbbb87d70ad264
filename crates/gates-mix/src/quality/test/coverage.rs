//! The table that `mix test --cover` prints.

/// What Mix says about the coverage of one application.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Coverage {
    pub(super) app: Option<String>,
    /// In per cent.
    pub(super) total: f64,
    /// The limit it is below, in per cent.
    pub(super) below: Option<f64>,
}

/// All tables in the text, in order: `  83.33% | Total`, since 1.19 with a bar at both ends.
pub(super) fn read(text: &str) -> Vec<Coverage> {
    let mut found: Vec<Coverage> = Vec::new();
    let (mut app, mut below) = (None, false);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("==> ") {
            (app, below) = (Some(name.trim().to_owned()), false);
        } else if let Some(total) = total(line) {
            found.push(Coverage { app: app.clone(), total, below: None });
        } else if line.starts_with("Coverage test failed, threshold not met") {
            below = true;
        } else if below && let Some(limit) = line.trim().strip_prefix("Threshold:") {
            found.iter_mut().rev().take(1).for_each(|last| last.below = percent(limit));
            below = false;
        }
    }
    found
}

fn total(line: &str) -> Option<f64> {
    let (number, name) = line.trim().trim_matches('|').split_once('|')?;
    (name.trim() == "Total").then(|| percent(number))?
}

fn percent(text: &str) -> Option<f64> {
    let number: f64 = text.trim().strip_suffix('%')?.parse().ok()?;
    (0.0..=100.0).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_the_tables_of_all_versions() {
        for (line, percent) in [
            ("    83.33% | Total", Some(83.33)),
            ("|    100.00% | Total      |", Some(100.0)),
            ("   100.00% | Shop.Total", None),
            ("   999.00% | Total", None),
            ("       x% | Total", None),
        ] {
            assert_eq!(total(line), percent, "{line}");
        }
    }

    #[test]
    fn each_application_has_its_table_and_its_limit() {
        let text = "==> alpha\n 100.00% | Total\n==> beta\n 7.58% | Total\n\nCoverage test failed, threshold \
                    not met:\n\n    Coverage:    7.58%\n    Threshold:  90.00%\n";
        let alpha = Coverage { app: Some("alpha".into()), total: 100.0, below: None };
        let beta = Coverage { app: Some("beta".into()), total: 7.58, below: Some(90.0) };
        assert_eq!(read(text), [alpha, beta]);
    }
}
