//! What can go wrong between asking for a token and having it.

use std::{error, fmt, sync::Arc, time::Duration};

use http::StatusCode;

use crate::{BoxError, Refusal};

/// Why there is no token. Opaque and cheap to clone, so that one failure can be told to everybody who waits.
///
/// ```
/// # fn handle(error: maskinporten::Error) {
/// if let Some(refusal) = error.refusal() {
///     // Maskinporten understood, and said no.
///     eprintln!("{} {:?}: {}", refusal.error(), refusal.code(), refusal.advice().unwrap_or("see the message"));
/// } else if error.is_transient() {
///     // Asking again later may help; `Tokens` does so by itself.
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    /// What was wrong has been put right since, or will be by itself.
    outlook: Outlook,
    retry_after: Option<Duration>,
    source: Option<Arc<BoxError>>,
}

/// Whether another try will fare as this one did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outlook {
    AsIs,
    Cured,
    Passing,
}

#[derive(Clone, Debug)]
enum Kind {
    /// No answer came, or half of one.
    Transport(Party),
    Timeout(Party, Duration),
    Redirect(Party, StatusCode),
    /// An answer that is neither a token nor an OAuth error.
    Status(Party, StatusCode),
    Refused(Party, Refusal),
    BadResponse(Party, &'static str),
    EnterpriseUserGone,
    Sign,
    Other {
        transient: bool,
    },
}

/// Who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    Maskinporten,
    Altinn,
}

impl Party {
    /// Its name in spans and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Maskinporten => "maskinporten",
            Self::Altinn => "altinn",
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Maskinporten => "Maskinporten",
            Self::Altinn => "Altinn's token exchange",
        })
    }
}

impl Error {
    /// A failure of a [`TokenSource`](crate::TokenSource) of your own that asking again may cure.
    ///
    /// ```
    /// let error = maskinporten::Error::transient("the vault is busy");
    /// assert!(error.is_transient());
    /// ```
    pub fn transient(source: impl Into<BoxError>) -> Self {
        Self::with_source(Kind::Other { transient: true }, source.into())
    }

    /// A failure of a [`TokenSource`](crate::TokenSource) of your own that asking again will not cure.
    ///
    /// ```
    /// let error = maskinporten::Error::permanent("the key was deleted");
    /// assert!(!error.is_transient());
    /// ```
    pub fn permanent(source: impl Into<BoxError>) -> Self {
        Self::with_source(Kind::Other { transient: false }, source.into())
    }

    pub(crate) fn transport(party: Party, source: BoxError) -> Self {
        Self::with_source(Kind::Transport(party), source)
    }

    pub(crate) fn timeout(party: Party, after: Duration) -> Self {
        Self::new(Kind::Timeout(party, after))
    }

    pub(crate) fn redirect(party: Party, status: StatusCode) -> Self {
        Self::new(Kind::Redirect(party, status))
    }

    pub(crate) fn status(party: Party, status: StatusCode, retry_after: Option<Duration>) -> Self {
        Self::build(Kind::Status(party, status), retry_after, None)
    }

    pub(crate) fn refused(party: Party, refusal: Refusal, retry_after: Option<Duration>) -> Self {
        Self::build(Kind::Refused(party, refusal), retry_after, None)
    }

    pub(crate) fn bad_response(party: Party, what: &'static str) -> Self {
        Self::new(Kind::BadResponse(party, what))
    }

    pub(crate) fn enterprise_user_gone() -> Self {
        Self::new(Kind::EnterpriseUserGone)
    }

    pub(crate) fn sign(source: BoxError) -> Self {
        Self::with_source(Kind::Sign, source)
    }

    fn new(kind: Kind) -> Self {
        Self::build(kind, None, None)
    }

    fn with_source(kind: Kind, source: BoxError) -> Self {
        Self::build(kind, None, Some(source))
    }

    fn build(kind: Kind, retry_after: Option<Duration>, source: Option<BoxError>) -> Self {
        Self(Arc::new(Inner {
            kind,
            outlook: Outlook::AsIs,
            retry_after,
            source: source.map(Arc::new),
        }))
    }

    /// The same, where what was wrong has been put right: the next try will do better.
    pub(crate) fn cured(self) -> Self {
        let mut inner = Inner::clone(&self.0);
        inner.outlook = Outlook::Cured;
        Self(Arc::new(inner))
    }

    /// The same, where time will put right what is wrong: it is to be tried again after a pause.
    pub(crate) fn passing(self, pause: Duration) -> Self {
        let mut inner = Inner::clone(&self.0);
        inner.outlook = Outlook::Passing;
        inner.retry_after = Some(inner.retry_after.unwrap_or_default().max(pause));
        Self(Arc::new(inner))
    }

    /// Whether asking again, later and with a new assertion, may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.outlook != Outlook::AsIs
            || match &self.0.kind {
                Kind::Transport(_) | Kind::Timeout(..) | Kind::BadResponse(..) | Kind::Sign => true,
                // An exchange that is down itself answers 401 for nearly everything (protocol: "possibly transient").
                Kind::Status(Party::Altinn, StatusCode::UNAUTHORIZED) => true,
                Kind::Status(_, status) => is_transient_status(*status),
                Kind::Refused(_, refusal) => {
                    is_transient_status(refusal.status()) || refusal.is_cured_by_new_assertion()
                }
                Kind::Other { transient } => *transient,
                Kind::Redirect(..) | Kind::EnterpriseUserGone => false,
            }
    }

    /// Whether one more try, at once, with a new assertion is legal and likely to help: the grant was used up or
    /// the connection broke, not the server.
    pub(crate) fn is_cured_by_new_assertion(&self) -> bool {
        self.0.outlook == Outlook::Cured
            || match &self.0.kind {
                Kind::Transport(_) => true,
                Kind::Refused(_, refusal) => refusal.is_cured_by_new_assertion(),
                _ => false,
            }
    }

    /// Whether no answer came in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::Timeout(..))
    }

    /// What kind of failure it is, in a word of a fixed few, for metrics and logs: `transport`, `timeout`, `redirect`,
    /// `status`, `refused`, `bad_response`, `sign`, or `other` for what a source of your own says.
    ///
    /// ```
    /// assert_eq!(maskinporten::Error::transient("the vault is busy").class(), "other");
    /// ```
    #[must_use]
    pub fn class(&self) -> &'static str {
        match &self.0.kind {
            Kind::Transport(_) => "transport",
            Kind::Timeout(..) => "timeout",
            Kind::Redirect(..) => "redirect",
            Kind::Status(..) | Kind::EnterpriseUserGone => "status",
            Kind::Refused(..) => "refused",
            Kind::BadResponse(..) => "bad_response",
            Kind::Sign => "sign",
            Kind::Other { .. } => "other",
        }
    }

    /// How long the server is to be left alone: as it asks (`Retry-After`), at most 60 s, or as long as it takes for
    /// something to change.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What Maskinporten said, when it refused the grant.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.0.kind {
            Kind::Refused(_, refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The HTTP status that was answered, when there was an answer and its status was the trouble.
    #[must_use]
    pub fn status_code(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Redirect(_, status) | Kind::Status(_, status) => Some(*status),
            Kind::Refused(_, refusal) => Some(refusal.status()),
            Kind::EnterpriseUserGone => Some(StatusCode::GONE),
            _ => None,
        }
    }
}

fn is_transient_status(status: StatusCode) -> bool {
    status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Transport(party) => write!(f, "{party} could not be reached"),
            Kind::Timeout(party, after) => {
                write!(f, "{party} did not answer within {} ms", after.as_millis())
            }
            Kind::Redirect(party, status) => write!(
                f,
                "{party} answered with a redirect ({status}), which is not followed"
            ),
            Kind::Status(Party::Altinn, StatusCode::UNAUTHORIZED) => write!(
                f,
                "{} did not accept the Maskinporten token (401): is this the platform that pairs with that Maskinporten (tt02 with test)? Its own outages look the same",
                Party::Altinn
            ),
            Kind::Status(party, status) => write!(f, "{party} answered {status}"),
            Kind::Refused(party, refusal) => write!(f, "{party} refused the grant: {refusal}"),
            Kind::BadResponse(party, what) => {
                write!(f, "{party} answered with something else than a token: {what}")
            }
            Kind::EnterpriseUserGone => f.write_str(
                "Altinn no longer has enterprise users (410): remove `EnterpriseUserName` and `EnterpriseUserPassword` and use a system user",
            ),
            Kind::Sign => f.write_str("the assertion could not be signed"),
            Kind::Other { .. } => f.write_str("the token source failed"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("retry_after", &self.0.retry_after)
            .field("source", &self.0.source)
            .finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &***source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_in_the_chain_and_not_in_the_text() {
        let error = Error::transport(Party::Maskinporten, "connection reset".into());
        assert_eq!(error.to_string(), "Maskinporten could not be reached");
        let source = error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "connection reset");
    }

    #[test]
    fn classifies_statuses() {
        for (status, transient) in [
            (400, false),
            (401, false),
            (403, false),
            (404, false),
            (408, true),
            (429, true),
            (500, true),
            (503, true),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = Error::status(Party::Maskinporten, status, None);
            assert_eq!(error.is_transient(), transient, "{status}");
            assert_eq!(error.status_code(), Some(status));
        }
        let exchange = Error::status(Party::Altinn, StatusCode::UNAUTHORIZED, None);
        assert!(exchange.is_transient());
    }
}
