use std::collections::BTreeSet;

use super::*;
use crate::config::Config;
use crate::error::CliError;

fn load(text: &str) -> Result<Config, CliError> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("pipeline.toml"), text).unwrap();
    Config::load(None, dir.path(), &BTreeMap::new())
}

fn json_of(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&Keys::known().schema()).unwrap()
}

/// Every key with its path; of what environments override, only where it stands for all of them.
fn all(keys: &Keys) -> Vec<(String, Key)> {
    let mut all = Vec::new();
    keys.shape.walk("", &mut |path, key| all.push((path.to_owned(), key.clone())));
    all.retain(|(path, _)| global(path) == *path);
    all
}

/// A file that says `value` at `path`, and beside it what is required there.
fn file(keys: &Keys, path: &str, value: &str) -> String {
    let value: toml::Value =
        toml::from_str::<toml::Table>(&format!("it = {value}")).unwrap()["it"].clone();
    let mut root = toml::Table::new();
    set(&keys.shape, &mut root, path, value);
    root.to_string()
}

fn set(shape: &Shape, table: &mut toml::Table, path: &str, value: toml::Value) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let (plain, is_list) = (name.trim_end_matches("[]"), name.ends_with("[]"));
    let name = if plain == "*" { "own" } else { plain };
    let inner = match shape {
        Shape::Table(keys) => {
            for key in keys.iter().filter(|it| it.required && it.name != plain) {
                table.insert(key.name.clone(), usual(&key.name));
            }
            keys.iter().find(|it| it.name == plain).map_or(&Shape::Any, |it| &it.shape)
        }
        Shape::Map(item) => item,
        _ => panic!("{path} is no table"),
    };
    let inner = match inner {
        Shape::List(item) if is_list => item,
        other => other,
    };
    let value = if rest.is_empty() {
        value
    } else {
        let mut below = toml::Table::new();
        set(inner, &mut below, rest, value);
        toml::Value::Table(below)
    };
    let value = if is_list { toml::Value::Array(vec![value]) } else { value };
    table.insert(name.to_owned(), value);
}

/// What a required key has where it is not the one that is looked at.
fn usual(name: &str) -> toml::Value {
    toml::Value::from(match name {
        "path" => "/",
        "when" => "smoke",
        "action" => "rollback",
        "what" => "revision",
        _ => "x",
    })
}

#[test]
fn every_key_is_explained_and_what_a_table_requires_is_known() {
    let keys = Keys::known();
    let silent: Vec<String> = all(&keys)
        .into_iter()
        .filter(|(path, _)| keys.said(path).text.is_empty() && !SHARED.contains(&&**path))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(silent, [""; 0], "say in config/default.toml what these mean");
    let required = all(&keys).into_iter().filter(|(_, key)| key.required).map(|(path, _)| path);
    assert_eq!(
        required.collect::<Vec<_>>().join(" "),
        "gates.doctrine.rules[].id gates.doctrine.rules[].message gates.security.ignore[].id gates.security.ignore[].reason \
         verify.smoke.checks[].path verify.smoke.checks[].echoes.what verify.performance.endpoints[].path verify.journeys[].name \
         rollback.triggers[].when rollback.triggers[].action"
    );
}

#[test]
fn what_the_reference_and_the_sample_say_fits_the_schema() {
    let validator = validator();
    let sample = include_str!("../../../shop/pipeline.toml");
    for text in [REFERENCE, sample, ""] {
        let errors: Vec<String> = validator
            .iter_errors(&json_of(text))
            .map(|it| format!("{}: {it}", it.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn every_default_and_every_example_fits_its_key() {
    let (keys, validator) = (Keys::known(), validator());
    let mut looked_at = 0;
    for (path, _) in all(&keys) {
        let said = keys.said(&path);
        for value in said.default.iter().chain(&said.example) {
            let text = file(&keys, &path, &value.to_string());
            let errors: Vec<String> =
                validator.iter_errors(&json_of(&text)).map(|it| it.to_string()).collect();
            assert_eq!(errors, [""; 0], "{text}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 150, "only {looked_at} values");
}

#[test]
fn an_unknown_key_is_refused_by_the_schema_wherever_the_loader_refuses_it() {
    let (keys, validator) = (Keys::known(), validator());
    let mut tables: Vec<String> = vec![String::new()];
    keys.shape.walk("", &mut |path, key| {
        let mut path = path.to_owned();
        let mut shape = &key.shape;
        loop {
            match shape {
                Shape::List(item) => (path, shape) = (format!("{path}[]"), item),
                Shape::Map(item) => (path, shape) = (join(&path, "*"), item),
                Shape::Table(_) => return tables.push(path),
                _ => return,
            }
        }
    });
    assert!(tables.len() > 50, "only {} tables", tables.len());
    for table in tables {
        let text = file(&keys, &join(&table, "unheard_of"), "1");
        let said = load(&text).unwrap_err().to_string();
        assert!(said.starts_with("unknown field `unheard_of`"), "{text}\n{said}");
        assert!(!validator.is_valid(&json_of(&text)), "{text}");
    }
}

#[test]
fn a_wrong_type_is_refused_by_both() {
    let (keys, validator) = (Keys::known(), validator());
    for (path, key) in all(&keys) {
        let wrong = match key.shape {
            Shape::Text | Shape::List(_) | Shape::Map(_) | Shape::Table(_) => "1",
            Shape::Truth | Shape::Integer | Shape::Number => "\"one\"",
            Shape::Any => continue,
        };
        let text = file(&keys, &path, wrong);
        assert!(load(&text).is_err(), "{text}");
        assert!(!validator.is_valid(&json_of(&text)), "{text}");
    }
}

/// The words in the loader's own hint: `strategies are: rolling, canary`, or `cache is "all" or "off"`.
fn hinted(hint: &str) -> BTreeSet<String> {
    let aside = regex::Regex::new(r" \([^)]*\)").unwrap();
    let hint = &*aside.replace_all(hint, "");
    let quoted: Vec<&str> = hint.split('"').skip(1).step_by(2).collect();
    let (_, listed) = hint.split_once(": ").unwrap_or_default();
    let words = if quoted.is_empty() { listed.split(", ").collect() } else { quoted };
    words.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_words_of_the_schema_are_those_of_the_loader() {
    let (keys, validator) = (Keys::known(), validator());
    let mut paths: Vec<String> = all(&keys).into_iter().map(|(path, _)| path).collect();
    paths.extend(["gates.doctrine.levels.*".into(), "notify[].on[]".into()]);
    let mut looked_at = 0;
    for path in paths {
        let Some(words) = words::choices(&path) else { continue };
        looked_at += 1;
        // What else the loader asks for before it comes to the word.
        let beside = match &*path {
            "gates.exec.*.read" => "command = [\"x\"]\n",
            it if it.starts_with("environments.") => "app = \"own\"\nurl = \"http://x\"\n",
            _ => "",
        };
        let text = |word: &str| file(&keys, &path, &format!("{word:?}")) + beside;
        let (file, error) = (text("unheard-of"), load(&text("unheard-of")).unwrap_err());
        assert!(error.to_string().contains("`unheard-of`"), "{path}: {error}");
        assert!(!validator.is_valid(&json_of(&file)), "{file}");
        let hint = error.object()["error"]["hint"].as_str().unwrap_or_default().to_owned();
        let known: BTreeSet<String> = words.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(hinted(&hint), known, "{path}: {hint}");
        for word in words {
            assert!(validator.is_valid(&json_of(&text(word))), "{}", text(word));
        }
    }
    assert!(looked_at >= 18, "only {looked_at} keys");
}
