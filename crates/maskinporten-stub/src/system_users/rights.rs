//! What a system needs and a request asks for: rights to resources, and access packages.

use serde::{Deserialize, Serialize};

/// A right to a resource.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Right {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    pub(super) resource: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Attribute {
    pub(super) id: String,
    pub(super) value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct AccessPackage {
    pub(super) urn: String,
}

/// Whether the system has each of the rights: one attribute of a right is enough.
pub(super) fn are_among(asked: &[Right], of_system: &[Right]) -> bool {
    let known = |attribute: &Attribute| {
        let mut rights = of_system.iter();
        rights.any(|right| right.resource.contains(attribute))
    };
    asked.iter().all(|right| right.resource.iter().any(known))
}

pub(super) fn has_duplicates<T: PartialEq>(items: &[T]) -> bool {
    let repeated = |(at, item): (usize, &T)| items.iter().take(at).any(|earlier| earlier == item);
    items.iter().enumerate().any(repeated)
}
