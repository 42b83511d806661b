//! The page at `/_stub/`, in a browser.

use std::{io::Write, path::PathBuf};

use maskinporten_stub::{Fault, Route, Stub};
use serde_json::json;

use crate::{
    assertion::Signer,
    browser::Browser,
    http::{Ask, JSON, altinn_token, post_assertion},
};

const SCOPE: &str = "altinn:correspondence.write";

/// Where screenshots go, for people to look at.
fn artefacts() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")),
        PathBuf::from,
    );
    let directory = target.join("artefacts");
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

#[tokio::test]
async fn the_page_explains_what_came_in_and_is_used_by_keyboard() {
    let Some(mut browser) = Browser::start().await else {
        let mut err = std::io::stderr();
        writeln!(
            err,
            "\nSKIPPED: no Chromium on this machine, so the page was not tried\n"
        )
        .unwrap();
        return;
    };
    let stub = Stub::start().await.unwrap();
    browser.size(1280, 900).await;
    browser.open(&format!("{}/_stub/", stub.base_url())).await;
    browser
        .until("document.getElementById('link').textContent === 'live'")
        .await;

    // A good grant, a bad one, and one that wants to be markup.
    let signer = Signer::demo(&stub);
    let token = altinn_token(&stub, SCOPE).await;
    let wrong = signer
        .grant(&stub, SCOPE)
        .claim("aud", "https://maskinporten.no/");
    post_assertion(&stub, &wrong.sign()).await;
    let markup = "<img src=x onerror=\"window.hostile=1\"><script>window.hostile=1</script>";
    let hostile = signer.grant(&stub, SCOPE).claim("iss", markup);
    let hostile = hostile.claim("__proto__", markup);
    post_assertion(&stub, &hostile.sign()).await;
    let hostile = signer.grant(&stub, markup).claim("jti", markup);
    post_assertion(&stub, &hostile.sign()).await;
    let letter = json!({"resourceId": "ttd-brev", "fileName": "a.pdf", "sendersReference": "1"});
    Ask::post(
        "/correspondence/api/v1/attachment",
        JSON,
        letter.to_string(),
    )
    .bearer(&token)
    .to(&stub)
    .await;

    browser
        .until("document.querySelectorAll('#requests > details').length === 6")
        .await;
    browser
        .until("document.querySelectorAll('#tokens .life').length === 2")
        .await;
    browser
        .until("document.querySelector('#letters').textContent.includes('Initialized')")
        .await;
    let text = browser
        .value("document.querySelector('#requests').textContent")
        .await;
    let text = text.as_str().unwrap();
    for part in [
        "aud is \"https://maskinporten.no/\", and this issuer is",
        "(MP-110)",
        "the grant has not been used before",
        "audience: who the grant is for",
        markup,
    ] {
        assert!(text.contains(part), "{part}");
    }
    let counts = "[...document.querySelectorAll('#requests > details')].map((one) => \
                  ['.passed', '.failed', '.not_reached'].map((kind) => one.querySelectorAll(kind).length).join())";
    let counts = browser.value(counts).await;
    // The newest first: upload, hostile scope, hostile claim, wrong audience, exchange, good one.
    let expected = ["0,0,0", "10,1,4", "3,1,11", "7,1,7", "0,0,0", "15,0,0"];
    assert_eq!(counts, json!(expected));
    assert_eq!(browser.value("window.hostile === undefined").await, true);
    assert_eq!(
        browser
            .value("document.querySelectorAll('main img, main script').length")
            .await,
        0
    );

    // By keyboard alone: to the first fault button, and press it.
    let active = "document.activeElement.matches('button') && document.activeElement.textContent.includes('503')";
    let mut steps = 0;
    while browser.value(active).await != true {
        assert!(steps < 60, "the button cannot be reached");
        browser.press("Tab").await;
        steps += 1;
    }
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(browser.value(outline).await, "solid", "the focus is seen");
    browser.press("Enter").await;
    browser
        .until("document.getElementById('said').textContent.includes('503')")
        .await;
    browser
        .until("document.getElementById('faults').textContent.includes('token: status')")
        .await;
    let struck = post_assertion(&stub, &signer.grant(&stub, SCOPE).sign()).await;
    assert_eq!(struck.status, 503);

    stub.inject(Route::Exchange, Fault::half_answer().on_call(2));
    stub.revoke_tokens();
    let _newer = altinn_token(&stub, SCOPE).await;
    browser
        .until("document.querySelectorAll('#requests > details').length === 9")
        .await;
    browser
        .until("document.querySelectorAll('#tokens .life').length === 4")
        .await;
    browser
        .value("document.querySelectorAll('#requests > details')[5].open = true")
        .await;
    for scheme in ["light", "dark"] {
        browser.scheme(scheme).await;
        for (name, width, height) in [("", 1280, 2200), ("-phone", 360, 1600)] {
            browser.size(width, height).await;
            // What reaches beyond the right edge, by its text.
            let beyond = "[...document.body.querySelectorAll('*')].filter((one) => \
                          one.getBoundingClientRect().right > document.documentElement.clientWidth)\
                          .map((one) => one.outerHTML.slice(0, 200))";
            let beyond = browser.value(beyond).await;
            let width_needed = browser.value("document.documentElement.scrollWidth").await;
            assert_eq!(beyond, json!([]), "{scheme} {width}");
            assert!(
                width_needed.as_u64().unwrap() <= width.into(),
                "{width_needed}"
            );
            let dark = if scheme == "dark" { "-dark" } else { "" };
            let file = artefacts().join(format!("stub-page{name}{dark}.png"));
            browser.screenshot(&file).await;
        }
    }

    let base = stub.base_url();
    for request in browser.events("Network.requestWillBeSent") {
        let url = request["request"]["url"].as_str().unwrap();
        assert!(url.starts_with(base) || url.starts_with("data:"), "{url}");
    }
    let thrown = browser.events("Runtime.exceptionThrown");
    let logged = browser.events("Log.entryAdded");
    let said = browser.events("Runtime.consoleAPICalled");
    assert!(
        thrown.is_empty() && logged.is_empty() && said.is_empty(),
        "{thrown:?} {logged:?} {said:?}"
    );
}
