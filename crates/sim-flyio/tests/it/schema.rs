//! A small validator of JSON against the schemas of an `OpenAPI` 3.0 description. It is stricter than
//! the standard: keys that an object schema does not name are findings, and so is `null`. It knows
//! the keywords that the description uses, and refuses to look past any other.

use std::collections::BTreeSet;

use serde_json::Value;

/// Keywords without a meaning for validity.
const REMARKS: [&str; 3] = ["description", "example", "x-enum-varnames"];
const KEYWORDS: [&str; 8] =
    ["$ref", "allOf", "type", "enum", "required", "properties", "items", "additionalProperties"];

/// Validates values against the schemas of one description.
pub(crate) struct Schemas<'a>(pub(crate) &'a Value);

/// What a value has that its schema does not allow, in words that name the schema.
pub(crate) type Findings = BTreeSet<String>;

impl Schemas<'_> {
    /// Adds what is wrong with `value`; `place` says where it is.
    pub(crate) fn validate(
        &self,
        schema: &Value,
        value: &Value,
        (place, findings): (&str, &mut Findings),
    ) {
        for keyword in schema.as_object().expect("a schema is an object").keys() {
            let known = KEYWORDS.contains(&&**keyword) || REMARKS.contains(&&**keyword);
            assert!(known, "the validator does not know the keyword '{keyword}' of {place}");
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let (schema, name) = self.resolve(reference);
            return self.validate(schema, value, (name, findings));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.validate(part, value, (place, findings));
        }
        if let Some(kind) = schema["type"].as_str()
            && !is(value, kind)
        {
            findings.insert(format!("{place} is {}, not {kind}", kind_of(value)));
            return;
        }
        if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
            findings.insert(format!("{place} is {value}, which is not among the values"));
        }
        self.validate_keys(schema, value, (place, findings));
        for item in value.as_array().into_iter().flatten() {
            if !schema["items"].is_null() {
                self.validate(&schema["items"], item, (&format!("{place}[]"), findings));
            }
        }
    }

    fn validate_keys(
        &self,
        schema: &Value,
        value: &Value,
        (place, findings): (&str, &mut Findings),
    ) {
        let Some(object) = value.as_object() else { return };
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(key) {
                findings.insert(format!("{place}.{key} is missing"));
            }
        }
        let (known, others) = (&schema["properties"], &schema["additionalProperties"]);
        for (key, value) in object {
            let inner = format!("{place}.{key}");
            match known.get(key) {
                Some(schema) => self.validate(schema, value, (&inner, findings)),
                None if others.is_object() => {
                    self.validate(others, value, (&format!("{place}.*"), findings));
                }
                // An object of which nothing at all is said may hold anything.
                None if known.is_null() => {}
                None => drop(findings.insert(format!("{inner} is not described"))),
            }
        }
    }

    /// Notes which keys of which schemas `value` has: `Pet` with `name` is `Pet.name`.
    pub(crate) fn note(&self, schema: &Value, value: &Value, (name, seen): (&str, &mut Findings)) {
        if let Some(reference) = schema["$ref"].as_str() {
            let (schema, name) = self.resolve(reference);
            return self.note(schema, value, (name, seen));
        }
        for (key, inner) in value.as_object().into_iter().flatten() {
            if let Some(schema) = schema["properties"].get(key) {
                seen.insert(format!("{name}.{key}"));
                self.note(schema, inner, (&format!("{name}.{key}"), seen));
            }
        }
        for item in value.as_array().into_iter().flatten() {
            self.note(&schema["items"], item, (name, seen));
        }
    }

    /// All keys of a named schema, in the same words.
    pub(crate) fn keys(&self, name: &str) -> Findings {
        let keys = self.0["components"]["schemas"][name]["properties"].as_object();
        keys.into_iter().flatten().map(|(key, _)| format!("{name}.{key}")).collect()
    }

    fn resolve<'s>(&'s self, reference: &'s str) -> (&'s Value, &'s str) {
        let pointer = reference.strip_prefix('#').expect("references stay within the description");
        let schema = self.0.pointer(pointer).unwrap_or_else(|| panic!("no {reference}"));
        (schema, reference.rsplit('/').next().expect("a reference has parts"))
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("the validator does not know the type '{other}'"),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn the_validator_finds_what_is_wrong_and_nothing_else() {
    use serde_json::json;
    let description = json!({ "schemas": {
        "Pet": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "type": "string" },
                "mood": { "type": "string", "enum": ["good", "bad"] },
                "young": { "type": "array", "items": { "$ref": "#/schemas/Pet" } },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                "free": { "type": "object" },
                "age": { "type": "object", "allOf": [{ "$ref": "#/schemas/Age" }] },
            },
        },
        "Age": { "type": "object", "properties": { "years": { "type": "integer" } } },
    } });
    let table = [
        (json!({ "name": "a", "young": [{ "name": "b" }], "free": { "x": 1 } }), vec![]),
        (json!({ "name": "a", "labels": { "x": "y" }, "age": { "years": 1 } }), vec![]),
        (json!([]), vec!["Pet is array, not object"]),
        (json!({}), vec!["Pet.name is missing"]),
        (json!({ "name": null }), vec!["Pet.name is null, not string"]),
        (json!({ "name": "a", "legs": 4 }), vec!["Pet.legs is not described"]),
        (
            json!({ "name": "a", "mood": "so" }),
            vec!["Pet.mood is \"so\", which is not among the values"],
        ),
        (json!({ "name": "a", "young": [{ "name": 1 }] }), vec!["Pet.name is number, not string"]),
        (json!({ "name": "a", "labels": { "x": 1 } }), vec!["Pet.labels.* is number, not string"]),
        (json!({ "name": "a", "age": { "years": 1.5 } }), vec!["Age.years is number, not integer"]),
    ];
    for (value, wanted) in table {
        let (mut findings, schema) = (Findings::new(), json!({ "$ref": "#/schemas/Pet" }));
        Schemas(&description).validate(&schema, &value, ("reply", &mut findings));
        assert_eq!(findings.into_iter().collect::<Vec<_>>(), wanted, "{value}");
    }
}
