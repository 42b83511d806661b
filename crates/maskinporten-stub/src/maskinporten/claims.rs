//! The claims of a grant: which are known, which are needed, and of what type.

use serde_json::{Map, Value};

use super::{refusal::Refusal, token::Audience};

/// `nbf` is documented nowhere, but widely sent and taken.
const KNOWN: [&str; 11] = [
    "aud",
    "iss",
    "scope",
    "iat",
    "exp",
    "jti",
    "nbf",
    "resource",
    "pid",
    "consumer_org",
    "authorization_details",
];

/// What a client asks for.
#[derive(Debug)]
pub(super) struct GrantClaims {
    pub(super) iss: String,
    /// Nothing when there are several, which no issuer equals.
    pub(super) aud: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) jti: Option<String>,
    pub(super) pid: Option<String>,
    pub(super) consumer_org: Option<String>,
    pub(super) details: Option<Value>,
    resource: Option<Value>,
}

impl GrantClaims {
    pub(super) fn read(claims: &Map<String, Value>) -> Result<Self, Refusal> {
        if let Some(unknown) = claims.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            let what = format!("claim {unknown} is not supported");
            return Err(Refusal::invalid_parameter(&what));
        }
        let read = Self {
            iss: required(string(claims, "iss")?, "iss")?,
            aud: audience(claims)?,
            scopes: scopes(&required(string(claims, "scope")?, "scope")?),
            iat: required(seconds(claims, "iat")?, "iat")?,
            exp: required(seconds(claims, "exp")?, "exp")?,
            jti: string(claims, "jti")?,
            pid: string(claims, "pid")?,
            consumer_org: string(claims, "consumer_org")?,
            details: claims.get("authorization_details").cloned(),
            resource: claims.get("resource").cloned(),
        };
        seconds(claims, "nbf")?;
        if read.scopes.is_empty() {
            return Err(Refusal::invalid_parameter("scope is empty"));
        }
        Ok(read)
    }

    /// The audience to restrict the token to: `resource`, a string or an array of strings.
    pub(super) fn audience(&self) -> Result<Option<Audience>, Refusal> {
        let Some(resource) = &self.resource else {
            return Ok(None);
        };
        let name = |value: &Value| {
            let name = value.as_str().filter(|name| !name.is_empty())?;
            Some(name.to_owned())
        };
        let audience = match resource {
            Value::Array(many) if !many.is_empty() => {
                let many: Option<Vec<String>> = many.iter().map(name).collect();
                many.map(Audience::Many)
            }
            one => name(one).map(Audience::One),
        };
        match audience {
            Some(audience) => Ok(Some(audience)),
            None => Err(wrong_type("resource")),
        }
    }
}

/// The scopes in the order asked for, each once.
fn scopes(list: &str) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in list.split_ascii_whitespace() {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

fn audience(claims: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    match required(claims.get("aud"), "aud")? {
        Value::String(one) => Ok(Some(one.clone())),
        Value::Array(many) => match many.as_slice() {
            [Value::String(one)] => Ok(Some(one.clone())),
            _ => Ok(None),
        },
        _ => Err(wrong_type("aud")),
    }
}

fn string(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_other) => Err(wrong_type(name)),
    }
}

fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong_type(name)),
    }
}

fn required<T>(value: Option<T>, name: &str) -> Result<T, Refusal> {
    value.ok_or_else(|| Refusal::invalid_parameter(&format!("claim {name} is missing")))
}

fn wrong_type(name: &str) -> Refusal {
    Refusal::invalid_parameter(&format!("claim {name} has the wrong type"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn takes_known_claims_of_the_right_type() {
        let cases = [
            (json!({}), true),
            (json!({"aud": ["https://issuer/"]}), true),
            (json!({"jti": "1", "nbf": 1}), true),
            (json!({"resource": "a"}), true),
            (json!({"sub": "me"}), false),
            (json!({"client_id": "me"}), false),
            (json!({"iss_onbehalfof": "me"}), false),
            (json!({"aud": null}), false),
            (json!({"iss": 1}), false),
            (json!({"scope": ["a"]}), false),
            (json!({"scope": " "}), false),
            (json!({"iat": "1"}), false),
            (json!({"exp": 1.5}), false),
            (json!({"exp": 1e300}), false),
            (json!({"nbf": "1"}), false),
            (json!({"pid": 25_922_947_409_u64}), false),
        ];
        for (change, accepted) in cases {
            let mut claims =
                json!({"aud": "https://issuer/", "iss": "a", "scope": "b c b", "iat": 1, "exp": 2});
            let claims = claims.as_object_mut().unwrap();
            claims.append(&mut change.as_object().unwrap().clone());
            let read = GrantClaims::read(claims);
            assert_eq!(read.is_ok(), accepted, "{change}");
            if let Ok(read) = read {
                assert_eq!(read.scopes, ["b", "c"]);
            }
        }
    }

    #[test]
    fn each_required_claim_is_missed() {
        for missing in ["aud", "iss", "scope", "iat", "exp"] {
            let mut claims = json!({"aud": "a", "iss": "a", "scope": "b", "iat": 1, "exp": 2});
            let claims = claims.as_object_mut().unwrap();
            claims.remove(missing);
            assert!(GrantClaims::read(claims).is_err(), "{missing}");
        }
    }
}
