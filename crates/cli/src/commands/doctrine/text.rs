//! A scan for people: each violation with its line and a caret, then the pillars.

use std::fmt::Write;

use gates_mix::doctrine::{PillarResult, Scanned, Status, Violation};
use pipeline_core::{Level, Verdict};

use crate::render::{Tone, paint};

/// So many violations of one rule are shown; the rest are counted.
const MOST_OF_A_RULE: usize = 25;
/// Lines are cut to so many characters around what they are about.
const WIDEST: usize = 110;

/// How it is shown.
pub(super) struct Look {
    pub(super) colour: bool,
    /// Only what blocks.
    pub(super) quiet: bool,
}

pub(super) fn of(scanned: &Scanned, look: &Look) -> String {
    let mut text = String::new();
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for violation in
        scanned.violations.iter().filter(|it| !look.quiet || it.level == Level::Blocking)
    {
        let count = counts.entry(&violation.rule).or_default();
        *count += 1;
        if *count <= MOST_OF_A_RULE {
            look.violation(violation, &mut text);
        }
    }
    for (rule, count) in counts.into_iter().filter(|(_, count)| *count > MOST_OF_A_RULE) {
        let more = format!(
            "… and {} more of {rule}; --only and --format json show them",
            count - MOST_OF_A_RULE
        );
        let _ = writeln!(text, "{}", look.paint(Tone::Dim, &more));
    }
    for (file, line, why) in &scanned.unread {
        let place = one_line(&line.map_or(file.clone(), |line| format!("{file}:{line}")));
        let _ = writeln!(
            text,
            "{} {place}: it cannot be looked at: {why}",
            look.paint(Tone::Warn, "unread")
        );
    }
    if !look.quiet {
        look.pillars(scanned, &mut text);
    }
    text
}

impl Look {
    fn violation(&self, it: &Violation, text: &mut String) {
        let (tone, word) = match it.level {
            Level::Blocking => (Tone::Bad, "error"),
            Level::Advisory => (Tone::Warn, "warning"),
        };
        let head = format!("{word}[{}]", it.rule);
        let _ = writeln!(
            text,
            "{}{}",
            self.paint(tone, &head),
            self.paint(Tone::Head, &format!(": {}", one_line(&it.message)))
        );
        let place = it.finding().place();
        let place = one_line(place.as_deref().unwrap_or("the project"));
        let gutter = it.line.map_or(1, |line| line.to_string().len());
        let blank = " ".repeat(gutter);
        let _ = writeln!(text, "{blank}{} {place}", self.paint(Tone::Dim, "-->"));
        let bar = self.paint(Tone::Dim, "|");
        if let (Some(line), Some(excerpt)) = (it.line, &it.excerpt) {
            let (shown, column) = cut(excerpt, it.column.unwrap_or(1) as usize);
            let _ = writeln!(
                text,
                "{blank} {bar}\n{} {bar} {shown}",
                self.paint(Tone::Dim, &line.to_string())
            );
            if it.width > 0 {
                let room = shown.chars().count().saturating_sub(column).max(1);
                let carets = "^".repeat((it.width as usize).min(room));
                let _ = writeln!(
                    text,
                    "{blank} {bar} {}{}",
                    " ".repeat(column),
                    self.paint(tone, &carets)
                );
            }
        }
        if !it.remedy.is_empty() {
            let _ =
                writeln!(text, "{blank} {} {}", self.paint(Tone::Dim, "="), one_line(&it.remedy));
        }
        text.push('\n');
    }

    fn pillars(&self, scanned: &Scanned, text: &mut String) {
        for it in scanned.pillars.iter().filter(|it| it.status != Status::Skipped) {
            let _ = writeln!(text, "{}", self.pillar(it));
        }
    }

    fn pillar(&self, it: &PillarResult) -> String {
        let blocks = it.level == Some(Level::Blocking);
        let (tone, mark) = match it.status {
            Status::Pass => (Tone::Good, "✓ pass"),
            Status::Fail if blocks => (Tone::Bad, "✗ fail"),
            Status::Fail => (Tone::Warn, "! fail"),
            Status::Error => (Tone::Warn, "? could not tell"),
            Status::NotApplicable | Status::Skipped => (Tone::Dim, "- not applicable"),
        };
        let level = match it.level {
            Some(Level::Blocking) => "blocking",
            Some(Level::Advisory) => "advisory",
            None => "",
        };
        let mut line = format!("  {:<8} {:<16} {level:<8}", it.code, mark);
        if let (Some(why), Status::NotApplicable) = (&it.why, it.status) {
            let _ = write!(line, "  {why}");
        } else {
            let suppressed = if it.suppressed > 0 {
                format!("{} suppressed", it.suppressed)
            } else {
                String::new()
            };
            let violations = counted(it.violations, "violation");
            let _ =
                write!(line, "  {violations:<16} {suppressed:<14} {:>5} ms", it.took.as_millis());
        }
        self.paint(tone, line.trim_end())
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        paint(tone, text, self.colour)
    }
}

/// What it comes to.
pub(super) fn summary(scanned: &Scanned) -> (Tone, String) {
    let blocks =
        |it: &&PillarResult| it.level == Some(Level::Blocking) && it.status == Status::Fail;
    let failed: Vec<_> = scanned.pillars.iter().filter(blocks).map(|it| it.code.as_str()).collect();
    let looked =
        format!("{}, {} of Elixir", counted(scanned.files, "file"), counted(scanned.lines, "line"));
    match scanned.verdict() {
        Verdict::Refused => (Tone::Bad, format!("Not kept: {} ({looked}).", failed.join(", "))),
        Verdict::Inconclusive => (
            Tone::Warn,
            format!(
                "Could not tell: {} cannot be looked at ({looked}).",
                counted(scanned.unread.len(), "file")
            ),
        ),
        Verdict::Passed | Verdict::Alert => {
            (Tone::Good, format!("Every pillar that blocks is kept ({looked})."))
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A line cut to what can be read, with tabs as blanks, and how far in it the column is then.
fn cut(line: &str, column: usize) -> (String, usize) {
    let clean: String = line.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let at = column.saturating_sub(1);
    let length = clean.chars().count();
    let skip = if length > WIDEST { at.saturating_sub(WIDEST / 3) } else { 0 };
    let mut shown: String = clean.chars().skip(skip).take(WIDEST).collect();
    if skip > 0 {
        shown.insert(0, '…');
    }
    if skip + WIDEST < length {
        shown.push('…');
    }
    (shown.trim_end().to_owned(), at - skip + usize::from(skip > 0))
}

/// Messages hold names out of the code, and code may hold anything.
fn one_line(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_what_it_is_about() {
        let line = format!("{}HERE{}", "a".repeat(300), "b".repeat(300));
        let (shown, at) = cut(&line, 301);
        assert_eq!(shown.chars().skip(at).take(4).collect::<String>(), "HERE");
        assert!(shown.chars().count() <= WIDEST + 2, "{shown}");
        assert_eq!(cut("\tab\u{1b}[31m", 2), (" ab [31m".to_owned(), 1));
    }
}
