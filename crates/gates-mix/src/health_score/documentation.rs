//! How much of the project is documented, from the chunks of its compiled modules. None of them is loaded.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use pipeline_core::Context;
use pipeline_process::one_line;
use serde::Deserialize;
use tempfile::TempDir;

use super::component::Component;
use super::score::Measured;
use crate::error::Error;
use crate::layout::Layout;
use crate::mix::Answer;
use crate::project::MixProject;

/// Where `mix compile` puts what it made.
const BUILT: &str = "_build/dev/lib";
/// How many things without documentation are named.
const MOST_NAMED: usize = 3;
/// The longest of their names, in bytes.
const LONGEST: usize = 120;

/// What the modules of one application say. Hidden ones are in no other number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct App {
    modules: u64,
    documented_modules: u64,
    hidden_modules: u64,
    /// Public functions and macros.
    functions: u64,
    documented_functions: u64,
    hidden_functions: u64,
    with_spec: u64,
    /// Modules that say nothing: compiled without documentation, or not readable.
    unread: u64,
    /// Some of what is not documented.
    missing: Vec<String>,
}

/// The component `documentation`: documented modules and public functions, of all that are not hidden.
///
/// It reads what `mix compile` has left in the build folder, and builds nothing. What has not been compiled is not measured.
pub(super) async fn measure(project: &MixProject, cx: &Context) -> Result<Measured, Error> {
    let apps = match apps(project) {
        Ok(apps) => apps,
        Err(why) => return Ok(Measured::unknown(Component::Documentation, why)),
    };
    let dir = TempDir::new()?;
    let script = dir.path().join("doc_coverage.exs");
    fs::write(&script, include_str!("../elixir/doc_coverage.exs"))?;
    let args = [script.into_os_string(), BUILT.into()].into_iter().chain(apps);
    let answer = project.run_program(&project.elixir(), args.collect(), cx).await?;
    Ok(measured(&read(&answer)?))
}

/// The project's applications with their folders, as the script wants them, or why nothing can be measured.
fn apps(project: &MixProject) -> Result<Vec<OsString>, String> {
    let Layout { app, apps, .. } = project.layout();
    let alone = app.map(|app| (app, ".".to_owned())).filter(|_| apps.is_empty());
    let all: Vec<_> = apps.into_iter().chain(alone).collect();
    if all.is_empty() {
        return Err("mix.exs does not say plainly what the application is called".into());
    }
    let ebin = |app: &str| project.dir().join(BUILT).join(app).join("ebin");
    match all.iter().find(|(app, _)| !holds_modules(&ebin(app))) {
        Some((app, _)) => Err(format!("{app} is not compiled in _build/dev: run `mix compile`")),
        None => Ok(all.into_iter().map(|(app, folder)| format!("{app}={folder}").into()).collect()),
    }
}

/// A build that was refused for its warnings leaves an empty folder.
fn holds_modules(ebin: &Path) -> bool {
    let mut entries = fs::read_dir(ebin).into_iter().flatten().flatten();
    entries.any(|it| it.path().extension().is_some_and(|it| it == "beam"))
}

/// What the script printed: a line of JSON for each application.
fn read(answer: &Answer) -> Result<Vec<App>, Error> {
    let lines = answer.text.lines().filter(|line| line.starts_with("{\"app\":"));
    let apps: Result<Vec<App>, _> = lines.map(serde_json::from_str).collect();
    match apps {
        Ok(apps) if answer.code == 0 && !apps.is_empty() => Ok(apps),
        _ => Err(answer.unreadable("it does not say what is documented")),
    }
}

fn measured(apps: &[App]) -> Measured {
    let sum = |of: fn(&App) -> u64| apps.iter().map(of).sum::<u64>();
    let unread = sum(|it| it.unread);
    let (modules, functions) = (sum(|it| it.modules), sum(|it| it.functions));
    if unread > 0 {
        let why = format!("compiled without documentation, or not readable: {unread} modules");
        return Measured::unknown(Component::Documentation, why);
    }
    if modules + functions == 0 {
        let why = "no module that is not hidden was compiled from the project's own sources";
        return Measured::unknown(Component::Documentation, why);
    }
    let (documented, described) =
        (sum(|it| it.documented_modules), sum(|it| it.documented_functions));
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 functions")]
    let percent = |of: u64, all: u64| of as f64 * 100.0 / all as f64;
    let mut how = format!(
        "modules {documented} of {modules}, functions {described} of {functions} (with a spec: {}); hidden: modules {}, functions {}",
        sum(|it| it.with_spec),
        sum(|it| it.hidden_modules),
        sum(|it| it.hidden_functions),
    );
    let missing: Vec<_> = apps.iter().flat_map(|it| &it.missing).take(MOST_NAMED).collect();
    if !missing.is_empty() {
        let named: Vec<_> = missing.into_iter().map(|it| one_line(it, LONGEST)).collect();
        how = format!("{how}; to document: {}", named.join(", "));
    }
    let value = percent(documented + described, modules + functions);
    Measured::value(Component::Documentation, value, how)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = r#"{"app":"shop","modules":3,"documented_modules":2,"hidden_modules":1,"functions":7,"documented_functions":3,"hidden_functions":4,"with_spec":5,"unread":0,"missing":["Shop.Cart","Shop.Cart.add/2"]}"#;

    fn answer(code: i32, text: &str) -> Answer {
        Answer { task: "elixir".into(), code, text: text.into(), ..Answer::default() }
    }

    fn told(text: &str) -> Measured {
        measured(&read(&answer(0, text)).unwrap())
    }

    #[test]
    fn hidden_things_are_told_and_not_counted() {
        let one = told(&format!("warning: a line of Elixir's\n{LINE}\n"));
        assert_eq!(one.value, Some(50.0));
        insta::assert_snapshot!(one.how, @"modules 2 of 3, functions 3 of 7 (with a spec: 5); hidden: modules 1, functions 4; to document: Shop.Cart, Shop.Cart.add/2");
        let two = told(&format!(
            "{LINE}\n{}\n",
            LINE.replace("\"documented_functions\":3", "\"documented_functions\":7")
        ));
        assert_eq!(two.value, Some(70.0), "applications are taken together");
    }

    #[test]
    fn modules_that_say_nothing_are_not_measured() {
        let unread = told(&LINE.replace("\"unread\":0", "\"unread\":2"));
        assert_eq!(
            (unread.value, &*unread.how),
            (None, "compiled without documentation, or not readable: 2 modules")
        );
        let none = r#"{"app":"shop","modules":0,"documented_modules":0,"hidden_modules":1,"functions":0,"documented_functions":0,"hidden_functions":0,"with_spec":0,"unread":0,"missing":[]}"#;
        assert_eq!(told(none).value, None);
    }

    #[test]
    fn silence_and_half_an_answer_are_no_answer() {
        for (code, text) in [(0, ""), (1, LINE), (0, &LINE[..40])] {
            read(&answer(code, text)).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(code in 0..3i32, text: String) {
            let _ = read(&answer(code, &text));
            let _ = read(&answer(code, &format!("{{\"app\":{text}")));
        }
    }
}
