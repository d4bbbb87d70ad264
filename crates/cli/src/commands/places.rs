//! Values of a TOML file with their places, for commands that say where something stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
pub(super) type At<'t> = &'t Spanned<DeValue<'t>>;

/// All values of a key: of one in a list of tables, there may be many; `*` is any name.
pub(super) fn values<'t>(table: &'t DeTable<'t>, names: &[&str]) -> Vec<At<'t>> {
    let Some((name, rest)) = names.split_first() else { return Vec::new() };
    let named = table.iter().filter(|(key, _)| *name == "*" || key.get_ref() == name);
    named
        .flat_map(|(_, value)| if rest.is_empty() { vec![value] } else { below(value, rest) })
        .collect()
}

fn below<'t>(value: At<'t>, names: &[&str]) -> Vec<At<'t>> {
    match value.get_ref() {
        DeValue::Table(inner) => values(inner, names),
        DeValue::Array(items) => items.iter().flat_map(|it| below(it, names)).collect(),
        _ => Vec::new(),
    }
}

/// The first value of a key.
pub(super) fn value<'t>(table: &'t DeTable<'t>, names: &[&str]) -> Option<At<'t>> {
    values(table, names).into_iter().next()
}

/// What a text says.
pub(super) fn text(value: At<'_>) -> Option<String> {
    value.get_ref().as_str().map(str::to_owned)
}

/// The line of a byte, from 1.
pub(super) fn line(text: &str, offset: usize) -> usize {
    text.get(..offset).map_or(1, |it| it.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_key_is_found_with_its_place() {
        let toml = "[[checks]]\npath = \"/a\"\n[[checks]]\npath = '/b'\n[own.one]\nx = 1\n[own.two]\nx = 2\n";
        let table = DeTable::parse(toml).unwrap();
        let found = |names: &[&str]| {
            let values = values(table.get_ref(), names);
            values
                .into_iter()
                .map(|it| (line(toml, it.span().start), &toml[it.span()]))
                .collect::<Vec<_>>()
        };
        assert_eq!(found(&["checks", "path"]), [(2, "\"/a\""), (4, "'/b'")]);
        assert_eq!(found(&["own", "*", "x"]), [(6, "1"), (8, "2")]);
        assert_eq!(found(&["own", "three", "x"]), []);
    }
}
