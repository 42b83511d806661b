//! The stub beside the API's own document, where that is at hand: what is served, and how far
//! answers differ from what is promised. The real server differs in the same eleven ways.

use std::{collections::BTreeSet, path::Path};

use hyper::Method;
use maskinporten_stub::Stub;
use serde_json::{Value, json};

use crate::{
    http::{Answer, Ask, JSON},
    reader::{READ, Reader},
    schema,
    sender::{API, Sender, id, new_id, order},
};

/// Operations that the stub answers with 404, as it does whatever it does not know.
const NOT_SERVED: [(&str, &str); 2] = [
    (
        "get",
        "/correspondence/{correspondenceId}/attachments/downloadall",
    ),
    ("post", "/correspondence/{correspondenceId}/forward"),
];

/// The document; the test passes without it.
#[expect(clippy::print_stderr, reason = "says why the test checks nothing")]
fn document() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/reference/openapi/correspondence-tt02.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("SKIPPED: the API's document is not at hand");
        return None;
    };
    Some(serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap())
}

/// The operations of each path, which is given without what all have in front.
fn operations(document: &Value) -> Vec<(String, BTreeSet<String>)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().keys().cloned();
        (
            path.strip_prefix(API).unwrap().to_owned(),
            methods.collect(),
        )
    };
    paths.map(of_path).collect()
}

#[tokio::test]
async fn every_operation_of_the_document_is_served_or_listed() {
    let Some(document) = document() else { return };
    let stub = Stub::start().await.unwrap();
    let mut not_served = Vec::new();
    for (path, mut methods) in operations(&document) {
        let listed = |method: &String| NOT_SERVED.contains(&(method.as_str(), path.as_str()));
        not_served.extend(methods.iter().filter(|method| listed(method)).cloned());
        methods.retain(|method| !listed(method));
        let place = path
            .replace("{correspondenceId}", &new_id())
            .replace("{attachmentId}", &new_id());
        for method in ["get", "post", "put", "patch", "delete"] {
            let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = Ask::new(name, format!("{API}{place}")).to(&stub).await;
            if methods.is_empty() {
                assert_eq!(answer.status, 404, "{method} {path}");
            } else if methods.contains(method) {
                // Nobody has a token here, and some bring the wrong type of body.
                assert!([401, 415].contains(&answer.status), "{method} {path}");
            } else {
                assert_eq!(answer.status, 405, "{method} {path}");
                let allowed = answer.header("allow").split(',').map(str::to_lowercase);
                // The stub answers HEAD where it answers GET.
                let allowed: BTreeSet<String> = allowed.filter(|method| method != "head").collect();
                assert_eq!(allowed, methods, "{path}");
            }
        }
    }
    assert_eq!(not_served.len(), NOT_SERVED.len());
    assert_eq!(
        Ask::get(format!("{API}/nowhere")).to(&stub).await.status,
        404
    );
}

/// Compares answers, and remembers by which deviations they are explained.
struct Comparison {
    document: Value,
    seen: BTreeSet<&'static str>,
}

impl Comparison {
    fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.document["paths"][format!("{API}{path}")][method];
        assert!(operation.is_object(), "{method} {path}");
        operation
    }

    /// Whatever an answer differs in must be one of the deviations.
    fn compare(&mut self, method: &str, path: &str, answer: &Answer) {
        let of_status = &self.operation(method, path)["responses"][answer.status.to_string()];
        let schema = &of_status["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} {}", answer.text());
        let value = answer.json();
        // Every problem has a list of schemas of which it fits none, or more than one.
        let problem = json!({"$ref": "#/components/schemas/AltinnProblemDetails"});
        let validation = json!({"$ref": "#/components/schemas/AltinnValidationProblemDetails"});
        let schema = match answer.status {
            200 => schema,
            _ if value.get("validationErrors").is_some() => &validation,
            _ => &problem,
        };
        for difference in schema::differences(&self.document, schema, &value) {
            let deviation = match difference.as_str() {
                "/errorCode: type \"string\"" => "D1",
                "/content/messageTitle: minLength 1" | "/content/messageBody: minLength 1" => "D3",
                "/notification: type \"object\"" => "D4",
                _ => panic!("{method} {path}: {difference} in {}", answer.text()),
            };
            self.seen.insert(deviation);
        }
        if answer.text().matches("\"traceId\":").count() == 2 {
            self.seen.insert("D2");
        }
    }

    fn see(&mut self, deviation: &'static str, is_so: bool) {
        assert!(is_so, "{deviation}");
        self.seen.insert(deviation);
    }
}

async fn compare_attachments(sender: &Sender, comparison: &mut Comparison) -> String {
    let announced = sender.attachment(json!({"displayName": "Vedtak"})).await;
    comparison.compare("post", "/attachment", &announced);
    let refused = sender.attachment(json!({"fileName": "a.exe"})).await;
    comparison.compare("post", "/attachment", &refused);
    let invalid = sender.attachment(json!({"sendersReference": ""})).await;
    comparison.compare("post", "/attachment", &invalid);
    let attachment = id(&announced);
    let upload = "/attachment/{attachmentId}/upload";
    comparison.compare("post", upload, &sender.upload(&attachment, "a").await);
    comparison.compare("post", upload, &sender.upload(&attachment, "a").await);
    comparison.compare("post", upload, &sender.upload(&new_id(), "a").await);
    let overview = sender.get(&format!("/attachment/{attachment}")).await;
    comparison.compare("get", "/attachment/{attachmentId}", &overview);
    let details = sender
        .get(&format!("/attachment/{attachment}/details"))
        .await;
    comparison.compare("get", "/attachment/{attachmentId}/details", &details);

    let other = sender.uploaded().await;
    let purged = sender.delete(&format!("/attachment/{other}")).await;
    let documented = comparison.operation("delete", "/attachment/{attachmentId}");
    let is_so = documented["responses"]["204"].is_null() && purged.status == 204;
    comparison.see("D5", is_so);
    attachment
}

async fn compare_correspondences(sender: &Sender, attachment: &str, comparison: &mut Comparison) {
    let reader = Reader::of(&sender.stub).await;
    let mut order = order();
    order["existingAttachments"] = json!([attachment]);
    order["idempotentKey"] = new_id().into();
    order["correspondence"]["propertyList"] = json!({"caseNumber": "1"});
    order["correspondence"]["replyOptions"] = json!([{"linkURL": "https://example.no"}]);
    let answer = sender.send(&order).await;
    comparison.compare("post", "/correspondence", &answer);
    let id = crate::sender::sent(&answer);
    let invalid = sender.send(&json!({"recipients": []})).await;
    comparison.compare("post", "/correspondence", &invalid);
    order["idempotentKey"] = json!(null);
    order["correspondence"]["content"]["language"] = "fr".into();
    comparison.compare("post", "/correspondence", &sender.send(&order).await);

    let found = "/correspondence?resourceId=ttd-brev&role=Sender";
    comparison.compare("get", "/correspondence", &sender.get(found).await);
    let (path, of_id) = (
        format!("/correspondence/{id}"),
        "/correspondence/{correspondenceId}",
    );
    let details = format!("{path}/details");
    let of_details = format!("{of_id}/details");
    comparison.compare("get", of_id, &sender.get(&path).await);
    comparison.compare("get", of_id, &reader.get(&path).await);
    comparison.compare("get", &of_details, &sender.get(&details).await);
    comparison.compare("get", &of_details, &reader.get(&details).await);
    for what in ["markasread", "confirm"] {
        let of_what = format!("{of_id}/{what}");
        comparison.compare("post", &of_what, &reader.tell(&id, what).await);
        let missing = reader.tell(&new_id(), what).await;
        comparison.compare("post", &of_what, &missing);
    }
    let purge = format!("{of_id}/purge");
    comparison.compare(
        "delete",
        &purge,
        &sender.delete(&format!("{path}/purge")).await,
    );
    comparison.compare("delete", &purge, &reader.purge(&id).await);
}

/// What the document says of requests, and of answers that it does not have.
async fn compare_promises(stub: &Stub, comparison: &mut Comparison) {
    let upload = comparison.operation("post", "/attachment/{attachmentId}/upload");
    let is_so = upload.get("requestBody").is_none();
    comparison.see("D6", is_so);

    let search = comparison.operation("get", "/correspondence")["parameters"].clone();
    let mut parameters = search.as_array().unwrap().iter();
    let none_required = parameters.all(|parameter| parameter["required"].is_null());
    let token = crate::http::altinn_token(stub, READ).await;
    let path = format!("{API}/correspondence");
    let bare = Ask::get(&path).bearer(&token).to(stub).await;
    comparison.see("D7", none_required && bare.status == 400);

    let documented = &comparison.operation("get", "/correspondence")["responses"];
    let promised = documented["401"]["content"].is_object();
    let lacking = [406, 415, 429, 503]
        .iter()
        .all(|status| documented[status.to_string()].is_null());
    let refused = Ask::get(&path).to(stub).await;
    comparison.see(
        "D8",
        promised && (refused.status, refused.text()) == (401, ""),
    );
    let ask = Ask::get(&path).bearer(&token).header("accept", "text/html");
    comparison.see("D10", lacking && ask.to(stub).await.status == 406);

    let unnamed = comparison.document["paths"].as_object().unwrap().values();
    let mut unnamed = unnamed.flat_map(|methods| methods.as_object().unwrap().values());
    let is_so = unnamed.all(|operation| operation["operationId"].is_null());
    comparison.see("D9", is_so);

    // Lists are bound by index, whatever the document says; `multipart.rs` has the other side.
    let form = comparison.operation("post", "/correspondence/upload");
    let form = &form["requestBody"]["content"]["multipart/form-data"]["encoding"];
    let style = &form["Recipients"]["style"];
    let is_so = style == "form";
    comparison.see("D11", is_so);
    let ask = Ask::post(format!("{API}/correspondence/upload"), JSON, "{}");
    assert_eq!(ask.to(stub).await.status, 415);
}

#[tokio::test]
async fn answers_differ_from_the_document_as_the_real_ones_do() {
    let Some(document) = document() else { return };
    let mut comparison = Comparison {
        document,
        seen: BTreeSet::new(),
    };
    let sender = Sender::new().await;
    let attachment = compare_attachments(&sender, &mut comparison).await;
    compare_correspondences(&sender, &attachment, &mut comparison).await;
    compare_promises(&sender.stub, &mut comparison).await;
    let all = [
        "D1", "D10", "D11", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9",
    ];
    assert_eq!(comparison.seen, BTreeSet::from(all));
}
