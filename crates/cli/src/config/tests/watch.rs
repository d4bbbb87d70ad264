//! `[verify.watch]`, good and bad.

use super::*;

fn watch(keys: &str) -> String {
    format!(
        "[environments.staging]\napp = \"shop-staging\"\nurl = \"https://a.example\"\n\
         [verify.watch]\n{keys}\n"
    )
}

fn said(keys: &str) -> String {
    let rendered = complaint(&watch(keys));
    let told = |it: &&str| it.trim_start().starts_with(['×', '│']) || it.contains("help:");
    let lines: Vec<_> = rendered.lines().filter(told).map(str::trim).collect();
    lines.join(" ")
}

#[test]
fn nothing_is_watched_without_a_path() {
    let config = load(&watch("window = \"5m\"")).unwrap();
    assert!(!config.environment("staging").unwrap().verify.looks());
}

#[test]
fn an_environment_watches_for_longer() {
    let text = watch("path = \"/health\"\nbearer_env = \"SHOP_TOKEN\"\nerror_rate = 0.1");
    let text = format!("{text}\n[environments.staging.verify.watch]\nwindow = \"15m\"");
    let config = load_with(&text, &[("SHOP_TOKEN", "s3cret")]).unwrap();
    let verify = &config.environment("staging").unwrap().verify;
    let watched = verify.watch.config.as_ref().unwrap();
    assert_eq!((watched.path.as_str(), watched.window), ("/health", Duration::from_mins(15)));
    assert!((watched.limits.error_rate - 0.1).abs() < 1e-9);
    assert_eq!(verify.secrets().count(), 1);
}

#[test]
fn what_cannot_be_watched_is_refused_in_words() {
    let told = [
        said("path = \"health\""),
        said("path = \"/health\"\nalso = [\"/health\"]"),
        said("path = \"/health\"\nwindow = \"20s\""),
        said("path = \"/health\"\nerror_rate = 5.0"),
        said("path = \"/health\"\nevery = \"0s\""),
        said("path = \"/health\"\nconsecutive = 0"),
        said("pathe = \"/health\""),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
× [verify.watch]: `path` is "health"; begin it with a slash help: `pipeline config` prints every key with its meaning and how it is written
× [verify.watch]: `also` names "/health", which is watched already help: `pipeline config` prints every key with its meaning and how it is written
× [verify.watch]: a `window` of 20s with a probe `every` 5s makes 12 requests, and a rate of errors is judged from 20 on; raise `window` or lower `every` help: `pipeline config` prints every key with its meaning and how it is written
× a rate is a part of all requests, above 0 and up to 1 help: 5 % are 0.05
× `0s` is no length of time help: write it with a unit, such as "500ms", "30s", "10m" or "1h 30m"
× invalid value: integer `0`, expected a nonzero usize help: write a whole number from 1 on, without quotes
× unknown field `pathe`, expected one of `path`, `also`, `bearer_env`, `window`, `every`, `timeout`, `per_machine`, `down_for`, `consecutive`, `error_rate`, `sustained_error_rate`, `latency` help: did you mean `path`?
"#);
}
