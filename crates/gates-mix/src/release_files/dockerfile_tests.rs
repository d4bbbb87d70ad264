use proptest::prelude::*;

use super::*;

/// The findings as `line rule`.
fn rules(text: &str, beside: &Beside) -> Vec<String> {
    let rule =
        |it: &Finding| it.rule.as_deref().unwrap().trim_start_matches("dockerfile/").to_owned();
    lint_dockerfile("Dockerfile", text, beside)
        .iter()
        .map(|it| format!("{} {}", it.line.unwrap(), rule(it)))
        .collect()
}

fn whole() -> Beside {
    Beside { assets: true, dependencies: true, ignores: true, target: None }
}

const GOOD: &str = "ARG ELIXIR=1.18.4
FROM hexpm/elixir:${ELIXIR}-erlang-28-debian-bookworm AS build
ENV MIX_ENV=prod
COPY mix.exs mix.lock ./
RUN mix deps.get --only prod
COPY config/config.exs config/
RUN mix deps.compile
COPY lib lib
COPY assets assets
RUN mix compile && mix assets.deploy && mix release
FROM debian:bookworm-slim
COPY --from=build --chown=nobody /src/_build/prod/rel/shop /app
USER nobody
CMD [\"/app/bin/shop\", \"start\"]
";

#[test]
fn a_good_file_is_left_alone() {
    assert_eq!(rules(GOOD, &whole()), [""; 0]);
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop/Dockerfile");
    let shop = std::fs::read_to_string(shop).unwrap();
    assert_eq!(rules(&shop, &Beside { ignores: true, ..Beside::default() }), [""; 0]);
}

#[test]
fn each_fault_is_found_at_its_line() {
    for (from, to, found) in [
        ("hexpm/elixir:${ELIXIR}-erlang-28-debian-bookworm", "debian:bookworm", "2 base"),
        ("RUN mix deps.get --only prod\n", "\n", "2 deps"),
        ("mix assets.deploy", "true", "2 assets"),
        (" && mix release", "", "2 release"),
        ("FROM debian:bookworm-slim", "FROM build", "11 runtime"),
        ("FROM debian:bookworm-slim", "FROM elixir:1.18-slim", "11 runtime"),
        ("COPY mix.exs mix.lock ./", "COPY . .", "4 cache"),
        ("COPY mix.exs mix.lock ./", "COPY mix.exs mix.lock ./lib/ ./", "4 cache"),
        ("COPY mix.exs mix.lock ./", "ADD [\"apps\", \"./\"]", "4 cache"),
        ("ENV MIX_ENV=prod\n", "\n", "10 mix-env"),
        ("ENV MIX_ENV=prod", "ENV MIX_ENV dev", "10 mix-env"),
        ("USER nobody\n", "\n", "11 root"),
        ("USER nobody", "USER root", "13 root"),
        ("USER nobody", "USER 0:0", "13 root"),
        ("ENV MIX_ENV=prod", "ENV MIX_ENV=prod SECRET_KEY_BASE=x", "3 secret"),
        ("ENV MIX_ENV=prod", "ENV MIX_ENV=prod\nARG HEX_API_KEY", "4 secret"),
        ("ARG ELIXIR=1.18.4", "ARG ELIXIR=1.18.4 GITHUB_TOKEN", "1 secret"),
        ("ENV MIX_ENV=prod", "ENV MIX_ENV=prod DB=ecto://me:hush@db/shop", "3 secret"),
        ("debian:bookworm-slim", "debian:latest", "11 latest"),
        ("debian:bookworm-slim", "registry.example:5000/debian", "11 latest"),
    ] {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD, "{from}");
        let rules = rules(&text, &whole());
        assert!(rules.contains(&found.to_owned()), "{from} -> {to}: {rules:?}");
    }
    let silent = Beside { ignores: false, ..whole() };
    assert_eq!(rules(GOOD, &silent), ["1 dockerignore"]);
}

#[test]
fn what_only_looks_like_a_fault_is_left_alone() {
    for (from, to) in [
        ("ENV MIX_ENV=prod\n", "ARG MIX_ENV=prod\nENV MIX_ENV=${MIX_ENV}\n"),
        ("ENV MIX_ENV=prod\n", "ENV MIX_ENV=\"prod\"\n"),
        (
            "mix compile && mix assets.deploy && mix release",
            "export MIX_ENV=prod && mix do compile + assets.deploy + release",
        ),
        ("mix assets.deploy", "mix phx.digest"),
        ("FROM debian:bookworm-slim", "FROM debian@sha256:0123"),
        ("FROM debian:bookworm-slim", "FROM ${RUNNER}"),
        ("FROM debian:bookworm-slim", "FROM scratch"),
        ("FROM debian:bookworm-slim", "FROM debian:12 AS base\nFROM base"),
        ("hexpm/elixir:${ELIXIR}-erlang-28-debian-bookworm", "${BUILDER}"),
        (
            "hexpm/elixir:${ELIXIR}-erlang-28-debian-bookworm AS build",
            "alpine:3.20 AS build\nRUN apk add --no-cache elixir",
        ),
        ("COPY mix.exs mix.lock ./", "COPY --from=cache . .\nCOPY mix.exs mix.lock ./"),
        ("COPY mix.exs mix.lock ./", "COPY mix.exs mix.lock ./\nCOPY apps/web/mix.exs apps/web/"),
        ("USER nobody", "USER root\nRUN chmod x\nUSER 1000:1000"),
        (
            "ENV MIX_ENV=prod",
            "ENV MIX_ENV=prod SECRET_FILE=/run/x TOKENIZERS_PARALLELISM=true EMPTY_TOKEN=",
        ),
        (
            "ENV MIX_ENV=prod",
            "ENV MIX_ENV=prod URL=ecto://$U:$P@db/shop OTHER=https://a.example/b@c:d",
        ),
        (
            "ENV MIX_ENV=prod",
            "ENV MIX_ENV=prod\n# ENV SECRET_KEY_BASE=x\nRUN --mount=type=secret,id=TOKEN true",
        ),
    ] {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD, "{from}");
        assert_eq!(rules(&text, &whole()), [""; 0], "{from} -> {to}");
    }
}

#[test]
fn the_stage_that_is_asked_for_is_the_one_that_runs() {
    let text = GOOD
        .replace("FROM debian:bookworm-slim", "FROM debian:12 AS app")
        .replace("USER nobody", "USER nobody\nFROM build AS test\nRUN mix test");
    assert_eq!(rules(&text, &Beside { target: Some("app".into()), ..whole() }), [""; 0]);
    assert_eq!(rules(&text, &whole()), ["14 runtime", "14 root"]);
}

#[test]
fn a_secret_is_named_and_never_shown() {
    let text = "FROM a:1\nENV API_TOKEN=hush-hush\nARG DB=ecto://me:hush-hush@db\n";
    let found = lint_dockerfile("Dockerfile", text, &Beside::default());
    assert!(!format!("{found:?}").contains("hush-hush"));
    let said = found.iter().find(|it| it.line == Some(2)).unwrap();
    assert_eq!(
        (said.message.as_str(), said.level),
        (
            "ENV API_TOKEN stays in the image, where everybody who has it can read it",
            Level::Advisory
        )
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text: String, before in "(FROM|RUN|ENV|COPY|USER|ARG) ") {
        let _ = lint_dockerfile("Dockerfile", &text, &Beside::default());
        let _ = lint_dockerfile("Dockerfile", &format!("FROM a\n{before}{text}"), &whole());
    }
}
