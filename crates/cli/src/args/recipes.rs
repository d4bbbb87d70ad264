//! Every recipe of the sample justfile is a command that this one understands.

use std::path::{Path, PathBuf};

use clap::Parser;

use super::Arguments;

/// Environments that a recipe may be asked for.
const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

fn justfile() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop/justfile")
}

/// The lines of the recipes that call the pipeline, with their interpolations carried out for an environment.
fn lines(text: &str, environment: &str) -> Vec<String> {
    let calls = text.lines().filter(|it| it.starts_with("    {{ pipeline }} "));
    calls.map(|it| filled(it.trim(), environment)).collect()
}

fn filled(line: &str, environment: &str) -> String {
    let Some((before, rest)) = line.split_once("{{ ") else { return line.to_owned() };
    let (inner, after) = rest.split_once(" }}").expect("an interpolation ends");
    // `if` has braces of its own.
    let (inner, after) = if inner.starts_with("if ") {
        rest.split_once("} }}").expect("it ends")
    } else {
        (inner, after)
    };
    let value = match inner {
        "pipeline" => "pipeline",
        "ENV" => environment,
        "ARGS" => "",
        other => {
            let parts: Vec<&str> = other.split('"').collect();
            let [_, wanted, _, yes, _, no, ..] = parts[..] else { panic!("what is `{other}`?") };
            if wanted == environment { yes } else { no }
        }
    };
    format!("{before}{value}{}", filled(after, environment))
}

#[test]
fn every_recipe_is_understood() {
    let text = std::fs::read_to_string(justfile()).unwrap();
    let mut commands = Vec::new();
    for environment in ENVIRONMENTS {
        for line in lines(&text, environment) {
            let parsed = Arguments::try_parse_from(line.split_whitespace());
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            commands.push(line);
        }
    }
    assert!(
        commands.iter().any(|it| it.starts_with("pipeline recover production")),
        "{commands:?}"
    );
    let dry = "pipeline deploy production --from staging --dry-run ";
    assert!(commands.iter().any(|it| it == dry), "{commands:?}");
    assert!(commands.iter().any(|it| it == "pipeline deploy staging  --dry-run "), "{commands:?}");
    for recipe in [
        "deploy-validate",
        "deploy-production",
        "deploy-dry-run",
        "production-recover",
        "smoke-test",
        "production-status",
    ] {
        assert!(text.lines().any(|it| it.starts_with(recipe)), "there is no recipe {recipe}");
    }
}

/// Where just is installed, it reads the file as well, and fills it in as we do.
#[test]
fn just_reads_the_recipes() {
    let Ok(listed) =
        std::process::Command::new("just").arg("--list").arg("-f").arg(justfile()).output()
    else {
        return;
    };
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let just = std::process::Command::new("just")
        .args(["--dry-run", "-f"])
        .arg(justfile())
        .args(["deploy-dry-run", "production"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&just.stderr).trim_end().to_owned();
    assert_eq!(said, "pipeline deploy production --from staging --dry-run");
}
