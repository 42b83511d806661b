//! Recipients as the registers know them: Altinn's, and KRR of those who want no digital post.

use super::{caller::organisation_urn, recipient};
use crate::identifiers;

/// A recipient that something is the matter with, to register with
/// [`Stub::register_recipient`](crate::Stub::register_recipient).
///
/// Recipients are named in any form that the Correspondence API takes, organisations also by their
/// nine digits alone; text that is none of these is ignored. Whoever is not registered is known,
/// reachable, and may read what it gets. What is registered after a correspondence was sent, and
/// before it is published, makes it `Failed`.
///
/// ```
/// use maskinporten_stub::Recipient;
///
/// let nobody = Recipient::unknown("310244007");
/// let reserved = Recipient::reserved("25922947409");
/// ```
#[derive(Clone, Debug)]
pub struct Recipient {
    pub(crate) urn: String,
    pub(crate) standing: Standing,
}

/// What is the matter with a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Reachable,
    Unknown,
    WithoutRoles,
    Reserved,
    Uncertain,
}

impl Recipient {
    /// A recipient that nothing is the matter with, to take back what was registered before.
    #[must_use]
    pub fn reachable(recipient: &str) -> Self {
        Self::new(recipient, Standing::Reachable)
    }

    /// A party that Altinn's register does not know: 1029 for its correspondences. An organisation
    /// that is unknown cannot send (4002) or search (4006) either.
    #[must_use]
    pub fn unknown(recipient: &str) -> Self {
        Self::new(recipient, Standing::Unknown)
    }

    /// An organisation in which nobody has the roles to read a correspondence: 1044.
    #[must_use]
    pub fn without_roles(recipient: &str) -> Self {
        Self::new(recipient, Standing::WithoutRoles)
    }

    /// A person reserved in KRR: 1030 when it is the only recipient, else the status `Reserved`;
    /// nothing of the kind with `ignoreReservation`.
    #[must_use]
    pub fn reserved(recipient: &str) -> Self {
        Self::new(recipient, Standing::Reserved)
    }

    /// A person whom KRR has no answer for: 1032, unless with `ignoreReservation`.
    #[must_use]
    pub fn uncertain(recipient: &str) -> Self {
        Self::new(recipient, Standing::Uncertain)
    }

    fn new(recipient: &str, standing: Standing) -> Self {
        let urn = if identifiers::is_org_number(recipient) {
            organisation_urn(recipient)
        } else {
            // Nobody can send to what is not a recipient, so it does no harm.
            recipient::normalise(recipient).unwrap_or_default()
        };
        Self { urn, standing }
    }
}
