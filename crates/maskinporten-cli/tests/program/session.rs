//! The guide "Setting up Maskinporten client", from a key to a correspondence.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use http::{Method, StatusCode};
use maskinporten_stub::{CertificateAuthority, Client};
use serde_json::{Value, json};

use crate::{
    desk::{ADMIN, Desk, ORGANISATION},
    http::send,
};

const SCOPES: &str = "altinn:correspondence.read altinn:correspondence.write altinn:serviceowner";

#[tokio::test(flavor = "multi_thread")]
async fn from_a_key_to_a_correspondence() {
    let desk = Desk::new().await;
    desk.said("keys create client --env test");
    let scopes = SCOPES.replace(' ', " --client-scope ");
    let id = desk.said(&format!(
        "clients create sample --client-scope {scopes} {ADMIN}"
    ));
    desk.said(&format!("keys add client --client {id} {ADMIN}"));

    // A service's settings, with the key as the guide has it: in base64.
    let key = desk.said("keys export key client --base64");
    let settings = json!({ "MaskinportenSettings": {
        "Authority": desk.stub.issuer(),
        "ClientId": id,
        "Scope": SCOPES,
        "EncodedJwk": key,
        "ExhangeToAltinnToken": true,
        "TokenExchangeEnvironment": desk.stub.base_url(),
    }});
    desk.keep("appsettings.json", settings.to_string());
    let ask = |options: &str| {
        desk.said(&format!(
            "token {options} --settings {{dir}}/appsettings.json"
        ))
    };

    let raw = ask("--raw");
    let decoded = desk.said(&format!("decode {raw} --verify"));
    assert!(decoded.contains("altinn:correspondence.write"), "{decoded}");
    assert!(decoded.contains("signature: good"), "{decoded}");
    let answer: Value = serde_json::from_str(&ask("--raw --output json")).unwrap();
    assert_eq!(answer["scope"], SCOPES);
    assert!(answer["expires_in"].as_u64().unwrap() <= 120);
    assert!(ask("--raw --output env").starts_with("export ACCESS_TOKEN='ey"));

    let exchanged = ask("");
    let decoded = desk.said(&format!("decode {exchanged} --verify"));
    assert!(decoded.contains("urn:altinn:org"), "{decoded}");
    assert!(decoded.contains("signature: good"), "{decoded}");
    assert_eq!(
        desk.said("doctor --settings {dir}/appsettings.json")
            .matches("ok ")
            .count(),
        9
    );

    let header = ask("--altinn --output header");
    let authorization = header.strip_prefix("Authorization: ").unwrap();
    let letter = json!({
        "correspondence": {
            "resourceId": "ttd-brev",
            "sendersReference": "case-1",
            "content": {"messageTitle": "Vedtak", "messageBody": "Innvilget.", "language": "nb"},
        },
        "recipients": ["urn:altinn:organization:identifier-no:310244007"],
    });
    let url = format!(
        "{}/correspondence/api/v1/correspondence",
        desk.stub.base_url()
    );
    let (status, sent) = send(Method::POST, &url, Some(authorization), &letter.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{sent}");
    assert!(sent.contains("correspondenceId"), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_in_the_token() {
    let desk = Desk::new().await;
    let demo = desk.stub.demo_client();
    desk.keep("demo.jwk", demo.private_jwk());
    let id = demo.client_id();
    let of = |options: &str| {
        let line = format!(
            "token --raw --client-id {id} --key {{dir}}/demo.jwk --environment {{issuer}} {options}"
        );
        desk.said(&format!("decode {} --verify", desk.said(&line)))
    };
    let token = of(
        "--scope altinn:serviceowner --scope altinn:correspondence.write --resource https://api.example/",
    );
    assert!(token.contains("https://api.example/"), "{token}");
    desk.stub
        .register_delegation("314330897", "991825827", "altinn:serviceowner");
    let token = of("--scope altinn:serviceowner --consumer-org 314330897");
    assert!(token.contains("0192:314330897"), "{token}");
    let user = maskinporten_stub::SystemUser::of("314330897").client_id(id);
    desk.stub.register_system_user(user.external_ref("branch"));
    let token = of("--scope altinn:serviceowner --system-user 314330897 --external-ref branch");
    assert!(token.contains("urn:altinn:systemuser"), "{token}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_listed_shown_and_deactivated() {
    let desk = Desk::new().await;
    let id = desk.said(&format!(
        "clients create sample --client-scope altinn:serviceowner {ADMIN}"
    ));
    assert!(desk.said(&format!("clients list {ADMIN}")).contains(&id));
    let shown: Value =
        serde_json::from_str(&desk.said(&format!("clients show {id} {ADMIN}"))).unwrap();
    assert_eq!(shown["client"]["client_name"], "sample");
    assert!(
        desk.said(&format!("clients delete {id} {ADMIN}"))
            .contains("Say --yes")
    );
    desk.said(&format!("clients delete {id} --yes {ADMIN}"));
    assert!(!desk.said(&format!("clients list {ADMIN}")).contains(&id));
    let all = desk.said(&format!("clients list --inactive {ADMIN}"));
    assert!(all.contains(&id) && all.contains("(inactive)"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_and_a_token_of_the_test_tool_are_read_too() {
    let desk = Desk::new().await;
    let part = |json: Value| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode(json.to_string())
    };
    // As Altinn's test tool has it: `x5c` is a string.
    let header = json!({ "alg": "RS256", "x5c": "MIIC", "x5t": "abc" });
    let claims = json!({ "iss": "https://example/", "exp": 4_102_444_800_u64, "scope": "a:b" });
    let token = format!("{}.{}.c2ln", part(header), part(claims));
    let decoded = desk.said(&format!("decode {token}"));
    assert!(
        decoded.contains("x5c") && decoded.contains("MIIC"),
        "{decoded}"
    );
    assert!(
        decoded.contains("2100-01-01") && decoded.contains("days"),
        "{decoded}"
    );
    let refused = desk.run("decode not.a.token");
    assert_eq!(refused.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn shells_and_man_are_told_of_every_command() {
    let desk = Desk::new().await;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = desk.said(&format!("completions {shell}"));
        assert!(
            script.contains("doctor") && script.contains("rotate"),
            "{shell}"
        );
    }
    assert!(desk.said("man").starts_with(".ie"));
    desk.said("man --out {dir}");
    assert!(fs::exists(desk.path("maskinporten-keys-rotate.1")).unwrap());
    let wrong = desk.run("token --nothing-of-the-kind");
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(desk.run("keys create").status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_json_for_programs() {
    let desk = Desk::new().await;
    let demo = desk.stub.demo_client();
    desk.keep("demo.jwk", demo.private_jwk());
    let output = desk.run(&format!(
        "--log-level debug token --raw --client-id {} --key {{dir}}/demo.jwk --environment {{issuer}} \
         --scope altinn:serviceowner --log-format json",
        demo.client_id()
    ));
    let token = String::from_utf8(output.stdout).unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(!log.is_empty());
    for line in log.lines() {
        assert!(
            serde_json::from_str::<Value>(line).unwrap()["level"].is_string(),
            "{line}"
        );
    }
    assert!(!log.contains(token.trim_end()));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_stdin_and_passwords_from_files() {
    let desk = Desk::new().await;
    let demo = desk.stub.demo_client();
    let mut command = desk.command(&format!(
        "token --raw --client-id {} --key - --environment {{issuer}} --scope altinn:serviceowner",
        demo.client_id()
    ));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(demo.private_jwk().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.stdout.starts_with(b"eyJ") && output.status.success());

    let authority = CertificateAuthority::generate().unwrap();
    desk.stub.trust(&authority);
    let client = Client::new("certified", ORGANISATION).scopes("altinn:serviceowner");
    desk.stub.register(client);
    let certificate = authority.issue(ORGANISATION).unwrap();
    desk.keep(
        "enterprise.p12",
        certificate.pkcs12("correct horse").unwrap(),
    );
    desk.keep("password", "correct horse\n");
    let token = desk.said(
        "token --raw --client-id certified --key {dir}/enterprise.p12 --key-password-file {dir}/password \
         --environment {issuer} --scope altinn:serviceowner",
    );
    assert!(token.starts_with("eyJ"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stub_is_under_the_same_roof() {
    let desk = Desk::new().await;
    let mut child = desk
        .command("stub --ready-file {dir}/ready.json")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let base = line.strip_prefix("listening on ").unwrap();
    // The lines that follow are settings for a shell, which the program itself can use.
    let settings = lines.take(6).map(|line| {
        let line = line.unwrap();
        let (name, value) = line
            .strip_prefix("export ")
            .unwrap()
            .split_once('=')
            .unwrap();
        (name.to_owned(), value.trim_matches('\'').to_owned())
    });
    let output = desk.command("token").envs(settings).output().unwrap();
    assert!(
        output.stdout.starts_with(b"eyJ"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (status, _) = send(Method::GET, &format!("{base}/jwk"), None, "").await;
    assert_eq!(status, StatusCode::OK);
    child.kill().unwrap();
    child.wait().unwrap();
}
