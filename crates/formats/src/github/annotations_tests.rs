use super::*;
use crate::testing;

#[test]
fn the_worst_stand_beside_the_code() {
    insta::assert_snapshot!(annotations(&testing::account(), "shop/").join("\n"), @r"
    ::error title=smoke::GET /dashboard: answered 500, wanted 200 (machine a1)
    ::error title=smoke::GET /dashboard: answered 500, wanted 200 (machine b2)
    ::warning file=shop/apps/shop/lib/my cart.ex,line=6,col=47,title=doctrine%3A ZERO/to-atom::String.to_atom/1 makes an atom of any text%0Anext: use String.to_existing_atom/1
    ::warning file=shop/lib/a.ex,line=3,title=docs::no @doc
    ::warning title=audit (validate)::no answer within 3s
    ::warning title=smoke::GET /: 2.5 times as slow
    ");
    insta::assert_snapshot!(annotations(&testing::left_half_way(), "").join("\n"), @"::error title=flyio%3Ashop (deploy)::the token is not accepted");
}

#[test]
fn ten_are_told_the_worst_first_and_none_can_be_a_command_of_its_own() {
    let mut findings: Vec<Finding> =
        (1..=20).map(|line| Finding::note("note").at("lib/a.ex", line)).collect();
    findings
        .push(Finding::error("a\n::stop-commands::x\r100 %").rule("R: 1,2").at("lib/a,b:c.ex", 7));
    findings.push(Finding::warning("w"));
    let lines = annotations(&testing::refused(findings), "");
    assert_eq!(lines.len(), MOST_ANNOTATIONS);
    assert!(lines.iter().all(|it| !it.contains(['\n', '\r'])), "{lines:#?}");
    insta::assert_snapshot!(lines[..3].join("\n"), @r"
    ::error file=lib/a%2Cb%3Ac.ex,line=7,title=gate%3A R%3A 1%2C2::a%0A::stop-commands::x%0D100 %25
    ::warning title=gate::w
    ::notice file=lib/a.ex,line=1,title=gate::note
    ");
}
