//! What is logged and counted of a key in a file. Time is paused.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

#[path = "common/log.rs"]
mod log;
#[path = "common/recorder.rs"]
mod recorder;

use std::{fs, time::Duration};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use log::{Log, number};
use maskinporten::{KeyOptions, KeyRing};
use recorder::recorded;
use tokio::time::sleep;

fn pem() -> String {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let der = STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n")
}

#[test]
fn h2_a_file_that_cannot_be_read_is_told_once_a_minute_and_counted() {
    let (log, _logging) = Log::start();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.pem");
    fs::write(&path, pem()).unwrap();
    let kept = recorded(async |_| {
        let keys = KeyRing::from_file(&path, KeyOptions::new().kid("a-kid")).unwrap();
        let watching = tokio::spawn({
            let keys = keys.clone();
            async move { keys.changed().await }
        });
        let wait = sleep(Duration::from_secs(300));
        fs::write(&path, "half a key").unwrap();
        wait.await;
        assert!(keys.status().reload_error().is_some());
        fs::write(&path, pem()).unwrap();
        watching.await.unwrap();
        assert!(keys.status().reload_error().is_none());
    });
    let warnings = log.lines(&["WARN", "the private key was not replaced"]);
    assert!((4..=6).contains(&warnings.len()), "{warnings:?}");
    assert_eq!(number(&warnings[1], "suppressed"), 11);
    assert_eq!(log.lines(&["INFO", "there is a new private key"]).len(), 1);
    let series = ["failed", "replaced"].map(|o| format!("mp_key_reload_total{{outcome={o}}}"));
    assert_eq!(kept.names(), series);
    let failed = kept.get(&series[0]).unwrap();
    assert!((50.0..=70.0).contains(&failed), "{failed}");
    assert_eq!(kept.get(&series[1]), Some(1.0));
}
