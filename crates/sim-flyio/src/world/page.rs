//! Pages of long lists: a limit, and a cursor that says where the next page begins.

use super::{list::value_of, refusal::Refusal};
use crate::clock::Millis;

/// The most that one page holds (fly.io API description: `limit`).
const LIMIT: usize = 1000;
/// How long a cursor can be used (fly.io docs: machines API).
const LIFE: Millis = 30 * 60 * 1000;

/// Which part of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    limit: Option<usize>,
    /// The place of the last item of the page before.
    after: Option<String>,
}

/// A page, and the cursor of the next one if there is more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

impl Page {
    /// Reads `limit` and `cursor` of a query.
    pub(crate) fn read(query: &[(String, String)], now: Millis) -> Result<Self, Refusal> {
        let get = |name: &str| value_of(query, name);
        let bad = || Refusal::invalid(format!("limit must be between 1 and {LIMIT}"));
        let limit = match get("limit") {
            None => None,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=LIMIT).contains(limit));
                Some(limit.ok_or_else(bad)?)
            }
        };
        let after = get("cursor").filter(|cursor| !cursor.is_empty());
        Ok(Self { limit, after: after.map(|cursor| place(cursor, now)).transpose()? })
    }

    /// Never more than the most that a page holds.
    pub(crate) fn limited(self) -> Self {
        Self { limit: self.limit.or(Some(LIMIT)), ..self }
    }

    pub(crate) fn is_first(&self) -> bool {
        self.after.is_none()
    }

    /// Cuts the page out of a list of items with their places, in any order.
    pub(crate) fn cut<T>(&self, mut items: Vec<(String, T)>, now: Millis) -> Cut<T> {
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        items.retain(|(place, _)| self.after.as_ref().is_none_or(|after| place > after));
        let limit = self.limit.unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|(place, _)| format!("{now:x}.{place}"));
        Cut { items: items.into_iter().map(|(_, item)| item).collect(), next }
    }
}

fn place(cursor: &str, now: Millis) -> Result<String, Refusal> {
    let read = cursor.split_once('.').and_then(|(issued, place)| {
        Some((Millis::from_str_radix(issued, 16).ok()?, place.to_owned()))
    });
    match read {
        Some((issued, _)) if issued > now => Err(Refusal::invalid("bad cursor")),
        None => Err(Refusal::invalid("bad cursor")),
        Some((issued, _)) if now.saturating_sub(issued) > LIFE => {
            Err(Refusal::invalid("the cursor has expired; begin with the first page"))
        }
        Some((_, place)) => Ok(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(pairs: &[(&str, &str)], now: Millis) -> Result<Page, String> {
        let pairs = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Page::read(&pairs.collect::<Vec<_>>(), now).map_err(|refusal| refusal.error)
    }

    #[test]
    fn the_pages_of_a_list_follow_each_other_without_gap_and_overlap() {
        let items = || ["b", "a", "c"].map(|it| (it.to_owned(), it)).to_vec();
        let first = page(&[("limit", "2")], 5).unwrap().cut(items(), 5);
        assert_eq!(first.items, ["a", "b"]);
        let cursor = first.next.unwrap();
        let second = page(&[("limit", "2"), ("cursor", &cursor)], 6).unwrap().cut(items(), 6);
        assert_eq!(second, Cut { items: vec!["c"], next: None });
        let all = page(&[], 5).unwrap().cut(items(), 5);
        assert_eq!((all.items.len(), all.next), (3, None));
    }

    #[test]
    fn bad_limits_and_old_cursors_are_refused() {
        for limit in ["0", "1001", "ten", "-1"] {
            let why = page(&[("limit", limit)], 5).unwrap_err();
            assert_eq!(why, "invalid_argument: limit must be between 1 and 1000");
        }
        let why = page(&[("cursor", "nonsense")], 5).unwrap_err();
        assert_eq!(why, "invalid_argument: bad cursor");
        let cursor = [("cursor", "5.a")];
        assert!(page(&cursor, 5 + LIFE).is_ok());
        assert!(page(&cursor, 6 + LIFE).unwrap_err().contains("expired"));
    }
}
