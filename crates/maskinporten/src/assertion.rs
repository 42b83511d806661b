//! The JWT grant: what is signed and sent for a token (RFC 7523, as
//! [Maskinporten](https://docs.digdir.no/docs/Maskinporten/maskinporten_protocol_jwtgrant) wants it).

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::Serialize;

use crate::{Grant, NationalIdentityNumber, OrganisationNumber, Signer, grant::Resource};

/// `iat` lies this far in the past: a clock that is ahead of Maskinporten's fails outright, one behind does not.
const BACKDATED: Duration = Duration::from_secs(2);
/// `exp − iat`; Maskinporten allows 120 s, and the difference is for clocks that are behind.
const LIFETIME: Duration = Duration::from_secs(110);

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    x5c: &'a [String],
}

/// Exactly the documented members: Maskinporten refuses others.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    scope: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a Resource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer_org: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss_onbehalfof: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<[Details<'a>; 1]>,
}

/// An entry of `authorization_details` (RFC 9396) that Altinn resolves.
#[derive(Serialize)]
#[serde(tag = "type")]
enum Details<'a> {
    #[serde(rename = "urn:altinn:systemuser")]
    SystemUser {
        systemuser_org: Iso6523,
        #[serde(rename = "externalRef", skip_serializing_if = "Option::is_none")]
        external_ref: Option<&'a str>,
    },
    #[serde(rename = "urn:altinn:consent")]
    Consent { id: &'a str, from: String },
}

impl<'a> Details<'a> {
    fn of(grant: &'a Grant) -> Option<Self> {
        let system_user = grant.system_user().map(|user| Self::SystemUser {
            systemuser_org: user.organisation().into(),
            external_ref: user.external_ref(),
        });
        system_user.or_else(|| {
            grant.consent().map(|consent| Self::Consent {
                id: consent.id(),
                from: consent.from(),
            })
        })
    }
}

#[derive(Serialize)]
struct Iso6523 {
    authority: &'static str,
    #[serde(rename = "ID")]
    id: String,
}

impl From<OrganisationNumber> for Iso6523 {
    fn from(organisation: OrganisationNumber) -> Self {
        Self {
            authority: "iso6523-actorid-upis",
            id: organisation.iso6523(),
        }
    }
}

/// The parts of an assertion that do not change from one attempt to the next.
pub(crate) struct Assertion<'a> {
    pub(crate) signer: &'a dyn Signer,
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) grant: &'a Grant,
}

impl Assertion<'_> {
    /// The bytes to sign: header and claims of an assertion made at `now` that is called `jti`.
    pub(crate) fn signing_input(
        &self,
        now: SystemTime,
        jti: &str,
    ) -> Result<String, serde_json::Error> {
        // A clock before 1970 gives an assertion that is refused as too old, not a panic.
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let iat = now.saturating_sub(BACKDATED);
        let header = Header {
            alg: self.signer.algorithm().as_str(),
            kid: self.signer.kid(),
            x5c: self.signer.x5c(),
        };
        let claims = Claims {
            aud: self.issuer,
            iss: self.client_id,
            scope: self.grant.scope(),
            iat: iat.as_secs(),
            exp: iat.as_secs().saturating_add(LIFETIME.as_secs()),
            jti,
            resource: self.grant.resource_as_sent(),
            pid: self.grant.pid().map(NationalIdentityNumber::as_str),
            consumer_org: self.grant.consumer_org().map(|org| org.to_string()),
            iss_onbehalfof: self.grant.iss_onbehalfof(),
            authorization_details: Details::of(self.grant).map(|details| [details]),
        };
        let mut input = BASE64URL.encode(serde_json::to_vec(&header)?);
        input.push('.');
        BASE64URL.encode_string(serde_json::to_vec(&claims)?, &mut input);
        Ok(input)
    }
}

/// `input` with its signature: a compact JWS (RFC 7515 section 7.1).
pub(crate) fn compact(mut input: String, signature: &[u8]) -> String {
    input.push('.');
    BASE64URL.encode_string(signature, &mut input);
    input
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Algorithm, BoxError, BoxFuture, Consent, SystemUser};

    /// A signer that is only asked who it is.
    struct Named {
        kid: Option<&'static str>,
        x5c: Vec<String>,
    }

    impl Signer for Named {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Rs256
        }

        fn kid(&self) -> Option<&str> {
            self.kid
        }

        fn x5c(&self) -> &[String] {
            &self.x5c
        }

        fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
            Box::pin(async { Ok(Vec::new()) })
        }
    }

    fn parts(grant: &Grant, now: SystemTime) -> (Value, Value) {
        let signer = Named {
            kid: Some("sampleclient-TEST"),
            x5c: Vec::new(),
        };
        parts_of(&signer, grant, now)
    }

    fn parts_of(signer: &Named, grant: &Grant, now: SystemTime) -> (Value, Value) {
        let assertion = Assertion {
            signer,
            issuer: "https://test.maskinporten.no/",
            client_id: "0f1e2d3c",
            grant,
        };
        let input = assertion.signing_input(now, "7a1c5a0e").unwrap();
        let (header, claims) = input.split_once('.').unwrap();
        let parse = |part| serde_json::from_slice(&BASE64URL.decode(part).unwrap()).unwrap();
        (parse(header), parse(claims))
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn case_2_has_exactly_the_documented_members() {
        let grant = Grant::new("b:two a:one").unwrap();
        let (header, claims) = parts(&grant, at(1_768_473_280));
        assert_eq!(header, json!({"alg": "RS256", "kid": "sampleclient-TEST"}));
        assert_eq!(
            claims,
            json!({
                "aud": "https://test.maskinporten.no/",
                "iss": "0f1e2d3c",
                "scope": "a:one b:two",
                "iat": 1_768_473_278,
                "exp": 1_768_473_388,
                "jti": "7a1c5a0e",
            })
        );
    }

    #[test]
    fn case_6_case_7_certificates_take_the_place_of_the_kid_unless_both_are_asked_for() {
        let grant = Grant::new("a:one").unwrap();
        let x5c = vec!["bGVhZg==".to_owned(), "aXNzdWVy".to_owned()];
        let mut signer = Named { kid: None, x5c };
        let (header, _) = parts_of(&signer, &grant, at(0));
        assert_eq!(
            header,
            json!({"alg": "RS256", "x5c": ["bGVhZg==", "aXNzdWVy"]})
        );
        signer.kid = Some("k");
        let (header, _) = parts_of(&signer, &grant, at(0));
        assert_eq!(
            header,
            json!({"alg": "RS256", "kid": "k", "x5c": ["bGVhZg==", "aXNzdWVy"]})
        );
    }

    #[test]
    fn case_8_optional_members_are_there_only_when_asked_for() {
        let customer: OrganisationNumber = "310702641".parse().unwrap();
        let grant = Grant::new("a:one")
            .unwrap()
            .for_resource("https://api.provider.example/v1")
            .unwrap()
            .with_consumer_org("0192:910753614".parse().unwrap())
            .with_system_user(
                SystemUser::new(customer)
                    .for_external_ref("branch-7")
                    .unwrap(),
            );
        let (_, claims) = parts(&grant, at(0));
        assert_eq!(
            claims["resource"],
            json!(["https://api.provider.example/v1"])
        );
        assert_eq!(claims["consumer_org"], json!("910753614"));
        assert_eq!(
            claims["authorization_details"],
            json!([{
                "type": "urn:altinn:systemuser",
                "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": "0192:310702641"},
                "externalRef": "branch-7",
            }])
        );
        let without_reference = Grant::new("a:one")
            .unwrap()
            .with_system_user(SystemUser::new(customer));
        let (_, claims) = parts(&without_reference, at(0));
        assert!(
            claims["authorization_details"][0]
                .get("externalRef")
                .is_none()
        );
    }

    #[test]
    fn case_8_the_rarer_members_are_as_documented() {
        let grant = Grant::new("a:one")
            .unwrap()
            .for_resource_as_string("r")
            .unwrap()
            .on_behalf_of("kommune1")
            .unwrap()
            .with_pid("25922947409".parse().unwrap())
            .with_consent(
                Consent::of_person(
                    "F70542A8-d97a-40a8-9ef7-221603ffd5e6",
                    "25922947409".parse().unwrap(),
                )
                .unwrap(),
            );
        let (_, claims) = parts(&grant, at(0));
        assert_eq!(claims["resource"], json!("r"));
        assert_eq!(claims["iss_onbehalfof"], json!("kommune1"));
        assert_eq!(claims["pid"], json!("25922947409"));
        assert_eq!(claims.get("consumer_org"), None);
        assert_eq!(
            claims["authorization_details"],
            json!([{
                "type": "urn:altinn:consent",
                "id": "f70542a8-d97a-40a8-9ef7-221603ffd5e6",
                "from": "urn:altinn:person:identifier-no:25922947409",
            }])
        );
    }

    #[test]
    fn case_3_the_life_of_an_assertion_does_not_depend_on_the_fraction_of_a_second() {
        let grant = Grant::new("a:one").unwrap();
        for millis in [0, 1, 499, 500, 999] {
            let now = at(1_768_473_280) + Duration::from_millis(millis);
            let (_, claims) = parts(&grant, now);
            let times = (&claims["iat"], &claims["exp"]);
            assert_eq!(times, (&json!(1_768_473_278), &json!(1_768_473_388)));
        }
    }

    #[test]
    fn a_clock_before_1970_does_not_panic() {
        let grant = Grant::new("a:one").unwrap();
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(10);
        let (_, claims) = parts(&grant, before);
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(0), &json!(110)));
    }
}
