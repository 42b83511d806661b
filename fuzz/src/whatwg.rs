//! Origins as browsers have them (WHATWG URL), to compare ours with.

use std::net::IpAddr;

use url::{Host, Origin, Url};

/// The origin of a URL of HTTP; `None` when there is none.
#[must_use]
pub fn origin(text: &str) -> Option<(String, Host, u16)> {
    match Url::parse(text).ok()?.origin() {
        Origin::Tuple(scheme, host, port) if ["http", "https"].contains(&&*scheme) => {
            Some((scheme, host, port))
        }
        _ => None,
    }
}

/// Whether what is sent there is encrypted, or does not leave the machine.
#[must_use]
pub fn is_secure((scheme, host, _): &(String, Host, u16)) -> bool {
    scheme == "https"
        || match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
            Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
        }
}
