use std::fmt::Write;

use pipeline_core::Report;
use proptest::prelude::*;

use super::*;
use crate::testing::{captures, told_as_text};

#[test]
fn every_answer_of_a_real_sobelow_is_understood() {
    let mut told = String::new();
    for capture in captures("sobelow") {
        let Answer { task, code, .. } = &capture.answer;
        writeln!(told, "{}: {task} (exit {code})", capture.name).unwrap();
        let text = match where_there(read(&capture.answer, &capture.layout)) {
            Ok(None) => "  not there\n".into(),
            Ok(Some(Sobelow::NotPhoenix)) => "  no Phoenix application\n".into(),
            Ok(Some(Sobelow::Looked(found))) => {
                let findings = found.iter().map(|it| it.finding(&Policy::default()));
                told_as_text(Ok(Report::refused_if_any(findings.collect())))
            }
            Err(error) => told_as_text(Err(error)),
        };
        writeln!(told, "{text}").unwrap();
    }
    insta::assert_snapshot!(told);
}

fn document(found: &str, total: usize) -> String {
    format!(
        "{{\n  \"findings\": {{\n \"high_confidence\": [],\n \"low_confidence\": [{found}],\n \"medium_confidence\": []\n \
         }},\n  \"sobelow_version\": \"0.15.0\",\n  \"total_findings\": {total}\n}}\n"
    )
}

fn read_text(text: &str, stderr: &str, layout: &Layout) -> Result<Sobelow, Error> {
    let (text, stderr) = (text.to_owned(), stderr.to_owned());
    read(&Answer { task: task().to_string(), code: 0, text, stderr }, layout)
}

#[test]
fn the_applications_of_an_umbrella_are_told_apart() {
    let one = r#"{"file": "lib/a.ex", "line": 3, "type": "XSS.Raw: XSS", "variable": "x"}"#;
    let text = format!("==> alpha\n{}==> beta\n{}", document(one, 1), document("", 0));
    let apps = ["alpha", "beta"].map(|it| (it.to_owned(), format!("apps/{it}"))).into();
    let layout = Layout { apps, ..Layout::default() };
    let Sobelow::Looked(found) = read_text(&text, "", &layout).unwrap() else { panic!() };
    let told: Vec<_> = found.iter().map(|it| it.finding(&Policy::default())).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].place().as_deref(), Some("apps/alpha/lib/a.ex:3"));
    assert_eq!((told[0].message.as_str(), told[0].app.as_deref()), ("XSS (x)", Some("alpha")));
    assert_eq!(told[0].level, pipeline_core::Level::Advisory);
}

#[test]
fn a_router_that_is_there_and_not_found_is_a_fault() {
    let stderr = format!("WARNING: {NO_ROUTER}. If this is");
    let files = |file: &str| Layout { files: [file.to_owned()].into(), ..Layout::default() };
    let quiet = document("", 0);
    assert_eq!(read_text(&quiet, &stderr, &files("lib/a.ex")).unwrap(), Sobelow::NotPhoenix);
    read_text(&quiet, &stderr, &files("lib/a_web/router.ex")).unwrap_err();
    assert_eq!(
        read_text(&quiet, "", &files("lib/a_web/router.ex")).unwrap(),
        Sobelow::Looked(vec![])
    );
}

#[test]
fn half_an_answer_is_none() {
    let whole = document("", 0);
    for text in ["", "{\n}\n", &whole[..whole.len() - 3], &document("", 1)] {
        read_text(text, "", &Layout::default()).unwrap_err();
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_or_pass(text: String, stderr: String) {
        prop_assert!(read_text(&text, &stderr, &Layout::default()).is_err());
    }
}
