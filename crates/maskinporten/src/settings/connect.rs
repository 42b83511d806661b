//! From settings to a source of tokens.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::{Settings, SettingsError};
use crate::{AltinnExchange, BoxError, Maskinporten, Retry, TokenSource};

impl Settings {
    /// Makes the source that these settings describe, with an [`HttpClient`](crate::HttpClient) of its own:
    /// [`Maskinporten`], [`Retry`], and [`AltinnExchange`] if it is asked for.
    ///
    /// The network is used only when the installation's metadata has to be read (a `MASKINPORTEN_WELL_KNOWN_URL` that
    /// is neither production nor test).
    ///
    /// # Errors
    ///
    /// When the platform has no root certificates, or the metadata cannot be had; the source says why.
    ///
    /// # Cancel safety
    ///
    /// Changes nothing; may be dropped at any time.
    ///
    /// ```no_run
    /// use maskinporten::{Settings, TokenSource};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let settings = Settings::from_env()?;
    /// let source = settings.connect().await?;
    /// let token = source.fetch(settings.grant()).await?;
    /// println!("good for {} s", token.lifetime().as_secs());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "http-client")]
    pub async fn connect(&self) -> Result<Arc<dyn TokenSource>, SettingsError> {
        let http = crate::HttpClient::new().map_err(|error| {
            SettingsError::with_source("the HTTP client cannot be set up".to_owned(), error)
        })?;
        self.connect_over(http).await
    }

    /// Makes the source that these settings describe, over an HTTP client of yours.
    ///
    /// ```
    /// use maskinporten::{HttpClient, Settings};
    ///
    /// async fn connect(settings: &Settings, shared: HttpClient) -> Result<(), Box<dyn std::error::Error>> {
    ///     let source = settings.connect_over(shared).await?;
    /// #   Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When the installation's metadata has to be read and cannot be had; the source is an [`Error`](crate::Error).
    ///
    /// # Cancel safety
    ///
    /// Changes nothing; may be dropped at any time.
    pub async fn connect_over<H, B>(&self, http: H) -> Result<Arc<dyn TokenSource>, SettingsError>
    where
        H: Service<Request<Full<Bytes>>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        H::Error: Into<BoxError>,
        H::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        let environment = self.installation.environment(&http).await?;
        let maskinporten = Retry::new(Maskinporten::new(
            environment,
            &self.client_id,
            self.keys().clone(),
            http.clone(),
        ));
        let Some(exchange) = &self.exchange else {
            return Ok(Arc::new(maskinporten));
        };
        let mut altinn = AltinnExchange::new(maskinporten, &exchange.altinn, http);
        if exchange.test_org {
            altinn = altinn.as_test_org();
        }
        if let Some((name, password)) = &exchange.enterprise_user {
            altinn = altinn.with_enterprise_user(name, password);
        }
        Ok(Arc::new(altinn))
    }
}
