//! What is known of a key.

use std::time::{Duration, SystemTime};

use crate::{KeyError, Signer};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known of the key that signs: how old it is, when it ends, and whether it works.
///
/// Maskinporten accepts a key for a year from its upload. When that was is told by a certificate, a JWK's `exp` or `iat`,
/// a `kid` as `altinn-jwks` makes them, or [`KeyOptions::created_at`](crate::KeyOptions::created_at).
///
/// ```
/// use std::time::SystemTime;
/// use maskinporten::KeyRing;
///
/// fn report(keys: &KeyRing) {
///     let key = keys.status();
///     match key.days_left(SystemTime::now()) {
///         Some(days) => println!("{:?} is good for {days} days", key.kid()),
///         None => println!("nobody knows when {:?} ends", key.kid()),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct KeyStatus {
    kid: Option<String>,
    created_at: Option<SystemTime>,
    expires_at: Option<SystemTime>,
    fallback: bool,
    works: bool,
    reload_error: Option<KeyError>,
}

impl KeyStatus {
    /// From how many days before its end on a key is warned of.
    pub(crate) const WARN_FROM: i64 = 30;

    pub(crate) fn new(
        current: &dyn Signer,
        fallback: Option<&dyn Signer>,
        works: bool,
        reload_error: Option<KeyError>,
    ) -> Self {
        Self {
            kid: current.kid().map(str::to_owned),
            created_at: current.created_at(),
            expires_at: current.expires_at(),
            fallback: fallback.is_some(),
            works,
            reload_error,
        }
    }

    /// The id under which the key is registered; `None` for one that goes by its certificate.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// How old the key is, if that is known.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        now.duration_since(self.created_at?).ok()
    }

    /// When Maskinporten stops accepting the key, if that is known.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// How many whole days are left until then; negative afterwards.
    #[must_use]
    pub fn days_left(&self, now: SystemTime) -> Option<i64> {
        let whole_days = |time: Duration| i64::try_from(time.as_secs() / DAY.as_secs()).ok();
        match self.expires_at?.duration_since(now) {
            Ok(left) => whole_days(left),
            Err(past) => whole_days(past.duration()).map(|days| -days - 1),
        }
    }

    /// Whether 30 days or fewer are left, from when on a warning is logged each day. False when nobody knows.
    ///
    /// ```
    /// # fn f(keys: maskinporten::KeyRing) {
    /// if keys.status().ends_soon(std::time::SystemTime::now()) {
    ///     println!("time to upload a new key");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn ends_soon(&self, now: SystemTime) -> bool {
        self.days_left(now)
            .is_some_and(|days| days <= Self::WARN_FROM)
    }

    /// Whether Maskinporten accepted the key the last time.
    #[must_use]
    pub fn works(&self) -> bool {
        self.works
    }

    /// Whether there is another key, which signs while this one does not work.
    #[must_use]
    pub fn has_fallback(&self) -> bool {
        self.fallback
    }

    /// Why the key could not be read again from its file, if it could not, the last time.
    #[must_use]
    pub fn reload_error(&self) -> Option<&KeyError> {
        self.reload_error.as_ref()
    }
}
