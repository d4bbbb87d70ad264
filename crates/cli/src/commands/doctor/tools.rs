//! The programs that this project's gates and builders need, and their versions.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures::FutureExt;
use regex::Regex;
use semver::Version;

use super::Look;
use super::check::{Check, within};
use crate::app::App;
use crate::commands::init::Project;
use crate::config::{BuildWith, Config, Environment};

/// How long a program may take to say its version: a BEAM has to start.
const PATIENCE: Duration = Duration::from_secs(15);

/// The oldest Elixir that gates understand.
const OLDEST: Version = Version::new(1, 14, 0);

/// All that this project needs.
pub(super) fn looks<'a>(
    app: &'a App,
    config: &'a Config,
    chosen: &[&'a Environment],
) -> Vec<Look<'a>> {
    let mut looks: Vec<Look<'_>> = vec![git(app).boxed_local()];
    if config.dir.join("mix.exs").is_file() {
        looks.push(elixir(app, config).boxed_local());
    }
    let builds =
        |with| chosen.iter().find(|it| it.build.with == with).map(|it| it.build.program.as_deref());
    if let Some(program) = builds(BuildWith::Flyctl) {
        looks.push(flyctl(app, program).boxed_local());
    }
    if let Some(program) = builds(BuildWith::Docker) {
        looks.push(docker(app, program.unwrap_or(Path::new("docker"))).boxed_local());
    }
    looks
}

pub(super) async fn git(app: &App) -> Vec<Check> {
    let said = said(app, Path::new("git"), &["--version"]).await;
    vec![match found("git", said) {
        Ok((Some(version), _)) => Check::good("git", version.to_string()),
        Ok((None, text)) => Check::good("git", text),
        Err(Missing::Late(check)) => check,
        Err(Missing::Gone(why)) => Check::warn("git", why)
            .mend("install git: without it no run knows its commit, and --changed has nothing to compare with"),
    }]
}

async fn elixir(app: &App, config: &Config) -> Vec<Check> {
    let mix = app.var("PIPELINE_MIX").unwrap_or("mix");
    let said = said(app, Path::new(mix), &["--version"]).await;
    let project = Project::at(&config.dir);
    let mut checks = vec![match found("elixir", said) {
        Err(Missing::Late(check)) => check,
        Err(Missing::Gone(why)) => {
            Check::bad("elixir", why).mend("install Elixir 1.14 or newer (https://elixir-lang.org/install.html): the gates run the project's own mix")
        }
        Ok((_, text)) => judge_elixir(&text, project.elixir()),
    }];
    checks.extend(packages(app, config, &project));
    checks
}

/// `mix --version` says `Mix 1.14.0 (compiled with Erlang/OTP 25)`, and the runtime above it.
fn judge_elixir(text: &str, wanted: Option<&str>) -> Check {
    let mix =
        text.split_once("Mix ").or_else(|| text.split_once("Elixir ")).map_or(text, |(_, it)| it);
    let Some(version) = version(mix) else {
        return Check::unknown("elixir", format!("nobody understands its version: {text}"))
            .mend("does `mix --version` work here?");
    };
    let otp =
        Regex::new(r"Erlang/OTP (\d+)").ok().and_then(|it| Some(it.captures(text)?[1].to_owned()));
    let told = format!("{version}, Erlang/OTP {}", otp.as_deref().unwrap_or("?"));
    if version < OLDEST {
        return Check::bad("elixir", format!("{told}; the gates need 1.14 or newer"))
            .mend("install a newer Elixir");
    }
    match wanted.and_then(|it| self::version(it).map(|least| (it, least))) {
        Some((wanted, least)) if version < least => {
            Check::bad("elixir", format!("{told}; mix.exs wants {wanted}"))
                .mend("install the Elixir that mix.exs wants")
        }
        _ => Check::good("elixir", told),
    }
}

/// What `mix` needs before it can look at this project.
fn packages(app: &App, config: &Config, project: &Project) -> Vec<Check> {
    let mut checks = Vec::new();
    let lock = std::fs::read_to_string(config.dir.join("mix.lock")).unwrap_or_default();
    let home = app.var("MIX_HOME").map(Into::into);
    let home = home.or_else(|| Some(Path::new(app.var("HOME")?).join(".mix")));
    if lock.contains("{:hex,") {
        let hex = home.as_ref().is_some_and(|it| holds(it, "hex", 3));
        checks.push(if hex {
            Check::good("hex", "installed")
        } else {
            Check::warn("hex", "not where mix keeps it").mend("`mix local.hex --force` installs it")
        });
        let rebar = home.as_ref().is_some_and(|it| holds(it, "rebar3", 4));
        if lock.contains(":rebar3") && !rebar {
            checks.push(
                Check::warn("rebar3", "not where mix keeps it")
                    .mend("`mix local.rebar --force` installs it"),
            );
        }
        checks.push(if config.dir.join("deps").is_dir() {
            Check::good("dependencies", "fetched")
        } else {
            Check::warn("dependencies", "mix.lock names some, and there is no deps folder")
                .mend("`mix deps.get` fetches them")
        });
    }
    checks.extend(gates(app, config, project));
    checks
}

/// What gates that are on need of the project.
fn gates(app: &App, config: &Config, project: &Project) -> Vec<Check> {
    let (gates, mut checks) = (&config.gates, Vec::new());
    if gates.credo.enabled {
        checks.push(match project.dep("credo") {
            Some(place) => Check::good("credo", place),
            None => Check::bad("credo", "the gate is on, and mix.exs names no credo").mend("add {:credo, \"~> 1.7\", only: [:dev, :test], runtime: false} to the dependencies, or set enabled = false in [gates.credo]"),
        });
    }
    if gates.dialyzer.enabled {
        checks.push(match project.dep("dialyxir") {
            Some(place) => Check::good("dialyzer", format!("dialyxir, {place}")),
            None if pipeline_process::find(Path::new("dialyzer"), &config.dir, app.var("PATH").map(AsRef::as_ref)).is_ok() => {
                Check::good("dialyzer", "Erlang's own; there is no dialyxir")
            }
            None => Check::bad("dialyzer", "the gate is on, and there is neither dialyxir nor Erlang's dialyzer").mend("add {:dialyxir, \"~> 1.4\", only: [:dev, :test], runtime: false}, install Erlang's dialyzer, or set enabled = false in [gates.dialyzer]"),
        });
    }
    checks
}

/// Is there a file or a folder whose name begins so, not too deep?
fn holds(dir: &Path, name: &str, depth: usize) -> bool {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.into_iter().any(|it| {
        it.file_name().to_string_lossy().starts_with(name)
            || depth > 1 && it.path().is_dir() && holds(&it.path(), name, depth - 1)
    })
}

async fn flyctl(app: &App, program: Option<&Path>) -> Vec<Check> {
    let names = program.map_or(vec![Path::new("flyctl"), Path::new("fly")], |it| vec![it]);
    let mut why = String::new();
    for name in names {
        match found("flyctl", said(app, name, &["version"]).await) {
            Ok((_, text)) => return vec![Check::good("flyctl", text)],
            Err(Missing::Late(check)) => return vec![check],
            Err(Missing::Gone(gone)) => why = gone,
        }
    }
    vec![Check::bad("flyctl", why).mend("[build] needs it: https://fly.io/docs/flyctl/install; or build with = \"docker\", or deploy with --image REF")]
}

async fn docker(app: &App, program: &Path) -> Vec<Check> {
    let said = said(app, program, &["buildx", "version"]).await;
    vec![match found("docker", said) {
        Ok((_, text)) => Check::good("docker", text),
        Err(Missing::Late(check)) => check,
        Err(Missing::Gone(why)) => Check::bad("docker", why)
            .mend("[build] needs docker with buildx: https://docs.docker.com/engine/install; or build with = \"flyctl\", or deploy with --image REF"),
    }]
}

/// Why a program says no version.
enum Missing {
    Late(Check),
    Gone(String),
}

/// What a program says, or why it says nothing.
type Said = Result<Result<String, String>, Check>;

async fn said(app: &App, program: &Path, args: &[&str]) -> Said {
    let mut command = tokio::process::Command::new(program);
    command
        .args(args)
        .current_dir(&app.around.cwd)
        .env_clear()
        .envs(app.around.vars.iter().filter(|(name, _)| !name.ends_with("_TOKEN")))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let name = program.display();
    within(&name.to_string(), PATIENCE, async {
        let output =
            command.output().await.map_err(|error| format!("{name} cannot be run: {error}"))?;
        let all = [&output.stdout[..], &output.stderr[..]].concat();
        let text = pipeline_process::clean(&all);
        if output.status.success() {
            Ok(text)
        } else {
            Err(format!("{name} does not work: {text}"))
        }
    })
    .await
}

fn found(name: &str, said: Said) -> Result<(Option<Version>, String), Missing> {
    match said {
        Err(late) => Err(Missing::Late(Check { name: name.to_owned(), ..late })),
        Ok(Err(why)) => Err(Missing::Gone(why)),
        Ok(Ok(text)) => Ok((version(&text), text)),
    }
}

/// The first version in a text: `git version 2.39.5`, `~> 1.15`.
fn version(text: &str) -> Option<Version> {
    let number = Regex::new(r"(\d+)\.(\d+)(?:\.(\d+))?(-[0-9A-Za-z.-]+)?").ok()?;
    let found = number.captures(text)?;
    let part = |at: usize| found.get(at).map_or("0", |it| it.as_str());
    let pre = found.get(4).map_or("", |it| it.as_str());
    Version::parse(&format!("{}.{}.{}{pre}", part(1), part(2), part(3))).ok()
}

#[cfg(test)]
mod tests {
    use super::super::check::Mark;
    use super::*;

    #[test]
    fn elixir_is_judged_by_what_mix_says() {
        let mix = |version: &str| {
            format!(
                "Erlang/OTP 25 [erts-13.1.5] [source] [64-bit]\n\nMix {version} (compiled with Erlang/OTP 25)\n"
            )
        };
        for (text, wanted, mark, message) in [
            (mix("1.14.0"), None, Mark::Good, "1.14.0, Erlang/OTP 25"),
            (mix("1.13.4"), None, Mark::Bad, "1.13.4, Erlang/OTP 25; the gates need 1.14 or newer"),
            (
                mix("1.14.0"),
                Some("~> 1.15"),
                Mark::Bad,
                "1.14.0, Erlang/OTP 25; mix.exs wants ~> 1.15",
            ),
            (mix("1.18.4"), Some("~> 1.15"), Mark::Good, "1.18.4, Erlang/OTP 25"),
            (
                mix("1.19.0-rc.0"),
                Some("~> 1.19"),
                Mark::Bad,
                "1.19.0-rc.0, Erlang/OTP 25; mix.exs wants ~> 1.19",
            ),
            ("Elixir 1.16.2 (compiled)".into(), None, Mark::Good, "1.16.2, Erlang/OTP ?"),
            (
                "asdf: no version set".into(),
                None,
                Mark::Unknown,
                "nobody understands its version: asdf: no version set",
            ),
        ] {
            let check = judge_elixir(&text, wanted);
            assert_eq!((check.mark, check.message.as_str()), (mark, message), "{text}");
        }
    }
}
