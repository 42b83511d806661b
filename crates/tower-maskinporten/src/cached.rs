//! A copy of the default header for one clone of the service.
//!
//! The clones of a `HeaderValue` are counted in one place, and threads that share it fight over that count more than
//! over anything else. So each clone of the service has a copy of its own, which it uses until something has changed:
//! the token, or the time.

use std::sync::Arc;

use http::HeaderValue;

use crate::{changes::Changes, clock::Tick, snapshot::Ticket, tokens::Shared, waiting};

/// The default token, as one clone of the service knows it.
#[derive(Default)]
pub(crate) struct Cached {
    /// Clones that make a single request have no use for a copy.
    is_used: bool,
    copy: Option<Copy>,
}

struct Copy {
    ticket: Ticket,
    changes: Arc<Changes>,
    /// How many there had been before it was made.
    count: u64,
    /// When it was last found usable; not known on time that a test has paused.
    checked: Option<Tick>,
}

impl Cached {
    /// The default token, if it can be used without a second thought.
    pub(crate) fn ticket(&mut self, shared: &Arc<Shared>) -> Option<Ticket> {
        match &self.copy {
            Some(copy) if copy.is_current() => Some(copy.ticket.clone()),
            _ => self.look(shared),
        }
    }

    #[cold]
    fn look(&mut self, shared: &Arc<Shared>) -> Option<Ticket> {
        let pool = shared.pool.load();
        let before = self.copy.take();
        // What changes from here on will be seen.
        let changes = pool.default.slot.changes();
        let count = changes.count();
        let (mut ticket, checked) = waiting::checked(shared, &pool.default)?;
        if self.is_used {
            ticket.authorization = before
                .map(|copy| copy.ticket.authorization)
                .filter(|own| *own == ticket.authorization)
                .unwrap_or_else(|| copied(&ticket.authorization));
            self.copy = Some(Copy {
                ticket: ticket.clone(),
                changes: Arc::clone(changes),
                count,
                checked,
            });
        }
        self.is_used = true;
        Some(ticket)
    }
}

impl Copy {
    fn is_current(&self) -> bool {
        self.checked.is_some() && self.checked == Tick::now() && self.changes.count() == self.count
    }
}

/// The same header in memory of its own.
fn copied(header: &HeaderValue) -> HeaderValue {
    let copy = HeaderValue::from_bytes(header.as_bytes());
    // What is one header can be another.
    let mut copy = copy.unwrap_or_else(|_| header.clone());
    copy.set_sensitive(header.is_sensitive());
    copy
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
    use tokio::time::{Instant, advance, pause, resume};

    use super::*;
    use crate::{
        Tokens,
        clock::fake,
        waiting::{Carried, usable},
    };

    /// The number of the last token of a source.
    const LAST: usize = 1_000;

    /// Numbers its tokens.
    struct Numbered(AtomicUsize);

    impl TokenSource for Numbered {
        fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let token = number.to_string();
            Box::pin(async move {
                if number > LAST {
                    return Err(Error::transient("down"));
                }
                AccessToken::new(&token, Instant::now(), Duration::from_secs(120))
            })
        }
    }

    fn source(first: usize) -> Numbered {
        Numbered(AtomicUsize::new(first))
    }

    fn grant() -> Grant {
        Grant::new("a:one").unwrap()
    }

    /// A cache that is warm.
    async fn cached(tokens: &Tokens) -> Cached {
        tokens.ready().await.unwrap();
        let mut cached = Cached::default();
        for _ in 0..3 {
            cached.ticket(&tokens.shared).unwrap();
        }
        cached
    }

    fn token(cached: &mut Cached, tokens: &Tokens) -> Option<String> {
        let ticket = cached.ticket(&tokens.shared)?;
        Some(ticket.authorization.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn each_cache_has_a_copy_of_its_own_from_the_second_use_on() {
        let tokens = Tokens::new(source(1), grant());
        let place = |cached: &mut Cached| {
            let ticket = cached.ticket(&tokens.shared).unwrap();
            assert!(ticket.authorization.is_sensitive());
            ticket.authorization.as_bytes().as_ptr()
        };
        let (mut one, mut other) = (cached(&tokens).await, cached(&tokens).await);
        let mut fresh = Cached::default();
        let shared = place(&mut fresh);
        let places = [place(&mut one), place(&mut other), place(&mut fresh)];
        assert!(!places.contains(&shared));
        assert!(places[0] != places[1] && places[1] != places[2] && places[0] != places[2]);
        // It outlives a look at the token.
        fake::set_wall_clock(1_000_000);
        assert_eq!(place(&mut one), places[0]);
    }

    #[tokio::test]
    async fn what_happens_to_the_token_is_seen_at_once() {
        let tokens = Tokens::new(source(1), grant());
        let mut cached = cached(&tokens).await;
        let generation = cached.ticket(&tokens.shared).unwrap().generation;
        assert_eq!(token(&mut cached, &tokens).unwrap(), "Bearer 1");
        Carried::new(&tokens.shared, None, generation).blame();
        assert!(cached.ticket(&tokens.shared).is_none(), "it is in doubt");
        tokens.ready().await.unwrap();
        assert_eq!(token(&mut cached, &tokens).unwrap(), "Bearer 2");
        tokens.replace(source(100), grant()).await.unwrap();
        assert_eq!(token(&mut cached, &tokens).unwrap(), "Bearer 100");
        // What is said of a token of the source before is nothing against this one.
        Carried::new(&tokens.shared, None, generation + 1).blame();
        assert_eq!(token(&mut cached, &tokens).unwrap(), "Bearer 100");
    }

    #[tokio::test]
    async fn e2_a_wall_clock_that_jumps_is_seen_at_once() {
        let tokens = Tokens::new(source(1), grant());
        let mut cached = cached(&tokens).await;
        fake::set_wall_clock(3_600_000_000_000);
        assert!(cached.ticket(&tokens.shared).is_none());
    }

    #[cfg(debug_assertions)]
    #[tokio::test]
    async fn time_that_is_paused_between_two_requests_is_noticed() {
        for _ in 0..10 {
            let tokens = Tokens::new(source(LAST), grant());
            let mut cached = cached(&tokens).await;
            pause();
            advance(Duration::from_secs(116)).await;
            assert!(cached.ticket(&tokens.shared).is_none());
            assert!(usable(&tokens.shared, &tokens.shared.default_entry()).is_none());
            resume();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_is_paused_is_looked_at_each_time() {
        let tokens = Tokens::new(source(LAST), grant());
        let mut cached = cached(&tokens).await;
        advance(Duration::from_secs(114)).await;
        assert!(cached.ticket(&tokens.shared).is_some());
        advance(Duration::from_secs(1)).await;
        assert!(cached.ticket(&tokens.shared).is_none());
    }
}
