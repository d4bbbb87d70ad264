//! `pipeline config --explain KEY`: what a key means, what it is here, and who says so.

use std::fmt::Write as _;

use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

use crate::app::App;
use crate::commands::places::{At, line, values};
use crate::config::{Config, Explained, FILE_NAME, Keys, url_variable};
use crate::error::{CliError, SourceFile, did_you_mean};
use crate::exit::Exit;

/// A value that a key has, and who says so.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    /// The environment that says so for itself.
    environment: Option<String>,
    value: String,
    from: String,
}

pub(crate) fn run(app: &App, written: &str) -> Result<Exit, CliError> {
    let keys = Keys::known();
    let explained = keys.explain(written).ok_or_else(|| unknown(&keys, written))?;
    let origins = match Config::file(app.global.config.as_deref(), &app.around.cwd) {
        Ok(file) => {
            // A value of a file that cannot be used is none.
            app.config()?;
            origins(app, &file, written)
        }
        Err(_) if app.global.config.is_none() => Vec::new(),
        Err(error) => return Err(error),
    };
    if app.json() {
        app.object(&app.secrets(None), object(written, &explained, &origins))?;
    } else {
        app.fact(words(written, &explained, &origins).trim_end())?;
    }
    Ok(Exit::Good)
}

fn unknown(keys: &Keys, written: &str) -> CliError {
    let (table, names) = keys.beside(written);
    let error = CliError::usage(format!("there is no key `{written}` in {FILE_NAME}"));
    let at =
        |name: &str| if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
    let wrong = written[table.len()..].trim_start_matches('.').split('.').next();
    match did_you_mean(wrong.unwrap_or_default(), names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{}`?", at(near))),
        None => error.hint(format!(
            "the keys of {} are: {}",
            if table.is_empty() { "the file" } else { &table },
            names.join(", ")
        )),
    }
}

/// Every value that the file and the variables give this key.
fn origins(app: &App, file: &SourceFile, written: &str) -> Vec<Origin> {
    let Ok(table) = DeTable::parse(&file.text) else { return Vec::new() };
    let names: Vec<&str> = written.split('.').collect();
    let told = |environment: Option<&str>, value: At<'_>| {
        let (span, line) = (value.span(), line(&file.text, value.span().start));
        Origin {
            environment: environment.map(str::to_owned),
            value: file.text[span].to_owned(),
            from: format!("{FILE_NAME}:{line}"),
        }
    };
    let mut found = Vec::new();
    if let ["environments", name, "url"] = names[..]
        && let Some(url) = app.var(&url_variable(name))
    {
        let from = format!("the variable {}", url_variable(name));
        found.push(Origin { environment: Some(name.to_owned()), value: url.to_owned(), from });
    }
    found.extend(values(table.get_ref(), &names).into_iter().map(|it| told(None, it)));
    let environments = table.get_ref().get("environments").map(toml::Spanned::get_ref);
    if let (Some(DeValue::Table(environments)), true) = (environments, names[0] != "environments") {
        for (name, environment) in environments {
            if let DeValue::Table(own) = environment.get_ref() {
                let name: &str = name.get_ref();
                found.extend(values(own, &names).into_iter().map(|it| told(Some(name), it)));
            }
        }
    }
    found
}

fn words(written: &str, key: &Explained, origins: &[Origin]) -> String {
    let mut text = format!("{written}: {}\n", key.kind);
    if !key.text.is_empty() {
        let _ = writeln!(text, "    {}", key.text);
    }
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<12}{value}");
    };
    if !key.choices.is_empty() {
        row("one of", &key.choices.join(", "));
    }
    if !key.keys.is_empty() {
        row("keys", &key.keys.join(", "));
        return text;
    }
    match (&key.default, &key.example) {
        (Some(default), _) => row("default", &default.to_string()),
        (None, Some(example)) => row("default", &format!("none; for example {example}")),
        (None, None) => {}
    }
    for Origin { environment, value, from } in origins {
        let whose = environment.as_deref().unwrap_or("here");
        row(whose, &format!("{value}   {from}"));
    }
    if origins.is_empty() {
        row("here", "nobody says; the default counts");
    }
    text
}

fn object(written: &str, key: &Explained, origins: &[Origin]) -> Value {
    let origins = origins
        .iter()
        .map(|it| json!({ "environment": it.environment, "value": it.value, "from": it.from }));
    json!({
        "schema": 1,
        "key": written,
        "path": key.path,
        "type": key.kind,
        "meaning": key.text,
        "choices": key.choices,
        "default": key.default,
        "example": key.example,
        "keys": key.keys,
        "values": origins.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_told_with_the_table_that_it_was_looked_for_in() {
        let keys = Keys::known();
        for (written, hint) in [
            ("gates.test.timeuot", "did you mean `gates.test.timeout`?"),
            ("gaets.test.timeout", "did you mean `gates`?"),
            ("environments.staging.urll", "did you mean `environments.staging.url`?"),
            ("store.colour", "the keys of store are: url"),
            ("", "the keys of the file are: store"),
        ] {
            let said = unknown(&keys, written).render(false);
            assert!(said.contains(hint), "{written}: {said}");
        }
    }
}
