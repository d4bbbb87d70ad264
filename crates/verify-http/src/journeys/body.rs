//! What a request carries.

use serde_json::Value;

use super::template::{BadTemplate, Template};

/// What a request carries.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// A form, in the order of its fields.
    Form(Vec<(String, Template)>),
    /// JSON, in whose strings placeholders are filled in.
    Json(Json),
    /// Any text; its type is for the headers of its step to say.
    Text(Template),
}

/// A JSON value whose strings may have placeholders.
#[derive(Clone, Debug)]
pub struct Json(Value);

impl Body {
    pub(super) fn templates(&self) -> Vec<Template> {
        match self {
            Self::None => Vec::new(),
            Self::Form(fields) => fields.iter().map(|(_, value)| value.clone()).collect(),
            Self::Json(json) => strings(&json.0).collect(),
            Self::Text(text) => vec![text.clone()],
        }
    }
}

impl Json {
    /// Refuses a string with a placeholder that is none.
    pub fn new(value: Value) -> Result<Self, BadTemplate> {
        texts(&value).try_for_each(|it| it.parse::<Template>().map(drop))?;
        Ok(Self(value))
    }

    /// The value with each string filled in.
    pub(super) fn filled(&self, fill: &dyn Fn(&Template) -> String) -> Value {
        filled(&self.0, fill)
    }
}

fn filled(value: &Value, fill: &dyn Fn(&Template) -> String) -> Value {
    match value {
        Value::String(text) => fill(&template(text)).into(),
        Value::Array(items) => items.iter().map(|it| filled(it, fill)).collect(),
        Value::Object(members) => {
            let filled = members.iter().map(|(name, it)| (name.clone(), filled(it, fill)));
            Value::Object(filled.collect())
        }
        other => other.clone(),
    }
}

fn strings(value: &Value) -> impl Iterator<Item = Template> {
    texts(value).map(template)
}

/// Every string in it, names of members left out.
fn texts(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(items) => Box::new(items.iter().flat_map(texts)),
        Value::Object(members) => Box::new(members.values().flat_map(texts)),
        _ => Box::new(std::iter::empty()),
    }
}

/// What was checked when the value was made.
fn template(text: &str) -> Template {
    text.parse().unwrap_or_else(|_| Template::literal(text))
}
