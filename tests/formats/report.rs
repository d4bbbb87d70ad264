//! The HTML report, read back: its tables, and what stands beside the run.

use pipeline_formats::took;
use store_sql::RunRow;

use crate::picture::{Line, Pass, Step};

/// The rows of the table with this caption, as texts.
fn rows(page: &str, caption: &str) -> Vec<Vec<String>> {
    let caption = format!("<caption class=\"unseen\">{caption}</caption>");
    let table = page.split(&caption).nth(1).expect("a table");
    let table = table.split("</table>").next().unwrap_or_default();
    let cell = |it: &str| it.split('<').next().unwrap_or_default().to_owned();
    let cells = |row: &str| {
        let (_, cells) = row.split_once("<th scope=\"row\">")?;
        Some(cells.split("<td>").map(cell).collect())
    };
    table.split("<tr>").filter_map(cells).collect()
}

/// The table below the timeline: each step with its verdict and its time.
pub(crate) fn steps(page: &str) -> Vec<Line> {
    let line = |row: Vec<String>| match &row[..] {
        [phase, step, answer, _, took, ..] => {
            let verdict = answer.split(',').next().unwrap_or_default();
            Some((phase.clone(), step.clone(), verdict.to_owned(), took.clone()))
        }
        _ => None,
    };
    rows(page, "Timeline").into_iter().filter_map(line).collect()
}

/// The steps in its words: no time of what was not done.
pub(crate) fn of_steps(passes: &[Pass]) -> Vec<Line> {
    let line = |pass: &Pass, it: &Step| {
        let answer = match it.verdict.as_str() {
            known @ ("passed" | "alert" | "inconclusive" | "refused" | "skipped") => known,
            _ => "no answer",
        };
        let time = it.took_ms.map_or_else(|| "–".into(), words);
        (pass.phase.clone(), it.name.clone(), answer.to_owned(), time)
    };
    passes.iter().flat_map(|pass| pass.steps.iter().map(move |it| line(pass, it))).collect()
}

/// The table below the columns: of each run how it ended, how long each phase took, and all of them.
pub(crate) fn durations(page: &str) -> Vec<Vec<String>> {
    rows(page, "How long deploys take")
}

/// A run's row of that table, out of what is known of it.
pub(crate) fn of_durations(run: &RunRow, totals: &[(String, String, u64)]) -> Vec<String> {
    let phase = |name: &str| {
        let total = totals.iter().find(|(phase, ..)| phase == name);
        total.map_or_else(|| "–".into(), |(_, _, ms)| words(*ms))
    };
    let began = run.started.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let outcome = run.ending.expect("it has ended").outcome.to_string();
    let phases = ["validate", "build", "deploy", "verify", "settle", "restore"].map(phase);
    let whole = words(totals.iter().map(|(_, _, ms)| ms).sum());
    [run.version.clone(), began, outcome].into_iter().chain(phases).chain([whole]).collect()
}

/// How long the newest run took: beside it, and in the list of runs.
pub(crate) fn took_in_all(page: &str) -> [Option<&str>; 2] {
    ["<dt>Took</dt><dd>", "<td data-name=\"Took\" class=\"right\">"]
        .map(|before| page.split_once(before)?.1.split('<').next())
}

/// A time in its words: it shows milliseconds below a second.
pub(crate) fn words(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { took(ms) }
}
