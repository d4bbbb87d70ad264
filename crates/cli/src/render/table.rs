//! Tables and paragraphs for terminals of any width. Pure.

/// A table: the first and the last column are text, those between stand right.
pub(crate) struct Table {
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// The lines; where they do not fit, each row becomes a paragraph with a line for each of its cells.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let widths: Vec<usize> = (0..self.head.len()).map(|at| self.width(at)).collect();
        let all = widths.iter().sum::<usize>() + 2 * widths.len();
        if all > width { self.stacked() } else { self.aligned(&widths) }
    }

    fn width(&self, at: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|it| columns(it));
        cells.chain([columns(self.head[at])]).max().unwrap_or_default()
    }

    fn aligned(&self, widths: &[usize]) -> Vec<String> {
        let head: Vec<String> = self.head.iter().map(|it| (*it).to_owned()).collect();
        let line = |cells: &Vec<String>| {
            let padded = cells.iter().zip(widths).enumerate().map(|(at, (cell, width))| {
                let room = " ".repeat(width.saturating_sub(columns(cell)));
                if at == 0 || at + 1 == widths.len() {
                    format!("  {cell}{room}")
                } else {
                    format!("  {room}{cell}")
                }
            });
            padded.collect::<String>().trim_end().to_owned()
        };
        std::iter::once(&head).chain(&self.rows).map(line).collect()
    }

    fn stacked(&self) -> Vec<String> {
        let row = |cells: &Vec<String>| {
            let mut lines = vec![format!("  {}", cells.first().map_or("", String::as_str))];
            let named = self.head.iter().zip(cells).skip(1).filter(|(_, cell)| !cell.is_empty());
            lines.extend(
                named.map(|(name, cell)| format!("    {}", format!("{name} {cell}").trim_start())),
            );
            lines
        };
        self.rows.iter().flat_map(row).collect()
    }
}

/// Breaks a text between words, so that no line is longer than `width` if no word is.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A picture of values over time, the newest `width` of them.
pub(crate) fn sparkline(values: &[u64], width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = &values[values.len().saturating_sub(width)..];
    let (low, high) = (shown.iter().min().copied(), shown.iter().max().copied());
    let (low, high) = (low.unwrap_or_default(), high.unwrap_or_default());
    let bar = |it: &u64| {
        let level = u128::from(it - low) * 8 / (u128::from(high - low) + 1);
        BARS[usize::try_from(level).unwrap_or_default().min(7)]
    };
    shown.iter().map(bar).collect()
}

fn columns(text: &str) -> usize {
    console::measure_text_width(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_or_is_stacked() {
        let row = |cells: [&str; 3]| cells.map(ToOwned::to_owned).to_vec();
        let rows = vec![row(["total", "50", "4m 12s"]), row(["verify", "7", ""])];
        let table = Table { head: vec!["part", "deploys", "median"], rows };
        insta::assert_snapshot!(table.lines(80).join("\n"), @r"
        part    deploys  median
        total        50  4m 12s
        verify        7
        ");
        insta::assert_snapshot!(table.lines(20).join("\n"), @r"
        total
          deploys 50
          median 4m 12s
        verify
          deploys 7
        ");
    }

    #[test]
    fn words_are_never_broken() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensible", 7), ["incomprehensible"]);
        assert_eq!(wrapped("", 7), Vec::<String>::new());
    }

    #[test]
    fn a_sparkline_shows_the_newest_values() {
        assert_eq!(sparkline(&[1, 2, 3, 4, 5, 6, 7, 8], 80), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[900, 5, 5, 5], 3), "▁▁▁");
        assert_eq!(sparkline(&[], 3), "");
        assert_eq!(sparkline(&[u64::MAX, 0], 3).chars().count(), 2);
    }
}
