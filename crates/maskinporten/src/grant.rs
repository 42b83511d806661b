//! What is asked of Maskinporten: the complete identity of a token of one client.

use std::{error, fmt};

use crate::{OrganisationNumber, SystemUser};

/// What a token is asked for. Two grants that are equal get the same token; two that differ in anything do not.
///
/// Everything is validated and normalised when it is put in, so a `Grant` can be used as a key as it is.
///
/// ```
/// use maskinporten::{Grant, SystemUser};
///
/// let grant = Grant::new("altinn:correspondence.write altinn:serviceowner")?;
/// assert_eq!(grant, Grant::new("altinn:serviceowner  altinn:correspondence.write")?);
///
/// let customer = Grant::new("altinn:correspondence.read")?
///     .with_system_user(SystemUser::new("310702641".parse()?));
/// assert_ne!(grant, customer);
/// # Ok::<(), maskinporten::GrantError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    scope: Box<str>,
    resource: Option<Box<str>>,
    consumer_org: Option<OrganisationNumber>,
    system_user: Option<SystemUser>,
}

impl Grant {
    /// Asks for `scopes`, a list separated by white space. Order and repetition do not matter.
    ///
    /// # Errors
    ///
    /// When there is no scope, or one holds a character that RFC 6749 section 3.3 does not allow.
    pub fn new(scopes: &str) -> Result<Self, GrantError> {
        Self::from_scopes(scopes.split_whitespace())
    }

    /// Asks for each of `scopes`; an item may itself be a list separated by white space.
    ///
    /// # Errors
    ///
    /// Those of [`Grant::new`].
    ///
    /// ```
    /// use maskinporten::Grant;
    ///
    /// assert_eq!(Grant::from_scopes(["b:two", "a:one"])?, Grant::new("a:one b:two")?);
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    pub fn from_scopes<I>(scopes: I) -> Result<Self, GrantError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut list: Vec<String> = Vec::new();
        for item in scopes {
            for scope in item.as_ref().split_whitespace() {
                if !scope.bytes().all(is_scope_character) {
                    return Err(GrantError::new(
                        "a scope holds a character that RFC 6749 does not allow (only visible ASCII but `\"` and `\\`)",
                    ));
                }
                list.push(scope.to_owned());
            }
        }
        if list.is_empty() {
            return Err(GrantError::new("no scope is asked for"));
        }
        list.sort_unstable();
        list.dedup();
        Ok(Self {
            scope: list.join(" ").into(),
            resource: None,
            consumer_org: None,
            system_user: None,
        })
    }

    /// Restricts the token to one audience: the API's identifier becomes the token's `aud`
    /// ([audience-restricted tokens](https://docs.digdir.no/docs/Maskinporten/maskinporten_func_audience_restricted_tokens)).
    ///
    /// # Errors
    ///
    /// When `resource` is empty or holds white space or control characters.
    ///
    /// ```
    /// use maskinporten::Grant;
    ///
    /// let grant = Grant::new("provider:api.read")?.for_resource("https://api.provider.example/v1")?;
    /// assert_eq!(grant.resource(), Some("https://api.provider.example/v1"));
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    pub fn for_resource(mut self, resource: &str) -> Result<Self, GrantError> {
        let resource = resource.trim();
        if resource.is_empty() || resource.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(GrantError::new(
                "a resource is one identifier without white space",
            ));
        }
        self.resource = Some(resource.into());
        Ok(self)
    }

    /// Acts for `organisation`, which has delegated the scopes to this client's owner in Altinn
    /// ([delegation](https://docs.digdir.no/docs/Maskinporten/maskinporten_func_delegering)).
    ///
    /// ```
    /// use maskinporten::Grant;
    ///
    /// let grant = Grant::new("difitest:test2")?.with_consumer_org("910753614".parse()?);
    /// assert_eq!(grant.consumer_org().unwrap().to_string(), "910753614");
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    #[must_use]
    pub fn with_consumer_org(mut self, organisation: OrganisationNumber) -> Self {
        self.consumer_org = Some(organisation);
        self
    }

    /// Acts as a customer's system user
    /// ([system users](https://docs.digdir.no/docs/Maskinporten/maskinporten_func_systembruker)).
    #[must_use]
    pub fn with_system_user(mut self, system_user: SystemUser) -> Self {
        self.system_user = Some(system_user);
        self
    }

    /// The scopes, sorted, each once, separated by one space.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The audience asked for, if any.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// The organisation acted for, if any.
    #[must_use]
    pub fn consumer_org(&self) -> Option<OrganisationNumber> {
        self.consumer_org
    }

    /// The system user acted as, if any.
    #[must_use]
    pub fn system_user(&self) -> Option<&SystemUser> {
        self.system_user.as_ref()
    }
}

/// `scope-token` of RFC 6749 section 3.3.
fn is_scope_character(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

/// Why a [`Grant`], or a part of one, could not be made. It never holds the value that was refused.
#[derive(Clone, Debug)]
pub struct GrantError {
    reason: &'static str,
}

impl GrantError {
    pub(crate) fn new(reason: &'static str) -> Self {
        Self { reason }
    }
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl error::Error for GrantError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_18_scopes_are_normalised_and_must_be_there() {
        let sorted = Grant::new("a:one b:two").unwrap();
        for same in ["b:two a:one", " b:two\ta:one\nb:two ", "a:one b:two a:one"] {
            assert_eq!(Grant::new(same).unwrap(), sorted, "{same:?}");
        }
        assert_eq!(Grant::from_scopes(["b:two", "a:one"]).unwrap(), sorted);
        assert_eq!(Grant::from_scopes(["b:two a:one"]).unwrap(), sorted);
        for none in ["", " ", "\t\n"] {
            assert!(Grant::new(none).is_err(), "{none:?}");
        }
        assert!(Grant::from_scopes::<[&str; 0]>([]).is_err());
        for bad in ["a\"b", "a\\b", "bokmål", "a\u{7f}"] {
            assert!(Grant::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_member_is_part_of_the_identity() {
        let base = Grant::new("a:one").unwrap();
        let organisation: OrganisationNumber = "310702641".parse().unwrap();
        let user = SystemUser::new(organisation);
        let all = [
            base.clone(),
            Grant::new("a:one a:two").unwrap(),
            base.clone().for_resource("https://api.example").unwrap(),
            base.clone().with_consumer_org(organisation),
            base.clone().with_system_user(user.clone()),
            base.with_system_user(user.for_external_ref("r").unwrap()),
        ];
        for (i, one) in all.iter().enumerate() {
            for (j, other) in all.iter().enumerate() {
                assert_eq!(i == j, one == other, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn resources_hold_no_white_space() {
        let grant = Grant::new("a:one").unwrap();
        for bad in ["", "  ", "a b", "a\u{0}b"] {
            assert!(grant.clone().for_resource(bad).is_err(), "{bad:?}");
        }
    }
}
