//! Keys of form fields, such as `Correspondence.Content.Attachments[0].FileName`, as ASP.NET binds
//! them: in any case, with or without `request.` in front, lists by index from zero without gaps.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::validation::Findings;

const PREFIX: &str = "request.";
/// Its keys are the sender's own.
const PROPERTIES: &str = "correspondence.propertylist";
const LISTS: [&str; 7] = [
    "recipients",
    "existingattachments",
    "attachments",
    "externalreferences",
    "replyoptions",
    "customrecipients",
    "customnotificationrecipients",
];
const TRUTHS: [&str; 7] = [
    "isencrypted",
    "ignorereservation",
    "isconfirmationneeded",
    "isconfidential",
    "allowforwarding",
    "sendreminder",
    "overrideregisteredcontactinformation",
];
const NUMBERS: [&str; 1] = ["expirationindays"];
/// Deeper than any key of the model.
const MAX_DEPTH: usize = 8;

#[derive(Debug)]
enum Node {
    /// A text, and the key as the sender wrote it.
    Leaf(String, String),
    Branch(BTreeMap<String, Self>),
}

/// Makes the body out of the fields that the same request would have as JSON, its names in lower
/// case. What must be there is null when it is not, so that it is found missing in its place.
pub(super) fn tree(fields: Vec<(String, String)>) -> Result<Value, Findings> {
    let mut root = BTreeMap::new();
    for (key, value) in fields {
        let path = path(&key);
        if path.len() <= MAX_DEPTH {
            insert(&mut root, &path, Node::Leaf(value, key));
        }
    }
    let mut body = object(root, false)?;
    fill(&mut body, &["correspondence", "recipients"]);
    if let Some(Value::Object(correspondence)) = body.get_mut("correspondence") {
        fill(
            correspondence,
            &["resourceid", "sendersreference", "content"],
        );
        if let Some(Value::Object(content)) = correspondence.get_mut("content") {
            fill(content, &["messagetitle", "messagebody"]);
            let files = content.get_mut("attachments").and_then(Value::as_array_mut);
            for file in files.into_iter().flatten().filter_map(Value::as_object_mut) {
                fill(file, &["filename", "sendersreference"]);
            }
        }
    }
    Ok(Value::Object(body))
}

fn fill(object: &mut Map<String, Value>, required: &[&str]) {
    for name in required {
        object.entry(*name).or_insert(Value::Null);
    }
}

/// The names on the way to a value. Only ASCII letters change their case, so lengths stay.
fn path(key: &str) -> Vec<String> {
    let lower = key.to_ascii_lowercase();
    let skipped = if lower.starts_with(PREFIX) {
        PREFIX.len()
    } else {
        0
    };
    let (key, lower) = (
        key.get(skipped..).unwrap_or_default(),
        lower.get(skipped..).unwrap_or_default(),
    );
    if lower.starts_with(PROPERTIES) {
        let name = key.get(PROPERTIES.len()..).unwrap_or_default();
        let in_brackets = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        if let Some(name) = in_brackets.or_else(|| name.strip_prefix('.')) {
            return vec!["correspondence".into(), "propertylist".into(), name.into()];
        }
    }
    lower
        .split(['.', '['])
        .map(|name| name.trim_end_matches(']').to_owned())
        .collect()
}

fn insert(branch: &mut BTreeMap<String, Node>, path: &[String], leaf: Node) {
    match path {
        [] => {}
        [name] => {
            // The first of several values is the one that counts.
            branch.entry(name.clone()).or_insert(leaf);
        }
        [name, rest @ ..] => {
            let empty = || Node::Branch(BTreeMap::new());
            if let Node::Branch(next) = branch.entry(name.clone()).or_insert_with(empty) {
                insert(next, rest, leaf);
            }
        }
    }
}

fn object(
    branch: BTreeMap<String, Node>,
    are_properties: bool,
) -> Result<Map<String, Value>, Findings> {
    let member = |(name, node): (String, Node)| {
        let value = match node {
            Node::Leaf(text, _key) if are_properties => Value::String(text),
            node => value(&name, node)?,
        };
        Ok((name, value))
    };
    branch.into_iter().map(member).collect()
}

fn value(name: &str, node: Node) -> Result<Value, Findings> {
    let is_list = LISTS.contains(&name);
    match node {
        // Without an index it is bound to nothing.
        Node::Leaf(_text, _key) if is_list => Ok(Value::Null),
        Node::Leaf(text, _key) if text.is_empty() => Ok(Value::Null),
        Node::Leaf(text, key) => scalar(name, text, &key),
        Node::Branch(mut items) if is_list => {
            let mut list = Vec::new();
            while let Some(item) = items.remove(&list.len().to_string()) {
                list.push(value("", item)?);
            }
            Ok(Value::Array(list))
        }
        Node::Branch(members) => Ok(Value::Object(object(members, name == "propertylist")?)),
    }
}

fn scalar(name: &str, text: String, key: &str) -> Result<Value, Findings> {
    let invalid = |text: &str| Findings::one(key, format!("The value '{text}' is not valid."));
    if TRUTHS.contains(&name) {
        let truth: Result<bool, _> = text.to_ascii_lowercase().parse();
        truth.map(Value::Bool).map_err(|_error| invalid(&text))
    } else if NUMBERS.contains(&name) {
        let number: Result<i32, _> = text.parse();
        number.map(Value::from).map_err(|_error| invalid(&text))
    } else {
        Ok(Value::String(text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_become_a_body() {
        let fields = [
            ("request.Correspondence.ResourceId", "r"),
            ("CORRESPONDENCE.sendersreference", ""),
            ("Correspondence.Content.Attachments[0].FileName", "a.pdf"),
            ("Correspondence.Content.Attachments[0].IsEncrypted", "True"),
            ("Correspondence.Content.Attachments[2].FileName", "lost.pdf"),
            ("Correspondence.PropertyList.Case.No", "1"),
            ("correspondence.propertylist[Key]", "2"),
            ("Recipients[0]", "0192:310244007"),
            ("Recipients[1]", "25922947409"),
            ("existingAttachments", "not bound"),
            ("Recipients[0].more", "not bound"),
            ("a[b[c[d[e[f[g[h[i[j", "too deep"),
        ];
        let fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let expected = json!({
            "correspondence": {
                "resourceid": "r", "sendersreference": null,
                "content": {
                    "messagetitle": null, "messagebody": null,
                    "attachments": [
                        {"filename": "a.pdf", "isencrypted": true, "sendersreference": null},
                    ],
                },
                "propertylist": {"Case.No": "1", "Key": "2"},
            },
            "recipients": ["0192:310244007", "25922947409"],
            "existingattachments": null,
        });
        assert_eq!(tree(fields.to_vec()), Ok(expected));
        let wrong = ("Correspondence.IsConfidential".to_owned(), "ja".to_owned());
        let findings = tree(vec![wrong]).unwrap_err();
        assert_eq!(findings.keys(), ["Correspondence.IsConfidential"]);
    }
}
