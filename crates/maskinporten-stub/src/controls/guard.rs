//! Who may ask: programs on this machine, not web pages of others.
//!
//! A page on the internet can make a browser ask a loopback address. It may have a name of its own
//! resolve to 127.0.0.1 (DNS rebinding), and then read the answers too; so only names that are
//! loopback by their form, or the stub's own, are answered.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode, Uri,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::Response,
};

use super::answer::refuse;
use crate::world::World;

/// The names under which a stub answers.
#[derive(Clone, Debug)]
pub(crate) enum Hosts {
    /// Loopback, and perhaps one more.
    Loopback {
        and: Option<String>,
    },
    Any,
}

impl Hosts {
    fn has(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback { and } => {
                is_loopback(host)
                    || and
                        .as_ref()
                        .is_some_and(|own| own.eq_ignore_ascii_case(host))
            }
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Refuses requests to a name that is not the stub's.
pub(crate) async fn check_host(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    // Without a name there is no rebinding: browsers always send one.
    match asked_host(request.uri(), request.headers()) {
        Some(host) if !world.hosts.has(&host) => refuse(
            StatusCode::MISDIRECTED_REQUEST,
            "This stub answers to loopback names only. Start it with a public URL to give it \
             another name.",
        ),
        _ => next.run(request).await,
    }
}

fn asked_host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    if let Some(host) = uri.host() {
        return Some(host.to_owned());
    }
    let host = headers.get(HOST)?;
    // What cannot be read is no name of ours.
    let host = host.to_str().ok().and_then(|host| host.parse().ok());
    Some(host.map_or_else(String::new, |host: Authority| host.host().to_owned()))
}

/// Refuses what a page of another origin makes a browser ask.
pub(super) async fn check_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let foreign = headers.get(ORIGIN).is_some_and(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin.split_once("://").map(|(_scheme, rest)| rest);
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        authority.is_none() || authority != host
    });
    if foreign {
        return refuse(
            StatusCode::FORBIDDEN,
            "A web page of another origin may not ask this.",
        );
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_loopback_by_their_form() {
        for (host, ours) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("[::1]", true),
            ("localhost", true),
            ("LOCALHOST", true),
            ("stub.localhost", true),
            ("stub.test", true),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
            ("evillocalhost", false),
            ("10.0.0.1", false),
            ("0.0.0.0", false),
            ("", false),
        ] {
            let and = Some("stub.test".to_owned());
            assert_eq!(Hosts::Loopback { and }.has(host), ours, "{host}");
            assert!(Hosts::Any.has(host));
        }
    }

    #[test]
    fn the_uri_goes_before_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "127.0.0.1:80".parse().unwrap());
        let path = Uri::from_static("/token");
        assert_eq!(asked_host(&path, &headers).unwrap(), "127.0.0.1");
        let whole = Uri::from_static("http://evil.example/token");
        assert_eq!(asked_host(&whole, &headers).unwrap(), "evil.example");
        headers.insert(HOST, "a b".parse().unwrap());
        assert_eq!(asked_host(&path, &headers).unwrap(), "");
    }
}
