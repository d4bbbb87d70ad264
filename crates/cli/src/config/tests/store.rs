//! `[store]`, good and bad.

use super::*;

const REST: &str = "[environments.local]\ntarget = \"none\"\nurl = \"http://127.0.0.1:4000\"\n";
const URL: &str = "postgres://ada:hunter22@db.example/pipeline";

fn store(text: &str, vars: &[(&str, &str)]) -> Result<Config, CliError> {
    load_with(&format!("[store]\n{text}\n{REST}"), vars)
}

#[test]
fn the_address_of_a_server_comes_from_the_environment_and_is_shown_without_its_password() {
    let config = store("url_env = \"TEAM_STORE\"", &[("TEAM_STORE", URL)]).unwrap();
    assert_eq!(config.store_url.get().unwrap(), URL);
    let shown = format!("{config:?}");
    assert!(shown.contains("postgres://db.example/pipeline"), "{shown}");
    assert!(!shown.contains("hunter22") && !shown.contains("ada"), "{shown}");
    let plain = "url = \"postgres://ada@db.example/pipeline\"";
    assert_eq!(store(plain, &[]).unwrap().store_url.get().unwrap(), &plain[7..plain.len() - 1]);
}

#[test]
fn a_variable_that_is_not_set_is_missed_by_those_who_need_the_store() {
    for vars in [&[][..], &[("TEAM_STORE", "")]] {
        let config = store("url_env = \"TEAM_STORE\"", vars).unwrap();
        let error = config.store_url.get().unwrap_err().render(false);
        assert!(error.contains("the variable TEAM_STORE is not set"), "{error}");
    }
}

#[test]
fn what_cannot_be_a_store_is_refused_and_no_password_is_told() {
    for (text, said) in [
        (format!("url = \"{URL}\""), "a password stands in the configuration"),
        (
            "url = \"postgres://db/x?password=hunter22\"".into(),
            "a password stands in the configuration",
        ),
        ("url = \"mysql://db/x\"".into(), "`mysql:…` is not the address of a store"),
        ("url = \"postgres://db/x?sslmod=require\"".into(), "`sslmod` is not known here"),
        ("url = \"sqlite:x\"\nurl_env = \"Y\"".into(), "say url or url_env, not both"),
    ] {
        let error = store(&text, &[]).unwrap_err().render(false);
        // The file is shown around the place, as it is.
        assert!(error.contains(said), "{error}");
    }
    let error = store("url_env = \"X\"", &[("X", "postgres://ada:hun#ter22@db/x")]).unwrap_err();
    let error = error.render(false);
    assert!(error.contains("the variable X: ") && !error.contains("ter22"), "{error}");
}
