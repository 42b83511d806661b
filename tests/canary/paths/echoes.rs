//! Answers that repeat what is secret: the assertion, or the token, that was sent.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use maskinporten::{
    AltinnExchange, AltinnPlatform, BoxError, ClientKey, Environment, Maskinporten, TokenSource,
};
use maskinporten_stub::Client;
use serde_json::{Value, json};
use tests::grant;
use tower::service_fn;
use tower_maskinporten::Tokens;

use super::{PERSON, Path, Scene, note_key, path};
use crate::{
    capture::{print, print_error},
    search::secrets,
};

pub(super) fn paths() -> Vec<Path> {
    vec![
        path("answers that repeat the assertion", || Box::pin(repeated())),
        path("exchanges that repeat the token", || {
            Box::pin(exchange_repeats())
        }),
    ]
}

/// What a server says that has been sent `secret`.
fn repeating(n: usize, secret: &str) -> Option<Response<Full<Bytes>>> {
    let oauth = |members: Value| (400, "application/json", members.to_string());
    let token = |members: Value| {
        let mut answer =
            json!({"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 119});
        for (name, value) in members.as_object().unwrap() {
            answer[name] = value.clone();
        }
        (200, "application/json", answer.to_string())
    };
    let said = format!("Invalid assertion {secret}, of {PERSON} (trace_id: {secret})");
    let (status, kind, body) = match n {
        0 => oauth(json!({"error": "invalid_grant", "error_description": said})),
        1 => oauth(json!({"error": secret})),
        2 => oauth(
            json!({"error": "a", "error_uri": format!("https://a.example/errors/MP-{secret}")}),
        ),
        3 => oauth(json!({"error": "a", "error_description": "word ".repeat(100) + secret})),
        4 => oauth(json!({"error": "a", "error_description": format!("assertion={secret}")})),
        5 => (500, "text/plain", said),
        6 => (200, "text/html", said),
        7 => (200, "application/json", said),
        8 => token(json!({"access_token": format!("{secret} {secret}")})),
        9 => token(json!({"access_token": {"token": secret}})),
        10 => token(json!({"token_type": secret})),
        11 => token(json!({"expires_in": secret})),
        12 => token(json!({"scope": secret})),
        13 => token(json!({"access_token": secret.repeat(40)})),
        14 => (307, "text/plain", said),
        15 => (429, "text/plain", said),
        16 => (
            200,
            "application/json",
            format!(r#"{{"access_token":"{secret}","#),
        ),
        _ => return None,
    };
    let answer = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .header(header::LOCATION, secret)
        .header(header::RETRY_AFTER, secret)
        .header(header::DATE, secret)
        .header(header::WWW_AUTHENTICATE, format!("Bearer error={secret}"))
        .header("x-repeated", secret);
    Some(answer.body(body.into()).unwrap())
}

async fn repeated() {
    secrets().claim("the number of a person", PERSON);
    let jwk = note_key(
        Client::generate("c", "991825827")
            .unwrap()
            .private_jwk()
            .unwrap(),
    );
    for n in 0.. {
        let Some(_) = repeating(n, "") else { break };
        let http = service_fn(move |request: Request<Full<Bytes>>| async move {
            let form = request.into_body().collect().await?.to_bytes();
            let form = String::from_utf8(form.to_vec())?;
            let assertion = form.rsplit_once('=').unwrap().1;
            secrets().text("an assertion", assertion);
            Ok::<_, BoxError>(repeating(n, assertion).unwrap())
        });
        let key = ClientKey::from_jwk(&jwk.to_string()).unwrap();
        let source = Maskinporten::new(Environment::test(), "me", key, http);
        match source.fetch(&grant()).await {
            Ok(token) => print(&token),
            Err(error) => print_error(&error),
        }
        let tokens = Tokens::new(source, grant()).with_cold_wait(Duration::ZERO);
        if let Err(error) = tokens.ready().await {
            print_error(&error);
        }
        print(&tokens);
        print(&tokens.status());
    }
}

async fn exchange_repeats() {
    let scene = Scene::begin().await;
    let platform = AltinnPlatform::tt02();
    for n in 0.. {
        let Some(_) = repeating(n, "") else { break };
        let http = service_fn(move |request: Request<Full<Bytes>>| async move {
            let token = request.headers()[header::AUTHORIZATION]
                .to_str()?
                .to_owned();
            Ok::<_, BoxError>(repeating(n, token.trim_start_matches("Bearer ")).unwrap())
        });
        let source = AltinnExchange::new(scene.maskinporten(), &platform, http);
        print_error(&source.fetch(&grant()).await.unwrap_err());
        let tokens = Tokens::new(source, grant()).with_cold_wait(Duration::ZERO);
        print_error(&tokens.ready().await.unwrap_err());
        print(&tokens.status());
    }
    scene.end().await;
}
