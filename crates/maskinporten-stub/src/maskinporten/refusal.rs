//! How Maskinporten says no.
//!
//! The catalogue is complete here; the checks only name an entry. A number appears in no other
//! place than at the end of `error_uri`, and several errors have none.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

/// An error answer of the token endpoint.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    number: Option<&'static str>,
    /// For who looks at the stub; the answer does not have it.
    why: Option<String>,
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<String>,
}

const UNAUTHENTICATED: &str = "Invalid assertion. Client authentication failed.";

impl Refusal {
    fn new(error: &'static str, number: Option<&'static str>, description: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description,
            number,
            why: None,
        }
    }

    fn forbidden(number: &'static str, description: String) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            ..Self::new("forbidden", Some(number), description)
        }
    }

    fn grant(number: Option<&'static str>, description: String) -> Self {
        Self::new("invalid_grant", number, description)
    }

    pub(super) fn invalid_request(description: &str) -> Self {
        Self::new("invalid_request", None, description.to_owned())
    }

    pub(super) fn unsupported_grant_type() -> Self {
        let description = "Unsupported grant type".to_owned();
        Self::new("unsupported_grant_type", None, description)
    }

    /// MP-011. The real description stops after `value`; saying more helps who reads a test's log.
    pub(super) fn invalid_parameter(what: &str) -> Self {
        let description = format!("Invalid assertion. Invalid parameter value: {what}");
        Self::new("invalid_request", Some("MP-011"), description).because(what)
    }

    pub(super) fn used_before() -> Self {
        let description = "Validation of JWT Bearer grant failed. Grant is used before.".to_owned();
        Self::grant(Some("MP-012"), description)
    }

    pub(super) fn client_not_found() -> Self {
        Self::grant(
            Some("MP-100"),
            format!("{UNAUTHENTICATED} Client not found"),
        )
    }

    pub(super) fn unknown_kid() -> Self {
        let description = format!("{UNAUTHENTICATED} Unknown key identifier (kid) for client.");
        Self::grant(None, description)
    }

    pub(super) fn missing_kid() -> Self {
        let description = format!(
            "{UNAUTHENTICATED} Invalid JWT. \
             The client requires pre-registered jwk and no key identifier (kid) provided"
        );
        Self::grant(None, description)
    }

    pub(super) fn audience() -> Self {
        Self::grant(
            Some("MP-110"),
            format!("{UNAUTHENTICATED} Invalid JWT claim aud."),
        )
    }

    pub(super) fn untrusted_certificate() -> Self {
        let description =
            format!("{UNAUTHENTICATED} The JWT is signed with an invalid certificate.");
        Self::grant(Some("MP-120"), description)
    }

    pub(super) fn expired_key() -> Self {
        Self::grant(Some("MP-121"), format!("{UNAUTHENTICATED} Expired key."))
    }

    pub(super) fn other_organisation() -> Self {
        let description = format!(
            "{UNAUTHENTICATED} Invalid JWT. Invalid organization number for client. \
             Does not match certificate orgno"
        );
        Self::grant(Some("MP-122"), description)
    }

    pub(super) fn malformed_x5c() -> Self {
        Self::grant(
            Some("MP-123"),
            format!("{UNAUTHENTICATED} Invalid JWT header x5c"),
        )
        .because("x5c is not an array of certificates (DER in base64, the client's own first)")
    }

    pub(super) fn signature() -> Self {
        Self::grant(
            Some("MP-124"),
            format!("{UNAUTHENTICATED} Invalid JWT signature."),
        )
    }

    pub(super) fn expired() -> Self {
        Self::grant(
            Some("MP-130"),
            "Invalid assertion. JWT is expired".to_owned(),
        )
    }

    pub(super) fn issued_later() -> Self {
        Self::grant(
            None,
            "Invalid assertion. Issue time is after now".to_owned(),
        )
    }

    pub(super) fn lives_too_long() -> Self {
        let description =
            "Invalid assertion. The JWT is valid for more than 120 seconds".to_owned();
        Self::grant(None, description)
    }

    pub(super) fn own_consumer_org() -> Self {
        Self::invalid_request(
            "Validation of JWT claim failed: \
             The combination consumer_org in claim and delegation scope on client is invalid",
        )
    }

    pub(super) fn scopes_not_on_client(scopes: &[&str]) -> Self {
        let scopes = scopes.join(" ");
        let description = format!("Token request contains invalid scopes for client, {scopes}");
        Self::new("invalid_scope", Some("MP-200"), description)
    }

    pub(super) fn scopes_not_for_maskinporten() -> Self {
        let description = "Token request contains scopes not allowed for maskinporten".to_owned();
        Self::new("invalid_scope", Some("MP-201"), description)
    }

    pub(super) fn scope_not_granted(scope: &str) -> Self {
        let description = format!("Consumer has not been granted access to the scope {scope}.");
        Self::forbidden("MP-250", description)
    }

    pub(super) fn not_delegated(consumer: &str, scope: &str, supplier: &str) -> Self {
        let description = format!(
            "Consumer {consumer} has not delegated access to the scope {scope} \
             to supplier {supplier}."
        );
        Self::forbidden("MP-251", description)
    }

    pub(super) fn details_type() -> Self {
        let description = "Unknown authorization details type".to_owned();
        Self::new("invalid_request", Some("MP-301"), description)
    }

    pub(super) fn details_fields() -> Self {
        let description = "Unknown fields in the authorization details".to_owned();
        Self::new("invalid_request", Some("MP-302"), description)
    }

    pub(super) fn details_values() -> Self {
        let description = "Invalid authorization details values".to_owned();
        Self::new("invalid_request", Some("MP-303"), description)
    }

    pub(super) fn system_user_not_found() -> Self {
        let description = "System user not found".to_owned();
        Self::new(
            "invalid_altinn_customer_configuration",
            Some("MP-303"),
            description,
        )
    }

    /// Says in plain words what was wrong, and with what.
    pub(super) fn because(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Why, in plain words.
    pub(super) fn reason(&self) -> &str {
        self.why.as_deref().unwrap_or(&self.description)
    }

    pub(super) fn number(&self) -> Option<&'static str> {
        self.number
    }

    #[cfg(test)]
    pub(super) fn error(&self) -> &'static str {
        self.error
    }

    pub(super) fn response(self, issuer: &str) -> Response {
        let trace_id = Uuid::new_v4().simple();
        let body = Body {
            error: self.error,
            error_description: format!("{} (trace_id: {trace_id})", self.description),
            error_uri: self.number.map(|number| format!("{issuer}errors/{number}")),
        };
        (self.status, Json(body)).into_response()
    }
}

/// What a number means, for the page that `error_uri` leads to.
pub(super) fn meaning(number: &str) -> Option<&'static str> {
    Some(match number {
        "MP-011" => "the grant is malformed, or has a claim that is not supported",
        "MP-012" => "the grant has been used before; sign a new one for every request",
        "MP-100" => "no such client in this environment",
        "MP-110" => "the audience is not this issuer, to the letter",
        "MP-120" => "the certificate is not trusted, or not valid now",
        "MP-121" => "the key was registered more than a year ago",
        "MP-122" => "the certificate belongs to another organisation than the client",
        "MP-123" => "x5c is not an array of certificates",
        "MP-124" => "the signature does not fit the key",
        "MP-130" => "the grant has expired",
        "MP-200" => "the client has not been registered with the scope",
        "MP-201" => "the scope is for another kind of integration",
        "MP-250" => "the scope's owner has not granted it to the organisation",
        "MP-251" => "the customer has not delegated the scope in Altinn",
        "MP-301" => "the type of authorization details is not supported",
        "MP-302" => "the authorization details have an unknown member",
        "MP-303" => "the authorization details do not fit anything that has been approved",
        _ => return None,
    })
}
