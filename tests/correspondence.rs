//! The main job: a correspondence with a PDF, through the layer, whatever happens to the token on the way.

use http::{Method, StatusCode};
use maskinporten::{BoxError, Grant, HttpClient};
use maskinporten_stub::Stub;
use serde_json::{Value, json};
use tests::{altinn, grant, layer, maskinporten, send};
use tower::{Layer, ServiceBuilder};
use tower_maskinporten::{BearerAuthLayer, Origins, TokenUnavailable, Tokens};

fn letter(attachment: &Value) -> String {
    json!({
        "correspondence": {
            "resourceId": "ttd-brev",
            "sendersReference": "case-1",
            "content": {"messageTitle": "Vedtak", "messageBody": "Innvilget."},
        },
        "recipients": ["urn:altinn:organization:identifier-no:310244007"],
        "existingAttachments": [attachment],
        "idempotentKey": "6b1f4c8e-3a2d-5f7b-9c04-1e8a5d2b7f36",
    })
    .to_string()
}

const ATTACHMENT: &str =
    r#"{"resourceId":"ttd-brev","fileName":"vedtak.pdf","sendersReference":"ref-1"}"#;

#[tokio::test]
async fn a_letter_is_sent_and_a_revoked_token_does_not_stop_it() {
    let stub = Stub::start().await.unwrap();
    let tokens = Tokens::new(altinn(&stub), grant());
    let client = ServiceBuilder::new()
        .layer(layer(&stub, &tokens))
        .service(HttpClient::new().unwrap());
    let base = format!("{}/correspondence/api/v1", stub.base_url());
    let call = |method, path: String, body: String| {
        let (client, url) = (client.clone(), format!("{base}{path}"));
        async move { send(client, method, &url, body).await }
    };

    let (status, attachment) = call(Method::POST, "/attachment".into(), ATTACHMENT.into())
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK, "{attachment}");
    let id = attachment.as_str().unwrap();
    let pdf = "%PDF-1.7 and so on".to_owned();
    let (status, uploaded) = call(Method::POST, format!("/attachment/{id}/upload"), pdf)
        .await
        .unwrap();
    assert_eq!(
        (status, &uploaded["status"]),
        (StatusCode::OK, &json!("UploadProcessing"))
    );
    let (_, overview) = call(Method::GET, format!("/attachment/{id}"), String::new())
        .await
        .unwrap();
    assert_eq!(overview["status"], "Published");
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 1));

    stub.revoke_tokens();
    let (status, sent) = call(Method::POST, "/correspondence".into(), letter(&attachment))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK, "{sent}");
    assert_eq!((stub.token_requests(), stub.exchanges()), (2, 2));
    let correspondence = sent["correspondences"][0]["correspondenceId"]
        .as_str()
        .unwrap();
    let (_, details) = call(
        Method::GET,
        format!("/correspondence/{correspondence}/details"),
        String::new(),
    )
    .await
    .unwrap();
    assert_eq!(details["status"], "Published");

    // The refused attempt did not use the idempotency key up; the one that was accepted did.
    let (status, again) = call(Method::POST, "/correspondence".into(), letter(&attachment))
        .await
        .unwrap();
    assert_eq!(
        (status, &again["errorCode"]),
        (StatusCode::CONFLICT, &json!(1034))
    );
    assert_eq!((stub.token_requests(), stub.exchanges()), (2, 2));
}

#[tokio::test]
async fn an_answer_about_access_refreshes_nothing() {
    let stub = Stub::start().await.unwrap();
    stub.register_resource("somebody-elses", "310702641");
    let tokens = Tokens::new(
        altinn(&stub),
        Grant::new("altinn:correspondence.write").unwrap(),
    );
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
    let url = format!("{}/correspondence/api/v1/attachment", stub.base_url());
    let elsewhere = ATTACHMENT.replace("ttd-brev", "somebody-elses");
    let (status, problem) = send(client.clone(), Method::POST, &url, elsewhere)
        .await
        .unwrap();
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("CORR-04001"))
    );
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 1));
}

#[tokio::test]
async fn a_token_that_was_not_exchanged_is_403_where_it_must_be_and_is_not_refreshed() {
    let stub = Stub::start().await.unwrap();
    let scopes = Grant::new("altinn:correspondence.write").unwrap();
    let tokens = Tokens::new(maskinporten(&stub), scopes);
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
    let url = format!("{}/correspondence/api/v1/attachment", stub.base_url());
    let (status, _) = send(client, Method::POST, &url, ATTACHMENT).await.unwrap();
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 0));
}

#[tokio::test]
async fn without_a_token_nothing_reaches_the_api() {
    let stub = Stub::start().await.unwrap();
    let tokens = Tokens::new(altinn(&stub), Grant::new("x:unknown").unwrap());
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
    let url = format!("{}/correspondence/api/v1/attachment", stub.base_url());
    let error = send(client, Method::POST, &url, ATTACHMENT)
        .await
        .unwrap_err();
    let unavailable = error.downcast::<TokenUnavailable>().unwrap();
    assert_eq!(
        unavailable.last_error().unwrap().refusal().unwrap().code(),
        Some("MP-200")
    );
    assert!(
        stub.requests()
            .iter()
            .all(|request| !request.path().contains("/attachment"))
    );
}

#[tokio::test]
async fn no_request_goes_where_the_token_may_not() {
    let (stub, other) = (Stub::start().await.unwrap(), Stub::start().await.unwrap());
    let tokens = Tokens::new(altinn(&stub), grant());
    let origins = Origins::new([stub.base_url()]).unwrap();
    let client = BearerAuthLayer::new(tokens, origins).layer(HttpClient::new().unwrap());
    let outcome: Result<_, BoxError> = send(client, Method::GET, other.base_url(), "").await;
    outcome.unwrap_err();
    assert!(other.requests().is_empty());
    assert_eq!(stub.token_requests(), 0);
}
