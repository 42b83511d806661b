//! A vendor's system: how it is described, how it is kept, and how it is shown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rights::{AccessPackage, Right};
use crate::{caller::Caller, identifiers};

/// The changes of one system that are remembered; older ones are forgotten.
const LONGEST_LOG: usize = 100;

/// A system as its vendor describes it, and as the vendor gets it back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Description {
    pub(super) id: String,
    pub(super) vendor: Vendor,
    name: BTreeMap<String, String>,
    description: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) rights: Vec<Right>,
    #[serde(default)]
    pub(super) access_packages: Vec<AccessPackage>,
    #[serde(default)]
    pub(super) client_id: Vec<String>,
    #[serde(default = "visible")]
    is_visible: bool,
    #[serde(default)]
    pub(super) allowed_redirect_urls: Vec<String>,
}

/// Its `authority` is neither read nor shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Vendor {
    #[serde(rename(serialize = "ID"))]
    pub(super) id: String,
}

fn visible() -> bool {
    true
}

impl Vendor {
    /// The organisation number, if it is one in ISO 6523.
    pub(super) fn org_number(&self) -> Option<&str> {
        let number = self.id.strip_prefix("0192:")?;
        identifiers::is_org_number(number).then_some(number)
    }
}

/// A registered system. Deleting one hides it, and takes away its clients.
#[derive(Debug)]
pub(super) struct System {
    pub(super) internal_id: Uuid,
    pub(super) vendor: String,
    pub(super) description: Description,
    pub(super) deleted: bool,
    pub(super) log: Vec<Change>,
}

impl System {
    /// Whether a live system lists the client. Altinn does not look at the case.
    pub(super) fn has_client(&self, client_id: &str) -> bool {
        let mut clients = self.description.client_id.iter();
        !self.deleted && clients.any(|client| client.eq_ignore_ascii_case(client_id))
    }

    pub(super) fn note(&mut self, kind: ChangeKind, by: &Caller, at: Timestamp) {
        if self.log.len() >= LONGEST_LOG {
            self.log.remove(0);
        }
        self.log.push(Change {
            system_internal_id: self.internal_id.to_string(),
            changed_by_org_number: by.org_number().to_owned(),
            change_type: kind,
            client_id: by.client_id().to_owned(),
            created: at.to_string(),
        });
    }
}

/// One entry of the change log. The real one repeats the changed data, too.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    system_internal_id: String,
    changed_by_org_number: String,
    change_type: ChangeKind,
    client_id: String,
    created: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ChangeKind {
    Create,
    Update,
    RightsUpdate,
    AccessPackageUpdate,
    Delete,
}

/// A system in the list of its vendor's systems.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    system_id: String,
    system_vendor_org_number: String,
    system_vendor_org_name: &'static str,
    name: BTreeMap<String, String>,
    description: BTreeMap<String, String>,
    rights: Vec<Right>,
    access_packages: Vec<AccessPackage>,
    is_visible: bool,
}

impl Listed {
    pub(super) fn of(system: &System) -> Self {
        let description = system.description.clone();
        Self {
            system_id: description.id,
            system_vendor_org_number: system.vendor.clone(),
            system_vendor_org_name: "",
            name: description.name,
            description: description.description,
            rights: description.rights,
            access_packages: description.access_packages,
            is_visible: description.is_visible,
        }
    }
}
