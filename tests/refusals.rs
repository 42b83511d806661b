//! What the stub refuses, told in Maskinporten's words and with advice.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::time::Duration;

use maskinporten::{
    ClientKey, Environment, Error, Grant, HttpClient, KeyOptions, Maskinporten, SystemUser,
    TokenSource,
};
use maskinporten_stub::{Client, Fault, Route, Stub, SystemUser as Approved};
use tests::{environment, grant, maskinporten, maskinporten_for};
use tower_maskinporten::Tokens;

/// Asks, is refused, and checks that the refusal is complete.
async fn refusal(
    source: impl TokenSource,
    grant: &Grant,
) -> (String, Option<String>, String, Error) {
    let error = source.fetch(grant).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.trace_id().unwrap().len(), 32);
    let advice = refusal.advice().unwrap().to_owned();
    assert!(error.to_string().contains(&advice), "{error}");
    let code = refusal.code().map(str::to_owned);
    (refusal.error().to_owned(), code, advice, error.clone())
}

#[tokio::test]
async fn each_refusal_has_its_code_and_its_advice() {
    let stub = Stub::start().await.unwrap();
    let demo = stub.demo_client();
    let http = HttpClient::new().unwrap();
    let key = ClientKey::from_jwk(demo.private_jwk()).unwrap();
    let other = Client::generate("other", "310702641")
        .unwrap()
        .scopes("a:one");
    let other_key = other.private_jwk().unwrap().to_owned();
    let stranger = Client::generate("stranger", "310702641").unwrap();
    let limited = Client::generate("limited", "310702641")
        .unwrap()
        .scopes("a:one")
        .scopes_not_granted("b:closed")
        .scopes_not_for_maskinporten("c:login");
    let limited = {
        stub.register(limited.clone());
        limited
    };
    stub.register(other);
    let as_client = |id: &str, key: ClientKey, environment: Environment| {
        Maskinporten::new(environment, id, key, http.clone())
    };
    let named = |kid: &str| KeyOptions::new().kid(kid);
    let forged = named(maskinporten::Signer::kid(&key).unwrap())
        .read(&other_key)
        .unwrap();
    let unknown = named("no-such-kid").read(demo.private_jwk()).unwrap();
    // An issuer that lacks its slash.
    let slashless =
        Environment::custom(stub.base_url(), &format!("{}/token", stub.base_url())).unwrap();
    let customer = SystemUser::new("314277961".parse().unwrap());

    let table = [
        (
            as_client("nobody", key.clone(), environment(&stub)),
            grant(),
            "invalid_grant",
            Some("MP-100"),
            "client id",
        ),
        (
            as_client(demo.client_id(), unknown, environment(&stub)),
            grant(),
            "invalid_grant",
            None,
            "register the key",
        ),
        (
            as_client(demo.client_id(), forged, environment(&stub)),
            grant(),
            "invalid_grant",
            Some("MP-124"),
            "kid",
        ),
        (
            as_client(demo.client_id(), key.clone(), slashless),
            grant(),
            "invalid_grant",
            Some("MP-110"),
            "trailing slash",
        ),
        (
            as_client(demo.client_id(), key.clone(), environment(&stub)),
            Grant::new("x:unknown").unwrap(),
            "invalid_scope",
            Some("MP-200"),
            "add the scope",
        ),
        (
            as_client(demo.client_id(), key.clone(), environment(&stub)),
            grant().with_consumer_org(demo.org_number().parse().unwrap()),
            "invalid_request",
            None,
            "leave it out",
        ),
        (
            as_client(demo.client_id(), key.clone(), environment(&stub)),
            grant().with_consumer_org("910753614".parse().unwrap()),
            "forbidden",
            Some("MP-251"),
            "delegate",
        ),
        (
            as_client(demo.client_id(), key, environment(&stub)),
            grant().with_system_user(customer),
            "invalid_altinn_customer_configuration",
            Some("MP-303"),
            "externalRef",
        ),
    ];
    for (source, grant, error, code, advice) in table {
        let (was, was_code, was_advice, _) = refusal(source, &grant).await;
        assert_eq!((was.as_str(), was_code.as_deref()), (error, code));
        assert!(was_advice.contains(advice), "{was_advice}");
    }
    for (scope, status, code) in [("b:closed", 403, "MP-250"), ("c:login", 400, "MP-201")] {
        let source = maskinporten_for(&stub, &limited);
        let (_, was_code, _, error) = refusal(source, &Grant::new(scope).unwrap()).await;
        assert_eq!(was_code.as_deref(), Some(code));
        assert_eq!(error.status_code().unwrap().as_u16(), status);
        assert!(!error.is_transient());
    }
    let (_, code, ..) = refusal(maskinporten_for(&stub, &stranger), &grant()).await;
    assert_eq!(code.as_deref(), Some("MP-100"));
}

#[tokio::test]
async fn e4_e5_the_difference_of_the_clocks_is_learnt_once() {
    let stub = Stub::start().await.unwrap();
    for seconds in [-250, -60, 150, 250] {
        stub.set_clock_offset(seconds);
        stub.clear_requests();
        let source = maskinporten(&stub);
        source.fetch(&grant()).await.unwrap();
        assert_eq!(stub.token_requests(), 2, "{seconds}");
        // From then on it is right at once.
        source.fetch(&grant()).await.unwrap();
        assert_eq!(stub.token_requests(), 3, "{seconds}");
    }
}

#[tokio::test]
async fn clocks_that_differ_too_much_are_told_so() {
    let stub = Stub::start().await.unwrap();
    for (seconds, advice) in [(-600, "ahead"), (600, "check the clock")] {
        stub.set_clock_offset(seconds);
        let error = maskinporten(&stub).fetch(&grant()).await.unwrap_err();
        let said = error.refusal().unwrap().advice().unwrap();
        assert!(said.contains(advice), "{said}");
    }
    // What our backdating is for: up to twelve seconds ahead, and well over a minute behind.
    for seconds in [-11, 90] {
        stub.set_clock_offset(seconds);
        maskinporten(&stub).fetch(&grant()).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_asked_for_is_what_is_granted() {
    let stub = Stub::start().await.unwrap();
    let demo = stub.demo_client();
    stub.register_system_user(
        Approved::of("314277961")
            .client_id(demo.client_id())
            .external_ref("branch-7"),
    );
    stub.register_delegation(
        "910753614",
        demo.org_number(),
        "altinn:correspondence.write",
    );
    let source = maskinporten(&stub);
    let customer = SystemUser::new("314277961".parse().unwrap())
        .for_external_ref("branch-7")
        .unwrap();
    let delegated = Grant::new("altinn:correspondence.write")
        .unwrap()
        .with_consumer_org("910753614".parse().unwrap());
    for grant in [
        grant().for_resource("https://api.example/").unwrap(),
        grant().with_system_user(customer),
        delegated,
    ] {
        let token = source.fetch(&grant).await.unwrap();
        assert_eq!(token.scope(), Some(grant.scope()));
        assert!(token.lifetime() >= Duration::from_secs(119));
    }
}

#[tokio::test]
async fn b6_a_misconfigured_client_asks_once_and_tells_everybody() {
    let stub = Stub::start().await.unwrap();
    let tokens = Tokens::new(maskinporten(&stub), Grant::new("x:unknown").unwrap());
    for _ in 0..100 {
        let error = tokens.authorization(&tokens.grant()).await.unwrap_err();
        let refusal = error.last_error().unwrap().refusal().unwrap();
        assert_eq!(refusal.code(), Some("MP-200"));
    }
    assert_eq!(stub.token_requests(), 1);
}

#[tokio::test]
async fn case_55_a_503_can_be_tried_again() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::status(503).times(2));
    let source = maskinporten(&stub).with_attempts(3);
    source.fetch(&grant()).await.unwrap();
    assert_eq!(stub.token_requests(), 3);
}
