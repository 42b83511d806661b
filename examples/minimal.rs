//! The smallest useful program: one request with a token that takes care of itself.
//!
//! It runs on a stub. On the real thing, the first paragraph is `Settings::from_env()?` and its `connect().await?`.

use http::{Request, header::CONTENT_TYPE};
use maskinporten::{BoxError, ClientKey, Environment, Grant, HttpClient, Maskinporten, Retry};
use maskinporten_stub::Stub;
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let http = HttpClient::new()?;
    let stub = Stub::start().await?;
    let environment = Environment::discover(&stub.issuer(), &http).await?;
    let key = ClientKey::from_jwk(stub.demo_client().private_jwk())?;
    let id = stub.demo_client().client_id();

    let source = Retry::new(Maskinporten::new(environment, id, key, http.clone()));
    let grant = Grant::new("altinn:serviceowner altinn:correspondence.write")?;
    let origins = Origins::new([stub.base_url()])?;
    let client = BearerAuthLayer::new(Tokens::new(source, grant), origins).layer(http);

    let letter = r#"{"resourceId":"ttd-brev","fileName":"a.pdf","sendersReference":"1"}"#;
    let url = format!("{}/correspondence/api/v1/attachment", stub.base_url());
    let request = Request::post(url).header(CONTENT_TYPE, "application/json");
    let answer = client.oneshot(request.body(letter.into())?).await?;
    examples::say("the API says", answer.status());
    Ok(())
}
