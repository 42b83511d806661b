//! Outages of the token endpoint, in virtual time: one within the life of a token, and one past its end.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;
use tower_maskinporten::Tokens;
use tracing::Level;

use super::{
    Number,
    endpoint::{Answer, Endpoint},
    grouped, in_virtual_time,
    lines::Lines,
    requests::{Requests, Waited},
};

const LIFETIME: Duration = Duration::from_secs(120);
const MINUTE: Duration = Duration::from_secs(60);

/// What became of requests and calls in outages of 43 s within the life of a token.
#[derive(Debug, Default)]
struct Within {
    requests: u64,
    failed: u64,
    waited: u64,
    calls: u64,
    most_calls: u64,
}

/// How an endpoint is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outage {
    /// It says so at once.
    Says,
    /// It does not answer. Whoever has called it just before it is well again waits for nothing a while longer.
    IsSilent,
}

impl Outage {
    fn answer(self) -> Answer {
        match self {
            Self::Says => Answer::unavailable(),
            Self::IsSilent => Answer::silence(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Says => "5xx",
            Self::IsSilent => "silence",
        }
    }

    /// How long it takes, of the 43 s that the client sees of it: the last call is given up after 2 s.
    fn lasts(self) -> Duration {
        match self {
            Self::Says => Duration::from_secs(43),
            Self::IsSilent => Duration::from_secs(41),
        }
    }
}

/// N4: so many outages of 43 s, each beginning with the first refresh of a token of 120 s, which is the worst moment.
#[must_use]
pub fn within_the_life(outages: u64, outage: Outage) -> Number {
    let mut all = Within::default();
    for seed in 0..outages {
        let (requests, calls) = in_virtual_time(seed, one_within(outage));
        all.requests += requests.served() + requests.failed();
        all.failed += requests.failed();
        all.waited += requests.waited().len() as u64;
        all.calls += calls;
        all.most_calls = all.most_calls.max(calls);
    }
    let mean = all.calls as f64 / outages as f64;
    Number {
        row: "N4",
        goal: "43 s of outage within the life of a 120 s token: 0 failed, + 0 µs, ≤ 14 calls",
        measured: format!(
            "{outages} outages ({}, {} s), each from the first refresh on: {} of {} requests failed, {} waited; {mean:.1} \
             calls each, {} at most",
            outage.name(),
            outage.lasts().as_secs(),
            all.failed,
            grouped(all.requests),
            all.waited,
            all.most_calls,
        ),
        is_met: all.failed == 0 && all.waited == 0 && mean <= 14.0,
    }
}

/// A request every 100 ms, through an outage that begins with the second call.
async fn one_within(outage: Outage) -> (Requests, u64) {
    let mut end = None;
    let endpoint = Arc::new(Endpoint::new(move |call| {
        let now = Instant::now();
        if call == 1 || *end.get_or_insert_with(|| now + outage.lasts()) <= now {
            Answer::token(LIFETIME)
        } else {
            outage.answer()
        }
    }));
    let tokens = Tokens::new(Arc::clone(&endpoint), crate::grant());
    tokens.ready().await.unwrap();
    let mut requests = Requests::new(&tokens);
    let every = Duration::from_millis(100);
    // Not as long as the next token takes to be due for its own refresh.
    let end = Instant::now() + Duration::from_secs(120);
    requests.come(every, end).await;
    requests.settle().await;
    (requests, endpoint.calls() - 1)
}

/// N6: so many outages that last so long, with a request every so often.
#[must_use]
pub fn past_the_end(
    outages: u64,
    lasts: Duration,
    every: Duration,
    from: Start,
    outage: Outage,
) -> Number {
    let lines = Lines::default();
    let each: Vec<Past> = lines.while_in(|| {
        (0..outages)
            .map(|seed| in_virtual_time(seed, one_past(lasts, every, from, outage)))
            .collect()
    });
    let late: Vec<_> = each.iter().flat_map(Past::late).collect();
    let longest = late.iter().map(|late| late.wait).max();
    let longest = longest.map_or_else(String::new, |longest| format!(" (≤ {longest:?})"));
    let requests: u64 = each.iter().map(|one| one.requests).sum();
    let count = outages as f64;
    let first = each.iter().map(Past::in_first_minute).sum::<usize>() as f64 / count;
    let minutes: f64 = each.iter().map(Past::minutes).sum();
    let later = each.iter().map(Past::later).sum::<usize>() as f64 / (minutes - count);
    let most = each.iter().map(Past::most_in_a_minute).max().unwrap_or(0);
    let told = |level| lines.count(level) as f64 / minutes;
    Number {
        row: "N6",
        goal: "outage past expiry: answered ≤ 1 ms after the first 15 s, ≤ 6 calls/min (14 in the first), ≤ 1 ERROR \
               line/min",
        measured: format!(
            "{outages} of {:.0} min ({}{}): {} of {} requests waited after that{longest}; {first:.1} calls in \
             the first minute, then {later:.1}/min ({most} at most); {:.2} ERROR and {:.2} WARN lines/min",
            minutes / count,
            outage.name(),
            if from == Start::Cold {
                ", no token before"
            } else {
                ""
            },
            late.len(),
            grouped(requests),
            told(Level::ERROR),
            told(Level::WARN),
        ),
        is_met: late.is_empty() && first <= 14.0 && later <= 6.0 && told(Level::ERROR) <= 1.0,
    }
}

/// What there is when an outage begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// A token that is due for its refresh.
    Token,
    /// None.
    Cold,
}

struct Past {
    began: Instant,
    ended: Instant,
    requests: u64,
    waited: Vec<Waited>,
    calls: Vec<Instant>,
}

async fn one_past(lasts: Duration, every: Duration, from: Start, outage: Outage) -> Past {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&calls);
    let endpoint = Endpoint::new(move |call| {
        if call == 1 && from == Start::Token {
            return Answer::token(LIFETIME);
        }
        log.lock().unwrap().push(Instant::now());
        outage.answer()
    });
    let tokens = Tokens::new(endpoint, crate::grant());
    if from == Start::Token {
        tokens.ready().await.unwrap();
    }
    let mut requests = Requests::new(&tokens);
    requests.come(every, Instant::now() + lasts).await;
    let (ended, calls) = (Instant::now(), calls.lock().unwrap().clone());
    requests.settle().await;
    Past {
        began: calls[0],
        ended,
        requests: requests.served() + requests.failed(),
        waited: requests.waited().to_vec(),
        calls,
    }
}

impl Past {
    /// Those that came when the outage was known and were not answered within a millisecond.
    fn late(&self) -> Vec<Waited> {
        let known = self.began + Duration::from_secs(15);
        let late = self.waited.iter().copied();
        late.filter(|one| one.began >= known && one.wait > Duration::from_millis(1))
            .collect()
    }

    fn in_minute(&self, from: Instant) -> usize {
        let within = |at: &&Instant| (from..from + MINUTE).contains(at);
        self.calls.iter().filter(within).count()
    }

    fn in_first_minute(&self) -> usize {
        self.in_minute(self.began)
    }

    fn minutes(&self) -> f64 {
        (self.ended - self.began).as_secs_f64() / 60.0
    }

    /// Calls after the first minute.
    fn later(&self) -> usize {
        self.calls.len() - self.in_first_minute()
    }

    /// How many calls came in the busiest minute after the first one.
    fn most_in_a_minute(&self) -> usize {
        let later = &self.calls[self.in_first_minute()..];
        let each = later.iter().map(|at| self.in_minute(*at));
        each.max().unwrap_or(0)
    }
}
