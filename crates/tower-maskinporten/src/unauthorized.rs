//! What a 401 means: whether it is the token that was bad.

use http::{HeaderMap, StatusCode, header};

/// Whether an answer says that the token itself was not accepted, so that another may be: a 401 whose challenge (RFC
/// 6750 section 3) is a bare `Bearer` or says `invalid_token`.
///
/// A 403, and a 401 that explains in a problem body that the caller has no access (Correspondence's `CORR-04001` has
/// no challenge at all), would be the same with any token.
pub(crate) fn blames_token(status: StatusCode, headers: &HeaderMap) -> bool {
    if status != StatusCode::UNAUTHORIZED {
        return false;
    }
    let mut bare = false;
    for value in headers.get_all(header::WWW_AUTHENTICATE) {
        let Ok(value) = value.to_str() else { continue };
        for error in bearer_errors(value) {
            match error.as_deref() {
                Some("invalid_token") => return true,
                Some(_) => {}
                None => bare = true,
            }
        }
    }
    bare && !has_problem_body(headers)
}

fn has_problem_body(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .to_ascii_lowercase()
                .starts_with("application/problem+json")
        })
}

/// The `error` of each `Bearer` challenge in a header that may hold several (RFC 9110 section 11.6.1).
fn bearer_errors(value: &str) -> Vec<Option<String>> {
    let mut errors = Vec::new();
    let mut in_bearer = false;
    for item in split_outside_quotes(value) {
        // A challenge starts with its scheme; further parameters of it are bare `name=value`.
        let (scheme, parameter) = match item.split_once([' ', '\t']) {
            Some((scheme, rest)) if !is_parameter(scheme, rest) => (Some(scheme), rest.trim()),
            None if !item.contains('=') => (Some(item), ""),
            _ => (None, item),
        };
        if let Some(scheme) = scheme {
            in_bearer = scheme.eq_ignore_ascii_case("Bearer");
            if in_bearer {
                errors.push(None);
            }
        }
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        if in_bearer
            && name.trim().eq_ignore_ascii_case("error")
            && let Some(last) = errors.last_mut()
        {
            *last = Some(value.trim().trim_matches('"').to_owned());
        }
    }
    errors
}

/// Whether a first word, and what comes after it, are a parameter: white space may be within and around it.
fn is_parameter(word: &str, rest: &str) -> bool {
    word.contains('=') || rest.trim_start().starts_with('=')
}

fn split_outside_quotes(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    value
        .split(move |c| {
            if escaped {
                escaped = false;
            } else if quoted && c == '\\' {
                escaped = true;
            } else if c == '"' {
                quoted = !quoted;
            }
            c == ',' && !quoted
        })
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blames(status: u16, headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: header::HeaderName = name.parse().unwrap();
            map.append(name, value.parse().unwrap());
        }
        blames_token(StatusCode::from_u16(status).unwrap(), &map)
    }

    #[test]
    fn only_a_challenge_blames_the_token() {
        const CHALLENGE: &str = "www-authenticate";
        for yes in [
            "Bearer",
            "bearer",
            "Bearer realm=\"altinn\"",
            "Bearer error=\"invalid_token\", error_description=\"The token expired at '01/15/2026'\"",
            "Bearer error=invalid_token",
            "Bearer realm=\"a, b\", error=\"invalid_token\"",
            "Basic realm=\"x\", Bearer",
            "Bearer realm=\"x\", Basic realm=\"y\"",
        ] {
            assert!(blames(401, &[(CHALLENGE, yes)]), "{yes}");
            assert!(!blames(403, &[(CHALLENGE, yes)]), "{yes}");
            assert!(!blames(200, &[(CHALLENGE, yes)]), "{yes}");
        }
        for no in [
            "Basic realm=\"x\"",
            "Basic realm=\"Bearer\"",
            "Bearer error=\"insufficient_scope\"",
            "Bearer realm=\"a, b\", error=\"insufficient_scope\"",
            "Bearer error_description=\"not enough\", error=\"insufficient_scope\"",
            // RFC 9110 section 11.2 lets there be white space, though nobody should send it.
            "Bearer realm=\"x\", error = \"insufficient_scope\"",
            "Bearer error=\"invalid_request\", error_description=\"say \\\"invalid_token\\\", please\"",
            "DPoP error=\"invalid_token\"",
            "",
        ] {
            assert!(!blames(401, &[(CHALLENGE, no)]), "{no}");
        }
        assert!(!blames(401, &[]));
    }

    #[test]
    fn one_challenge_of_several_lines_is_enough() {
        let challenge = |value| ("www-authenticate", value);
        assert!(blames(
            401,
            &[
                challenge("Bearer error=\"insufficient_scope\""),
                challenge("Bearer error=\"invalid_token\""),
            ]
        ));
        assert!(blames(401, &[challenge("Bearer"), challenge("Bearer")]));
    }

    #[test]
    fn a_problem_body_is_an_answer_about_access() {
        let problem = ("content-type", "application/problem+json; charset=utf-8");
        assert!(!blames(401, &[problem]));
        assert!(!blames(401, &[problem, ("www-authenticate", "Bearer")]));
        // What says so itself is believed.
        assert!(blames(
            401,
            &[
                problem,
                ("www-authenticate", "Bearer error=\"invalid_token\"")
            ]
        ));
    }
}
