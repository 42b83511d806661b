//! Authorization details (RFC 9396): system users and consents.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    authorise::Parties,
    claims::GrantClaims,
    refusal::Refusal,
    token::{AuthorizationDetail, ConsentRight, Party, Resource},
};
use crate::{client::Client, clock, identifiers, system_users::Wanted, world::World};

pub(super) const SYSTEM_USER: &str = "urn:altinn:systemuser";
pub(super) const CONSENT: &str = "urn:altinn:consent";

const CONSENT_LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Finds what the details of a grant name.
pub(super) fn look_up(
    world: &World,
    client: &Client,
    parties: &Parties,
    claims: &GrantClaims,
) -> Result<Option<AuthorizationDetail>, Refusal> {
    let Some(details) = &claims.details else {
        return Ok(None);
    };
    let Some([Value::Object(detail)]) = details.as_array().map(Vec::as_slice) else {
        return Err(Refusal::invalid_parameter(
            "authorization_details is not an array of one object",
        ));
    };
    match detail.get("type").and_then(Value::as_str) {
        Some(SYSTEM_USER) => system_user(world, client, detail).map(Some),
        Some(CONSENT) => consent(detail, parties, world.clock.now()).map(Some),
        _ => Err(Refusal::details_type().because(format!(
            "the type is neither {SYSTEM_USER:?} nor {CONSENT:?}"
        ))),
    }
}

fn system_user(
    world: &World,
    client: &Client,
    detail: &Map<String, Value>,
) -> Result<AuthorizationDetail, Refusal> {
    only(detail, &["type", "systemuser_org", "externalRef"])?;
    let org = detail.get("systemuser_org").and_then(Value::as_object);
    let org = org.ok_or_else(|| {
        Refusal::details_values().because("systemuser_org is missing, or not an object")
    })?;
    only(org, &["authority", "ID"])?;
    let owner = org
        .get("ID")
        .and_then(Value::as_str)
        .and_then(|id| id.strip_prefix("0192:"))
        .filter(|number| identifiers::is_org_number(number))
        .ok_or_else(|| {
            Refusal::details_values().because("systemuser_org.ID is not 0192: and nine digits")
        })?;
    if org.get("authority").and_then(Value::as_str) != Some(Party::AUTHORITY) {
        let why = format!("systemuser_org.authority is not {:?}", Party::AUTHORITY);
        return Err(Refusal::details_values().because(why));
    }
    let external_ref = match detail.get("externalRef") {
        None => None,
        Some(Value::String(given)) if is_reference(given) => Some(given.clone()),
        Some(Value::String(_other)) => {
            return Err(Refusal::details_fields()
                .because("externalRef has characters other than letters, digits, _ and -"));
        }
        Some(_other) => {
            return Err(Refusal::details_values().because("externalRef is not a text"));
        }
    };
    let wanted = Wanted {
        owner,
        vendor: &client.organisation,
        client_id: &client.id,
        external_ref: external_ref.as_deref().unwrap_or(owner),
    };
    let user = world
        .system_users
        .find(wanted, world.clock.now())
        .ok_or_else(|| {
            let external_ref = external_ref.as_deref().unwrap_or(owner);
            Refusal::system_user_not_found().because(format!(
                "{owner} has approved no system user with the reference {external_ref:?} for the \
                 client {:?}",
                client.id
            ))
        })?;
    Ok(AuthorizationDetail::SystemUser {
        systemuser_org: Party::new(owner),
        systemuser_id: vec![user.id],
        system_id: user.system_id,
        external_ref,
    })
}

/// At most 255 Norwegian letters, digits, `_` and `-`; MP-302 otherwise, as Altinn's apps have found out.
fn is_reference(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "æøåÆØÅ_-".contains(c);
    text.chars().count() <= 255 && text.chars().all(allowed)
}

/// Every consent that is well formed has been given; the stub keeps no register of them.
fn consent(
    detail: &Map<String, Value>,
    parties: &Parties,
    now: Timestamp,
) -> Result<AuthorizationDetail, Refusal> {
    only(detail, &["type", "id", "from"])?;
    let text = |name| detail.get(name).and_then(Value::as_str);
    let id = text("id").filter(|id| Uuid::try_parse(id).is_ok());
    let from = text("from").filter(|from| is_consenting_party(from));
    let (Some(id), Some(from)) = (id, from) else {
        return Err(Refusal::details_values()
            .because("id is not a UUID, or from is neither a person nor an organisation"));
    };
    Ok(AuthorizationDetail::Consent {
        id: id.to_owned(),
        from: from.to_owned(),
        to: Party::new(&parties.consumer),
        consented: iso(now),
        valid_to: iso(clock::after(now, CONSENT_LIFETIME)),
        consent_rights: vec![ConsentRight {
            action: vec!["consent".to_owned()],
            resource: vec![Resource {
                kind: "urn:altinn:resource".to_owned(),
                value: "stub-consent".to_owned(),
            }],
        }],
    })
}

fn is_consenting_party(urn: &str) -> bool {
    let of = |prefix| urn.strip_prefix(prefix);
    of("urn:altinn:person:identifier-no:").is_some_and(identifiers::is_national_identity_number)
        || of("urn:altinn:organization:identifier-no:").is_some_and(identifiers::is_org_number)
}

fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

fn only(object: &Map<String, Value>, members: &[&str]) -> Result<(), Refusal> {
    let unknown = |name: &&String| !members.contains(&name.as_str());
    match object.keys().find(unknown) {
        None => Ok(()),
        Some(name) => {
            Err(Refusal::details_fields().because(format!("the member {name:?} is not known")))
        }
    }
}
