//! What is under `/_stub/`, as tests in other languages use it.

use hyper::Method;
use maskinporten_stub::Stub;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    assertion::Signer,
    http::{Answer, Ask, FORM, JSON, altinn_token, post_assertion},
};

const SCOPE: &str = "altinn:correspondence.write";

async fn post(stub: &Stub, path: &str, body: Value) -> Answer {
    let path = format!("/_stub/{path}");
    Ask::post(path, JSON, body.to_string()).to(stub).await
}

async fn get(stub: &Stub, path: &str) -> Value {
    Ask::get(format!("/_stub/{path}")).to(stub).await.json()
}

async fn token_status(stub: &Stub) -> u16 {
    let grant = Signer::demo(stub).grant(stub, SCOPE);
    post_assertion(stub, &grant.sign()).await.status
}

#[tokio::test]
async fn faults_are_ordered_listed_and_healed() {
    let stub = Stub::start().await.unwrap();
    let fault = json!({"kind": "status", "status": 503, "body": "oauth_error"});
    let order = json!({"route": "token", "fault": fault, "on_call": 2});
    let answer = post(&stub, "faults", order).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"ok": true})));
    let listed = get(&stub, "faults").await;
    assert_eq!(
        listed,
        json!({"faults": [{"route": "token", "fault": fault, "after": 1, "times": 1}]})
    );
    let mut statuses = Vec::new();
    for _request in 0..3 {
        statuses.push(token_status(&stub).await);
    }
    assert_eq!(statuses, [200, 503, 200]);
    let order = json!({"route": "token", "fault": {"kind": "status", "status": 500}});
    post(&stub, "faults", order).await;
    assert_eq!(token_status(&stub).await, 500);
    let healed = Ask::new(Method::DELETE, "/_stub/faults").to(&stub).await;
    assert_eq!((healed.status, token_status(&stub).await), (200, 200));
}

#[tokio::test]
async fn chance_begins_with_the_stubs_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let stub = Stub::builder().seed(seed).start().await.unwrap();
        let fault = json!({"kind": "status", "status": 503});
        let order = json!({"route": "token", "fault": fault, "probability": 0.5, "seed": 9});
        assert_eq!(post(&stub, "faults", order).await.status, 200);
        let mut run = Vec::new();
        for _request in 0..32 {
            run.push(Ask::post("/token", FORM, "").to(&stub).await.status);
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn actions_act() {
    let stub = Stub::start().await.unwrap();
    let act = async |action: Value| post(&stub, "actions", action).await.status;
    let token = altinn_token(&stub, SCOPE).await;
    assert_eq!(act(json!({"action": "revoke_tokens"})).await, 200);
    let letter = "/correspondence/api/v1/correspondence/0198c9f0-1111-7000-8000-000000000001";
    assert_eq!(Ask::get(letter).bearer(&token).to(&stub).await.status, 401);
    let kid = get(&stub, "state").await["kid"].clone();
    assert_eq!(act(json!({"action": "rotate_keys"})).await, 200);
    let state = get(&stub, "state").await;
    assert_ne!(state["kid"], kid);
    let revoked = &state["tokens"][0];
    assert!(revoked["revoked_at"].is_string());
    assert_eq!(revoked["use_count"], 1);
    assert_eq!(revoked["uses"][0]["status"], 401);
    assert_eq!(
        act(json!({"action": "set_token_lifetime", "seconds": 9})).await,
        200
    );
    assert_eq!(
        act(json!({"action": "advance_clock", "seconds": 60})).await,
        200
    );
    assert_eq!(get(&stub, "state").await["clock"]["offset_seconds"], 60);
    assert_eq!(
        act(json!({"action": "set_clock_offset", "seconds": -3600})).await,
        200
    );
    assert_eq!(token_status(&stub).await, 400);
    assert_eq!(post(&stub, "reset", json!({})).await.status, 200);
    let state = get(&stub, "state").await;
    assert_eq!(state["clock"]["offset_seconds"], 0);
    assert_eq!(state["tokens"], json!([]));
    assert_eq!(state["lifetimes"]["maskinporten_token_seconds"], 120);
    assert_eq!(state["clients"][0]["organisation"], "991825827");
    assert_eq!(token_status(&stub).await, 200);
}

#[tokio::test]
async fn a_scenario_runs_by_itself() {
    let stub = Stub::start().await.unwrap();
    let scenario = json!([
        {"when": {"request": 2, "of": "token"},
         "do": {"action": "inject", "route": "token", "times": 1,
                "fault": {"kind": "status", "status": 502}}},
        {"when": {"after": 3}, "do": {"action": "set_token_lifetime", "seconds": 5}},
    ]);
    let answer = post(&stub, "scenario", scenario.clone()).await;
    assert_eq!(answer.json(), json!({"ok": true, "steps": 2}));
    let mut statuses = Vec::new();
    for _request in 0..4 {
        statuses.push(token_status(&stub).await);
    }
    assert_eq!(statuses, [200, 502, 200, 200]);
    let state = get(&stub, "state").await;
    assert_eq!(state["scenario_steps_left"], 0);
    assert_eq!(state["lifetimes"]["maskinporten_token_seconds"], 5);
    stub.begin_scenario(&scenario.to_string()).unwrap();
    assert!(stub.begin_scenario("{}").is_err());
}

#[tokio::test]
async fn wrong_input_is_answered_with_a_sentence() {
    let stub = Stub::start().await.unwrap();
    let status =
        |status: u16| json!({"route": "token", "fault": {"kind": "status", "status": status}});
    for (path, body, part) in [
        ("faults", json!({}), "route"),
        (
            "faults",
            json!({"route": "moon", "fault": {"kind": "reset"}}),
            "moon",
        ),
        (
            "faults",
            json!({"route": "token", "fault": {"kind": "typo"}}),
            "typo",
        ),
        ("faults", status(700), "200 to 599"),
        ("actions", json!({"action": "typo"}), "typo"),
        ("actions", json!({"action": "advance_clock"}), "seconds"),
        (
            "actions",
            json!({"action": "advance_clock", "seconds": -1}),
            "-1",
        ),
        ("scenario", json!([{}]), "Step 1"),
    ] {
        let answer = post(&stub, path, body.clone()).await;
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 400, "{path} {body}: {error}");
        assert!(
            error.contains(part) && error.ends_with('.'),
            "{body}: {error}"
        );
    }
    let answer = Ask::post("/_stub/faults", JSON, "{").to(&stub).await;
    assert_eq!(answer.status, 400);
    assert_eq!(Ask::get("/_stub/typo").to(&stub).await.status, 404);
    assert_eq!(Ask::get("/_stub/reset").to(&stub).await.status, 405);
    assert!(stub.requests().is_empty(), "nothing of this is recorded");
}

#[tokio::test]
async fn requests_are_shown_without_their_secrets() {
    let stub = Stub::start().await.unwrap();
    let assertion = Signer::demo(&stub).grant(&stub, SCOPE).sign();
    post_assertion(&stub, &assertion).await;
    let answer = Ask::get("/_stub/requests").to(&stub).await;
    let shown = answer.json();
    let request = &shown["requests"][0];
    assert_eq!(request["claims"]["scope"], SCOPE);
    assert_eq!(request["checks"].as_array().unwrap().len(), 15);
    assert_eq!(request["checks"][0]["outcome"], "passed");
    assert_eq!(request["sha256"].as_str().unwrap().len(), 64);
    let state = Ask::get("/_stub/state").to(&stub).await;
    for part in assertion.split('.') {
        assert!(!answer.text().contains(part) && !state.text().contains(part));
    }
    let jwk: Value = serde_json::from_str(stub.demo_client().private_jwk()).unwrap();
    assert!(!state.text().contains(jwk["d"].as_str().unwrap()));
    let cleared = Ask::new(Method::DELETE, "/_stub/requests").to(&stub).await;
    assert_eq!((cleared.status, stub.requests().len()), (200, 0));
}

#[tokio::test]
async fn events_tell_what_happens_until_the_stub_stops() {
    let stub = Stub::start().await.unwrap();
    let address = stub.base_url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!("GET /_stub/events HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut chunk = [0; 4096];
    while !seen.contains("event: changed") {
        let length = stream.read(&mut chunk).await.unwrap();
        seen += std::str::from_utf8(&chunk[..length]).unwrap();
    }
    assert!(seen.contains("text/event-stream"));
    assert_eq!(token_status(&stub).await, 200);
    while !seen.contains(r#""status":200"#) {
        let length = stream.read(&mut chunk).await.unwrap();
        seen += std::str::from_utf8(&chunk[..length]).unwrap();
    }
    assert!(seen.contains("event: request\ndata: {"));
    stub.stop().await;
}

#[tokio::test]
async fn names_that_are_not_loopback_are_refused() {
    let stub = Stub::start().await.unwrap();
    for path in ["/_stub/state", "/jwk"] {
        let ask = |host: &str| Ask::get(path).header("host", host);
        assert_eq!(ask("evil.example").to(&stub).await.status, 421);
        assert_eq!(ask("localhost:1").to(&stub).await.status, 200);
    }
    let named = Stub::builder().public_url("http://stub.test:81/").start();
    let named = named.await.unwrap();
    assert_eq!(named.issuer(), "http://stub.test:81/");
    let address = named.address();
    let ask = Ask::get("/jwk").header("host", "stub.test:81");
    let answer = ask.try_to(&format!("http://{address}")).await.unwrap();
    assert_eq!(answer.status, 200);
    let real = Stub::builder().public_url("https://test.maskinporten.no");
    assert!(real.start().await.is_err());
}

#[tokio::test]
async fn pages_of_others_may_not_ask() {
    let stub = Stub::start().await.unwrap();
    let ask = |origin: &str| Ask::post("/_stub/reset", JSON, "").header("origin", origin);
    assert_eq!(ask("https://evil.example").to(&stub).await.status, 403);
    assert_eq!(ask("null").to(&stub).await.status, 403);
    assert_eq!(ask(stub.base_url()).to(&stub).await.status, 200);
}

#[tokio::test]
async fn the_page_takes_nothing_from_elsewhere() {
    let stub = Stub::start().await.unwrap();
    let answer = Ask::get("/_stub/").to(&stub).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"));
    assert!(!policy.contains("unsafe"));
    for sign in [
        "http://",
        "https://",
        "innerHTML",
        "insertAdjacentHTML",
        "document.write",
    ] {
        assert!(!answer.text().contains(sign), "{sign}");
    }
    let bare = Ask::get("/_stub").to(&stub).await;
    assert_eq!((bare.status, bare.header("location")), (308, "/_stub/"));
}
