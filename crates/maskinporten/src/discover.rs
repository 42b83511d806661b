//! Asking Maskinporten for its own addresses (RFC 8414).

use bytes::Bytes;
use http::{Request, header};
use http_body::Body;
use http_body_util::Full;
use serde::Deserialize;
use tokio::time::Instant;
use tower_service::Service;

use crate::{
    BoxError, Environment, Error,
    error::Party,
    request,
    url::{origin, secure_url},
};

const WELL_KNOWN: &str = ".well-known/oauth-authorization-server";

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    token_endpoint: String,
}

impl Environment {
    /// Reads an installation's metadata. `url` is the issuer or the address of the metadata itself, as in
    /// `MASKINPORTEN_WELL_KNOWN_URL`. The issuer is kept as the metadata has it, slash or no slash.
    ///
    /// # Errors
    ///
    /// When the metadata cannot be had or read, or when it names an issuer or a token endpoint at another scheme,
    /// host or port than it was read from (RFC 8414 section 3.3).
    ///
    /// # Cancel safety
    ///
    /// Changes nothing; may be dropped at any time.
    ///
    /// ```no_run
    /// use maskinporten::{Environment, HttpClient};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let test = Environment::discover("https://test.maskinporten.no/", &HttpClient::new()?).await?;
    /// assert_eq!(test.issuer(), "https://test.maskinporten.no/");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn discover<H, B>(url: &str, http: &H) -> Result<Self, Error>
    where
        H: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone,
        H::Error: Into<BoxError>,
        B: Body,
        B::Error: Into<BoxError>,
    {
        let address = metadata_address(url);
        let address = secure_url(&address, "the metadata's address").map_err(Error::permanent)?;
        let request = Request::get(address.clone())
            .header(header::ACCEPT, "application/json")
            .body(Full::default())
            .map_err(Error::permanent)?;
        let answer = request::send(http, Party::Maskinporten, request, Instant::now()).await?;
        if !answer.status.is_success() {
            return Err(Error::status(Party::Maskinporten, answer.status, None));
        }
        let bad = |what| Error::bad_response(Party::Maskinporten, what);
        let metadata: Metadata = serde_json::from_slice(&answer.body)
            .map_err(|_| bad("it is not authorization server metadata"))?;
        let environment =
            Self::custom(&metadata.issuer, &metadata.token_endpoint).map_err(Error::permanent)?;
        if origin(environment.token_endpoint()) != origin(&address) {
            return Err(bad("its issuer is not where it was read from"));
        }
        // The two that are known keep their own Altinn platform.
        Ok([Self::production(), Self::test()]
            .into_iter()
            .find(|known| known.issuer() == environment.issuer())
            .unwrap_or(environment))
    }
}

fn metadata_address(url: &str) -> String {
    let url = url.trim();
    if url.contains(WELL_KNOWN) {
        return url.to_owned();
    }
    // Maskinporten's issuers have no path, so appending and inserting (RFC 8414 section 3) come to the same.
    format!("{}/{WELL_KNOWN}", url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    async fn discover(url: &str, metadata: &str) -> Result<Environment, Error> {
        let body = metadata.to_owned();
        let http = tower::service_fn(move |_: Request<Full<Bytes>>| {
            let answer = http::Response::new(Full::new(Bytes::from(body.clone())));
            std::future::ready(Ok::<_, Infallible>(answer))
        });
        Environment::discover(url, &http).await
    }

    #[tokio::test]
    async fn case_33_keeps_the_issuer_as_published_however_the_address_ends() {
        let sky =
            r#"{"issuer":"https://sky.example","token_endpoint":"https://sky.example/token"}"#;
        for url in [
            "https://sky.example",
            "https://sky.example/",
            "https://sky.example/.well-known/oauth-authorization-server",
        ] {
            let environment = discover(url, sky).await.unwrap();
            assert_eq!(environment.issuer(), "https://sky.example");
        }
        let production = r#"{"issuer":"https://maskinporten.no/","token_endpoint":"https://maskinporten.no/token"}"#;
        let environment = discover("https://maskinporten.no/", production).await;
        assert_eq!(environment.unwrap(), Environment::production());
    }

    #[tokio::test]
    async fn case_33_refuses_metadata_without_an_issuer_or_that_points_elsewhere() {
        for metadata in [
            r#"{"issuer":"https://evil.example/","token_endpoint":"https://evil.example/token"}"#,
            r#"{"issuer":"https://sky.example/","token_endpoint":"https://evil.example/token"}"#,
            r#"{"issuer":"http://sky.example/","token_endpoint":"http://sky.example/token"}"#,
            r#"{"issuer":"","token_endpoint":"https://sky.example/token"}"#,
            r#"{"issuer":null}"#,
            "<html>",
        ] {
            let refused = discover("https://sky.example/", metadata).await;
            assert!(refused.is_err(), "{metadata}");
        }
    }
}
