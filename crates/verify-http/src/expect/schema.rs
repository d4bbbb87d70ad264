//! A JSON Schema, compiled once. Only with the feature `json-schema`: it is expensive to build.

use std::fmt;

use serde_json::Value;

use super::{Difference, RuleError};

/// A JSON Schema that bodies must fit. It may not refer to schemas elsewhere.
#[derive(Clone)]
pub struct Schema {
    name: String,
    compiled: Compiled,
}

impl Schema {
    /// Compiles a schema; `name`, such as its file, is what differences and errors call it.
    ///
    /// # Errors
    ///
    /// It is no schema, refers to one elsewhere, or has patterns that take exponential time (look-around and
    /// back-references). Without the feature `json-schema` always [`RuleError::NoSchemas`].
    pub fn new(name: impl Into<String>, schema: &Value) -> Result<Self, RuleError> {
        let name = name.into();
        let compiled = Compiled::new(&name, schema)?;
        Ok(Self { name, compiled })
    }

    pub(super) fn difference(&self, body: &Value) -> Option<Difference> {
        self.compiled.difference(&self.name, body)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(feature = "json-schema")]
use compiled::Compiled;

#[cfg(feature = "json-schema")]
mod compiled {
    use std::sync::Arc;

    use jsonschema::{PatternOptions, Validator};
    use serde_json::Value;

    use super::{Difference, RuleError};
    use crate::expect::Part;

    #[derive(Clone)]
    pub(super) struct Compiled(Arc<Validator>);

    impl Compiled {
        pub(super) fn new(name: &str, schema: &Value) -> Result<Self, RuleError> {
            // Bodies are foreign: no pattern of ours may take for ever on them.
            let options =
                jsonschema::options().offline().with_pattern_options(PatternOptions::regex());
            let compiled = options.build(schema).map_err(|error| RuleError::Schema {
                name: name.to_owned(),
                reason: match error.instance_path().to_string() {
                    root if root.is_empty() => error.to_string(),
                    path => format!("at `{path}`, {error}"),
                },
            })?;
            Ok(Self(Arc::new(compiled)))
        }

        pub(super) fn difference(&self, name: &str, body: &Value) -> Option<Difference> {
            let mut errors = self.0.iter_errors(body);
            let first = errors.next()?;
            let at = match first.instance_path().to_string() {
                root if root.is_empty() => "the body".to_owned(),
                path => format!("`{path}` of the body"),
            };
            let more = match errors.count() {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let got = format!("{at} is wrong: {first}{more}");
            Some(Difference::certain(Part::Body, got, format!("what fits {name}")))
        }
    }
}

/// There is none of these.
#[cfg(not(feature = "json-schema"))]
#[derive(Clone)]
enum Compiled {}

#[cfg(not(feature = "json-schema"))]
impl Compiled {
    fn new(name: &str, _schema: &Value) -> Result<Self, RuleError> {
        Err(RuleError::NoSchemas(name.to_owned()))
    }

    fn difference(&self, _name: &str, _body: &Value) -> Option<Difference> {
        match *self {}
    }
}
