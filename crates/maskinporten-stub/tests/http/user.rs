//! Somebody who uses an API: a client with scopes, and a token for them.

use std::time::Duration;

use hyper::Method;
use maskinporten_stub::{Client, Stub};
use serde_json::Value;

use crate::{
    assertion::{Signer, now},
    http::{Answer, Ask, post_assertion},
};

/// A client of an organisation, and the API it uses.
pub(crate) struct User<'a> {
    stub: &'a Stub,
    base: &'static str,
    scopes: String,
    pub(crate) client_id: String,
    pub(crate) signer: Signer,
    pub(crate) token: String,
}

impl<'a> User<'a> {
    /// Registers a client of that organisation, named after it and its scopes, and gets a token.
    pub(crate) async fn new(
        stub: &'a Stub,
        org_number: &str,
        scopes: &str,
        base: &'static str,
    ) -> Self {
        let client_id = format!("{org_number}-{}", scopes.replace([' ', ':', '/'], "-"));
        let client = Client::generate(&client_id, org_number).unwrap();
        let client = client.scopes(scopes);
        let signer = Signer::of(&client);
        stub.register(client);
        let token = token(stub, &signer, scopes, Duration::ZERO).await;
        Self {
            stub,
            base,
            scopes: scopes.to_owned(),
            client_id,
            signer,
            token,
        }
    }

    /// Another API with the same token.
    pub(crate) fn at(&self, base: &'static str) -> Self {
        Self {
            base,
            scopes: self.scopes.clone(),
            client_id: self.client_id.clone(),
            signer: self.signer.clone(),
            token: self.token.clone(),
            ..*self
        }
    }

    /// Gets a new token when the stub's clock has been advanced by so much in all.
    pub(crate) async fn refresh(&mut self, advanced: Duration) {
        self.token = token(self.stub, &self.signer, &self.scopes, advanced).await;
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let ask = Ask::new(method, format!("{}{path}", self.base)).bearer(&self.token);
        let ask = match body {
            Some(body) => ask.json(body),
            None => ask,
        };
        ask.to(self.stub).await
    }
}

/// A token, when the stub's clock has been advanced by so much.
pub(crate) async fn token(
    stub: &Stub,
    signer: &Signer,
    scopes: &str,
    advanced: Duration,
) -> String {
    let iat = now() + i64::try_from(advanced.as_secs()).unwrap();
    let grant = signer.grant(stub, scopes).claim("iat", iat);
    let answer = post_assertion(stub, &grant.claim("exp", iat + 100).sign()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}
