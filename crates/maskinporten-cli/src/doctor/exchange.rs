//! Whether Altinn takes the token, and whether an API does.

use maskinporten::{AccessToken, Settings, TokenSource};

use super::report::Finding;
use crate::{failure::chain, http::get};

/// Trades the token for Altinn's.
pub(super) async fn exchange(
    source: &dyn TokenSource,
    settings: &Settings,
) -> Result<(AccessToken, String), Finding> {
    match source.fetch(settings.grant()).await {
        Ok(token) => {
            let found = format!("an Altinn token of {} s", token.lifetime().as_secs());
            Ok((token, found))
        }
        Err(error) => Err(Finding::bad(
            chain(&error),
            "exchange where Maskinporten's environment belongs: test with TT02, production with production \
             (TokenExchangeEnvironment); and with a scope that Altinn knows",
        )),
    }
}

/// Calls an API with the token.
pub(super) async fn call(url: &str, token: &AccessToken) -> Result<((), String), Finding> {
    let answer = get(url, Some(token.authorization())).await;
    let answer = answer.map_err(|failure| {
        Finding::bad(
            failure.to_string(),
            "check the address, and whether it can be reached from here",
        )
    })?;
    if answer.status.is_success() {
        return Ok(((), format!("{url}: {}", answer.status)));
    }
    let fix = match answer.status.as_u16() {
        401 => {
            "the API wants another kind of token (--altinn, --raw), or one of another environment"
        }
        403 => {
            "the API wants another token (Altinn's: --altinn, `ExhangeToAltinnToken`), or the token lacks a scope, or the organisation a right"
        }
        404 => "check the address",
        _ => "see what the API says",
    };
    Err(Finding::bad(format!("{url}: {}", answer.status), fix))
}
