//! `maskinporten keys`, beside what `altinn-jwks` 2.0.0 does.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use maskinporten::{ClientKey, KeyOptions};
use serde_json::Value;
use tempfile::TempDir;

/// The example of Altinn's guide "Setting up Maskinporten client", where it is there: `altinn-jwks` made it.
fn guide(file: &str) -> Option<String> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/samples");
    let text = fs::read_to_string(samples.join(file)).ok();
    if text.is_none() {
        eprintln!("skipped: there is no {file}");
    }
    text
}

fn keys(store: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maskinporten"));
    command
        .env_clear()
        .env("ALTINN_JWK_STORE", store.path())
        .stdin(Stdio::null());
    command.arg("keys").args(arguments).output().unwrap()
}

/// What it says when all is well.
fn said(store: &TempDir, arguments: &[&str]) -> String {
    let output = keys(store, arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// What it complains of, with 1.
fn complained(store: &TempDir, arguments: &[&str]) -> String {
    let output = keys(store, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn store() -> TempDir {
    TempDir::new().unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn exports_have_the_bytes_that_altinn_jwks_writes() {
    let Some((base64, public)) =
        guide("altinn-guide-private.base64.txt").zip(guide("altinn-guide-public.json"))
    else {
        return;
    };
    let base64 = base64.trim_end();
    let private = String::from_utf8(BASE64.decode(base64).unwrap()).unwrap();
    let store = store();
    // In no order, as another tool may leave it.
    let set = serde_json::json!({ "keys": [json(&private)] }).to_string();
    fs::write(store.path().join("testklient-TEST.jwks.json"), set).unwrap();
    let export = |arguments: &[&str]| {
        let arguments = [&["export", "key", "testklient"], arguments].concat();
        said(&store, &arguments)
    };
    assert!(export(&[]) == private);
    assert!(export(&["-e", "Test", "-r", "Private"]) == private);
    assert!(export(&["--base64", "--env", "DEV"]) == base64);
    let public = public.trim_end();
    let one = &public[1..public.len() - 1];
    assert_eq!(export(&["--variant", "PUBLIC"]), one);
    assert_eq!(export(&["-r", "public", "-b"]), BASE64.encode(one));
    assert_eq!(
        said(&store, &["export", "maskinporten", "testklient"]),
        public
    );
}

#[test]
fn keys_are_made_for_both_environments_and_listed() {
    let store = store();
    let made = said(&store, &["create", "client", "--suffix", "one"]);
    assert_eq!(
        made,
        "Generating key client-TEST.one\nGenerating key client-PROD.one\n"
    );
    said(&store, &["create", "other", "-e", "prod"]);
    assert_eq!(
        said(&store, &["list"]),
        "client (TEST, PROD)\nother (PROD)\n"
    );
    let key = json(&said(&store, &["export", "key", "client"]));
    assert_eq!(key["kid"], "client-TEST.one");
    assert_eq!((&key["alg"], &key["use"]), (&"RS256".into(), &"sig".into()));
    let names: Vec<_> = key.as_object().unwrap().keys().collect();
    let known = [
        "alg", "d", "dp", "dq", "e", "key_ops", "kid", "kty", "n", "oth", "p", "q", "qi", "use",
        "x5c",
    ];
    assert_eq!(names, known);
    ClientKey::from_jwk(&key.to_string()).unwrap();
}

#[test]
fn options_are_those_of_altinn_jwks() {
    let store = store();
    for (name, arguments) in [
        (
            "a",
            ["-e", "test", "-s", "3072", "-a", "rs512", "-u", "enc"],
        ),
        (
            "b",
            [
                "--env",
                "Development",
                "--size",
                "3072",
                "--alg",
                "RS512",
                "--use",
                "ENC",
            ],
        ),
        (
            "c",
            [
                "--environment",
                "DEV",
                "--size",
                "3072",
                "--algorithm",
                "RS512",
                "--use",
                "enc",
            ],
        ),
    ] {
        said(&store, &[&["create", name], &arguments[..]].concat());
        let key = json(&said(&store, &["export", "key", name, "-r", "public"]));
        assert_eq!((&key["alg"], &key["use"]), (&"RS512".into(), &"enc".into()));
        // 3,072 bits are 384 bytes, or 512 characters.
        assert_eq!(key["n"].as_str().unwrap().len(), 512);
        assert_eq!(key.get("d"), None);
    }
    assert_eq!(said(&store, &["list"]), "a (TEST)\nb (TEST)\nc (TEST)\n");
    for environments in [&["-e", "prod,test"][..], &["-e", "test", "-e", "prod"]] {
        let arguments = [
            &["create", "both", "--suffix", environments.last().unwrap()],
            environments,
        ];
        assert_eq!(said(&store, &arguments.concat()).lines().count(), 2);
    }
}

#[test]
fn a_store_can_be_chosen_before_the_command_or_after_it() {
    let (usual, chosen) = (store(), store());
    let path = chosen.path().to_str().unwrap();
    said(
        &usual,
        &["-s", path, "create", "a", "-e", "test", "-s", "3072"],
    );
    said(&usual, &["create", "b", "-e", "test", "--store", path]);
    assert_eq!(said(&usual, &["list", "-s", path]), "a (TEST)\nb (TEST)\n");
    let output = keys(&usual, &["list"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"No keys found.\n");
    assert_eq!(
        complained(&usual, &["-s", path, "list", "-s", path]),
        "Only one store can be specified\n"
    );
    assert_eq!(
        complained(&usual, &["list", "-s", "ftp://example.com"]),
        "Unsupported URI scheme: ftp\n"
    );
}

#[test]
fn what_is_wrong_is_said_as_altinn_jwks_says_it() {
    let store = store();
    said(&store, &["create", "a", "-e", "test", "--suffix", "1"]);
    fs::write(store.path().join("empty-TEST.jwks.json"), r#"{"keys":[]}"#).unwrap();
    for (arguments, complaint) in [
        (&["export"][..], "Missing required subcommand."),
        (
            &["export", "key", "a", "-e", "prod"],
            "Key-set a-PROD not found.",
        ),
        (
            &["export", "key", "empty"],
            "No keys found in key-set empty.",
        ),
        (
            &["create", "a", "-e", "test", "--suffix", "1"],
            "Key with id a-TEST.1 already exists in key-set.",
        ),
        (&["create", "a", "-e", "tset"], "Unknown environment: tset"),
        (&["create", "../a"], "The name of a key set"),
        (&["create", "a", "--size", "1024"], "1024 bits"),
        (&["create"], "<NAME>"),
        (&["unknown"], "unrecognized subcommand"),
    ] {
        let said = complained(&store, arguments);
        assert!(said.contains(complaint), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let store = store();
    said(&store, &["create", "a"]);
    let out = store.path().join("out.pem");
    said(
        &store,
        &["export", "pem", "a", "--out", out.to_str().unwrap()],
    );
    let mut files = 0;
    for file in fs::read_dir(store.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    // Two sets, the lock, and the PEM; nothing that was to be renamed is left.
    assert_eq!(files, 4);
}

#[test]
fn no_key_is_lost_when_several_are_made_at_once() {
    let store = store();
    thread::scope(|scope| {
        for n in 0..6 {
            let store = &store;
            scope.spawn(move || {
                said(
                    store,
                    &["create", "a", "-e", "test", "--suffix", &n.to_string()],
                )
            });
        }
    });
    let set = json(&said(&store, &["export", "jwks", "a"]));
    assert_eq!(set["keys"].as_array().unwrap().len(), 6);
    // The seventh displaces the first.
    let first = set["keys"][0]["kid"].clone();
    said(&store, &["create", "a", "-e", "test", "--suffix", "6"]);
    let set = json(&said(&store, &["export", "jwks", "a"]));
    let kids: Vec<_> = set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["kid"])
        .collect();
    assert_eq!(kids.len(), 6);
    assert!(!kids.contains(&&first) && *kids[5] == "a-TEST.6");
}

#[test]
fn a_store_of_version_1_is_read_and_carried_on() {
    let store = store();
    said(
        &store,
        &["create", "a", "-e", "test", "--suffix", "2024-07-10"],
    );
    let set = |suffix: &str| store.path().join(format!("a-TEST.{suffix}"));
    fs::rename(set("jwks.json"), set("json")).unwrap();
    fs::write(set("key.json"), "{}").unwrap();
    fs::write(set("pub.json"), "{}").unwrap();
    assert_eq!(said(&store, &["list"]), "a (TEST)\n");
    let old = json(&said(&store, &["export", "key", "a"]));
    assert_eq!(old["kid"], "a-TEST.2024-07-10");
    said(&store, &["create", "a", "-e", "test", "--suffix", "2"]);
    let keys = json(&said(&store, &["export", "jwks", "a"]));
    assert_eq!(keys["keys"][0]["kid"], "a-TEST.2024-07-10");
    assert_eq!(keys["keys"][1]["kid"], "a-TEST.2");
}

#[test]
fn keys_go_out_and_come_in_as_jwk_pem_and_pkcs12() {
    let store = store();
    said(&store, &["create", "a", "-e", "test"]);
    let password = store.path().join("password");
    fs::write(&password, "correct horse\n").unwrap();
    let password = password.to_str().unwrap();
    let original = json(&said(&store, &["export", "key", "a"]));
    let forms: [(&str, &[&str], &[&str]); 4] = [
        ("jwk", &["key", "a"], &[]),
        ("base64", &["key", "a", "-b"], &[]),
        ("pem", &["pem", "a"], &[]),
        (
            "pkcs12",
            &["pkcs12", "a", "--password-file", password],
            &["--password-file", password],
        ),
    ];
    for (form, export, import) in forms {
        let file = store.path().join(form);
        let file = file.to_str().unwrap();
        said(&store, &[&["export"], export, &["--out", file]].concat());
        said(
            &store,
            &[&["import", form, file, "--kid", "new"], import].concat(),
        );
        let read = json(&said(&store, &["export", "key", form]));
        assert_eq!(read["kid"], "new");
        for member in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
            // Not shown, as they are secrets.
            assert!(read[member] == original[member], "{form}: {member}");
        }
    }
    let archive = fs::read(store.path().join("pkcs12")).unwrap();
    let options = KeyOptions::new().password("correct horse");
    options.read(archive).unwrap();
    let wrong = complained(&store, &["import", "x", password]);
    assert!(wrong.contains("It is no JWK, PEM or PKCS#12."), "{wrong}");
}

#[test]
fn keys_that_end_are_named() {
    let store = store();
    said(
        &store,
        &["create", "old", "-e", "test", "--suffix", "2024-07-10"],
    );
    said(&store, &["create", "new", "-e", "test"]);
    let all = said(&store, &["expiry"]);
    assert!(
        all.contains("old-TEST.2024-07-10, current: ends 2025-07-10, in -"),
        "{all}"
    );
    assert!(all.contains("days\n") && all.contains("new-TEST."), "{all}");
    said(&store, &["expiry", "new", "--within", "30"]);
    let complaint = complained(&store, &["expiry", "--within", "30"]);
    assert_eq!(complaint, "Replace soon: old-TEST.2024-07-10\n");
}

#[test]
fn a_private_key_is_shown_on_a_terminal_when_that_is_said() {
    let store = store();
    said(&store, &["create", "client", "--env", "test"]);
    let on_terminal = |options: &str| {
        let program = env!("CARGO_BIN_EXE_maskinporten");
        let line = format!("{program} keys export key client {options}");
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        script
            .env("ALTINN_JWK_STORE", store.path())
            .stdin(Stdio::null());
        script.output().ok()
    };
    let Some(refused) = on_terminal("") else {
        eprintln!("skipped: there is no `script`");
        return;
    };
    let text = String::from_utf8(refused.stdout).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text.contains("--private") && !text.contains("\"d\""),
        "{text}"
    );
    let shown = on_terminal("--private").unwrap();
    assert!(String::from_utf8(shown.stdout).unwrap().contains("\"d\""));
    assert_eq!(
        on_terminal("--variant private").unwrap().status.code(),
        Some(1)
    );
    let public = on_terminal("--variant public").unwrap();
    assert!(public.status.success());
}
