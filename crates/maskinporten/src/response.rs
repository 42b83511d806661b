//! Reading what the token endpoint answered.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::{AccessToken, Error, Refusal, error::Party, pace::Pace, request::Answer, text};

/// What a token is believed to live when the server does not say.
const UNSTATED_LIFETIME: Duration = Duration::from_secs(60);
/// How much of the granted scopes is kept, in characters.
const SCOPE_LIMIT: usize = 4096;
/// No server makes us wait longer than this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What is missing from one answer is missing from all.
static NO_TYPE: Pace = Pace::new();
static NO_LIFETIME: Pace = Pace::new();

/// The members of RFC 6749 section 5.1, read tolerantly: everything else is ignored.
#[derive(Deserialize)]
struct TokenAnswer<'a> {
    access_token: Option<Zeroizing<String>>,
    token_type: Option<String>,
    /// Left as it is written: what it holds may be large, and would be larger in memory.
    #[serde(borrow)]
    expires_in: Option<&'a RawValue>,
    scope: Option<String>,
}

/// Turns the token endpoint's answer into a token. The status is judged before the body.
pub(crate) fn read_token(
    answer: &Answer,
    requested_at: Instant,
    now: SystemTime,
) -> Result<AccessToken, Error> {
    if answer.status != StatusCode::OK {
        return Err(read_refusal(answer, now));
    }
    let bad = |what| Error::bad_response(Party::Maskinporten, what);
    if !is_json(&answer.headers) {
        return Err(bad("its content type is not application/json"));
    }
    // The text of a serde_json error may quote the body, so it goes nowhere.
    let token: TokenAnswer<'_> =
        serde_json::from_slice(&answer.body).map_err(|_| bad("it is not the JSON expected"))?;
    match token.token_type.as_deref() {
        Some(kind) if kind.eq_ignore_ascii_case("Bearer") => {}
        Some(_) => return Err(bad("its token type is not Bearer")),
        None => warn(
            &NO_TYPE,
            "the token answer has no token_type; taking it as Bearer",
        ),
    }
    let lifetime = match token.expires_in.map(seconds) {
        Some(Some(lifetime)) => lifetime,
        Some(None) => return Err(bad("its expires_in is not a number")),
        None => {
            warn(
                &NO_LIFETIME,
                "the token answer has no expires_in; taking it as one minute",
            );
            UNSTATED_LIFETIME
        }
    };
    let access_token = token
        .access_token
        .ok_or_else(|| bad("it has no access_token"))?;
    let access_token = AccessToken::new(&access_token, requested_at, lifetime)
        .map_err(|_| bad("its access_token is not one"))?;
    Ok(match token.scope {
        Some(scope) => access_token.with_scope(&text::bounded(&scope, SCOPE_LIMIT)),
        None => access_token,
    })
}

/// Says what was made of an answer that lacks something.
fn warn(pace: &Pace, what: &str) {
    if let Some(suppressed) = pace.ask() {
        tracing::warn!(suppressed, "{what}");
    }
}

fn read_refusal(answer: &Answer, now: SystemTime) -> Error {
    let retry_after = retry_after(&answer.headers, now);
    match Refusal::read(answer.status, &answer.body) {
        Some(refusal) => Error::refused(Party::Maskinporten, refusal, retry_after),
        None => Error::status(Party::Maskinporten, answer.status, retry_after),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// `expires_in` as servers write it: a number, rarely with decimals, or a string that holds one. Negative is zero.
fn seconds(written: &RawValue) -> Option<Duration> {
    let written = written.get();
    // Every number of JSON is one of Rust's.
    let number: f64 = if written.starts_with('"') {
        let text: String = serde_json::from_str(written).ok()?;
        text.trim().parse().ok()?
    } else {
        written.parse().ok()?
    };
    if number.is_nan() {
        return None;
    }
    // What does not fit is longer than any limit of ours.
    Some(Duration::try_from_secs_f64(number.max(0.0).floor()).unwrap_or(Duration::MAX))
}

/// `Retry-After` as seconds or as a date (RFC 9110 section 10.2.3), within reason.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let wait = if is_number {
        // What does not fit is longer than any limit of ours.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let date = httpdate::parse_http_date(value).ok()?;
        date.duration_since(now).ok()?
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.to_owned().into(),
        }
    }

    fn read(status: u16, content_type: &str, body: &str) -> Result<AccessToken, Error> {
        let answer = answer(status, content_type, body);
        read_token(&answer, Instant::now(), SystemTime::now())
    }

    #[test]
    fn reads_a_token() {
        let token = read(
            200,
            "application/json;charset=UTF-8",
            r#"{"access_token":"a.b.c","token_type":"bearer","expires_in":119,"scope":"x:y","more":[1]}"#,
        )
        .unwrap();
        assert_eq!(token.authorization(), "Bearer a.b.c");
        assert_eq!(token.lifetime(), Duration::from_secs(119));
        assert_eq!(token.scope(), Some("x:y"));
    }

    #[test]
    fn every_expires_in_is_survived() {
        for (said, believed) in [
            ("119", 119),
            ("\"119\"", 119),
            ("1e3", 1000),
            ("1.9", 1),
            ("0", 1),
            ("-5", 1),
            ("18446744073709551615", 86_400),
            ("9223372036854775808", 86_400),
            ("1e308", 86_400),
            ("\"inf\"", 86_400),
        ] {
            let body =
                format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{said}}}"#);
            let token = read(200, "application/json", &body).unwrap();
            assert_eq!(token.lifetime().as_secs(), believed, "{said}");
        }
        let unstated = read(200, "application/json", r#"{"access_token":"a"}"#).unwrap();
        assert_eq!(unstated.lifetime(), UNSTATED_LIFETIME);
        for nonsense in ["true", "[]", "\"soon\"", "\"NaN\"", "{}"] {
            let body = format!(r#"{{"access_token":"a","expires_in":{nonsense}}}"#);
            assert!(read(200, "application/json", &body).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn case_29_what_holds_no_token_is_a_typed_error() {
        for (content_type, body) in [
            ("application/json", ""),
            ("application/json", "null"),
            ("application/json", "{}"),
            ("application/json", r#"{"access_token":null}"#),
            ("application/json", r#"{"access_token":""}"#),
            ("application/json", r#"{"access_token":"a\r\nb"}"#),
            (
                "application/json",
                r#"{"access_token":"a","token_type":"DPoP"}"#,
            ),
            ("application/json", &"[".repeat(50_000)),
            ("text/html", r#"{"access_token":"a"}"#),
            ("text/html", "<html>sign in to the wireless network</html>"),
        ] {
            let error = read(200, content_type, body).unwrap_err();
            assert!(error.is_transient(), "{error}");
            assert!(error.refusal().is_none());
        }
    }

    #[test]
    fn case_55_each_status_is_a_typed_error() {
        for (status, transient) in [
            (204, false),
            (400, false),
            (401, false),
            (403, false),
            (404, false),
            (500, true),
            (503, true),
        ] {
            let error = read(status, "text/html", "{}").unwrap_err();
            assert_eq!(error.status_code().unwrap().as_u16(), status);
            assert_eq!(error.is_transient(), transient, "{status}");
        }
        let refused = read(403, "application/json", r#"{"error":"forbidden"}"#).unwrap_err();
        assert_eq!(refused.refusal().unwrap().error(), "forbidden");
        assert!(!refused.is_transient());
    }

    #[test]
    fn retry_after_is_read_within_reason() {
        let now = httpdate::parse_http_date("Sat, 21 Nov 2026 10:00:00 GMT").unwrap();
        for (said, believed) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("1000000000000", Some(60)),
            ("99999999999999999999999", Some(60)),
            ("", None),
            ("Sat, 21 Nov 2026 10:00:09 GMT", Some(9)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", None),
            ("-1", None),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, said.parse().unwrap());
            assert_eq!(
                retry_after(&headers, now),
                believed.map(Duration::from_secs),
                "{said}"
            );
        }
    }
}
