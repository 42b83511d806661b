//! A system user that has been approved, or registered by a test.

use jiff::Timestamp;
use serde::Serialize;

use super::{request::Kind, system::System};
use crate::system_user::SystemUser;

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) user: SystemUser,
    pub(super) kind: Kind,
    pub(super) title: String,
    pub(super) created: Timestamp,
    /// Whether it came of a request, and not of a test.
    pub(super) was_requested: bool,
    /// Grows with every one that is made: the order of lists.
    pub(super) sequence: u64,
}

impl User {
    /// The vendor, by the system; nothing for a test's system user that is of none.
    pub(super) fn vendor<'a>(&'a self, system: Option<&'a System>) -> Option<&'a str> {
        let by_id = || self.user.system_id.split_once('_');
        system
            .map(|system| system.vendor.as_str())
            .or_else(|| by_id().map(|(vendor, _name)| vendor))
    }

    pub(super) fn view(&self, system: Option<&System>) -> View {
        let user = &self.user;
        View {
            id: user.id.clone(),
            integration_title: self.title.clone(),
            system_id: user.system_id.clone(),
            product_name: user.system_id.clone(),
            reportee_org_no: user.owner.clone(),
            created: self.created.to_string(),
            is_deleted: false,
            supplier_name: "",
            supplier_orgno: self.vendor(system).unwrap_or_default().to_owned(),
            external_ref: user.external_ref.clone(),
            user_type: self.kind,
        }
    }
}

/// A system user as vendors and Maskinporten see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    id: String,
    integration_title: String,
    system_id: String,
    product_name: String,
    reportee_org_no: String,
    created: String,
    is_deleted: bool,
    supplier_name: &'static str,
    supplier_orgno: String,
    external_ref: String,
    user_type: Kind,
}
