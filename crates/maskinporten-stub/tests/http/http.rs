//! Asking the stub.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use hyper_util::{
    client::legacy::{Client, Error},
    rt::TokioExecutor,
};
use maskinporten_stub::Stub;
use serde_json::Value;

use crate::assertion::Signer;

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status and `errorCode`, for the errors of the Correspondence API.
    pub(crate) fn code(&self) -> (u16, Option<u64>) {
        let json: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        (self.status, json["errorCode"].as_u64())
    }
}

/// A request; send it with [`Ask::to`].
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Ask {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(
        path: impl Into<String>,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Self {
        let mut ask = Self::new(Method::POST, path).header(CONTENT_TYPE.as_str(), content_type);
        ask.body = body.into();
        ask
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into();
        self.header(CONTENT_TYPE.as_str(), JSON)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    pub(crate) async fn to(self, stub: &Stub) -> Answer {
        self.try_to(stub.base_url()).await.unwrap()
    }

    pub(crate) async fn try_to(self, base_url: &str) -> Result<Answer, Error> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(format!("{base_url}{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (parts, body) = client.request(request).await?.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        })
    }
}

/// The form of a token request.
pub(crate) fn form(assertion: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", GRANT_TYPE)
        .append_pair("assertion", assertion)
        .finish()
}

pub(crate) async fn post_assertion(stub: &Stub, assertion: &str) -> Answer {
    Ask::post("/token", FORM, form(assertion)).to(stub).await
}

/// A Maskinporten token of the demo client.
pub(crate) async fn maskinporten_token(stub: &Stub, scope: &str) -> String {
    let assertion = Signer::demo(stub).grant(stub, scope).sign();
    let answer = post_assertion(stub, &assertion).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

pub(crate) async fn exchange(stub: &Stub, token: &str) -> Answer {
    Ask::get("/authentication/api/v1/exchange/maskinporten")
        .bearer(token)
        .to(stub)
        .await
}

/// An Altinn token of the demo client.
pub(crate) async fn altinn_token(stub: &Stub, scope: &str) -> String {
    let answer = exchange(stub, &maskinporten_token(stub, scope).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

/// The token with another signature of the same length.
pub(crate) fn broken(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    format!("{signed}.{}", "A".repeat(signature.len()))
}

/// A part of a token, without looking at the signature: 0 is the header, 1 the claims.
pub(crate) fn part(token: &str, index: usize) -> String {
    let part = token.split('.').nth(index).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_str(&part(token, 1)).unwrap()
}

/// The names of an object's members, in their order on the wire.
pub(crate) fn members(json: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(json).unwrap();
    let names: BTreeSet<&String> = value.as_object().unwrap().keys().collect();
    let mut names: Vec<String> = names.into_iter().cloned().collect();
    // The first mention is the member itself: no value of a token comes before its name.
    names.sort_by_key(|name| json.find(&format!("\"{name}\":")).unwrap());
    names
}
