//! Which addresses secrets may be sent to.

use http::{
    Uri,
    uri::{Authority, Scheme},
};

use crate::EnvironmentError;

/// Parses `text` as an absolute URL that secrets may be sent to.
pub(crate) fn secure_url(text: &str, what: &'static str) -> Result<Uri, EnvironmentError> {
    let url: Uri = text
        .parse()
        .map_err(|_| EnvironmentError::about(what, "is not a URL"))?;
    let (Some(_), Some(authority)) = (url.scheme(), url.authority()) else {
        return Err(EnvironmentError::about(what, "is not an absolute URL"));
    };
    if authority.as_str().contains('@') {
        return Err(EnvironmentError::about(
            what,
            "has a user name or password in it",
        ));
    }
    if !is_host_and_port(authority) {
        return Err(EnvironmentError::about(
            what,
            "has something else than a port after its host",
        ));
    }
    if !is_secure(&url) {
        return Err(EnvironmentError::about(
            what,
            "must be https; plain http is for loopback only",
        ));
    }
    Ok(url)
}

/// Whether nothing but a port follows the host. `http` passes over what follows an IPv6 address, and takes a port that is
/// none for the usual one.
fn is_host_and_port(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host());
    rest.is_some_and(|rest| match rest.strip_prefix(':') {
        Some(port) => port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok(),
        None => rest.is_empty(),
    })
}

/// Whether secrets may be sent to `url`: over TLS, or without leaving the machine.
pub(crate) fn is_secure(url: &Uri) -> bool {
    match url.scheme_str() {
        Some("https") => true,
        Some("http") => url.host().is_some_and(is_loopback),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Scheme, host and port, comparable.
pub(crate) fn origin(url: &Uri) -> (bool, Option<String>, Option<u16>) {
    let tls = url.scheme() == Some(&Scheme::HTTPS);
    let port = url.port_u16().or(Some(if tls { 443 } else { 80 }));
    (tls, url.host().map(str::to_ascii_lowercase), port)
}
