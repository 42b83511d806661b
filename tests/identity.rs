//! Whatever differs in what is asked for, by whom or where, gives another token; what does not, gives the same. The
//! tokens here are digests of what was asked, so that a member that is forgotten on the way is noticed too.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{convert::Infallible, sync::LazyLock, time::SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use maskinporten::{
    AltinnExchange, AltinnPlatform, ClientKey, Consent, Environment, Grant, Maskinporten,
    OrganisationNumber, SystemUser, TokenSource,
};
use maskinporten_stub::Client;
use proptest::{collection::btree_set, option, prelude::*, sample::Index};
use serde_json::{Value, json};
use tower_maskinporten::Tokens;

/// What there is to choose from. Some values hold what separates them elsewhere.
const SCOPES: [&str; 4] = ["a:one", "a:one.two", "b:two", "b:two,a:one"];
const RESOURCES: [&str; 3] = ["https://one.example", "https://two.example", "a:one"];
const ORGANISATIONS: [&str; 3] = ["310702641", "314277961", "910753614"];
const PERSONS: [&str; 2] = ["25922947409", "25922940188"];
const REFERENCES: [&str; 3] = ["310702641", "branch-7", "branch"];
const CONSENTS: [&str; 2] = [
    "f70542a8-d97a-40a8-9ef7-221603ffd5e6",
    "f70542a8-d97a-40a8-9ef7-221603ffd5e7",
];
static KEYS: LazyLock<[ClientKey; 2]> = LazyLock::new(|| {
    [(); 2].map(|()| {
        let client = Client::generate("c", ORGANISATIONS[0]).unwrap();
        ClientKey::from_jwk(client.private_jwk().unwrap()).unwrap()
    })
});

#[derive(Clone, Debug, PartialEq)]
enum ActingFor {
    ConsumerOrg(usize),
    OnBehalfOf(usize),
}

#[derive(Clone, Debug, PartialEq)]
enum Details {
    SystemUser(usize, Option<usize>),
    ConsentOfPerson(usize, usize),
    ConsentOfOrganisation(usize, usize),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
struct Wish {
    scopes: Vec<usize>,
    resource: Option<(usize, bool)>,
    acting_for: Option<ActingFor>,
    pid: Option<usize>,
    details: Option<Details>,
    raw: bool,
}

/// Who asks, and where.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    environment: usize,
    client: usize,
    key: usize,
    platform: usize,
    test_org: bool,
}

fn wishes() -> impl Strategy<Value = Wish> {
    let acting_for = prop_oneof![
        (0..ORGANISATIONS.len()).prop_map(ActingFor::ConsumerOrg),
        (0..ORGANISATIONS.len()).prop_map(ActingFor::OnBehalfOf),
    ];
    let details = prop_oneof![
        (0..ORGANISATIONS.len(), option::of(0..REFERENCES.len()))
            .prop_map(|(user, reference)| Details::SystemUser(user, reference)),
        (0..CONSENTS.len(), 0..PERSONS.len())
            .prop_map(|(id, from)| Details::ConsentOfPerson(id, from)),
        (0..CONSENTS.len(), 0..ORGANISATIONS.len())
            .prop_map(|(id, from)| Details::ConsentOfOrganisation(id, from)),
    ];
    (
        btree_set(0..SCOPES.len(), 1..=SCOPES.len()),
        option::of((0..RESOURCES.len(), any::<bool>())),
        option::of(acting_for),
        option::of(0..PERSONS.len()),
        option::of(details),
        any::<bool>(),
    )
        .prop_map(|(scopes, resource, acting_for, pid, details, raw)| Wish {
            scopes: scopes.into_iter().collect(),
            resource,
            acting_for,
            pid,
            details,
            raw,
        })
}

fn places() -> impl Strategy<Value = Place> {
    (0..2usize, 0..2usize, 0..2usize, 0..2usize, any::<bool>()).prop_map(
        |(environment, client, key, platform, test_org)| Place {
            environment,
            client,
            key,
            platform,
            test_org,
        },
    )
}

impl Wish {
    /// The same, with one field taken from another.
    fn with_one_of(&self, other: &Self, field: Index) -> Self {
        let mut wish = self.clone();
        match field.index(6) {
            0 => wish.scopes.clone_from(&other.scopes),
            1 => wish.resource = other.resource,
            2 => wish.acting_for.clone_from(&other.acting_for),
            3 => wish.pid = other.pid,
            4 => wish.details.clone_from(&other.details),
            _ => wish.raw = other.raw,
        }
        wish
    }

    fn grant(&self) -> Grant {
        let scopes = self.scopes.iter().map(|scope| SCOPES[*scope]);
        let mut grant = Grant::from_scopes(scopes).unwrap();
        if let Some((resource, as_string)) = self.resource {
            let resource = RESOURCES[resource];
            grant = if as_string {
                grant.for_resource_as_string(resource).unwrap()
            } else {
                grant.for_resource(resource).unwrap()
            };
        }
        grant = match self.acting_for {
            None => grant,
            Some(ActingFor::ConsumerOrg(org)) => grant.with_consumer_org(organisation(org)),
            Some(ActingFor::OnBehalfOf(id)) => grant.on_behalf_of(ORGANISATIONS[id]).unwrap(),
        };
        if let Some(pid) = self.pid {
            grant = grant.with_pid(PERSONS[pid].parse().unwrap());
        }
        grant = match self.details {
            None => grant,
            Some(Details::SystemUser(org, reference)) => {
                let user = SystemUser::new(organisation(org));
                grant.with_system_user(match reference {
                    None => user,
                    Some(reference) => user.for_external_ref(REFERENCES[reference]).unwrap(),
                })
            }
            Some(Details::ConsentOfPerson(id, from)) => {
                let from = PERSONS[from].parse().unwrap();
                grant.with_consent(Consent::of_person(CONSENTS[id], from).unwrap())
            }
            Some(Details::ConsentOfOrganisation(id, from)) => {
                let consent = Consent::of_organisation(CONSENTS[id], organisation(from));
                grant.with_consent(consent.unwrap())
            }
        };
        if self.raw { grant.raw() } else { grant }
    }
}

fn organisation(index: usize) -> OrganisationNumber {
    ORGANISATIONS[index].parse().unwrap()
}

impl Place {
    fn with_one_of(&self, other: &Self, field: Index) -> Self {
        let mut place = self.clone();
        match field.index(5) {
            0 => place.environment = other.environment,
            1 => place.client = other.client,
            2 => place.key = other.key,
            3 => place.platform = other.platform,
            _ => place.test_org = other.test_org,
        }
        place
    }

    fn source(&self) -> impl TokenSource + use<> {
        let environment = [Environment::test, Environment::production][self.environment]();
        let client = ["client-1", "client-2"][self.client];
        let key = KEYS[self.key].clone();
        let http =
            tower::service_fn(|request| async { Ok::<_, Infallible>(answer(request).await) });
        let maskinporten = Maskinporten::new(environment, client, key, http);
        let platform = [AltinnPlatform::tt02, AltinnPlatform::production][self.platform]();
        let altinn = AltinnExchange::new(maskinporten, &platform, http);
        if self.test_org {
            altinn.as_test_org()
        } else {
            altinn
        }
    }
}

/// A token that is a digest of what was asked, but for what differs from one assertion to the next.
async fn answer(request: Request<Full<Bytes>>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let form = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let mut asked = vec![json!(head.uri.to_string())];
    if let Some((_, assertion)) = form.split_once("assertion=") {
        for part in assertion.split('.').take(2) {
            let mut part: Value = serde_json::from_slice(&BASE64URL.decode(part).unwrap()).unwrap();
            let members = part.as_object_mut().unwrap();
            members.retain(|name, _| !["iat", "exp", "jti"].contains(&name.as_str()));
            asked.push(part);
        }
    } else {
        let token = &head.headers[header::AUTHORIZATION];
        asked.push(json!(token.to_str().unwrap()));
    }
    let digest = digest(&SHA256, json!(asked).to_string().as_bytes());
    let name = BASE64URL.encode(digest);
    if head.method == http::Method::GET {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        let claims = json!({"exp": now.as_secs() + 1800, "name": name}).to_string();
        return Response::new(format!("e30.{}.c2ln", BASE64URL.encode(claims)).into());
    }
    let token = json!({"access_token": name, "token_type": "Bearer", "expires_in": 119});
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(token.to_string().into())
        .unwrap()
}

/// The tokens that two requests get, one after the other, from the same `Tokens`.
fn tokens(first: (&Place, &Grant), second: (&Place, &Grant)) -> [String; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let tokens = Tokens::new(first.0.source(), first.1.clone());
        let one = tokens.authorization(first.1).await.unwrap();
        if first.0 != second.0 {
            tokens
                .replace(second.0.source(), second.1.clone())
                .await
                .unwrap();
        }
        let other = tokens.authorization(second.1).await.unwrap();
        [one, other].map(|header| name(header.to_str().unwrap()))
    })
}

/// The digest in a token, without the times of an Altinn token.
fn name(header: &str) -> String {
    let Some(payload) = header.split('.').nth(1) else {
        return header.to_owned();
    };
    let claims: Value = serde_json::from_slice(&BASE64URL.decode(payload).unwrap()).unwrap();
    claims["name"].to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn case_23_one_field_of_the_grant_changed_alone_gives_another_token(
        wish in wishes(), other in wishes(), field: Index, place in places(),
    ) {
        let changed = wish.with_one_of(&other, field);
        let [one, another] = tokens((&place, &wish.grant()), (&place, &changed.grant()));
        prop_assert_eq!(wish == changed, one == another, "{:?}\n{:?}", wish, changed);
    }

    #[test]
    fn case_23_environment_client_key_and_exchange_changed_alone_give_another_token(
        mut wish in wishes(), place in places(), other in places(), field: Index,
    ) {
        let changed = place.with_one_of(&other, field);
        // Where it would be exchanged makes no difference to a token that is not.
        wish.raw &= (place.platform, place.test_org) == (changed.platform, changed.test_org);
        let [one, another] = tokens((&place, &wish.grant()), (&changed, &wish.grant()));
        prop_assert_eq!(place == changed, one == another, "{:?}\n{:?}", place, changed);
    }

    #[test]
    fn case_18_scopes_in_another_order_give_the_same_token(
        wish in wishes(), place in places(), turn: Index,
    ) {
        let mut turned = wish.clone();
        turned.scopes.rotate_left(turn.index(wish.scopes.len()));
        turned.scopes.push(turned.scopes[0]);
        let [one, same] = tokens((&place, &wish.grant()), (&place, &turned.grant()));
        prop_assert_eq!(one, same);
    }
}
