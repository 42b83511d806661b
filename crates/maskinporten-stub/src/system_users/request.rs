//! A vendor's request for a system user: how it is made, how it is kept, and how it is shown.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rights::{AccessPackage, Right};
use crate::clock;

/// How long a customer has to answer.
const TIMEOUT: SignedDuration = SignedDuration::from_hours(10 * 24);

/// Whether a system user acts for its owner, or for the owner's clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Standard,
    Agent,
}

/// What an end user does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve,
    Reject,
    Escalate,
}

impl Decision {
    pub(super) fn from_path(name: &str) -> Option<Self> {
        match name {
            "approve" => Some(Self::Approve),
            "reject" => Some(Self::Reject),
            "escalate" => Some(Self::Escalate),
            _ => None,
        }
    }
}

/// `Denied` is a status of Altinn's, too, which nothing leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Status {
    New,
    Accepted,
    Rejected,
    Timedout,
}

/// What a vendor asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) external_ref: Option<String>,
    pub(super) system_id: String,
    pub(super) party_org_no: String,
    #[serde(default)]
    pub(super) rights: Vec<Right>,
    #[serde(default)]
    pub(super) access_packages: Vec<AccessPackage>,
    pub(super) redirect_url: Option<String>,
    pub(super) integration_title: Option<String>,
}

/// What no two live requests of a kind, and no two system users, have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Triple {
    pub(super) system_id: String,
    pub(super) customer: String,
    pub(super) external_ref: String,
}

impl Order {
    /// The customer's organisation number stands for a reference that was not given.
    pub(super) fn triple(&self) -> Triple {
        let given = self.external_ref.clone();
        let given = given.filter(|reference| !reference.is_empty());
        Triple {
            system_id: self.system_id.clone(),
            customer: self.party_org_no.clone(),
            external_ref: given.unwrap_or_else(|| self.party_org_no.clone()),
        }
    }
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: Uuid,
    pub(super) kind: Kind,
    pub(super) triple: Triple,
    pub(super) order: Order,
    pub(super) created: Timestamp,
    pub(super) escalated: bool,
    /// Grows with every one that is made: the order of lists.
    pub(super) sequence: u64,
    pub(super) decided: Option<Status>,
}

impl Request {
    /// New → Timedout, when its time is over and nobody has decided.
    pub(super) fn status(&self, now: Timestamp) -> Status {
        let timed_out = || now >= clock::after(self.created, TIMEOUT);
        match self.decided {
            Some(status) => status,
            None if timed_out() => Status::Timedout,
            None => Status::New,
        }
    }

    pub(super) fn view(&self, base_url: &str, now: Timestamp) -> View {
        let status = self.status(now);
        let (page, rights) = match self.kind {
            Kind::Standard => ("request", Some(self.order.rights.clone())),
            Kind::Agent => ("agentrequest", None),
        };
        let id = self.id.to_string();
        View {
            integration_title: self.order.integration_title.clone(),
            external_ref: self.triple.external_ref.clone(),
            system_id: self.triple.system_id.clone(),
            party_org_no: self.triple.customer.clone(),
            rights,
            access_packages: self.order.access_packages.clone(),
            status,
            redirect_url: self.order.redirect_url.clone(),
            confirm_url: format!(
                "{base_url}/accessmanagement/ui/systemuser/{page}?id={id}&DONTCHOOSEREPORTEE=true"
            ),
            escalated: self.escalated,
            created: self
                .created
                .strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
                .to_string(),
            timed_out: status == Status::Timedout,
            id,
        }
    }
}

/// A request as its vendor sees it. Those for agents have no rights.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    id: String,
    integration_title: Option<String>,
    external_ref: String,
    system_id: String,
    party_org_no: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<Vec<Right>>,
    access_packages: Vec<AccessPackage>,
    status: Status,
    redirect_url: Option<String>,
    confirm_url: String,
    escalated: bool,
    created: String,
    timed_out: bool,
}
