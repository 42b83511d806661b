//! G: runtimes that go, stand still or are too late, handles that are dropped, and what is left of them.

use std::{
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tests::{
    grant,
    script::{Script, number},
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::{Instant, advance, sleep},
};
use tower_maskinporten::Tokens;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// What is there without waiting.
fn at_once(tokens: &Tokens) -> Poll<bool> {
    let grant = tokens.grant();
    let mut asking = std::pin::pin!(tokens.authorization(&grant));
    let poll = asking
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    poll.map(|header| header.is_ok())
}

/// The first fetch hangs. The others are as they should be.
#[derive(Default)]
struct FirstHangs(AtomicUsize);

impl TokenSource for FirstHangs {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async {
            if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
                std::future::pending::<()>().await;
            }
            AccessToken::new("t", Instant::now(), Duration::from_secs(120))
        })
    }
}

#[test]
fn g2_of_two_runtimes_the_one_that_stays_takes_over_what_the_other_had_begun() {
    let source = Arc::<FirstHangs>::default();
    let tokens = Tokens::new(source.clone(), grant());
    let (going, staying) = (runtime(), runtime());
    let (end, ended) = mpsc::channel();
    let (asking, fetches) = (tokens.clone(), source.clone());
    going.block_on(async {
        tokio::spawn(async move { asking.ready().await });
        while fetches.0.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    });
    // It stands still, and goes when it is told to.
    let going = thread::spawn(move || {
        ended.recv().unwrap();
        drop(going);
    });
    staying.block_on(async {
        let grant = tokens.grant();
        let mut waiting = std::pin::pin!(tokens.authorization(&grant));
        let first = std::future::poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending()));
        assert!(first.await, "it waits for the other runtime's fetch");
        assert_eq!(source.0.load(Ordering::SeqCst), 1);
        end.send(()).unwrap();
        waiting.await.unwrap();
    });
    going.join().unwrap();
    assert_eq!(source.0.load(Ordering::SeqCst), 2);
}

#[test]
fn g2_a_runtime_that_goes_while_a_request_waits_takes_the_request_and_leaves_the_rest() {
    let source = Script::new(Duration::from_secs(3600), |_| Ok(Duration::from_secs(120)));
    let tokens = Tokens::new(source.clone(), grant());
    for n in 1..=100 {
        let runtime = runtime();
        let asking = tokens.clone();
        let waiting = runtime.spawn(async move { asking.ready().await });
        runtime.block_on(async {
            while source.fetches() < n {
                tokio::task::yield_now().await;
            }
        });
        drop(runtime);
        assert!(
            self::runtime()
                .block_on(waiting)
                .unwrap_err()
                .is_cancelled()
        );
    }
    let held: Weak<Script> = Arc::downgrade(&source);
    drop((tokens, source));
    assert!(
        held.upgrade().is_none(),
        "something of a runtime that is gone holds the source"
    );
}

#[test]
fn g2_whoever_starts_a_fetch_after_an_outage_waits_for_it() {
    let runtime = || {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    let source = Script::new(Duration::from_secs(10), |n| match n {
        1 => Err(Error::transient("down")),
        _ => Ok(Duration::from_secs(120)),
    });
    let tokens = Tokens::new(source.clone(), grant());
    runtime().block_on(async {
        let _ = tokio::time::timeout(Duration::from_secs(11), tokens.ready()).await;
        assert_eq!(source.fetches(), 1);
    });
    // Nobody has tried since: the refresher has gone with its runtime.
    runtime().block_on(async {
        advance(Duration::from_secs(3600)).await;
        let began = Instant::now();
        tokens.ready().await.unwrap();
        assert_eq!(
            (began.elapsed(), source.fetches()),
            (Duration::from_secs(10), 2)
        );
    });
}

#[test]
fn g8_a_token_is_read_without_a_runtime_and_while_the_runtime_stands_still() {
    let tokens = Tokens::new(Script::healthy(Duration::from_secs(120)), grant());
    let (standing, stands) = mpsc::channel();
    let (go_on, told) = mpsc::channel::<()>();
    let asking = tokens.clone();
    let busy = thread::spawn(move || {
        runtime().block_on(async {
            asking.ready().await.unwrap();
            // User code that blocks.
            standing.send(()).unwrap();
            told.recv().unwrap();
            asking.ready().await.unwrap();
        });
    });
    stands.recv().unwrap();
    for _ in 0..10_000 {
        assert_eq!(at_once(&tokens), Poll::Ready(true));
    }
    go_on.send(()).unwrap();
    busy.join().unwrap();
}

#[tokio::test(start_paused = true)]
async fn g8_a_token_that_came_while_nothing_ran_is_taken_however_late() {
    // Longer than a waiting request, and longer than a fetch may take.
    for starved in [5, 14, 25, 60] {
        let source = Script::new(Duration::from_secs(1), |_| Ok(Duration::from_secs(120)));
        let tokens = Tokens::new(source.clone(), grant());
        let asking = tokens.clone();
        let waiting = tokio::spawn(async move { asking.ready().await });
        while source.fetches() == 0 {
            tokio::task::yield_now().await;
        }
        advance(Duration::from_secs(starved)).await;
        let outcome = waiting.await.unwrap();
        assert!(outcome.is_ok() || starved > 15, "{starved}: {outcome:?}");
        assert_eq!(at_once(&tokens), Poll::Ready(true), "{starved}");
        assert_eq!(source.fetches(), 1, "{starved}");
    }
}

#[tokio::test(start_paused = true)]
async fn g8_a_runtime_that_stood_still_past_the_end_of_a_token_sends_the_next() {
    let source = Script::healthy(Duration::from_secs(120));
    let tokens = Tokens::new(source.clone(), grant());
    for n in 1..100 {
        let header = tokens.authorization(&grant()).await.unwrap();
        assert_eq!(number(&header), n);
        advance(Duration::from_secs(120 + n as u64)).await;
    }
}

/// Counts those of its kind that are there.
struct Counted(Arc<Script>, Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

impl TokenSource for Counted {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.0.fetch(grant)
    }
}

#[tokio::test(start_paused = true)]
async fn g4_n24_of_ten_thousand_handles_nothing_is_left_after_100_milliseconds() {
    let baseline = Handle::current().metrics().num_alive_tasks();
    let sources = Arc::new(AtomicUsize::new(0));
    let kinds: [fn() -> Arc<Script>; 3] = [
        Script::hung,
        || Script::healthy(Duration::from_secs(120)),
        || Script::new(Duration::ZERO, |_| Err(Error::transient("down"))),
    ];
    for n in 0..10_000 {
        sources.fetch_add(1, Ordering::SeqCst);
        let tokens = Tokens::new(Counted(kinds[n % 3](), sources.clone()), grant());
        let asking = tokens.clone();
        // A customer too, who waits beside the default grant.
        let customer = Grant::new("a:one").unwrap();
        let waiting = tokio::spawn(async move {
            let _ = tokio::join!(asking.ready(), asking.authorization(&customer));
        });
        sleep(Duration::from_millis(10)).await;
        assert!(Handle::current().metrics().num_alive_tasks() > baseline);
        waiting.abort();
        drop(tokens);
        sleep(Duration::from_millis(100)).await;
        assert_eq!(
            Handle::current().metrics().num_alive_tasks(),
            baseline,
            "{n}"
        );
        assert_eq!(sources.load(Ordering::SeqCst), 0, "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn g4_a_source_may_drop_the_last_handle_itself() {
    /// Holds the handle that holds it, until it fetches.
    struct Selfish(Arc<Mutex<Option<Tokens>>>);
    impl TokenSource for Selfish {
        fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(async {
                drop(self.0.lock().unwrap().take());
                AccessToken::new("t", Instant::now(), Duration::from_secs(120))
            })
        }
    }
    let holder = Arc::default();
    let tokens = Tokens::new(Selfish(Arc::clone(&holder)), grant());
    let waiting = {
        let tokens = tokens.clone();
        tokio::spawn(async move { tokens.ready().await })
    };
    *holder.lock().unwrap() = Some(tokens);
    waiting.await.unwrap().unwrap();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    assert_eq!(Arc::strong_count(&holder), 1, "the source is gone");
}
