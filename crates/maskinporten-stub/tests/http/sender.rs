//! Somebody who sends.

use std::time::Duration;

use hyper::{Method, body::Bytes};
use maskinporten_stub::Stub;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::{Answer, Ask, JSON, altinn_token};

pub(crate) const API: &str = "/correspondence/api/v1";
pub(crate) const BYTES: &str = "application/octet-stream";

/// What every scanner takes for malware; in halves, so that none takes this file for it.
pub(crate) const EICAR: [&str; 2] = [
    r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
    "-ANTIVIRUS-TEST-FILE!$H+H*",
];

/// A stub and somebody who sends with it.
pub(crate) struct Sender {
    pub(crate) stub: Stub,
    pub(crate) token: String,
}

impl Sender {
    pub(crate) async fn of(stub: Stub) -> Self {
        let token = altinn_token(&stub, "altinn:correspondence.write").await;
        Self { stub, token }
    }

    pub(crate) async fn new() -> Self {
        Self::of(Stub::start().await.unwrap()).await
    }

    /// For tests in which days pass.
    pub(crate) async fn with_long_lasting_token() -> Self {
        let stub = Stub::start().await.unwrap();
        stub.set_altinn_token_lifetime(Duration::from_secs(365 * 24 * 3600));
        Self::of(stub).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Ask::get(format!("{API}{path}"))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        let ask = Ask::new(Method::DELETE, format!("{API}{path}"));
        self.ask(ask).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let ask = Ask::post(format!("{API}{path}"), JSON, body.to_string());
        self.ask(ask).await
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        ask.bearer(&self.token).to(&self.stub).await
    }

    pub(crate) async fn attachment(&self, change: Value) -> Answer {
        let mut body =
            json!({"resourceId": "ttd-brev", "fileName": "vedtak.pdf", "sendersReference": "1"});
        body.as_object_mut()
            .unwrap()
            .append(&mut change.as_object().unwrap().clone());
        self.post("/attachment", &body).await
    }

    pub(crate) async fn upload(&self, id: &str, bytes: impl Into<Bytes>) -> Answer {
        let ask = Ask::post(format!("{API}/attachment/{id}/upload"), BYTES, bytes);
        ask.bearer(&self.token).to(&self.stub).await
    }

    /// An attachment that is published at the next look.
    pub(crate) async fn uploaded(&self) -> String {
        let id = id(&self.attachment(json!({})).await);
        assert_eq!(self.upload(&id, "hello world").await.status, 200);
        id
    }

    /// Sends it and gives its id.
    pub(crate) async fn sent(&self, order: &Value) -> String {
        sent(&self.send(order).await)
    }

    pub(crate) async fn send(&self, order: &Value) -> Answer {
        self.post("/correspondence", order).await
    }
}

pub(crate) fn id(answer: &Answer) -> String {
    answer.json().as_str().unwrap().to_owned()
}

pub(crate) fn order() -> Value {
    json!({
        "correspondence": {
            "resourceId": "urn:altinn:resource:ttd-brev", "sendersReference": "sak-1",
            "content": {"messageTitle": "Vedtak", "messageBody": "**Innvilget**"},
        },
        "recipients": ["0192:310244007"],
    })
}

pub(crate) fn sent(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["correspondences"][0]["correspondenceId"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub(crate) fn new_id() -> String {
    Uuid::new_v4().to_string()
}
