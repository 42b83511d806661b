//! B. Altinn's exchange fails, and Maskinporten does not.

use std::time::Duration;

use maskinporten_stub::{Fault, Route, Stub};
use tests::{altinn, clock::Clock, grant};
use tower_maskinporten::Tokens;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn b13_an_exchange_that_is_down_costs_no_maskinporten_token_for_each_attempt() {
    let stub = Stub::start().await.unwrap();
    let clock = Clock::stop();
    let tokens = Tokens::new(altinn(&stub), grant());
    let before = tokens.authorization(&grant()).await.unwrap();
    stub.inject(Route::Exchange, Fault::status(503));
    stub.clear_requests();
    // It is due for a refresh after 19 minutes, and good for half an hour.
    for _ in 0..1_790 {
        let now = tokens.authorization(&grant()).await.unwrap();
        assert_eq!(now, before);
        clock.pass_for(&tokens, SECOND).await;
    }
    let exchanges = stub.exchanges();
    assert!(exchanges >= 60, "{exchanges}");
    // One for each time that the one before it has run out.
    let calls = stub.token_requests();
    assert!(calls <= 8, "{calls} calls for {exchanges} exchanges");
}

#[tokio::test]
async fn b13_an_exchange_that_is_down_from_the_start_costs_one_maskinporten_token() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Exchange, Fault::status(503).times(5));
    let clock = Clock::stop();
    let tokens = Tokens::new(altinn(&stub), grant());
    let patient = tokens.clone().with_cold_wait(SECOND * 60);
    let waiting = tokio::spawn(async move { patient.ready().await });
    while !waiting.is_finished() {
        clock.pass_for(&tokens, SECOND / 10).await;
    }
    waiting.await.unwrap().unwrap();
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 6));
}
