//! The keys of clients over the self-service API.

use std::time::Duration;

use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};

use crate::{
    assertion::{Signer, now},
    http::{Answer, post_assertion},
    refusals::assert_refused,
    self_service_clients::{OWNER, WRITE, order},
    user::User,
};

const SCOPE: &str = "a:one";

/// A client that a test has registered, with its key.
fn client(stub: &Stub) -> Signer {
    let client = Client::generate("rotating", OWNER).unwrap().scopes(SCOPE);
    let signer = Signer::of(&client);
    stub.register(client);
    signer
}

fn another_key() -> Signer {
    Signer::of(&Client::generate("rotating", OWNER).unwrap())
}

fn jwk(signer: &Signer, kid: &str) -> Value {
    serde_json::from_str(&signer.public_jwk(kid)).unwrap()
}

/// Asks for a token when the stub's clock has been advanced by so much.
async fn ask(stub: &Stub, signer: &Signer, advanced: Duration) -> Answer {
    let iat = now() + i64::try_from(advanced.as_secs()).unwrap();
    let grant = signer.grant(stub, SCOPE).claim("iat", iat);
    post_assertion(stub, &grant.claim("exp", iat + 60).sign()).await
}

#[tokio::test]
async fn a_set_is_replaced_as_a_whole() {
    let stub = Stub::start().await.unwrap();
    let key = client(&stub);
    let admin = User::new(&stub, OWNER, WRITE, "/clients/rotating/jwks").await;
    let before = admin.get("").await.json();
    assert_eq!(before["keys"][0]["kid"], key.kid());
    let mut posted = jwk(&key, "a.b-c_1");
    posted["alg"] = json!("RS512");
    posted["x5c"] = json!(["MIIC"]);
    // What altinn-jwks writes, and what the API itself adds.
    let mut sent = posted.clone();
    for (member, value) in [
        ("oth", json!([])),
        ("key_ops", json!([])),
        ("exp", json!(1)),
    ] {
        sent[member] = value;
    }
    let answer = admin.put("", &json!({"keys": [sent]})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut kept = answer.json()["keys"].clone();
    let year = 365 * 24 * 3600;
    let exp = kept[0]["exp"].as_i64().unwrap() - now() - year;
    assert!((-5..=5).contains(&exp), "{exp}");
    kept[0].as_object_mut().unwrap().remove("exp");
    assert_eq!(kept, json!([posted]));
    assert_eq!(admin.get("").await.json(), answer.json());
    let refused = (400, "invalid_grant", None, "Unknown key identifier");
    let answer = ask(&stub, &key, Duration::ZERO).await;
    assert_refused(&stub, &answer, refused, "the name it had before");
    assert_eq!(admin.delete("").await.status, 204);
    assert_eq!(admin.get("").await.json()["keys"], json!([]));
}

#[tokio::test]
async fn a_set_that_breaks_a_rule_changes_nothing() {
    let stub = Stub::start().await.unwrap();
    let key = client(&stub);
    let admin = User::new(&stub, OWNER, WRITE, "/clients/rotating/jwks").await;
    let good = jwk(&key, "good");
    let but = |member: &str, value: Value| {
        let mut jwk = good.clone();
        match value {
            Value::Null => drop(jwk.as_object_mut().unwrap().remove(member)),
            value => jwk[member] = value,
        }
        json!({"keys": [jwk]})
    };
    let many: Vec<Value> = (0..6)
        .map(|number| jwk(&key, &number.to_string()))
        .collect();
    for (case, body) in [
        ("none", json!({"keys": []})),
        ("six", json!({"keys": many})),
        ("twice the same kid", json!({"keys": [good, good]})),
        ("no wrapper", json!([good])),
        ("no use", but("use", Value::Null)),
        ("for encryption", but("use", json!("enc"))),
        ("no alg", but("alg", Value::Null)),
        ("another alg", but("alg", json!("ES256"))),
        ("no kid", but("kid", Value::Null)),
        ("spaces in kid", but("kid", json!("a b"))),
        ("another type", but("kty", json!("EC"))),
        ("padded", but("n", json!("AQAB="))),
        ("private", but("d", json!("AQAB"))),
        ("half private", but("p", json!("AQAB"))),
        ("no key", json!({"keys": [1]})),
    ] {
        let answer = admin.post("", &body).await;
        assert_eq!(answer.status, 400, "{case}: {}", answer.text());
        assert!(answer.json()["detail"].is_string(), "{case}");
    }
    assert_eq!(ask(&stub, &key, Duration::ZERO).await.status, 200);
    let five = json!({"keys": many[..5]});
    assert_eq!(admin.post("", &five).await.status, 200);
}

#[tokio::test]
async fn posting_a_key_again_starts_its_year_again() {
    let stub = Stub::start().await.unwrap();
    let key = client(&stub);
    let mut admin = User::new(&stub, OWNER, WRITE, "/clients/rotating/jwks").await;
    let hours = Duration::from_hours;
    let posted = hours(364 * 24);
    stub.advance_clock(posted);
    admin.refresh(posted).await;
    let keys = json!({"keys": [jwk(&key, key.kid())]});
    assert_eq!(admin.post("", &keys).await.status, 200);
    // Another change of the client does not.
    stub.advance_clock(hours(12));
    let changed = posted + hours(12);
    admin.refresh(changed).await;
    let answer = admin.at("/clients/rotating").put("", &order()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    stub.advance_clock(hours(365 * 24 - 13));
    let nearly = posted + hours(365 * 24 - 1);
    assert_eq!(ask(&stub, &key, nearly).await.status, 200);
    stub.advance_clock(hours(1));
    let expired = (400, "invalid_grant", Some("MP-121"), "Expired key.");
    let answer = ask(&stub, &key, nearly + hours(1)).await;
    assert_refused(&stub, &answer, expired, "a year after it was posted again");
}

#[tokio::test]
async fn a_key_is_rotated_without_a_gap() {
    let stub = Stub::start().await.unwrap();
    let old = client(&stub);
    let new = another_key();
    let mut admin = User::new(
        &stub,
        OWNER,
        WRITE,
        "/external/api/v1/clients/rotating/jwks",
    )
    .await;
    stub.set_key_propagation(Duration::from_secs(120));

    // What is there, as it is to be posted again, and the new key beside it.
    let mut keys = admin.get("").await.json()["keys"].clone();
    keys[0].as_object_mut().unwrap().remove("exp");
    assert_eq!(keys, json!([jwk(&old, old.kid())]));
    let both = json!({"keys": [keys[0], jwk(&new, new.kid())]});
    let answer = admin.post("", &both).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    // The old one goes on working until the new one does.
    let mut advanced = Duration::ZERO;
    let mut refused = 0;
    loop {
        assert_eq!(ask(&stub, &old, advanced).await.status, 200);
        let answer = ask(&stub, &new, advanced).await;
        if answer.status == 200 {
            break;
        }
        let unknown = (400, "invalid_grant", None, "Unknown key identifier (kid)");
        assert_refused(&stub, &answer, unknown, "not yet");
        refused += 1;
        stub.advance_clock(Duration::from_secs(15));
        advanced += Duration::from_secs(15);
    }
    assert!((8..=9).contains(&refused), "{refused}");

    // Then the old one goes, and the new one is not new any more.
    admin.refresh(advanced).await;
    let only = json!({"keys": [jwk(&new, new.kid())]});
    assert_eq!(admin.post("", &only).await.status, 200);
    assert_eq!(ask(&stub, &new, advanced).await.status, 200);
    let gone = (400, "invalid_grant", None, "Unknown key identifier (kid)");
    assert_refused(
        &stub,
        &ask(&stub, &old, advanced).await,
        gone,
        "the old one",
    );
}

#[tokio::test]
async fn tokens_live_as_long_as_their_client_is_registered_for() {
    let stub = Stub::start().await.unwrap();
    let admin = User::new(&stub, OWNER, WRITE, "/clients").await;
    let mut order = order();
    order["access_token_lifetime"] = json!(300);
    let made = admin.post("", &order).await.json();
    let id = made["client_id"].as_str().unwrap();
    let key = another_key().for_client(id);
    let keys = json!({"keys": [jwk(&key, key.kid())]});
    assert_eq!(admin.put(&format!("/{id}/jwks"), &keys).await.status, 200);
    let answer = ask(&stub, &key, Duration::ZERO).await;
    assert_eq!(answer.json()["expires_in"], 299, "{}", answer.text());
}
