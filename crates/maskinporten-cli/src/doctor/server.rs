//! Whether Maskinporten is to be reached, and what time it is there.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use http::{StatusCode, Uri};
use maskinporten::Environment;
use serde_json::Value;
use tokio::net::lookup_host;

use super::report::{Finding, Report, Stage};
use crate::http::{Answer, get};

/// More than Maskinporten tolerates, and less than anybody notices.
const TOLERANCE: Duration = Duration::from_secs(8);

/// What Maskinporten answered.
pub(super) struct Server {
    answer: Answer,
    answered: SystemTime,
}

pub(super) async fn examine(environment: &Environment, report: &mut Report) -> Option<Server> {
    let issuer = environment.issuer();
    report.take(Stage::Dns, resolve(environment.token_endpoint()).await)?;
    let url = format!(
        "{}/.well-known/oauth-authorization-server",
        issuer.trim_end_matches('/')
    );
    let answer = report.take(Stage::Tls, connect(&url).await)?;
    let answered = SystemTime::now();
    report.take(Stage::Metadata, metadata(issuer, &answer))?;
    Some(Server { answer, answered })
}

impl Server {
    /// How far the clocks are apart. Where the server does not say its time, they are taken to agree.
    pub(super) fn clock(&self) -> Result<((), String), Finding> {
        let date = self.answer.headers.get(http::header::DATE);
        let date = date.and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
            return Ok(((), "the server does not say what time it is".to_owned()));
        };
        let (apart, word) = match self.answered.duration_since(date) {
            Ok(fast) => (fast, "fast"),
            Err(slow) => (slow.duration(), "slow"),
        };
        if apart > TOLERANCE {
            return Err(Finding::bad(
                format!("this machine's clock is {} s {word}", apart.as_secs()),
                "synchronise it (NTP): Maskinporten refuses grants from another time",
            ));
        }
        Ok(((), "it agrees with the server's".to_owned()))
    }
}

async fn resolve(uri: &Uri) -> Result<((), String), Finding> {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    if address.parse::<IpAddr>().is_ok() {
        return Ok(((), format!("{host} is an address")));
    }
    match lookup_host((host, uri.port_u16().unwrap_or(443))).await {
        Ok(mut found) => match found.next() {
            Some(found) => Ok(((), format!("{host} is {}", found.ip()))),
            None => Err(unknown(host, "it has no address")),
        },
        Err(error) => Err(unknown(host, &error.to_string())),
    }
}

fn unknown(host: &str, why: &str) -> Finding {
    Finding::bad(
        format!("{host} cannot be found: {why}"),
        "check the name, the resolver, and whether this network may look up names of the internet",
    )
}

async fn connect(url: &str) -> Result<(Answer, String), Finding> {
    match get(url, None).await {
        Ok(answer) if url.starts_with("https") => {
            Ok((answer, "its certificate is trusted".to_owned()))
        }
        Ok(answer) => Ok((answer, "none: plain http, to this machine".to_owned())),
        Err(failure) => {
            let said = failure.to_string();
            let fix = if said.contains("certificate") {
                "a proxy that opens TLS stands in the way, or the machine lacks root certificates: have the host exempted, or its certificate trusted"
            } else if said.contains("plain http") {
                "use https"
            } else {
                "let this machine connect to it: a firewall or an outgoing proxy stands in the way"
            };
            Err(Finding::bad(said, fix))
        }
    }
}

fn metadata(issuer: &str, answer: &Answer) -> Result<((), String), Finding> {
    let proxy = "something else answers in its place, such as a proxy that wants a login: have the host exempted";
    if answer.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Err(Finding::bad("a proxy asks for a login", proxy));
    }
    let document = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    match document["issuer"].as_str() {
        Some(published) if published == issuer => Ok(((), format!("issuer {issuer}"))),
        Some(published) => Err(Finding::bad(
            format!("the issuer is {published}, and the settings have {issuer}"),
            "write it as it is published, to the slash",
        )),
        None => Err(Finding::bad(
            format!("{}, and it is no metadata", answer.status),
            proxy,
        )),
    }
}
