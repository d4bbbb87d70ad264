use pipeline_core::Finding;

use super::*;
use crate::testing;

const PLACE: Place<'_> = Place { within: "shop/", instead: "pipeline.toml" };

/// What SARIF 2.1.0 asks of what is written here (sections 3.13 to 3.29).
fn check(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    for run in log["runs"].as_array().unwrap() {
        let driver = &run["tool"]["driver"];
        assert!(driver["name"].is_string(), "{driver}");
        let ids: Vec<&str> = driver["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "each rule once");
        let mut prints = BTreeSet::new();
        for result in run["results"].as_array().unwrap() {
            assert!(ids.contains(&result["ruleId"].as_str().unwrap()), "{result}");
            assert!(
                ["error", "warning", "note", "none"].contains(&result["level"].as_str().unwrap())
            );
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let locations = result["locations"].as_array().unwrap();
            assert_eq!(locations.len(), 1, "GitHub wants one");
            let place = &locations[0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            let fine = |it: char| it.is_ascii_alphanumeric() || "-._~/%!$&'()*+,;=@:".contains(it);
            assert!(!uri.is_empty() && uri.chars().all(fine), "{uri}");
            for number in ["startLine", "startColumn", "endColumn"] {
                if let Some(number) = place["region"].get(number) {
                    assert!(number.as_u64() >= Some(1), "{result}");
                }
            }
            let print = result["partialFingerprints"]["pipelineFinding/v1"].as_str().unwrap();
            assert!(prints.insert(print.to_owned()), "{print} twice");
        }
    }
    by_the_official_schema(log);
}

/// `SARIF_SCHEMA=sarif-schema-2.1.0.json cargo test -p pipeline-formats` holds it against the schema of OASIS as well.
fn by_the_official_schema(log: &Value) {
    #[expect(clippy::disallowed_methods, reason = "a test that whoever runs it can widen")]
    let Ok(path) = std::env::var("SARIF_SCHEMA") else { return };
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::options().offline().build(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(log).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_findings_of_a_run_stand_there_once_with_rule_level_and_place() {
    let log = sarif(&testing::account(), "0.1.0", PLACE);
    check(&log);
    insta::assert_snapshot!(format!("{log:#}"));
}

#[test]
fn places_are_uris_whatever_a_file_is_called() {
    let names =
        ["lib/ä #1?.ex", "a:b/c%20d.ex", "/tmp/abs olute.ex", "./lib/x.ex", "", "x\\y [1].ex"];
    let findings = names.map(|it| Finding::error("m").at(it, 0));
    let log = sarif(&testing::refused(findings.to_vec()), "0.1.0", PLACE);
    check(&log);
    let uri =
        |it: &Value| it["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    let uris: Vec<Value> = log["runs"][0]["results"].as_array().unwrap().iter().map(uri).collect();
    assert_eq!(
        uris,
        [
            "shop/lib/%C3%A4%20%231%3F.ex",
            "shop/a%3Ab/c%2520d.ex",
            "file:///tmp/abs%20olute.ex",
            "shop/lib/x.ex",
            "shop/pipeline.toml",
            "shop/x%5Cy%20%5B1%5D.ex",
        ]
    );
}

#[test]
fn a_fingerprint_survives_moved_lines_and_tells_alike_findings_apart() {
    let prints = |lines: [u32; 2]| -> Vec<Value> {
        let findings = lines.map(|line| Finding::error("no @doc").rule("R").at("lib/a.ex", line));
        let log = sarif(&testing::refused(findings.to_vec()), "0.1.0", PLACE);
        check(&log);
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results.map(|it| it["partialFingerprints"]["pipelineFinding/v1"].clone()).collect()
    };
    let (before, after) = (prints([3, 9]), prints([30, 90]));
    assert_eq!(before, after);
    assert_ne!(before[0], before[1]);
}

#[test]
fn a_suppressed_finding_says_why() {
    let finding =
        Finding::error("length/1 of a list").rule("PERF/length").at("lib/a.ex", 3).column(5);
    let result =
        SarifResult::new(&finding, "doctrine").columns(6).suppressed("never more than three");
    let log = Sarif::new("pipeline doctrine", "0.1.0", PLACE).log(&[result]);
    check(&log);
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["suppressions"][0]["justification"], "never more than three");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["endColumn"], 11);
}
