//! What a 401 does. Numbers are rows of the cases and of the fault matrix.

use std::{sync::Arc, time::Duration};

use http::{Response, StatusCode};
use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio_test::{assert_pending, assert_ready_ok};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

use crate::{
    common::{Script, grant, secs},
    support::{API, INVALID_TOKEN, all, api, exchange, layer, request, spawn, token, unauthorized},
};

#[tokio::test(start_paused = true)]
async fn case_42_a_401_that_blames_the_token_is_replayed_once() {
    for challenge in [INVALID_TOKEN, "Bearer"] {
        let script = Script::healthy();
        let mut client = spawn(layer(&script).replaying_clones());
        let answers = vec![unauthorized(challenge), Response::new("fine".into())];
        let (response, seen) = exchange(&mut client, answers).await;
        assert_eq!(response.body(), "fine");
        assert_eq!(seen, ["Bearer token-1", "Bearer token-2"]);
        assert_eq!(script.fetches(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn case_42_a_second_401_is_the_answer() {
    let script = Script::healthy();
    let mut client = spawn(layer(&script).replaying_clones());
    let answers = vec![unauthorized(INVALID_TOKEN), unauthorized(INVALID_TOKEN)];
    let (response, seen) = exchange(&mut client, answers).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(seen.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_44_concurrent_401s_make_one_fetch() {
    let script = Script::new(secs(1), |_| Ok(secs(120)));
    let client = layer(&script)
        .replaying_clones()
        .layer(api(|token| token != "Bearer token-1"));
    let answers = all((0..100).map(|_| client.clone().oneshot(request(API)))).await;
    for answer in answers {
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_45_when_no_new_token_comes_the_401_is_the_answer_and_the_old_token_stays() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 => Ok(secs(120)),
        _ => Err(Error::transient("down")),
    });
    let mut client = spawn(layer(&script).replaying_clones());
    let (response, _) = exchange(&mut client, vec![unauthorized(INVALID_TOKEN)]).await;
    assert_eq!(response.body(), "why");
    let (response, seen) = exchange(&mut client, vec![Response::new("fine".into())]).await;
    assert_eq!(response.body(), "fine");
    assert_eq!(seen, ["Bearer token-1"]);
}

#[tokio::test(start_paused = true)]
async fn h12_a_401_to_a_token_of_the_old_source_blames_none_of_the_new_one() {
    let (old, new) = (Script::healthy(), Script::healthy());
    let tokens = Tokens::new(old, grant());
    tokens.ready().await.unwrap();
    let layer = BearerAuthLayer::new(tokens.clone(), Origins::new([API]).unwrap());
    let (mut service, mut inner) = spawn(layer);
    inner.as_mut().get_mut().allow(1);
    assert_ready_ok!(service.poll_ready());
    let response = tokio::spawn(service.call(request(API)));
    let (_, send) = inner.as_mut().next_request().await.unwrap();
    tokens.replace(new.clone(), grant()).await.unwrap();
    send.send_response(unauthorized(INVALID_TOKEN));
    response.await.unwrap().unwrap();
    // Long enough for a refresh, and not for that of a token that grows old.
    tokio::time::sleep(secs(5)).await;
    assert_eq!(new.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_46_other_answers_are_passed_on_and_refresh_nothing() {
    let script = Script::healthy();
    let mut client = spawn(layer(&script).replaying_clones());
    let status = |status, header: (&str, &str)| {
        Response::builder()
            .status(status)
            .header(header.0, header.1)
            .body(String::new())
            .unwrap()
    };
    for answer in [
        status(500, ("x", "y")),
        status(403, ("www-authenticate", INVALID_TOKEN)),
        status(401, ("content-type", "application/json")), // CORR-04001
        status(401, ("content-type", "application/problem+json")),
        status(
            401,
            ("www-authenticate", "Bearer error=\"insufficient_scope\""),
        ),
        status(401, ("www-authenticate", "Basic")),
    ] {
        let expected = answer.status();
        let (response, seen) = exchange(&mut client, vec![answer]).await;
        assert_eq!((response.status(), seen.len()), (expected, 1));
    }
    assert_eq!(script.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_47_a_body_that_cannot_be_copied_is_not_replayed_but_the_next_request_has_a_new_token()
{
    let script = Script::healthy();
    let mut client = spawn(layer(&script).replaying(|_: &String| None));
    let (response, _) = exchange(&mut client, vec![unauthorized(INVALID_TOKEN)]).await;
    assert_eq!(response.body(), "why");
    let (_, seen) = exchange(&mut client, vec![Response::new("fine".into())]).await;
    assert_eq!(seen, ["Bearer token-2"]);
}

#[tokio::test(start_paused = true)]
async fn f2_a_late_401_for_an_older_token_takes_the_newer_one_without_a_fetch() {
    let script = Script::healthy();
    let (mut service, mut inner) = spawn(layer(&script).replaying_clones());
    // Two requests leave with the first token; the 401 of the second arrives when there is a newer one.
    inner.as_mut().get_mut().allow(4);
    assert_ready_ok!(service.poll_ready());
    let first = service.call(request(API));
    assert_ready_ok!(service.poll_ready());
    let second = service.call(request(API));
    let serve = async {
        let (_, early) = inner.as_mut().next_request().await.unwrap();
        let (_, late) = inner.as_mut().next_request().await.unwrap();
        early.send_response(unauthorized(INVALID_TOKEN));
        let (again, send) = inner.as_mut().next_request().await.unwrap();
        assert_eq!(token(&again), "Bearer token-2");
        send.send_response(Response::new("fine".into()));
        late.send_response(unauthorized(INVALID_TOKEN));
        let (again, send) = inner.as_mut().next_request().await.unwrap();
        assert_eq!(token(&again), "Bearer token-2");
        send.send_response(Response::new("fine".into()));
    };
    let (first, second, ()) = tokio::join!(first, second, serve);
    assert_eq!(
        (first.unwrap().body(), second.unwrap().body()),
        (&"fine".into(), &"fine".into())
    );
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn f2_a_replay_never_carries_a_token_that_has_run_out() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 | 2 => Ok(secs(20)),
        _ => Err(Error::transient("down")),
    });
    let (mut service, mut inner) = spawn(layer(&script).replaying_clones());
    inner.as_mut().get_mut().allow(2);
    assert_ready_ok!(service.poll_ready());
    let response = service.call(request(API));
    let serve = async {
        let (_, send) = inner.as_mut().next_request().await.unwrap();
        // The second token has come and gone when the 401 to the first arrives.
        tokio::time::sleep(secs(100)).await;
        send.send_response(unauthorized(INVALID_TOKEN));
    };
    let both = async { tokio::join!(response, serve).0 };
    let response = tokio::time::timeout(secs(3600), both).await;
    let response = response.expect("nothing is sent again").unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_pending!(inner.as_mut().poll_request());
}

#[tokio::test(start_paused = true)]
async fn b6_a_401_does_not_make_a_refusal_forgotten() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 => Ok(secs(1800)),
        _ => Err(Error::permanent("invalid_scope")),
    });
    let client = layer(&script).replaying_clones().layer(api(|_| false));
    for _ in 0..600 {
        let answer = client.clone().oneshot(request(API)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        tokio::time::sleep(secs(1)).await;
    }
    // Refused at the first 401, and remembered for 30 s, 60 s, 120 s and so on.
    assert!((2..=6).contains(&script.fetches()), "{}", script.fetches());
}

#[tokio::test(start_paused = true)]
async fn case_43_the_same_token_again_is_not_tried_again() {
    struct Same(Arc<Script>);
    impl TokenSource for Same {
        fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(async move {
                let token = self.0.fetch(grant).await?;
                AccessToken::new("same", token.requested_at(), token.lifetime())
            })
        }
    }
    let script = Script::healthy();
    let tokens = Tokens::new(Same(script.clone()), grant());
    let layer = BearerAuthLayer::new(tokens, Origins::new([API]).unwrap());
    let mut client = spawn(layer.replaying_clones());
    let (response, seen) = exchange(&mut client, vec![unauthorized(INVALID_TOKEN)]).await;
    assert_eq!(
        (response.status(), seen.len()),
        (StatusCode::UNAUTHORIZED, 1)
    );
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn doubt_holds_requests_up_for_two_seconds_in_all() {
    let hanging = Script::new(Duration::ZERO, |_| Ok(secs(1800)));
    let tokens = Tokens::new(Hanging(hanging.clone()), grant());
    let origins = Origins::new([API]).unwrap();
    let client = BearerAuthLayer::new(tokens, origins).layer(api(|_| false));
    // The first 401 puts the token in doubt, and the fetch of another hangs.
    client.clone().oneshot(request(API)).await.unwrap();
    let started = tokio::time::Instant::now();
    for _ in 0..100 {
        client.clone().oneshot(request(API)).await.unwrap();
    }
    assert!(started.elapsed() <= secs(2), "{:?}", started.elapsed());
}

/// The first fetch is like any; the others never end.
struct Hanging(Arc<Script>);

impl TokenSource for Hanging {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let token = self.0.fetch(grant).await?;
            if self.0.fetches() > 1 {
                std::future::pending::<()>().await;
            }
            Ok(token)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn f3_an_api_that_always_says_401_does_not_make_a_storm() {
    let script = Script::healthy();
    let sends = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = sends.clone();
    let client = layer(&script).replaying_clones().layer(api(move |_| {
        counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        false
    }));
    let (requests, pause) = (6_000, Duration::from_millis(100));
    for _ in 0..requests {
        let answer = client.clone().oneshot(request(API)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        tokio::time::sleep(pause).await;
    }
    // Ten minutes: the first token, a refresh each 10 s until three were useless, and then each minute, beside those
    // that are due anyway, the first of them after 55 s.
    assert!((8..=24).contains(&script.fetches()), "{}", script.fetches());
    let sends = sends.load(std::sync::atomic::Ordering::SeqCst);
    assert!(sends <= requests + script.fetches(), "{sends}");
}
