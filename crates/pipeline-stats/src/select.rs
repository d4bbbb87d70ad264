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
}

impl Row {
    fn width(self) -> usize {
        self.to - self.from
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
        let upper = self.smallest(last / 2 + 1);
        // What is equal stays exactly so, infinities included.
        Some(if lower.total_cmp(&upper).is_eq() { lower } else { (lower * upper).sqrt() })
    }

    /// The one that `k` others come before. `k` must be below `len`.
    pub(crate) fn smallest(self, k: usize) -> f64 {
        let (rows, width) = self.shape();
        let mut rank = k;
        let mut left: Vec<Row> = (0..rows).map(|index| Row { index, from: 0, to: width }).collect();
        let mut middles = Vec::with_capacity(rows);
        while left.iter().map(|it| it.width()).sum::<usize>() > 2 * rows {
            let pivot = self.pivot(&left, &mut middles);
            let below = |it: &Row| self.split(*it, |value| value < pivot);
            let upto = |it: &Row| self.split(*it, |value| value <= pivot);
            let less: usize = left.iter().map(|it| below(it) - it.from).sum();
            let no_more: usize = left.iter().map(|it| upto(it) - it.from).sum();
            if rank < less {
                for it in &mut left {
                    it.to = below(it);
                }
            } else if rank < no_more {
                return pivot;
            } else {
                rank -= no_more;
                for it in &mut left {
                    it.from = upto(it);
                }
            }
            left.retain(|it| it.width() > 0);
        }
        let mut few: Vec<f64> = left
            .iter()
            .flat_map(|it| (it.from..it.to).map(|column| self.at(it.index, column)))
            .collect();
        *few.select_nth_unstable_by(rank, f64::total_cmp).1
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

    /// The first column of the row's part for which `before` does not hold.
    fn split(self, part: Row, before: impl Fn(f64) -> bool) -> usize {
        let Row { index, mut from, mut to } = part;
        while from < to {
            let middle = usize::midpoint(from, to);
            if before(self.at(index, middle)) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }
}
