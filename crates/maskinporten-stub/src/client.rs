//! Clients: who may ask the stub's Maskinporten for tokens.

use std::fmt;

use aws_lc_rs::error::Unspecified;

use crate::{
    jwk::{self, KeyError},
    rsa::{PublicKey, SigningKey},
    self_service::Profile,
};

/// A client to register with [`Stub::register`](crate::Stub::register).
///
/// ```
/// let client = maskinporten_stub::Client::generate("my-client", "974761076")?
///     .scopes("skatteetaten:innrapportering altinn:correspondence.read");
/// assert!(client.private_jwk().is_some());
/// # Ok::<(), maskinporten_stub::KeyError>(())
/// ```
///
/// One with the scopes of the self-service API administers the clients of its organisation over
/// HTTP, itself included:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use maskinporten_stub::{Client, Stub};
///
/// let stub = Stub::start().await?;
/// stub.register(Client::generate("admin", "974761076")?.scopes("idporten:dcr.write"));
/// println!("GET and POST {}/api/v1/clients", stub.base_url());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) id: String,
    pub(crate) organisation: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) not_granted: Vec<String>,
    pub(crate) not_for_maskinporten: Vec<String>,
    /// Registered through the self-service API: the register of scopes tells whether granted.
    pub(crate) requested: Vec<String>,
    pub(crate) keys: Vec<(String, PublicKey)>,
    pub(crate) active: bool,
    pub(crate) profile: Profile,
    private_jwk: Option<String>,
}

impl Client {
    /// A client without keys or scopes, belonging to the organisation with that number.
    ///
    /// As long as it has no keys, it authenticates with an enterprise certificate of that
    /// organisation, from an authority that the stub [trusts](crate::Stub::trust).
    #[must_use]
    pub fn new(client_id: impl Into<String>, org_number: impl Into<String>) -> Self {
        let id = client_id.into();
        Self {
            profile: Profile::named(&id),
            id,
            organisation: org_number.into(),
            scopes: Vec::new(),
            not_granted: Vec::new(),
            not_for_maskinporten: Vec::new(),
            requested: Vec::new(),
            keys: Vec::new(),
            active: true,
            private_jwk: None,
        }
    }

    /// A client with a new RSA key, whose private half [`private_jwk`](Self::private_jwk) gives.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub fn generate(
        client_id: impl Into<String>,
        org_number: impl Into<String>,
    ) -> Result<Self, KeyError> {
        let mut client = Self::new(client_id, org_number);
        SigningKey::generate()
            .and_then(|key| client.add_own_key(&key))
            .map_err(|_unspecified| KeyError::new("could not be generated"))?;
        Ok(client)
    }

    /// `client_amr` in its tokens. Who has registered keys must use them, with a certificate or
    /// without.
    pub(crate) fn authentication_method(&self) -> &'static str {
        if self.keys.is_empty() {
            "virksomhetssertifikat"
        } else {
            "private_key_jwt"
        }
    }

    /// Registers a key that the stub has made for the client.
    pub(crate) fn add_own_key(&mut self, key: &SigningKey) -> Result<(), Unspecified> {
        let kid = key.public().thumbprint();
        self.private_jwk = Some(key.private_jwk(&kid)?.to_string());
        self.keys.push((kid, key.public().clone()));
        Ok(())
    }

    /// Registers scopes, separated by spaces, that the organisation has been granted.
    #[must_use]
    pub fn scopes(mut self, scopes: &str) -> Self {
        self.scopes.extend(words(scopes));
        self
    }

    /// Registers scopes that the organisation has *not* been granted: asking for one gives MP-250.
    #[must_use]
    pub fn scopes_not_granted(mut self, scopes: &str) -> Self {
        self.not_granted.extend(words(scopes));
        self
    }

    /// Registers scopes of another kind of integration: asking for one gives MP-201.
    #[must_use]
    pub fn scopes_not_for_maskinporten(mut self, scopes: &str) -> Self {
        self.not_for_maskinporten.extend(words(scopes));
        self
    }

    /// Registers a public key, given as a JSON Web Key with `kty`, `use`, `alg`, `kid`, `n`, `e`.
    ///
    /// # Errors
    ///
    /// When it is not such a key, or holds a private one.
    pub fn key(mut self, public_jwk: &str) -> Result<Self, KeyError> {
        self.keys.push(jwk::read_public(public_jwk)?);
        Ok(self)
    }

    /// Makes the client one that has been deactivated: it gets MP-100.
    #[must_use]
    pub fn deactivated(mut self) -> Self {
        self.active = false;
        self
    }

    /// The client id: `iss` of a grant.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.id
    }

    /// The number of the organisation that the client belongs to.
    #[must_use]
    pub fn org_number(&self) -> &str {
        &self.organisation
    }

    /// The private key as a JSON Web Key, when the stub made it.
    #[must_use]
    pub fn private_jwk(&self) -> Option<&str> {
        self.private_jwk.as_deref()
    }

    /// The registered keys as JSON Web Keys, public halves only, as [`key`](Self::key) takes them.
    ///
    /// ```
    /// use maskinporten_stub::Client;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let old = Client::generate("rotating", "991825827")?;
    /// let mut with_both = Client::generate("rotating", "991825827")?;
    /// for key in old.public_jwks() {
    ///     with_both = with_both.key(&key)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn public_jwks(&self) -> impl Iterator<Item = String> {
        let keys = self.keys.iter();
        keys.map(|(kid, key)| key.jwk(kid).to_string())
    }
}

/// Shows no private key.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("organisation", &self.organisation)
            .field("scopes", &self.scopes)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

fn words(scopes: &str) -> impl Iterator<Item = String> {
    scopes.split_whitespace().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn debug_shows_no_private_key() {
        let client = Client::generate("id", "991825827").unwrap();
        let jwk: Value = serde_json::from_str(client.private_jwk().unwrap()).unwrap();
        for member in [
            "kty", "use", "alg", "kid", "n", "e", "d", "p", "q", "dp", "dq", "qi",
        ] {
            assert!(
                jwk[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member}"
            );
        }
        let shown = format!("{client:?}");
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(!shown.contains(jwk[member].as_str().unwrap()), "{member}");
        }
    }
}
