//! Checks values against the schemas of an API document (`OpenAPI` 3.0).

use serde_json::{Map, Value};

/// What a schema may say without asking for anything.
const REMARKS: [&str; 7] = [
    "default",
    "deprecated",
    "description",
    "example",
    "nullable",
    "readOnly",
    "title",
];

/// Finds what differs, each as `place: what`. Panics at a keyword that it does not know.
pub(crate) fn differences(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let schema = schema.as_object().unwrap();
    if let Some(reference) = schema.get("$ref") {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        let schema = document.pointer(pointer).unwrap();
        return check(document, schema, value, place, found);
    }
    if value.is_null() && schema.get("nullable") == Some(&Value::Bool(true)) {
        return;
    }
    for (keyword, expected) in schema {
        let holds = match keyword.as_str() {
            "type" => is_of_type(value, expected.as_str().unwrap()),
            "enum" => expected.as_array().unwrap().contains(value),
            "format" => has_format(value, expected.as_str().unwrap()),
            "minLength" => length(value).is_none_or(|length| length >= expected.as_u64().unwrap()),
            "maxLength" => length(value).is_none_or(|length| length <= expected.as_u64().unwrap()),
            "required" => has_all(value, expected),
            "oneOf" => {
                let fits = |one: &&Value| differences(document, one, value).is_empty();
                expected.as_array().unwrap().iter().filter(fits).count() == 1
            }
            "properties" | "additionalProperties" | "items" => true,
            remark => {
                assert!(REMARKS.contains(&remark), "{remark}");
                true
            }
        };
        if !holds {
            found.push(format!("{place}: {keyword} {expected}"));
        }
    }
    if let Some(members) = value.as_object() {
        check_members(document, schema, members, place, found);
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for item in items {
            check(document, schema, item, &format!("{place}[]"), found);
        }
    }
}

fn check_members(
    document: &Value,
    schema: &Map<String, Value>,
    members: &Map<String, Value>,
    place: &str,
    found: &mut Vec<String>,
) {
    let properties = schema.get("properties");
    for (name, value) in members {
        let place = format!("{place}/{name}");
        let property = properties.and_then(|properties| properties.get(name));
        match property.or_else(|| schema.get("additionalProperties")) {
            Some(Value::Bool(false)) => found.push(format!("{place}: not in the schema")),
            Some(schema @ Value::Object(_)) => check(document, schema, value, &place, found),
            _ => {}
        }
    }
}

fn has_all(value: &Value, names: &Value) -> bool {
    let mut names = names.as_array().unwrap().iter();
    value
        .as_object()
        .is_none_or(|members| names.all(|name| members.contains_key(name.as_str().unwrap())))
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        other => panic!("{other}"),
    }
}

fn has_format(value: &Value, name: &str) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    match name {
        "uuid" => text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "int32" => true,
        other => panic!("{other}"),
    }
}

fn length(value: &Value) -> Option<u64> {
    let length = value.as_str()?.chars().count();
    u64::try_from(length).ok()
}

#[test]
fn finds_each_kind_of_difference() {
    use serde_json::json;

    let document = json!({"components": {"schemas": {
        "Id": {"type": "string", "format": "uuid"},
        "Thing": {
            "type": "object", "required": ["id"], "additionalProperties": false,
            "properties": {
                "id": {"$ref": "#/components/schemas/Id"},
                "size": {"type": "integer", "format": "int32", "nullable": true},
                "kind": {"enum": ["a", "b"], "type": "string"},
                "names": {"type": "array", "items": {"type": "string", "minLength": 1}},
                "more": {"type": "object", "additionalProperties": {"type": "boolean"}},
            },
        },
    }}});
    let thing = json!({"$ref": "#/components/schemas/Thing"});
    let id = "0198c9f0-1111-7000-8000-000000000001";
    for (value, expected) in [
        (
            json!({"id": id, "size": null, "kind": "a", "names": ["x"], "more": {"y": true}}),
            vec![],
        ),
        (json!({"id": "1"}), vec!["/id: format \"uuid\""]),
        (json!({}), vec![": required [\"id\"]"]),
        (json!([]), vec![": type \"object\""]),
        (
            json!({"id": id, "size": 1.5}),
            vec!["/size: type \"integer\""],
        ),
        (
            json!({"id": id, "kind": "c"}),
            vec!["/kind: enum [\"a\",\"b\"]"],
        ),
        (
            json!({"id": id, "names": [""]}),
            vec!["/names[]: minLength 1"],
        ),
        (
            json!({"id": id, "more": {"y": 1}}),
            vec!["/more/y: type \"boolean\""],
        ),
        (
            json!({"id": id, "other": 1}),
            vec!["/other: not in the schema"],
        ),
    ] {
        assert_eq!(differences(&document, &thing, &value), expected, "{value}");
    }
}
