//! The keys a stub signs with now, and those it still publishes.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    clock,
    keys::{self, AltinnKey, Keys, MaskinportenKey},
    verify::TokenIssuer,
};

/// How long an old key stays published and good: longer than any usual token lives.
const RETIREMENT: SignedDuration = SignedDuration::from_hours(1);

/// The signing keys of one stub, which may be rotated.
#[derive(Debug)]
pub(crate) struct KeyRing {
    ring: RwLock<Ring>,
}

#[derive(Clone, Debug)]
struct Ring {
    maskinporten: Arc<MaskinportenKey>,
    altinn: [Arc<AltinnKey>; 2],
    /// With the time until which they are published.
    old_maskinporten: Vec<(Arc<MaskinportenKey>, Timestamp)>,
    old_altinn: Vec<(Arc<AltinnKey>, Timestamp)>,
}

/// A key that tokens may be signed with.
#[derive(Debug)]
pub(crate) enum Published {
    Maskinporten(Arc<MaskinportenKey>),
    Altinn(Arc<AltinnKey>),
}

impl KeyRing {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self {
            ring: RwLock::new(Ring {
                maskinporten: keys.maskinporten.clone(),
                altinn: keys.altinn.clone(),
                old_maskinporten: Vec::new(),
                old_altinn: Vec::new(),
            }),
        }
    }

    /// The key Maskinporten signs with.
    pub(crate) fn maskinporten(&self) -> Arc<MaskinportenKey> {
        self.read(|ring| ring.maskinporten.clone())
    }

    /// The key Altinn signs with.
    pub(crate) fn altinn(&self) -> Arc<AltinnKey> {
        let [key, _next] = self.read(|ring| ring.altinn.clone());
        key
    }

    /// What Maskinporten publishes, the key that signs first.
    pub(crate) fn maskinporten_jwks(&self, now: Timestamp) -> Vec<Value> {
        self.read(|ring| {
            let old = published(&ring.old_maskinporten, now);
            let keys = std::iter::once(&ring.maskinporten).chain(old);
            keys.map(|key| key.jwk()).collect()
        })
    }

    /// What Altinn publishes, the key that signs first.
    pub(crate) fn altinn_jwks(&self, now: Timestamp) -> Vec<Value> {
        self.read(|ring| {
            let keys = ring.altinn.iter().chain(published(&ring.old_altinn, now));
            keys.map(|key| key.jwk()).collect()
        })
    }

    /// The key of that name, if it is published.
    pub(crate) fn find(&self, kid: &str, now: Timestamp) -> Option<Published> {
        self.read(|ring| {
            let old = published(&ring.old_maskinporten, now);
            let mut maskinporten = std::iter::once(&ring.maskinporten).chain(old);
            if let Some(key) = maskinporten.find(|key| key.kid == kid) {
                return Some(Published::Maskinporten(key.clone()));
            }
            let mut altinn = ring.altinn.iter().chain(published(&ring.old_altinn, now));
            let key = altinn.find(|key| key.kid == kid)?;
            Some(Published::Altinn(key.clone()))
        })
    }

    /// Signs with new keys from now on: Maskinporten with one nobody has seen, Altinn with the one
    /// it has published beforehand.
    pub(crate) async fn rotate(&self, now: Timestamp) -> io::Result<()> {
        let (maskinporten, altinn) = tokio::try_join!(keys::new_key(), keys::new_key())?;
        let maskinporten = Arc::new(MaskinportenKey::new(maskinporten));
        let altinn = AltinnKey::new(altinn)
            .map_err(|_unspecified| io::Error::other("could not name the stub's new key"))?;
        let until = clock::after(now, RETIREMENT);
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let [signing, next] = ring.altinn.clone();
        ring.old_maskinporten.retain(|(_key, end)| *end > now);
        ring.old_altinn.retain(|(_key, end)| *end > now);
        let old = std::mem::replace(&mut ring.maskinporten, maskinporten);
        ring.old_maskinporten.push((old, until));
        ring.old_altinn.push((signing, until));
        ring.altinn = [next, Arc::new(altinn)];
        Ok(())
    }

    fn read<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn published<K>(old: &[(Arc<K>, Timestamp)], now: Timestamp) -> impl Iterator<Item = &Arc<K>> {
    let published = old.iter().filter(move |(_key, until)| *until > now);
    published.map(|(key, _until)| key)
}

impl Published {
    pub(crate) fn issuer(&self) -> TokenIssuer {
        match self {
            Self::Maskinporten(_key) => TokenIssuer::Maskinporten,
            Self::Altinn(_key) => TokenIssuer::Altinn,
        }
    }

    pub(crate) fn public(&self) -> &crate::rsa::PublicKey {
        match self {
            Self::Maskinporten(named) => named.key.public(),
            Self::Altinn(named) => named.key.public(),
        }
    }
}
