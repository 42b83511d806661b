//! Group K: where secrets could get to. What is told in logs, metrics, errors and panics is in `tests/canary`, and what
//! stays in memory in `tests/memory`.

use std::collections::HashSet;

use http::{Request, StatusCode, header};
use http_body_util::Full;
use maskinporten::{
    AltinnExchange, AltinnPlatform, ClientKey, Environment, HttpClient, Maskinporten, Retry,
    TokenSource,
};
use maskinporten_stub::{Body, Fault, Route, Stub, Unauthorized};
use serde_json::Value;
use tests::{environment, grant, layer, maskinporten, send, wiretap::Wiretap};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};
use tower_maskinporten::Tokens;

/// The demo client's source of Altinn tokens, through a client that is listened to.
fn listened_to(stub: &Stub, http: &Wiretap) -> impl TokenSource + 'static + use<> {
    let demo = stub.demo_client();
    let key = ClientKey::from_jwk(demo.private_jwk()).unwrap();
    let maskinporten = Maskinporten::new(environment(stub), demo.client_id(), key, http.clone());
    let platform = AltinnPlatform::custom(stub.base_url()).unwrap();
    AltinnExchange::new(Retry::new(maskinporten), &platform, http.clone())
}

fn an_attachment(stub: &Stub) -> String {
    let id = "0198c9f0-1111-7000-8000-000000000001";
    format!(
        "{}/correspondence/api/v1/attachment/{id}?role=Sender",
        stub.base_url()
    )
}

#[tokio::test]
async fn k2_a_request_that_is_printed_shows_no_token() {
    let stub = Stub::start().await.unwrap();
    let http = Wiretap::new();
    let tokens = Tokens::new(listened_to(&stub, &http), grant());
    let overriding = layer(&stub, &tokens).overriding();
    let invalid = Fault::unauthorized(Unauthorized::InvalidToken);
    stub.inject(Route::Correspondence, invalid.times(1));
    let mut request = Request::get(an_attachment(&stub));
    let headers = request.headers_mut().unwrap();
    headers.insert(
        header::AUTHORIZATION,
        "Bearer of-somebody-else".parse().unwrap(),
    );
    let request = request.body(Full::default()).unwrap();
    overriding
        .layer(http.clone())
        .oneshot(request)
        .await
        .unwrap();

    let heard = http.heard();
    let with_token = heard
        .iter()
        .filter(|heard| heard.headers.contains_key(header::AUTHORIZATION));
    // The exchange, the request, the exchange again, and the request once more.
    assert_eq!(with_token.clone().count(), 4);
    for heard in with_token {
        let headers = &heard.headers;
        assert!(headers[header::AUTHORIZATION].is_sensitive());
        // As people print it, and as HTTP/2 would compress it.
        let printed = format!("{headers:?} {headers:#?}");
        assert!(
            printed.contains("Sensitive") && !printed.contains("eyJ"),
            "{printed}"
        );
    }
    let own = tokens.authorization(&grant()).await.unwrap();
    assert!(own.is_sensitive() && format!("{own:?}") == "Sensitive");
}

/// All that an error says, to people and to developers, and all its causes.
fn said(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain
        .map(|error| format!("{error} {error:?} {error:#?}\n"))
        .collect()
}

#[tokio::test]
async fn k3_an_error_of_the_connection_has_neither_path_nor_body() {
    let stub = Stub::start().await.unwrap();
    let elsewhere = format!("{}/canary-location?canary=query", stub.base_url());
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let unreachable = {
        let demo = stub.demo_client();
        let base = format!("http://{address}/");
        let environment = Environment::custom(&base, &format!("{base}canary-path?canary")).unwrap();
        let key = ClientKey::from_jwk(demo.private_jwk()).unwrap();
        let http = HttpClient::new().unwrap();
        Maskinporten::new(environment, "canary-client", key, http)
    };
    let error = unreachable.fetch(&grant()).await.unwrap_err();
    assert!(!said(&error).contains("canary"), "{}", said(&error));

    for fault in [
        Fault::reset(),
        Fault::half_answer(),
        Fault::endless_body(),
        Fault::redirect(elsewhere),
        Fault::status(503),
        Fault::status(400).with_body(Body::OauthError),
        Fault::too_many_requests(1),
        Fault::merge_patch([("access_token", Value::from("canary canary"))]),
        Fault::merge_patch([("token_type", Value::from("canary"))]),
        Fault::merge_patch([("expires_in", Value::from("canary"))]),
    ] {
        stub.inject(Route::Token, fault);
        let error = maskinporten(&stub).fetch(&grant()).await.unwrap_err();
        let said = said(&error);
        for secret in ["canary", "/token", "assertion=", "eyJ", "<html"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
        stub.heal();
    }
}

#[tokio::test]
async fn k9_a_token_is_in_one_header_and_nowhere_else() {
    let stub = Stub::start().await.unwrap();
    let http = Wiretap::new();
    let tokens = Tokens::new(listened_to(&stub, &http), grant());
    let client = layer(&stub, &tokens).layer(http.clone());
    let url = an_attachment(&stub);
    let (status, _) = send(client, http::Method::GET, &url, "").await.unwrap();
    assert_eq!(status, StatusCode::NOT_FOUND);

    let heard = http.heard();
    let [token, exchange, api] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert_eq!(token.uri, *environment(&stub).token_endpoint());
    assert!(exchange.uri.query().is_none() && exchange.sent.is_empty() && api.sent.is_empty());
    assert_eq!(api.uri.to_string(), url);
    assert!(!token.headers.contains_key(header::AUTHORIZATION));
    let secrets: HashSet<_> = heard.iter().flat_map(|heard| heard.secrets()).collect();
    let tokens: HashSet<_> = secrets.iter().map(|(_, secret)| secret).collect();
    assert_eq!(tokens.len(), 3, "an assertion and two tokens");
    for heard in &heard {
        assert!(
            !heard.headers.contains_key(header::REFERER)
                && !heard.headers.contains_key(header::COOKIE)
        );
        for secret in &tokens {
            let signature = secret.rsplit('.').next().unwrap();
            assert!(!heard.uri.to_string().contains(signature));
            let others = heard
                .headers
                .iter()
                .filter(|(name, _)| *name != header::AUTHORIZATION);
            assert!({ others }.all(|(_, value)| !value.to_str().unwrap().contains(signature)));
        }
    }
}
