//! Who may have requests sent on.

use std::net::SocketAddr;

use http::{HeaderMap, Request, header};

/// The names that this proxy goes by; any, when it was told to listen to others.
pub(super) struct Guard {
    names: Option<[String; 2]>,
}

impl Guard {
    pub(super) fn new(address: SocketAddr) -> Self {
        let names = || [address.to_string(), format!("localhost:{}", address.port())];
        Self {
            names: address.ip().is_loopback().then(names),
        }
    }

    /// Refuses what a web page has a browser send: it knows no way around `Origin` and `Sec-Fetch-Site`, and a name of
    /// its own that leads to this machine (DNS rebinding) is in `Host`.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), &'static str> {
        let headers = request.headers();
        if headers.contains_key(header::ORIGIN) || is_of_a_page(headers) {
            return Err("This proxy is not for web pages.");
        }
        let Some(names) = &self.names else {
            return Ok(());
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let is_known = |host: &str| names.iter().any(|name| name.eq_ignore_ascii_case(host));
        if !host.is_some_and(is_known) {
            return Err("This proxy goes by another name.");
        }
        Ok(())
    }
}

fn is_of_a_page(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "none")
}
