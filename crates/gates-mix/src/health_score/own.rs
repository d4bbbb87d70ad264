//! A project's own `mix health.score`, and the number in what it prints.

use pipeline_core::Context;
use serde_json::Value;

use super::score::Score;
use crate::error::{Error, Trouble};
use crate::layout::Layout;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;
use crate::trouble;

/// Runs it. The number is rounded as ours is.
pub(super) async fn run(
    project: &MixProject,
    min_score: f64,
    cx: &Context,
) -> Result<Score, Error> {
    let answer = project.run(&task(), cx).await?;
    read(&answer, min_score, &project.layout())
}

fn task() -> MixTask {
    MixTask::new(["health.score"]).env("MIX_ENV", "dev")
}

/// What the answer of `mix health.score` says. Such a task may fail because its score is too low, and for no other reason.
fn read(answer: &Answer, min_score: f64, layout: &Layout) -> Result<Score, Error> {
    let named = number(&answer.text).filter(|it| (0.0..=100.0).contains(it)).map(Score::given);
    match named {
        Some(score) if answer.code == 0 || !score.reaches(min_score) => Ok(score),
        Some(_) => Err(answer.unreadable("the score that it names is no reason for that")),
        None => Err(trouble(answer, layout)),
    }
}

fn trouble(answer: &Answer, layout: &Layout) -> Error {
    match trouble::read(&answer.text, layout).filter(|_| answer.code != 0) {
        Some(Trouble::NoTask(task)) if task == "health.score" => answer.trouble(Trouble::Tool {
            message: "the project has no such task".into(),
            hint: "write with = \"native\" in [gates.health-score]".into(),
        }),
        Some(trouble) => answer.trouble(trouble),
        None => answer
            .unreadable("no line of it has the word score and a number such as 87.5 or 87/100"),
    }
}

/// `score` of the last JSON object that has one, else the last number on a line that has the word.
fn number(text: &str) -> Option<f64> {
    let lines = || text.lines().rev();
    let whole = text.find('{').and_then(|at| of_json(text.get(at..=text.rfind('}')?)?));
    whole.or_else(|| lines().find_map(of_json)).or_else(|| lines().find_map(on_line))
}

fn of_json(text: &str) -> Option<f64> {
    serde_json::from_str::<Value>(text.trim()).ok()?.get("score")?.as_f64()
}

/// The last `87.5` or `87/100`. Versions, dates and plain counts are none.
fn on_line(line: &str) -> Option<f64> {
    if !line.to_lowercase().contains("score") {
        return None;
    }
    let line = line.replace(" / ", "/");
    let words = line.split(|it: char| !(it.is_ascii_digit() || it == '.' || it == '/'));
    words.rev().map(|it| it.trim_end_matches('.')).find_map(|word| {
        let (score, of) =
            word.split_once('/').map_or((word, None), |(score, of)| (score, Some(of)));
        let is_score = of == Some("100") || of.is_none() && score.contains('.');
        score.parse().ok().filter(|_| is_score)
    })
}

#[cfg(test)]
mod tests {
    use pipeline_core::Fault;
    use proptest::prelude::*;

    use super::*;

    fn answer(code: i32, text: &str) -> Answer {
        Answer { task: task().to_string(), code, text: text.into(), ..Answer::default() }
    }

    #[test]
    fn the_number_is_found_in_many_forms() {
        for (text, number) in [
            ("Health score: 87.5\n", Some(87.5)),
            ("Compiling 3 files (.ex)\nHEALTH SCORE  87.5% (grade B)\n", Some(87.5)),
            ("score 72/100", Some(72.0)),
            ("score 72 / 100", Some(72.0)),
            ("Score: 72.25/100.", Some(72.25)),
            ("score was 60.0, is 87.5\n\n", Some(87.5)),
            ("score: 10.0\nscore: 20.0\n", Some(20.0)),
            ("health score\n87.5\n", None),
            ("coverage 87.5\n", None),
            ("Health Score v1.14.0 of 12 modules\n", None),
            ("score 7/12\n", None),
            ("", None),
            ("{\"score\": 91, \"grade\": \"A\"}\n", Some(91.0)),
            ("warn\n{\n  \"grade\": \"A\",\n  \"score\": 91.25\n}\n", Some(91.25)),
            ("{\"a\": 1}\n{\"score\": 50}\nscore 60.0\n", Some(50.0)),
        ] {
            assert_eq!(super::number(text), number, "{text:?}");
        }
    }

    #[test]
    fn a_failure_is_believed_only_where_the_score_explains_it() {
        let layout = Layout::default();
        let read = |code, text: &str| read(&answer(code, text), 80.0, &layout);
        assert!((read(0, "score 79.99").unwrap().score - 80.0).abs() < f64::EPSILON);
        assert!((read(1, "score 70.0").unwrap().score - 70.0).abs() < f64::EPSILON);
        read(1, "score 90.0").unwrap_err();
        read(0, "score 190.0").unwrap_err();
        let said = "** (Mix) The task \"health.score\" could not be found\n";
        let fault = Fault::from(read(1, said).unwrap_err());
        assert_eq!(
            fault.message(),
            "`mix health.score` could not do its work: the project has no such task"
        );
        assert_eq!(fault.next_step(), Some("write with = \"native\" in [gates.health-score]"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_a_score_is_within_bounds(code in 0..3i32, text: String) {
            for text in [text.clone(), format!("score {text}"), format!("{{\"score\":{text}}}")] {
                if let Ok(score) = read(&answer(code, &text), 80.0, &Layout::default()) {
                    prop_assert!((0.0..=100.0).contains(&score.score));
                }
            }
        }
    }
}
