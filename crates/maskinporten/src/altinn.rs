//! Altinn's exchange: a Maskinporten token for an Altinn token.

use std::{fmt, time::SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use tokio::time::Instant;
use tower_service::Service;
use zeroize::Zeroizing;

use crate::{
    AccessToken, AltinnPlatform, BoxError, BoxFuture, Error, Grant, KeyRing, TokenSource,
    altinn_token, asking::observed, error::Party, request, unexchanged::Unexchanged,
};

/// A source around a source that trades each Maskinporten token for an Altinn token
/// ([exchange](https://docs.altinn.studio/api/scenarios/authentication/)).
///
/// A grant that is [`raw`](Grant::raw) is passed on as it is. An Altinn token lives 1800 s from the exchange, whatever
/// the Maskinporten token had left; its own `exp` says so. While Altinn is out of order, a Maskinporten token is kept
/// for the next attempt; none is used again once it has been exchanged.
///
/// ```
/// use maskinporten::{AltinnExchange, AltinnPlatform, HttpClient, Retry, TokenSource};
///
/// fn altinn(maskinporten: impl TokenSource, http: HttpClient) -> impl TokenSource {
///     AltinnExchange::new(Retry::new(maskinporten), &AltinnPlatform::tt02(), http)
/// }
/// ```
#[derive(Clone)]
pub struct AltinnExchange<S, H> {
    source: S,
    http: H,
    url: String,
    test_org: bool,
    enterprise_user: Option<Zeroizing<String>>,
    unexchanged: Unexchanged,
}

impl<S, H> AltinnExchange<S, H> {
    /// Exchanges the tokens of `source` at `platform`, which must be the one that pairs with `source`'s
    /// Maskinporten.
    #[must_use]
    pub fn new(source: S, platform: &AltinnPlatform, http: H) -> Self {
        Self {
            source,
            http,
            url: format!(
                "{}/authentication/api/v1/exchange/maskinporten",
                platform.base_url()
            ),
            test_org: false,
            enterprise_user: None,
            unexchanged: Unexchanged::default(),
        }
    }

    /// Asks for a token of Altinn's test organisation, `ttd` (`?test=true`). It has an effect for Digdir only.
    ///
    /// ```
    /// # use maskinporten::{AltinnExchange, AltinnPlatform};
    /// # fn f<S, H>(source: S, http: H) {
    /// AltinnExchange::new(source, &AltinnPlatform::tt02(), http).as_test_org();
    /// # }
    /// ```
    #[must_use]
    pub fn as_test_org(mut self) -> Self {
        self.test_org = true;
        self
    }

    /// Sends an enterprise user's name and password along, for those who still have them configured. Altinn closed
    /// enterprise users in 2026: the exchange will fail, with an error that says so.
    ///
    /// ```
    /// # use maskinporten::{AltinnExchange, AltinnPlatform};
    /// # fn f<S, H>(source: S, http: H) {
    /// AltinnExchange::new(source, &AltinnPlatform::tt02(), http).with_enterprise_user("user", "password");
    /// # }
    /// ```
    #[must_use]
    pub fn with_enterprise_user(mut self, name: &str, password: &str) -> Self {
        let credentials = Zeroizing::new(format!("{name}:{password}"));
        self.enterprise_user = Some(BASE64.encode(credentials.as_bytes()).into());
        self
    }
}

impl<S, H, B> AltinnExchange<S, H>
where
    S: TokenSource,
    H: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone,
    H::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    async fn exchange(&self, maskinporten: &AccessToken) -> Result<AccessToken, Error> {
        // The official client leaves `test` out when there is an enterprise user.
        let query = if self.test_org && self.enterprise_user.is_none() {
            "?test=true"
        } else {
            ""
        };
        let mut request = Request::get(format!("{}{query}", self.url))
            .header(header::AUTHORIZATION, maskinporten.authorization())
            // The body is then the bare token; with application/json it would be a JSON string.
            .header(header::ACCEPT, "text/plain")
            .body(Full::default())
            .map_err(Error::permanent)?;
        if let Some(credentials) = &self.enterprise_user {
            let mut credentials: HeaderValue = credentials.parse().map_err(Error::permanent)?;
            credentials.set_sensitive(true);
            request
                .headers_mut()
                .insert("x-altinn-enterpriseuser-authentication", credentials);
        }
        let exchange = async {
            let requested_at = Instant::now();
            let answer = request::send(&self.http, Party::Altinn, request, requested_at).await?;
            altinn_token::read(&answer, requested_at, SystemTime::now())
        };
        let token = observed(Party::Altinn, exchange).await?;
        Ok(match maskinporten.scope() {
            Some(scope) => token.with_scope(scope),
            None => token,
        })
    }
}

impl<S, H, B> TokenSource for AltinnExchange<S, H>
where
    S: TokenSource,
    H: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + Sync,
    H::Error: Into<BoxError>,
    H::Future: Send,
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            if grant.is_raw() {
                return self.source.fetch(grant).await;
            }
            let token = match self.unexchanged.get(grant) {
                Some(token) => token,
                None => self.source.fetch(grant).await?,
            };
            // Beforehand: whoever asks may lose patience meanwhile, and ask again.
            self.unexchanged.keep(grant, &token);
            let outcome = match self.exchange(&token).await {
                // A broken connection says nothing about the Maskinporten token: it is good for another exchange.
                Err(error) if error.is_cured_by_new_assertion() => self.exchange(&token).await,
                outcome => outcome,
            };
            if outcome.as_ref().map_or_else(may_be_the_token, |_| true) {
                self.unexchanged.forget(grant);
            }
            outcome
        })
    }

    fn keys(&self) -> Option<&KeyRing> {
        self.source.keys()
    }
}

/// Whether an exchange may have failed for the token, and not because Altinn is out of order.
fn may_be_the_token(error: &Error) -> bool {
    !error.is_transient() || error.status_code() == Some(StatusCode::UNAUTHORIZED)
}

impl<S: fmt::Debug, H> fmt::Debug for AltinnExchange<S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AltinnExchange")
            .field("source", &self.source)
            .field("url", &self.url)
            .field("test_org", &self.test_org)
            .field("enterprise_user", &self.enterprise_user.is_some())
            .finish_non_exhaustive()
    }
}
