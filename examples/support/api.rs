//! Just enough of a client of the Correspondence API. It knows nothing of tokens.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use maskinporten::BoxError;
use serde_json::{Value, json};
use tower::{Service, ServiceExt};
use uuid::Uuid;

use crate::Upload;

/// The Correspondence API, through a client that adds the token.
#[derive(Clone, Debug)]
pub struct Correspondence<S> {
    client: S,
    base_url: String,
}

impl<S> Correspondence<S>
where
    S: Service<Request<Upload>, Response = Response<Incoming>, Error = BoxError> + Clone,
{
    /// The API of the platform at `platform`, called with `client`.
    pub fn new(client: S, platform: &str) -> Self {
        Self {
            client,
            base_url: format!("{platform}/correspondence/api/v1"),
        }
    }

    /// Announces a file; answers its id.
    ///
    /// # Errors
    ///
    /// When the API does not answer or refuses, as for all methods here.
    pub async fn initialise_attachment(
        &self,
        resource: &str,
        name: &str,
    ) -> Result<String, BoxError> {
        let request = json!({"resourceId": resource, "fileName": name, "sendersReference": name});
        let id = self
            .call(Method::POST, "attachment", Some(&request))
            .await?;
        Ok(id.as_str().ok_or("the attachment has no id")?.to_owned())
    }

    /// Sends a file's bytes; answers the status.
    ///
    /// # Errors
    ///
    /// See [`initialise_attachment`](Self::initialise_attachment).
    pub async fn upload(&self, attachment: &str, bytes: Bytes) -> Result<String, BoxError> {
        let request = Request::post(format!("{}/attachment/{attachment}/upload", self.base_url))
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(Upload::with_progress(bytes))?;
        status(&self.send(request).await?)
    }

    /// Waits until the file has been scanned; answers the status.
    ///
    /// # Errors
    ///
    /// When the file is refused or not published within a minute; see also
    /// [`initialise_attachment`](Self::initialise_attachment).
    pub async fn wait_until_published(&self, attachment: &str) -> Result<String, BoxError> {
        for _ in 0..60 {
            let overview = self.show("attachment", attachment).await?;
            match status(&overview)?.as_str() {
                "Published" => return status(&overview),
                "Failed" | "Purged" => {
                    return Err(format!("the file was refused: {}", overview["statusText"]).into());
                }
                _ => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
        Err("the file was not published within a minute".into())
    }

    /// Sends a letter with a file to one recipient; answers its id. Should it be sent twice by mistake, its
    /// idempotency key lets it arrive once.
    ///
    /// # Errors
    ///
    /// See [`initialise_attachment`](Self::initialise_attachment).
    pub async fn send_letter(
        &self,
        resource: &str,
        recipient: &str,
        attachment: &str,
    ) -> Result<String, BoxError> {
        let key = Uuid::new_v4().to_string();
        let request = json!({
            "correspondence": {
                "resourceId": resource,
                "sendersReference": key,
                "content": {
                    "language": "nb",
                    "messageTitle": "Vedtak om tilskudd",
                    "messageBody": "# Vedtak\n\nDu har fått **innvilget** tilskudd. Se vedlegget.",
                },
            },
            "recipients": [recipient],
            "existingAttachments": [attachment],
            "idempotentKey": key,
        });
        let sent = self
            .call(Method::POST, "correspondence", Some(&request))
            .await?;
        let id = sent["correspondences"][0]["correspondenceId"].as_str();
        Ok(id.ok_or("the correspondence has no id")?.to_owned())
    }

    /// What has become of a correspondence, one line a step.
    ///
    /// # Errors
    ///
    /// See [`initialise_attachment`](Self::initialise_attachment).
    pub async fn history(&self, correspondence: &str) -> Result<Vec<String>, BoxError> {
        let id = format!("{correspondence}/details");
        let details = self.show("correspondence", &id).await?;
        let steps = details["statusHistory"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let line = |step: &Value| {
            format!(
                "{} at {}",
                text(&step["status"]),
                text(&step["statusChanged"])
            )
        };
        Ok(steps.map(line).collect())
    }

    /// What the API shows of an `attachment` or a `correspondence`.
    ///
    /// # Errors
    ///
    /// See [`initialise_attachment`](Self::initialise_attachment).
    pub async fn show(&self, what: &str, id: &str) -> Result<Value, BoxError> {
        self.call(Method::GET, &format!("{what}/{id}"), None).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, BoxError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.base_url));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(request.body(body.into())?).await
    }

    async fn send(&self, request: Request<Upload>) -> Result<Value, BoxError> {
        let response = self.client.clone().oneshot(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), 1024 * 1024)
            .collect()
            .await?;
        let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        if status.is_success() {
            return Ok(body);
        }
        // Problem details (RFC 9457): what went wrong, and the API's own code for it.
        let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
        Err(format!(
            "the API answered {status} {} {}",
            text("code"),
            text("detail")
        )
        .into())
    }
}

fn status(overview: &Value) -> Result<String, BoxError> {
    Ok(overview["status"]
        .as_str()
        .ok_or("the API gave no status")?
        .to_owned())
}
