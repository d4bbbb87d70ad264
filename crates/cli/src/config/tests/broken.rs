//! Files that are wrong in every way that people get them wrong: each is told with its place and with what to do.

use super::*;

/// `line:column message => what to do`.
fn told(text: &str) -> String {
    let Err(error) = load(text) else { return "nothing is wrong".into() };
    let picture = error.render(false);
    let place = picture.split("pipeline.toml:").nth(1).and_then(|it| it.split(']').next());
    let hint = error.object()["error"]["hint"].as_str().unwrap_or_default().to_owned();
    let message = error.to_string();
    let message = message.lines().last().unwrap_or_default();
    format!("{} {message} => {hint}", place.unwrap_or("-"))
}

const BROKEN: &[&str] = &[
    // No TOML.
    "[gates",
    "[gates]\nfail_fast =",
    "[gates]\nfail_fast true",
    "[store]\nurl = \"sqlite:x",
    "[store]\nurl = 'a\nb'",
    "[gates]\nfail_fast = yes",
    "[gates]\n[gates]",
    "[gates]\nparallel = 1\nparallel = 2",
    "[[gates]]\nparallel = 1",
    "a = 1 b = 2",
    // No such key.
    "[gaets.test]\n",
    "[gates.tset]\nenabled = false",
    "[environments.staging]\nappp = \"a\"",
    "[verify.smoke]\ncheck = []",
    "colour = true",
    "[[verify.smoke.checks]]\npath = \"/\"\nstatuss = 200",
    "[[rollback.triggers]]\nwhen = \"smoke\"\nactoin = \"alert\"\naction = \"alert\"",
    // Another type.
    "[gates]\nfail_fast = \"true\"",
    "[gates]\nparallel = \"4\"",
    "[gates]\nparallel = -1",
    "[gates]\nparallel = 4.5",
    "[gates.test]\ntimeout = 10",
    "[gates.test]\nmin_coverage = \"80\"",
    "[gates]\ntest = true",
    "[verify.smoke]\nconsecutive = 0",
    "[gates.exec.a]\ncommand = \"x --y\"",
    "[environments]\nstaging = \"a\"",
    "[build]\nargs = [\"a\"]",
    // Something missing.
    "[[verify.smoke.checks]]\nstatus = 200",
    "[[rollback.triggers]]\nwhen = \"smoke\"",
    "[environments.staging]\nurl = \"https://a.example\"",
    "[[notify]]\non = [\"failure\"]",
    "[environments.a]\napp = \"a\"\n[[verify.smoke.checks]]\npath = \"/\"",
    // A value that cannot be.
    "[gates]\nparallel = 0",
    "[store]\nkeep = 0",
    "[gates]\ncache = \"yes\"",
    "[gates.test]\nmin_coverage = 101",
    "[gates.test]\ntimeout = \"ten minutes\"",
    "[store]\nurl = \"mysql://a\"",
    "[environments.a]\napp = \"a\"\nurl = \"a.example\"",
    "[environments.a]\napp = \"a\"\nurl = \"ftp://a.example\"",
    "[environments.a]\napp = \"\"\nurl = \"https://a.example\"",
    "[environments.a]\napp = \"a\"\nurl = \"https://a.example\"\nstrategy = \"blue-green\"",
    "[environments.a]\napp = \"a\"\nurl = \"https://a.example\"\nconfirm = \"yes\"",
    "[environments.a]\ntarget = \"heroku\"\nurl = \"https://a.example\"",
    "[[verify.smoke.checks]]\npath = \"health\"",
    "[[verify.smoke.checks]]\npath = \"/\"\nstatus = 20",
    "[[verify.smoke.checks]]\npath = \"/\"\nmatches = \"(\"",
    "[[verify.smoke.checks]]\npath = \"/\"\njson_path = { \"$.a\" = { equal = 1 } }",
    "[verify.watch]\npath = \"/\"\nerror_rate = 5",
    "[verify.performance]\nalert = 0.5",
    "[[rollback.triggers]]\nwhen = \"smok\"\naction = \"alert\"",
    "[[rollback.triggers]]\nwhen = \"smoke\"\nabove = 1.0\naction = \"alert\"",
    "[[notify]]\nwebhook_env = \"A\"\nenvironments = [\"stagin\"]\n[environments.staging]\napp = \"a\"\nurl = \"https://a.example\"",
    "[gates.security]\nblock_at = \"hihg\"",
    // How it is written must not move the place.
    "# für 🐘\n[gates.test]\n\ttimeout = \"ä\"",
    "[gates.test]\r\ntimeout = \"x\"\r\n",
    "\u{feff}[gates.test]\ntimeout = \"x\"",
    "gates = { test = { enabled = true }, tset = {} }",
];

#[test]
#[expect(clippy::too_many_lines, reason = "what is said of each file")]
fn every_broken_file_is_told_with_its_place_and_what_to_do() {
    let told: Vec<String> = BROKEN.iter().map(|it| told(it)).collect();
    for (text, told) in BROKEN.iter().zip(&told) {
        let (place, rest) = told.split_once(' ').unwrap();
        assert!(place.split(':').count() == 2, "no place: {text:?}: {told}");
        assert!(!rest.ends_with("=> "), "no hint: {text:?}: {told}");
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
1:7 unclosed table, expected `]` => `pipeline config` prints every key with its meaning and how it is written
2:12 string values must be quoted, expected literal string => `pipeline config` prints every key with its meaning and how it is written
2:11 key with no value, expected `=` => `pipeline config` prints every key with its meaning and how it is written
2:16 invalid basic string, expected `"` => `pipeline config` prints every key with its meaning and how it is written
3:3 key with no value, expected `=` => `pipeline config` prints every key with its meaning and how it is written
2:13 string values must be quoted, expected literal string => `pipeline config` prints every key with its meaning and how it is written
2:2 duplicate key => say it once
3:1 duplicate key => say it once
1:1 invalid type: map, expected a boolean => write true or false, without quotes
1:9 unexpected key or value, expected newline, `#` => `pipeline config` prints every key with its meaning and how it is written
1:2 unknown field `gaets`, expected one of `store`, `gates`, `build`, `environments`, `verify`, `rollback`, `notify` => did you mean `gates`?
1:8 unknown field `tset`, expected one of `fail_fast`, `parallel`, `cache`, `format`, `compile`, `credo`, `test`, `dialyzer`, `unused`, `cycles`, `doctrine`, `security`, `health-score`, `exec` => did you mean `test`?
2:1 unknown field `appp`, expected one of `target`, `app`, `config`, `url`, `probe_url`, `strategy`, `confirm`, `ha`, `wait_timeout`, `deadline`, `bake`, `unreachable`, `paced`, `poll`, `lease_ttl`, `drain`, `gates`, `build`, `verify`, `rollback`, `promotion`, `freeze` => did you mean `app`?
2:1 unknown field `check`, expected one of `within`, `attempt_timeout`, `retry_every`, `consecutive`, `consecutive_bad`, `per_machine`, `checks` => did you mean `checks`?
1:1 unknown field `colour`, expected one of `store`, `gates`, `build`, `environments`, `verify`, `rollback`, `notify` => `pipeline config` prints every key with its meaning
3:1 unknown field `statuss`, expected one of `path`, `name`, `headers`, `bearer_env`, `redirects`, `status`, `json`, `json_path`, `response_headers`, `matches`, `not_matches`, `schema`, `took_at_most`, `body_at_most`, `tls_expires_after`, `echoes` => did you mean `status`?
3:1 unknown field `actoin`, expected one of `when`, `above`, `action` => did you mean `action`?
2:13 invalid type: string "true", expected a boolean => write true or false, without quotes
2:12 invalid type: string "4", expected u32 => write a whole number, without quotes
2:12 invalid value: integer `-1`, expected u32 => write a whole number, without quotes
2:12 invalid type: floating point `4.5`, expected u32 => write a whole number, without quotes
2:11 invalid type: integer `10`, expected a string => put it into quotes: "…"
2:16 invalid type: string "80", expected f64 => write a number, without quotes
2:8 invalid type: boolean `true`, expected struct Test => write a table: { key = … }, or a section of its own in brackets
2:15 invalid value: integer `0`, expected a nonzero u32 => write a whole number from 1 on, without quotes
2:11 invalid type: string "x --y", expected a sequence => write a list: ["…", "…"]
2:11 invalid type: string "a", expected struct Environment => write a table: { key = … }, or a section of its own in brackets
2:8 invalid type: sequence, expected a map => write a table: { name = "…" }
1:1 missing field `path` => add path = …; `pipeline config` shows how
1:1 missing field `action` => add action = …; `pipeline config` shows how
1:1 this environment names no app => add app = "…", the application's name at Fly.io
1:1 this notifier does not say where to => say one of: webhook_env, slack_env, command, or repository with token_env
1:1 the environment `a` has no url to verify at => add url = "https://…", where users reach a
2:12 parallel counts from 1 => write 1 for one gate after the other
2:8 keep counts from 1 => leave it out to keep the events and samples of every run
2:9 answers cannot be remembered as `yes` => cache is "all", "declared" or "off"
2:16 min_coverage is a percentage, 0 to 100 => write it as 80.0; leave it out to have none
2:11 `ten minutes` is no length of time => write it with a unit, such as "500ms", "30s", "10m" or "1h 30m"
2:7 `mysql:…` is not the address of a store; write `sqlite:PATH` or `postgres://HOST/DATABASE` => write url = "sqlite:PATH", or "postgres://USER@HOST/DATABASE"
3:7 `a.example`: relative URL without a base => write it whole, such as "https://shop.example"
3:7 `ftp://a.example`: ftp is neither http nor https => write it whole, such as "https://shop.example"
2:7 this app has no name => name the application at Fly.io: `fly apps list`
4:12 there is no strategy `blue-green` => did you mean `bluegreen`?
4:11 confirm is true, false or "app" => true asks for the word yes, "app" for the application's name
2:10 there is no target `heroku` => targets are: flyio, none
2:8 the path `health` does not begin with a slash => write path = "/health"
3:10 a status is a number from 100 to 599 => `pipeline config` prints every key with its meaning and how it is written
3:11 `matches` holds the regular expression `(`, which cannot be read: unclosed group => `pipeline config` prints every key with its meaning and how it is written
3:23 what `$.a` must find is not to be understood => write a value, or one of { equals = … }, { matches = "…" }, { count = 2 }, { exists = true }, { absent = true }
3:14 a rate is a part of all requests, above 0 and up to 1 => 5 % are 0.05
2:9 alert = 0.5 and rollback = 5 are no limits => both are latencies over the baseline: above 1, and rollback above alert, such as 2.0 and 5.0
2:8 there is no trigger `smok` => did you mean `smoke`?
3:9 the trigger `smoke` has no threshold => those with one are: latency_alert and latency_rollback (a ratio to the baseline, such as 2.0), health_down (seconds, such as 10) and error_rate (a share, such as 0.05)
3:17 there is no environment `stagin` => did you mean `staging`?
2:12 there is no rating `hihg` => block_at is "low", "medium", "high" or "critical"
3:12 `ä` is no length of time => write it with a unit, such as "500ms", "30s", "10m" or "1h 30m"
2:11 `x` is no length of time => write it with a unit, such as "500ms", "30s", "10m" or "1h 30m"
2:11 `x` is no length of time => write it with a unit, such as "500ms", "30s", "10m" or "1h 30m"
1:38 unknown field `tset`, expected one of `fail_fast`, `parallel`, `cache`, `format`, `compile`, `credo`, `test`, `dialyzer`, `unused`, `cycles`, `doctrine`, `security`, `health-score`, `exec` => did you mean `test`?
"#);
}

#[test]
fn the_caret_stands_below_the_value_whatever_comes_before_it() {
    insta::assert_snapshot!(complaint("[gates.test] # 🐘 für\n\ttimeout\t= \"ä 🐘\" # x\r\n"), @r#"
 × `ä 🐘` is no length of time
  ╭─[pipeline.toml:2:12]
1 │ [gates.test] # 🐘 für
2 │     timeout = "ä 🐘" # x
  ·               ───┬──
  ·                  ╰── here
  ╰────
 help: write it with a unit, such as "500ms", "30s", "10m" or "1h 30m"
"#);
}

#[test]
fn a_huge_line_is_shown_around_its_place() {
    let many = "\"🐘\", ".repeat(20_000);
    let said = complaint(&format!("[gates.exec.a]\ncommand = [{many}7, {many}]\n"));
    assert!(said.len() < 2_000, "{} bytes", said.len());
    assert!(said.contains('7'), "{said}");
    let said = complaint(&format!("[gates]\nfail_fast = {}", "🐘".repeat(9_000)));
    assert!(said.len() < 4_000, "{} bytes", said.len());
}

#[test]
fn what_is_no_text_is_told_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE_NAME), b"[gates]\n# f\xfcr\n").unwrap();
    let error = Config::load(None, dir.path(), &BTreeMap::new()).unwrap_err().render(false);
    assert!(
        error.contains("pipeline.toml:2: this is no UTF-8") && error.contains("next: "),
        "{error}"
    );
}
