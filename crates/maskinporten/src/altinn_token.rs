//! Reading what Altinn's exchange answered.

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use http::StatusCode;
use serde::Deserialize;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::{AccessToken, Error, error::Party, request::Answer, response};

/// Turns the exchange's answer into a token.
pub(crate) fn read(
    answer: &Answer,
    requested_at: Instant,
    now: SystemTime,
) -> Result<AccessToken, Error> {
    match answer.status {
        StatusCode::OK => {}
        StatusCode::GONE => return Err(Error::enterprise_user_gone()),
        status => {
            let retry_after = response::retry_after(&answer.headers, now);
            return Err(Error::status(Party::Altinn, status, retry_after));
        }
    }
    let bad = |what| Error::bad_response(Party::Altinn, what);
    let body = std::str::from_utf8(&answer.body).map_err(|_| bad("it is not text"))?;
    let body = body.trim();
    // Quoted or bare depends on what a gateway makes of `Accept`.
    let unquoted: Zeroizing<String>;
    let token = if body.starts_with('"') {
        unquoted = serde_json::from_str(body).map_err(|_| bad("it is not a JSON string"))?;
        unquoted.trim()
    } else {
        body
    };
    let lifetime = lifetime(token, now).ok_or_else(|| bad("it is not a JWT with an `exp`"))?;
    AccessToken::new(token, requested_at, lifetime).map_err(|_| bad("it is not a token"))
}

/// The registered claims that say how long a token lives (RFC 7519 section 4.1). Altinn's answer has nothing else.
#[derive(Deserialize)]
struct Times {
    exp: f64,
    iat: Option<f64>,
}

/// How long `token` lives. The exchange sets both `iat` and `exp`, so their difference is right however wrong this
/// machine's clock is. The header is not parsed: tokens of Altinn's test tools have one that is not valid.
fn lifetime(token: &str, now: SystemTime) -> Option<Duration> {
    let payload = token.split('.').nth(1)?;
    let payload = BASE64URL.decode(payload.trim_end_matches('=')).ok()?;
    let times: Times = serde_json::from_slice(&payload).ok()?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let start = times.iat.unwrap_or(now.as_secs_f64());
    Duration::try_from_secs_f64(times.exp - start)
        .ok()
        .filter(|lifetime| !lifetime.is_zero())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    const NOW: u64 = 1_768_473_285;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", BASE64URL.encode(claims))
    }

    fn answer(status: u16, body: impl Into<Bytes>) -> Result<AccessToken, Error> {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        read(&answer, Instant::now(), now)
    }

    #[test]
    fn case_36_the_body_may_be_bare_or_quoted_and_padded() {
        let jwt = jwt(r#"{"iat":1768473285,"exp":1768475085}"#);
        for body in [
            jwt.clone(),
            format!(" {jwt}\r\n"),
            format!("\"{jwt}\""),
            format!("\n\"{jwt}\"\n"),
        ] {
            let token = answer(200, body).unwrap();
            assert_eq!(
                token.authorization().to_str().unwrap(),
                format!("Bearer {jwt}")
            );
        }
        for body in [
            "",
            "\"\"",
            "\"",
            "<html></html>",
            "a.b.c",
            "e30.e30.x",
            "null",
        ] {
            assert!(answer(200, body).is_err(), "{body}");
        }
        assert!(answer(200, vec![0xff, 0xfe]).is_err());
    }

    #[test]
    fn case_35_life_comes_from_the_altinn_tokens_own_exp() {
        for (claims, seconds) in [
            (r#"{"iat":1768473285,"exp":1768475085}"#, 1800),
            // However wrong our clock is.
            (r#"{"iat":1000,"exp":2800}"#, 1800),
            (r#"{"exp":1768473385}"#, 100),
        ] {
            assert_eq!(
                answer(200, jwt(claims)).unwrap().lifetime().as_secs(),
                seconds
            );
        }
        for claims in [
            "{}",
            r#"{"exp":"soon"}"#,
            r#"{"iat":5,"exp":5}"#,
            r#"{"iat":6,"exp":5}"#,
            r#"{"exp":100}"#,
        ] {
            assert!(answer(200, jwt(claims)).is_err(), "{claims}");
        }
    }

    #[test]
    fn case_37_each_refusal_is_an_error_of_its_own() {
        let gone = answer(410, "{}").unwrap_err();
        assert!(gone.to_string().contains("system user"), "{gone}");
        assert!(!gone.is_transient());
        let unauthorized = answer(401, "").unwrap_err();
        assert!(unauthorized.is_transient());
        assert!(unauthorized.to_string().contains("tt02"), "{unauthorized}");
        let bad_request = answer(400, "Invalid token provider").unwrap_err();
        assert!(!bad_request.is_transient());
        assert_eq!(bad_request.status_code(), Some(StatusCode::BAD_REQUEST));
    }
}
