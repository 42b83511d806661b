//! Where an example runs: on a stub of its own, or on TT02.

use std::{env, fmt, sync::Arc, time::SystemTime};

use maskinporten::{
    AltinnExchange, AltinnPlatform, BoxError, Environment, Grant, HttpClient, KeyOptions,
    Maskinporten, Retry, Settings, TokenSource,
};
use maskinporten_stub::Stub;

use crate::say;

/// A Maskinporten and an Altinn to talk to.
#[non_exhaustive]
pub struct Place {
    /// Gets Altinn tokens.
    pub source: Arc<dyn TokenSource>,
    /// What tokens are asked for.
    pub grant: Grant,
    /// The platform's address.
    pub platform: String,
    /// The Altinn resource that letters are sent from.
    pub resource: String,
    /// Who gets them.
    pub recipient: String,
    /// The stub, if this is one. It stops when it is dropped.
    pub stub: Option<Stub>,
}

impl Place {
    /// TT02 when the client's variables are set, else a stub that this starts.
    ///
    /// # Errors
    ///
    /// When the variables are incomplete or wrong.
    pub async fn choose() -> Result<Self, BoxError> {
        let named = |name: &str| env::var(name).is_ok_and(|value| !value.is_empty());
        if named("MaskinportenSettings__ClientId") || named("MASKINPORTEN_CLIENT_ID") {
            Self::configured().await
        } else {
            Self::stub().await
        }
    }

    async fn configured() -> Result<Self, BoxError> {
        let settings = Settings::from_env()?;
        let environment = settings.environment();
        let altinn = environment.and_then(|environment| environment.altinn());
        let altinn = altinn.ok_or("which Altinn platform is meant is not known")?;
        let needed =
            |name: &str| env::var(name).map_err(|_| format!("the variable {name} is not set"));
        Ok(Self {
            source: settings.connect().await?,
            grant: settings.grant().clone(),
            platform: altinn.base_url().to_owned(),
            resource: needed("CORRESPONDENCE_RESOURCE")?,
            recipient: needed("CORRESPONDENCE_RECIPIENT")?,
            stub: None,
        })
    }

    async fn stub() -> Result<Self, BoxError> {
        let stub = Stub::start().await?;
        let altinn = AltinnPlatform::custom(stub.base_url())?;
        let environment = Environment::custom(&stub.issuer(), &format!("{}token", stub.issuer()))?;
        let demo = stub.demo_client();
        // The stub has just made it.
        let key = KeyOptions::new().created_at(SystemTime::now());
        let key = key.read(demo.private_jwk())?;
        let http = HttpClient::new()?;
        let maskinporten = Maskinporten::new(environment, demo.client_id(), key, http.clone());
        Ok(Self {
            source: Arc::new(AltinnExchange::new(Retry::new(maskinporten), &altinn, http)),
            grant: Grant::new("altinn:serviceowner altinn:correspondence.write")?,
            platform: stub.base_url().to_owned(),
            resource: "ttd-brev".to_owned(),
            recipient: "urn:altinn:organization:identifier-no:310244007".to_owned(),
            stub: Some(stub),
        })
    }

    /// Has the stub refuse every token it has issued; `None` where there is no stub.
    #[must_use]
    pub fn revoke_tokens(&self) -> Option<Revocation<'_>> {
        let stub = self.stub.as_ref()?;
        stub.revoke_tokens();
        say(
            "(stub)",
            "refuses every token from here on; the next request gets a 401",
        );
        Some(Revocation {
            stub,
            before: (stub.token_requests(), stub.exchanges()),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.stub.is_some() {
            " (a stub, in this process)"
        } else {
            ""
        };
        write!(f, "{}{kind}", self.platform)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("grant", &self.grant)
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

/// The moment when the stub began to refuse its tokens.
#[derive(Debug)]
pub struct Revocation<'a> {
    stub: &'a Stub,
    before: (usize, usize),
}

impl Revocation<'_> {
    /// Tells what getting tokens has cost before and since.
    ///
    /// # Errors
    ///
    /// When it was more or less than one token request and one exchange each time.
    pub fn account(&self) -> Result<(), BoxError> {
        let now = (self.stub.token_requests(), self.stub.exchanges());
        let since = (now.0 - self.before.0, now.1 - self.before.1);
        for (when, (tokens, exchanges)) in [("before", self.before), ("after", since)] {
            let what = format!("token requests: {tokens}, exchanges: {exchanges}");
            say("(stub)", format_args!("{what}, {when} the revocation"));
        }
        if self.before == (1, 1) && since == (1, 1) {
            Ok(())
        } else {
            Err("one token request and one exchange would have been enough each time".into())
        }
    }
}
