//! The stages of a Dockerfile: what they stand on, and what they do.

use std::collections::BTreeMap;

use super::instructions::Instruction;

/// How often a variable may name another.
const DEEPEST: usize = 8;
/// The longest value that is put in for one, in bytes.
const LONGEST: usize = 256;

/// One stage.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    /// Its `FROM`.
    pub(super) line: u32,
    /// What it stands on, as far as the file's own arguments say.
    pub(super) image: String,
    pub(super) name: Option<String>,
    pub(super) instructions: Vec<Instruction>,
}

/// All stages, with what stands before the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Stages {
    pub(super) all: Vec<Stage>,
    /// The arguments of all.
    pub(super) before: Vec<Instruction>,
}

impl Stages {
    pub(super) fn of(instructions: Vec<Instruction>) -> Self {
        let mut stages = Self::default();
        for it in instructions {
            if it.name == "FROM" {
                let stage = stages.stage(&it);
                stages.all.push(stage);
            } else if let Some(stage) = stages.all.last_mut() {
                stage.instructions.push(it);
            } else {
                stages.before.push(it);
            }
        }
        stages
    }

    fn stage(&self, from: &Instruction) -> Stage {
        let words = from.arguments();
        let named = words.get(1).is_some_and(|it| it.eq_ignore_ascii_case("as"));
        let image = words.first().map(|it| self.expand(it)).unwrap_or_default();
        let name = words.get(2).filter(|_| named).cloned();
        Stage { line: from.line, image, name, instructions: Vec::new() }
    }

    /// `${NAME}`, `${NAME:-default}` and `$NAME`, as the arguments before the first stage have them.
    fn expand(&self, text: &str) -> String {
        let defaults = self.before.iter().flat_map(Instruction::settings);
        let short = |it: &String| it.len() <= LONGEST;
        let defaults: BTreeMap<_, _> =
            defaults.filter_map(|(name, it)| Some((name, it.filter(short)?))).collect();
        let mut text = text.to_owned();
        for _ in 0..DEEPEST {
            let expanded = expand_once(&text, &defaults);
            // An argument may name itself, more than once.
            if expanded == text || expanded.len() > 16 * LONGEST {
                break;
            }
            text = expanded;
        }
        text
    }

    /// The stage that runs: the one that is asked for, else the last.
    pub(super) fn last(&self, target: Option<&str>) -> Option<&Stage> {
        let asked = target.and_then(|target| self.named(target));
        asked.or(self.all.last())
    }

    fn named(&self, name: &str) -> Option<&Stage> {
        self.all
            .iter()
            .find(|it| it.name.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(name)))
    }

    /// A stage and those that it stands on, itself first.
    pub(super) fn chain<'a>(&'a self, stage: &'a Stage) -> Vec<&'a Stage> {
        let mut chain = vec![stage];
        while let Some(next) = chain.last().and_then(|it| self.named(&it.image)) {
            if chain.iter().any(|it| it.line == next.line) {
                break;
            }
            chain.push(next);
        }
        chain
    }

    /// Is it the name of a stage?
    pub(super) fn is_stage(&self, image: &str) -> bool {
        self.named(image).is_some()
    }

    /// The first stage that runs this Mix task.
    pub(super) fn that_runs(&self, task: &str) -> Option<&Stage> {
        self.all.iter().find(|it| it.instructions.iter().any(|it| runs(it, task)))
    }
}

fn expand_once(text: &str, defaults: &BTreeMap<String, String>) -> String {
    let mut pieces = text.split('$');
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (inside, rest) = match piece.strip_prefix('{').and_then(|it| it.split_once('}')) {
            Some((inside, rest)) => (inside, rest),
            None => piece.split_at(name_length(piece)),
        };
        let (name, otherwise) = match inside.split_once(":-") {
            Some((name, otherwise)) => (name, Some(otherwise)),
            None => (inside, None),
        };
        match defaults.get(name).map(String::as_str).or(otherwise) {
            Some(value) => whole.push_str(value),
            // Nobody here knows it.
            None => whole.extend(["${", inside, "}"]),
        }
        whole.push_str(rest);
    }
    whole
}

fn name_length(text: &str) -> usize {
    text.find(|it: char| !(it.is_ascii_alphanumeric() || it == '_')).unwrap_or(text.len())
}

/// Does the instruction run this task, by itself or in a `mix do`?
pub(super) fn runs(instruction: &Instruction, task: &str) -> bool {
    let commands = instruction.rest.split(['&', ';', '|', '\n']);
    instruction.name == "RUN" && commands.into_iter().any(|it| is_mix(it, task))
}

fn is_mix(command: &str, task: &str) -> bool {
    let between =
        |it: char| it.is_whitespace() || ['"', '\'', '[', ']', ',', '+', '(', ')'].contains(&it);
    let words: Vec<_> = command.split(between).filter(|it| !it.is_empty()).collect();
    let is_mix = |it: &&str| it.rsplit('/').next() == Some("mix");
    let at = words.iter().position(is_mix).map(|at| &words[at + 1..]);
    match at {
        Some(["do", tasks @ ..]) => tasks.contains(&task),
        Some([first, ..]) => *first == task,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release_files::instructions::read;

    fn stages(text: &str) -> Stages {
        Stages::of(read(text))
    }

    #[test]
    fn images_are_what_the_arguments_say() {
        let text = "ARG V=1.18\nARG IMAGE=\"hexpm/elixir:${V}-slim\"\nFROM ${IMAGE} AS build\nFROM --platform=linux/amd64 debian:${D:-bookworm}\n\
                    FROM $IMAGE-x\nFROM ${UNKNOWN}\nFROM Build\n";
        let images: Vec<_> = stages(text).all.into_iter().map(|it| it.image).collect();
        assert_eq!(
            images,
            [
                "hexpm/elixir:1.18-slim",
                "debian:bookworm",
                "hexpm/elixir:1.18-slim-x",
                "${UNKNOWN}",
                "Build"
            ]
        );
        let itself = stages("ARG A=$A$A$A$A\nFROM $A\n");
        assert!(itself.all[0].image.len() < 100_000);
    }

    #[test]
    fn a_stage_stands_on_others() {
        let stages = stages("FROM a AS one\nFROM one AS two\nFROM two\nFROM four AS four\n");
        let lines =
            |at: usize| stages.chain(&stages.all[at]).iter().map(|it| it.line).collect::<Vec<_>>();
        assert_eq!((lines(2), lines(3)), (vec![3, 2, 1], vec![4]));
        assert_eq!(stages.last(Some("TWO")).unwrap().line, 2);
        assert_eq!(stages.last(Some("none")).unwrap().line, 4);
    }

    #[test]
    fn tasks_are_found_in_all_ways_to_run_them() {
        for (text, is) in [
            ("RUN mix release", true),
            ("RUN mix compile && MIX_ENV=prod mix release shop --path /r", true),
            ("RUN mix do compile, release", true),
            ("RUN mix do compile + release --overwrite", true),
            ("RUN [\"mix\", \"release\"]", true),
            ("RUN <<E\nmix compile\nmix release\nE\n", true),
            ("RUN /usr/local/bin/mix release", true),
            ("RUN mix phx.gen.release", false),
            ("RUN echo release", false),
            ("RUN mix release.init", false),
            ("CMD mix release", false),
            ("# RUN mix release", false),
        ] {
            let found = stages(&format!("FROM a\n{text}\n")).that_runs("release").is_some();
            assert_eq!(found, is, "{text}");
        }
    }
}
