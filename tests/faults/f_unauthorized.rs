//! F2, F3 and N10: an API that says 401, always or late. Time is paused: hours pass in seconds.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{Request, Response, StatusCode, header};
use maskinporten::BoxError;
use tests::{
    grant,
    script::{Script, number},
};
use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{Instant, advance, sleep},
};
use tower::{Layer, ServiceExt, service_fn};
use tower_maskinporten::{BearerAuthLayer, Origins, ReplayClones, Tokens};

const API: &str = "https://api.example";

fn layer(tokens: &Tokens) -> BearerAuthLayer<ReplayClones> {
    let origins = Origins::new([API]).unwrap();
    BearerAuthLayer::new(tokens.clone(), origins).replaying_clones()
}

/// A request whose body is its number.
fn request(n: usize) -> Request<usize> {
    Request::post(API).body(n).unwrap()
}

fn unauthorized() -> Response<()> {
    Response::builder()
        .status(StatusCode::UNAUTHORIZED)
        .header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
        .body(())
        .unwrap()
}

/// Asks an API that accepts no token ten times at each of so many moments. Gives how often each request was sent at
/// most, and when tokens were fetched.
async fn storm(moments: usize, apart: Duration) -> (usize, Vec<Duration>) {
    let began = Instant::now();
    let fetched: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let log = fetched.clone();
    let source = Script::new(Duration::from_millis(50), move |_| {
        log.lock().unwrap().push(began.elapsed());
        Ok(Duration::from_secs(120))
    });
    let tokens = Tokens::new(source, grant());
    let sent: Arc<Vec<AtomicUsize>> = Arc::new((0..moments * 10).map(|_| 0.into()).collect());
    let counts = sent.clone();
    let api = service_fn(move |request: Request<usize>| {
        counts[*request.body()].fetch_add(1, Ordering::Relaxed);
        // Answers come late, and not in the order of the requests.
        let takes = Duration::from_millis(*request.body() as u64 % 37);
        async move {
            sleep(takes).await;
            Ok::<_, BoxError>(unauthorized())
        }
    });
    let client = layer(&tokens).layer(api);
    let mut requests = JoinSet::new();
    for n in 0..sent.len() {
        requests.spawn(client.clone().oneshot(request(n)));
        if n % 10 == 9 {
            sleep(apart).await;
            while let Some(outcome) = requests.try_join_next() {
                assert_eq!(outcome.unwrap().unwrap().status(), StatusCode::UNAUTHORIZED);
            }
        }
    }
    requests.join_all().await;
    let most = sent.iter().map(|sent| sent.load(Ordering::Relaxed)).max();
    (most.unwrap(), fetched.lock().unwrap().clone())
}

/// At most one call in any ten seconds, but for what the first token costs.
fn is_spaced(fetched: &[Duration]) -> bool {
    fetched[1..]
        .windows(2)
        .all(|pair| pair[1] - pair[0] >= Duration::from_secs(10))
}

#[tokio::test(start_paused = true)]
async fn f3_n10_ten_thousand_401s_a_second_are_a_token_in_ten_seconds_and_two_sends_each() {
    let (sends, fetched) = storm(12_000, Duration::from_millis(1)).await;
    assert_eq!(sends, 2);
    assert!(is_spaced(&fetched), "{fetched:?}");
    // The first, one for the first 401, and another after ten seconds.
    assert_eq!(fetched.len(), 3, "{fetched:?}");
}

#[tokio::test(start_paused = true)]
async fn f3_n10_ten_minutes_of_401s_are_twenty_tokens() {
    let (sends, fetched) = storm(3_000, Duration::from_millis(200)).await;
    assert_eq!(sends, 2);
    assert!(is_spaced(&fetched), "{fetched:?}");
    // Once three were useless, each minute; and each token is refreshed after a minute in any case.
    assert!(fetched.len() <= 20, "{fetched:?}");
}

/// The token that is there without waiting.
fn at_once(tokens: &Tokens) -> Option<usize> {
    let grant = tokens.grant();
    let mut asking = std::pin::pin!(tokens.authorization(&grant));
    match asking
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(header) => Some(number(&header.unwrap())),
        Poll::Pending => None,
    }
}

/// Lets everything happen that needs no time.
async fn settle() {
    for _ in 0..6 {
        tokio::task::yield_now().await;
    }
}

/// A request that the API has not answered: its token, and where the answer goes.
type Pending = (usize, oneshot::Sender<Response<()>>);

/// Requests, answers and time in an order that chance decides. After a token has been given out no older one is, and no
/// 401 for an older one costs a fetch or takes the newer away.
async fn interleave(steps: usize, seed: u64) {
    fastrand::seed(seed);
    let source = Script::new(Duration::from_millis(200), |_| {
        Ok(Duration::from_secs(1800))
    });
    let tokens = Tokens::new(source.clone(), grant());
    tokens.ready().await.unwrap();
    let unanswered: Arc<Mutex<Vec<Pending>>> = Arc::default();
    let arrived = unanswered.clone();
    let api = service_fn(move |request: Request<usize>| {
        let (answer, answered) = oneshot::channel();
        let token = number(&request.headers()[header::AUTHORIZATION]);
        arrived.lock().unwrap().push((token, answer));
        async { Ok::<_, BoxError>(answered.await?) }
    });
    let client = layer(&tokens).layer(api);
    let mut requests = JoinSet::new();
    let (mut newest, mut late) = (1, 0);
    for n in 0..steps {
        let waiting = unanswered.lock().unwrap().len();
        match fastrand::u8(0..10) {
            // So that there are always some that were sent long ago.
            0..8 if waiting < 30 => {
                requests.spawn(client.clone().oneshot(request(n)));
            }
            0..9 if waiting > 0 => {
                let (token, answer) = unanswered
                    .lock()
                    .unwrap()
                    .swap_remove(fastrand::usize(..waiting));
                let before = (source.fetches(), at_once(&tokens));
                let blames = fastrand::bool();
                let _ = answer.send(if blames {
                    unauthorized()
                } else {
                    Response::new(())
                });
                settle().await;
                if blames && token < newest {
                    late += 1;
                    let after = (source.fetches(), at_once(&tokens));
                    assert_eq!(before, after, "seed {seed}, step {n}: a late 401");
                }
            }
            _ => advance(Duration::from_millis(fastrand::u64(0..4_000))).await,
        }
        settle().await;
        if let Some(token) = at_once(&tokens) {
            assert!(
                token >= newest,
                "seed {seed}, step {n}: an older token came back"
            );
            newest = token;
        }
    }
    assert!(
        newest > 10 && late > 100,
        "{newest} tokens, {late} late answers"
    );
}

#[tokio::test(start_paused = true)]
async fn f2_n10_late_401s_never_take_a_newer_token_away() {
    for seed in 0..10 {
        interleave(10_000, seed).await;
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "takes minutes"]
async fn f2_n10_late_401s_never_take_a_newer_token_away_in_a_million_steps() {
    for seed in 0..100 {
        interleave(10_000, seed).await;
    }
}
