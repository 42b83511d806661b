//! The client that is always there.

use aws_lc_rs::error::Unspecified;

use crate::{client::Client, rsa::SigningKey};

const CLIENT_ID: &str = "5f2c1d60-7a34-4d0e-9a8b-6c3e51f0d2a7";
const ORG_NUMBER: &str = "991825827";
const SCOPES: &str = "altinn:serviceowner \
    altinn:correspondence.read altinn:correspondence.write \
    altinn:serviceowner/instances.read altinn:serviceowner/instances.write";

/// The client that every stub has registered from the start.
#[derive(Clone, Debug)]
pub struct DemoClient {
    pub(crate) client: Client,
}

impl DemoClient {
    pub(crate) fn with_key(key: &SigningKey) -> Result<Self, Unspecified> {
        let mut client = Client::new(CLIENT_ID, ORG_NUMBER).scopes(SCOPES);
        client.add_own_key(key)?;
        Ok(Self { client })
    }

    /// The client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.client.client_id()
    }

    /// `991825827`, the Norwegian Digitalisation Agency (`digdir`).
    #[must_use]
    pub fn org_number(&self) -> &str {
        self.client.org_number()
    }

    /// All scopes of the client, separated by spaces.
    #[must_use]
    pub fn scopes(&self) -> String {
        self.client.scopes.join(" ")
    }

    /// The private key as a JSON Web Key with every member, in one line.
    #[must_use]
    pub fn private_jwk(&self) -> &str {
        self.client.private_jwk().unwrap_or_default()
    }
}
