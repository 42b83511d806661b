//! From settings to a token.

use std::{
    convert::Infallible,
    error::Error as _,
    sync::{Arc, Mutex},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use maskinporten::{Settings, TokenSource};
use serde_json::json;

use crate::support::{changed, nais};

/// Maskinporten and Altinn, as far as settings are concerned.
fn answer(path: &str) -> Response<Full<Bytes>> {
    let body = match path {
        "/.well-known/oauth-authorization-server" => {
            json!({"issuer": "https://sky.example", "token_endpoint": "https://sky.example/t"})
                .to_string()
        }
        "/authentication/api/v1/exchange/maskinporten" => {
            format!("e30.{}.c2ln", BASE64URL.encode(r#"{"iat":0,"exp":1800}"#))
        }
        _ => json!({"access_token": "mp", "token_type": "Bearer", "expires_in": 119}).to_string(),
    };
    let mut response = Response::new(Full::from(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Gets a token, and says what was asked for it: `GET https://…`, and the header of an enterprise user.
async fn ask(settings: &Settings) -> Vec<(String, Option<String>)> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let http = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let user = request
            .headers()
            .get("x-altinn-enterpriseuser-authentication")
            .map(|user| user.to_str().unwrap().to_owned());
        let line = format!("{} {}", request.method(), request.uri());
        noted.lock().unwrap().push((line, user));
        std::future::ready(Ok::<_, Infallible>(answer(request.uri().path())))
    });
    let source = settings.connect_over(http).await.unwrap();
    source.fetch(settings.grant()).await.unwrap();
    std::mem::take(&mut asked.lock().unwrap())
}

#[tokio::test]
async fn connects_to_what_is_asked_for() {
    const TOKEN: &str = "POST https://test.maskinporten.no/token";
    const EXCHANGE: &str =
        "GET https://platform.tt02.altinn.no/authentication/api/v1/exchange/maskinporten";
    let test_org = format!("{EXCHANGE}?test=true");
    let user = BASE64.encode("user:password");
    for (changes, expected) in [
        (json!({}), vec![(TOKEN, None)]),
        (
            json!({"ExhangeToAltinnToken": true}),
            vec![(TOKEN, None), (EXCHANGE, None)],
        ),
        (
            json!({"ExhangeToAltinnToken": true, "UseAltinnTestOrg": true}),
            vec![(TOKEN, None), (&*test_org, None)],
        ),
        (
            json!({"EnterpriseUserName": "user", "EnterpriseUserPassword": "password", "UseAltinnTestOrg": true}),
            vec![(TOKEN, None), (EXCHANGE, Some(&*user))],
        ),
        (json!({"EnterpriseUserName": "user"}), vec![(TOKEN, None)]),
    ] {
        let settings = changed(changes).build().unwrap();
        let asked = ask(&settings).await;
        let asked: Vec<_> = asked
            .iter()
            .map(|(line, user)| (line.as_str(), user.as_deref()))
            .collect();
        assert_eq!(asked, expected);
    }
}

#[tokio::test]
async fn an_unknown_well_known_url_is_read_when_connecting() {
    const METADATA: &str = "https://sky.example/.well-known/oauth-authorization-server";
    let settings = nais(METADATA).build().unwrap();
    assert_eq!(settings.environment(), None);
    let lines: Vec<_> = ask(&settings)
        .await
        .into_iter()
        .map(|(line, _)| line)
        .collect();
    assert_eq!(
        lines,
        [
            format!("GET {METADATA}"),
            "POST https://sky.example/t".to_owned(),
        ]
    );
    let nobody = tower::service_fn(|_: Request<Full<Bytes>>| async {
        Err::<Response<Full<Bytes>>, _>(std::io::Error::other("nobody is there"))
    });
    let Err(error) = settings.connect_over(nobody).await else {
        panic!("connected to nobody");
    };
    assert!(
        error.to_string().contains("MASKINPORTEN_WELL_KNOWN_URL"),
        "{error}"
    );
    let cause = error
        .source()
        .unwrap()
        .downcast_ref::<maskinporten::Error>();
    assert!(cause.unwrap().is_transient());
}
