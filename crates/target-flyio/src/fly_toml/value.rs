//! Single values out of a TOML tree, and the name that was probably meant.

use std::collections::BTreeSet;

use serde_json::Value;
use toml::de::DeValue;

/// How alike two keys must be for one to be taken for the other.
const LIKE: f64 = 0.85;

/// The key that was probably meant.
pub(super) fn nearest<'k>(wrong: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let near = |it: &&'k String| strsim::jaro_winkler(wrong, it);
    let best = known.iter().max_by(|a, b| near(a).total_cmp(&near(b)))?;
    (near(&best) >= LIKE).then_some(best)
}

pub(super) fn scalar(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        _ => return None,
    })
}

pub(super) fn integer(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

pub(super) fn json(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(_) => integer(value)?.into(),
        DeValue::Float(float) => float.as_str().parse::<f64>().ok()?.into(),
        DeValue::Boolean(yes) => (*yes).into(),
        DeValue::Datetime(_) => return None,
        DeValue::Array(array) => {
            array.iter().map(|it| json(it.get_ref())).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, it)| Some((key.get_ref().to_string(), json(it.get_ref())?)));
            Value::Object(entries.collect::<Option<_>>()?)
        }
    })
}
