//! Altinn's exchange: a Maskinporten token for an Altinn token.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use serde::Deserialize;
use tokio::time::Instant;
use tower_service::Service;
use zeroize::Zeroizing;

use crate::{
    AccessToken, AltinnPlatform, BoxError, BoxFuture, Error, Grant, TokenSource,
    error::Party,
    request::{self, Answer},
    response,
};

/// A source around a source that trades each Maskinporten token for an Altinn token
/// ([exchange](https://docs.altinn.studio/api/scenarios/authentication/)).
///
/// An Altinn token lives 1800 s from the exchange, whatever the Maskinporten token had left; its own `exp` says so.
///
/// ```
/// use maskinporten::{AltinnExchange, Environment, HttpClient, Retry, TokenSource};
///
/// fn altinn(maskinporten: impl TokenSource, http: HttpClient) -> impl TokenSource {
///     AltinnExchange::new(Retry::new(maskinporten), Environment::test().altinn(), http)
/// }
/// ```
#[derive(Clone)]
pub struct AltinnExchange<S, H> {
    source: S,
    http: H,
    url: String,
    test_org: bool,
    enterprise_user: Option<Zeroizing<String>>,
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
        let requested_at = Instant::now();
        let answer = request::send(&self.http, Party::Altinn, request).await?;
        let token = read_token(&answer, requested_at, SystemTime::now())?;
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
            let token = self.source.fetch(grant).await?;
            match self.exchange(&token).await {
                // A broken connection says nothing about the Maskinporten token: it is good for another exchange.
                Err(error) if error.is_cured_by_new_assertion() => self.exchange(&token).await,
                outcome => outcome,
            }
        })
    }
}

fn read_token(
    answer: &Answer,
    requested_at: Instant,
    now: SystemTime,
) -> Result<AccessToken, Error> {
    match answer.status {
        StatusCode::OK => {}
        StatusCode::GONE => return Err(Error::enterprise_user_gone()),
        status => {
            let retry_after = response::retry_after(&answer.headers, now);
            return Err(Error::status(Party::Altinn, status, retry_after));
        }
    }
    let bad = |what| Error::bad_response(Party::Altinn, what);
    let body = std::str::from_utf8(&answer.body).map_err(|_| bad("it is not text"))?;
    let body = body.trim();
    // Quoted or bare depends on what a gateway makes of `Accept`.
    let unquoted: Zeroizing<String>;
    let token = if body.starts_with('"') {
        unquoted = serde_json::from_str(body).map_err(|_| bad("it is not a JSON string"))?;
        unquoted.trim()
    } else {
        body
    };
    let lifetime = lifetime(token, now).ok_or_else(|| bad("it is not a JWT with an `exp`"))?;
    AccessToken::new(token, requested_at, lifetime).map_err(|_| bad("it is not a token"))
}

/// The registered claims that say how long a token lives (RFC 7519 section 4.1). Altinn's answer has nothing else.
#[derive(Deserialize)]
struct Times {
    exp: f64,
    iat: Option<f64>,
}

/// How long `token` lives. The exchange sets both `iat` and `exp`, so their difference is right however wrong this
/// machine's clock is. The header is not parsed: tokens of Altinn's test tools have one that is not valid.
fn lifetime(token: &str, now: SystemTime) -> Option<Duration> {
    let payload = token.split('.').nth(1)?;
    let payload = BASE64URL.decode(payload.trim_end_matches('=')).ok()?;
    let times: Times = serde_json::from_slice(&payload).ok()?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let start = times.iat.unwrap_or(now.as_secs_f64());
    Duration::try_from_secs_f64(times.exp - start)
        .ok()
        .filter(|lifetime| !lifetime.is_zero())
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

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    const NOW: u64 = 1_768_473_285;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", BASE64URL.encode(claims))
    }

    fn read(status: u16, body: impl Into<Bytes>) -> Result<AccessToken, Error> {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        read_token(&answer, Instant::now(), now)
    }

    #[test]
    fn case_36_the_body_may_be_bare_or_quoted_and_padded() {
        let jwt = jwt(r#"{"iat":1768473285,"exp":1768475085}"#);
        for body in [
            jwt.clone(),
            format!(" {jwt}\r\n"),
            format!("\"{jwt}\""),
            format!("\n\"{jwt}\"\n"),
        ] {
            let token = read(200, body).unwrap();
            assert_eq!(
                token.authorization().to_str().unwrap(),
                format!("Bearer {jwt}")
            );
        }
        for body in [
            "",
            "\"\"",
            "\"",
            "<html></html>",
            "a.b.c",
            "e30.e30.x",
            "null",
        ] {
            assert!(read(200, body).is_err(), "{body}");
        }
        assert!(read(200, vec![0xff, 0xfe]).is_err());
    }

    #[test]
    fn case_35_life_comes_from_the_altinn_tokens_own_exp() {
        for (claims, seconds) in [
            (r#"{"iat":1768473285,"exp":1768475085}"#, 1800),
            // However wrong our clock is.
            (r#"{"iat":1000,"exp":2800}"#, 1800),
            (r#"{"exp":1768473385}"#, 100),
        ] {
            assert_eq!(
                read(200, jwt(claims)).unwrap().lifetime().as_secs(),
                seconds
            );
        }
        for claims in [
            "{}",
            r#"{"exp":"soon"}"#,
            r#"{"iat":5,"exp":5}"#,
            r#"{"iat":6,"exp":5}"#,
            r#"{"exp":100}"#,
        ] {
            assert!(read(200, jwt(claims)).is_err(), "{claims}");
        }
    }

    #[test]
    fn case_37_each_refusal_is_an_error_of_its_own() {
        let gone = read(410, "{}").unwrap_err();
        assert!(gone.to_string().contains("system user"), "{gone}");
        assert!(!gone.is_transient());
        let unauthorized = read(401, "").unwrap_err();
        assert!(unauthorized.is_transient());
        assert!(unauthorized.to_string().contains("tt02"), "{unauthorized}");
        let bad_request = read(400, "Invalid token provider").unwrap_err();
        assert!(!bad_request.is_transient());
        assert_eq!(bad_request.status_code(), Some(StatusCode::BAD_REQUEST));
    }
}
