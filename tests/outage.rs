//! A token endpoint that fails while the token is valid fails no request, and delays none.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::time::Duration;

use maskinporten::TokenSource;
use maskinporten_stub::{Fault, Route, Stub};
use tests::{altinn, grant, maskinporten};
use tower_maskinporten::Tokens;

#[tokio::test]
async fn b1_a_failing_endpoint_is_not_noticed_while_the_token_is_valid() {
    let stub = Stub::start().await.unwrap();
    // Old enough for a refresh a second after it came, good for half a minute more.
    stub.set_token_lifetime(Duration::from_secs(31));
    let tokens = Tokens::new(Short(maskinporten(&stub)), grant());
    tokens.ready().await.unwrap();
    stub.inject(Route::Token, Fault::status(503));
    // Until the refresh has been tried and has failed, and a while longer.
    let requests = async {
        while stub.token_requests() < 3 {
            // A token that is there is there at the first poll: nothing is waited for.
            let header =
                tokio::time::timeout(Duration::ZERO, tokens.authorization(&tokens.grant())).await;
            header.expect("no request waits").unwrap();
            tokio::task::yield_now().await;
        }
    };
    let bound = Duration::from_secs(30);
    tokio::time::timeout(bound, requests)
        .await
        .expect("refreshes are tried");
}

/// Says that tokens were asked for long ago, so that they are due for a refresh but not at their end.
struct Short<S>(S);

impl<S: TokenSource> TokenSource for Short<S> {
    fn fetch<'a>(
        &'a self,
        grant: &'a maskinporten::Grant,
    ) -> maskinporten::BoxFuture<'a, Result<maskinporten::AccessToken, maskinporten::Error>> {
        Box::pin(async move {
            let token = self.0.fetch(grant).await?;
            let header = token.authorization().to_str().unwrap();
            let requested_at = token.requested_at() - Duration::from_secs(20);
            maskinporten::AccessToken::new(
                &header["Bearer ".len()..],
                requested_at,
                token.lifetime(),
            )
        })
    }
}

#[tokio::test]
async fn c14_an_answer_lost_on_the_way_is_asked_for_anew_and_not_replayed() {
    let stub = Stub::start().await.unwrap();
    // The stub has used the grant up when it hangs up; the same one again would be refused (MP-012).
    stub.inject(Route::Token, Fault::reset().times(1));
    stub.inject(Route::Exchange, Fault::reset().times(1));
    altinn(&stub).fetch(&grant()).await.unwrap();
    assert_eq!((stub.token_requests(), stub.exchanges()), (2, 2));
    let assertions: Vec<_> = stub
        .requests()
        .iter()
        .filter(|request| request.path() == "/token")
        .map(|request| request.claims().unwrap()["jti"].clone())
        .collect();
    assert_ne!(assertions[0], assertions[1]);
}

#[tokio::test]
async fn d_an_endpoint_that_is_gone_is_a_transient_error() {
    let stub = Stub::start().await.unwrap();
    let source = maskinporten(&stub);
    stub.stop().await;
    let error = source.fetch(&grant()).await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.to_string(), "Maskinporten could not be reached");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn case_54_a_connection_that_is_refused_is_an_error_of_ours_with_the_cause_inside() {
    let stub = Stub::start().await.unwrap();
    let source = altinn(&stub);
    stub.stop().await;
    let error = source.fetch(&grant()).await.unwrap_err();
    assert_eq!(error.to_string(), "Maskinporten could not be reached");
    assert!(error.is_transient() && !error.is_timeout());
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            assert_eq!(io.kind(), std::io::ErrorKind::ConnectionRefused);
            return;
        }
        cause = inner.source();
    }
    panic!("no cause from the operating system: {error:?}");
}
