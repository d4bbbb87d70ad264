//! Why a tool made no image, read from what it said: first of all, whose fault it is.

/// A message longer than this is cut, in bytes.
const LONGEST: usize = 400;

/// Why there is no image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// The project's own Dockerfile does not build.
    Step {
        /// The instruction, such as `[4/5] RUN mix release`, where the tool named it.
        step: Option<String>,
        /// What became of it.
        why: String,
    },
    /// An image that the Dockerfile builds on cannot be had.
    Base(String),
    /// There is no Dockerfile, or nothing else to build from.
    NoDockerfile(String),
    /// The tool has no token that counts.
    NotLoggedIn(String),
    /// The token may not push images of this app.
    Denied(String),
    /// Fly.io knows no such app, or this token does not see it.
    NoApp(String),
    /// The image was built and did not reach the registry.
    Push(String),
    /// The builder's disk is full.
    NoSpace(String),
    /// There is no Docker engine on this machine, or it does not run.
    NoEngine(String),
    /// docker has no buildx.
    NoBuildx(String),
    /// The builder, or the way to it, did not answer.
    Unreachable(String),
    /// Something else.
    Other(String),
}

/// By the tool's own last error. What the project's steps print decides nothing.
pub(super) fn read(text: &str, code: i32) -> Trouble {
    let Some(why) = last_error(text) else {
        // flyctl: internal/cli/cli.go; docker: cli/flags.go.
        return match code {
            126 => Trouble::Unreachable("it ran out of time".into()),
            127 => Trouble::Other("it was interrupted by somebody".into()),
            code => Trouble::Other(format!("it ended with code {code} and named no error")),
        };
    };
    let small = why.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| small.contains(word));
    match () {
        () if says(&["no space left on device"]) => Trouble::NoSpace(why),
        () if says(&["did not complete successfully"]) => {
            Trouble::Step { step: failed_step(text), why }
        }
        () if says(BASE) => Trouble::Base(why),
        () if says(NO_DOCKERFILE) || is_missing_file(&small) => Trouble::NoDockerfile(why),
        () if says(NOT_LOGGED_IN) => Trouble::NotLoggedIn(why),
        () if says(DENIED) => Trouble::Denied(why),
        () if says(NO_APP) => Trouble::NoApp(why),
        () if says(NO_ENGINE) => Trouble::NoEngine(why),
        () if says(NO_BUILDX) => Trouble::NoBuildx(why),
        () if says(PUSH) => Trouble::Push(why),
        () if says(UNREACHABLE) => Trouble::Unreachable(why),
        () if says(&["failed to solve"]) => Trouble::Step { step: failed_step(text), why },
        () => Trouble::Other(why),
    }
}

/// buildkit: solver/llbsolver, source/containerimage; what a registry says of an image that is not there.
const BASE: &[&str] =
    &["failed to resolve source metadata", "pull access denied", "error pulling image"];
/// flyctl: `internal/build/imgsrc/{depot,dockerfile_builder,resolver}.go`; buildx: build, "failed to read dockerfile".
const NO_DOCKERFILE: &[&str] =
    &["does not have a dockerfile", "failed to read dockerfile", "unable to prepare context"];

/// `dockerfile '/shop/Dockerfile.prod' not found` (flyctl: internal/build/imgsrc/depot.go).
fn is_missing_file(small: &str) -> bool {
    small.starts_with("dockerfile '") && small.ends_with("' not found")
}

/// fly-go: api.go, `ErrNoAuthToken`.
const NOT_LOGGED_IN: &[&str] = &["no access token available", "not logged in", "must be logged in"];
/// flyctl: internal/build/imgsrc/errors.go; what registries and Fly.io's APIs answer.
const DENIED: &[&str] = &[
    "you are not authorized",
    "not authorized",
    "requested access to the resource is denied",
    "unauthorized",
    "insufficient_scope",
    "authorization failed",
    "no basic auth credentials",
    "403 forbidden",
];
/// flyctl: internal/command/deploy/deploy.go.
const NO_APP: &[&str] =
    &["could not find app", "could not be found, did you create the app", "app not found"];
/// flyctl: internal/build/imgsrc/{resolver,docker}.go; docker: client/errors.go.
const NO_ENGINE: &[&str] = &[
    "cannot connect to the docker daemon",
    "failed to connect to the docker api",
    "docker is unavailable",
    "no docker daemon available",
    "is the docker daemon running",
    "permission denied while trying to connect to the docker",
];
/// docker: cli-plugins; an old docker takes `--push` for a flag of its own.
const NO_BUILDX: &[&str] = &[
    "'buildx' is not a docker command",
    "unknown command: docker buildx",
    "unknown flag",
    "unknown shorthand flag",
];
/// flyctl: `internal/build/imgsrc/dockerfile_builder.go`, `pushToFly`; buildkit: util/push.
const PUSH: &[&str] =
    &["failed to push", "error pushing image", "error rendering push status", "pushing manifest"];
/// What networks and busy servers say.
const UNREACHABLE: &[&str] = &[
    "timeout",
    "timed out",
    "deadline exceeded",
    "connection refused",
    "connection reset",
    "no such host",
    "temporary failure",
    "unexpected eof",
    "broken pipe",
    "tls handshake",
    "too many requests",
    "bad gateway",
    "service unavailable",
    "failed to connect to buildkit",
    "failed to create buildkit client",
    "failed wireguard connection",
    "error connecting to docker",
    "server error",
];

/// The last line with which the tool itself says what went wrong: `Error: …` (flyctl: internal/cli/cli.go),
/// `ERROR: …` (buildx), `docker: …`.
fn last_error(text: &str) -> Option<String> {
    let ways = ["Error: ", "ERROR: ", "error: ", "docker: ", "unknown flag: "];
    let last = text.lines().rev().find(|line| ways.iter().any(|way| line.starts_with(way)))?;
    let said = ways[..3].iter().find_map(|way| last.strip_prefix(way)).unwrap_or(last);
    let said = OUTER.iter().fold(said, |said, outer| said.strip_prefix(outer).unwrap_or(said));
    Some(pipeline_process::one_line(said, LONGEST))
}

/// What wraps every error and says nothing (flyctl: internal/command/deploy/deploy.go and imgsrc; buildx).
const OUTER: [&str; 4] = [
    "failed to fetch an image or build from source: ",
    "error building: ",
    "failed to build: ",
    "error building image: ",
];

/// The step that failed, as `BuildKit` names it after everything else (buildkit: util/progress/progressui):
/// a line of dashes, then ` > [4/5] RUN mix release:`.
fn failed_step(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let heads = lines.windows(2).rev().filter(|pair| pair[0].trim_end() == "------");
    let mut steps = heads.filter_map(|pair| pair[1].strip_prefix(" > "));
    let step = steps.next()?.trim_end().trim_end_matches(':');
    Some(pipeline_process::one_line(step, LONGEST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fixture(name: &str) -> String {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/build");
        std::fs::read_to_string(dir.join(name)).unwrap()
    }

    #[test]
    fn a_step_that_fails_is_named_with_what_became_of_it() {
        let why = r#"failed to solve: process "/bin/sh -c mix release" did not complete successfully: exit code: 1"#;
        for name in ["flyctl-step-failed.txt", "docker-step-failed.txt"] {
            let step = Some("[builder 5/6] RUN mix release".into());
            assert_eq!(read(&fixture(name), 1), Trouble::Step { step, why: why.into() }, "{name}");
        }
    }

    type Make = fn(String) -> Trouble;

    /// The tool's last error, without what says nothing, and what it means.
    const ERRORS: &[(&str, &str, Make)] = &[
        (
            "Error: ",
            "no access token available. Please login with 'flyctl auth login'",
            Trouble::NotLoggedIn,
        ),
        ("Error: ", "you are not authorized to push \"registry.fly.io/shop:x\"", Trouble::Denied),
        (
            "Error: ",
            "failed to push r/shop:x: denied: requested access to the resource is denied",
            Trouble::Denied,
        ),
        (
            "ERROR: ",
            "failed to push r/shop:x: unexpected status from HEAD request to https://r: 401 Unauthorized",
            Trouble::Denied,
        ),
        ("Error: ", "failed to push r/shop:x: unexpected status: 502 Bad Gateway", Trouble::Push),
        ("Error: ", "error rendering push status stream: EOF", Trouble::Push),
        (
            "Error: error building: ",
            "failed to solve: write /x: no space left on device",
            Trouble::NoSpace,
        ),
        ("Error: ", "dockerfile '/shop/Dockerfile.prod' not found", Trouble::NoDockerfile),
        (
            "Error: ",
            "app does not have a Dockerfile or buildpacks configured. See https://fly.io/docs",
            Trouble::NoDockerfile,
        ),
        (
            "ERROR: ",
            "failed to read dockerfile: open Dockerfile: no such file or directory",
            Trouble::NoDockerfile,
        ),
        (
            "Error: ",
            "the app name shop could not be found, did you create the app or misspell it",
            Trouble::NoApp,
        ),
        ("Error: ", "docker is unavailable to build the deployment image", Trouble::NoEngine),
        (
            "ERROR: ",
            "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
            Trouble::NoEngine,
        ),
        ("", "docker: 'buildx' is not a docker command.", Trouble::NoBuildx),
        ("", "unknown flag: --push", Trouble::NoBuildx),
        (
            "Error: ",
            "failed to connect to buildkit: context deadline exceeded",
            Trouble::Unreachable,
        ),
        ("Error: ", "error connecting to docker: i/o timeout", Trouble::Unreachable),
        (
            "ERROR: ",
            "failed to solve: elixir:9: failed to resolve source metadata for docker.io/library/elixir:9: not found",
            Trouble::Base,
        ),
        ("Error: ", "what nobody has seen before", Trouble::Other),
    ];

    #[test]
    fn the_tools_own_last_error_decides() {
        for (before, why, make) in ERRORS {
            let text = format!("before\n{before}{why}\nafter\n");
            assert_eq!(read(&text, 1), make((*why).to_owned()), "{why}");
        }
        let syntax =
            "ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: RUNN";
        assert!(matches!(read(syntax, 1), Trouble::Step { step: None, .. }));
    }

    #[test]
    fn what_a_step_prints_decides_nothing() {
        let text = "#9 0.1 Error: no space left on device\n#9 0.2 ERROR: 401 Unauthorized\n\
                    Error: error building: failed to solve: process \"x\" did not complete successfully: exit code: 2\n";
        assert!(matches!(read(text, 1), Trouble::Step { step: None, .. }));
    }

    #[test]
    fn an_end_without_a_word_goes_by_its_code() {
        assert!(matches!(read("", 126), Trouble::Unreachable(_)));
        assert!(matches!(read("\n", 127), Trouble::Other(_)));
        assert_eq!(read("", 3), Trouble::Other("it ended with code 3 and named no error".into()));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text: String, code: i32) {
            let _ = read(&text, code);
        }
    }
}
