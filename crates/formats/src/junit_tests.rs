use pipeline_core::Finding;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::testing;

#[test]
fn a_run_is_suites_of_phases_and_cases_of_steps_and_checks() {
    insta::assert_snapshot!(junit(&testing::account()));
}

#[test]
fn what_did_not_end_and_what_no_step_tells_are_errors() {
    insta::assert_snapshot!(junit(&testing::left_half_way()));
}

#[test]
fn whatever_a_tool_says_the_document_stays_one() {
    let hostile = "\u{1b}[31mred\u{0}\u{8}\u{fffe}\u{ffff} ]]> <!-- & \" ' </failure>\n\ttab";
    let finding = Finding::error(hostile).rule("a<b>").at("lib/\u{1}x.ex", 1).remedy(hostile);
    let text = junit(&testing::refused(vec![finding.clone(), finding]));
    let allowed = |it: char| matches!(it, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(allowed), "{text:?}");
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let mut open = Vec::new();
    loop {
        match reader.read_event().expect("it is XML") {
            Event::Start(tag) => open.push(tag.name().as_ref().to_owned()),
            Event::End(_) => drop(open.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    assert_eq!(text.matches("<failure").count(), 1, "{text}");
}
