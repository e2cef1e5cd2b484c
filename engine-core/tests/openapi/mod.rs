//! The OpenAPI document, and the part of JSON Schema that it is written in.
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use engine_core::text::{Id, Key, Name};
use serde_json::Value;

/// The document.
pub(crate) fn document() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let text = std::fs::read_to_string(path).expect("the document is there");
    serde_json::from_str(&text).expect("the document is JSON")
}

/// Follows a `$ref`, or stays.
pub(crate) fn resolved<'d>(document: &'d Value, place: &'d Value) -> &'d Value {
    match place.get("$ref").and_then(Value::as_str) {
        None => place,
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("references stay in the document");
            document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
    }
}

/// Holds a value against a schema. A keyword that is not known here fails the test, so that none
/// is passed over.
pub(crate) fn check(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let schema = resolved(document, schema);
    let keywords = schema.as_object().expect("a schema is an object");
    for (keyword, rule) in keywords {
        let holds = match keyword.as_str() {
            "description" | "default" => true,
            "type" => is_type(value, rule.as_str().expect("one type")),
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
            "minLength" | "maxLength" => {
                value.as_str().is_none_or(|text| Name::new(text).is_some())
            }
            "minimum" => number(value).is_none_or(|n| n >= number(rule).unwrap()),
            "maximum" => number(value).is_none_or(|n| n <= number(rule).unwrap()),
            "exclusiveMinimum" => number(value).is_none_or(|n| n > number(rule).unwrap()),
            "exclusiveMaximum" => number(value).is_none_or(|n| n < number(rule).unwrap()),
            "minItems" => value.as_array().is_none_or(|a| a.len() as u64 >= rule.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|a| a.len() as u64 <= rule.as_u64().unwrap()),
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    check(document, rule, item)?;
                }
                true
            }
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array()
                    .unwrap()
                    .iter()
                    .all(|name| object.contains_key(name.as_str().unwrap()))
            }),
            "properties" => {
                for (name, schema) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        check(document, schema, value)?;
                    }
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(rule, false);
                let known = keywords["properties"].as_object().unwrap();
                value.as_object().is_none_or(|object| object.keys().all(|k| known.contains_key(k)))
            }
            "allOf" => {
                for schema in rule.as_array().unwrap() {
                    check(document, schema, value)?;
                }
                true
            }
            "oneOf" => {
                let schemas = rule.as_array().unwrap().iter();
                schemas.filter(|schema| check(document, schema, value).is_ok()).count() == 1
            }
            other => panic!("the keyword {other} is not known to this test"),
        };
        if !holds {
            return Err(format!("{keyword} {rule} does not hold for {value}"));
        }
    }
    Ok(())
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known to this test"),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

/// The patterns of the document, each by the code that it describes.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$" => Id::new(text).is_some(),
        "^[!-~]{1,64}$" => Key::new(text).is_some(),
        "^[A-Za-z0-9_-]+$" => {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        }
        "^urn:hunt:problem:[a-z-]+$" => text
            .strip_prefix("urn:hunt:problem:")
            .is_some_and(|slug| slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')),
        other => panic!("the pattern {other} is not known to this test"),
    }
}
