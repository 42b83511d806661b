//! Another grant than the default one, said as a difference.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use http::Extensions;
use maskinporten::Grant;

use crate::pool::{Entry, Pool};

/// A change to the default grant for one request: put it into the request's extensions. Where it is easier to say the
/// whole, put a [`Grant`] there; with both, the change is made to that. Cheap to clone.
///
/// ```
/// use maskinporten::SystemUser;
/// use tower_maskinporten::GrantChange;
///
/// let customer = SystemUser::new("310702641".parse()?);
/// let mut request = http::Request::get("https://platform.altinn.no/").body(())?;
/// let as_customer = GrantChange::new(move |grant| grant.with_system_user(customer.clone()));
/// request.extensions_mut().insert(as_customer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct GrantChange(Arc<dyn Fn(Grant) -> Grant + Send + Sync>);

impl GrantChange {
    /// Makes a grant of the default one with `change`.
    pub fn new(change: impl Fn(Grant) -> Grant + Send + Sync + 'static) -> Self {
        Self(Arc::new(change))
    }
}

impl fmt::Debug for GrantChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantChange").finish_non_exhaustive()
    }
}

/// The entry that a request with these extensions is for; `None` for the default one.
pub(crate) fn chosen(extensions: &Extensions, pool: &ArcSwap<Pool>) -> Option<Arc<Entry>> {
    let grant = extensions.get::<Grant>();
    match extensions.get::<GrantChange>() {
        None => grant.map(|grant| pool.load().entry(grant)),
        Some(GrantChange(change)) => {
            let pool = pool.load();
            let grant = grant.unwrap_or(&pool.default.grant);
            Some(pool.entry(&change(grant.clone())))
        }
    }
}
