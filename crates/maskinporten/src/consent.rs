//! Consents that people and organisations have given in Altinn.

use std::fmt;

use crate::{GrantError, NationalIdentityNumber, OrganisationNumber};

/// A consent, and who gave it
/// ([consent](https://docs.digdir.no/docs/Maskinporten/maskinporten_func_samtykke)). The token says what was consented
/// to. Its `Debug` does not show its id, which leads to what a person has agreed to.
///
/// ```
/// use maskinporten::{Consent, Grant};
///
/// let consent = Consent::of_organisation("f70542a8-d97a-40a8-9ef7-221603ffd5e6", "310702641".parse()?)?;
/// let grant = Grant::new("altinn:consentrequests.read")?.with_consent(consent);
/// assert!(grant.consent().is_some());
/// # Ok::<(), maskinporten::GrantError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Consent {
    id: Box<str>,
    from: Giver,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Giver {
    Person(NationalIdentityNumber),
    Organisation(OrganisationNumber),
}

impl Consent {
    /// The consent that a person has given.
    ///
    /// # Errors
    ///
    /// When `id` is not a UUID.
    ///
    /// ```
    /// use maskinporten::Consent;
    ///
    /// assert!(Consent::of_person("f70542a8-d97a-40a8-9ef7-221603ffd5e6", "25922947409".parse()?).is_ok());
    /// assert!(Consent::of_person("the consent", "25922947409".parse()?).is_err());
    /// # Ok::<(), maskinporten::GrantError>(())
    /// ```
    pub fn of_person(id: &str, person: NationalIdentityNumber) -> Result<Self, GrantError> {
        Ok(Self {
            id: uuid(id)?,
            from: Giver::Person(person),
        })
    }

    /// The consent that an organisation has given.
    ///
    /// # Errors
    ///
    /// When `id` is not a UUID.
    pub fn of_organisation(id: &str, organisation: OrganisationNumber) -> Result<Self, GrantError> {
        Ok(Self {
            id: uuid(id)?,
            from: Giver::Organisation(organisation),
        })
    }

    /// The consent's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who gave it, as Altinn writes it.
    pub(crate) fn from(&self) -> String {
        match &self.from {
            Giver::Person(person) => {
                format!("urn:altinn:person:identifier-no:{}", person.as_str())
            }
            Giver::Organisation(organisation) => {
                format!("urn:altinn:organization:identifier-no:{organisation}")
            }
        }
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// A UUID in its usual form, in lower case, so that one consent is one grant.
fn uuid(text: &str) -> Result<Box<str>, GrantError> {
    let id = text.trim().to_ascii_lowercase();
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    let is_hex = id
        .bytes()
        .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    if groups == [8, 4, 4, 4, 12] && is_hex {
        Ok(id.into())
    } else {
        Err(GrantError::new("a consent's id is a UUID"))
    }
}
