//! What is asked of Maskinporten: the complete identity of a token of one client.

mod error;
mod hashed;
mod scope;

pub use error::GrantError;

use serde::Serialize;

use self::hashed::Hashed;
use crate::{Consent, NationalIdentityNumber, OrganisationNumber, SystemUser};

/// What a token is asked for. Two grants that are equal get the same token; two that differ in anything do not.
///
/// Everything is validated and normalised when it is put in, so a `Grant` can be used as a key as it is. Cheap to clone,
/// to compare and to hash: a request may bring one.
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
pub struct Grant(Hashed<Asked>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    scope: Box<str>,
    resource: Option<Resource>,
    acting_for: Option<ActingFor>,
    pid: Option<NationalIdentityNumber>,
    details: Option<Details>,
    raw: bool,
}

/// The audience, in the two forms that it is sent in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub(crate) enum Resource {
    Array([Box<str>; 1]),
    Text(Box<str>),
}

/// Whom the client acts for: one or the other, never both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ActingFor {
    ConsumerOrg(OrganisationNumber),
    OnBehalfOf(Box<str>),
}

/// What `authorization_details` holds: Maskinporten takes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Details {
    SystemUser(SystemUser),
    Consent(Consent),
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
        Ok(Self(Hashed::new(Asked {
            scope: scope::normalised(scopes)?,
            resource: None,
            acting_for: None,
            pid: None,
            details: None,
            raw: false,
        })))
    }

    fn with(self, change: impl FnOnce(&mut Asked)) -> Self {
        Self(self.0.with(change))
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
    pub fn for_resource(self, resource: &str) -> Result<Self, GrantError> {
        let resource = Some(Resource::Array([identifier(resource)?]));
        Ok(self.with(|asked| asked.resource = resource))
    }

    /// The same, with `resource` sent as a string instead of an array of one: what the official .NET client sends,
    /// and not what the documentation says.
    ///
    /// # Errors
    ///
    /// Those of [`for_resource`](Self::for_resource).
    ///
    /// ```
    /// use maskinporten::Grant;
    ///
    /// let grant = Grant::new("provider:api.read")?.for_resource_as_string("https://api.provider.example/v1")?;
    /// assert_eq!(grant.resource(), Some("https://api.provider.example/v1"));
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    pub fn for_resource_as_string(self, resource: &str) -> Result<Self, GrantError> {
        let resource = Some(Resource::Text(identifier(resource)?));
        Ok(self.with(|asked| asked.resource = resource))
    }

    /// Acts for `organisation`, which has delegated the scopes to this client's owner in Altinn
    /// ([delegation](https://docs.digdir.no/docs/Maskinporten/maskinporten_func_delegering)). It takes the place of
    /// [`on_behalf_of`](Self::on_behalf_of): Maskinporten takes one of the two.
    ///
    /// ```
    /// use maskinporten::Grant;
    ///
    /// let grant = Grant::new("difitest:test2")?.with_consumer_org("910753614".parse()?);
    /// assert_eq!(grant.consumer_org().unwrap().to_string(), "910753614");
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    #[must_use]
    pub fn with_consumer_org(self, organisation: OrganisationNumber) -> Self {
        self.with(|asked| asked.acting_for = Some(ActingFor::ConsumerOrg(organisation)))
    }

    /// Acts for a customer in the way that preceded delegation in Altinn (`iss_onbehalfof`), for those who still have
    /// it: Maskinporten will take it away. It takes the place of [`with_consumer_org`](Self::with_consumer_org).
    ///
    /// # Errors
    ///
    /// When `id` is empty or holds white space or control characters.
    ///
    /// ```
    /// use maskinporten::Grant;
    ///
    /// let grant = Grant::new("a:one")?.with_consumer_org("910753614".parse()?).on_behalf_of("kommune1")?;
    /// assert_eq!(grant.consumer_org(), None);
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    pub fn on_behalf_of(self, id: &str) -> Result<Self, GrantError> {
        let acting_for = Some(ActingFor::OnBehalfOf(identifier(id)?));
        Ok(self.with(|asked| asked.acting_for = acting_for))
    }

    /// Restricts the token to one person, whose number it then holds
    /// ([pid](https://docs.digdir.no/docs/Maskinporten/maskinporten_func_pid_restricted_tokens)).
    #[must_use]
    pub fn with_pid(self, person: NationalIdentityNumber) -> Self {
        self.with(|asked| asked.pid = Some(person))
    }

    /// Acts as a customer's system user
    /// ([system users](https://docs.digdir.no/docs/Maskinporten/maskinporten_func_systembruker)). It takes the place
    /// of a consent.
    #[must_use]
    pub fn with_system_user(self, system_user: SystemUser) -> Self {
        self.with(|asked| asked.details = Some(Details::SystemUser(system_user)))
    }

    /// Asks for a token that shows a consent. It takes the place of a system user.
    #[must_use]
    pub fn with_consent(self, consent: Consent) -> Self {
        self.with(|asked| asked.details = Some(Details::Consent(consent)))
    }

    /// Asks for the Maskinporten token itself, not exchanged for an Altinn token, where tokens are exchanged by
    /// default: an [`AltinnExchange`](crate::AltinnExchange) passes it on as it is.
    ///
    /// ```
    /// use maskinporten::Grant;
    ///
    /// let exchanged = Grant::new("krr:global/kontaktinformasjon.read")?;
    /// assert_ne!(exchanged.clone().raw(), exchanged);
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    #[must_use]
    pub fn raw(self) -> Self {
        self.with(|asked| asked.raw = true)
    }

    /// The scopes, sorted, each once, separated by one space.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.0.scope
    }

    /// The audience asked for, if any.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.0.resource.as_ref().map(|resource| match resource {
            Resource::Array([resource]) | Resource::Text(resource) => &**resource,
        })
    }

    /// The audience in the form that it is to be sent in.
    pub(crate) fn resource_as_sent(&self) -> Option<&Resource> {
        self.0.resource.as_ref()
    }

    /// The organisation acted for, if any.
    #[must_use]
    pub fn consumer_org(&self) -> Option<OrganisationNumber> {
        match self.0.acting_for {
            Some(ActingFor::ConsumerOrg(organisation)) => Some(organisation),
            _ => None,
        }
    }

    /// The customer acted for in the old way, if any.
    #[must_use]
    pub fn iss_onbehalfof(&self) -> Option<&str> {
        match &self.0.acting_for {
            Some(ActingFor::OnBehalfOf(id)) => Some(id),
            _ => None,
        }
    }

    /// The person that the token is restricted to, if any.
    #[must_use]
    pub fn pid(&self) -> Option<&NationalIdentityNumber> {
        self.0.pid.as_ref()
    }

    /// The system user acted as, if any.
    #[must_use]
    pub fn system_user(&self) -> Option<&SystemUser> {
        match &self.0.details {
            Some(Details::SystemUser(system_user)) => Some(system_user),
            _ => None,
        }
    }

    /// The consent to be shown, if any.
    #[must_use]
    pub fn consent(&self) -> Option<&Consent> {
        match &self.0.details {
            Some(Details::Consent(consent)) => Some(consent),
            _ => None,
        }
    }

    /// Whether the Maskinporten token itself is asked for.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.0.raw
    }
}

/// One identifier, which says nothing of its form.
fn identifier(text: &str) -> Result<Box<str>, GrantError> {
    let identifier = text.trim();
    if identifier.is_empty() || identifier.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(GrantError::new(
            "a resource, or whom one acts for, is one identifier without white space",
        ));
    }
    Ok(identifier.into())
}

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

    const CONSENT: &str = "f70542a8-d97a-40a8-9ef7-221603ffd5e6";

    fn consent(person: &str) -> Consent {
        Consent::of_person(CONSENT, person.parse().unwrap()).unwrap()
    }

    #[test]
    fn what_excludes_each_other_takes_each_others_place() {
        let organisation: OrganisationNumber = "310702641".parse().unwrap();
        let grant = Grant::new("a:one").unwrap();
        let delegated = grant.clone().with_consumer_org(organisation);
        let old = delegated.clone().on_behalf_of("kommune1").unwrap();
        assert_eq!(
            (old.consumer_org(), old.iss_onbehalfof()),
            (None, Some("kommune1"))
        );
        assert_eq!(old.with_consumer_org(organisation), delegated);
        let user = grant.with_system_user(SystemUser::new(organisation));
        let consented = user.clone().with_consent(consent("25922947409"));
        assert!(consented.system_user().is_none() && consented.consent().is_some());
        assert_eq!(
            consented.with_system_user(SystemUser::new(organisation)),
            user
        );
    }

    #[test]
    fn no_person_is_shown() {
        let grant = Grant::new("a:one")
            .unwrap()
            .with_pid("25922947409".parse().unwrap())
            .with_consent(consent("25922947409"));
        assert!(!format!("{grant:?}").contains("25922947409"));
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
            base.clone()
                .with_system_user(user.for_external_ref("r").unwrap()),
            base.clone()
                .for_resource_as_string("https://api.example")
                .unwrap(),
            base.clone().on_behalf_of("310702641").unwrap(),
            base.clone().with_pid("25922947409".parse().unwrap()),
            base.clone().with_consent(consent("25922947409")),
            base.clone()
                .with_consent(Consent::of_organisation(CONSENT, organisation).unwrap()),
            base.raw(),
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
