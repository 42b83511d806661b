//! `keys rotate`, while a service goes on sending.

use std::{
    fs,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Request;
use http_body_util::Full;
use maskinporten::{
    AltinnExchange, AltinnPlatform, Environment, Grant, HttpClient, KeyOptions, KeyRing,
    Maskinporten, Retry,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    task::JoinHandle,
};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

use crate::desk::{ADMIN, Desk};

const SCOPES: &str = "altinn:correspondence.read altinn:serviceowner";

/// A client whose key is registered, and in the file that its service reads.
async fn desk() -> (Desk, String) {
    let desk = Desk::new().await;
    desk.said("keys create client --env test --suffix one");
    let scopes = SCOPES.replace(' ', " --client-scope ");
    let id = desk.said(&format!(
        "clients create sample --client-scope {scopes} {ADMIN}"
    ));
    desk.said(&format!("keys add client --client {id} {ADMIN}"));
    desk.said("keys export key client --out {dir}/client.jwk");
    (desk, id)
}

fn registered(desk: &Desk, id: &str) -> Vec<String> {
    let shown: Value =
        serde_json::from_str(&desk.said(&format!("clients show {id} {ADMIN}"))).unwrap();
    let keys = shown["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn kid(desk: &Desk) -> String {
    let key: Value = serde_json::from_slice(&fs::read(desk.path("client.jwk")).unwrap()).unwrap();
    key["kid"].as_str().unwrap().to_owned()
}

/// What goes on sending, and how often it did.
struct Service {
    ends: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    loops: JoinHandle<()>,
}

impl Service {
    /// Whatever is not served ends the test.
    fn start(desk: &Desk, id: &str) -> Self {
        let stub = &desk.stub;
        let platform = AltinnPlatform::custom(stub.base_url()).unwrap();
        let token_endpoint = format!("{}token", stub.issuer());
        let environment = Environment::custom(&stub.issuer(), &token_endpoint).unwrap();
        let keys = KeyRing::from_file(desk.path("client.jwk"), KeyOptions::new()).unwrap();
        let http = HttpClient::new().unwrap();
        let source = Retry::new(Maskinporten::new(environment, id, keys, http.clone()));
        let source = AltinnExchange::new(source, &platform, http.clone());
        let tokens = Tokens::new(source, Grant::new(SCOPES).unwrap());
        let origins = Origins::new([stub.base_url()]).unwrap();
        let client = BearerAuthLayer::new(tokens, origins)
            .replaying_clones()
            .layer(http);
        let url = format!(
            "{}/correspondence/api/v1/correspondence?resourceId=ttd-brev&role=Sender",
            stub.base_url()
        );
        let (ends, sent) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let (told, count) = (Arc::clone(&ends), Arc::clone(&sent));
        let loops = tokio::spawn(async move {
            while !told.load(Ordering::Relaxed) {
                let request = Request::get(&url).body(Full::default()).unwrap();
                let answer = client.clone().oneshot(request).await.unwrap();
                assert!(answer.status().is_success(), "{}", answer.status());
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { ends, sent, loops }
    }

    async fn end(self) -> usize {
        self.ends.store(true, Ordering::Relaxed);
        self.loops.await.unwrap();
        self.sent.load(Ordering::Relaxed)
    }
}

/// Runs the program until it says one of these, and ends it as a power failure would; whether it was not done before.
async fn killed_at(desk: &Desk, line: &str, words: &[&str]) -> bool {
    let mut child = tokio::process::Command::from(desk.command(line))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if words.iter().any(|word| line.contains(word)) {
            child.kill().await.unwrap();
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_though_it_is_killed_at_every_step() {
    let (desk, id) = desk().await;
    // Short ones, so that keys are needed all the time.
    desk.stub.set_token_lifetime(Duration::from_secs(3));
    desk.stub.set_altinn_token_lifetime(Duration::from_secs(3));
    desk.stub.set_key_propagation(Duration::from_secs(60));
    let service = Service::start(&desk, &id);
    let rotate = format!(
        "keys rotate client --client {id} --hand-to {{dir}}/client.jwk --drain 3 --delay 1 --attempts 90 {ADMIN}"
    );
    let steps = [
        "Made",
        "Registered",
        "does not know it yet",
        "knows",
        "Handed over",
        "stays registered",
    ];
    for step in 0..steps.len() {
        assert!(
            killed_at(&desk, &rotate, &steps[step..]).await,
            "{}",
            steps[step]
        );
        if steps[step] == "does not know it yet" {
            desk.stub.advance_clock(Duration::from_secs(60));
        }
    }
    let done = desk.said(&rotate);
    assert!(
        done.starts_with("Going on with client-TEST.") && done.contains("Done: client-TEST."),
        "{done}"
    );
    let kid = kid(&desk);
    assert_ne!(kid, "client-TEST.one");
    assert_eq!(registered(&desk, &id), [kid]);
    assert!(service.end().await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_taken_back_from_every_step() {
    let (desk, id) = desk().await;
    let rotate = format!(
        "keys rotate client --client {id} --hand-to {{dir}}/client.jwk --drain 60 --delay 1 {ADMIN}"
    );
    for step in [
        "Made",
        "Registered",
        "knows",
        "Handed over",
        "stays registered",
    ] {
        assert!(killed_at(&desk, &rotate, &[step]).await, "{step}");
        let back = desk.said(&format!("{rotate} --rollback"));
        assert!(
            back.contains("Taken back: client-TEST.one"),
            "{step}: {back}"
        );
        assert_eq!(registered(&desk, &id), ["client-TEST.one"], "{step}");
        assert_eq!(kid(&desk), "client-TEST.one", "{step}");
        let exported: Value = serde_json::from_str(&desk.said("keys export key client")).unwrap();
        assert_eq!(exported["kid"], "client-TEST.one", "{step}");
    }
    assert_eq!(
        desk.said(&format!("{rotate} --rollback")),
        "There is nothing to take back."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_said_and_nothing_is_done() {
    let (desk, id) = desk().await;
    let rotate =
        format!("keys rotate client --client {id} --hand-to {{dir}}/new.jwk {ADMIN} --dry-run");
    let plan = desk.said(&rotate);
    assert!(plan.contains("6. take away client-TEST.one"), "{plan}");
    assert!(!fs::exists(desk.path("new.jwk")).unwrap());
    assert_eq!(registered(&desk, &id), ["client-TEST.one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_may_follow_another_within_the_minute() {
    let (desk, id) = desk().await;
    let rotate = format!("keys rotate client --client {id} --drain 0 --delay 1 {ADMIN}");
    let mut kids = vec!["client-TEST.one".to_owned()];
    for _ in 0..3 {
        desk.said(&rotate);
        let [kid] = registered(&desk, &id).try_into().unwrap();
        assert!(!kids.contains(&kid), "{kid}");
        kids.push(kid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_are_one_too_many() {
    let (desk, id) = desk().await;
    desk.stub.set_key_propagation(Duration::from_secs(60));
    let rotate = format!("keys rotate client --client {id} --delay 60 {ADMIN}");
    let mut first = tokio::process::Command::from(desk.command(&rotate))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(first.stdout.take().unwrap()).lines();
    while !lines
        .next_line()
        .await
        .unwrap()
        .unwrap()
        .contains("does not know")
    {}
    let second = desk.run(&rotate);
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("being rotated by another program"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_five_keys_has_room_made_by_name_only() {
    let (desk, id) = desk().await;
    for suffix in ["two", "three", "four", "five"] {
        desk.said(&format!("keys create other --env test --suffix {suffix}"));
        desk.said(&format!("keys add other --client {id} {ADMIN}"));
    }
    let rotate = format!("keys rotate client --client {id} --drain 0 {ADMIN}");
    let refused = desk.run(&rotate);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("5 keys already") && said.contains("--prune"),
        "{said}"
    );
    desk.said(&format!("{rotate} --prune other-TEST.two"));
    let kids = registered(&desk, &id);
    assert_eq!(kids.len(), 4);
    assert!(
        !kids.contains(&"other-TEST.two".to_owned())
            && !kids.contains(&"client-TEST.one".to_owned())
    );
}
