//! A scope of an API: how its owner describes it, how it is kept, and how it is shown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::iso;

/// What the owner says of a scope; the name never changes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Settings {
    prefix: String,
    subscope: String,
    description: String,
    #[serde(default = "public")]
    visibility: Visibility,
    #[serde(default = "self_contained")]
    token_type: String,
    #[serde(default)]
    at_max_age: u32,
    #[serde(default)]
    pub(super) accessible_for_all: bool,
    #[serde(default)]
    requires_user_consent: bool,
    #[serde(default)]
    requires_user_authentication: bool,
    #[serde(default)]
    requires_pseudonymous_tokens: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delegation_source: Option<String>,
    #[serde(default)]
    allowed_integration_types: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Visibility {
    Public,
    Private,
    Internal,
}

fn public() -> Visibility {
    Visibility::Public
}

fn self_contained() -> String {
    "SELF_CONTAINED".to_owned()
}

impl Settings {
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.prefix, self.subscope)
    }
}

/// `prefix:subscope`, where only the subscope may have further `:`, and `/` and `.`.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    name.split_once(':').is_some_and(|(prefix, subscope)| {
        !prefix.is_empty()
            && !subscope.is_empty()
            && prefix.chars().all(plain)
            && subscope.chars().all(|c| plain(c) || ":/.".contains(c))
    })
}

/// A scope with its owner, and with the organisations that may use it.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) settings: Settings,
    pub(super) owner: String,
    pub(super) active: bool,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// By organisation number.
    pub(super) access: BTreeMap<String, Access>,
}

/// Since when an organisation may, or may no longer, use a scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) approved: bool,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

impl Scope {
    pub(super) fn is_granted_to(&self, organisation: &str) -> bool {
        let approved = || {
            self.access
                .get(organisation)
                .is_some_and(|access| access.approved)
        };
        self.active
            && (self.owner == organisation || self.settings.accessible_for_all || approved())
    }

    pub(super) fn is_public(&self) -> bool {
        self.active && self.settings.visibility == Visibility::Public
    }

    pub(super) fn view(&self) -> View {
        View {
            name: self.settings.name(),
            settings: self.settings.clone(),
            owner_orgno: self.owner.clone(),
            active: self.active,
            created: iso(self.created),
            last_updated: iso(self.updated),
        }
    }

    pub(super) fn access_view(&self, consumer: &str, access: Access) -> AccessView {
        AccessView {
            scope: self.settings.name(),
            state: if access.approved {
                "APPROVED"
            } else {
                "DENIED"
            },
            consumer_orgno: consumer.to_owned(),
            owner_orgno: self.owner.clone(),
            created: iso(access.created),
            last_updated: iso(access.updated),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct View {
    name: String,
    #[serde(flatten)]
    settings: Settings,
    owner_orgno: String,
    active: bool,
    created: String,
    last_updated: String,
}

#[derive(Debug, Serialize)]
pub(super) struct AccessView {
    pub(super) scope: String,
    pub(super) state: &'static str,
    pub(super) consumer_orgno: String,
    pub(super) owner_orgno: String,
    pub(super) created: String,
    pub(super) last_updated: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_prefix_and_a_subscope() {
        for (name, expected) in [
            ("altinn:serviceowner/instances.read", true),
            ("nav:product:some/scope", true),
            ("a:b", true),
            ("a", false),
            (":b", false),
            ("a:", false),
            ("a/b:c", false),
            ("a:b c", false),
            ("a:å", false),
        ] {
            assert_eq!(is_name(name), expected, "{name}");
        }
    }
}
