//! C. Lifetimes and scopes as no server should state them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use maskinporten::{AltinnExchange, AltinnPlatform, Grant, HttpClient, TokenSource};
use proptest::{
    prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest},
    string::string_regex,
};
use tests::{
    clock::Clock,
    grant,
    raw::{Reply, Server, source},
};
use tokio::{runtime::Builder, time::Instant};
use tower_maskinporten::Tokens;

const DAY: u64 = 24 * 60 * 60;
const SECOND: Duration = Duration::from_secs(1);

/// An answer with this written for `expires_in`.
fn living(expires_in: &str) -> Reply {
    Reply::json(format!(
        r#"{{"access_token":"a","token_type":"Bearer","expires_in":{expires_in}}}"#
    ))
}

/// What is made of lifetimes that are written like this, one after the other: seconds, or an error.
fn believed(written: &[String]) -> Vec<Option<u64>> {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(async {
        let reply = Arc::new(Mutex::new(living("1")));
        let now = Arc::clone(&reply);
        let server = Server::start(move |_| now.lock().unwrap().clone()).await;
        let source = server.source();
        let mut lifetimes = Vec::new();
        for written in written {
            *reply.lock().unwrap() = living(written);
            lifetimes.push(match source.fetch(&grant()).await {
                Ok(token) => Some(token.lifetime().as_secs()),
                Err(error) => {
                    assert_eq!(error.class(), "bad_response");
                    None
                }
            });
        }
        lifetimes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn c10_every_integer_is_taken_within_reason(
        all in prop::collection::vec(prop_oneof![any::<i128>(), -5_i128..200_000], 64),
    ) {
        for written in [|s: &i128| s.to_string(), |s: &i128| format!("\" {s}\"")] {
            let written: Vec<_> = all.iter().map(written).collect();
            let expected: Vec<_> = all
                .iter()
                .map(|seconds| Some(u64::try_from((*seconds).clamp(1, DAY.into())).unwrap()))
                .collect();
            assert_eq!(believed(&written), expected);
        }
    }

    #[test]
    fn c10_every_float_is_taken_within_reason(floats in prop::collection::vec(
        prop_oneof![any::<f64>(), 0.0..200_000.0_f64],
        64,
    )) {
        let floats: Vec<_> = floats.into_iter().filter(|float| float.is_finite()).collect();
        let written: Vec<_> = floats.iter().map(|float| format!("{float:e}")).collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is bounded")]
        let expected = floats.iter().map(|float| Some(float.clamp(1.0, DAY as f64) as u64));
        assert_eq!(believed(&written), expected.collect::<Vec<_>>());
    }

    #[test]
    fn c10_whatever_else_is_written_is_a_token_of_a_reasonable_life_or_an_error(
        written in prop::collection::vec(json(), 64),
    ) {
        for believed in believed(&written) {
            assert!(believed.is_none_or(|seconds| (1..=DAY).contains(&seconds)), "{written:?}");
        }
    }
}

/// What may stand where a moment should: often one, in this century or in none.
fn moment() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_700_000_000..1_900_000_000_u64).prop_map(|seconds| seconds.to_string()),
        (0..1_000_000_000_000_u64).prop_map(|seconds| seconds.to_string()),
        any::<i64>().prop_map(|seconds| seconds.to_string()),
        json(),
    ]
}

/// JSON of all kinds.
fn json() -> impl Strategy<Value = String> {
    let number = string_regex("-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,5})?(e[+-]?[0-9]{1,4})?").unwrap();
    let text = prop_oneof![
        string_regex("[-+0-9.eE_ ]{0,8}").unwrap(),
        string_regex("(inf|NaN|-?infinity|soon|0x10|1_000|\u{664}\u{662})").unwrap(),
        any::<String>(),
    ]
    .prop_map(|text| serde_json::Value::from(text).to_string());
    let leaf = prop_oneof![
        number,
        text,
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|all| format!("[{}]", all.join(","))),
            inner.prop_map(|value| format!(r#"{{"seconds":{value}}}"#)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn c10_whatever_an_altinn_token_says_of_its_end_is_survived(
        ends in prop::collection::vec((moment(), prop::option::of(moment())), 64),
    ) {
        let mut runtime = Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(async {
            let token = Arc::new(Mutex::new(String::new()));
            let now = Arc::clone(&token);
            let server = Server::start(move |n| match n % 2 {
                1 => Reply::token("maskinporten"),
                _ => Reply::with(200, "", now.lock().unwrap().as_str()),
            })
            .await;
            let platform = AltinnPlatform::custom(&server.url()).unwrap();
            let http = HttpClient::new().unwrap();
            for (exp, iat) in ends {
                let iat = iat.map(|iat| format!(r#","iat":{iat}"#)).unwrap_or_default();
                let claims = format!(r#"{{"exp":{exp}{iat}}}"#);
                let claims = URL_SAFE_NO_PAD.encode(&claims);
                *token.lock().unwrap() = format!("e30.{claims}.c2ln");
                let maskinporten = source(&server.url(), http.clone());
                let altinn = AltinnExchange::new(maskinporten, &platform, http.clone());
                match altinn.fetch(&grant()).await {
                    Ok(token) => {
                        let seconds = token.lifetime().as_secs();
                        assert!((1..=DAY).contains(&seconds), "{exp} {iat}");
                    }
                    Err(error) => assert_eq!(error.class(), "bad_response"),
                }
            }
        });
    }
}

#[test]
fn c10_what_is_no_number_is_an_error_and_what_is_missing_is_a_minute() {
    let written = [
        "null", "1e3", "1.5", "\"120\"", "\"1.9\"", "[]", "[120]", "{}", "true", "\"\"",
        "\"soon\"", "\"NaN\"",
    ];
    let written = written.map(str::to_owned);
    let expected = [60, 1000, 1, 120, 1].map(Some).into_iter().chain([None; 7]);
    assert_eq!(believed(&written), expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn c10_c11_however_short_tokens_live_all_are_served_and_nobody_is_asked_without_end() {
    for expires_in in [
        "-5",
        "0",
        "1",
        "2",
        "3",
        "5",
        "10",
        "20",
        "18446744073709551615",
    ] {
        let server = Server::always(living(expires_in)).await;
        let clock = Clock::stop();
        let tokens = Tokens::new(server.source(), grant());
        tokens.ready().await.unwrap();
        for _ in 0..300 {
            let patient = tokens.clone();
            let asked = tokio::spawn(async move { patient.ready().await });
            clock.pass_for(&tokens, SECOND / 10).await;
            asked.await.unwrap().unwrap();
        }
        let asked = server.asked();
        for pair in asked.windows(2) {
            assert!(pair[1].at - pair[0].at >= SECOND, "{expires_in}");
        }
        // And not much more often than need be: the refresh is at half its life or later.
        let life: u64 = expires_in.parse().unwrap_or(1);
        let most = 1 + 2 * 30 / usize::try_from(life.max(2)).unwrap();
        assert!(asked.len() <= most, "{expires_in}: {}", asked.len());
    }
}

#[tokio::test]
async fn c10_a_refresh_without_a_sensible_lifetime_leaves_the_token_as_it_is() {
    for expires_in in ["[]", "\"soon\"", "{}", "true"] {
        let error = crate::c_answers::refreshed_with(living(expires_in)).await;
        assert_eq!(error.class(), "bad_response");
    }
}

#[tokio::test]
async fn c12_a_token_with_fewer_scopes_is_served_and_says_so() {
    let reply = Reply::json(
        r#"{"access_token":"a","token_type":"Bearer","expires_in":120,"scope":"a:one"}"#,
    );
    let server = Server::always(reply).await;
    let both = Grant::new("a:one a:two").unwrap();
    let token = server.source().fetch(&both).await.unwrap();
    assert_eq!(token.scope(), Some("a:one"));
    let began = Instant::now();
    let tokens = Tokens::new(server.source(), both);
    tokens.ready().await.unwrap();
    assert!(began.elapsed() < SECOND * 15 && !tokens.status().is_degraded());
}
