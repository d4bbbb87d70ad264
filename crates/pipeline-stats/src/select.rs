//! The k-th smallest of all ratios between two samples, without making them all.
//!
//! Sorted samples span a matrix of ratios whose rows and columns ascend, so a pivot splits each row by a
//! binary search. The pivot is the weighted median of the rows' middles: at least a quarter of what is left
//! falls away each time (D. B. Johnson and T. Mizoguchi, "Selecting the Kth element in X + Y and
//! X1 + X2 + … + Xm", SIAM Journal on Computing 7, 1978). For samples of n and m that is O((n + m) log²).

/// All ratios `over[j] / under[i]` of two ascending samples. No `NaN` as long as none of `over` is infinite
/// where one of `under` is, and none is 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratios<'a> {
    over: &'a [f64],
    under: &'a [f64],
}

/// The part of a row that may still hold the one that is looked for.
#[derive(Clone, Copy, Debug)]
struct Row {
    index: usize,
    from: usize,
    to: usize,
    /// Where the values that are less than the pivot end.
    less: usize,
    /// Where those end that are no more than it.
    no_more: usize,
}

impl Row {
    fn width(&self) -> usize {
        self.to - self.from
    }

    fn keep_less(&mut self) {
        self.to = self.less;
    }

    fn keep_more(&mut self) {
        self.from = self.no_more;
    }
}

impl<'a> Ratios<'a> {
    pub(crate) fn new(over: &'a [f64], under: &'a [f64]) -> Self {
        Self { over, under }
    }

    /// How many there are.
    pub(crate) fn len(self) -> usize {
        self.over.len() * self.under.len()
    }

    /// The median; with an even number of ratios the geometric mean of the middle two. `None` if there is none.
    pub(crate) fn median(self) -> Option<f64> {
        let last = self.len().checked_sub(1)?;
        let lower = self.smallest(last / 2);
        if last.is_multiple_of(2) {
            return Some(lower);
        }
        let upper = self.next(lower, last / 2);
        // What is equal stays exactly so, infinities included.
        Some(if lower.total_cmp(&upper).is_eq() { lower } else { (lower * upper).sqrt() })
    }

    /// The one that `k` others come before. `k` must be below `len`.
    pub(crate) fn smallest(self, k: usize) -> f64 {
        let mut rank = k;
        let mut left = self.rows();
        let most = 2 * left.len();
        let mut middles = Vec::with_capacity(left.len());
        while left.iter().map(Row::width).sum::<usize>() > most {
            let pivot = self.pivot(&left, &mut middles);
            for row in &mut left {
                self.split(row, pivot);
            }
            let less: usize = left.iter().map(|it| it.less - it.from).sum();
            let no_more: usize = left.iter().map(|it| it.no_more - it.from).sum();
            if rank < less {
                left.iter_mut().for_each(Row::keep_less);
            } else if rank < no_more {
                return pivot;
            } else {
                rank -= no_more;
                left.iter_mut().for_each(Row::keep_more);
            }
            left.retain(|it| it.width() > 0);
        }
        let columns = |it: &Row| {
            (it.from..it.to).map({
                let row = it.index;
                move |column| self.at(row, column)
            })
        };
        let mut few: Vec<f64> = Vec::with_capacity(most);
        few.extend(left.iter().flat_map(columns));
        *few.select_nth_unstable_by(rank, f64::total_cmp).1
    }

    /// The one that comes after `value`, which `k` others come before.
    fn next(self, value: f64, k: usize) -> f64 {
        let mut rows = self.rows();
        for row in &mut rows {
            self.split(row, value);
        }
        if rows.iter().map(|it| it.no_more).sum::<usize>() > k + 1 {
            return value;
        }
        let larger = rows.iter().filter(|it| it.no_more < it.to);
        larger.map(|it| self.at(it.index, it.no_more)).fold(f64::INFINITY, f64::min)
    }

    fn rows(self) -> Vec<Row> {
        let (rows, width) = self.shape();
        let row = |index| Row { index, from: 0, to: width, less: 0, no_more: 0 };
        (0..rows).map(row).collect()
    }

    /// Few rows are cheap, so the smaller sample makes them.
    fn shape(self) -> (usize, usize) {
        let (over, under) = (self.over.len(), self.under.len());
        (over.min(under), over.max(under))
    }

    /// Ascends with the column.
    fn at(self, row: usize, column: usize) -> f64 {
        if self.over.len() < self.under.len() {
            self.over[row] / self.under[self.under.len() - 1 - column]
        } else {
            self.over[column] / self.under[row]
        }
    }

    fn pivot(self, left: &[Row], middles: &mut Vec<(f64, usize)>) -> f64 {
        middles.clear();
        middles.extend(
            left.iter().map(|it| (self.at(it.index, usize::midpoint(it.from, it.to)), it.width())),
        );
        middles.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        let half = middles.iter().map(|it| it.1).sum::<usize>() / 2;
        let mut seen = 0;
        let median = middles.iter().find(|it| {
            seen += it.1;
            seen > half
        });
        median.expect("the widths add up to more than their half").0
    }

    /// Finds where the row's part reaches `pivot`, and where it passes it.
    fn split(self, row: &mut Row, pivot: f64) {
        row.less = self.first(row, row.from, |value| value >= pivot);
        // Equal ratios are rare.
        let is_there = row.less < row.to && self.at(row.index, row.less) <= pivot;
        row.no_more =
            if is_there { self.first(row, row.less, |value| value > pivot) } else { row.less };
    }

    /// The first column of the row's part, `from` on, for which `holds` does.
    fn first(self, row: &Row, mut from: usize, holds: impl Fn(f64) -> bool) -> usize {
        let mut to = row.to;
        while from < to {
            let middle = usize::midpoint(from, to);
            if holds(self.at(row.index, middle)) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        from
    }
}
