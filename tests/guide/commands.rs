//! Command lines in the documentation are such as the command takes.

use crate::markdown::{Block, pages};

/// A command line of a block, without its prompt and its comment.
pub(crate) fn command_lines(block: &Block) -> Vec<String> {
    let text = block.text.replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| {
        let prompted = line.trim_start().strip_prefix("$ ");
        match (block.language(), prompted) {
            (_, Some(command)) => Some(command),
            ("console", None) => None,
            _ => Some(line.trim_start()),
        }
    });
    lines.map(|it| without_comment(it).to_owned()).collect()
}

fn without_comment(line: &str) -> &str {
    line.split("  #").next().unwrap_or_default().trim_end()
}

/// The words of a command line, as a shell has them: quotes keep words together.
pub(crate) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (letter, quote) {
            ('\'' | '"', None) => (quote, word) = (Some(letter), Some(word.unwrap_or_default())),
            (end, Some(open)) if end == open => quote = None,
            (' ', None) => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// The words of the command `pipeline`, if the line is one: variables may stand before it.
fn of_pipeline(line: &str) -> Option<Vec<String>> {
    let words = words(line);
    let is_variable = |it: &&String| it.split_once('=').is_some_and(|(name, _)| is_name(name));
    let first = words.iter().position(|it| !is_variable(&it))?;
    let command = words[first..]
        .iter()
        .take_while(|it| !matches!(it.as_str(), "|" | ">" | "&&" | "||" | "2>"));
    (words[first] == "pipeline").then(|| command.cloned().collect())
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_')
}

fn reads_commands(block: &Block) -> bool {
    matches!(block.language(), "" | "text" | "console" | "sh" | "bash")
}

#[test]
fn every_command_line_is_one_that_the_command_takes() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for block in pages().iter().flat_map(|it| &it.blocks).filter(|it| reads_commands(it)) {
        for words in command_lines(block).iter().filter_map(|it| of_pipeline(it)) {
            seen += 1;
            if let Err(why) = pipeline_cli::check_arguments(&words) {
                wrong.push(format!("{}: {}\n{why}", block.place, words.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(seen > 30, "only {seen} command lines were found");
}

#[test]
fn lines_are_split_as_a_shell_does() {
    assert_eq!(words("a 'b c' --d=\"e f\" ''"), ["a", "b c", "--d=e f", ""]);
    let line = without_comment("A=1 pipeline deploy staging --yes   # at last");
    assert_eq!(of_pipeline(line).unwrap(), ["pipeline", "deploy", "staging", "--yes"]);
    assert_eq!(of_pipeline("pipeline history --format json | jq .").unwrap().len(), 4);
    assert_eq!(of_pipeline("cargo run"), None);
    let wrong = ["pipeline", "deploy", "--unheard-of"].map(str::to_owned);
    assert!(pipeline_cli::check_arguments(&wrong).is_err());
}
