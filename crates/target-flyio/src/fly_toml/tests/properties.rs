//! Whatever the text: no panic, and every place is inside the file.

use proptest::prelude::*;

use super::*;

/// Lines of real files, some of them with values that cannot be.
const LINES: &[&str] = &[
    "app = \"shop\"",
    "kill_signal = \"SIGTERM\"",
    "kill_timeout = 30",
    "kill_timeout = 900",
    "primary_region = 7",
    "[env]",
    "[[env]]",
    "PORT = 8080",
    "[processes]",
    "web = \"bin/web 'a b'\"",
    "[[processes]]",
    "name = \"web\"",
    "[http_service]",
    "internal_port = \"8080\"",
    "auto_stop_machines = \"suspend\"",
    "concurrency = \"1,2\"",
    "[[http_service.checks]]",
    "path = \"/up\"",
    "interval = 10",
    "grace_period = \"\"",
    "[[services]]",
    "[[services.ports]]",
    "port = 443",
    "handlers = [\"tls\"]",
    "[checks.up]",
    "[[checks]]",
    "type = \"tcp\"",
    "[[machine_checks]]",
    "command = [\"curl\"]",
    "[vm]",
    "[[vm]]",
    "size = \"a10\"",
    "memory = \"1gb\"",
    "memory = 18446744073709551615",
    "[[mounts]]",
    "source = \"data\"",
    "destination = \"/data\"",
    "initial_size = \"99999999999999999999gb\"",
    "auto_extend_size_threshold = 80",
    "[[files]]",
    "guest_path = \"/x\"",
    "raw_value = \"é\"",
    "[[statics]]",
    "[metrics]",
    "[[restart]]",
    "policy = \"always\"",
    "processes = [\"web\"]",
    "processes = []",
    "[deploy]",
    "release_command = \"migrate\"",
    "release_command_timeout = \"none\"",
    "strategy = \"canary\"",
    "[deploy.release_command_vm]",
    "[build]",
    "args = { A = 1, B = true }",
    "[experimental]",
    "cmd = \"x\"",
    "auto_rollback = true",
    "metrics_port = 9000",
    "unknown = 1979-05-27",
    "\u{feff}é = \"ö\" # comment",
];

fn inside(text: &str, place: &Place) -> bool {
    // The end of the file is a place too.
    let lines: Vec<&str> = text.split('\n').collect();
    let line = place.line.checked_sub(1).and_then(|at| lines.get(at));
    line.is_some_and(|line| (1..=line.chars().count() + 1).contains(&place.column))
}

fn told(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(read) => {
            prop_assert_eq!(read.warnings.len(), read.remarks.len());
            for remark in &read.remarks {
                prop_assert!(inside(text, &remark.place), "{:?} in {:?}", remark, text);
            }
            for lint in read.lint(&LintSetting::default()) {
                prop_assert!(inside(text, &lint.place), "{:?} in {:?}", lint, text);
            }
            // What was read can be laid over anything.
            for spec in read.groups.values() {
                let _ = spec.over(Some(&json!({"mounts": [{}], "init": 1})));
            }
        }
        Err(FlyTomlError::Syntax { place, .. } | FlyTomlError::Value { place, .. }) => {
            prop_assert!(inside(text, &place), "{:?} in {:?}", place, text);
        }
        Err(other) => prop_assert!(false, "{other}"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_at_a_place_inside_it(text in "[ \\[\\]a-z_=\"'0-9.\\r\\n{}é]{0,60}") {
        told(&text)?;
    }

    #[test]
    fn any_lines_are_read_or_refused_at_a_place_inside_them(
        lines in prop::collection::vec(prop::sample::select(LINES), 0..14),
        end in prop::sample::select(&["", "\n", "\r\n"][..]),
    ) {
        told(&(lines.join("\n") + end))?;
    }

    #[test]
    fn any_characters_at_all_do_no_harm(text in ".{0,40}") {
        told(&text)?;
    }
}
