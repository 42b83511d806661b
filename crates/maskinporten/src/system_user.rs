//! Whom a grant acts as at Altinn.

use crate::{GrantError, OrganisationNumber};

/// A system user: what a customer has approved for a vendor's system in Altinn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SystemUser {
    organisation: OrganisationNumber,
    external_ref: Option<Box<str>>,
}

impl SystemUser {
    /// The system user that `organisation`, the customer, owns.
    #[must_use]
    pub fn new(organisation: OrganisationNumber) -> Self {
        Self {
            organisation,
            external_ref: None,
        }
    }

    /// The one that was asked for with this `externalRef`. It must be sent if and only if the request for the
    /// system user was made with one. A blank one counts as none.
    ///
    /// # Errors
    ///
    /// When it is longer than 255 characters, or holds others than the letters a to z, æ, ø and å in either case,
    /// digits, `_` and `-`: Maskinporten would refuse it (MP-302).
    ///
    /// ```
    /// use maskinporten::SystemUser;
    ///
    /// let branch = SystemUser::new("310702641".parse()?).for_external_ref("branch-7")?;
    /// assert_eq!(branch.external_ref(), Some("branch-7"));
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    pub fn for_external_ref(mut self, external_ref: &str) -> Result<Self, GrantError> {
        let external_ref = external_ref.trim();
        if external_ref.chars().count() > 255 || !external_ref.chars().all(is_allowed) {
            return Err(GrantError::new(
                "an external reference is at most 255 of the letters a to z, æ, ø, å in either case, digits, `_` and `-`",
            ));
        }
        self.external_ref = (!external_ref.is_empty()).then(|| external_ref.into());
        Ok(self)
    }

    /// The organisation that owns the system user: the customer.
    #[must_use]
    pub fn organisation(&self) -> OrganisationNumber {
        self.organisation
    }

    /// The vendor's own reference for it, if the system user was asked for with one.
    #[must_use]
    pub fn external_ref(&self) -> Option<&str> {
        self.external_ref.as_deref()
    }
}

/// What Maskinporten takes in a reference; anything else is MP-302.
fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "æøåÆØÅ_-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_9_external_references_are_bounded_and_blank_is_none() {
        let user = SystemUser::new("310702641".parse().unwrap());
        assert_eq!(user.clone().for_external_ref(" ").unwrap(), user);
        assert!(user.clone().for_external_ref(&"å".repeat(255)).is_ok());
        assert!(user.clone().for_external_ref(&"x".repeat(256)).is_err());
        assert!(user.clone().for_external_ref("Avdeling_7-ØÆ").is_ok());
        for bad in ["a\nb", "a b", "a:b", "a.b", "é", "\"", "\u{0}"] {
            assert!(user.clone().for_external_ref(bad).is_err(), "{bad:?}");
        }
    }
}
