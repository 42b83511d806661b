//! What `doctor` finds in set-ups that are broken in one way each.

use std::{fs, time::Duration};

use maskinporten_stub::{Body, CertificateAuthority, Client, Fault, Route, Stub};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{Desk, ORGANISATION};

const SCOPE: &str = "altinn:serviceowner";
/// A set-up in which all is well.
const WELL: &str =
    "--client-id client --key {dir}/client.jwk --environment {issuer} --scope altinn:serviceowner";

/// A client whose key is at hand.
async fn desk() -> Desk {
    let desk = Desk::new().await;
    add(
        &desk,
        Client::generate("client", ORGANISATION)
            .unwrap()
            .scopes(SCOPE),
    );
    desk
}

fn add(desk: &Desk, client: Client) {
    let key = client.private_jwk().unwrap();
    desk.keep("client.jwk", key);
    desk.stub.register(client);
}

/// The stage that failed, what was found there, and what would mend it.
fn finding(desk: &Desk, line: &str) -> (i32, String) {
    let output = desk.run(&format!("doctor --json --no-env {line}"));
    let code = output.status.code().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let failed = &report["failed"];
    let findings = report["findings"].as_array().unwrap();
    let text = match findings.iter().find(|finding| finding["stage"] == *failed) {
        Some(finding) => format!("{failed}: {} -> {}", finding["found"], finding["fix"]),
        None => String::new(),
    };
    (code, text)
}

/// Asserts which stage fails, and what its finding says.
fn fails(desk: &Desk, line: &str, code: i32, words: &[&str]) {
    let (found, text) = finding(desk, line);
    assert_eq!(found, code, "{line}: {text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well() {
    let desk = desk().await;
    assert_eq!(finding(&desk, WELL), (0, String::new()));
    let text = desk.said(&format!("doctor {WELL} --no-env"));
    assert!(
        text.starts_with("ok   settings  client client from the command line"),
        "{text}"
    );
    // Colours are for terminals.
    assert!(!text.contains('\u{1b}'), "{text}");
    let api = "{stub}/correspondence/api/v1/correspondence?resourceId=none&role=Sender";
    fails(
        &desk,
        &format!("{WELL} --api {api}"),
        19,
        &["403", "ExhangeToAltinnToken"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_not_there_or_mean_nothing() {
    let desk = desk().await;
    fails(&desk, "", 10, &["ClientId", "MASKINPORTEN_CLIENT_ID"]);
    fails(
        &desk,
        &WELL.replace("--scope altinn:serviceowner", ""),
        10,
        &["Scope"],
    );
    fails(
        &desk,
        &WELL.replace("{issuer}", "ver2"),
        10,
        &["Environment", "test"],
    );
    desk.keep("settings.json", "{ not JSON");
    fails(
        &desk,
        &format!("{WELL} --settings {{dir}}/settings.json"),
        10,
        &["settings.json", "line 1"],
    );
    fails(
        &desk,
        &format!("{WELL} --consumer-org 991825828"),
        10,
        &["ConsumerOrgNo"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_used() {
    let desk = desk().await;
    fails(
        &desk,
        &WELL.replace("--key {dir}/client.jwk", ""),
        11,
        &["EncodedJwk"],
    );
    fails(
        &desk,
        &WELL.replace("client.jwk", "nothing.jwk"),
        11,
        &["KeyPath", "cannot be read"],
    );
    desk.keep("text.jwk", "surely not a key");
    fails(
        &desk,
        &WELL.replace("client.jwk", "text.jwk"),
        11,
        &["KeyPath"],
    );
    // Its name says when it was made.
    desk.said("keys create old --env test --suffix 2024-07-10");
    desk.said("keys export key old --out {dir}/old.jwk");
    fails(
        &desk,
        &WELL.replace("client.jwk", "old.jwk"),
        11,
        &["old-TEST.2024-07-10", "ended", "keys create"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_fast_or_slow() {
    let desk = desk().await;
    desk.stub.set_clock_offset(-30);
    // An answer that takes its time is no clock that is wrong. The server says only the second.
    desk.stub
        .inject(Route::Metadata, Fault::delay(Duration::from_secs(2)));
    fails(&desk, WELL, 12, &["clock is 3", "s fast", "NTP"]);
    desk.stub.heal();
    desk.stub.set_clock_offset(90);
    fails(&desk, WELL, 12, &["s slow"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_in_the_way() {
    let desk = desk().await;
    let at = |issuer: &str| WELL.replace("{issuer}", issuer);
    fails(
        &desk,
        &at("https://maskinporten.invalid/"),
        13,
        &["cannot be found", "resolver"],
    );
    // A port that nobody listens on: it was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    fails(&desk, &at(&format!("http://{free}/")), 14, &["firewall"]);
    let unknown = Stub::builder().https().start().await.unwrap();
    fails(
        &desk,
        &at(&unknown.issuer()),
        14,
        &["certificate", "proxy that opens TLS"],
    );
    // A portal's login page.
    desk.stub
        .inject(Route::Metadata, Fault::status(200).with_body(Body::Html));
    fails(&desk, WELL, 15, &["no metadata", "proxy"]);
    desk.stub.heal();
    desk.stub.inject(Route::Metadata, Fault::status(407));
    fails(&desk, WELL, 15, &["asks for a login"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_environment() {
    let desk = desk().await;
    // Without its slash, or by another name of the same machine.
    let bare = desk.stub.issuer();
    let bare = WELL.replace("{issuer}", &bare.replace("127.0.0.1", "localhost"));
    fails(
        &desk,
        &bare,
        15,
        &["the issuer is http://127.0.0.1", "to the slash"],
    );
    // The client is registered in another one.
    let other = Stub::start().await.unwrap();
    fails(
        &desk,
        &WELL.replace("{issuer}", &other.issuer()),
        16,
        &["MP-100", "this environment"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_that_are_refused() {
    let desk = desk().await;
    let refused = |line: &str, words: &[&str]| fails(&desk, line, 16, words);
    refused(
        &WELL.replace("client-id client", "client-id other"),
        &["MP-100", "client id"],
    );
    desk.said("keys create stranger --env test");
    desk.said("keys export key stranger --out {dir}/stranger.jwk");
    refused(
        &WELL.replace("client.jwk", "stranger.jwk"),
        &["kid", "register the key"],
    );
    let known: Value = serde_json::from_slice(&fs::read(desk.path("client.jwk")).unwrap()).unwrap();
    let kid = known["kid"].as_str().unwrap();
    let other = WELL.replace("client.jwk", &format!("stranger.jwk --kid {kid}"));
    // The settings say so before: the key has another name of its own.
    let (code, text) = finding(&desk, &other);
    assert!(
        code == 11 || (code == 16 && text.contains("MP-124")),
        "{code} {text}"
    );
    refused(
        &WELL.replace("altinn:serviceowner", "altinn:other"),
        &["MP-200", "add the scope"],
    );
    refused(&format!("{WELL} --consumer-org 314330897"), &["delegate"]);
    refused(
        &format!("{WELL} --system-user 314330897"),
        &["MP-303", "not approved"],
    );
    add(
        &desk,
        Client::generate("asking", ORGANISATION)
            .unwrap()
            .scopes(SCOPE)
            .scopes_not_granted("a:b"),
    );
    let asking = WELL.replace("client-id client", "client-id asking");
    refused(
        &asking.replace(SCOPE, "a:b"),
        &["MP-250", "grant your organisation access"],
    );
    add(
        &desk,
        Client::generate("gone", ORGANISATION)
            .unwrap()
            .scopes(SCOPE)
            .deactivated(),
    );
    refused(
        &WELL.replace("client-id client", "client-id gone"),
        &["is active"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_down_is_said_to_be_down() {
    let desk = desk().await;
    desk.stub.inject(Route::Token, Fault::status(503));
    fails(&desk, WELL, 16, &["503", "status.digdir.no"]);
    desk.stub.heal();
    desk.stub.inject(
        Route::Token,
        Fault::merge_patch([("scope", json!("altinn:less"))]),
    );
    fails(
        &desk,
        WELL,
        17,
        &["not granted: altinn:serviceowner", "owner"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_that_are_refused() {
    let desk = desk().await;
    let exchange = |platform: &str| {
        let section = json!({ "ExhangeToAltinnToken": true, "TokenExchangeEnvironment": platform });
        let settings = json!({ "MaskinportenSettings": section });
        desk.keep("settings.json", settings.to_string());
        format!("{WELL} --settings {{dir}}/settings.json")
    };
    let well = exchange(desk.stub.base_url());
    assert_eq!(finding(&desk, &well), (0, String::new()));
    let api = "{stub}/correspondence/api/v1/correspondence/00000000-0000-0000-0000-000000000000";
    fails(&desk, &format!("{well} --api {api}"), 19, &["403", "scope"]);
    // Altinn's other environment does not trust this Maskinporten.
    let other = Stub::start().await.unwrap();
    let wrong = exchange(other.base_url());
    fails(&desk, &wrong, 18, &["TokenExchangeEnvironment", "401"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_another_organisation() {
    let desk = desk().await;
    let authority = CertificateAuthority::generate().unwrap();
    desk.stub.trust(&authority);
    desk.stub
        .register(Client::new("certified", ORGANISATION).scopes(SCOPE));
    let other = authority.issue("314330897").unwrap().pkcs12("").unwrap();
    desk.keep("other.p12", other);
    let line = WELL
        .replace("client-id client", "client-id certified")
        .replace("client.jwk", "other.p12");
    fails(&desk, &line, 16, &["MP-122", "another organisation"]);
}
