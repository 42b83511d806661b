//! The request's form (RFC 7523 section 2.1).

use axum::http::{HeaderMap, header::CONTENT_TYPE};

use super::refusal::Refusal;

pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Takes the assertion out of the form, if it has one.
pub(super) fn assertion(headers: &HeaderMap, body: &[u8]) -> Result<Option<String>, Refusal> {
    if !is_form(headers) {
        return Err(Refusal::invalid_request(
            "Content-Type must be application/x-www-form-urlencoded",
        ));
    }
    let grant_type = field(body, "grant_type")?
        .ok_or_else(|| Refusal::invalid_request("Missing parameter: grant_type"))?;
    if grant_type != JWT_BEARER {
        let why = format!("grant_type is {grant_type:?}, and only {JWT_BEARER:?} is taken");
        return Err(Refusal::unsupported_grant_type().because(why));
    }
    field(body, "assertion")
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| {
            essence
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// The only field of that name; OAuth lets no parameter appear twice (RFC 6749 section 3.2).
fn field(body: &[u8], name: &str) -> Result<Option<String>, Refusal> {
    let mut values = form_urlencoded::parse(body).filter(|(found, _value)| found == name);
    let value = values.next().map(|(_name, value)| value.into_owned());
    match values.next() {
        Some(_second) => Err(Refusal::invalid_request(&format!(
            "Duplicate parameter: {name}"
        ))),
        None => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn accepts_one_grant_type_and_one_assertion() {
        const FORM: &str = "application/x-www-form-urlencoded";
        const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let ok = format!("{GRANT}&assertion=a.b.c");
        let cases = [
            (FORM, ok.clone(), Ok(Some("a.b.c"))),
            (
                "Application/X-WWW-Form-Urlencoded; charset=utf-8",
                ok.clone(),
                Ok(Some("a.b.c")),
            ),
            (
                FORM,
                format!("assertion=a&grant_type={JWT_BEARER}"),
                Ok(Some("a")),
            ),
            ("application/json", ok, Err("invalid_request")),
            (FORM, "assertion=a".into(), Err("invalid_request")),
            (
                FORM,
                "grant_type=client_credentials&assertion=a".into(),
                Err("unsupported_grant_type"),
            ),
            (
                FORM,
                format!("{GRANT}&{GRANT}&assertion=a"),
                Err("invalid_request"),
            ),
            (
                FORM,
                format!("{GRANT}&assertion=a&assertion=a"),
                Err("invalid_request"),
            ),
            (FORM, GRANT.into(), Ok(None)),
            (FORM, String::new(), Err("invalid_request")),
        ];
        for (content_type, body, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            let found = assertion(&headers, body.as_bytes());
            assert_eq!(
                found.as_ref().map(Option::as_deref).map_err(Refusal::error),
                expected,
                "{content_type} {body}"
            );
        }
    }
}
