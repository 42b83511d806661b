//! Who signs assertions.

use std::{fmt, time::SystemTime};

use crate::{BoxError, BoxFuture};

/// Signs the bytes of an assertion. [`ClientKey`](crate::ClientKey) is one; a key that never leaves a vault or an HSM
/// is another:
///
/// ```
/// use aws_lc_rs::digest::{SHA256, digest};
/// use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
/// use http::{Request, header::CONTENT_TYPE};
/// use http_body_util::{BodyExt, Limited};
/// use maskinporten::{Algorithm, BoxError, BoxFuture, HttpClient, Signer};
/// use tower::ServiceExt;
///
/// /// A key in a vault that signs digests.
/// struct VaultKey {
///     kid: String,
///     url: http::Uri,
///     http: HttpClient,
/// }
///
/// impl VaultKey {
///     async fn ask(&self, message: &[u8]) -> Result<Vec<u8>, BoxError> {
///         let digest = BASE64URL.encode(digest(&SHA256, message));
///         let question = serde_json::json!({"alg": "RS256", "value": digest}).to_string();
///         let request = Request::post(self.url.clone()).header(CONTENT_TYPE, "application/json");
///         let answer = self.http.clone().oneshot(request.body(question.into())?).await?;
///         if !answer.status().is_success() {
///             return Err(format!("the vault answers {}", answer.status()).into());
///         }
///         let answer = Limited::new(answer.into_body(), 16 * 1024).collect().await?.to_bytes();
///         let answer: serde_json::Value = serde_json::from_slice(&answer)?;
///         Ok(BASE64URL.decode(answer["value"].as_str().ok_or("the vault gave no signature")?)?)
///     }
/// }
///
/// impl Signer for VaultKey {
///     fn algorithm(&self) -> Algorithm {
///         Algorithm::Rs256
///     }
///
///     fn kid(&self) -> Option<&str> {
///         Some(&self.kid)
///     }
///
///     fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
///         Box::pin(self.ask(message))
///     }
/// }
/// ```
pub trait Signer: Send + Sync {
    /// The algorithm that [`sign`](Self::sign) signs with.
    fn algorithm(&self) -> Algorithm;

    /// The id under which the public half is registered on the client; `None` for a key that only certificates vouch
    /// for.
    fn kid(&self) -> Option<&str>;

    /// The certificates that vouch for the key (RFC 7515 section 4.1.6), for a client that has none registered: each
    /// the standard base64 of its DER, the key's own first.
    fn x5c(&self) -> &[String] {
        &[]
    }

    /// When the key was made, if that is known.
    fn created_at(&self) -> Option<SystemTime> {
        None
    }

    /// When Maskinporten stops accepting the key, if that is known: a year after it was uploaded, or when its
    /// certificate ends.
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }

    /// Signs `message`. Called once for every assertion, and nothing is kept; counts against the attempt's 10 s.
    ///
    /// # Errors
    ///
    /// Whatever kept it from signing. It becomes the source of an [`Error`](crate::Error), so it must not hold
    /// secrets.
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>>;
}

/// The signature algorithms that Maskinporten accepts (RFC 7518 section 3.3). There are no others: no `PS256`, no
/// `ES256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, the default.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

impl Algorithm {
    /// The name in a JOSE header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
