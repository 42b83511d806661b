//! The program, run as scripts run it.
#![cfg(all(unix, feature = "standalone"))]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod certificate;
mod https;
mod running;

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::running::{Program, ended, get, post};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml");

#[tokio::test]
async fn says_where_it_listens_and_stops_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let ready = directory.path().join("ready.json");
    let mut program = Program::start(&["--ready-file", ready.to_str().unwrap()]).await;
    let line = program.line().await;
    let base = line.strip_prefix("listening on ").unwrap().to_owned();
    let mut variables = Vec::new();
    for _line in 0..6 {
        let line = program.line().await;
        let (name, value) = line.split_once('=').unwrap();
        assert!(value.starts_with('\'') && value.ends_with('\''), "{name}");
        variables.push(name.to_owned());
    }
    for name in ["Authority", "ClientId", "EncodedJwk", "Scope"] {
        let variable = format!("export MaskinportenSettings__{name}");
        assert!(variables.contains(&variable), "{name}");
    }
    let ready: Value = serde_json::from_slice(&fs::read(ready).unwrap()).unwrap();
    assert_eq!(ready["base_url"], base);
    assert_eq!(ready["issuer"], format!("{base}/"));
    assert_eq!(ready["client_ids"].as_array().unwrap().len(), 1);
    assert_eq!(get(&base, "/jwk").await.0, 200);
    assert_eq!(program.end("TERM").await, Some(0));
    assert!(
        fs::read_dir(directory.path()).unwrap().count() == 1,
        "nothing is left over"
    );
}

#[tokio::test]
async fn a_watching_page_does_not_keep_it_and_interrupts_are_heard() {
    let mut program = Program::start(&[]).await;
    let base = program.base().await;
    let watching = running::open(&base, "/_stub/events").await;
    assert_eq!(program.end("INT").await, Some(0));
    drop(watching);
}

#[tokio::test]
async fn the_example_configuration_is_understood() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("stub.toml");
    fs::copy(EXAMPLE, &config).unwrap();
    let config = config.to_str().unwrap();
    let mut first = Program::start(&["--config", config]).await;
    let base = first.base().await;
    let state = get(&base, "/_stub/state").await.1;
    let clients = state["clients"].as_array().unwrap();
    let known = |organisation: &str| {
        let of_it = clients
            .iter()
            .filter(|client| client["organisation"] == organisation);
        of_it.collect::<Vec<_>>()
    };
    for (organisation, count) in [("974761076", 1), ("974760673", 1), ("991825827", 2)] {
        assert_eq!(known(organisation).len(), count, "{organisation}");
    }
    let example = |client: &&Value| client["kids"] == json!(["example"]);
    assert!(known("991825827").iter().any(example));
    for file in ["stub-keys.json", "client-key.jwk", "enterprise.p12"] {
        let file = directory.path().join(file);
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    first.end("TERM").await;
    // The second start finds the keys of the first.
    let mut second = Program::start(&["--config", config]).await;
    let base = second.base().await;
    let again = get(&base, "/_stub/state").await.1;
    assert_eq!(again["kid"], state["kid"]);
    assert_eq!(again["clients"][0]["kids"], state["clients"][0]["kids"]);
}

#[tokio::test]
async fn a_scenario_from_a_file_runs() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("scenario.json");
    let scenario = r#"[{"when": {"request": 2, "of": "metadata"},
        "do": {"action": "inject", "route": "metadata", "fault": {"kind": "status", "status": 503}}}]"#;
    fs::write(&file, scenario).unwrap();
    let mut program = Program::start(&["--scenario", file.to_str().unwrap()]).await;
    let base = program.base().await;
    assert_eq!(get(&base, "/jwk").await.0, 200);
    assert_eq!(get(&base, "/jwk").await.0, 503);
    assert_eq!(post(&base, "/_stub/reset").await, 200);
    assert_eq!(get(&base, "/jwk").await.0, 200);
}

#[tokio::test]
async fn exit_codes_tell_usage_from_failure() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let typo = write("typo.toml", "sead = 1");
    let unknown = write(
        "client.toml",
        "[[clients]]\nid = \"a\"\norganisation = \"b\"\nkid = 1",
    );
    let real = write("real.toml", "public_url = \"https://test.maskinporten.no\"");
    let other = write(
        "other.toml",
        "public_url = \"https://platform.tt02.altinn.no\"",
    );
    let scenario = write("scenario.json", "[{}]");
    for (arguments, code, part) in [
        (vec!["--help"], 0, "Exit codes: 0"),
        (vec!["--nonsense"], 2, "--nonsense"),
        (vec!["--listen", "nowhere"], 2, "--listen"),
        (vec!["--ca-file", "x"], 2, "--https"),
        (vec!["--listen", "0.0.0.0:0"], 1, "loopback"),
        (vec!["--config", "/does/not/exist"], 1, "/does/not/exist"),
        (vec!["--config", &typo], 1, "sead"),
        (vec!["--config", &unknown], 1, "kid"),
        (vec!["--config", &real], 1, "real service"),
        (vec!["--config", &other], 1, "real service"),
        (vec!["--scenario", &scenario], 1, "Step 1"),
    ] {
        let (found, said) = ended(&arguments).await;
        assert_eq!(found, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(part), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn other_names_are_refused_unless_danger_is_asked_for() {
    let mut program = Program::start(&[]).await;
    let base = program.base().await;
    assert_eq!(running::get_as(&base, "/jwk", "evil.example").await, 421);
    let mut open = Program::start(&["--dangerously-listen-beyond-loopback"]).await;
    let base = open.base().await;
    assert_eq!(running::get_as(&base, "/jwk", "evil.example").await, 200);
}
