//! The access token and the answer it comes in.

use aws_lc_rs::{error::Unspecified, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{authorise::Parties, claims::GrantClaims};
use crate::{client::Client, jws, world::World};

/// Where delegations come from in the test environment.
const DELEGATION_SOURCE: &str = "https://tt02.altinn.no/";

/// The claims of an access token, in the order of the real ones.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct TokenClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorization_details: Option<Vec<AuthorizationDetail>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aud: Option<Audience>,
    pub(crate) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) supplier: Option<Party>,
    pub(crate) iss: String,
    pub(crate) client_amr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<String>,
    pub(crate) token_type: String,
    pub(crate) exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delegation_source: Option<String>,
    pub(crate) iat: i64,
    pub(crate) client_id: String,
    pub(crate) jti: String,
    pub(crate) consumer: Party,
}

/// Whom a token is for, when it is restricted: as it was asked for.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

/// An organisation (ISO 6523).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Party {
    pub(crate) authority: String,
    #[serde(rename = "ID")]
    pub(crate) id: String,
}

impl Party {
    pub(crate) const AUTHORITY: &str = "iso6523-actorid-upis";

    pub(crate) fn new(org_number: &str) -> Self {
        Self {
            authority: Self::AUTHORITY.to_owned(),
            id: format!("0192:{org_number}"),
        }
    }
}

/// What the details of a grant were found to be.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "type")]
pub(crate) enum AuthorizationDetail {
    #[serde(rename = "urn:altinn:systemuser")]
    SystemUser {
        systemuser_org: Party,
        systemuser_id: Vec<String>,
        system_id: String,
        #[serde(rename = "externalRef", skip_serializing_if = "Option::is_none")]
        external_ref: Option<String>,
    },
    #[serde(rename = "urn:altinn:consent", rename_all = "camelCase")]
    Consent {
        id: String,
        from: String,
        to: Party,
        consented: String,
        valid_to: String,
        consent_rights: Vec<ConsentRight>,
    },
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ConsentRight {
    pub(crate) action: Vec<String>,
    pub(crate) resource: Vec<Resource>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Resource {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
}

/// Everything that has been checked and found.
#[derive(Debug)]
pub(super) struct Granted<'a> {
    pub(super) client: &'a Client,
    pub(super) claims: GrantClaims,
    pub(super) parties: Parties,
    pub(super) details: Option<AuthorizationDetail>,
    pub(super) audience: Option<Audience>,
}

#[derive(Serialize)]
pub(super) struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
}

/// The header has no `typ`; clients that insist on one are wrong.
#[derive(Serialize)]
struct Header<'a> {
    kid: &'a str,
    alg: &'static str,
}

pub(super) fn issue(world: &World, granted: Granted<'_>) -> Result<Answer, Unspecified> {
    let now = world.clock.seconds();
    let own_lifetime = granted.client.profile.access_token_lifetime;
    let lifetime = own_lifetime.map_or_else(|| world.token_lifetime.seconds(), i64::from);
    let scope = granted.claims.scopes.join(" ");
    let mut jti = [0; 32];
    rand::fill(&mut jti)?;
    let Parties { consumer, supplier } = granted.parties;
    let claims = TokenClaims {
        authorization_details: granted.details.map(|detail| vec![detail]),
        aud: granted.audience,
        scope: scope.clone(),
        delegation_source: supplier
            .as_ref()
            .map(|_supplier| DELEGATION_SOURCE.to_owned()),
        supplier: supplier.as_deref().map(Party::new),
        iss: world.issuer(),
        client_amr: granted.client.authentication_method().to_owned(),
        pid: granted.claims.pid,
        token_type: "Bearer".to_owned(),
        exp: now.saturating_add(lifetime),
        iat: now,
        client_id: granted.client.id.clone(),
        jti: URL_SAFE_NO_PAD.encode(jti),
        consumer: Party::new(&consumer),
    };
    let signing = world.ring.maskinporten();
    let header = Header {
        kid: &signing.kid,
        alg: "RS256",
    };
    let access_token = jws::sign(&signing.key, &header, &claims)?;
    world.issued.add(&access_token);
    Ok(Answer {
        access_token,
        token_type: "Bearer",
        // What is left when the client reads it.
        expires_in: lifetime.saturating_sub(1).max(0),
        scope,
    })
}
