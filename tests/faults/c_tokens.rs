//! C. Answers that hold no token, or none that could be sent.

use std::sync::{Arc, Mutex};

use maskinporten::{AltinnExchange, AltinnPlatform, Error, HttpClient, TokenSource};
use proptest::{
    prelude::{Just, ProptestConfig, any, prop_oneof, proptest},
    string::string_regex,
};
use serde_json::json;
use tests::{
    grant,
    raw::{Reply, Server},
};
use tokio::runtime::Builder;

use crate::c_answers::bad_response;

const JSON: &str = "Content-Type: application/json\r\n";
const GOOD: &str = r#"{"access_token":"new","token_type":"Bearer","expires_in":120}"#;

#[tokio::test]
async fn c7_an_answer_without_a_token_is_an_error() {
    for body in [
        json!({"token_type": "Bearer", "expires_in": 120}),
        json!({"access_token": "", "token_type": "Bearer", "expires_in": 120}),
        json!({"access_token": null, "token_type": "Bearer", "expires_in": 120}),
        json!({"access_token": 5, "token_type": "Bearer", "expires_in": 120}),
        json!({"access_token": ["new"], "token_type": "Bearer", "expires_in": 120}),
        json!({"access_token": {"access_token": "new"}, "expires_in": 120}),
        json!({"Access_Token": "new", "expires_in": 120}),
        json!([{"access_token": "new", "expires_in": 120}]),
        json!({}),
        json!(null),
        json!("new"),
        json!(5),
    ] {
        bad_response(Reply::json(body.to_string())).await;
    }
    bad_response(Reply::json("")).await;
}

#[tokio::test]
async fn c8_a_token_that_is_no_header_value_is_refused() {
    let long = "x".repeat(1 << 20);
    let longer_than_ours = "x".repeat((16 << 10) + 1);
    for token in [
        "new\r\nX-Evil: 1",
        "new\nX-Evil: 1",
        "new\0",
        "new token",
        " new",
        "new ",
        "new\t",
        "nøw",
        "\u{feff}new",
        "new,other",
        "\"new\"",
        "=",
        &longer_than_ours,
        &long,
    ] {
        let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 120});
        let error = bad_response(Reply::json(body.to_string())).await;
        assert!(!error.contains("Evil"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn c8_whatever_a_token_is_nothing_else_gets_into_the_header(
        tokens in proptest::collection::vec(prop_oneof![
            any::<String>(),
            string_regex("[A-Za-z0-9._~+/-]{1,100}={0,3}").unwrap(),
            string_regex("[ -~\r\n\t\0]{1,20}").unwrap(),
            Just("a".repeat(16 << 10)),
        ], 64),
    ) {
        let mut runtime = Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(async {
            let reply = Arc::new(Mutex::new(Reply::token("")));
            let now = Arc::clone(&reply);
            let server = Server::start(move |_| now.lock().unwrap().clone()).await;
            let source = server.source();
            for token in tokens {
                let body = json!({"access_token": token, "expires_in": 120});
                *reply.lock().unwrap() = Reply::json(body.to_string());
                let outcome = source.fetch(&grant()).await;
                let may = !token.trim_end_matches('=').is_empty() && token
                    .trim_end_matches('=')
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
                assert_eq!(outcome.is_ok(), may, "{token:?}");
                if let Ok(fetched) = outcome {
                    assert_eq!(*fetched.authorization(), format!("Bearer {token}"));
                }
            }
        });
    }
}

#[tokio::test]
async fn c9_a_token_of_another_type_is_refused() {
    let with = |kind| json!({"access_token": "new", "token_type": kind, "expires_in": 120});
    for kind in [
        json!("mac"),
        json!("DPoP"),
        json!(""),
        json!("Bearer "),
        json!(["Bearer"]),
        json!(5),
    ] {
        bad_response(Reply::json(with(kind).to_string())).await;
    }
    for kind in [json!("bearer"), json!("BEARER"), json!(null)] {
        let server = Server::always(Reply::json(with(kind).to_string())).await;
        server.source().fetch(&grant()).await.unwrap();
    }
}

#[tokio::test]
async fn c13_only_json_is_read_as_json() {
    let types = [
        "Content-Type: text/html\r\n",
        "Content-Type: text/plain\r\n",
        "Content-Type: text/json\r\n",
        "Content-Type: application/jwt\r\n",
        "Content-Type: application/jsonp\r\n",
        "Content-Type: application/problem+json\r\n",
        "Content-Type: json\r\n",
        "Content-Type: \r\n",
        "",
    ];
    for kind in types {
        let error = bad_response(Reply::with(200, kind, GOOD)).await;
        assert!(error.contains("content type"), "{kind}: {error}");
    }
    for kind in [
        "application/json;charset=UTF-8",
        "Application/JSON ; charset=utf-8",
    ] {
        let headers = format!("Content-Type: {kind}\r\n");
        let server = Server::always(Reply::with(200, &headers, GOOD)).await;
        server.source().fetch(&grant()).await.unwrap();
    }
}

/// What becomes of a Maskinporten token that is exchanged for this.
async fn exchanged_for(kind: &'static str, body: String) -> Result<(), Error> {
    let server = Server::start(move |n| match n {
        1 => Reply::token("maskinporten"),
        _ => Reply::with(200, kind, &body),
    })
    .await;
    let platform = AltinnPlatform::custom(&server.url()).unwrap();
    let http = HttpClient::new().unwrap();
    let source = AltinnExchange::new(server.source(), &platform, http);
    source.fetch(&grant()).await.map(drop)
}

#[tokio::test]
async fn c13_an_altinn_token_is_text_or_a_json_string_and_nothing_else() {
    // {"iat":1768473285,"exp":1768475085}
    const JWT: &str = "e30.eyJpYXQiOjE3Njg0NzMyODUsImV4cCI6MTc2ODQ3NTA4NX0.c2ln";
    const TEXT: &str = "Content-Type: text/plain\r\n";
    for (kind, body) in [(TEXT, JWT.to_owned()), (JSON, format!("\"{JWT}\""))] {
        exchanged_for(kind, body).await.unwrap();
    }
    for (kind, body) in [
        ("Content-Type: text/html\r\n", format!("<html>{JWT}</html>")),
        (JSON, format!(r#"{{"access_token":"{JWT}"}}"#)),
        (JSON, format!("[\"{JWT}\"]")),
        (TEXT, format!("{JWT}\r\nX-Evil: 1")),
        (TEXT, format!("{JWT} {JWT}")),
        (TEXT, format!("Bearer {JWT}")),
        (TEXT, "a.b.c".to_owned()),
        (TEXT, String::new()),
        (
            "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n",
            JWT.to_owned(),
        ),
    ] {
        let error = exchanged_for(kind, body).await.unwrap_err();
        assert_eq!(error.class(), "bad_response");
        assert!(error.is_transient());
    }
}
