//! The page as a whole: complete, alone, inert, readable. Browsers look at it in `tests/report`.

#![cfg(test)]

mod contrast;
mod sample;

use std::path::Path;

use pipeline_core::{Event, EventKind, Finding, Observer as _, Phase, Report};
use pipeline_report::{Page, Place, html};

fn shown(page: &Page) -> String {
    let text = html(page, |text| text.into()).unwrap();
    // For whoever wants to look.
    let name = format!("report-{}-{:?}.html", page.environments.len(), page.place);
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), &text).unwrap();
    text
}

/// Every `<h1>` to `<h6>`, in order.
fn headings(text: &str) -> Vec<u32> {
    let after = text.split("<h").skip(1).filter_map(|it| it.chars().next()?.to_digit(10));
    after.collect()
}

#[test]
fn the_page_answers_first_and_has_everything_behind() {
    let text = shown(&sample::page(50));
    for part in [
        "Deploys to production",
        "50 runs · v1 to v50",
        "no trend in the newest 50",
        "How changes are delivered",
        "Change fail rate",
        "How long deploys take",
        "Which phase fails most",
        "What users noticed",
        "Latency against the release before",
        "Cold starts",
        "The last run: v50 to production",
        "until compile had ended",
        "answered 500, wanted 200",
        "1 retry",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let levels = headings(&text);
    assert_eq!(levels.iter().filter(|it| **it == 1).count(), 1);
    assert!(levels.windows(2).all(|it| it[1] <= it[0] + 1), "{levels:?}");
    let count = |part: &str| text.matches(part).count();
    // Every drawing is a picture with a name and a description, and has its numbers beside it.
    assert_eq!(count("role=\"img\""), count("<desc id="));
    assert_eq!(count("role=\"img\""), 2 * count("<figure "));
    assert_eq!(count("<figure "), count("class=\"scroll\""));
}

#[test]
fn the_page_needs_nothing_but_itself() {
    for place in [Place::File, Place::Served] {
        let text = shown(&Page { place, ..sample::page(50) });
        for outside in [
            "http://", "https://", "src=", "<script", "<link", "<img", "url(", "@import", "<iframe",
        ] {
            assert!(!text.contains(outside), "{place:?}: {outside}");
        }
        assert!(text.contains("default-src 'none'"));
    }
    assert!(!shown(&sample::page(50)).contains("href=\"/"), "a file leads nowhere");
}

/// Every text of a page that somebody else may have written.
fn poisoned(text: &str) -> Page {
    let mut page = sample::page(3);
    let past = &mut page.environments[0];
    past.environment = text.into();
    past.answers = vec![text.into()];
    for run in &mut past.runs {
        let row = &mut run.history.run;
        row.begun.environment = text.into();
        row.begun.who = text.into();
        row.begun.revision = Some(text.into());
        row.begun.image = Some(text.into());
        row.bad = Some(text.into());
        for reading in &mut run.readings {
            reading.checks.iter_mut().for_each(|it| it.name = text.into());
            reading.numbers.push((format!("cold_start/{text}/first_ms"), 7.0));
        }
    }
    let row = past.runs[0].history.run.clone();
    let detail = page.run.as_mut().unwrap();
    detail.row = row;
    let finding = Finding::error(text).rule(text).in_file(text).remedy(text);
    let (phase, step, outcome) = (Phase::Settle, text.into(), Ok(Report::refused(finding)));
    let (required, took_ms, remembered_from) = (true, 9, None);
    let kind = EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from };
    detail.account.observe(&Event { seq: 99, at: page.made, kind });
    page
}

#[test]
fn whatever_a_run_says_is_inert() {
    let hostile = "<script>alert(1)</script>\"' onload='x' \u{202e}gpj.exe\u{1b}[2J{{ 7*7 }}\0";
    let text = html(&poisoned(hostile), |text| text.into()).unwrap();
    for active in ["<script", "\u{202e}", "\u{1b}", "\0", "onload='", "\"' onload"] {
        let found = text.find(active).map(|at| &text[at.saturating_sub(80)..at]);
        assert_eq!(found, None, "{active:?}");
    }
    assert!(text.contains("&lt;script&gt;"));
    assert!(text.contains("⟨U+202E⟩gpj.exe⟨U+001B⟩[2J{{ 7*7 }}"));
}

#[test]
fn secrets_are_struck_out_of_everything() {
    let mut page = sample::page(2);
    page.environments[0].answers = vec!["it said hunter22&co".into()];
    page.environments[0].runs[0].history.run.begun.who = "hunter22&co".into();
    let text = html(&page, |text| text.replace("hunter22&co", "[secret]").into()).unwrap();
    assert!(!text.contains("hunter22") && text.matches("[secret]").count() >= 2);
}

#[test]
fn a_page_of_nothing_says_what_to_do() {
    let page = Page { environments: Vec::new(), run: None, ..sample::page(0) };
    let text = html(&page, |text| text.into()).unwrap();
    assert!(text.contains("No runs yet") && text.contains("pipeline rehearse"));
    // An environment without runs, and one with a single run that measured nothing.
    for runs in [0, 1] {
        let mut page = sample::page(runs);
        page.environments[0].runs.iter_mut().for_each(|it| it.readings.clear());
        html(&page, |text| text.into()).unwrap();
    }
}

#[test]
fn a_page_follows_an_open_run_only_where_it_is_served() {
    let mut page = Page { place: Place::Served, ..sample::page(3) };
    let refresh = "http-equiv=\"refresh\"";
    assert!(!html(&page, |text| text.into()).unwrap().contains(refresh));
    page.environments[0].runs[0].history.run.ended = None;
    page.environments[0].runs[0].history.run.ending = None;
    let text = html(&page, |text| text.into()).unwrap();
    assert!(
        text.contains(refresh)
            && text.contains("A run is open")
            && text.contains("href=\"/runs/v3\"")
    );
    page.place = Place::File;
    assert!(!html(&page, |text| text.into()).unwrap().contains(refresh));
}

#[test]
fn two_environments_have_a_section_each_and_a_column() {
    let mut page = sample::page(4);
    let mut other = page.environments[0].clone();
    other.environment = "staging".into();
    page.environments.push(other);
    let text = shown(&page);
    assert!(text.contains("Deploys to production and staging"));
    assert!(text.contains("<th scope=\"col\">Environment</th>"));
    let ids: Vec<&str> =
        text.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "an id stands twice");
}
