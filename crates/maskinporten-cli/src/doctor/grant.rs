//! Whether Maskinporten gives a token, and for what was asked.

use std::sync::Arc;

use maskinporten::{AccessToken, Settings, TokenSource};

use super::report::{Finding, Report, Stage};
use crate::failure::chain;

/// What tokens come from. Metadata that is not known beforehand is read for it.
pub(super) async fn source(
    settings: &Settings,
    report: &mut Report,
) -> Option<Arc<dyn TokenSource>> {
    match settings.connect().await {
        Ok(source) => Some(source),
        Err(error) => {
            let finding = Finding::bad(chain(&error), "check the address of the metadata");
            report.note((Stage::Metadata, finding));
            None
        }
    }
}

/// Asks for Maskinporten's own token.
pub(super) async fn token(
    source: &dyn TokenSource,
    settings: &Settings,
) -> Result<(AccessToken, String), Finding> {
    match source.fetch(&settings.grant().clone().raw()).await {
        Ok(token) => {
            let found = format!("a token of {} s", token.lifetime().as_secs());
            Ok((token, found))
        }
        Err(error) => {
            let said = chain(&error);
            let advice = error.refusal().and_then(maskinporten::Refusal::advice);
            let Some(advice) = advice else {
                let fix = "try again later, and see https://status.digdir.no";
                return Err(Finding::bad(said, fix));
            };
            let found = said.strip_suffix(advice).unwrap_or(&said);
            Err(Finding::bad(found.trim_end_matches("; "), advice))
        }
    }
}

/// Whether all scopes were granted that were asked for.
pub(super) fn scopes(settings: &Settings, token: &AccessToken) -> Result<((), String), Finding> {
    let granted: Vec<_> = token.scope().unwrap_or_default().split(' ').collect();
    let grant = settings.grant();
    let missing: Vec<_> = grant
        .scope()
        .split(' ')
        .filter(|scope| !granted.contains(scope))
        .collect();
    if missing.is_empty() {
        return Ok(((), granted.join(" ")));
    }
    Err(Finding::bad(
        format!("not granted: {}", missing.join(" ")),
        "add them to the client, and have their owner grant your organisation access",
    ))
}
