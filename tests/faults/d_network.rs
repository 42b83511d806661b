//! Group D: names, connections, TLS, proxies.
