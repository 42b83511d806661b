//! Somebody who receives.

use hyper::Method;
use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};

use crate::{
    assertion::Signer,
    http::{Answer, Ask, exchange, post_assertion},
    sender::API,
};

pub(crate) const READ: &str = "altinn:correspondence.read";

/// An Altinn token of a new client of that organisation.
pub(crate) async fn token_of(stub: &Stub, org_number: &str, scopes: &str) -> String {
    let client = Client::generate(format!("of {org_number}"), org_number)
        .unwrap()
        .scopes(scopes);
    let assertion = Signer::of(&client).grant(stub, scopes).sign();
    stub.register(client);
    let token = post_assertion(stub, &assertion).await.json()["access_token"].clone();
    let answer = exchange(stub, token.as_str().unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

/// What a grant says to ask for a system user of that organisation.
pub(crate) fn system_user(org_number: &str) -> Value {
    let party = json!({
        "authority": "iso6523-actorid-upis", "ID": format!("0192:{org_number}"),
    });
    json!([{"type": "urn:altinn:systemuser", "systemuser_org": party}])
}

/// The organisation that orders go to, and what it does with one correspondence.
pub(crate) struct Reader<'a> {
    stub: &'a Stub,
    pub(crate) token: String,
}

impl<'a> Reader<'a> {
    pub(crate) async fn of(stub: &'a Stub) -> Self {
        let token = token_of(stub, "310244007", READ).await;
        Self { stub, token }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    pub(crate) async fn look(&self, id: &str) -> Answer {
        self.get(&format!("/correspondence/{id}")).await
    }

    /// `markasread` or `confirm`.
    pub(crate) async fn tell(&self, id: &str, what: &str) -> Answer {
        self.ask(Method::POST, &format!("/correspondence/{id}/{what}"))
            .await
    }

    pub(crate) async fn purge(&self, id: &str) -> Answer {
        self.ask(Method::DELETE, &format!("/correspondence/{id}/purge"))
            .await
    }

    pub(crate) async fn download(&self, id: &str, attachment: &str) -> Answer {
        let path = format!("/correspondence/{id}/attachment/{attachment}/download");
        self.get(&path).await
    }

    async fn ask(&self, method: Method, path: &str) -> Answer {
        let ask = Ask::new(method, format!("{API}{path}"));
        ask.bearer(&self.token).to(self.stub).await
    }
}

/// The statuses of a history.
pub(crate) fn statuses(details: &Value) -> Vec<String> {
    let history = details["statusHistory"].as_array().unwrap().iter();
    let status = |event: &Value| event["status"].as_str().unwrap().to_owned();
    history.map(status).collect()
}
