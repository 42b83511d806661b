//! Maskinporten itself: signs an assertion and trades it for a token.

use std::{fmt, sync::Arc, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use bytes::Bytes;
use http::{Request, header};
use http_body::Body;
use http_body_util::Full;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use crate::{
    AccessToken, BoxError, BoxFuture, Environment, Error, Grant, KeyRing, Refusal, Signer,
    TokenSource,
    asking::observed,
    assertion::{self, Assertion},
    clock::Skew,
    error::Party,
    pace::Pace,
    request, response, token,
};

/// The source that asks Maskinporten: it signs an assertion for the grant and posts it to the token endpoint
/// ([protocol](https://docs.digdir.no/docs/Maskinporten/maskinporten_protocol_token)).
///
/// `H` is any HTTP client that is a tower [`Service`]; `HttpClient` (feature `http-client`) is a ready one. Each
/// fetch is one request with an assertion of its own, or two when there is another key to try, is over within 10 s,
/// follows no redirect and reads at most 64 KiB. Do not put a layer under it that sends a request twice: an assertion is good for one use. [`Retry`] is
/// what tries again.
///
/// When Maskinporten refuses an assertion for its times, the difference of the clocks is learnt from the answer's `Date`
/// (at most 300 s), and assertions are made by Maskinporten's clock from then on; the error asks for another try. A key
/// that Maskinporten does not know is given three minutes to be known, during which the error is a transient one; a
/// [`KeyRing`] has another key for that time.
///
/// [`Retry`]: crate::Retry
///
/// ```no_run
/// use maskinporten::{ClientKey, Environment, Grant, HttpClient, Maskinporten, TokenSource};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let key = ClientKey::from_base64(&std::fs::read_to_string("client.jwk.base64")?)?;
/// let maskinporten = Maskinporten::new(
///     Environment::test(),
///     "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0",
///     key,
///     HttpClient::new()?,
/// );
/// let token = maskinporten.fetch(&Grant::new("altinn:serviceowner")?).await?;
/// println!("a token for {:?}, good for {:?}", token.scope(), token.lifetime());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Maskinporten<H> {
    environment: Environment,
    client_id: Arc<str>,
    keys: KeyRing,
    skew: Arc<Skew>,
    told_narrower: Arc<Pace>,
    http: H,
}

impl<H> Maskinporten<H> {
    /// A source for the client `client_id` (usually a UUID; an assertion's `iss`), whose key is a [`Signer`], such as a
    /// [`ClientKey`](crate::ClientKey), or one that is replaced while the service runs: a [`KeyRing`].
    #[must_use]
    pub fn new(
        environment: Environment,
        client_id: &str,
        keys: impl Into<KeyRing>,
        http: H,
    ) -> Self {
        Self {
            environment,
            client_id: client_id.into(),
            keys: keys.into(),
            skew: Arc::default(),
            told_narrower: Arc::default(),
            http,
        }
    }

    /// Signs an assertion, in an attempt that began at `began`.
    async fn sign(
        &self,
        signer: &dyn Signer,
        grant: &Grant,
        began: Instant,
    ) -> Result<String, Error> {
        let assertion = Assertion {
            signer,
            issuer: self.environment.issuer(),
            client_id: &self.client_id,
            grant,
        };
        let input = assertion
            .signing_input(self.skew.now(), &jti()?)
            .map_err(|error| Error::sign(error.into()))?;
        let signing = signer.sign(input.as_bytes());
        let signature = timeout_at(began + request::ATTEMPT_LIMIT, signing)
            .await
            .map_err(|_| Error::sign("the signer did not answer within 10 s".into()))?
            .map_err(Error::sign)?;
        Ok(assertion::compact(input, &signature))
    }

    fn warn_if_narrower(&self, grant: &Grant, token: &AccessToken) {
        let Some(granted) = token.scope() else { return };
        let mut asked = grant.scope().split(' ');
        if !asked.all(|scope| granted.split_whitespace().any(|given| given == scope))
            && let Some(suppressed) = self.told_narrower.ask()
        {
            tracing::warn!(
                asked = grant.scope(),
                granted = &*token::shown(granted),
                suppressed,
                "Maskinporten granted fewer scopes than asked for"
            );
        }
    }
}

/// A new identifier for one assertion: 128 bits of the operating system's own randomness, so that neither a fork nor
/// a copied machine image can repeat one.
fn jti() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::sign(error.into()))?;
    Ok(BASE64URL.encode(bytes))
}

impl<H, B> Maskinporten<H>
where
    H: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone,
    H::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Asks once, with an assertion that `signer` signs.
    async fn ask(
        &self,
        signer: &dyn Signer,
        grant: &Grant,
        began: Instant,
    ) -> Result<AccessToken, Error> {
        let assertion = self.sign(signer, grant, began).await?;
        // None of the form's characters needs escaping but the colons of the grant type.
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        );
        let request = Request::post(self.environment.token_endpoint().clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Full::from(form))
            .map_err(Error::permanent)?;
        let exchange = async {
            let requested_at = Instant::now();
            let answer = request::send(&self.http, Party::Maskinporten, request, began).await?;
            let token = response::read_token(&answer, requested_at, SystemTime::now());
            if let Err(error) = &token
                && error.refusal().is_some_and(Refusal::blames_clock)
                && self.skew.learn(&answer.headers, requested_at.elapsed())
            {
                return token.map_err(Error::cured);
            }
            token
        };
        let token = observed(Party::Maskinporten, exchange).await?;
        self.warn_if_narrower(grant, &token);
        Ok(token)
    }

    /// Asks with the key, and with the other one where the first is not accepted.
    async fn ask_with_either_key(&self, grant: &Grant) -> Result<AccessToken, Error> {
        let (began, version) = (Instant::now(), self.keys.version());
        let mut refused = None;
        for signer in self.keys.in_order().await {
            match self.ask(&*signer, grant, began).await {
                Ok(token) => {
                    self.keys.worked(&signer);
                    return Ok(token);
                }
                Err(error) if error.refusal().is_some_and(Refusal::blames_key) => {
                    let error = self.keys.refused(&signer, error);
                    // What is wrong with the current key matters more than what is wrong with the other.
                    if refused.is_none() || self.keys.is_current(&signer) {
                        refused = Some(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let refused = refused.unwrap_or_else(|| Error::sign("there is no key".into()));
        // That the old key was refused says nothing of one that has come meanwhile.
        Err(if self.keys.version() == version {
            refused
        } else {
            refused.cured()
        })
    }
}

impl<H, B> TokenSource for Maskinporten<H>
where
    H: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + Sync,
    H::Error: Into<BoxError>,
    H::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(self.ask_with_either_key(grant))
    }

    fn keys(&self) -> Option<&KeyRing> {
        Some(&self.keys)
    }
}

impl<H> fmt::Debug for Maskinporten<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maskinporten")
            .field("environment", &self.environment)
            .field("client_id", &self.client_id)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
