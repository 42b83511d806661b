//! A private key that is mounted from a secret is replaced a hundred times under load, and each new one takes up to
//! two minutes to be known: in virtual time, with a Maskinporten that looks at the `kid` alone.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use maskinporten::{Environment, Grant, KeyOptions, KeyRing, Maskinporten};
use tests::{keys, mount::Mount};
use tokio::time::{Instant, sleep};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

const SWAPS: u64 = 100;
/// When a key that is known must be in use.
const SWITCH: Duration = Duration::from_secs(10);
/// Each makes a request a second.
const CUSTOMERS: usize = 5;

#[derive(Default)]
struct Register {
    /// From when to when each key is known.
    known: HashMap<String, (Instant, Option<Instant>)>,
    /// How often a key was used that is not known any more.
    late: usize,
}

async fn answer(
    register: &Mutex<Register>,
    request: Request<Full<Bytes>>,
) -> Response<Full<Bytes>> {
    let form = request.into_body().collect().await.unwrap().to_bytes();
    let kid = kid(std::str::from_utf8(&form).unwrap());
    let now = Instant::now();
    let mut register = register.lock().unwrap();
    let (from, until) = register.known[&kid];
    let is_late = until.is_some_and(|until| until <= now);
    register.late += usize::from(is_late);
    let (status, body) = if from <= now && !is_late {
        let token = r#"{"access_token":"a.b.c","token_type":"Bearer","expires_in":119}"#;
        (StatusCode::OK, token)
    } else {
        let unknown = r#"{"error":"invalid_grant","error_description":"Unknown key identifier (kid) for client."}"#;
        (StatusCode::BAD_REQUEST, unknown)
    };
    let json = (header::CONTENT_TYPE, "application/json");
    let answer = Response::builder().status(status).header(json.0, json.1);
    answer.body(body.into()).unwrap()
}

fn kid(form: &str) -> String {
    let (_, assertion) = form.split_once("assertion=").unwrap();
    let header = URL_SAFE_NO_PAD.decode(assertion.split_once('.').unwrap().0);
    let header: serde_json::Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn n22_a_hundred_new_keys_cost_no_request() {
    fastrand::seed(22);
    let mut mount = Mount::new().unwrap();
    let mut put = |kid: &str| {
        let key = keys::with("kid", kid).to_string();
        mount.replace(&[("key.jwk", &key)]).unwrap();
        mount.file("key.jwk")
    };
    let keys = KeyRing::from_file(put("0"), KeyOptions::new()).unwrap();
    let register = Arc::<Mutex<Register>>::default();
    let know = |kid: &str, from, until| {
        let mut register = register.lock().unwrap();
        register.known.insert(kid.to_owned(), (from, until));
    };
    let mut since = Instant::now();
    know("0", since, None);

    let asked = Arc::clone(&register);
    let maskinporten = service_fn(move |request| {
        let register = Arc::clone(&asked);
        async move { Ok::<_, Infallible>(answer(&register, request).await) }
    });
    let source = Maskinporten::new(Environment::test(), "me", keys.clone(), maskinporten);
    let tokens = Tokens::new(source, Grant::new("a:one").unwrap());
    let layer = BearerAuthLayer::new(tokens, Origins::new(["https://api.example"]).unwrap());
    let api = service_fn(async |request: Request<()>| {
        let is_signed = request.headers().contains_key(header::AUTHORIZATION);
        Ok::<_, Infallible>(Response::new(is_signed))
    });
    let mut client = ServiceBuilder::new().layer(layer).service(api);

    for swap in 1..=SWAPS {
        let (old, new) = ((swap - 1).to_string(), swap.to_string());
        let from = Instant::now() + Duration::from_secs(fastrand::u64(0..=120));
        know(&old, since, Some(from + SWITCH));
        know(&new, from, None);
        since = from;
        put(&new);
        let end = from + SWITCH + Duration::from_secs(fastrand::u64(60..=180));
        while Instant::now() < end {
            for customer in 0..CUSTOMERS {
                let mut request = Request::get("https://api.example/").body(()).unwrap();
                let grant = Grant::new(&format!("a:{customer}")).unwrap();
                request.extensions_mut().insert(grant);
                let answer = client.ready().await.unwrap().call(request).await;
                assert!(answer.unwrap().into_body(), "swap {swap}");
            }
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(keys.status().kid(), Some(&*new));
        assert!(keys.status().works());
        assert_eq!(register.lock().unwrap().late, 0, "swap {swap}");
    }
}
