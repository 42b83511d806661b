//! Tenants, and their tokens.

use std::sync::Arc;

use maskinporten::{Grant, OrganisationNumber, SystemUser, TokenSource};
use tower_maskinporten::Tokens;

const SCOPE: &str = "altinn:correspondence.write";

/// A grant for each of so many tenants: system users of different organisations.
pub fn made(tenants: usize) -> Arc<[Grant]> {
    let grant = Grant::new(SCOPE).expect("the scope is constant");
    // The last digit is a check digit, so most numbers are nobody's.
    (300_000_000..400_000_000)
        .filter_map(|number| number.to_string().parse::<OrganisationNumber>().ok())
        .map(|organisation| {
            grant
                .clone()
                .with_system_user(SystemUser::new(organisation))
        })
        .take(tenants)
        .collect()
}

/// Has a token fetched for each of them.
pub async fn filled(source: impl TokenSource + 'static, grants: &[Grant]) -> Tokens {
    let default = Grant::new(SCOPE).expect("the scope is constant");
    let tokens = Tokens::new(source, default);
    tokens.ready().await.expect("the source never fails");
    for grant in grants {
        tokens
            .authorization(grant)
            .await
            .expect("the source never fails");
    }
    tokens
}
