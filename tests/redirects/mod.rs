//! No redirect, of any kind and to anywhere, takes a token to another origin than the one it is for, whether the layer
//! stands inside what follows redirects or outside.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod moves;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use maskinporten::{BoxError, HttpClient};
use maskinporten_stub::{Fault, Route, Stub};
use tests::{grant, script::Script};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::follow_redirect::FollowRedirect;
use tower_maskinporten::{BearerAuthLayer, OriginNotAllowed, Origins, Tokens};
use url::Url;

use moves::{CELLS, Change, MOVES};

/// Where a request came, and whether with a token.
#[derive(Debug)]
struct Seen {
    uri: Uri,
    token: bool,
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// The whole network: answers each request with the next redirect, and those after the last with 200.
fn network(
    status: u16,
    locations: &'static str,
) -> (
    impl Service<Request<String>, Response = Response<String>, Error = BoxError, Future: Send>
    + Clone
    + Send
    + 'static,
    Log,
) {
    let log = Log::default();
    let seen = log.clone();
    let service = service_fn(move |request: Request<String>| {
        let mut seen = seen.lock().unwrap();
        let response = match locations.split_whitespace().nth(seen.len()) {
            Some(location) => Response::builder()
                .status(status)
                .header(header::LOCATION, location.as_bytes()),
            None => Response::builder(),
        };
        seen.push(Seen {
            uri: request.uri().clone(),
            token: request.headers().contains_key(header::AUTHORIZATION),
        });
        std::future::ready(response.body(String::new()).map_err(BoxError::from))
    });
    (service, log)
}

fn origin(text: &str) -> url::Origin {
    Url::parse(text).unwrap().origin()
}

fn layer(from: &str) -> BearerAuthLayer {
    let tokens = Tokens::new(Script::healthy(Duration::from_secs(120)), grant());
    BearerAuthLayer::new(tokens, Origins::new([from]).unwrap())
}

/// One cell: a request to `from`, which is redirected to each of `locations`, through the layer inside or outside what
/// follows redirects.
async fn redirect(status: u16, from: &str, change: Change, locations: &'static str, inside: bool) {
    let cell = format!("{status} from {from} to {locations:?}, inside: {inside}");
    let request = Request::post(format!("{from}/a"))
        .body(String::new())
        .unwrap();
    let (network, log) = network(status, locations);
    let outcome = if inside {
        FollowRedirect::new(layer(from).layer(network))
            .oneshot(request)
            .await
    } else {
        layer(from)
            .layer(FollowRedirect::new(network))
            .oneshot(request)
            .await
    };
    let seen = log.lock().unwrap();
    let stays = |request: &Seen| origin(&request.uri.to_string()) == origin(from);
    assert!(seen[0].token, "{cell}");
    assert!(
        seen.iter().all(|seen| stays(seen) || !seen.token),
        "{cell}: {seen:?}"
    );

    let hops = locations.split_whitespace().count();
    if inside && change != Change::None {
        let error = outcome.unwrap_err();
        assert!(error.is::<OriginNotAllowed>(), "{cell}: {error}");
        // Nothing is sent there at all.
        assert!(
            seen.len() <= hops && seen.iter().all(stays),
            "{cell}: {seen:?}"
        );
    } else {
        assert_eq!(outcome.unwrap().status(), StatusCode::OK, "{cell}");
        assert_eq!(seen.len(), hops + 1, "{cell}");
        assert_eq!(
            seen.iter().all(stays),
            change != Change::Other,
            "{cell}: does it change so?"
        );
        // Where it was taken off it stays off.
        assert!(
            seen.is_sorted_by_key(|seen| !seen.token),
            "{cell}: {seen:?}"
        );
    }
    if inside || change != Change::Other {
        assert!(seen.iter().all(|seen| seen.token), "{cell}: {seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn f8_f9_n21_no_redirect_takes_a_token_to_another_origin() {
    let mut cells = 0;
    for status in [301, 302, 303, 307, 308] {
        for (from, change, moves) in MOVES {
            for locations in moves.lines() {
                for inside in [true, false] {
                    redirect(status, from, *change, locations, inside).await;
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, CELLS);
}

/// Asks for something that is not there, which takes a token to be told. Whoever is asked without one says 401.
async fn ask<S, B>(client: S, base: &str) -> Result<StatusCode, BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = BoxError>,
{
    let url =
        format!("{base}/correspondence/api/v1/attachment/0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0");
    let request = Request::builder().method(Method::GET).uri(url);
    let response = client.oneshot(request.body(Full::default())?).await?;
    Ok(response.status())
}

/// The requests to the API that a stub has seen: whether each came with a token.
fn tokens_seen(stub: &Stub) -> Vec<bool> {
    let requests = stub.requests();
    let asked = requests
        .iter()
        .filter(|request| request.route() == Some(Route::Correspondence));
    asked.map(|request| request.claims().is_some()).collect()
}

#[tokio::test]
async fn f8_f9_over_tcp_a_token_stays_where_it_is_for() {
    let (stub, other) = (Stub::start().await.unwrap(), Stub::start().await.unwrap());
    let by_name = stub.base_url().replace("127.0.0.1", "localhost");
    let http = HttpClient::new().unwrap();
    let tokens = Tokens::new(tests::altinn(&stub), grant());
    // Nothing is replayed: outside, the 401 of another origin looks like one of this.
    let auth = BearerAuthLayer::new(tokens, Origins::new([stub.base_url()]).unwrap());
    let inside = FollowRedirect::new(auth.layer(http.clone()));
    let outside = auth.layer(FollowRedirect::new(http));
    let redirect = |to: &str| {
        let path = "/correspondence/api/v1/attachment/6b1f4c8e-3a2d-4f7b-9c04-1e8a5d2b7f36";
        stub.clear_requests();
        other.clear_requests();
        stub.inject(
            Route::Correspondence,
            Fault::redirect(format!("{to}{path}")).times(1),
        );
    };

    redirect(stub.base_url());
    assert_eq!(
        ask(inside.clone(), stub.base_url()).await.unwrap(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(tokens_seen(&stub), [true, true]);

    for elsewhere in [other.base_url(), &by_name] {
        redirect(elsewhere);
        let error = ask(inside.clone(), stub.base_url()).await.unwrap_err();
        assert!(error.is::<OriginNotAllowed>(), "{error}");
        assert_eq!(
            (tokens_seen(&stub), tokens_seen(&other)),
            (vec![true], vec![])
        );
    }

    redirect(other.base_url());
    assert_eq!(
        ask(outside.clone(), stub.base_url()).await.unwrap(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        (tokens_seen(&stub), tokens_seen(&other)),
        (vec![true], vec![false])
    );

    redirect(&by_name);
    assert_eq!(
        ask(outside, stub.base_url()).await.unwrap(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(tokens_seen(&stub), [true, false]);
}
